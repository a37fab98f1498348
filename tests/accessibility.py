"""What axe-core finds wrong on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """Return the serious violations of WCAG 2.2 AA on a page as it is shown now, each with the elements at fault."""
    page.evaluate("document.getAnimations().forEach((animation) => animation.finish())")  # colours at rest
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{violation['id']}: {', '.join(node['html'][:200] for node in violation['nodes'])}"
        for violation in found
        if violation["impact"] in SERIOUS
    ]
