"""How long an answer that is known takes until it is on the page, in headless Chromium.

    python -m benchmarks.chat [--json FILE]

Each answer says when it was known; the browser, on the same clock, when it has painted it. The ratio is to a request
of the same page that fetches a small file.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.common import ROOT, parser, percentiles, show, show_machine, write
from rag.config import Settings
from rag.types import Answer, Statement, Turn
from rag.web.server import serve
from tests.browser import BOOK, BookPipeline, chromium, running

QUESTION = "What is the mean distance of the Moon?"
THINKING = 0.3  # seconds that an answer takes, about as with the reader
SETTLING_MS = 400  # until a question is written down
TURNS = (1, 20)  # the answer measured is the last of so many
WATCH = """(turn) => {
  window.taken = null;
  const paint = () => {
    const known = document.querySelector(`#turn-${turn} .answer`).textContent.match(/\\d{10,}\\.\\d+/)[0];
    window.taken = performance.timeOrigin + performance.now() - 1000 * known;
  };
  const look = () => requestAnimationFrame(document.querySelector(`#turn-${turn} .actions`) ? paint : look);
  look();
}"""
FETCH = """async () => {
  const started = performance.now();
  await (await fetch("./web/icon.svg", { cache: "no-store" })).text();
  return performance.now() - started;
}"""


class Clock(BookPipeline):
    """Answers with the time, in seconds since 1970."""

    def ask(self, question: str, history: Sequence[Turn] = (), **options: Any) -> Answer:
        answer = super().ask(question, history, **options)
        time.sleep(THINKING)
        return replace(answer, statements=(Statement(f"Known at {time.time():.6f}.", (1,)),))


def opened(browser: Browser, url: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(url)
    page.locator(".welcome").wait_for()
    return page


def asked(browser: Browser, url: str, turns: int) -> tuple[float, float]:
    """Return the seconds of the last of so many questions, and those of a small file after it."""
    page = opened(browser, url)
    try:
        for turn in range(1, turns + 1):
            page.locator("#question textarea").fill(f"{QUESTION} {turn}")
            page.evaluate(WATCH, turn)
            page.keyboard.press("Enter")
            page.wait_for_function("window.taken")
            page.wait_for_timeout(SETTLING_MS)
        return float(page.evaluate("taken")) / 1e3, float(page.evaluate(FETCH)) / 1e3
    finally:
        page.close()


def measure(rounds: int) -> dict[str, Any]:
    """Ask in turns, after a round that does not count."""
    times: dict[int, list[float]] = {turns: [] for turns in TURNS}
    files: list[float] = []
    with running("benchmarks.chat", "--serve", cwd=ROOT) as served, chromium() as browser:
        for number in range(rounds + 1):
            for turns in TURNS:
                milliseconds, file = asked(browser, served.url, turns)
                if number:
                    times[turns].append(milliseconds)
                    files.append(file)
    return {"answer_ms": {turns: percentiles(each) for turns, each in times.items()}, "file_ms": percentiles(files)}


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--serve", action="store_true", help="only serve the page that is measured")
    given = options.parse_args(arguments)
    if given.serve:
        with suppress(KeyboardInterrupt), TemporaryDirectory() as folder:
            history = Path(folder) / "history.sqlite3"
            serve(Settings(port=0, requests_per_minute=100_000, history=history), Clock(*BOOK.documents()))
        return
    show_machine()
    results = measure(given.rounds)
    base = results["file_ms"][0]
    rows = [[f"answer {turns} of a chat", *ms, round(ms[0] / base, 1)] for turns, ms in results["answer_ms"].items()]
    rows.append(["a small file", *results["file_ms"], 1.0])
    show("From the known to the painted answer", ["what", "ms, median", "95th percentile", "ratio"], rows)
    write(given.json, results)


if __name__ == "__main__":
    main()
