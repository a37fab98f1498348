"""Dates and periods as Chinese writes them: what is larger stands first, and nothing parts one from the next."""

from __future__ import annotations

from rag.facts.periods import UNTOLD, century_of, day, decade_of, month_of, part_of, span, year_of
from rag.facts.records import Period
from rag.facts.times import Dated, Times, roman

_MONTH = frozenset({"月", "月份"})
_DAY = frozenset({"日", "号"})


class ChineseTimes(Times):
    """Reads the dates and periods among tokens in Chinese."""

    # --- spans of time ---

    def _opens(self, opener: str) -> bool:
        return True  # «1月至3月» stands without a word before it

    def _close(self, last: Period, first: Period) -> Period:
        """Return the last of two dates with the year of the first: «2025年1月至3月»."""
        return self._with_year_of(last, first)

    def _later_day(self, place: int, first: Period) -> Dated | None:
        """Read «27日» of «12月25日至27日»."""
        number, parts = self._number(place), first.name.split("-")
        if number is None or self._text_at(place + 1) not in _DAY:
            return None
        if len(parts) != 3 or not parts[1].isdecimal():
            return None
        period = day(None if parts[0] == UNTOLD else int(parts[0]), int(parts[1]), number)
        return Dated(period, place, place + 2) if period else None

    # --- single dates ---

    def _own(self, place: int) -> Dated | None:
        """Read «2025年12月25日», «12月», «2025年第三季度», «二〇二六年», «前三季度»."""
        inside, number = self._first_quarters(None, place), self._number(place)
        if inside is None and number is not None:
            if self._text_at(place + 1) == "年" and 1000 <= number <= 2100:
                inside = self._inside_year(number, place + 2) or (year_of(number), place + 2)
            elif (self._is_to(place + 1) or self._text_at(place + 1) in _MONTH) and 1 <= number <= 12:
                inside = self._inside_year(None, place)
        return Dated(inside[0], place, inside[1]) if inside else None

    def _century(self, place: int) -> Dated | None:
        """Read «19世纪» and «20世纪90年代»."""
        number = self._number(place) or roman(self._tokens[place])
        if not number or not 1 <= number <= 21 or self._is_glued_left(place):
            return None
        bc, behind = self._lexicon.bc, place + 2
        if self._form(place + 1) not in self._lexicon.century or bc.at(self._forms, behind):
            return None
        if bc.before(self._forms, place):
            return None
        decade = self._number(behind)
        if decade and self._text_at(behind + 1) == "年代":
            return Dated(decade_of(100 * (number - 1) + decade), place, behind + 2)
        return Dated(century_of(100 * (number - 1)), place, behind)

    def _relative(self, place: int) -> Dated | None:
        """Read «明年», and what follows it: «明年2月»."""
        found = super()._relative(place)
        if not found or not found.period.name.isdecimal():
            return found
        inside = self._inside_year(int(found.period.name), found.end)
        return Dated(inside[0], place, inside[1]) if inside else found

    def _is_year_number(self, place: int) -> bool:
        return False  # a number behind «明年» is a month's

    # --- years ---

    def _year(self, place: int) -> Dated | None:
        """Read a year, which always has its word behind it."""
        found = super()._year(place)
        return found if found and found.end > place + 1 else None

    def _told_year(self, place: int) -> int | None:
        return None  # the word before a number is the year's before it

    def _year_marker(self, place: int) -> int:
        is_year = self._form(place) in self._lexicon.year and not self._tokens[place].opens
        return place + 1 if is_year else place

    def _before_christ_end(self, place: int) -> int | None:
        """Return the place behind «公元前221年»."""
        is_told = self._lexicon.bc.before(self._forms, place) and self._text_at(place + 1) == "年"
        return place + 2 if is_told else None

    # --- within a year ---

    def _inside_year(self, year: int | None, place: int) -> tuple[Period, int] | None:
        """Read the month, day, quarter or half of a year that stands at a place, and where it ends."""
        if several := self._months(year, place) or self._first_quarters(year, place):
            return several
        number = self._number(place)
        if number is not None and self._text_at(place + 1) in _MONTH and 1 <= number <= 12:
            date = self._number(place + 2)
            if date is not None and self._text_at(place + 3) in _DAY and (found := day(year, number, date)):
                return found, place + 4
            return month_of(year, number), place + 2
        for prefix, half in (("上半年", 1), ("下半年", 2)):
            if self._text_at(place) == prefix and (period := part_of(year, "H", half)):
                return period, place + 1
        ordinal = self._lexicon.ordinals.at(self._forms, place)
        if self._text_at(place) == "第":
            place += 1
        number = ordinal[0] if ordinal else self._number(place)
        if number is not None and self._text_at(place + 1) in self._lexicon.quarter:
            period = part_of(year, "Q", number)
            return (period, place + 2) if period else None
        return None

    def _is_to(self, place: int) -> bool:
        """Tell whether «-», «至» or «到» stands here, between the first and the last."""
        return self._is_dash(place) or self._text_at(place) in {"至", "到"}

    def _months(self, year: int | None, place: int) -> tuple[Period, int] | None:
        """Read «1-3月»."""
        first, last = self._number(place), self._number(place + 2)
        if not first or not last or not self._is_to(place + 1) or not first < last <= 12:
            return None
        period = span(month_of(year, first), month_of(year, last))
        return (period, place + 4) if period and self._text_at(place + 3) in _MONTH else None

    def _first_quarters(self, year: int | None, place: int) -> tuple[Period, int] | None:
        """Read «前三季度», the first three quarters together."""
        number = self._number(place + 1)
        if self._text_at(place) != "前" or self._form(place + 2) not in self._lexicon.quarter or not number:
            return None
        first, last = part_of(year, "Q", 1), part_of(year, "Q", number)
        period = span(first, last) if first and last and number > 1 else None
        return (period, place + 3) if period else None
