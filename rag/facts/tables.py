"""Every figure of a folder of documents with its sentence and its group: the table that `rag facts` prints."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from rag.facts.comparing import same_value
from rag.facts.context import Mention, key, measure_of, read
from rag.facts.grouping import Group, group
from rag.facts.lexicon import lexicon, stem
from rag.facts.records import Amount, Period
from rag.languages import detect
from rag.types import Document, Span
from rag.untrusted import disarm

COLUMNS = (
    *("document", "start", "end", "quote", "kind", "value", "unit", "bound", "date", "group", "sentence"),
    "copy_of",
)
_WORD = re.compile(r"\w+")
_FORMULA = (*"=+-@", *"＝＋－＠", "\t", "\r")  # also in full width, which some spreadsheets take for the same


class Row(NamedTuple):
    """A figure of a document; `group` numbers those that agree or differ from 1, None if it stands alone."""

    document: Document
    mention: Mention
    group: int | None

    @property
    def sentence(self) -> str:
        """Return the sentence in one line."""
        return " ".join(self.document.text[self.mention.sentence.start : self.mention.sentence.end].split())


class Table(NamedTuple):
    """Figures by document and place, and the groups that they make; a group's members are places in `rows`."""

    rows: tuple[Row, ...]
    groups: tuple[Group, ...]


def table(
    documents: Mapping[str, Document], sentences: Mapping[str, Sequence[Span]], *, about: str | None = None
) -> Table:
    """Return the figures of documents, or those about some words; `sentences` are those of each document.

    Words are found in any inflection, names and measures («revenue») also in another language; a figure among them is
    found in every form («14 milliarder dollar» as «$14 млрд»).
    """
    mentions = [
        mention
        for name, document in documents.items()
        for mention in read(
            document.text, document.language, document.date, document=name, sentences=sentences.get(name, ())
        )
    ]
    if about is not None:
        wanted = About(about, {document.language for document in documents.values()})
        mentions = [mention for mention in mentions if wanted.matches(mention)]
    groups = group(mentions, {name: document.source for name, document in documents.items()})
    numbers = {place: number for number, each in enumerate(groups, 1) for place in each.members}
    rows = (Row(documents[each.document], each, numbers.get(place)) for place, each in enumerate(mentions))
    return Table(tuple(rows), tuple(groups))


class About:
    """Words that a figure's sentence must have, each in some form."""

    def __init__(self, words: str, languages: Collection[str]) -> None:
        self._language = detect(words, languages)
        self._figures = [
            mention.fact for mention in read(words, self._language) if isinstance(mention.fact.value, Amount)
        ]
        inside = [Span(fact.start, fact.end) for fact in self._figures]
        stop = lexicon(self._language).stop
        self._words = [
            match.group().lower()
            for match in _WORD.finditer(words)
            if not any(span.start <= match.start() < span.end for span in inside)
            and stem(match.group().lower(), self._language) not in stop
        ]

    def matches(self, mention: Mention) -> bool:
        """Tell whether a figure is about all the words."""
        if self._figures and not any(same_value(fact, mention.fact) for fact in self._figures):
            return False
        known = mention.words | mention.names.every | mention.near_names
        return all(self._matches(word, mention, known) for word in self._words)

    def _matches(self, word: str, mention: Mention, known: frozenset[str]) -> bool:
        if {key(word), key(stem(word, self._language))} & known or _tells_of(mention, word):
            return True
        pairs = {word[place : place + 2] for place in range(len(word) - 1)}  # Chinese is compared so
        return bool(measure_of(word, self._language) & mention.measures) or (not word.isascii() and pairs <= known)


def _tells_of(mention: Mention, year: str) -> bool:
    """Tell whether a figure is, or is told of, a time in a year."""
    times = (each for each in (mention.time, mention.fact.value) if isinstance(each, Period))
    return any(year in time.name.replace("/", "-").split("-") for time in times)


def records(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows as JSON objects; a number is a number, a range a list of two, a date a string."""
    return [
        {
            "document": row.document.id,
            "start": row.mention.fact.start,
            "end": row.mention.fact.end,
            "quote": row.mention.fact.text,
            "kind": row.mention.fact.kind,
            "value": _value(row.mention),
            "unit": row.mention.fact.unit,
            "bound": row.mention.fact.bound,
            "date": row.document.date.isoformat() if row.document.date else None,
            "group": row.group,
            "sentence": row.sentence,
            "copy_of": row.document.copy_of or None,
        }
        for row in rows
    ]


def to_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV with a header; no cell can be taken for a formula, or steers a terminal."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for record in records(rows):
        writer.writerow([_cell(record[column]) for column in COLUMNS])
    return file.getvalue()


def _value(mention: Mention) -> Any:
    value = mention.fact.value
    if not isinstance(value, Amount):
        return value.name
    return [_number(value.low), _number(value.high)] if value.is_range else _number(value.low)


def _number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = "/".join(map(str, value))
    if not isinstance(value, str):
        return value
    shown = disarm(value)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def by_group(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """Yield the rows of each group, newest document first and undated last, then each other row by itself."""
    numbered: dict[int, list[Row]] = {}
    for row in rows:
        if row.group is not None:
            numbered.setdefault(row.group, []).append(row)
    for number in sorted(numbered):
        yield sorted(numbered[number], key=lambda row: -row.document.date.toordinal() if row.document.date else 1)
    yield from ([row] for row in rows if row.group is None)
