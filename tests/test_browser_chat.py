"""The real page in a real browser: asking, citations, hostile text, keyboard, narrow screens, the dark, two at once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import MADE_UP, QUESTION_CHARACTERS, Served, chromium, serving
from tests.watching import GONE, watched

pytestmark = pytest.mark.browser

DISTANCE = "What is the mean distance of the Moon?"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Iterator[Page]:
    page = opened(context, served)
    yield page
    page.close()


def opened(context: BrowserContext, served: Served, query: str = "", but: str | None = None) -> Page:
    page = watched(context.new_page(), but)
    page.goto(served.url + query)
    expect(page.locator(".example")).to_have_count(3)
    return page


def ask(page: Page, question: str) -> None:
    """Type a question, send it and wait for what comes of it."""
    turns = page.locator(".turn").count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(turns + 1)
    expect(page.locator(f"#turn-{turns + 1} :is(.foot, .alert)")).to_be_visible()


def test_ask_read_and_open_a_citation(page: Page) -> None:
    ask(page, DISTANCE)
    answer = page.locator("#turn-1 .answer")
    expect(answer).to_contain_text("384,400 kilometres")
    answer.get_by_role("link", name="Source 1: The Moon").click()
    card = page.locator("#source-1-1")
    expect(card).to_be_focused()
    expect(card.locator("mark")).to_be_in_viewport(ratio=1)
    expect(card.locator("mark")).to_contain_text("Its mean distance from the Earth is 384,400 kilometres.")
    expect(card).to_contain_text(re.compile(r"The Moon.*2 January 2026.*English.*similarity.*moon\.txt", re.DOTALL))
    expect(card.locator("blockquote")).to_have_attribute("lang", "en")


def test_the_whole_passage_unfolds(page: Page) -> None:
    ask(page, DISTANCE)
    card = page.locator("#source-1-1")
    short = len(card.locator("blockquote").inner_text())
    card.get_by_role("button", name="Show the whole passage").click()
    assert len(card.locator("blockquote").inner_text()) > 3 * short


def test_every_answer_keeps_its_own_sources(page: Page) -> None:
    ask(page, DISTANCE)
    ask(page, "Hvor lang er fjord kilometer lang?")
    expect(page.locator("#sources-1")).to_be_hidden()
    expect(page.locator("#sources-2")).to_be_visible()
    page.locator("#turn-1 .cite").first.click()
    expect(page.locator("#sources-1")).to_be_visible()
    expect(page.locator("#sources-2")).to_be_hidden()
    page.locator("#turn-2 .show-sources").click()
    expect(page.locator("#sources-2")).to_be_visible()


def test_an_example_asks_itself(page: Page) -> None:
    question = page.locator(".example").first.inner_text()
    page.locator(".example").first.click()
    expect(page.locator("#turn-1 .question")).to_have_text(question)
    expect(page.locator("#turn-1 .foot")).to_be_visible()


def test_an_unanswered_question_offers_the_nearest_passages(page: Page) -> None:
    ask(page, "zzz qqq")
    expect(page.locator("#turn-1 .cite")).to_have_count(0)
    expect(page.locator("#sources-1")).to_contain_text("Nearest passages")
    expect(page.locator("#sources-1 .card")).to_have_count(3)


def test_a_new_chat_starts_over(page: Page) -> None:
    ask(page, DISTANCE)
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)
    expect(page.locator("#question textarea")).to_be_focused()
    ask(page, DISTANCE)
    expect(page.locator(".turn")).to_have_count(1)


@pytest.mark.parametrize("word", ["sentence", "template", "link", "translated"])
def test_a_hostile_document_stays_text(page: Page, word: str) -> None:
    ask(page, f"hostile {word}")
    expected = {
        "sentence": '<script>window.pwned = 1</script> and <img src=x onerror="window.pwned = 2">',
        "template": "${window.pwned = 3} and {{value}} and {{{value}}} and `${alert(1)}`",
        "link": "[click here](javascript:alert(2)) or ![picture](https://x.example/x.png)",
        "translated": '__i18n__{"__type__":"translation_metadata","key":"common.submit"}',
    }[word]
    expect(page.locator("#turn-1 .answer")).to_contain_text(expected)
    expect(page.locator("#sources-1 mark").first).to_contain_text(expected)
    expect(page.locator("#sources-1 h3").first).to_have_text(
        '<img src=x onerror="window.pwned = 4">[title](javascript:alert(3))'
    )
    expect(page.locator("#sources-1 .file").first).to_have_text('<b>"hostile"&amp;.txt')
    nothing_came_alive(page)


@pytest.mark.parametrize(
    "question",
    [
        '<script>window.pwned = 5</script><img src=x onerror="window.pwned = 6">',
        "${window.pwned = 7} {{value}} `${alert(1)}` \\${x}",
        "[here](javascript:alert(1)) **bold** <https://x.example>",
        "</li></ol></div><h1>mine</h1>",
        '__i18n__{"__type__":"translation_metadata","key":"common.submit"}',
    ],
)
def test_a_hostile_question_stays_text(page: Page, question: str) -> None:
    ask(page, question)
    expect(page.locator("#turn-1 .question")).to_have_text(question)
    nothing_came_alive(page)


def nothing_came_alive(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator("#transcript :is(script, img, iframe, strong, b, h1)").count() == 0
    links = [link.get_attribute("href", timeout=1000) or "" for link in page.locator("#transcript a").all()]
    assert all(link.startswith(("#", "./documents/", "./brief?about=")) for link in links)


def test_markup_that_did_slip_in_could_not_run(context: BrowserContext, served: Served) -> None:
    page = context.new_page()  # not watched: a script is blocked
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective));
            document.querySelector(".chat").innerHTML = `<button onclick="window.pwned = 8">x</button>`;
            document.querySelector(".chat button").click();
            setTimeout(() => resolve("nothing"), 2000);
        })"""
    )
    assert blocked.startswith("script-src")
    assert page.evaluate("window.pwned") is None


