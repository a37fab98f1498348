"""The figures and dates of all documents, found once when the index is built, and the passages by the values they give.

A question that names a figure finds it by its value, however a passage writes it: «14 milliarder dollar», «$14 млрд».
"""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Iterator, Sequence
from decimal import Context, Decimal
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag import facts
from rag.errors import DamagedIndex
from rag.facts import Amount, Fact, Period
from rag.facts.lexicon import sizes
from rag.types import Document, Span

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int32]

SMALL = 100  # a plain count below this is in too many passages, on too many things, to look for
_DIGITS = Context(prec=6)  # of a value that are compared
_LANGUAGE = "U8"  # wide enough for the code of any language
_FOUND, _VALUES, _FIRSTS, _ROWS = "found.jsonl", "values.json", "firsts.npy", "rows.npy"


class Read(NamedTuple):
    """What the figures of a document depend on: where all of it is the same, so are they."""

    text: str
    language: str
    date: dt.date | None
    passages: bytes  # their first and last characters
    languages: bytes  # of the passages


class Figures:
    """What is found in the documents, by document; and for each value the rows of the passages that give it."""

    def __init__(self, found: Sequence[str], values: Sequence[str], firsts: Rows, rows: Rows, size: int) -> None:
        self.lines = found  # of JSON, one a document; a later build can take them over
        self.numbers = {value: number for number, value in enumerate(values)}  # ascending in both
        self.firsts = firsts
        self.rows = rows
        self._size = size  # passages

    @classmethod
    def build(
        cls,
        documents: Sequence[Document],
        passages: Rows,
        languages: npt.NDArray[np.str_],
        before: Before | None = None,
    ) -> Figures:
        """Find what stands in the documents; `passages` has a row each: document, start, end, whatever else.

        Documents that are what they were `before` are not read again.
        """
        collecting = _Collecting(before, len(passages))
        firsts = _firsts(documents, passages)
        for number, read in enumerate(_reads(documents, passages, languages)):
            first, last = firsts[number : number + 2]
            if not collecting.take_over(read, first, last):
                spans = [Span(*span) for span in passages[first:last, 1:3].tolist()]
                collecting.add(documents[number], spans, languages[first:last].tolist(), first)
        return collecting.result()

    def of(self, number: int, document: Document) -> tuple[Fact, ...]:
        """Return what stands in the n-th document, ascending."""
        return _read(self.lines[number], document.text)

    def score(self, asked: Sequence[Fact]) -> Floats:
        """Return for each passage which share of these figures, weighed by how rare they are, it gives."""
        scores = np.zeros(self._size, np.float32)
        total = 0.0
        for fact in asked:
            rows = self.giving(fact)
            weight = math.log(1 + (self._size - len(rows) + 0.5) / (len(rows) + 0.5))
            scores[rows] += weight
            total += weight
        return scores / np.float32(total) if total else scores

    def giving(self, fact: Fact) -> Rows:
        """Return the rows of the passages that give a figure, in whatever form, ascending."""
        numbers = [self.numbers[value] for value in _asked_values(fact) if value in self.numbers]
        rows = [self.rows[self.firsts[number] : self.firsts[number + 1]] for number in numbers]
        return np.unique(np.concatenate(rows)) if rows else np.zeros(0, np.int32)

    def save(self, folder: Path) -> None:
        """Write what was found as JSON lines, the values as JSON, and the rows as arrays."""
        folder.mkdir()
        (folder / _FOUND).write_text("".join(f"{line}\n" for line in self.lines), "utf-8")
        (folder / _VALUES).write_text(json.dumps(list(self.numbers), ensure_ascii=False), "utf-8")
        np.save(folder / _FIRSTS, self.firsts)
        np.save(folder / _ROWS, self.rows)

    @classmethod
    def load(cls, folder: Path, size: int) -> Figures:
        """Load what `save` wrote; `size` is the number of passages. Raises DamagedIndex."""
        try:
            found = (folder / _FOUND).read_text("utf-8").splitlines()
            values = json.loads((folder / _VALUES).read_text("utf-8"))
            return cls(found, values, np.load(folder / _FIRSTS), np.load(folder / _ROWS), size)
        except (OSError, ValueError) as error:
            raise DamagedIndex(f"the figures in {folder} cannot be read ({error}); run `rag index` again") from error


