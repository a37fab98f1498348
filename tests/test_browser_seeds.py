"""The whole thing: ``ui.py`` over the given documents, in a real browser, with the real model and index."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import Served, chromium, serving

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.slow]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("index"))


@pytest.fixture(scope="module")
def served(index: str) -> Iterator[Served]:
    with serving("--port", "0", "--index", index) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        page = context.new_page()
        page.goto(served.url)
        expect(page.locator(".example")).to_have_count(3)
        yield page


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 :is(.foot, .alert)")).to_be_visible()


@pytest.mark.parametrize(
    ("question", "words", "language"),
    [
        ("На какую сумму ByteDance подписала контракт с Huawei?", "¥40 млрд", "ru"),
        ("Hvem er styreleder i Volcano Engine?", "Tan Dai", "no"),
        ("How many chips does Samsung plan to make in a year?", "100 000 чипов", "ru"),
    ],
)
def test_a_question_in_each_language_is_answered_with_its_place(
    page: Page, question: str, words: str, language: str
) -> None:
    ask(page, question)
    expect(page.locator("#turn-1 .answer")).to_contain_text(words)
    mark = page.locator("#sources-1 mark").filter(has_text=words).first
    number = mark.evaluate("(mark) => mark.closest('.card').id")
    page.locator(f'#turn-1 .cite[href="#{number}"]').first.click()
    expect(mark).to_be_in_viewport()
    expect(page.locator(f"#{number}")).to_be_focused()
    expect(page.locator(f"#{number} blockquote")).to_have_attribute("lang", language)


def test_what_the_documents_do_not_say_is_said_so_with_the_nearest_passages(page: Page) -> None:
    ask(page, "Сколько лет Эйфелевой башне?")
    expect(page.locator("#turn-1 .cite")).to_have_count(0)
    expect(page.locator("#sources-1 .card").first).to_be_visible()


def test_a_question_of_20000_characters_is_refused_in_one_line(page: Page) -> None:
    ask(page, "long " * 4000)
    alert = page.get_by_role("alert")
    expect(alert).to_be_visible()
    assert "\n" not in alert.inner_text()


def test_nothing_left_the_machine(browser: Browser, index: str) -> None:
    with serving("--port", "0", "--index", index) as served, browser.new_context() as context:
        requests: list[str] = []
        context.on("request", lambda request: requests.append(request.url))
        page = context.new_page()
        page.goto(served.url)
        page.locator(".example").first.wait_for()
        ask(page, "Hvem er styreleder i Volcano Engine?")
        assert all(url.startswith((served.url, "data:", "blob:")) for url in requests)
        served.process.send_signal(2)
        errors = served.process.communicate(timeout=60)[1]
        assert served.process.returncode == 130
        assert "connection to" not in errors
        assert "look-up of" not in errors
