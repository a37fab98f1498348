"""How long a citation takes from the click until its mark is on the screen, in headless Chromium, in a text of 5 MB.

    python -m benchmarks.viewer [--json FILE]
    python -m benchmarks.viewer --pdf [--rounds 40]

With `--pdf`: until the picture of its page, with its box, is on the screen, in a PDF of a thousand pages. Each page is
opened once, so that nothing of it is kept from before.

Pages take turns, so that whatever else the machine does slows all of them; medians count. The ratio is to a citation
in a document of 5 kB. «All at once» is the same place in the same document with its whole text in the page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page

from benchmarks.common import parser, show, show_machine, write
from benchmarks.pages import NUMBER, PAGES, long_pdf
from benchmarks.texts import document
from rag.citations import cite
from rag.types import Document, Span
from rag.web.sharing import document_address
from tests.browser import chromium
from tests.edited import book, serving_documents

CHARACTERS = {"short.txt": 5_000, "long.txt": 5_000_000}
CITED = 60  # characters
PATIENCE = 30  # seconds
FIRST = 412  # page that is opened
WATCH = """window.seen = null;
const look = () => {
  const picture = document.querySelector(".leaf img");
  const box = document.querySelector(picture ? ".box" : "mark")?.getBoundingClientRect();
  const isInSight = box && box.top > 0 && box.bottom < innerHeight;
  const isDrawn = !picture || (picture.complete && picture.naturalWidth);
  if (isInSight && isDrawn) requestAnimationFrame(() => (window.seen = performance.now()));
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
    return _address_at(of, int(share * len(of.text))).replace("?", "?" + query)


def _address_at(of: Document, offset: int) -> str:
    start = of.text.index(" ", offset) + 1
    return document_address(of.id, [cite(of, Span(start, start + CITED)).id], 1)


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


def measure_pdf(folder: Path, rounds: int) -> dict[str, Any]:
    """Open pages of a PDF, the first of them in a server that has shown none yet."""
    (folder / "long.pdf").write_bytes(long_pdf())
    long = book(folder).document("long.pdf")
    numbers = [FIRST + 10 * each for each in range(rounds + 1)]
    starts = {each.number: each.start for each in long.places if each.kind == "page"}
    with serving_documents(folder) as served, chromium() as browser:
        times = [opening_ms(browser, f"{served.url}/{_address_at(long, starts[number] + 1000)}") for number in numbers]
    first, *others = times
    return {"first_ms": round(first), "median_ms": round(median(others)), "p95_ms": round(quantiles(others, n=20)[-1])}


def show_pdf(results: dict[str, Any]) -> None:
    title = f"Opening a citation into a PDF of {PAGES} pages"
    show(title, ["page", "ms until its picture, with the box, is on the screen"], list(results.items()))


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--pdf", action="store_true")
    given = options.parse_args(arguments)
    show_machine()
    with TemporaryDirectory() as folder:
        if given.pdf:
            show_pdf(results := measure_pdf(Path(folder), given.rounds))
            return write(given.json, results)
        results = measure(Path(folder), given.rounds)
    rows = [[name, *row.values()] for name, row in results["opening"].items()]
    show("Opening a citation", ["document, place", "ms until the mark is on the screen", "ratio"], rows)
    show("Finding in 5 MB", ["measure", "ms"], [["from the last key, 120 ms of waiting included", results["find_ms"]]])
    write(given.json, results)


if __name__ == "__main__":
    main()
