"""Dates and periods as texts write them, and what «next year» means in a text of a known date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import NamedTuple

from rag import dates
from rag.facts.lexicon import Lexicon, Token
from rag.facts.numerals import han_value
from rag.facts.periods import UNTOLD, century_of, day, decade_of, month_of, part_of, relative, span, year_of
from rag.facts.reading import DASHES, Reading, is_han
from rag.facts.records import Period

_NUMERIC = re.compile(
    r"(?:(?:19|20)\d{2}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([/.])\d{1,2}\2(?:19|20)\d{2})(?![\d.,/-]\d|[^\W\d_])"
)
_QUARTERS = re.compile(r"(?P<kind>[qh])(?P<number>[1-4])(?!\w)", re.IGNORECASE)
_QUARTER_YEAR = re.compile(r"[ \u00a0'’,-]{0,2}(?P<year>(?:19|20)\d{2})(?!\d)")


class Dated(NamedTuple):
    """A period and where it stands among the tokens."""

    period: Period
    start: int
    end: int

    @property
    def is_range(self) -> bool:
        """Tell whether the period goes from one to another, as ISO 8601 writes it with a slash."""
        return "/" in self.period.name


class Times(Reading):
    """Reads the dates and periods among tokens in one language."""

    def __init__(
        self, text: str, lexicon: Lexicon, tokens: Sequence[Token], forms: Sequence[str], today: dt.date | None
    ) -> None:
        super().__init__(text, lexicon, tokens, forms)
        self._today = today
        self._texts = [token.text for token in tokens]

    def at(self, place: int) -> Dated | None:
        """Return the date or period that begins at a token."""
        first = self._two_years(place) or self._single(place)
        if first is None:
            return self._bare_span(place)
        return first if first.is_range else self._span(first) or first

    # --- spans of time ---

    def _bare_span(self, place: int) -> Dated | None:
        """Read «2020–2025» and «5–7 мая 2025», of which the first number alone would be none."""
        number = self._number(place)
        if number is None:
            return None
        is_ordinal = self._text_at(place + 1) == "." and self._touches(place + 1) and number <= 31  # «5.–7. mai»
        joiner = place + 1 + is_ordinal
        is_joined = self._form(joiner) in self._lexicon.span_joiners and (
            is_ordinal or self._form(place - 1) in self._lexicon.span_openers
        )
        if not is_joined and not self._is_dash(joiner):
            return None
        year, last = self._plain_year(place) or self._early_year(place), self._single(joiner + 1)
        if year and last is None and (second := self._short_year(joiner + 1, year) or self._plain_year(joiner + 1)):
            last = Dated(year_of(second), joiner + 1, joiner + 2)
        if last is None:
            return None
        if last.period.name.startswith("-") and (number := self._number(place)):
            return Dated(Period(f"-{number - 1:04}/{last.period.name}", None, None), place, last.end)
        if year and last.period.name.isdecimal():
            period = span(year_of(year), last.period)
            return Dated(period, place, last.end) if period and period.first != period.last else None
        return self._days(place, last)

    def _two_years(self, place: int) -> Dated | None:
        """Read «2024/25» and «2024/2025», a season or a financial year."""
        text, last = self._text_at(place), place + 2
        if self._text_at(place + 1) != "/" or not (self._touches(place + 1) and self._touches(last)):
            return None
        if self._text_at(last + 1) == "/":
            return None  # «2010/11/12»
        if len(text) != 4 or not text.isdecimal() or self._is_glued_left(place) or self._is_glued_right(last):
            return None
        year = int(text)
        if not 1000 <= year < 2100 or self._text_at(last) not in {f"{year + 1}", f"{(year + 1) % 100:02}"}:
            return None
        period = span(year_of(year), year_of(year + 1))
        return Dated(period, place, self._year_marker(last + 1)) if period else None

    def _early_year(self, place: int) -> int | None:
        """Return a year of three digits that opens a bracket: «(804–1260)»."""
        number = self._number(place)
        return number if self._text_at(place - 1) == "(" and number and 100 <= number < 1000 else None

    def _short_year(self, place: int, first: int) -> int | None:
        """Return the year that «26» is in «1922–26»."""
        number = self._number(place)
        if number is None or len(self._text_at(place)) != 2 or not self._touches(place) or self._is_glued_right(place):
            return None
        return first // 100 * 100 + number if first % 100 < number and not self._is_measured(place + 1) else None

    def _days(self, place: int, last: Dated) -> Dated | None:
        number = self._number(place)
        parts = last.period.name.split("-")
        if number is None or len(parts) != 3:
            return None
        year = None if parts[0] == UNTOLD else int(parts[0])
        first = day(year, int(parts[1]), number)
        period = span(first, last.period) if first else None
        return Dated(period, place, last.end) if period else None

    def _span(self, first: Dated) -> Dated | None:
        """Read «January 2024 to March 2025» of which the first date is read already."""
        if not self._is_joined(first):
            return None
        place = first.end + 1
        last = self._later_day(place, first.period) or self._single(place)
        if last is None and (year := self._plain_year(place) or self._second_year(place, first)):
            last = Dated(year_of(year), place, place + 1)
        if last is None or len(first.period.name) > len(last.period.name) + 3:
            return None
        begin, close = self._with_year_of(first.period, last.period), self._close(last.period, first.period)
        period = span(begin, close)
        return Dated(period, first.start, last.end) if period and begin != close else None

    def _is_joined(self, first: Dated) -> bool:
        """Tell whether another date may follow: a dash, or the words that go with what stands before the first."""
        words, opener, joiner = self._lexicon, self._form(first.start - 1), self._form(first.end)
        if self._is_dash(first.end) or (joiner in words.joiners and self._opens(opener)):
            return True
        if joiner not in words.span_joiners:
            return False
        return opener in words.span_openers or (joiner in words.joiners and first.period.name.isdecimal())

    def _opens(self, opener: str) -> bool:
        """Tell whether a word may stand before the first of two dates that a joiner joins."""
        return opener in self._lexicon.openers

    def _close(self, last: Period, first: Period) -> Period:
        """Return the last of two dates, complete."""
        return last

    def _later_day(self, place: int, first: Period) -> Dated | None:
        """Read the day of a later date, where the language leaves out what it shares with the first."""
        return None

    def _second_year(self, place: int, first: Dated) -> int | None:
        is_year = first.period.name.isdecimal()
        return self._short_year(place, int(first.period.name)) if is_year else None

    def _with_year_of(self, first: Period, last: Period) -> Period:
        """Return «March» of «from March to May 2024» with the year."""
        if not first.name.startswith(UNTOLD) or not last.first:
            return first
        rest = first.name.split("-")[1:]
        if len(rest) == 2:
            return day(last.first.year, int(rest[0]), int(rest[1])) or first
        return month_of(last.first.year, int(rest[0])) if rest[0].isdigit() else first

    # --- single dates ---

    def _single(self, place: int) -> Dated | None:
        if place >= len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind in {"number", "han"}:
            return (
                self._numeric(place)
                or self._before_christ(place)
                or self._own(place)
                or self._day_month(place)
                or self._ordinal_part(place)
                or self._decade(place)
                or self._century(place)
                or self._year(place)
            )
        if token.kind != "word":
            return None
        return (
            self._relative(place)
            or self._own(place)
            or self._month(place)
            or self._coded_part(place)
            or self._ordinal_part(place)
            or self._century(place)
        )

    def _own(self, place: int) -> Dated | None:
        """Read a date as only this language writes it."""
        return None

    def _numeric(self, place: int) -> Dated | None:
        """Read «2025-12-25», «25.12.2025»."""
        token = self._tokens[place]
        match = _NUMERIC.match(self._text, token.start)
        if not match or self._is_glued_left(place):
            return None
        date = dates.parse(match.group())
        if date is None:
            return None
        end = place
        while end < len(self._tokens) and self._tokens[end].start < match.end():
            end += 1
        return Dated(Period(date.isoformat(), date, date), place, end)

    def _day_month(self, place: int) -> Dated | None:
        """Read «25 декабря 2025 года», «25. desember», «25th of December, 2025»."""
        number = self._number(place)
        if number is None or not 1 <= number <= 31 or self._is_glued_left(place):
            return None
        following = place + 1
        if self._text_at(following) == "." or self._text_at(following) in self._lexicon.glued_ordinals:
            following += 1
        if self._lexicon.language == "en" and self._text_at(following) == "of":
            following += 1
        month = self._month_number(following)
        if not month or not self._is_near(following):
            return None
        year, end = self._year_after(self._after_dot(following + 1))
        period = day(year, month, number)
        return Dated(period, place, end) if period else None

    def _month(self, place: int) -> Dated | None:
        """Read «February 2026», «December 25, 2025», «в феврале следующего года»."""
        month = self._month_number(place)
        if not month or not self._may_be_month(place):
            return None
        following = self._after_dot(place + 1)
        found = self._month_days(month, following) or self._month_day(month, following)
        if found:
            return Dated(found[0], place, found[1])
        year, end = self._year_after(following)
        return Dated(month_of(year, month), place, end)

    def _month_day(self, month: int, place: int) -> tuple[Period, int] | None:
        number = self._number(place)
        if self._lexicon.language != "en" or number is None or not 1 <= number <= 31:
            return None
        end = place + 1
        if self._text_at(end) in self._lexicon.glued_ordinals:
            end += 1
        elif end < len(self._tokens) and self._tokens[end].glued and self._tokens[end].kind == "word":
            return None
        year, end = self._year_after(end)
        period = day(year, month, number)
        return (period, end) if period else None

    def _month_days(self, month: int, place: int) -> tuple[Period, int] | None:
        """Read «5–7, 2025» of «January 5–7, 2025»."""
        first, last = self._number(place), self._number(place + 2)
        if self._lexicon.language != "en" or first is None or last is None or not 1 <= first < last <= 31:
            return None
        if not self._is_dash(place + 1) or self._is_glued_right(place + 2) or self._is_measured(place + 3):
            return None
        year, end = self._year_after(place + 3)
        begin, close = day(year, month, first), day(year, month, last)
        period = span(begin, close) if begin and close else None
        return (period, end) if period else None

    def _may_be_month(self, place: int) -> bool:
        """Tell whether «May» or «March» is a month: with a day, a year or a word before it that leads to one."""
        token = self._tokens[place]
        following = self._after_dot(place + 1)
        if self._number(following) is not None and self._is_near(following):
            return True
        if self._lexicon.language == "en" and not token.capital:
            return False
        if self._is_dash(following) and self._month_number(following + 1):
            return True
        if token.text in self._lexicon.ambiguous_months:
            return self._text_at(place - 1) in self._lexicon.before_month
        return token.text not in self._lexicon.short_months

    def _coded_part(self, place: int) -> Dated | None:
        """Read «Q3 2025», «H1 2025»."""
        token = self._tokens[place]
        match = _QUARTERS.match(self._text, token.start) if token.text in {"q", "h"} else None
        if not match or token.glued:
            return None
        year = _QUARTER_YEAR.match(self._text, match.end())
        if not year and match["kind"].lower() == "h":
            return None
        period = part_of(int(year["year"]) if year else None, match["kind"].upper(), int(match["number"]))
        stop = year.end() if year else match.end()
        end = place
        while end < len(self._tokens) and self._tokens[end].start < stop:
            end += 1
        return Dated(period, place, end) if period else None

    def _ordinal_part(self, place: int) -> Dated | None:
        """Read «в третьем квартале 2025 года», «3. kvartal», «first half of 2025»."""
        number, following = self._ordinal(place)
        if not number:
            return None
        kind = "Q" if self._form(following) in self._lexicon.quarter else "H"
        if kind == "H" and self._form(following) not in self._lexicon.half:
            return None
        if self._text_at(following) in self._lexicon.half_of_something:
            of = self._lexicon.of.at(self._forms, following + 1)
            if not of or not self._year_after(of[1])[0]:
                return None
        if number == 4 and kind == "H":
            number = 2  # the last one
        of = self._lexicon.of.at(self._forms, following + 1)
        year, end = self._year_after(of[1] if of else self._after_dot(following + 1))
        if not year:
            year, end = self._year_after(following + 1)
        period = part_of(year, kind, number)
        return Dated(period, place, end) if period else None

    def _ordinal(self, place: int) -> tuple[int, int]:
        """Return an ordinal number up to 4 and the place behind it, or (0, place)."""
        found = self._lexicon.ordinals.at(self._forms, place)
        if found:
            return found
        number = self._number(place)
        if number is None or not 1 <= number <= 4:
            return 0, place
        following = place + 1
        if self._text_at(following) in {".", *self._lexicon.glued_ordinals}:
            return number, following + 1
        if self._text_at(following) == "-" and self._text_at(following + 1) in self._lexicon.ordinal_suffixes:
            return number, following + 2
        return (number, following) if self._form(following) in self._lexicon.quarter else (0, place)

    def _decade(self, place: int) -> Dated | None:
        """Read «1990s», «1990-е», «1990-tallet», «90年代» and the century «1800-tallet»."""
        year = self._number(place)
        if year is not None and 20 <= year <= 90:
            year += 1900  # «60-е»
        if year is None or not 100 <= year <= 2090 or year % 10 or self._is_glued_left(place):
            return None
        following = place + 1
        if self._text_at(following) in {"'", "’", *DASHES} and self._touches(following):
            following += 1
        if not self._touches(following):
            return None
        word = self._text_at(following)
        if word not in self._lexicon.decade_suffixes:
            return None
        end = following + 1
        if self._form(end) in self._lexicon.year:
            end += 1
        if self._lexicon.bc.at(self._forms, end):
            return None
        whole = word in self._lexicon.century_suffixes and year % 100 == 0
        return Dated(century_of(year) if whole else decade_of(year), place, end)

    def _century(self, place: int) -> Dated | None:
        """Read «20th century», «XIX век», «20. århundre»."""
        number = self._number(place) or roman(self._tokens[place])
        if not number or not 1 <= number <= 21 or self._is_glued_left(place):
            return None
        following = place + 1
        if self._text_at(following) in {".", *self._lexicon.glued_ordinals}:
            following += 1
        elif self._text_at(following) == "-" and self._text_at(following + 1) in self._lexicon.ordinal_suffixes:
            following += 2
        elif self._number(place):
            return None
        if self._text_at(following) in self._lexicon.century_dotted and self._text_at(following + 1) == ".":
            if self._lexicon.bc.at(self._forms, following + 2):
                return None
            return Dated(century_of(100 * (number - 1)), place, following + 2)
        if self._form(following) not in self._lexicon.century or self._lexicon.bc.at(self._forms, following + 1):
            return None
        return Dated(century_of(100 * (number - 1)), place, following + 1)

    def _relative(self, place: int) -> Dated | None:
        """Read «next year»."""
        found = self._lexicon.relative.at(self._texts, place)
        if not found or not self._today:
            return None
        period = relative(found[0], self._today)
        if not period or self._is_year_number(found[1]):
            return None
        return Dated(period, place, found[1])

    def _is_year_number(self, place: int) -> bool:
        """Tell whether a number makes «i år» the year of that number: «i år 656»."""
        number = self._number(place)
        return self._form(place - 1) in self._lexicon.year and number is not None and number >= 100

    # --- years ---

    def _year(self, place: int) -> Dated | None:
        """Read a year that a word beside it, a bracket or its look shows to be one."""
        year = self._plain_year(place) or self._told_year(place) or self._marked_year(place)
        if not year:
            return None
        end = self._year_marker(place + 1)
        if end > place + 1:
            return Dated(year_of(year), place, end)
        is_told = self._told_year(place) or self._looks_like_year(place, year)
        return Dated(year_of(year), place, place + 1) if is_told else None

    def _before_christ(self, place: int) -> Dated | None:
        """Read «1950 f.Kr.»; ISO 8601 counts the years before the year 1 from 0 down."""
        number = self._number(place)
        if not number or self._is_glued_left(place):
            return None
        end = self._before_christ_end(place)
        return Dated(Period(f"-{number - 1:04}", None, None), place, end) if end else None

    def _before_christ_end(self, place: int) -> int | None:
        """Return the place behind a year before Christ: «330 BC», «330 году до н. э.»."""
        is_decade = self._text_at(place + 1) == "-"
        for behind in {place + 1, place + 1 if is_decade else self._year_marker(place + 1)}:
            if found := self._lexicon.bc.at(self._forms, behind):
                return found[1] + (self._text_at(found[1]) == "." and self._touches(found[1]))
        return None

    def _marked_year(self, place: int) -> int | None:
        """Return an early year: «330 года», where years would be counted as «330 лет»."""
        number = self._number(place)
        if self._lexicon.language != "ru" or not number or not 100 <= number < 1000:
            return None
        word = self._text_at(place + 1)
        is_year = word == "году" or (word == "года" and number % 10 not in {2, 3, 4})
        return number if is_year else None

    def _told_year(self, place: int) -> int | None:
        """Return a year, however early, that the word before it shows to be one: «i år 656»."""
        number = self._number(place)
        is_told = self._form(place - 1) in self._lexicon.year
        return number if is_told and number and 100 <= number <= 2100 else None

    def _looks_like_year(self, place: int, year: int) -> bool:
        before = self._text_at(place - 1)
        if before in self._lexicon.labels or self._is_measured(place + 1):
            return False
        if before in {"(", "["}:
            return self._text_at(place + 1) in {")", "]", ",", ";", *DASHES} or self._is_dash(place + 1)
        counted = self._is_counted(place + 1)
        bound = self._lexicon.before.before(self._forms, place)
        if bound and (bound[0] != "~" or (year % 10 == 0 and counted)) and before not in {"i", "in", "в"}:
            return False
        if before in self._lexicon.before_year:
            return not (counted and year % 100 == 0)
        if 1900 <= year <= 2049:
            return not (counted and year % 50 == 0)
        return year >= 1500 and not self._is_word(place + 1)

    def _is_word(self, place: int) -> bool:
        is_joiner = self._form(place) in self._lexicon.joiners
        return place < len(self._tokens) and self._tokens[place].kind == "word" and not is_joiner

    def _is_measured(self, place: int) -> bool:
        lexicon, forms = self._lexicon, self._forms
        if place >= len(forms) or forms[place] in lexicon.year:
            return False
        return bool(
            lexicon.currencies.at(forms, place)
            or lexicon.multipliers.at(forms, place)
            or lexicon.units.at(forms, place)
        )

    def _is_counted(self, place: int) -> bool:
        if place >= len(self._tokens) or self._tokens[place].kind != "word" or self._tokens[place].opens:
            return False
        return self._text_at(place) not in self._lexicon.not_counted and not self._tokens[place].capital

    def _plain_year(self, place: int) -> int | None:
        if place >= len(self._tokens) or self._tokens[place].kind != "number":
            return None
        token = self._tokens[place]
        year = int(token.text) if len(token.text) == 4 and token.text.isdecimal() else 0
        if not 1000 <= year <= 2100 or self._is_glued_left(place) or self._is_glued_right(place):
            return None
        return year

    def _year_after(self, place: int) -> tuple[int | None, int]:
        """Return the year that follows a month or a quarter and the place behind it; (None, place) without."""
        start = place
        if self._text_at(place) == ",":
            place += 1
        found = self._lexicon.relative.at(self._texts, place) if self._today and place == start else None
        if found and found[0].startswith("year") and self._today:
            return self._today.year + int(found[0][4:]), found[1]
        if self._lexicon.language == "en" and self._text_at(place) == "of":
            place += 1
        year = self._plain_year(place) or self._marked_year(place)
        if not year or self._tokens[place].opens or self._is_measured(place + 1):
            return None, start
        return year, self._year_marker(place + 1)

    def _year_marker(self, place: int) -> int:
        """Return the place behind «года», «г.», «-го» and the like after a year, or the place itself."""
        if self._text_at(place) == "-" and self._touches(place) and self._touches(place + 1):
            if self._text_at(place + 1) in self._lexicon.ordinal_suffixes | {"м"}:
                place += 2
            else:
                return place
        if self._form(place) in self._lexicon.year and not self._tokens[place].opens:
            if self._lexicon.language != "ru":
                return place
            end = place + 1
            is_short = len(self._text_at(place)) <= 2
            return end + 1 if is_short and self._text_at(end) == "." and self._touches(end) else end
        return place

    # --- tokens ---

    def _number(self, place: int) -> int | None:
        if not 0 <= place < len(self._tokens):
            return None
        token = self._tokens[place]
        if token.kind == "han":
            value = han_value(token.text)
            return int(value) if value is not None and value == int(value) else None
        return int(token.text) if token.kind == "number" and token.text.isdecimal() and len(token.text) <= 4 else None

    def _month_number(self, place: int) -> int | None:
        text = self._text_at(place)
        return self._lexicon.months.get(text) or self._lexicon.month_stems.get(self._form(place))

    def _after_dot(self, place: int) -> int:
        """Return the place behind the dot of «Dec.», if there is one and a number follows."""
        is_dot = self._text_at(place) == "." and self._touches(place) and len(self._text_at(place - 1)) <= 4
        return place + 1 if is_dot and self._number(place + 1) is not None else place

    def _is_near(self, place: int) -> bool:
        return place < len(self._tokens) and not self._tokens[place].opens

    def _is_glued_left(self, place: int) -> bool:
        """Tell whether letters or a sign touch the number on its left, so that it is part of a name."""
        if not self._touches(place) or place == 0:
            return False
        before = self._tokens[place - 1]
        if before.kind == "word":
            return not is_han(before.text)
        if before.kind == "number":
            return True
        joined = before.text in {"-", "/", ".", ":", "$", "€", "£", "¥", "#", "_", "+", "=", "№"}
        return (joined and before.text != "-") or (
            before.text == "-" and before.glued and self._tokens[place - 2].kind != "number"
        )

    def _is_short_for_year(self, place: int) -> bool:
        """Tell «2026г.» from «2000г муки»."""
        number = int(self._text_at(place)) if len(self._text_at(place)) == 4 else 0
        is_word = self._lexicon.language == "ru" and self._form(place + 1) in self._lexicon.year
        return is_word and 1900 <= number <= 2049 and not (number % 50 == 0 and self._is_counted(place + 2))

    def _is_glued_right(self, place: int) -> bool:
        if not self._touches(place + 1):
            return False
        after = self._tokens[place + 1]
        if after.kind == "word":
            return not is_han(after.text) and not self._is_short_for_year(place)
        if after.kind == "number" or after.text in {":", "_", "%", "°", "$", "€"}:
            return True
        if after.text in {"-", "/"} and self._touches(place + 2):
            following = self._text_at(place + 2)
            return self._tokens[place + 2].kind == "word" and following not in self._lexicon.ordinal_suffixes
        return False


_ROMAN = {"i": 1, "v": 5, "x": 10}


def roman(token: Token) -> int | None:
    """Return the number that a word in capital I, V and X is, up to 21."""
    if not token.capital or token.kind != "word" or not 1 <= len(token.text) <= 5:
        return None
    values = [_ROMAN.get(letter, 0) for letter in token.text]
    if not all(values):
        return None
    return sum(-value if value < max([*values[index + 1 :], 0]) else value for index, value in enumerate(values))
