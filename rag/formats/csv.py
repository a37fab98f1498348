"""Comma-, semicolon- and tab-separated values: a row is a place, its cells named by the header."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from io import StringIO

from rag.formats import tables
from rag.formats.draft import Draft, Unreadable, decoded

_DELIMITERS = ",;\t|"
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")  # as most of the world writes numbers
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
    """Return the character that cuts most lines into the same number of cells, the commonest of several.

    A comma gives way to another that cuts as many lines where its own are those of decimal numbers.
    """
    lines = [line for line in text.split("\n", _SAMPLE)[:_SAMPLE] if line.strip()]

    def agreement(delimiter: str) -> tuple[int, int, int]:
        share, number = _commonest(line.count(delimiter) for line in lines)
        outside_numbers, _ = _commonest(_DECIMAL.sub("", line).count(delimiter) for line in lines)
        return share, outside_numbers, number

    return max(_DELIMITERS, key=agreement)


def _commonest(counts: Iterable[int]) -> tuple[int, int]:
    """Return how many lines have the commonest number of a delimiter, other than none, and that number."""
    found = Counter(filter(None, counts))
    number, share = max(found.items(), key=lambda each: each[1], default=(0, 0))
    return share, number