class Before(NamedTuple):
    """An earlier index, of documents and passages as `Figures.build` takes them."""

    documents: Sequence[Document]
    passages: Rows
    languages: npt.NDArray[np.str_]
    figures: Figures


class _Collecting:
    """Collects what is found in documents, and which passages give which values."""

    def __init__(self, before: Before | None, size: int) -> None:
        self._size = size
        self._lines: list[str] = []
        self._values: dict[str, int] = dict(before.figures.numbers) if before else {}
        self._new: list[tuple[int, int]] = []  # values, and rows of passages
        self._origins = np.full(size, -1, np.int32)  # of passages that are taken over: their rows before
        self._before = before
        self._known: dict[Read, int] = {}
        if before:
            reads = _reads(before.documents, before.passages, before.languages)
            self._known = {read: number for number, read in enumerate(reads)}
            self._firsts = _firsts(before.documents, before.passages)

    def take_over(self, read: Read, first: int, last: int) -> bool:
        """Take over a document with passages in these rows, if it is known."""
        number = self._known.get(read)
        if number is None or self._before is None:
            return False
        self._lines.append(self._before.figures.lines[number])
        self._origins[first:last] = np.arange(*self._firsts[number : number + 2])
        return True

    def add(self, document: Document, passages: Sequence[Span], languages: Sequence[str], first: int) -> None:
        """Find the figures of a document; `first` is the row of the first of its passages."""
        line = _line(document, passages, languages)
        self._lines.append(line)
        found = _read(line, document.text)
        for row, span in enumerate(passages, first):
            for value in {value for fact in facts.inside(found, span) for value in _values(fact)}:
                self._new.append((self._values.setdefault(value, len(self._values)), row))

    def result(self) -> Figures:
        """Lay out what was collected, without the values that have gone."""
        numbers, rows = np.concatenate([self._taken(), np.array(self._new, np.int32).reshape(-1, 2).T], axis=1)
        names = list(self._values)
        given = np.flatnonzero(np.bincount(numbers, minlength=len(names))).tolist()
        order = sorted(given, key=names.__getitem__)
        places = np.zeros(len(names), np.int64)
        places[order] = np.arange(len(order))
        firsts = np.cumsum([0, *np.bincount(places[numbers], minlength=len(order)).tolist()])
        pairs = np.sort(places[numbers] * self._size + rows)
        values = [names[number] for number in order]
        joined = (pairs % max(1, self._size)).astype(np.int32)
        return Figures(self._lines, values, firsts.astype(np.int32), joined, self._size)

    def _taken(self) -> Rows:
        """Return the values of the passages that are taken over, and the rows of these, shape (2, pairs)."""
        if self._before is None:
            return np.zeros((2, 0), np.int32)
        figures = self._before.figures
        numbers = np.repeat(np.arange(len(figures.numbers), dtype=np.int32), np.diff(figures.firsts))
        by_row = numbers[np.argsort(figures.rows, kind="stable")]
        ends = np.cumsum(np.bincount(figures.rows, minlength=len(self._before.passages)))
        rows = np.flatnonzero(self._origins >= 0)
        origins = self._origins[rows]
        counts = np.diff(ends, prepend=0)[origins]
        # Of each passage a run of `by_row`: where it begins, and on from there.
        places = np.repeat(ends[origins] - np.cumsum(counts), counts) + np.arange(counts.sum())
        return np.stack([by_row[places], np.repeat(rows, counts).astype(np.int32)])


def _firsts(documents: Sequence[Document], passages: Rows) -> list[int]:
    """Return the row of the first passage of each document, and behind them the number of passages."""
    return list(np.searchsorted(passages[:, 0], np.arange(len(documents) + 1)).tolist())


