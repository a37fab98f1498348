"""Conversations in a real browser: kept, gone on with, edited, rated, exported, deleted, filtered, stopped."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from rag.evaluation.questions import read_lines
from rag.history import History
from tests.browser import SLOW, Served, chromium, serving
from tests.watching import watched

pytestmark = pytest.mark.browser

DISTANCE = "What is the mean distance of the Moon?"
FJORD = "Hvor lang er fjord kilometer lang?"
BROKEN_OFF = "AbortError|Connection errored out"  # what Gradio says when a reload breaks off what it listens to


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept") / "history.sqlite3"


@pytest.fixture(scope="module")
def served(history: Path) -> Iterator[Served]:
    with serving(history=history) as served:
        yield served


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext, served: Served, history: Path) -> Page:
    """A page without conversations from before."""
    with History.open(history) as kept:
        kept.erase("")
    return opened(context, served.url)


def opened(context: BrowserContext, url: str) -> Page:
    page = watched(context.new_page(), but=BROKEN_OFF)
    page.goto(url)
    expect(page.locator("#transcript :is(.welcome, .turn)").first).to_be_visible()
    return page


def ask(page: Page, question: str) -> None:
    """Ask, and wait until the answer is there and written down."""
    turns = page.locator(".turn").count()
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator(f"#turn-{turns + 1} .actions")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?c=c[\w-]+$"))


def begin_anew(page: Page) -> None:
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".turn")).to_have_count(0)


def drawer(page: Page) -> None:
    if not page.locator("#conversations").is_visible():
        page.get_by_role("button", name="Conversations").click()
    expect(page.locator("#conversations")).to_be_visible()


def erase(page: Page) -> None:
    """Delete everything that was kept."""
    page.goto(page.url.partition("?")[0])
    expect(page.locator("#transcript .welcome")).to_be_visible()
    drawer(page)
    button = page.locator("#conversations [data-action=erase]")
    if button.count():
        button.click()
        expect(button).to_have_text("Erase all for good?")
        button.click()
    expect(page.locator("#conversations li")).to_have_count(0)


def test_a_conversation_survives_a_reload_and_a_restart(browser: Browser, tmp_path: Path) -> None:
    history = tmp_path / "history.sqlite3"
    with browser.new_context(locale="en-GB") as context:
        with serving(history=history) as first:
            page = opened(context, first.url)
            ask(page, DISTANCE)
            ask(page, FJORD)
            page.reload()
            expect(page.locator(".turn")).to_have_count(2)
            place = page.url.partition("?")[2]
            page.close()
        with serving(history=history) as second:
            page = opened(context, f"{second.url}/?{place}")
            expect(page.locator("#turn-1 .answer")).to_contain_text("384,400 kilometres")
            expect(page.locator("#turn-2 .cite").first).to_be_visible()
            ask(page, DISTANCE)
            expect(page.locator(".turn")).to_have_count(3)


def test_conversations_are_listed_opened_renamed_and_deleted(page: Page) -> None:
    ask(page, DISTANCE)
    begin_anew(page)
    ask(page, FJORD)
    drawer(page)
    titles = page.locator("#conversations .title")
    expect(titles).to_have_text([FJORD, DISTANCE])
    expect(titles.first).to_have_attribute("aria-current", "page")
    titles.nth(1).click()
    expect(page.locator("#turn-1 .question")).to_have_text(DISTANCE)
    drawer(page)
    item = page.locator("#conversations li", has_text=DISTANCE)
    item.get_by_role("button", name="Rename").click()
    item.get_by_role("textbox", name="Title").fill("<b>The Moon</b>")
    page.keyboard.press("Enter")
    drawer(page)
    expect(page.locator("#conversations .title", has_text="<b>The Moon</b>")).to_be_visible()
    item = page.locator("#conversations li", has_text=FJORD)
    item.locator("[data-action=delete]").click()
    expect(page.locator("#conversations li")).to_have_count(2)
    item.locator("[data-action=delete]").click()
    drawer(page)
    expect(page.locator("#conversations li")).to_have_count(1)
    expect(page.locator("#turn-1 .question")).to_have_text(DISTANCE)


def test_going_back_returns_to_the_conversation_before(page: Page) -> None:
    ask(page, DISTANCE)
    begin_anew(page)
    ask(page, FJORD)
    page.evaluate("void setTimeout(() => history.back())")
    expect(page.locator("#turn-1 .question")).to_have_text(DISTANCE)


def test_a_conversation_that_is_not_there_begins_a_new_one(page: Page, context: BrowserContext, served: Served) -> None:
    other = opened(context, f"{served.url}/?c=cnothing")
    expect(other.locator(".welcome")).to_be_visible()
    ask(other, DISTANCE)
    expect(other.locator(".turn")).to_have_count(1)


def test_a_question_is_edited_and_asked_again(page: Page) -> None:
    ask(page, "What is the mean of it?")
    ask(page, FJORD)
    page.locator("#turn-1").get_by_role("button", name="Edit the question").click()
    field = page.locator("#turn-1 .editing textarea")
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.locator("#turn-1").get_by_role("button", name="Edit the question").click()
    field.fill(DISTANCE)
    page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator("#turn-1 .answer")).to_contain_text("384,400 kilometres")
    page.locator("#turn-1").get_by_role("button", name="Ask again").click()
    expect(page.locator("#turn-1 .actions")).to_be_visible()
    page.reload()
    expect(page.locator(".turn .question")).to_have_text([DISTANCE])


def test_ratings_become_a_question_file(page: Page, tmp_path: Path) -> None:
    ask(page, DISTANCE)
    ask(page, "What was first seen of the far side?")
    up = page.locator("#turn-1").get_by_role("button", name="Good answer")
    up.click()
    expect(up).to_have_attribute("aria-pressed", "true")
    page.locator("#turn-2").get_by_role("button", name="Bad answer").click()
    page.locator("#turn-2 .reasoning input[name=reason]").fill("Incomplete")
    page.locator("#turn-2 .reasoning").get_by_role("button", name="Send").click()
    expect(page.locator("#turn-2").get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(up).to_have_attribute("aria-pressed", "true")
    drawer(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Rated answers as a question file").click()
    file = tmp_path / "questions.jsonl"
    download.value.save_as(file)
    questions = [line.question for line in read_lines(file)]
    assert [question.question for question in questions] == [DISTANCE, "What was first seen of the far side?"]
    assert questions[0].evidence[0].document == "moon.txt"
    assert "Incomplete" in file.read_text("utf-8")


def test_conversations_are_exported(page: Page, tmp_path: Path) -> None:
    ask(page, DISTANCE)
    drawer(page)
    for name, said in (("Markdown", f"# {DISTANCE[:-1]}"), ("JSON", '"verified"')):
        with page.expect_download() as download:
            page.locator("#conversations li").get_by_role("link", name=name).click()
        file = tmp_path / name
        download.value.save_as(file)
        text = file.read_text("utf-8")
        assert said in text
        assert "384,400 kilometres" in text
    assert json.loads(text)["turns"][0]["question"] == DISTANCE


def test_filters_apply_to_what_is_found(page: Page) -> None:
    page.locator("#filters summary").click()
    page.locator("#filters").get_by_label("Document", exact=True).select_option("fjord.txt")
    ask(page, DISTANCE)
    expect(page.locator("#sources-1 .file").first).to_have_text("fjord.txt")
    assert set(page.locator("#sources-1 .file").all_inner_texts()) == {"fjord.txt"}
    page.locator("#filters").get_by_role("button", name="No filters").click()
    page.locator("#turn-1").get_by_role("button", name="Ask again").click()
    expect(page.locator("#turn-1 .answer")).to_contain_text("384,400 kilometres")
    page.locator("#filters").get_by_label("Dated from").fill("2026-01-03")
    page.locator("#turn-1").get_by_role("button", name="Ask again").click()
    expect(page.locator("#turn-1 .answer")).not_to_contain_text("384,400 kilometres")


def test_a_question_is_stopped(page: Page) -> None:
    page.locator("#question textarea").fill("slow question")
    page.keyboard.press("Enter")
    expect(page.locator(".busy")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".busy")).to_have_count(0)
    expect(page.locator(".turn")).to_have_count(0)
    ask(page, DISTANCE)
    expect(page.locator(".turn")).to_have_count(1)
    drawer(page)
    expect(page.locator("#conversations .title")).to_have_text([DISTANCE])


def test_a_double_click_asks_once_and_deletes_nothing(page: Page) -> None:
    page.locator(".example").first.dblclick()
    expect(page.locator("#turn-1 .actions")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?c="))
    drawer(page)
    expect(page.locator("#conversations li")).to_have_count(1)
    delete, erase = (page.locator(f"#conversations [data-action={action}]") for action in ("delete", "erase"))
    delete.dblclick()
    expect(delete).to_have_text("Delete for good?")
    erase.focus()
    for _ in range(3):  # as a key that is held
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    expect(erase).to_have_text("Erase all for good?")
    expect(page.locator("#conversations li")).to_have_count(1)


def test_a_new_chat_leaves_the_question_that_is_being_answered(page: Page) -> None:
    page.locator("#question textarea").fill("slow question")
    page.keyboard.press("Enter")
    expect(page.locator(".busy")).to_be_visible()
    begin_anew(page)
    page.wait_for_timeout(SLOW * 1000 + 500)
    expect(page.locator(".turn")).to_have_count(0)
    drawer(page)
    expect(page.locator("#conversations li")).to_have_count(0)


def test_nothing_is_kept_where_that_is_not_wanted(page: Page) -> None:
    drawer(page)
    expect(page.locator("#conversations footer")).to_contain_text("history.sqlite3 on this machine")
    page.get_by_label("Keep my conversations").uncheck()
    page.keyboard.press("Escape")
    page.locator("#question textarea").fill(DISTANCE)
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .actions")).to_be_visible()
    expect(page.locator("#turn-1").get_by_role("button", name="Good answer")).to_have_count(0)
    page.reload()
    expect(page.locator(".turn")).to_have_count(0)
    drawer(page)
    expect(page.get_by_label("Keep my conversations")).not_to_be_checked()
    expect(page.locator("#conversations li")).to_have_count(0)


def test_a_history_that_is_damaged_or_locked_costs_no_answer(browser: Browser, tmp_path: Path) -> None:
    damaged, locked = tmp_path / "damaged.sqlite3", tmp_path / "locked.sqlite3"
    damaged.write_bytes(b"SQLite format 3\0" + bytes(range(256)) * 40)
    for history, said in ((damaged, "is damaged"), (locked, "is locked")):
        with serving(history=history) as served, browser.new_context(locale="en-GB") as context:
            with closing(sqlite3.connect(locked)) as other:
                if history == locked:
                    other.execute("BEGIN EXCLUSIVE")
                page = opened(context, served.url)
                page.locator("#question textarea").fill(DISTANCE)
                page.keyboard.press("Enter")
                expect(page.locator("#turn-1 .answer")).to_contain_text("384,400 kilometres")
                expect(page.locator("#conversations .alert")).to_contain_text(said, timeout=30_000)
            drawer(page)
            expect(page.locator("#conversations .alert")).to_be_visible()
    assert damaged.read_bytes().startswith(b"SQLite format 3\0" + bytes(range(256)))


def test_two_tabs_are_two_conversations(page: Page, context: BrowserContext, served: Served) -> None:
    other = opened(context, served.url)
    ask(page, DISTANCE)
    ask(other, FJORD)
    ask(page, DISTANCE)
    expect(page.locator(".turn .question")).to_have_text([DISTANCE, DISTANCE])
    expect(other.locator(".turn .question")).to_have_text([FJORD])
    assert page.url != other.url
    other.goto(page.url)
    expect(other.locator(".turn .question")).to_have_text([DISTANCE, DISTANCE])


def test_a_conversation_that_another_tab_deleted_begins_anew(
    page: Page, context: BrowserContext, served: Served
) -> None:
    ask(page, DISTANCE)
    before = page.url
    erase(opened(context, served.url))
    ask(page, FJORD)
    expect(page.locator(".turn .question")).to_have_text([DISTANCE, FJORD])
    expect(page).not_to_have_url(before)


def test_the_language_of_the_page_is_switched(page: Page) -> None:
    drawer(page)
    page.get_by_label("Language of this page").select_option("ru")
    expect(page.locator("#send")).to_have_text("Спросить")
    expect(page.locator("html")).to_have_attribute("lang", "ru")
    page.get_by_role("button", name="Разговоры").click()
    page.get_by_label("Язык этой страницы").select_option("en")
    expect(page.locator("#send")).to_have_text("Ask")


def test_an_answer_is_copied_with_its_sources(page: Page, context: BrowserContext, served: Served) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, DISTANCE)
    button = page.locator("#turn-1 .actions").get_by_role("button", name="Copy", exact=True)
    button.click()
    expect(page.locator("#turn-1 .actions")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "384,400 kilometres" in copied
    assert f"{served.url}/cite/moon.txt%23" in copied.replace("//cite", "/cite")


def test_everything_is_done_with_the_keyboard(page: Page) -> None:
    ask(page, DISTANCE)
    page.get_by_role("button", name="Conversations").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#conversations")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#conversations")).to_be_hidden()
    summary = page.locator("#turn-1 details.confidence summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 details.confidence p")).to_contain_text("in 10 were right")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(browser: Browser, served: Served, scheme: str) -> None:
    viewport = {"width": 390, "height": 844}
    with browser.new_context(locale="en-GB", viewport=viewport, color_scheme=scheme) as context:
        page = opened(context, served.url)
        ask(page, DISTANCE)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        drawer(page)
        box = page.locator("#conversations").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        erase(page)
