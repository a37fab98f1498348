"""The Documents page in a real browser: drop, index, ask, remove, undo, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.building import build_index
from tests.browser import Served, chromium
from tests.documents import TEXTS, ZOO, prepare, serving_documents, settings_in
from tests.fakes import HashEncoder, write_documents
from tests.test_browser_chat import COLOURS, ask, contrast
from tests.watching import GONE, watched

pytestmark = pytest.mark.browser

REFUSED = "status of 4"  # that files are refused is no error of the page's
DROP = """(files) => {
  const transfer = new DataTransfer();
  for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name));
  for (const type of ["dragenter", "dragover", "drop"]) {
    const event = new DragEvent(type, { dataTransfer: transfer, bubbles: true, cancelable: true });
    document.querySelector("#drop").dispatchEvent(event);
  }
}"""
SEARCH = """async () => {
  const field = document.querySelector("[name=words]");
  const seek = async (words, arrived) => {
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    while (!arrived(document.querySelectorAll("tbody tr").length)) await new Promise(requestAnimationFrame);
  };
  await seek("", (rows) => rows === 50);
  const start = performance.now();
  await seek("letter 77", (rows) => rows < 50);
  return performance.now() - start;
}"""
SHIFT = """() => {
  window.shift = 0;
  const add = (entry) => { if (!entry.hadRecentInput) window.shift += entry.value; };
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    prepare(tmp_path)
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    with serving_documents(folder) as served:
        yield served
        (folder / "hold").unlink(missing_ok=True)


@pytest.fixture
def context(browser: Browser, served: Served) -> Iterator[BrowserContext]:
    """A desk, left before its server is: a page that outlives it complains."""
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Page:
    return opened(context, served)


def opened(context: BrowserContext, served: Served, path: str = "/documents", but: str = REFUSED) -> Page:
    page = watched(context.new_page(), but)
    page.goto(served.url + path)
    if path == "/":
        expect(page.locator(".welcome")).to_be_visible()  # what is asked earlier is not heard
    return page


def drop(page: Page, files: Mapping[str, str]) -> None:
    page.evaluate(DROP, dict(files))


def row(page: Page, name: str) -> str:
    return f"#list tr:has(.path:text-is({json.dumps(name)}))"


def test_drop_index_ask_remove_and_undo(page: Page, context: BrowserContext, served: Served, folder: Path) -> None:
    page.evaluate(SHIFT)
    expect(page.locator("#list tbody tr")).to_have_count(3)
    drop(page, {"zoo.md": ZOO})
    expect(page.locator("#queue li")).to_contain_text("Added")
    expect(page.locator("#run h2")).to_have_text("The index is up to date")
    expect(page.locator("#run .facts")).to_contain_text("New: 1")
    expect(page.locator(row(page, "zoo.md"))).to_contain_text("Indexed")
    expect(page.get_by_role("link", name="The zoo")).to_have_attribute("href", "./documents/zoo.md")
    chat = opened(context, served, "/")
    ask(chat, "When was the zoo of Bergen opened?")
    expect(chat.locator("#source-1-1 .file")).to_have_text("zoo.md")
    page.get_by_role("button", name="Remove zoo.md").click()
    expect(page.get_by_role("dialog")).to_contain_text("Remove zoo.md?")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#notice")).to_contain_text("zoo.md was removed.")
    expect(page.locator("#undo")).to_be_focused()
    expect(page.locator(row(page, "zoo.md"))).to_have_count(0)
    expect(page.locator("#run .facts")).to_contain_text("Removed: 1")
    assert not (folder / "documents" / "zoo.md").exists()
    expect(chat.locator("#source-1-1 .file")).to_have_text("zoo.md")  # what was answered stays as it was
    ask(chat, "How long is Sognefjorden?")
    expect(chat.locator("#turn-2 .foot")).to_be_visible()
    page.locator("#undo").click()
    expect(page.locator(row(page, "zoo.md"))).to_contain_text("Indexed")
    expect(page.locator("#notice")).to_be_empty()
    assert (folder / "documents" / "zoo.md").read_text() == ZOO
    assert page.evaluate("window.shift") < 0.1


def test_a_chat_says_that_the_words_of_a_removed_document_are_gone(
    page: Page, context: BrowserContext, served: Served
) -> None:
    page.get_by_label("Index after every change").uncheck()
    chat = opened(context, served, "/")
    question = "What is the distance of the Moon, the only natural satellite of the Earth?"
    ask(chat, question)
    expect(chat.locator("#source-1-1 .note")).to_have_count(0)
    page.get_by_role("button", name="Remove moon.txt").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator(row(page, "moon.txt"))).to_contain_text("Removed since indexing")
    expect(page.locator("#run h2")).to_have_text("Index")
    ask(chat, question)
    expect(chat.locator("#source-2-1 .file")).to_have_text("moon.txt")
    expect(chat.locator("#source-2-1 .note")).to_be_visible()
    page.get_by_role("button", name="Index again").click()
    expect(page.locator(row(page, "moon.txt"))).to_have_count(0)
    ask(chat, question)
    expect(chat.locator("#turn-3 .foot")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Index after every change")).not_to_be_checked()


def test_each_refused_file_says_why_and_the_others_are_added(page: Page, folder: Path) -> None:
    drop(
        page,
        {
            "a.exe": "MZ",
            "empty.txt": "",
            "binary.txt": "\1\2\3" * 20,
            "large.txt": "word " * 50_000,
            "good.txt": ZOO,
            "<img src=x>.txt": ZOO.upper(),
        },
    )
    for name, message in {
        "a.exe": "Files of this kind are not read.",
        "empty.txt": "It cannot be read: the file is empty.",
        "binary.txt": "It cannot be read: the file is binary, not text.",
        "large.txt": "The file is too large.",
        "good.txt": "Added",
        "<img src=x>.txt": "Added as _img src=x_.txt",
    }.items():
        expect(page.locator("#queue li").filter(has_text=name)).to_contain_text(message)
    expect(page.get_by_role("status")).to_have_text(re.compile(r"Files added: 2. Not added: 4.|up to date"))
    assert {path.name for path in (folder / "documents").iterdir()} == {*TEXTS, "good.txt", "_img src=x_.txt"}
    expect(page.locator("#list tbody tr")).to_have_count(5)
    page.get_by_role("button", name="Clear the list").click()
    expect(page.locator("#queue")).to_be_hidden()


def test_the_same_name_asks_what_to_do(page: Page, folder: Path) -> None:
    page.get_by_label("Index after every change").uncheck()
    drop(page, {"moon.txt": ZOO, "fjord.txt": ZOO, "tayga.md": ZOO})
    expect(page.locator("#queue li")).to_contain_text(["There is a file of this name already."] * 3)
    expect(page.locator("#queue li button").first).to_be_focused()
    page.keyboard.press("Enter")  # replaces the first
    expect(page.locator("#queue li").nth(0)).to_contain_text("Added")
    page.locator("#queue .all").get_by_role("button", name="Keep both").click()
    expect(page.locator("#queue li").nth(1)).to_contain_text("Added as fjord (2).txt")
    expect(page.locator("#queue li").nth(2)).to_contain_text("Added as tayga (2).md")
    assert (folder / "documents" / "moon.txt").read_text() == ZOO
    assert (folder / "documents" / "fjord.txt").read_text() == TEXTS["fjord.txt"]
    expect(page.locator(row(page, "moon.txt"))).to_contain_text("Changed since indexing")
    drop(page, {"moon.txt": TEXTS["moon.txt"]})
    page.locator("#queue li").nth(3).get_by_role("button", name="Leave out").click()
    expect(page.locator("#queue li").nth(3)).to_contain_text("Left out")
    assert (folder / "documents" / "moon.txt").read_text() == ZOO


def test_progress_stop_and_another_tab(page: Page, context: BrowserContext, served: Served, folder: Path) -> None:
    other = opened(context, served)
    (folder / "hold").touch()
    page.locator("#files").set_input_files([{"name": "zoo.md", "mimeType": "", "buffer": ZOO.encode()}])
    expect(page.get_by_role("progressbar", name="Indexing")).to_be_visible()
    expect(page.locator("#run .progress")).to_have_text(re.compile("Passage 0 of 1"))
    expect(other.locator("#run h2")).to_have_text("Indexing")
    chat = opened(context, served, "/")
    ask(chat, "What is the distance of the Moon?")
    expect(chat.locator("#source-1-1 .file")).to_have_text("moon.txt")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    for each in (page, other):
        expect(each.locator("#run h2")).to_have_text("Stopped")
        expect(each.locator(row(each, "zoo.md"))).to_contain_text("Not indexed yet")
    expect(page.locator("#run h2")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#reindex")).to_be_focused()
    (folder / "hold").unlink()
    page.keyboard.press("Enter")
    expect(page.locator(row(page, "zoo.md"))).to_contain_text("Indexed")


def test_two_thousand_documents_are_found_sorted_and_paged(browser: Browser, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    write_documents(settings.documents, {f"{n}.txt": f"# Letter {n}\n\nThis is letter {n}.\n" for n in range(2000)})
    build_index(settings.documents, settings, HashEncoder)
    with serving_documents(tmp_path) as served, browser.new_context(locale="en-GB") as context:
        page = opened(context, served)
        expect(page.locator(".totals")).to_contain_text("2,000")
        expect(page.locator("#list .pager")).to_contain_text("1–50 of 2,000")
        expect(page.locator("tbody .name").nth(10)).to_have_text("Letter 10")
        page.get_by_role("link", name="Next").click()
        expect(page.locator("#list .pager")).to_contain_text("51–100 of 2,000")
        assert page.url.endswith("?page=2")
        page.get_by_role("button", name="Title").click()
        expect(page.locator("tbody .name").first).to_have_text("Letter 1999")
        expect(page.locator("th[aria-sort=descending]")).to_contain_text("Title")
        assert min(page.evaluate(SEARCH) for _ in range(3)) < 2000  # milliseconds
        expect(page.locator("#list .pager")).to_have_text("1–38 of 38")
        page.reload()
        expect(page.get_by_role("searchbox")).to_have_value("letter 77")
        expect(page.locator("#list .pager")).to_have_text("1–38 of 38")


def test_keyboard_alone(page: Page, folder: Path) -> None:
    page.get_by_role("link", name="Evaluation").focus()
    wanted = ["#choose", "#reindex", "#automatic", "#tools [name=words]", "#tools [name=show]"]
    for each in wanted:
        page.keyboard.press("Tab")
        expect(page.locator(each)).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className") == "remove":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".remove").first).to_be_focused()
    assert {path.name for path in (folder / "documents").iterdir()} == set(TEXTS)


def test_an_empty_folder_says_what_to_do(page: Page) -> None:
    for name in TEXTS:
        page.get_by_role("button", name=f"Remove {name}").click()
        page.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(page.locator("#notice")).to_contain_text(name)
    expect(page.locator("#list .empty")).to_contain_text("No documents yet")
    expect(page.locator("#run .alert")).to_contain_text("The folder holds no documents any more")


def test_a_server_that_is_gone_is_said(context: BrowserContext, served: Served) -> None:
    page = opened(context, served, but=f"{GONE}|401")
    page.route("**/documents/state?*", lambda route: route.fulfill(status=401, json={"message": "Log in again."}))
    expect(page.get_by_role("alert")).to_have_text("Log in again.")
    page.unroute("**/documents/state?*")
    expect(page.get_by_role("alert")).to_have_count(0)  # once that is done, in another tab
    served.process.send_signal(2)
    served.process.wait(60)
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")


@pytest.mark.parametrize(("locale", "scheme"), [("en-GB", "light"), ("nb-NO", "dark"), ("ru-RU", "light")])
def test_a_phone_in_every_language(browser: Browser, served: Served, folder: Path, locale: str, scheme: str) -> None:
    (folder / "documents" / f"{'long' * 40}.txt").write_text("x" * 300)
    (folder / "documents" / "empty.txt").touch()
    viewport = {"width": 390, "height": 844}
    with browser.new_context(viewport=viewport, locale=locale, color_scheme=scheme, has_touch=True) as context:
        page = opened(context, served)
        drop(page, {"zoo.md": ZOO, "a.exe": "", "moon.txt": ZOO})
        expect(page.locator("#queue .choices button")).to_have_count(3)
        expect(page.locator("#run h2.done")).to_be_visible()
        before = page.locator("#run").get_attribute("data-key")
        page.locator(".remove").last.click()
        page.locator("dialog .danger").click()
        expect(page.locator("#undo")).to_be_visible()
        expect(page.locator("#run")).not_to_have_attribute("data-key", str(before))
        expect(page.locator("#run h2.done")).to_be_visible()  # and the list, which comes with it, stands still
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        for element in ("h1", ".intro .path", "#limits", ".added .status", ".refused .status", ".choices .plain"):
            ink, paper = page.locator(element).first.evaluate(COLOURS)
            assert contrast(ink, paper) >= 4.5, element
        for element in ("dt", "td.language", "td.state .unreadable", ".reason", ".remove", "#notice p", ".title .path"):
            ink, paper = page.locator(element).first.evaluate(COLOURS)
            assert contrast(ink, paper) >= 4.5, element


def test_nothing_leaves_the_machine(browser: Browser, folder: Path) -> None:
    requests: list[str] = []
    with serving_documents(folder) as served, browser.new_context(locale="en-GB") as context:
        context.on("request", lambda request: requests.append(request.url))
        page = opened(context, served)
        drop(page, {"zoo.md": ZOO})
        expect(page.locator("#run h2.done")).to_be_visible()
        page.close()
        served.process.send_signal(2)
        output, errors = served.process.communicate(timeout=60)
    assert "connection to" not in output + errors
    assert [url for url in requests if not url.startswith(served.url)] == []