def _reads(documents: Sequence[Document], passages: Rows, languages: npt.NDArray[np.str_]) -> Iterator[Read]:
    # Cut out of the bytes of all, which takes a fourth of the time that arrays take for each document.
    columns = np.ascontiguousarray(passages[:, 1:3]), languages.astype(_LANGUAGE)
    told = [(column.tobytes(), column.nbytes // max(1, len(column))) for column in columns]
    for document, (first, last) in zip(documents, pairwise(_firsts(documents, passages)), strict=True):
        within = (data[first * width : last * width] for data, width in told)
        yield Read(document.text, document.language, document.date, *within)


def asked(question: str, language: str) -> list[Fact]:
    """Return the figures and dates of a question that are worth looking for.

    >>> [fact.text for fact in asked("Who are the 2 buyers of chips for 14 billion dollars?", "en")]
    ['14 billion dollars']
    """
    return [fact for fact in facts.find(question, language) if list(_asked_values(fact))]


def matches(wanted: Fact, fact: Fact) -> bool:
    """Tell whether a figure gives the value of another one."""
    return not set(_asked_values(wanted)).isdisjoint(_values(fact))


def _values(fact: Fact) -> Iterator[str]:
    """Yield the values that a figure gives: with its unit and without, of a day also the month and the year."""
    if isinstance(fact.value, Period):
        yield from (name for name in _periods(fact.value) if "X" not in name)
        return
    yield _with_unit(fact, fact.value)
    yield _number(fact.value)


def _asked_values(fact: Fact) -> Iterator[str]:
    """Yield the values any of which is the figure that is asked for; one without a unit may be told with one."""
    if isinstance(fact.value, Period):
        if "X" not in fact.value.name:
            yield fact.value.name
    elif fact.unit is not None:
        yield _with_unit(fact, fact.value)
        yield f"quantity {_number(fact.value)}"
    elif fact.value.high >= SMALL or fact.value.high != fact.value.high.to_integral_value():
        yield _number(fact.value)


def _periods(period: Period) -> Iterator[str]:
    yield period.name
    if "/" not in period.name:
        parts = period.name.split("-")
        yield from ("-".join(parts[:count]) for count in range(1, len(parts)) if parts[0])


def _with_unit(fact: Fact, amount: Amount) -> str:
    """Return a value in the unit to which all of its kind are converted, a kilometre as a thousand metres."""
    dimension, size = sizes().get(fact.unit or "", ("", Decimal(0)))
    if size:
        return f"{dimension} {_number(Amount(*(number * size for number in amount)))}"
    return f"{fact.unit or fact.kind} {_number(amount)}"


def _number(amount: Amount) -> str:
    low, high = (str(_DIGITS.create_decimal(number).normalize()) for number in (amount.low, amount.high))
    return low if low == high else f"{low}/{high}"


def _line(document: Document, passages: Sequence[Span], languages: Sequence[str]) -> str:
    """Find the figures of a document, those of passages in another language as that language writes them."""
    found = facts.find(document.text, document.language, document.date)
    for language in set(languages) - {document.language}:
        spans = [span for span, own in zip(passages, languages, strict=True) if own == language]
        theirs = facts.find(document.text, language, document.date)
        kept = [fact for fact in found if not any(span.start <= fact.start < span.end for span in spans)]
        inside = {fact.start: fact for span in spans for fact in facts.inside(theirs, span)}
        found = sorted([*kept, *inside.values()], key=lambda fact: fact.start)
    return json.dumps([_record(fact) for fact in found], ensure_ascii=False, separators=(",", ":"))


def _record(fact: Fact) -> list[Any]:
    return [fact.start, fact.end, fact.kind, _told(fact.value), fact.unit, fact.bound]


def _told(value: Amount | Period) -> list[str | None]:
    if isinstance(value, Amount):
        return [str(number) for number in value]
    return [value.name, *(day.isoformat() if day else None for day in (value.first, value.last))]


@lru_cache(maxsize=256)
def _read(line: str, text: str) -> tuple[Fact, ...]:
    return tuple(_fact(record, text) for record in json.loads(line))


def _fact(record: Sequence[Any], text: str) -> Fact:
    start, end, kind, told, unit, bound = record
    value = _period(*told) if kind in {"date", "period"} else Amount(*map(Decimal, told))
    return Fact(start, end, text[start:end], kind, value, unit, bound)


def _period(name: str, first: str | None, last: str | None) -> Period:
    return Period(name, *(dt.date.fromisoformat(day) if day else None for day in (first, last)))
