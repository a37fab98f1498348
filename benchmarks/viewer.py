"""How long a citation takes from the click until its mark is on the screen, in headless Chromium, in a text of 5 MB.

    python -m benchmarks.viewer [--json FILE]

Pages take turns, so that whatever else the machine does slows all of them; medians count. The ratio is to a citation
in a document of 5 kB. «All at once» is the same place in the same document with its whole text in the page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.common import parser, show, show_machine, write
from benchmarks.texts import document
from rag.citations import cite
from rag.types import Document, Span
from rag.web.sharing import document_address
from tests.browser import chromium
from tests.edited import book, serving_documents

CHARACTERS = {"short.txt": 5_000, "long.txt": 5_000_000}
NUMBER = 2  # of the text, which is English: as many bytes as characters
CITED = 60  # characters
PATIENCE = 30  # seconds
WATCH = """window.seen = null;
const look = () => {
  const box = document.querySelector("mark")?.getBoundingClientRect();
  if (box && box.top > 0 && box.bottom < innerHeight) requestAnimationFrame(() => (window.seen = performance.now()));
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);"""
FIND = """async (words) => {
  const [field, count] = ["#find input", "#find output"].map((name) => document.querySelector(name));
  field.value = words;
  const started = performance.now();
  field.dispatchEvent(new Event("input"));
  while (!/\\d/.test(count.textContent)) await new Promise((resolve) => setTimeout(resolve));
  return performance.now() - started;
}"""


def addresses(documents: Mapping[str, Document]) -> dict[str, str]:
    """Return what is opened, by name; the first is what the others are compared with."""
    short, long = documents["short.txt"], documents["long.txt"]
    places = {"beginning": 0.01, "middle": 0.5, "end": 0.99}
    opened = {f"5 MB, {name}": _address(long, share) for name, share in places.items()}
    whole = {f"5 MB, {name}, all at once": _address(long, share, "whole=1&") for name, share in places.items()}
    return {"5 kB, middle": _address(short, 0.5), **opened, **whole}


def _address(of: Document, share: float, query: str = "") -> str:
    start = of.text.index(" ", int(share * len(of.text))) + 1
    citation = cite(of, Span(start, start + CITED))
    return document_address(of.id, [citation.id], 1).replace("?", "?" + query)


def opening_ms(browser: Browser, url: str) -> float:
    """Return the milliseconds from the navigation until the mark has been painted."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(WATCH)
    page.goto(url, wait_until="commit")
    try:
        return float(_wait_for(page, "window.seen"))
    finally:
        page.close()


def finding_ms(browser: Browser, url: str, words: str) -> float:
    """Return the milliseconds from the last key until the matches are counted, in a text that is all there.

    The page waits 120 of them, in case there is more typing.
    """
    page = browser.new_page()
    page.goto(url)
    _wait_for(page, "!document.querySelector('.waiting')")
    milliseconds = float(page.evaluate(FIND, words))
    page.close()
    return milliseconds


def _wait_for(page: Page, expression: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (value := page.evaluate(expression)):
        if time.monotonic() > deadline:
            raise SystemExit(f"the page does not come to {expression}")
        time.sleep(0.01)
    return value


def measure(folder: Path, rounds: int) -> dict[str, Any]:
    """Open everything in turns, after a round that does not count."""
    for name, characters in CHARACTERS.items():
        (folder / name).write_text(document(NUMBER, characters), "utf-8")
    opened = addresses({each.id: each for each in book(folder).documents()})
    times: dict[str, list[float]] = {name: [] for name in opened}
    with serving_documents(folder) as served, chromium() as browser:
        for number in range(rounds + 1):
            for name, address in opened.items():
                milliseconds = opening_ms(browser, f"{served.url}/{address}")
                times[name] += [milliseconds] if number else []
        found = median(finding_ms(browser, f"{served.url}/documents/long.txt", "fire destroyed") for _ in range(rounds))
    base = median(times["5 kB, middle"])
    return {
        "opening": {
            name: {"ms": round(median(each)), "ratio": round(median(each) / base, 2)} for name, each in times.items()
        },
        "find_ms": round(found),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args(arguments)
    show_machine()
    with TemporaryDirectory() as folder:
        results = measure(Path(folder), given.rounds)
    rows = [[name, *row.values()] for name, row in results["opening"].items()]
    show("Opening a citation", ["document, place", "ms until the mark is on the screen", "ratio"], rows)
    show("Finding in 5 MB", ["measure", "ms"], [["from the last key, 120 ms of waiting included", results["find_ms"]]])
    write(given.json, results)


if __name__ == "__main__":
    main()
