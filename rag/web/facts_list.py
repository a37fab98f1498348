"""What the Facts page lists: one entry a figure, and which of them are looked at, in which order. Pure functions."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple, get_args
from urllib.parse import urlencode

from rag.facts import Amount, Fact, Group, Kind, Link, Period, Row, Table
from rag.facts.tables import About
from rag.types import Document

Standing = Literal["differ", "agree", "alone"]  # in the order in which they are shown
Column = Literal["standing", "value", "time", "document", "date"]

STANDINGS: tuple[Standing, ...] = get_args(Standing)
COLUMNS: tuple[Column, ...] = get_args(Column)
KINDS: tuple[Kind, ...] = get_args(Kind)
COUNT = "-"  # stands for the unit of what has none
ROWS = 50  # on a page of the list
MAX_WORDS = 200  # characters of words that are looked for
MAX_ID = 1000
KEPT_WORDS = 32  # searches by words whose outcome is kept

Days = tuple[dt.date, dt.date]


class Entry(NamedTuple):
    """A figure of the table, by its place in it; `standing` is how it stands to other documents."""

    number: int
    row: Row
    standing: Standing
    days: Days | None  # of the time that it is told of, else the day of its document
    told: bool  # whether `days` are told, and not only when its document was written

    @property
    def fact(self) -> Fact:
        return self.row.mention.fact

    @property
    def document(self) -> Document:
        return self.row.document

    @property
    def title(self) -> str:
        return self.document.title if self.document.title.strip() else self.document.id

    @property
    def time(self) -> Period | None:
        """Return the time that a figure is told of; of a date, itself."""
        value = self.fact.value
        return value if isinstance(value, Period) else self.row.mention.time


class Camp(NamedTuple):
    """Figures of a group that fit each other, the newest first, and the one that speaks for them."""

    members: tuple[Entry, ...]
    voice: Entry

    @property
    def documents(self) -> int:
        return len({each.document.id for each in self.members})


class Query(NamedTuple):
    """Which figures are looked at, and in which order. What is blank asks for nothing."""

    about: str = ""
    kind: str = ""
    document: str = ""
    unit: str = ""
    language: str = ""
    standing: str = ""
    group: int = 0
    days: Days | None = None
    sort: Column = "standing"
    descending: bool = False
    page: int = 1
    at: int | None = None  # an entry whose page is asked for, whatever `page` says

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Query:
        """Read a query from an address; what it cannot mean is left out.

        >>> Query.of({"about": " ByteDance  2026 ", "sort": "-date", "days": "2026-01-01/2026-12-31"}).sort
        'date'
        """
        sort = parameters.get("sort", "")
        column = sort.removeprefix("-")
        at = _number(parameters.get("at", ""))
        return cls(
            " ".join(parameters.get("about", "")[:MAX_WORDS].split()),
            _one_of(KINDS, parameters.get("kind", "")),
            _not_blank(parameters.get("document", "")[:MAX_ID]),  # a name may begin with a space
            parameters.get("unit", "")[:MAX_WORDS],
            parameters.get("language", "")[:MAX_WORDS],
            _one_of(STANDINGS, parameters.get("standing", "")),
            _number(parameters.get("group", "")) or 0,
            _days(parameters.get("days", "")),
            column if column in COLUMNS else "standing",
            sort.startswith("-") and column in COLUMNS[1:],  # what differs is always shown first
            max(1, _number(parameters.get("page", "")) or 1),
            at,
        )

    @property
    def address(self) -> str:
        """Return it as it stands in an address, without what goes without saying.

        >>> Query(kind="money", sort="date", descending=True).address
        'kind=money&sort=-date'
        """
        sort = "-" * self.descending + self.sort
        parts = {
            "about": self.about,
            "kind": self.kind,
            "document": self.document,
            "unit": self.unit,
            "language": self.language,
            "standing": self.standing,
            "group": str(self.group or ""),
            "days": "/".join(day.isoformat() for day in self.days or ()),
            "sort": "" if sort == "standing" else sort,
            "page": str(self.page) if self.page > 1 else "",
            "at": "" if self.at is None else str(self.at),
        }
        return urlencode({name: value for name, value in parts.items() if value}, errors="replace")

    @property
    def href(self) -> str:
        """Return the address of the page with it."""
        return f"./facts{'?' * bool(self.address)}{self.address}"

    @property
    def everything(self) -> bool:
        """Tell whether no figure is left out."""
        return self._replace(sort="standing", descending=False, page=1, at=None) == Query()


class View(NamedTuple):
    """One page of the figures that a query finds."""

    entries: Sequence[Entry]
    first: int  # number of its first entry, from 1
    found: Sequence[Entry]  # on all pages
    page: int
    pages: int


class Catalogue:
    """The figures of a folder, ready to be looked through. Safe to share between threads, as nothing changes in it."""

    def __init__(self, table: Table) -> None:
        standings = {number: _standing(group, table.rows) for number, group in enumerate(table.groups, 1)}
        self.table = table
        self.entries = tuple(
            Entry(number, row, standings.get(row.group or 0, "alone"), *_time(row))
            for number, row in enumerate(table.rows)
        )
        self.standings = Counter(standings.values())
        self.documents = tuple({row.document.id: row.document for row in table.rows}.values())
        self.units = Counter(_unit(row) for row in table.rows if isinstance(row.mention.fact.value, Amount))
        self.languages = sorted({document.language for document in self.documents})
        self.kinds = Counter(row.mention.fact.kind for row in table.rows)
        self._ids = {document.id for document in self.documents}
        self._ranks = self._ranked(standings)
        self._about = lru_cache(KEPT_WORDS)(self._find_about)

    def group(self, number: int) -> Group:
        return self.table.groups[number - 1]

    def rank(self, number: int) -> int:
        """Return how early a group is shown."""
        return self._ranks[number]

    def members(self, number: int) -> list[Entry]:
        """Return the entries of a group, those of the newest document first, undated ones last."""
        return sorted((self.entries[place] for place in self.group(number).members), key=_newest_first)

    def camps(self, number: int) -> list[Camp]:
        """Return those of a group that fit each other together, the camp of most documents first.

        Where values differ, and yet each fits something that fits something else, each is a camp of its own.
        """
        members, group = self.members(number), self.group(number)
        camps = _joined(members, [link for link in group.links if link.verdict.relation != "differ"])
        if group.differs and len(camps) == 1:
            camps = list(_by_value(members).values())
        made = [Camp(tuple(camp), _voice(camp)) for camp in camps]
        return sorted(made, key=lambda camp: -camp.documents)

    def select(self, query: Query) -> View:
        """Return the page of entries that a query asks for; one behind the last is the last."""
        found = list(self._matching(query))
        found.sort(key=self._order(query.sort), reverse=query.descending)
        found.sort(key=lambda entry: _is_unknown(entry, query.sort))
        if query.sort == "value":
            found.sort(key=lambda entry: (KINDS.index(entry.fact.kind), entry.fact.unit or ""))
        pages = max(1, -(-len(found) // ROWS))
        page = min(self._page_of(query, found), pages)
        first = (page - 1) * ROWS
        return View(found[first : first + ROWS], first + 1, found, page, pages)

    def _matching(self, query: Query) -> Iterable[Entry]:
        tests = [test for wanted, test in self._tests(query) if wanted]
        return (entry for entry in self.entries if all(test(entry) for test in tests))

    def _tests(self, query: Query) -> Iterable[tuple[Any, Callable[[Entry], bool]]]:
        """Yield what a query asks for, each with what tells whether an entry has it."""
        words = query.document.casefold().split()
        exact = query.document in self._ids
        yield query.kind, lambda entry: entry.fact.kind == query.kind
        yield query.unit, lambda entry: _has_unit(entry, query.unit)
        yield query.language, lambda entry: entry.document.language == query.language
        yield query.standing, lambda entry: entry.standing == query.standing
        yield query.group, lambda entry: entry.row.group == query.group
        yield (
            query.document,
            lambda entry: entry.document.id == query.document if exact else _is_called(entry.document, words),
        )
        yield query.days, lambda entry: _is_within(entry, query.days)
        about = self._about(query.about) if query.about else frozenset()
        yield query.about, lambda entry: entry.number in about

    def _find_about(self, words: str) -> frozenset[int]:
        wanted = About(words, set(self.languages))
        return frozenset(entry.number for entry in self.entries if wanted.matches(entry.row.mention))

    def _page_of(self, query: Query, found: Sequence[Entry]) -> int:
        place = next((place for place, entry in enumerate(found) if entry.number == query.at), None)
        return query.page if place is None else place // ROWS + 1

    def _ranked(self, standings: Mapping[int, Standing]) -> dict[int, int]:
        """Return which group is shown how early: by its standing, then by how many documents are in it."""

        def urgency(number: int) -> tuple[int, bool, int, int]:
            documents = {self.table.rows[place].document.id for place in self.group(number).members}
            is_slip = factor(self.group(number)) is not None
            return STANDINGS.index(standings[number]), not is_slip, -len(documents), number

        return {number: rank for rank, number in enumerate(sorted(standings, key=urgency))}

    def _order(self, column: Column) -> Callable[[Entry], Any]:
        orders: Mapping[Column, Callable[[Entry], Any]] = {
            "standing": self._by_standing,
            "value": lambda entry: _value(entry.fact),
            "time": lambda entry: entry.days or (),
            "document": lambda entry: (entry.title.casefold(), entry.document.id),
            "date": lambda entry: entry.document.date or dt.date.min,
        }
        return orders[column]

    def _by_standing(self, entry: Entry) -> tuple[int, int, int]:
        if entry.standing == "alone" or entry.row.group is None:
            return STANDINGS.index("alone"), 0, 0
        return STANDINGS.index(entry.standing), self._ranks[entry.row.group], _newest_first(entry)


def factor(group: Group) -> int | None:
    """Return by which power of a thousand, or ten thousand, the values of a group differ, if they do."""
    told = sorted(
        int(link.verdict.reason.removeprefix("factor "))
        for link in group.links
        if link.verdict.reason.startswith("factor ")
    )
    return told[0] if told else None


def _standing(group: Group, rows: Sequence[Row]) -> Standing:
    if group.differs:
        return "differ"
    return "agree" if len({rows[place].document.id for place in group.members}) > 1 else "alone"


def _time(row: Row) -> tuple[Days | None, bool]:
    value = row.mention.fact.value
    time = value if isinstance(value, Period) else row.mention.time
    if time and time.first and time.last:
        return (time.first, time.last), True
    if row.document.date and not isinstance(value, Period):
        return (row.document.date, row.document.date), False
    return None, False


def _unit(row: Row) -> str:
    return row.mention.fact.unit or COUNT


def _has_unit(entry: Entry, unit: str) -> bool:
    return isinstance(entry.fact.value, Amount) and _unit(entry.row) == unit


def _is_called(document: Document, words: Sequence[str]) -> bool:
    text = f"{document.title}\n{document.id}".casefold()
    return all(word in text for word in words)


def _is_within(entry: Entry, days: Days | None) -> bool:
    return bool(days and entry.days and days[0] <= entry.days[0] and entry.days[1] <= days[1])


def _newest_first(entry: Entry) -> int:
    return -entry.document.date.toordinal() if entry.document.date else 1


def _joined(members: Sequence[Entry], links: Iterable[Link]) -> list[list[Entry]]:
    """Return members in the sets that links make of them, each in the given order."""
    sets = {entry.number: {entry.number} for entry in members}
    for link in links:
        joined = sets[link.one] | sets[link.other]
        sets.update(dict.fromkeys(joined, joined))
    distinct = {id(each): each for each in sets.values()}.values()
    return [[entry for entry in members if entry.number in each] for each in distinct]


def _by_value(members: Iterable[Entry]) -> dict[tuple[str | None, str], list[Entry]]:
    found: dict[tuple[str | None, str], list[Entry]] = {}
    for entry in members:
        found.setdefault((entry.fact.unit, str(entry.fact.value)), []).append(entry)
    return found


def _voice(camp: Sequence[Entry]) -> Entry:
    """Return the entry whose value most of a camp give: one that gives it without bounds, the newest of them."""
    most = max(_by_value(camp).values(), key=len)
    return next((entry for entry in most if entry.fact.bound == "="), most[0])


def _value(fact: Fact) -> tuple[Decimal, Decimal, str]:
    if isinstance(fact.value, Amount):
        return fact.value.low, fact.value.high, ""
    return Decimal((fact.value.first or dt.date.max).toordinal()), Decimal(0), fact.value.name


def _is_unknown(entry: Entry, column: Column) -> bool:
    """Tell whether an entry has nothing to be sorted by; such entries come last in either direction."""
    return (column == "time" and entry.days is None) or (column == "date" and entry.document.date is None)


def _one_of(known: Sequence[str], text: str) -> str:
    return text if text in known else ""


def _not_blank(text: str) -> str:
    return text if text.strip() else ""


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _days(text: str) -> Days | None:
    try:
        first, last = map(dt.date.fromisoformat, text.split("/"))
    except ValueError:
        return None
    return (first, last) if first <= last else None
