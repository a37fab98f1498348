"""The Facts page in a real browser: filters, order, a citation, the timeline, a phone. One server for all of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from rag.web import facts_labels, facts_view, labels
from rag.web.facts_list import Catalogue, Query
from rag.web.facts_words import Words
from rag.web.runs import Run
from tests.browser import Served, chromium
from tests.documents import serving_documents, settings_in
from tests.fakes import build
from tests.watching import watched

pytestmark = pytest.mark.browser

TEXTS = {
    "new.txt": "# The plan\n\n2026-01-02\n\nAcme will spend 23 billion dollars on chips in 2026. "
    "It has more than 100 customers.\n",
    "old.txt": "# The rumour\n\n2025-12-01\n\nIn 2026, Acme will spend about $23bn on chips. "
    "Acme was founded in May 1999 by 3 engineers.\n",
    "odd.txt": "# The slip\n\nAcme will spend 22 million dollars on chips in 2026. It is 12% of what it earns.\n",
    "long.txt": "# Cars\n\n2024-03-05\n\n"
    + "".join(f"Firm{number} sold {number * 7 + 3} cars in {2005 + number % 9}.\n\n" for number in range(80)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    build(settings_in(folder), TEXTS)
    with serving_documents(folder) as served:
        yield served


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """The page at a desk."""
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 900}) as context:
        page = watched(context.new_page())
        page.goto(f"{served.url}/facts")
        expect(page.locator("table.figures")).to_be_visible()  # it comes by itself once the figures are found
        yield page


def test_filters_order_and_the_way_back(page: Page) -> None:
    expect(page.locator(".differing")).to_contain_text("23 billion US dollars · 22 million US dollars")
    page.locator(".differing a").click()
    expect(page.locator("tr.head.here h2")).to_have_text("≠ Documents differ by a factor of 1,000")
    page.locator("[name=about]").fill("Acme engineers")
    expect(page.locator(".totals strong")).to_have_text("2 figures in 1 document")
    expect(page).to_have_url(re.compile(r"\?about=Acme\+engineers$"))
    expect(page.locator("#announcement")).to_have_text("2 figures in 1 document")
    page.get_by_role("link", name="Clear the filters").click()
    expect(page.locator("[name=about]")).to_have_value("")
    page.locator("[name=kind]").select_option("money")
    expect(page.locator("tbody tr[id^=figure]")).to_have_count(3)
    page.locator("thead [data-sort=date]").click()
    expect(page.locator("td.document").first).to_contain_text("The plan")
    expect(page.locator("td.document").last).to_contain_text("The slip")
    expect(page.locator("thead [data-sort=date]")).to_be_focused()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Date")
    expect(page.locator("a.see.differ")).to_have_count(3)
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert len(download.value.path().read_text("utf-8").splitlines()) == 4
    page.go_back()
    expect(page.locator("tr.head h2").first).to_contain_text("Documents differ")
    page.reload()
    expect(page.locator("[name=kind]")).to_have_value("money")


def test_a_figure_opens_its_document_and_the_document_its_figures(page: Page) -> None:
    row = page.locator("tbody tr", has_text="about 23 billion US dollars")
    row.locator("td.document a").click()
    expect(page.locator("mark.current")).to_have_text("$23bn")
    page.get_by_role("link", name="Figures of this document").click()
    expect(page.locator("[name=document]")).to_have_value("old.txt")
    expect(page.locator("tbody tr[id^=figure]")).to_have_count(5)
    page.get_by_role("link", name="Show all 3 figures").click()
    expect(page.get_by_role("link", name="Remove: One matter only")).to_be_visible()


def test_marks_lead_to_their_rows_with_keys_alone(page: Page) -> None:
    page.locator("[name=unit]").select_option("percent")
    page.locator("[name=unit]").select_option("")
    page.locator("[name=kind]").select_option("money")
    expect(page.locator(".picture a.mark")).to_have_count(3)
    page.locator(".picture a.mark").first.focus()
    page.keyboard.press("End")
    last = page.locator(".picture a.mark").last
    expect(last).to_be_focused()
    expect(page.locator(".picture a.mark[tabindex='0']")).to_have_count(1)
    expect(page.locator(".readout")).to_have_text(last.get_attribute("aria-label") or "")
    page.keyboard.press("Enter")
    expect(page.locator("tr.here")).to_be_focused()
    expect(page.locator("tr.here")).to_be_in_viewport()
    page.get_by_role("link", name="Clear the filters").click()
    page.locator("[name=document]").select_option("long.txt")
    page.locator(".picture a.mark[aria-label*='figures: 2007']").first.click()
    expect(page.locator(".chip")).to_contain_text("Within 2007")
    expect(page.locator("tbody tr[id^=figure]")).to_have_count(9)


def test_pages_and_rows_on_other_pages(page: Page) -> None:
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51–")
    other = page.locator("tbody tr[id^=figure]").last.get_attribute("id") or ""
    page.goto(page.url.split("?")[0] + f"?at={other.removeprefix('figure-')}#{other}")
    expect(page.locator(f"#{other}")).to_be_focused()
    expect(page.locator(f"#{other}")).to_be_in_viewport()


def test_what_fails_is_said_once_and_not_begun_again_and_again(browser: Browser, served: Served) -> None:
    words = Words(facts_labels.ENGLISH, labels.ENGLISH)
    failed: Run[Catalogue] = Run("1", "", "failed")
    state = facts_view.state(None, failed, Query(), "reading", words)
    opened = []

    def answer(route: Route) -> None:
        opened.append(route.request.url)
        route.fulfill(content_type="text/html", body=facts_view.page(None, None, Query(), words))

    with browser.new_context(locale="en-GB") as context:
        page = watched(context.new_page())
        page.route("**/facts", answer)
        page.route("**/facts/state?*", lambda route: route.fulfill(json=state))
        page.goto(f"{served.url}/facts")
        expect(page.locator("#content .alert")).to_have_text(words.own.failed_note)
        page.wait_for_timeout(1000)
        assert len(opened) == 1
        page.get_by_role("link", name=words.own.again).click()
        expect(page.locator("#content .alert")).to_be_visible()
        assert len(opened) == 2


def test_the_way_back_shows_what_was_chosen_then(page: Page) -> None:
    page.locator("[name=kind]").select_option("money")
    page.locator(".downloads").wait_for()
    expect(page).to_have_url(re.compile(r"\?kind=money$"))
    page.locator("[data-sort=value]").click()
    expect(page).to_have_url(re.compile("sort=value$"))
    page.locator("[name=kind]").focus()
    page.locator("[name=kind]").select_option("percent")
    expect(page).to_have_url(re.compile("kind=percent&sort=value$"))
    page.evaluate("void setTimeout(() => history.back())")
    expect(page).to_have_url(re.compile(r"\?kind=money$"))
    expect(page.locator("[name=kind]")).to_have_value("money")


def test_it_fits_a_phone(browser: Browser, served: Served) -> None:
    viewport = {"width": 360, "height": 740}
    with browser.new_context(locale="nb-NO", viewport=viewport, color_scheme="dark", has_touch=True) as context:
        page = context.new_page()
        page.goto(f"{served.url}/facts")
        expect(page.locator("tr[id^=figure]").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        page.locator("[name=sort]").select_option("-time")
        expect(page.locator("a.see.differ").first).to_be_visible()
        expect(page.locator("#header nav a[aria-current]")).to_have_text("Fakta")