def test_a_question_that_is_too_long_is_refused_clearly_and_kept(page: Page) -> None:
    question = "long " * 4000
    ask(page, question)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("20000 characters")
    expect(alert).to_contain_text(str(QUESTION_CHARACTERS))
    expect(page.locator("#question textarea")).to_have_value(question)
    expect(page.locator("#question textarea")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollHeight") < 3000
    page.locator("#question textarea").fill("")
    ask(page, DISTANCE)
    expect(page.locator("#turn-2 .answer")).to_contain_text("384,400")


def test_an_empty_question_does_nothing(page: Page) -> None:
    page.locator("#question textarea").fill("   ")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    expect(page.locator(".turn")).to_have_count(0)


def test_half_a_character_is_no_trouble(page: Page) -> None:
    page.locator("#question textarea").evaluate(
        """(field) => {
            field.value = `crash \\ud800 \\0`;
            field.dispatchEvent(new Event("input"));
        }"""
    )
    page.locator("#question textarea").press("Enter")
    expect(page.locator("#turn-1 :is(.foot, .alert)")).to_be_visible()
    expect(page.locator("#turn-1 .question")).to_contain_text("crash \ufffd \ufffd")


@pytest.mark.parametrize("width", [1280, 390])
def test_keyboard_alone(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    field = page.locator("#question textarea")
    expect(field).to_be_focused()
    page.keyboard.type("What is the mean")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("distance of the Moon?")
    expect(field).to_have_value("What is the mean\ndistance of the Moon?")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .foot")).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    reached = tab_until(page, "cite", "Shift+Tab")
    assert reached != "none"  # the focus is seen
    page.keyboard.press("Enter")
    expect(page.locator(".card.lit")).to_be_focused()
    expect(page.locator(".card.lit mark")).to_be_in_viewport()
    page.keyboard.press("Escape")
    assert "cite" in page.evaluate("document.activeElement.className")
    tab_until(page, "show-sources", "Tab")


NOT_HIDDEN = """() => {
  const box = document.activeElement.getBoundingClientRect();
  return document.activeElement.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""


def tab_until(page: Page, name: str, key: str) -> str:
    """Press the key until an element of that class has the focus; return how its focus is drawn."""
    for _ in range(40):
        page.keyboard.press(key)
        if name in page.evaluate("document.activeElement.className"):
            page.wait_for_function(NOT_HIDDEN)
            return str(page.evaluate("getComputedStyle(document.activeElement).outlineStyle"))
    raise AssertionError(f"{name} is not reached by {key}")


def test_an_input_method_chooses_a_word_with_enter_without_asking(page: Page) -> None:
    field = page.locator("#question textarea")
    field.fill("東京")
    field.dispatch_event("keypress", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True})
    page.wait_for_timeout(500)
    expect(page.locator(".turn")).to_have_count(0)


def test_what_happens_is_announced(page: Page) -> None:
    ask(page, DISTANCE)
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    expect(log.get_by_role("complementary", name="Sources")).to_have_attribute("aria-live", "off")
    expect(page.get_by_role("textbox", name="Ask in any language")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_sources_below_without_scrolling_sideways(
    browser: Browser, served: Served, scheme: str
) -> None:
    viewport = {"width": 390, "height": 844}
    with browser.new_context(viewport=viewport, locale="en-GB", color_scheme=scheme, has_touch=True) as context:
        page = opened(context, served)
        for question in (DISTANCE, "endless word", "endless address", "x" * 1500):
            ask(page, question)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#turn-1 .cite").first.click()
        expect(page.locator("#source-1-1 mark")).to_be_in_viewport(ratio=1)
        assert page.evaluate(BELOW, ["#source-1-1", "#turn-1 .answer"])
        page.locator("#source-1-1 .back").click()
        expect(page.locator("#turn-1 .cite").first).to_be_focused()
        expect(page.locator("#turn-1 .cite").first).to_be_in_viewport()


BELOW = """([lower, upper]) => {
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  return box(lower).top > box(upper).bottom;
}"""


@pytest.mark.parametrize(("scheme", "query"), [("dark", ""), ("light", "?__theme=dark")])
def test_the_dark(browser: Browser, served: Served, scheme: str, query: str) -> None:
    with browser.new_context(color_scheme=scheme, locale="en-GB") as context:
        page = opened(context, served, query)
        ask(page, DISTANCE)
        page.locator(".cite").first.click()
        for element in ("body", "#turn-1 .answer p", "#turn-1 .question", ".card h3", ".card blockquote", ".card mark"):
            ink, paper = page.locator(element).first.evaluate(COLOURS)
            assert contrast(ink, paper) >= 4.5, element
        assert luminance(page.locator("body").evaluate(COLOURS)[1]) < 0.05


def test_the_light(page: Page) -> None:
    ask(page, DISTANCE)
    names = (
        ".brand",
        "#turn-1 .answer p",
        "#turn-1 .question",
        ".foot",
        ".cite",
        ".card .facts",
        ".card blockquote",
        ".card mark",
    )
    for element in (*names, "#send", ".show-sources", ".sources h2"):
        ink, paper = page.locator(element).first.evaluate(COLOURS)
        assert contrast(ink, paper) >= 4.5, element


COLOURS = """(element) => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  let ground = element;
  const opaque = (each) => (numbers(getComputedStyle(each).backgroundColor)[3] ?? 1) === 1;
  while (ground.parentElement && !opaque(ground)) ground = ground.parentElement;
  return [numbers(getComputedStyle(element).color), numbers(getComputedStyle(ground).backgroundColor)];
}"""


def contrast(ink: list[float], paper: list[float]) -> float:
    """Return the contrast ratio of WCAG 2."""
    darker, lighter = sorted((luminance(ink), luminance(paper)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[float]) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (c / 255 for c in colour[:3])
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_bug_is_an_error_in_the_transcript_and_not_an_endless_wait(page: Page) -> None:
    ask(page, "crash")
    expect(page.get_by_role("alert")).to_contain_text("Something went wrong inside the program")
    expect(page.locator("#question textarea")).to_have_value("crash")


def test_labels_follow_the_browser_and_quotes_keep_their_language(browser: Browser, served: Served) -> None:
    with browser.new_context(locale="ru-RU") as context:
        page = opened(context, served)
        assert page.title() == "Спросите свои документы"
        assert page.locator("html").get_attribute("lang") == "ru"
        ask(page, "fjord kilometer lang")
        expect(page.locator("#sources-1")).to_contain_text("норвежский")
        expect(page.locator("#sources-1 blockquote").first).to_have_attribute("lang", "no")


def test_the_page_asks_its_own_server_only(browser: Browser, served: Served) -> None:
    requests: list[str] = []
    with browser.new_context(locale="en-GB") as context:
        context.on("request", lambda request: requests.append(request.url))
        page = opened(context, served)
        ask(page, DISTANCE)
        page.locator(".cite").first.click()
        page.wait_for_timeout(1000)
    assert len(requests) > 10
    assert [url for url in requests if not url.startswith((served.url, "data:", "blob:"))] == []


def test_two_people_share_nothing(browser: Browser, served: Served) -> None:
    with browser.new_context(locale="en-GB") as mine, browser.new_context(locale="en-GB") as theirs:
        first, second = opened(mine, served), opened(theirs, served)
        ask(first, DISTANCE)
        ask(second, "zzz qqq")
        ask(first, "What is endless?")
        third = opened(mine, served)
        expect(third.locator(".turn")).to_have_count(0)
        expect(second.locator(".turn")).to_have_count(1)
        expect(first.locator(".turn")).to_have_count(2)
        expect(second.locator("#transcript")).not_to_contain_text(DISTANCE)


def test_two_watch_their_own_answers_being_written_and_one_stops(browser: Browser, served: Served) -> None:
    with browser.new_context(locale="en-GB") as mine, browser.new_context(locale="en-GB") as theirs:
        first, second = opened(mine, served), opened(theirs, served)
        for page, question in ((first, "endless word"), (second, DISTANCE)):
            expect(page.get_by_label("Answer with")).to_have_value("reader")
            page.get_by_label("Answer with").select_option("compose")
            page.locator("#question textarea").fill(question)
            page.keyboard.press("Enter")
        expect(second.locator("#turn-1 .written .unchecked")).to_contain_text("Its mean")
        expect(first.locator("#turn-1 .written s")).to_have_text(MADE_UP)
        expect(first.locator("#turn-1 .unchecked")).to_have_text("And")
        first.get_by_role("button", name="Stop").click()
        expect(first.locator(".turn")).to_have_count(0)
        expect(second.locator("#turn-1 .foot")).to_be_visible()
        expect(second.locator("#turn-1 .answer")).to_contain_text("384,400 kilometres")
        expect(second.locator("#turn-1 .answer s")).to_have_text(MADE_UP)
        expect(second.locator("#turn-1 .written")).to_have_count(0)
        ask(first, DISTANCE)
        expect(first.locator("#turn-1 .answer s")).to_have_count(1)
        second.reload()
        expect(second.locator("#turn-1 .answer s")).to_have_text(MADE_UP)
        expect(second.get_by_label("Answer with")).to_have_value("compose")
        second.get_by_role("button", name="New chat").click()
        expect(second.get_by_label("Answer with")).to_have_value("reader")


def test_no_layout_shift(page: Page) -> None:
    page.evaluate(
        """() => {
            window.shift = 0;
            const add = (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; };
            const observer = new PerformanceObserver((list) => list.getEntries().forEach(add));
            observer.observe({ type: "layout-shift", buffered: true });
        }"""
    )
    ask(page, DISTANCE)
    page.wait_for_timeout(500)
    assert page.evaluate("window.shift") < 0.1
    assert page.get_by_text("Gradio").count() == 0


def test_nothing_left_the_machine_and_control_c_ends_it(browser: Browser) -> None:
    with serving() as served, browser.new_context(locale="en-GB") as context:
        ask(opened(context, served, but=GONE), DISTANCE)
        served.process.send_signal(2)
        output, errors = served.process.communicate(timeout=60)
        assert served.process.returncode == 0  # the exit code 130 is the command line's
        assert output + errors == ""
