"""Comma-, semicolon- and tab-separated values: a row is a place, its cells named by the header."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO

from rag.formats import tables
from rag.formats.draft import Draft, Unreadable, decoded

_DELIMITERS = ",;\t|"
_SAMPLE = 20  # lines by which the delimiter is recognised
_LONGEST_CELL = 1_000_000  # characters


def read(data: bytes, draft: Draft) -> None:
    """Read rows, counted as a spreadsheet program counts them that opens the file."""
    text = decoded(data)
    csv.field_size_limit(_LONGEST_CELL)
    rows = csv.reader(StringIO(text), delimiter=_delimiter(text), skipinitialspace=True)
    try:
        tables.write_numbered(draft, enumerate(rows, 1))
    except csv.Error as error:
        raise Unreadable(f"line {rows.line_num}: {error}; a quotation mark may be missing") from None


def _delimiter(text: str) -> str:
    """Return the character that cuts most lines into the same number of cells, the commonest of several."""
    lines = [line for line in text.split("\n", _SAMPLE)[:_SAMPLE] if line.strip()]

    def agreement(delimiter: str) -> tuple[int, int]:
        counts = Counter(line.count(delimiter) for line in lines)
        counts.pop(0, None)
        number, share = max(counts.items(), key=lambda each: each[1], default=(0, 0))
        return share, number

    return max(_DELIMITERS, key=agreement)
