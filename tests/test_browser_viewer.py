"""The document page in a real browser: opened from the chat and by a copied link, stepping, finding, long documents."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from rag.citations import cite
from rag.documents import read_document
from rag.types import Document, Span
from rag.web import sharing
from tests.browser import Served, chromium, document
from tests.edited import serving_documents, write
from tests.made_files import paragraph, pdf
from tests.test_browser_chat import COLOURS, ask, contrast
from tests.watching import watched

pytestmark = pytest.mark.browser

MOON = (
    "The Moon is the only natural satellite of the Earth.\n\n"
    + "It turns around the Earth once a month, and once a month around itself.\n\n" * 40
    + "Its mean distance is 384,400 kilometres.\n\n"
    + "The far side was first seen in 1959.\n\n" * 40
    + "The 🙂 last natural satellite words."
)
RULES = "Whoever reads it may go on to page {0},|which has rule {0} of the library: silence.|Here it ends."
DISTANCE = "What is the mean distance, and what the natural satellite?"
LONG = "".join(
    f"Sentence {number} of a long document stands here, with ФЬОРД {number % 7}.{' ' if number % 6 else chr(10) * 2}"
    for number in range(90_000)
)
TEXTS = {
    "moon.txt": MOON,
    "fjord.txt": "Sognefjorden er Norges lengste fjord. Den er 205 kilometer lang.\n",
    "long.txt": LONG,
    "hebrew.txt": "ירושלים היא עיר גדולה מאוד, והיא נמצאת בהרים.\n\nEnglish words follow.\n",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    write(folder, TEXTS)
    pages = (
        paragraph(f"This is page {number} of the manual.", *RULES.format(number).split("|"))
        for number in range(1, 1001)
    )
    (folder / "manual.pdf").write_bytes(pdf(pages))
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving_documents(folder) as served:
        yield served


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = watched(context.new_page())
    yield page
    page.close()


def citation(name: str, words: str) -> str:
    cited = document(name, TEXTS[name])
    start = cited.text.index(words)
    return cite(cited, Span(start, start + len(words))).id


@pytest.fixture(scope="module")
def manual(folder: Path) -> Document:
    """A PDF of a thousand pages."""
    return read_document(folder, folder / "manual.pdf", max_bytes=10**7)


def in_manual(served: Served, manual: Document, *quotes: str) -> str:
    """Return the address of the manual, opened at the first of some words."""
    starts = [manual.text.index(each) for each in quotes]
    ids = [cite(manual, Span(start, start + len(each))).id for start, each in zip(starts, quotes, strict=True)]
    return f"{served.url}/{sharing.document_address(manual.id, ids, 1)}"


def address(served: Served, at: int, *cited: tuple[str, str]) -> str:
    ids = [citation(name, words) for name, words in cited]
    return f"{served.url}/{sharing.document_address(cited[at - 1][0], ids, at)}"


THREE = (
    ("moon.txt", "The Moon is the only natural satellite of the Earth."),
    ("moon.txt", "Its mean distance is 384,400 kilometres."),
    ("moon.txt", "🙂 last natural satellite words"),
    ("fjord.txt", "Den er 205 kilometer lang."),
)


def touch(button: Locator) -> None:
    """Tap a button where it is, as a finger does; `Locator.tap` may scroll the page before, away from what is seen."""
    box = button.bounding_box()
    assert box is not None
    button.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def in_sight(mark: Locator) -> None:
    """Expect a mark to be seen whole, below the bar."""
    expect(mark).to_be_in_viewport(ratio=0.99)  # of a box in a picture, a thousandth of a pixel may be missing
    mark.page.wait_for_function("(mark) => mark.getBoundingClientRect().top > 56", arg=mark.element_handle())


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_from_an_answer_into_the_document(page: Page, served: Served, context: BrowserContext) -> None:
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, DISTANCE)
    page.locator("#turn-1 .cite").nth(1).click()
    card = page.locator("#source-1-2")
    expect(card).to_be_focused()
    with context.expect_page() as opening:
        card.get_by_role("link", name="Open in the document").click()
    opened = opening.value
    expect(opened.locator("section.citation:not([hidden]) h2")).to_contain_text("Verified")
    in_sight(opened.locator("mark.current").first)
    expect(opened.locator("mark.current")).to_have_text(re.sub(r"\s+$", "", card.locator("mark").inner_text()))
    expect(opened.locator("section.citation:not([hidden]) .count")).to_have_text("2 of 2")
    opened.get_by_role("link", name="Back to the chat").click()
    expect(opened.locator("#question textarea")).to_be_visible()
    opened.close()


def test_a_copied_link_opens_the_same_place_for_somebody_else(page: Page, served: Served, browser: Browser) -> None:
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, DISTANCE)
    card = page.locator("#source-1-1")
    button = card.get_by_role("button", name="Copy link")
    width = button.evaluate("(button) => button.getBoundingClientRect().width")
    button.focus()
    page.keyboard.press("Enter")
    expect(card.locator("[data-copy=link]")).to_have_text("Copied")
    expect(page.get_by_role("status").filter(has_text="Copied")).to_have_count(1)
    assert card.locator("[data-copy=link]").evaluate("(button) => button.getBoundingClientRect().width") >= width
    expect(button).to_have_text("Copy link")
    link = clipboard(page)
    assert link.startswith(f"{served.url}/cite/")
    card.get_by_role("button", name="Copy citation").click()
    expect(card.locator("[data-copy=text]")).to_have_text("Copied")
    assert clipboard(page).endswith(f"\n{link}")
    with browser.new_context(locale="nb-NO", viewport={"width": 1024, "height": 700}) as theirs:
        other = watched(theirs.new_page())
        other.goto(link)
        expect(other.locator("section.citation h2")).to_contain_text("Bekreftet")
        expect(other.locator("mark.current")).to_have_text(card.locator("mark").inner_text().strip())
        in_sight(other.locator("mark.current"))
        other.reload()
        in_sight(other.locator("mark.current"))


def test_the_page_itself_copies_three_ways(page: Page, served: Served) -> None:
    page.goto(address(served, 2, *THREE))
    link = f"{served.url}/cite/{quote(citation(*THREE[1]))}"
    for name, expected in (
        ("Copy link", re.escape(link)),
        (
            "Copy citation",
            r"“Its mean distance is 384,400 kilometres.”\n.*moon\.txt, characters \d+–\d+\n" + re.escape(link),
        ),
        (
            "Copy as Markdown",
            r"> Its mean distance .*\n>\n> — \[The Moon.*\]\(" + re.escape(link) + r"\), .*`moon\.txt`.*",
        ),
    ):
        page.get_by_role("button", name=name).click()
        expect(page.locator("section.citation:not([hidden]) button", has_text="Copied")).to_have_count(1)
        assert re.fullmatch(expected, clipboard(page)), clipboard(page)
        expect(page.get_by_role("button", name=name)).to_be_visible()


def test_a_browser_without_a_clipboard_copies_too(page: Page, served: Served) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.goto(address(served, 2, *THREE))
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("section.citation:not([hidden]) button", has_text="Copied")).to_have_count(1)
    page.locator("#find input").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#find input")).to_have_value(re.compile("/cite/moon.txt"))


def test_stepping_among_the_citations_of_an_answer(page: Page, served: Served) -> None:
    page.goto(address(served, 1, *THREE))
    in_sight(page.locator("mark.current"))
    shown = page.locator("section.citation:not([hidden])")
    shown.get_by_role("link", name="Next citation").focus()
    page.keyboard.press("Enter")
    expect(page.locator("mark.current")).to_have_text(THREE[1][1])
    in_sight(page.locator("mark.current"))
    expect(shown.get_by_role("link", name="Next citation")).to_be_focused()
    expect(shown.locator(".count")).to_have_text("2 of 4")
    expect(page.locator("nav.cited [aria-current]")).to_contain_text("384,400")
    assert "&at=2" in page.url
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("mark.current")).to_have_text(THREE[2][1])
    in_sight(page.locator("mark.current"))
    page.reload()
    expect(page.locator("mark.current")).to_have_text(THREE[2][1])
    page.keyboard.press("Alt+ArrowDown")
    expect(page).to_have_url(re.compile(r"/documents/fjord\.txt"))
    expect(page.locator("mark.current")).to_have_text(THREE[3][1])
    page.keyboard.press("Alt+ArrowUp")
    expect(page).to_have_url(re.compile(r"/documents/moon\.txt.*&at=3"))
    page.locator("nav.cited a").first.click()
    in_sight(page.locator("mark.current"))
    expect(page.locator("mark.current")).to_have_text(THREE[0][1])


def test_finding_in_the_document(page: Page, served: Served) -> None:
    page.goto(address(served, 1, *THREE))
    field, count = page.get_by_role("searchbox", name="Find in document"), page.locator("#find output")
    field.fill("NATURAL  satellite")
    expect(count).to_have_text("1 of 2")
    page.keyboard.press("Enter")
    expect(count).to_have_text("2 of 2")
    expect(page.locator("p", has_text="last natural")).to_be_in_viewport()
    assert page.evaluate("[...CSS.highlights.get('chosen')].map(String)") == ["natural satellite"]
    page.keyboard.press("Enter")
    expect(count).to_have_text("1 of 2")
    page.keyboard.press("Shift+Enter")
    expect(count).to_have_text("2 of 2")
    page.get_by_role("button", name="Previous match").click()
    expect(count).to_have_text("1 of 2")
    field.fill("no such (words")
    expect(count).to_have_text("No match")
    expect(page.get_by_role("button", name="Next match")).to_be_disabled()
    field.focus()
    page.keyboard.press("Escape")
    expect(field).to_have_value("")
    expect(count).to_have_text("")
    assert page.evaluate("CSS.highlights.get('found').size + CSS.highlights.get('chosen').size") == 0
    field.fill("moon is")
    page.keyboard.press("Enter")  # before the pause after typing has passed
    expect(count).to_have_text("1 of 1")


def test_a_browser_without_highlights_marks_the_match(page: Page, served: Served) -> None:
    page.add_init_script("delete globalThis.Highlight")
    page.goto(address(served, 2, *THREE))
    text = page.locator("#text").evaluate("(text) => text.textContent")
    page.locator("#find input").fill("is 384,400 kilo")
    expect(page.locator("#text .chosen")).to_have_text("is 384,400 kilo")
    page.locator("#find input").fill("")
    expect(page.locator("#text .chosen")).to_have_count(0)
    assert page.locator("#text").evaluate("(text) => text.textContent") == text


def found(page: Page, words: str) -> str:
    """Look for words and return what is said of it; asks less of a long page than `expect` does."""
    page.locator("#find input").fill(words)
    deadline = time.monotonic() + 60
    while True:
        time.sleep(0.2)
        said = page.evaluate("document.querySelector('#find output').textContent")
        if re.search(r"\d", said):
            return str(said)
        assert time.monotonic() < deadline, said


def test_five_megabytes(page: Page, served: Served) -> None:
    assert len(LONG.encode()) > 5_000_000
    words = "Sentence 77777 of a long document stands here"
    page.goto(address(served, 2, ("long.txt", "Sentence 5 of a long"), ("long.txt", words)))
    in_sight(page.locator("mark.current"))
    expect(page.locator("mark.current")).to_have_text(words)
    expect(page.locator(".part.waiting")).to_have_count(0)
    in_sight(page.locator("mark.current"))  # what was filled in above has not moved it
    assert page.locator("#text").evaluate("(text) => text.textContent") == LONG
    assert found(page, "sentence 12345 of") == "1 of 1"
    expect(page.locator("p", has_text="Sentence 12345 of")).to_be_in_viewport()
    assert found(page, "фьорд 3").endswith("of 10000+")
    page.keyboard.press("Alt+ArrowUp")
    in_sight(page.locator("mark.current"))
    expect(page.locator("mark.current")).to_have_text("Sentence 5 of a long")


def test_finding_waits_for_the_whole_text(page: Page, served: Served) -> None:
    page.goto(address(served, 1, ("long.txt", "Sentence 5 of a long")))
    assert found(page, "Sentence 89999 of") == "1 of 1"
    expect(page.locator("p", has_text="Sentence 89999 of")).to_be_in_viewport()


def test_the_rest_that_cannot_be_loaded_is_said_and_tried_again(context: BrowserContext, served: Served) -> None:
    page = context.new_page()  # not watched: a request fails
    page.route(re.compile("version="), lambda route: route.abort())
    page.goto(address(served, 1, ("long.txt", "Sentence 5 of a long")))
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute(re.compile("version="))
    page.evaluate("document.querySelector('.alert button').click()")
    expect(page.locator(".part.waiting")).to_have_count(0)
    expect(page.locator(".alert")).to_be_hidden()
    page.close()


def test_without_scripts_the_place_is_there(browser: Browser, served: Served) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(address(served, 2, *THREE))
        expect(page.locator("mark", has_text="384,400")).to_be_in_viewport(ratio=1)
        page.goto(address(served, 1, ("long.txt", "Sentence 80000 of")))
        expect(page.locator("mark")).to_be_in_viewport(ratio=1)
        page.get_by_role("link", name="Show all of it").click()
        expect(page).to_have_url(re.compile("whole=1"))
        page.wait_for_load_state()
        expect(page.locator(".waiting")).to_have_count(0)
        expect(page.locator("mark")).to_be_in_viewport(ratio=1)  # five megabytes in one page


@pytest.mark.parametrize(("scheme", "locale"), [("light", "ru-RU"), ("dark", "en-GB")])
def test_a_phone(browser: Browser, served: Served, scheme: str, locale: str) -> None:
    viewport = {"width": 390, "height": 844}
    with browser.new_context(
        viewport=viewport, locale=locale, color_scheme=scheme, has_touch=True, reduced_motion="reduce"
    ) as context:
        page = watched(context.new_page())
        page.goto(address(served, 2, *THREE))
        in_sight(page.locator("mark.current"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        steps = page.locator("section.citation:not([hidden]) .steps")
        expect(steps.locator(".standing")).to_be_in_viewport(ratio=1)
        steps.locator("[rel=next]").tap()
        expect(page.locator("mark.current")).to_have_text(THREE[2][1])
        in_sight(page.locator("mark.current"))
        page.locator("section.citation:not([hidden]) .standing").tap()
        expect(page.locator("h1")).to_be_in_viewport(ratio=1)
        page.locator("#find input").fill("month")
        expect(page.locator("#find output")).to_have_text(re.compile(r"^\d+ \S+ 80$"))
        legible(page)
        for target in ("#find button >> nth=0", ".home", ".copying button >> visible=true >> nth=0"):
            box = page.locator(target).bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 24, target


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser: Browser, served: Served, scheme: str) -> None:
    with browser.new_context(locale="en-GB", color_scheme=scheme) as context:
        page = watched(context.new_page())
        page.goto(address(served, 2, *THREE))
        legible(page)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Back to the chat")).to_be_focused()
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def legible(page: Page) -> None:
    names = ("h1", ".facts", ".file", "#text p >> nth=1", "mark.current", "mark:not(.current) >> nth=0")
    others = (".citation:not([hidden]) h2", ".citation:not([hidden]) .note", ".copying button >> visible=true >> nth=0")
    for element in (*names, *others, "nav.cited a >> nth=0", ".standing >> nth=1", "#find output"):
        ink, paper = page.locator(element).first.evaluate(COLOURS)
        assert contrast(ink, paper) >= 4.5, element


MARGINS = """(paragraph) => {
  const range = document.createRange();
  range.selectNodeContents(paragraph);
  const [words, all] = [range.getBoundingClientRect(), paragraph.getBoundingClientRect()];
  return [words.left - all.left, all.right - words.right];
}"""


def test_the_text_keeps_its_language_and_direction(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/documents/hebrew.txt")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.locator("#text")).to_have_attribute("lang", "he")
    left, right = page.locator("#text p").first.evaluate(MARGINS)
    assert right < 2 < left
    left, right = page.locator("#text p").last.evaluate(MARGINS)
    assert left < 2 < right


def test_nothing_shifts_and_nothing_is_asked_elsewhere(context: BrowserContext, served: Served) -> None:
    page = watched(context.new_page())
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.add_init_script(
        """window.shift = 0;
        const add = (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; };
        const observer = new PerformanceObserver((list) => list.getEntries().forEach(add));
        observer.observe({ type: "layout-shift", buffered: true });"""
    )
    page.goto(address(served, 1, ("long.txt", "Sentence 40000 of a long")))
    expect(page.locator(".part.waiting")).to_have_count(0)
    time.sleep(0.3)
    assert page.evaluate("window.shift") < 0.1
    assert len(requests) > 5
    assert all(url.startswith(served.url) for url in requests)
    page.close()


def test_print_shows_the_text_alone(page: Page, served: Served) -> None:
    page.goto(address(served, 2, *THREE))
    page.emulate_media(media="print")
    for hidden in ("#header", ".copying >> nth=0", "nav.cited", ".steps >> nth=0"):
        expect(page.locator(hidden)).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()


def test_after_an_edit_the_page_says_what_happened(page: Page, served: Served, folder: Path) -> None:
    name, words = "fjord.txt", "Den er 205 kilometer lang."
    write(folder, {name: "Et nytt avsnitt.\n\n" + TEXTS[name]})
    page.goto(address(served, 1, (name, words)))
    expect(page.locator("section.citation h2")).to_contain_text("Moved")
    expect(page.locator("mark.current")).to_have_text(words)
    in_sight(page.locator("mark.current"))
    write(folder, {name: TEXTS[name].replace("205", "204")})
    page.reload()
    expect(page.locator("section.citation h2")).to_contain_text("Changed")
    expect(page.locator(".compared del")).to_have_text(words)
    expect(page.locator(".compared ins")).to_have_text("Den er 204 kilometer lang.")
    was, now = (page.locator(".compared div").nth(each).bounding_box() for each in (0, 1))
    assert was is not None
    assert now is not None
    assert abs(was["y"] - now["y"]) < 2 < now["x"] - was["x"]  # side by side
    write(folder, {name: TEXTS[name]})
    page.reload()
    expect(page.locator("section.citation h2")).to_contain_text("Verified")


INK = """async (box) => {
  const [leaf, image] = [box.closest(".leaf"), box.closest(".leaf").querySelector("img")];
  await image.decode();
  const { naturalWidth: width, naturalHeight: height } = image;
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  context.drawImage(image, 0, 0);
  const [whole, part] = [leaf.getBoundingClientRect(), box.getBoundingClientRect()];
  const scale = width / whole.width;
  const at = [part.left - whole.left, part.top - whole.top, part.width, part.height].map((each) => each * scale);
  const pixels = context.getImageData(...at).data;
  let dark = 0;
  for (let each = 0; each < pixels.length; each += 4) dark += pixels[each] < 128;
  return dark / (pixels.length / 4);
}"""  # the share of a box that is black in the picture below it


def test_a_citation_into_page_412_of_a_thousand(page: Page, served: Served, manual: Document) -> None:
    quotes = ("which has rule 412 of the library: silence.", "Whoever reads it may go on to page 700, which has rule")
    page.goto(in_manual(served, manual, *quotes))
    box, number = page.locator(".box.current"), page.get_by_label("Go to page")
    in_sight(box)
    expect(number).to_have_value("412")
    assert 0.05 < box.evaluate(INK) < 0.5
    expect(page.get_by_role("group", name="Page 412 of 1000")).to_contain_text(quotes[0])
    page.keyboard.press("Alt+ArrowDown")
    expect(number).to_have_value("700")
    expect(box.locator("rect")).to_have_count(2)
    in_sight(box)
    assert 0.05 < box.evaluate(INK) < 0.5
    page.keyboard.press("Alt+ArrowUp")
    expect(number).to_have_value("412")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("group", name="Page 413 of 1000")).to_be_visible()
    expect(page.locator(".box")).to_have_count(0)
    assert page.url.endswith("&page=413#cite-1")
    number.fill("412")
    page.keyboard.press("Enter")
    expect(box).to_have_count(1)
    width = page.locator(".leaf").evaluate("(leaf) => leaf.clientWidth")
    page.locator(".sheet").focus()
    page.keyboard.press("+")
    assert page.locator(".leaf").evaluate("(leaf) => leaf.clientWidth") == pytest.approx(1.5 * width, abs=2)
    expect(page.locator(".zoom output")).to_have_text("150\u00a0%")
    in_sight(box)
    page.keyboard.press("0")
    page.get_by_role("link", name="Text", exact=True).click()
    in_sight(page.locator("mark.current"))
    expect(page.locator("mark.current")).to_have_text(quotes[0])
    assert "view=text" in page.url
    assert found(page, "rule 999 of") == "1 of 1"
    page.get_by_role("link", name="Page", exact=True).click()
    expect(page.get_by_role("group", name="Page 999 of 1000")).to_be_visible()
    page.reload()
    expect(number).to_have_value("999")


def test_a_page_on_a_phone(browser: Browser, served: Served, manual: Document) -> None:
    viewport = {"width": 390, "height": 844}
    with browser.new_context(viewport=viewport, locale="ru-RU", color_scheme="dark", has_touch=True) as context:
        page = watched(context.new_page())
        page.goto(in_manual(served, manual, "rule 412 of the library", "rule 3 of the library"))
        in_sight(page.locator(".box.current"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        tools = page.locator(".tools").bounding_box()
        assert tools is not None
        assert tools["height"] < 60  # in one row
        page.locator("section.citation:not([hidden]) [rel=next]").tap()
        expect(page.locator(".turn input")).to_have_value("3")
        in_sight(page.locator(".box.current"))
        touch(page.locator(".zoom button").last)
        touch(page.locator(".zoom button").last)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        in_sight(page.locator(".box.current"))


def test_a_page_without_scripts(browser: Browser, served: Served, manual: Document) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(in_manual(served, manual, "rule 412 of the library"))
        expect(page.locator(".box")).to_be_in_viewport(ratio=0.99)
        page.get_by_role("link", name="Next page").click()
        expect(page.get_by_role("group", name="Page 413 of 1000")).to_be_visible()
        page.get_by_role("link", name="Text", exact=True).click()
        expect(page.locator("mark")).to_have_text("rule 412 of the library")


def test_a_picture_that_does_not_come_is_said_and_tried_again(
    context: BrowserContext, served: Served, manual: Document
) -> None:
    page = context.new_page()  # not watched: a request fails
    page.route(re.compile("picture="), lambda route: route.abort())
    page.goto(in_manual(served, manual, "rule 412 of the library"))
    expect(page.get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute(re.compile("picture="))
    page.locator("#page button").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.locator(".box.current")).to_have_count(1)
    page.close()
