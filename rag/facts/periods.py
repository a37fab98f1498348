"""Days, months, quarters, years and the like: their names in ISO 8601 and their first and last days."""

from __future__ import annotations

import calendar
import datetime as dt
import re

from rag.facts.records import Period

UNTOLD = "XXXX"  # the year of a date that is told without one


def day(year: int | None, month: int, number: int) -> Period | None:
    """Return a day, of an untold year if that is None, or None when there is no such day."""
    try:
        date = dt.date(year or 2024, month, number)  # 2024 has a 29 February
    except ValueError:
        return None
    return Period(date.isoformat(), date, date) if year else Period(f"{UNTOLD}-{month:02}-{number:02}", None, None)


def month_of(year: int | None, month: int) -> Period:
    """Return a month."""
    if not year:
        return Period(f"{UNTOLD}-{month:02}", None, None)
    return Period(f"{year:04}-{month:02}", dt.date(year, month, 1), _last_day(year, month))


def part_of(year: int | None, kind: str, number: int) -> Period | None:
    """Return a quarter (kind ``Q``) or a half (``H``) of a year."""
    months = 3 if kind == "Q" else 6
    if not 1 <= number <= 12 // months:
        return None
    if not year:
        return Period(f"{UNTOLD}-{kind}{number}", None, None)
    last = months * number
    return Period(f"{year:04}-{kind}{number}", dt.date(year, last - months + 1, 1), _last_day(year, last))


def year_of(year: int) -> Period:
    """Return a year."""
    return Period(f"{year:04}", dt.date(year, 1, 1), dt.date(year, 12, 31))


def decade_of(year: int) -> Period:
    """Return the ten years that begin with `year`."""
    return Period(f"{year // 10:03}X", dt.date(year, 1, 1), dt.date(year + 9, 12, 31))


def century_of(first: int) -> Period:
    """Return the hundred years that begin with `first`, a multiple of 100."""
    return Period(f"{first // 100:02}XX", dt.date(max(first, 1), 1, 1), dt.date(first + 99, 12, 31))


def span(first: Period, last: Period) -> Period | None:
    """Return the time from one period to another, None when it would end before it begins."""
    if first.first and last.last and first.first > last.last:
        return None
    return Period(f"{first.name}/{last.name}", first.first, last.last)


def relative(rule: str, today: dt.date) -> Period | None:
    """Return the period that a rule such as ``year+1`` means in a text of a day."""
    unit, offset = re.fullmatch(r"([a-z]+)([+-]\d+)", rule).groups()  # type: ignore[union-attr]
    count = int(offset)
    try:
        if unit == "day":
            date = today + dt.timedelta(days=count)
            return Period(date.isoformat(), date, date)
        if unit == "year":
            return year_of(today.year + count)
        if unit == "month":
            number = today.year * 12 + today.month - 1 + count
            return month_of(number // 12, number % 12 + 1)
        number = today.year * 4 + (today.month - 1) // 3 + count
        return part_of(number // 4, "Q", number % 4 + 1)
    except (ValueError, OverflowError):  # before the year 1, after the year 9999
        return None


def _last_day(year: int, month: int) -> dt.date:
    return dt.date(year, month, calendar.monthrange(year, month)[1])
