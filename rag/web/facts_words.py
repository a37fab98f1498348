"""Figures and times written as people write them, in the page's language. Numbers, units and months are CLDR's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import cache
from html import escape

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal, get_currency_name
from babel.units import UnknownUnitError, format_unit, get_unit_name

from rag.facts import Amount, Fact, Period
from rag.facts.records import plain
from rag.untrusted import disarm
from rag.web.facts_labels import FactsLabels, Forms
from rag.web.facts_list import Days, Entry
from rag.web.labels import Labels
from rag.web.served import Offered

LOCALES = {"en": "en", "no": "nb", "ru": "ru"}
NO_CURRENCY = "XXX"  # of a crown of no country
PERCENT = ("percent", "permille")

_MILLION = Decimal(10**6)
_LARGEST = Decimal(10**15)  # from there on no language has a word that everybody knows
_SMALLEST = Decimal("0.000001")
_MOST_DIGITS = 3  # behind the point, beside a word such as «million»
_DIGITS = Context(prec=6)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
_SEVERAL = Decimal(1000)  # of a unit, by which its name in the plural is found


def figure(fact: Fact, words: FactsLabels, labels: Labels) -> str:
    """Write a figure with its bound and unit, or a date."""
    if isinstance(fact.value, Period):
        return words.bounds[fact.bound].format(period(fact.value, words, labels))
    return words.bounds[fact.bound].format(amount(fact.value, fact.unit, fact.kind, words, labels.language))


def amount(value: Amount, unit: str | None, kind: str, words: FactsLabels, language: str) -> str:
    """Write a number or a range with its unit."""
    locale = _locale(language)
    numbers = [number(each, language) for each in ((value.low, value.high) if value.is_range else (value.low,))]
    written = words.range.format(*numbers) if value.is_range else numbers[0]
    if unit is None:
        return written
    if kind == "money":
        return f"{written} {_currency(unit, value.high, words, locale)}"
    if unit in PERCENT:
        return f"{written}{words.percent_space}{'%' if unit == 'percent' else '‰'}"
    if unit in words.units:
        forms = words.units[unit]
        return forms.get(locale.plural_form(value.high), forms["other"]).format(written)
    return _with_unit(written, value.high, unit, locale)


def number(value: Decimal, language: str) -> str:
    """Write a number, from a million on with a word and without end as a power of ten."""
    locale, size = _locale(language), abs(value)
    if size >= _LARGEST or 0 < size < _SMALLEST or len(plain(value)) > 24:
        return _power(value, locale)
    if size >= _MILLION:
        power = 10 ** (size.adjusted() // 3 * 3)
        digits = max(0, -int((value / power).normalize().as_tuple().exponent))
        if digits <= _MOST_DIGITS:
            return str(format_compact_decimal(value, format_type="long", locale=locale, fraction_digits=digits))
    return str(format_decimal(value, locale=locale, decimal_quantization=False))


def unit_name(unit: str, words: FactsLabels, language: str) -> str:
    """Name a unit by itself."""
    locale = _locale(language)
    if unit in PERCENT:
        return "%" if unit == "percent" else "‰"
    if unit in words.units:
        return words.units[unit]["other"].format("").strip()
    if re.fullmatch("[A-Z]{3}", unit):
        return words.crowns if unit == NO_CURRENCY else str(get_currency_name(unit, locale=locale))
    try:
        return str(get_unit_name(unit, locale=locale) or _with_unit("", _SEVERAL, unit, locale))
    except UnknownUnitError:
        return _unnamed(unit)


def period(value: Period, words: FactsLabels, labels: Labels) -> str:
    """Write a time; one that is written as no other is shown by its name in ISO 8601."""
    first, slash, last = value.name.partition("/")
    if not slash:
        return _part(first, words, labels)
    ends = [_part(each, words, labels) for each in (first, last)]
    return ("{}–{}" if all(end.isdecimal() for end in ends) else "{} – {}").format(*ends)


def days(first: dt.date, last: dt.date, words: FactsLabels, labels: Labels) -> str:
    """Write the time from one day to another, as a month or a year where it is one.

    >>> from rag.web import facts_labels, labels
    >>> days(dt.date(2026, 1, 1), dt.date(2027, 12, 31), facts_labels.ENGLISH, labels.ENGLISH)
    '2026–2027'
    """
    if first == last:
        return labels.day(first)
    begins, ends = first.day == 1, (last + dt.timedelta(days=1)).day == 1 if last < dt.date.max else True
    if begins and ends and (first.month, last.month) == (1, 12):
        return str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
    if begins and ends:
        months = [_part(each.isoformat()[:7], words, labels) for each in (first, last)]
        return months[0] if months[0] == months[1] else f"{months[0]} – {months[1]}"
    return f"{labels.day(first)} – {labels.day(last)}"


def ordinal(value: int) -> str:
    """Return an English ordinal.

    >>> ordinal(21), ordinal(12), ordinal(3)
    ('21st', '12th', '3rd')
    """
    ending = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"


def roman(value: int) -> str:
    """Return a small number in Roman numerals.

    >>> roman(19), roman(24)
    ('XIX', 'XXIV')
    """
    written = ""
    for worth, letters in _ROMAN:
        count, value = divmod(value, worth)
        written += letters * count
    return written


def plural(count: int, forms: Forms, language: str) -> str:
    """Return a number with its noun."""
    form = forms.get(_locale(language).plural_form(count), forms["other"])
    return form.format(number(Decimal(count), language) if count < _MILLION else count)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of the page, its own and those of all pages, and who it is for. What it returns is safe in HTML."""

    own: FactsLabels
    labels: Labels
    owner: bool = True
    user: str = ""
    choice: Sequence[Offered] = ()

    @property
    def locale(self) -> str:
        return LOCALES[self.labels.language]

    def count(self, value: int) -> str:
        return number(Decimal(value), self.labels.language)

    def plural(self, count: int, forms: Forms) -> str:
        return plural(count, forms, self.labels.language)

    def figure(self, entry: Entry) -> str:
        return escape(figure(entry.fact, self.own, self.labels))

    def unit(self, name: str) -> str:
        return unit_name(name, self.own, self.labels.language)

    def days(self, given: Days) -> str:
        return days(*given, self.own, self.labels)

    def time(self, entry: Entry) -> str:
        """Say the time that a figure is told of, "" where none is."""
        return escape(period(entry.time, self.own, self.labels)) if entry.time else ""


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def _power(value: Decimal, locale: Locale) -> str:
    rounded = _DIGITS.create_decimal(value).normalize()
    exponent = rounded.adjusted()
    mantissa = format_decimal(rounded.scaleb(-exponent), locale=locale, decimal_quantization=False)
    return f"{mantissa}\xa0×\xa010{str(exponent).translate(_RAISED)}"


