"""Dates as pages and front matter write them: recognised as a whole, never fished out of running text.

>>> parse("25. desember 2025"), parse("25 декабря 2025 г."), parse("Dec 25, 2025 10:30")
(datetime.date(2025, 12, 25), datetime.date(2025, 12, 25), datetime.date(2025, 12, 25))
>>> parse("03/04/2025") is None  # the third of April or the fourth of March
True
"""

from __future__ import annotations

import datetime as dt
import re

# The beginnings of month names in Russian, Norwegian, English and their neighbours, January first.
_BEGINNINGS = [
    "jan янв січ ene gen",
    "feb фев лют fev fév",
    "mar mär maa мар бер",
    "apr апр кві avr abr",
    "may mai maj mag mei мая май тра",
    "jun juin июн чер giu",
    "jul juil июл лип lug",
    "aug авг сер ago aoû",
    "sep set сен вер",
    "oct okt out ott окт жов",
    "nov ноя лис",
    "dec des dez dic déc дек гру",
]
_MONTHS = {beginning: number for number, line in enumerate(_BEGINNINGS, start=1) for beginning in line.split()}

_YEAR = r"(?:19|20)\d{2}(?!\d)"
_NUMBER = r"\d{1,2}(?!\d)"
_MONTH = r"[^\W\d_]{3,12}"
_FORMS = [
    rf"{_YEAR}(?P<first>[-/.]){_NUMBER}(?P=first){_NUMBER}",
    rf"{_YEAR}\s?[年년]\s?{_NUMBER}\s?[月월]\s?{_NUMBER}\s?[日일]",
    rf"{_NUMBER}(?P<second>[-/.]){_NUMBER}(?P=second){_YEAR}",
    rf"{_NUMBER}(?:\.|st|nd|rd|th|er|º)?\s(?:de\s)?{_MONTH}\.?,?\s(?:de\s)?{_YEAR}(?:\s?(?:г\.|года|р\.|року))?",
    rf"{_MONTH}\.?\s{_NUMBER}(?:st|nd|rd|th)?,?\s{_YEAR}",
]
_ZONE = r"(?:\s?(?:Z|UTC|GMT|[ap]\.?m\.?|[+-]\d{2}:?\d{2}))?"
_TIME = rf"[T,]?\s?(?:(?:kl\.|at|в|um)\s)?\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}}(?:\.\d{{1,9}})?)?(?!\d){_ZONE}"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?,?\s)?"
_DATE = re.compile(rf"{_WEEKDAY}(?P<date>{'|'.join(_FORMS)})(?:{_TIME})?", re.IGNORECASE)
_NAMED = re.compile(r"(?<![^\W_])((?:19|20)\d{2})([-_.]?)(\d{2})\2(\d{2})(?![^\W_])")


def match_at(text: str, position: int) -> tuple[dt.date | None, int]:
    """Return the date written at `position` and the offset behind it and its time, or (None, position)."""
    match = _DATE.match(text, position)
    date = _resolve(match["date"]) if match else None
    return (date, match.end()) if match and date else (None, position)


def parse(text: str) -> dt.date | None:
    """Return the date that `text` consists of, None when it is anything else or no such day exists."""
    stripped = text.strip().strip("\"'")
    date, end = match_at(stripped, 0)
    return date if end == len(stripped) else None


def in_name(name: str) -> dt.date | None:
    """Return the date in a file name such as ``2025-12-25-title`` or ``report_20251225``.

    >>> in_name("2025-12-25-title"), in_name("000_d379d92143d0a808")
    (datetime.date(2025, 12, 25), None)
    """
    for match in _NAMED.finditer(name):
        date = _day(int(match[1]), int(match[3]), int(match[4]))
        if date:
            return date
    return None


def _resolve(written: str) -> dt.date | None:
    numbers = [int(number) for number in re.findall(r"\d+", written)]
    months = [_MONTHS.get(word[:4].lower()) or _MONTHS.get(word[:3].lower()) for word in re.findall(_MONTH, written)]
    month = next((number for number in months if number), None)
    if len(numbers) == 2:
        return _day(max(numbers), month, min(numbers)) if month else None
    first, second, third = numbers
    if first > 31:
        return _day(first, second, third)
    if "/" in written and first <= 12 and second != first:  # the month comes first in the United States
        return _day(third, first, second) if second > 12 else None
    return _day(third, second, first)


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
