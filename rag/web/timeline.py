"""Figures on an axis of time: which marks stand where. Pure functions; positions are shares of the width, and rows.

The axis is cut into cells, days or months or years, few enough that marks keep apart on any screen. A figure stands in
the middle of its cell, or over all cells of the time that it is told of.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from rag.web.facts_list import STANDINGS, Days, Entry, Standing

Lane = Literal["money", "percent", "quantity", "date"]
LANES: tuple[Lane, ...] = ("money", "percent", "quantity", "date")

CELLS = 24  # at most: on a phone, so many marks still keep apart
ROWS = 16  # of marks above each other, shared out among the lanes
FEWEST_ROWS = 4  # of a lane
SINGLE = 60  # figures of a lane up to which each has a mark of its own, if there is room
TICKS = 8
_MONTHS = (1, 3, 12, 24, 60, 120, 240, 300, 600, 1200, 2400, 6000, 12000, 60000, 120000)  # that a cell may have
_DAYS = (1, 7)


class Mark(NamedTuple):
    """One or several figures of the same time; `first` and `last` are cells, `row` counts from the bottom of a lane."""

    entries: tuple[Entry, ...]
    lane: Lane
    first: int
    last: int
    row: int
    days: Days  # from the first day of any of them to the last

    @property
    def told(self) -> bool:
        return self.entries[0].told

    @property
    def standing(self) -> Standing:
        """Return the most urgent standing of its figures."""
        return min((entry.standing for entry in self.entries), key=STANDINGS.index)


class Tick(NamedTuple):
    """A line at the beginning of a cell, with the day that it stands for."""

    cell: int
    day: dt.date
    by: Literal["day", "month", "year"]  # how exactly it is to be named


class Timeline(NamedTuple):
    """What is drawn: marks by lane, and the lines between them."""

    cells: int
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    undated: int  # figures without any date
    left_out: int  # figures for which there was no room

    def rows(self, lane: Lane) -> int:
        """Return how many rows a lane needs, 0 where it has no marks."""
        return max((mark.row + 1 for mark in self.marks if mark.lane == lane), default=0)


def draw(entries: Sequence[Entry]) -> Timeline:
    """Return the timeline of figures; without a cell where none has a date."""
    dated = [entry for entry in entries if entry.days]
    undated = len(entries) - len(dated)
    if not dated:
        return Timeline(0, (), (), undated, 0)
    starts, by = scale(
        min(entry.days[0] for entry in dated if entry.days), max(entry.days[1] for entry in dated if entry.days)
    )
    marks: list[Mark] = []
    lanes = {lane: [entry for entry in dated if _lane(entry) == lane] for lane in LANES}
    room = max(FEWEST_ROWS, ROWS // sum(map(bool, lanes.values())))
    for lane, own in lanes.items():
        apart = _packed(_bundles(own, lane, starts, single=True), room) if len(own) <= SINGLE else []
        marks += apart if len(apart) == len(own) else _packed(_bundles(own, lane, starts, single=False), room)
    shown = sum(len(mark.entries) for mark in marks)
    return Timeline(len(starts), tuple(marks), tuple(_ticks(starts, by)), undated, len(dated) - shown)


def scale(first: dt.date, last: dt.date) -> tuple[list[dt.date], Literal["day", "month", "year"]]:
    """Return the first days of the cells from one day to another, and how exactly they are to be named.

    >>> scale(dt.date(2025, 11, 3), dt.date(2026, 1, 9))[0][:2]
    [datetime.date(2025, 11, 3), datetime.date(2025, 11, 10)]
    """
    for days in _DAYS:
        start = first - dt.timedelta(days=first.weekday() if days == 7 and first.toordinal() > 7 else 0)
        starts = [day for day in _every(start, days) if day <= last]
        if len(starts) <= CELLS:
            return starts, "day"
    for months in _MONTHS:
        start_month = _month(first) // months * months
        if (_month(last) - start_month) // months < CELLS:
            break
    starts = [_day(month) for month in range(start_month, _month(last) + 1, months)]
    return starts, "month" if months < 12 else "year"


def _every(start: dt.date, days: int) -> Iterator[dt.date]:
    for count in range(CELLS + 1):
        if start.toordinal() + count * days > dt.date.max.toordinal():
            return
        yield start + dt.timedelta(days=count * days)


def _month(day: dt.date) -> int:
    return day.year * 12 + day.month - 1


def _day(month: int) -> dt.date:
    return dt.date(max(1, month // 12), month % 12 + 1, 1) if month >= 12 else dt.date.min


def _lane(entry: Entry) -> Lane:
    kind = entry.fact.kind
    return "date" if kind == "date" or kind == "period" else kind


def _bundles(entries: Sequence[Entry], lane: Lane, starts: Sequence[dt.date], *, single: bool) -> list[Mark]:
    """Return marks not yet in rows: one a figure, or one for all of the same cells whose time is known alike."""
    bundles: dict[tuple[int, int, bool, int], list[Entry]] = {}
    for entry in entries:
        assert entry.days
        first, last = (bisect_right(starts, day) - 1 for day in entry.days)
        bundles.setdefault((first, -last, entry.told, entry.number if single else 0), []).append(entry)
    return [
        Mark(tuple(bundle), lane, first, -last, 0, _extent(bundle))
        for (first, last, _, _), bundle in sorted(bundles.items(), key=lambda each: each[0])
    ]


def _extent(entries: Sequence[Entry]) -> Days:
    days = [entry.days for entry in entries if entry.days]
    return min(first for first, _ in days), max(last for _, last in days)


def _packed(marks: Sequence[Mark], room: int) -> list[Mark]:
    """Put each mark into the lowest row that is free; what does not fit into so many rows is left out."""
    free = [0] * room  # the first cell of each row in which nothing stands yet
    packed = []
    for mark in marks:
        row = next((row for row, cell in enumerate(free) if cell <= mark.first), None)
        if row is not None:
            free[row] = mark.last + 1
            packed.append(mark._replace(row=row))
    return packed


def _ticks(starts: Sequence[dt.date], by: Literal["day", "month", "year"]) -> Iterator[Tick]:
    """Yield as many lines as have room for their names, at every so many cells."""
    step = -(-len(starts) // TICKS)
    first = 0
    if by == "month":  # years begin with a line
        first = next((cell for cell, day in enumerate(starts) if day.month == 1), 0)
        per_year = 12 if len(starts) < 2 else 12 // max(1, _month(starts[1]) - _month(starts[0]))
        step = next((each for each in (1, 2, 3, 4, 6, 12) if each >= step and per_year % each == 0), per_year)
        while step * TICKS < len(starts):
            step += per_year
    for cell in range(first % step, len(starts), step):
        yield Tick(cell, starts[cell], by)
