"""What the Documents page lists: one row a file, and which of them are looked at. Pure functions."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

State = Literal["unreadable", "changed", "new", "removed", "indexed"]  # in the order of their urgency
Column = Literal["title", "file", "language", "date", "size", "passages", "state"]

COLUMNS: tuple[Column, ...] = get_args(Column)
STATES: tuple[State, ...] = get_args(State)
ROWS = 50  # on a page of the list
MAX_WORDS = 200  # characters of a filter that are looked for


@dataclass(frozen=True, slots=True)
class Row:
    """A file of the folder, or a document of the index whose file is gone. `removed` is such a one."""

    id: str
    title: str
    language: str
    date: dt.date | None
    size: int | None  # bytes of the file
    passages: int | None  # None unless it is indexed
    state: State
    reason: str = ""  # why it, or a part of it, cannot be read
    removable: bool = True
    author: str = ""
    tags: tuple[str, ...] = ()
    copy_of: str = ""  # the document that it is a near-duplicate of

    @property
    def indexed(self) -> bool:
        return self.passages is not None


class Query(NamedTuple):
    """Which rows are looked at, and in which order."""

    words: str = ""
    attention: bool = False  # only what is not indexed as it is
    sort: Column = "title"
    descending: bool = False
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Query:
        """Read a query from an address; what it cannot mean is left out.

        >>> Query.of({"words": " Lease ", "sort": "-date", "page": "x"})
        Query(words='Lease', attention=False, sort='date', descending=True, page=1)
        """
        sort = parameters.get("sort", "")
        column = sort.removeprefix("-")
        page = parameters.get("page", "")
        return cls(
            " ".join(parameters.get("words", "")[:MAX_WORDS].split()),
            parameters.get("show") == "attention",
            column if column in COLUMNS else "title",
            sort.startswith("-") and column in COLUMNS,
            max(1, int(page)) if page.isdecimal() and len(page) < 10 else 1,
        )


class View(NamedTuple):
    """One page of the rows that a query finds."""

    rows: Sequence[Row]
    first: int  # number of its first row, from 1
    total: int
    page: int
    pages: int


class Totals(NamedTuple):
    """What the whole list sums up to."""

    documents: int
    passages: int
    size: int
    attention: Mapping[State, int]  # the states that are there, without `indexed`


def select(rows: Sequence[Row], query: Query) -> View:
    """Return the page of rows that a query asks for; one behind the last is the last."""
    words = query.words.casefold().split()
    found = [row for row in rows if (not query.attention or row.state != "indexed") and _has(row, words)]
    found.sort(key=lambda row: (_natural(row.title), row.id))
    found.sort(key=_KEYS[query.sort], reverse=query.descending)
    found.sort(key=lambda row: _is_unknown(row, query.sort))
    pages = max(1, -(-len(found) // ROWS))
    page = min(query.page, pages)
    first = (page - 1) * ROWS
    return View(found[first : first + ROWS], first + 1, len(found), page, pages)


def totals(rows: Sequence[Row]) -> Totals:
    """Sum the rows up."""
    present = [row for row in rows if row.state != "removed"]
    counts = {state: sum(row.state == state for row in rows) for state in STATES if state != "indexed"}
    return Totals(
        len(present),
        sum(row.passages or 0 for row in rows),
        sum(row.size or 0 for row in present),
        {state: count for state, count in counts.items() if count},
    )


def _has(row: Row, words: Sequence[str]) -> bool:
    text = "\n".join([row.title, row.id, row.author, *row.tags]).casefold()
    return all(word in text for word in words)


def _natural(text: str) -> list[tuple[int, str]]:
    """Return what sorts text by its words, and numbers in it by their value.

    >>> sorted(["page 10", "Page 9"], key=_natural)
    ['Page 9', 'page 10']
    """
    parts = re.split(r"(\d+)", text.casefold())
    return [(int(part), "") if number % 2 else (0, part) for number, part in enumerate(parts)]


_KEYS: Mapping[Column, Callable[[Row], Any]] = {
    "title": lambda row: _natural(row.title),
    "file": lambda row: _natural(row.id),
    "language": lambda row: row.language,
    "date": lambda row: row.date.toordinal() if row.date else 0,
    "size": lambda row: row.size or 0,
    "passages": lambda row: row.passages or 0,
    "state": lambda row: STATES.index(row.state),
}


def _is_unknown(row: Row, column: Column) -> bool:
    """Tell whether a row has nothing to be sorted by; such rows come last in either direction."""
    values = {"date": row.date, "size": row.size, "passages": row.passages}
    return column in values and values[column] is None
