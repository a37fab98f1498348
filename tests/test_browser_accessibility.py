"""Every page as axe sees it, light at a desk and dark on a phone: no serious violation of WCAG 2.2 AA."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.access import PASSWORD, guarded
from tests.accessibility import violations
from tests.browser import Served, chromium
from tests.documents import prepare, serving_documents

pytestmark = pytest.mark.browser

LOOKS: dict[str, dict[str, Any]] = {
    "desk, light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-GB"},
    "phone, dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "en-GB"},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    prepare(folder)
    (folder / "documents" / "empty.txt").touch()
    with serving_documents(folder) as served:
        yield served


@pytest.fixture(params=LOOKS)
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    with browser.new_context(**LOOKS[request.param], reduced_motion="reduce") as context:
        yield context


def opened(context: BrowserContext, served: Served, path: str, wanted: str) -> Page:
    page = context.new_page()
    page.goto(served.url + path)
    expect(page.locator(wanted).first).to_be_visible()
    return page


def test_a_chat(context: BrowserContext, served: Served) -> None:
    page = opened(context, served, "/", ".welcome")
    assert not violations(page), "before the first question"
    for number, question in enumerate(("What is the distance of the Moon?", "xyzzy"), 1):
        page.locator("#question textarea").fill(question)
        page.keyboard.press("Enter")
        expect(page.locator(f"#turn-{number} .actions")).to_be_visible()
    assert not violations(page), "with answers"
    page.locator("#turn-1 [data-shows='.editing']").click()
    page.locator("#turn-1 details.confidence summary").click()
    page.locator("#filters summary").click()
    assert not violations(page), "with what unfolds"
    page.locator(".opener").click()
    expect(page.locator("#conversations li").first).to_be_visible()
    page.locator("#conversations [data-shows='.renaming']").first.click()
    assert not violations(page), "with the list of conversations"


def test_a_document(context: BrowserContext, served: Served) -> None:
    chat = opened(context, served, "/", ".welcome")
    chat.locator("#question textarea").fill("What is the distance of the Moon?")
    chat.keyboard.press("Enter")
    address = chat.locator("#sources-1 a.open").first.get_attribute("href")
    assert address is not None
    page = opened(context, served, address.removeprefix("."), "mark.current")
    page.locator("#find input").fill("the")
    expect(page.locator("#find output")).not_to_be_empty()
    assert not violations(page)


def test_the_documents(context: BrowserContext, served: Served) -> None:
    page = opened(context, served, "/documents", "tbody tr")
    assert not violations(page)
    page.locator(".remove").first.click()
    expect(page.locator("dialog")).to_be_visible()
    assert not violations(page), "with a question"


def test_the_facts(context: BrowserContext, served: Served) -> None:
    page = opened(context, served, "/facts", "table.figures")
    page.locator("summary").click()
    assert not violations(page)


def test_the_key_points(context: BrowserContext, served: Served) -> None:
    page = opened(context, served, "/documents", "a.brief")
    page.locator("a.brief").first.click()
    expect(page.locator(".points li").first).to_be_visible()
    assert not violations(page)


def test_the_evaluation(context: BrowserContext, served: Served) -> None:
    assert not violations(opened(context, served, "/evaluation", "h1"))


@pytest.mark.parametrize("look", ["desk, light", "phone, dark"])
def test_the_log_in(browser: Browser, tmp_path: Path, look: str) -> None:
    with guarded(tmp_path) as server, browser.new_context(**LOOKS[look]) as context:
        page = context.new_page()
        page.goto(f"{server.url}/login")
        expect(page.locator("input[name=name]")).to_be_visible()
        assert not violations(page)
        page.locator("input[name=name]").fill("anna")
        page.locator("input[name=password]").fill(PASSWORD[::-1])
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
        assert not violations(page), "with a refusal"
