"""The Evaluation page in a real browser: choose, run, watch, stop, read the report, and what happens when it fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser import Served, chromium
from tests.evaluations import QUESTIONS, prepare, question_file, serving_evaluations
from tests.test_browser_chat import COLOURS, contrast
from tests.watching import GONE, watched

pytestmark = pytest.mark.browser

DONE = 30_000  # milliseconds: the first report brings what draws its pictures


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with serving_evaluations(folder) as served:
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


@pytest.fixture
def held(folder: Path) -> Iterator[Path]:
    """A file that keeps a run waiting at its third question."""
    hold = folder / "hold"
    hold.touch()
    yield hold
    hold.unlink(missing_ok=True)


def opened(context: BrowserContext, served: Served, but: str | None = None) -> Page:
    page = watched(context.new_page(), but)
    page.goto(served.url + "/evaluation")
    return page


def run(page: Page) -> None:
    """Start a run and wait until the page shows no longer how the one before ended."""
    before = page.locator("#run").get_attribute("data-key")
    page.locator(".primary").click()
    expect(page.locator("#run")).not_to_have_attribute("data-key", str(before))


def run_to_the_end(page: Page) -> None:
    run(page)
    expect(page.locator("#run h2.done")).to_be_visible(timeout=DONE)


def test_choose_run_watch_and_read(page: Page, held: Path) -> None:
    expect(page.get_by_role("radio", name="small.jsonl")).to_be_checked()
    run(page)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", 2, timeout=DONE)
    expect(bar).to_have_js_property("max", 4)
    expect(page.locator("#run")).to_contain_text("2 of 4 questions")
    expect(page.get_by_role("button", name="Run")).to_be_disabled()
    held.unlink()
    expect(page.locator("#run h2.done")).to_have_text(re.compile(r"\d of 4 questions right"), timeout=DONE)
    expect(page.locator("#run .tiles .value")).to_have_text([re.compile(r"^\d+%$")] * 4)
    expect(page.locator("#run .interval").first).to_have_text(re.compile(r"95% interval \d+\W+\d+%"))
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def test_the_report_works_in_its_frame(page: Page) -> None:
    run_to_the_end(page)
    report = page.frame_locator("#report iframe")
    expect(report.locator("h1")).to_have_text("small.jsonl")
    expect(report.locator("#list > li:visible")).to_have_count(4)
    report.locator("select[name=answer]").select_option("no")
    expect(report.locator("#list > li:visible")).to_have_count(1)
    report.get_by_role("button", name="Show all").click()
    expect(report.locator("#list > li:visible")).to_have_count(4)
    report.locator("a.filter[data-outcome]").first.click()
    expect(report.locator("output")).to_contain_text("of 4 questions")
    report.locator("#list > li:visible summary").first.click()
    expect(report.locator("#list > li:visible .body").first).to_be_visible()


def test_the_report_can_reach_nothing(context: BrowserContext, served: Served) -> None:
    page = context.new_page()  # not watched: much is blocked
    page.goto(served.url + "/evaluation")
    run_to_the_end(page)
    expect(page.frame_locator("#report iframe").locator("h1")).to_have_text("small.jsonl")
    frame = next(frame for frame in page.frames if "/reports/" in frame.url)
    assert frame.evaluate("self.origin") == "null"
    assert "refused" in frame.evaluate("fetch('/evaluation/state').then(() => 'let in', () => 'refused')")
    assert "refused" in frame.evaluate("(() => { try { return parent.document.title } catch { return 'refused' } })()")
    with context.expect_page() as another:
        page.get_by_role("link", name="Open in a new tab").click()
    expect(another.value.locator("h1")).to_have_text("small.jsonl")
    assert another.value.evaluate("self.origin") == "null"
    another.value.close()
    page.close()


def test_downloads(page: Page) -> None:
    run_to_the_end(page)
    for link, name, start in (("JSON", "small-results.json", "{"), ("Markdown", "small-summary.md", "#")):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Download {link}").click()
        assert download.value.suggested_filename == name
        assert download.value.path().read_text("utf-8").startswith(start)


def test_another_tab_sees_the_run_and_cannot_start_one(
    page: Page, context: BrowserContext, served: Served, held: Path
) -> None:
    waiting = opened(context, served)
    run(page)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 2, timeout=DONE)
    for other in (waiting, opened(context, served)):  # one that was open before, one that comes now
        expect(other.get_by_role("progressbar")).to_have_js_property("value", 2, timeout=DONE)
        expect(other.get_by_role("button", name="Run")).to_be_disabled()
        expect(other.locator("#choose")).to_contain_text("A run is under way")
    refused = waiting.request.post(f"{served.url}/evaluation/run?name=x", data="{}")
    assert refused.status == 409
    page.reload()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 2)
    held.unlink()
    for each in (page, waiting, other):
        expect(each.locator("#run h2.done")).to_be_visible(timeout=DONE)
        expect(each.locator("#report iframe")).to_be_visible()
    waiting.close()
    other.close()


def test_the_chat_answers_meanwhile(page: Page, context: BrowserContext, served: Served, held: Path) -> None:
    run(page)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 2, timeout=DONE)
    page.get_by_role("link", name="Chat").click()
    page.locator(".example").first.wait_for()
    page.locator("#question textarea").fill("How far is the Moon, its mean distance?")
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .foot")).to_be_visible(timeout=DONE)
    page.get_by_role("link", name="Evaluation").click()
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 2)
    held.unlink()
    expect(page.locator("#run h2.done")).to_be_visible(timeout=DONE)


def test_stop_keeps_what_was_asked(page: Page, held: Path) -> None:
    run(page)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 2, timeout=DONE)
    expect(page.locator("#run")).to_contain_text("What has been asked is kept")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#run h2")).to_have_text("Stopping after this question")
    held.unlink()
    expect(page.locator("#run h2")).to_have_text("Stopped")
    expect(page.locator("#run")).to_contain_text("3 of 4 questions have been asked and are kept")
    run_to_the_end(page)


def test_a_broken_file_shows_all_its_problems(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "<b>broken.jsonl"
    lines = ['{"id": 1, "question": "<img src=x onerror=alert(1)>"}', "not json", question_file(QUESTIONS[:1]).strip()]
    lines.append('{"id": "z", "language": "en", "question": "?", "answers": ["x"], "evidence": "<script>"}')
    broken.write_text("\n".join(lines), "utf-8")
    page.locator("#own").set_input_files(broken)
    expect(page.get_by_role("radio", name="A file of your own")).to_be_checked()
    run(page)
    expect(page.locator("#run h2")).to_have_text("This file cannot be used yet")
    expect(page.locator("#run .name")).to_have_text("<b>broken.jsonl")
    problems = page.locator("#run .problems li")
    expect(problems).to_have_text([re.compile(r"^line [124]: ")] * problems.count())
    for line in ("line 1", "line 2: not JSON", "line 4"):
        expect(page.locator("#run .problems")).to_contain_text(line)
    assert page.locator("#run :is(img, script, b)").count() == 0


def test_a_file_that_does_not_fit_the_documents_says_where(page: Page, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text(question_file([*QUESTIONS[:1], ("Q?", ["x"], "moon.txt", "no such words")]), "utf-8")
    page.locator("#own").set_input_files(other)
    run(page)
    expect(page.locator("#run .problems li")).to_have_text(re.compile(r"^line 2: the quote .* does not stand in"))


def test_a_file_of_ones_own_runs(page: Page, tmp_path: Path) -> None:
    mine = tmp_path / "мои вопросы.jsonl"
    mine.write_text(question_file(QUESTIONS[:2]), "utf-8")
    page.locator("#own").set_input_files(mine)
    run(page)
    expect(page.locator("#run h2.done")).to_have_text(re.compile("of 2 questions right"), timeout=DONE)
    expect(page.frame_locator("#report iframe").locator("h1")).to_have_text("мои вопросы.jsonl")


def test_no_file_and_a_huge_one_are_refused_on_the_spot(page: Page, tmp_path: Path) -> None:
    page.get_by_role("radio", name="A file of your own").check()
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_have_text("Choose a file first.")
    huge = tmp_path / "huge.jsonl"
    huge.write_bytes(b"x" * 5_000_001)
    page.locator("#own").set_input_files(huge)
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_role("alert")).to_have_text("The file is larger than 5 MB.")
    expect(page.get_by_role("button", name="Run")).to_be_enabled()


def test_a_bug_ends_in_a_message(browser: Browser, folder: Path, tmp_path: Path) -> None:
    crash = tmp_path / "crash.jsonl"
    crash.write_text(question_file([("crash", [], "", "")]), "utf-8")
    others = {*folder.glob("rag-evaluations-*")}
    with serving_evaluations(folder) as served, browser.new_context(locale="en-GB") as context:
        page = opened(context, served, but=GONE)
        page.locator("#own").set_input_files(crash)
        run(page)
        expect(page.locator("#run h2")).to_have_text("The run could not be finished", timeout=DONE)
        expect(page.locator("#run .alert")).to_contain_text("Something went wrong inside the program")
        expect(page.get_by_role("button", name="Run")).to_be_enabled()
        served.process.send_signal(2)
        output, errors = served.process.communicate(timeout=60)
        assert "ZeroDivisionError" in errors
        assert "connection to" not in output + errors
        assert "look-up of" not in output + errors
    assert {*folder.glob("rag-evaluations-*")} == others


def test_a_server_that_is_gone_is_said(browser: Browser, folder: Path) -> None:
    with serving_evaluations(folder) as served, browser.new_context(locale="en-GB") as context:
        page = context.new_page()
        page.goto(served.url + "/evaluation")
        page.route("**/evaluation/state?*", lambda route: route.fulfill(status=401, json={"message": "Log in again."}))
        expect(page.get_by_role("alert")).to_have_text("Log in again.")
        page.unroute("**/evaluation/state?*")
        expect(page.get_by_role("alert")).to_have_count(0)  # once that is done, in another tab
        served.process.send_signal(2)
        served.process.wait(60)
        expect(page.get_by_role("alert")).to_contain_text("The server does not answer")


def test_control_c_ends_a_run_too(browser: Browser, folder: Path, held: Path) -> None:
    with serving_evaluations(folder) as served, browser.new_context(locale="en-GB") as context:
        page = opened(context, served)
        run(page)
        expect(page.get_by_role("progressbar")).to_have_js_property("value", 2, timeout=DONE)
        page.close()
        served.process.send_signal(2)
        held.unlink()
        _, errors = served.process.communicate(timeout=60)
        assert (served.process.returncode, errors) == (0, "")


def test_keyboard_alone(page: Page) -> None:
    page.get_by_role("link", name="Evaluation").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="small.jsonl")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#own")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Run")).to_be_focused()
    before = page.locator("#run").get_attribute("data-key")
    page.keyboard.press("Enter")
    expect(page.locator("#run")).not_to_have_attribute("data-key", str(before))
    expect(page.locator("#run h2.done")).to_be_visible(timeout=DONE)
    expect(page.locator("#run h2")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text(re.compile("of 4 questions right"))


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("nb-NO", "dark"), ("ru-RU", "light")])
def test_a_phone_in_every_language(browser: Browser, served: Served, locale: str, scheme: str) -> None:
    viewport = {"width": 390, "height": 844}
    with browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme, has_touch=True) as context:
        page = opened(context, served)
        run_to_the_end(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        names = ("h1", ".intro p", "nav a >> nth=0", "legend", ".primary", "#run .value", "#run .interval", "#report a")
        for element in names:
            ink, paper = page.locator(element).first.evaluate(COLOURS)
            assert contrast(ink, paper) >= 4.5, element
        page.goto(served.url)
        page.locator(".example").first.click()
        expect(page.locator("#turn-1 .foot")).to_be_visible(timeout=DONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(APART, ["#header nav", "#clear"])


APART = """([before, after]) => {
  const box = (name) => document.querySelector(name).getBoundingClientRect();
  return box(before).right < box(after).left && box(before).width > 0;
}"""


def test_the_page_asks_its_own_server_only(browser: Browser, served: Served) -> None:
    requests: list[str] = []
    with browser.new_context(locale="en-GB") as context:
        context.on("request", lambda request: requests.append(request.url))
        page = opened(context, served)
        run_to_the_end(page)
        page.wait_for_timeout(500)
    assert len(requests) > 5
    assert [url for url in requests if not url.startswith((served.url, "data:"))] == []
