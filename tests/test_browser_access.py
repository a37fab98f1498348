"""The log-in in a real browser, which decides itself what it sends from where."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from rag.web.access_labels import ENGLISH, RUSSIAN
from rag.web.limits import FORGOTTEN_AFTER
from rag.web.sessions import LONGEST_SECONDS
from tests.access import PASSWORD, Guarded, guarded
from tests.browser import chromium
from tests.test_browser_chat import COLOURS, contrast

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded(tmp_path_factory.mktemp("guarded")) as served:
        yield served


@pytest.fixture
def page(browser: Browser, server: Guarded) -> Iterator[Page]:
    server.ticks.now += 2 * FORGOTTEN_AFTER
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 800}) as context:
        yield context.new_page()


def log_in(page: Page, name: str = "anna", password: str = PASSWORD) -> None:
    page.get_by_label(ENGLISH.name, exact=True).fill(name)
    page.get_by_label(ENGLISH.password).fill(password)
    page.get_by_label(ENGLISH.password).press("Enter")


@contextmanager
def another_site(content: str) -> Iterator[str]:
    """Serve a page under another name, which is another site to a browser."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://localhost:{site.server_port}/"
        site.shutdown()


def test_in_and_out(page: Page, server: Guarded) -> None:
    page.goto(f"{server.url}/evaluation?x=1")
    expect(page.get_by_label(ENGLISH.name, exact=True)).to_be_focused()
    log_in(page, password="wrong")
    expect(page.get_by_role("alert")).to_have_text(ENGLISH.wrong)
    expect(page.get_by_label(ENGLISH.name, exact=True)).to_have_value("anna")
    expect(page.get_by_label(ENGLISH.password)).to_be_focused()
    log_in(page)
    page.wait_for_url("**/evaluation?x=1")
    assert page.evaluate("document.cookie") == "", "out of reach of scripts"
    page.goto(server.url)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login")
    page.go_back()
    expect(page.get_by_role("button", name=ENGLISH.log_in)).to_be_visible()


def test_it_works_without_scripts(browser: Browser, server: Guarded) -> None:
    with browser.new_context(java_script_enabled=False, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{server.url}/evaluation")
        log_in(page)
        page.wait_for_url("**/evaluation")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")


def test_a_link_on_another_site_leads_in_and_a_form_does_nothing(page: Page, server: Guarded) -> None:
    page.goto(f"{server.url}/login?next=/evaluation")
    log_in(page)
    page.wait_for_url("**/evaluation")
    content = (
        f'<a href="{server.url}/evaluation?from=mail">a</a>'
        f'<form method="post" action="{server.url}/logout"><button>b</button></form>'
    )
    with another_site(content) as url:
        page.goto(url)
        page.get_by_role("link").click()
        page.wait_for_url("**/evaluation?from=mail")
        expect(page.get_by_role("button", name="Log out")).to_be_visible()  # the page comes in a second request
        page.goto(url)
        page.get_by_role("button").click()
        expect(page.get_by_role("heading")).to_have_text(ENGLISH.foreign)
    page.goto(f"{server.url}/evaluation")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_a_question_is_kept_when_the_session_has_ended(page: Page, server: Guarded) -> None:
    page.goto(f"{server.url}/login")
    log_in(page, "Иван")
    box = page.locator("#question textarea")
    expect(page.get_by_role("button", name="Log out")).to_be_visible()
    expect(page.get_by_role("link", name="Evaluation")).to_have_count(0)
    expect(page.locator(".welcome")).to_be_visible()  # what is asked earlier is not heard
    server.wall.now += LONGEST_SECONDS
    box.fill("How far is the Moon?")
    box.press("Enter")
    expect(page.get_by_text(ENGLISH.needed)).to_be_visible()
    expect(box).to_have_value("How far is the Moon?")


def test_conversations_are_for_whoever_had_them(browser: Browser, server: Guarded) -> None:
    with browser.new_context(locale="en-GB") as hers, browser.new_context(locale="en-GB") as his:
        page, other = hers.new_page(), his.new_page()
        for each, name in ((page, "Øyvind"), (other, "Иван")):
            each.goto(f"{server.url}/login")
            log_in(each, name)
            expect(each.locator(".welcome")).to_be_visible()
        page.locator("#question textarea").fill("How far is the Moon?")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?c=*")
        identity = page.url.partition("=")[2]
        page.reload()
        expect(page.locator(".turn")).to_have_count(1)
        other.goto(page.url)
        expect(other.locator(".welcome")).to_be_visible()
        expect(other.locator("#conversations li")).to_have_count(0)
        for ending in ("md", "json"):
            address = f"{server.url}/conversations/{identity}.{ending}"
            assert (page.request.get(address).status, other.request.get(address).status) == (200, 404)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read(browser: Browser, server: Guarded, scheme: str) -> None:
    server.ticks.now += 2 * FORGOTTEN_AFTER
    with browser.new_context(locale="ru", color_scheme=scheme, viewport={"width": 390, "height": 700}) as context:
        page = context.new_page()
        page.goto(f"{server.url}/login")
        page.get_by_label(RUSSIAN.name).fill("anna")
        page.get_by_label(RUSSIAN.password).fill("wrong")
        page.get_by_label(RUSSIAN.password).press("Enter")
        expect(page.get_by_role("alert")).to_have_text(RUSSIAN.wrong)
        for selector in ("h1", "label", "button", ".alert", ".brand", "input"):
            assert contrast(*page.locator(selector).first.evaluate(COLOURS)) >= 4.5, selector
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.get_by_label(RUSSIAN.password).fill(PASSWORD)
        page.get_by_label(RUSSIAN.password).press("Enter")
        box = page.locator("#question textarea")
        expect(page.get_by_role("button", name="Выйти")).to_be_visible()
        expect(page.locator(".welcome")).to_be_visible()
        box.fill("Что такое тайга?")
        box.press("Enter")
        expect(page.locator("#clear")).to_be_visible()
        edges = page.locator("#header :is(a, button)").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect().right)"
        )
        assert max(edges) <= 390
