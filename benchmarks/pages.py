"""How long reading a PDF of a thousand pages takes, in seconds of processor time.

    python -m benchmarks.pages [FILE.pdf ...] [--json FILE]

Without files, of pages that are made for it: 45 lines of 80 characters each.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import wrap

from benchmarks.common import parser, show, show_machine, write
from benchmarks.texts import document
from rag.formats import Limits
from rag.formats.reading import extract
from tests.made_files import paragraph, pdf

NUMBER = 2  # of the text, which is English: as many bytes as characters
LINES, WIDTH = 45, 80  # of a page, and characters of a line
PAGES = 1000


def long_pdf() -> bytes:
    """Make a PDF of many pages of one text."""
    lines = wrap(document(NUMBER, PAGES * LINES * WIDTH), WIDTH)
    return pdf(paragraph(*lines[LINES * number : LINES * (number + 1)]) for number in range(PAGES))


def measure(name: str, data: bytes) -> dict[str, float]:
    """Read a PDF in this process."""
    started = time.process_time()
    found = extract(data, name, Limits())
    seconds = time.process_time() - started
    pages = sum(place.kind == "page" for place in found.places)
    return {
        "pages": pages,
        "characters of a page": round(len(found.text) / pages),
        "processor_s": round(seconds, 1),
        "of 1,000 pages": round(1000 * seconds / pages, 1),
    }


def _files(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Yield the given files, or the one that is made."""
    if not paths:
        yield "made", long_pdf()
    for path in paths:
        yield path.name, path.read_bytes()


def main() -> None:
    options = parser(__doc__)
    options.add_argument("files", type=Path, nargs="*", metavar="FILE.pdf")
    given = options.parse_args()
    show_machine()
    results = {name: measure(name, data) for name, data in _files(given.files)}
    columns = list(next(iter(results.values())))
    show("Reading PDFs", ["file", *columns], ([name, *row.values()] for name, row in results.items()))
    write(given.json, results)


if __name__ == "__main__":
    main()
