"""What goes wrong on a page while a test looks elsewhere: it fails the test, at its end.

Not at once: Playwright calls listeners from where it reads what the browser says. One that raises ends that reading,
and with it every later test that uses the browser, without a word of why.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Dialog, Page

GONE = "net::ERR_(CONNECTION|EMPTY|INCOMPLETE)"  # what a page says whose server has ended

_complaints: list[str] = []


def watched(page: Page, but: str | None = None) -> Page:
    """Fail the test on a script error, a dialog, or an error on the console without the pattern ``but``."""

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not (but and re.search(but, message.text)):
            complain(f"console: {message.text} ({message.location['url']})")

    def asked(dialog: Dialog) -> None:
        complain(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("pageerror", lambda error: complain(f"script error: {error}"))
    page.on("dialog", asked)
    page.on("console", said)
    return page


def complain(problem: str) -> None:
    """Have the present test fail at its end."""
    _complaints.append(problem)


def complaints() -> list[str]:
    """Return what pages were complained of since this was last asked."""
    found, _complaints[:] = list(_complaints), []
    return found
