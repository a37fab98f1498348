"""Take the pictures of the README from the real page: ``python -m tests.screenshots``."""

from __future__ import annotations

from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, Page, expect

from tests.browser import ROOT, chromium, serving

IMAGES = ROOT / "docs" / "images"
QUESTION = "How many chips does Samsung plan to make in a year?"
WIDE, PHONE = (1280, 800), (390, 844)
PICTURES = {"chat.png": WIDE, "chat-phone.png": PHONE}
MAX_BYTES = 300_000


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as index, serving("--port", "0", "--index", index) as served, chromium() as browser:
        for name, size in PICTURES.items():
            take(browser, served.url, name, size)
        take_evaluation(browser, served.url)
        take_facts(browser, served.url)


def take_evaluation(browser: Browser, url: str) -> None:
    """Run the given questions on the Evaluation page, and save how the run and its report begin."""
    with browser.new_context(viewport={"width": WIDE[0], "height": 1000}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{url}/evaluation")
        page.locator(".primary").click()
        expect(page.locator("#run h2.done")).to_be_visible(timeout=120_000)
        expect(page.frame_locator("iframe").locator("h1")).to_be_visible()
        save(page, "evaluation.png")


def take_facts(browser: Browser, url: str) -> None:
    """Save how the list of figures begins."""
    with browser.new_context(viewport={"width": WIDE[0], "height": 1240}, locale="en-GB") as context:
        page = context.new_page()
        page.goto(f"{url}/facts")
        expect(page.locator("table.figures")).to_be_visible(timeout=60_000)
        save(page, "facts.png")


def take(browser: Browser, url: str, name: str, size: tuple[int, int]) -> None:
    """Ask, open the first citation where it stands beside the answer, and save what is seen."""
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, locale="en-GB", reduced_motion="reduce") as context:
        page = context.new_page()
        page.goto(url)
        page.locator(".example").first.wait_for()
        page.locator("#question textarea").fill(QUESTION)
        page.keyboard.press("Enter")
        expect(page.locator("#turn-1 .foot")).to_be_visible()
        if size == WIDE:
            page.locator("#turn-1 .cite").first.click()
        expect(page.locator("#source-1-1 mark")).to_be_in_viewport()
        save(page, name)


def save(page: Page, name: str) -> None:
    picture = page.screenshot(path=IMAGES / name)
    if len(picture) > MAX_BYTES:
        raise SystemExit(f"{name} has {len(picture)} bytes, more than {MAX_BYTES}")


if __name__ == "__main__":
    main()