def _currency(code: str, count: Decimal, words: FactsLabels, locale: Locale) -> str:
    return words.crowns if code == NO_CURRENCY else str(get_currency_name(code, count=count, locale=locale))


def _with_unit(written: str, count: Decimal, unit: str, locale: Locale) -> str:
    """Put a unit to a number that is written otherwise than CLDR would write it."""
    try:
        whole = format_unit(count, unit, locale=locale)
    except UnknownUnitError:
        return f"{written}\xa0{_unnamed(unit)}"
    return str(whole).replace(format_decimal(count, locale=locale), written).strip()


def _unnamed(unit: str) -> str:
    return disarm(unit.replace("-", " "))


def _part(name: str, words: FactsLabels, labels: Labels) -> str:
    """Write one end of a time by its name."""
    for pattern, write in _FORMS.items():
        if match := re.fullmatch(pattern, name):
            return write(match, words, labels)
    return name


def _day(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    return labels.day(dt.date.fromisoformat(match[0]))


def _day_of_any_year(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    date = dt.date(2024, int(match[1]), int(match[2]))  # it has a 29 February
    return str(format_date(date, words.day_and_month, locale=_locale(labels.language)))


def _month(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    pattern = "LLLL" if match[1] == "XXXX" else "LLLL y"
    year = 2024 if match[1] == "XXXX" else int(match[1])
    return str(format_date(dt.date(year, int(match[2]), 1), pattern, locale=_locale(labels.language)))


def _quarter(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    pattern = "QQQQ" if match[1] == "XXXX" else "QQQQ y"
    year = 2024 if match[1] == "XXXX" else int(match[1])
    return str(format_date(dt.date(year, 3 * int(match[2]), 1), pattern, locale=_locale(labels.language)))


def _half(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    return words.halves[int(match[2]) - 1].format("" if match[1] == "XXXX" else f" {int(match[1])}")


def _year(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    year = int(match[0])
    return words.before_christ.format(1 - year) if year <= 0 else str(year)


def _decade(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    return words.decade.format(f"{int(match[1])}0")


def _century(match: re.Match[str], words: FactsLabels, labels: Labels) -> str:
    century = int(match[1]) + 1
    return words.century.format(ordinal=ordinal(century), hundreds=f"{int(match[1])}00", roman=roman(century))


_Write = Callable[[re.Match[str], FactsLabels, Labels], str]
_FORMS: Mapping[str, _Write] = {
    r"\d{4}-\d\d-\d\d": _day,
    r"XXXX-(\d\d)-(\d\d)": _day_of_any_year,
    r"(\d{4}|XXXX)-(\d\d)": _month,
    r"(\d{4}|XXXX)-Q([1-4])": _quarter,
    r"(\d{4}|XXXX)-H([12])": _half,
    r"-?\d{4}": _year,
    r"(\d{3})X": _decade,
    r"(\d\d)XX": _century,
}
