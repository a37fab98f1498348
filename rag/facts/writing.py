"""Writing a figure or a date in another language, by its conventions (CLDR) and as exactly as it was written.

In Russian and Ukrainian a bound governs a case that CLDR does not name. Short forms have one for all («до 14 млрд
долларов США»); with units, the form that goes with another number is the one needed («более 2 лет», as in «5 лет»).
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from copy import copy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import (
    format_compact_decimal,
    format_decimal,
    get_currency_name,
    get_currency_symbol,
)
from babel.units import UnknownUnitError, format_unit, get_unit_name

from rag.facts.records import Amount, Fact, Period

_LOCALES = {"no": "nb"}
_SPELLING = {"en": "en_GB"}  # of dates and units
_INFLECTED = frozenset({"ru", "uk"})
_UNSPACED = frozenset({"zh"})
_SIGNED = frozenset({"es", "fr"})  # whose words for a million want a preposition before the name of a currency
_MANY = 5  # a count that takes the plural that stands behind «млрд»
_GENITIVE = {"one": Decimal("1.5"), "few": Decimal(5)}  # numbers with which a unit has the form that a bound governs
_GROUPED_BY = {"zh": 4}  # digits between one word for a magnitude and the next
_SHORTENED = {"zh": Decimal(10**4)}  # from where on words stand for zeros
_FROM = Decimal(10**6)
_DECIMALS = 2  # that a number shortened so may have
_SIGNS = {"percent": "%", "permille": "‰"}
_NAMELESS = "XXX"
_YEAR, _MONTH, _DAY = re.compile(r"\d{4}"), re.compile(r"(\d{4}|XXXX)-\d\d"), re.compile(r"\d{4}-\d\d-\d\d")
_QUARTER = re.compile(r"\d{4}-Q\d")


def write(fact: Fact, language: str) -> str | None:
    """Write a figure or a date in a language; None where there is no way to, or it is written so already.

    >>> from rag.facts.finding import find
    >>> [write(fact, "en") for fact in find("до ¥40 млрд (около $5,7 млрд) 25 декабря 2025 г.", "ru")]
    ['up to ¥40 billion', 'about $5.7 billion', '25 December 2025']
    """
    if language not in _bounds():
        return None
    told = _period(fact.value, language) if isinstance(fact.value, Period) else _amount(fact, fact.value, language)
    if told is None or _is_known(told, fact):
        return None
    return _bounds()[language].get(fact.bound, "{}").format(told).replace("\u00a0", " ").replace("\u202f", " ")


def _is_known(told: str, fact: Fact) -> bool:
    """Tell whether nothing is told that the figure's own words do not say: the same, or its digits in them."""
    plain = "".join(told.split()).casefold()
    return fact.bound == "=" and (
        plain == "".join(fact.text.split()).casefold() or (plain.isdecimal() and plain in fact.text)
    )


@cache
def _bounds() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((Path(__file__).parent / "words" / "writing.toml").read_text("utf-8"))


def _locale(language: str, names: Mapping[str, str] = _LOCALES) -> Locale:
    return Locale.parse(names.get(language, language))


def _joined(ends: list[str | None], dash: str) -> str | None:
    """Join the ends of a range, what both end with written once: «5–7 km»."""
    if None in ends or len(ends) == 1:
        return ends[0]
    first, last = map(str, ends)
    start = next((place for place in range(len(first)) if last.endswith(first[place:])), len(first))
    gap = next((place for place in range(start, len(first)) if first[place].isspace()), len(first))
    return f"{first[:gap]}{dash}{last}"


# --- amounts ----------------------------------------------------------------------------------------------------------


def _amount(fact: Fact, value: Amount, language: str) -> str | None:
    ends = [_one(number, fact, language) for number in dict.fromkeys((value.low, value.high))]
    return _joined(ends, "–")


def _one(number: Decimal, fact: Fact, language: str) -> str | None:
    locale = _locale(language)
    if fact.kind == "money":
        return _money(number, fact, language, locale) if fact.unit != _NAMELESS else None
    if fact.unit in _SIGNS:
        return _share(number, _SIGNS[fact.unit], locale)
    if fact.unit == "times":
        return f"{_number(number, language, locale)}×"
    if fact.unit is None:
        return _number(number, language, locale)
    return _measured(number, fact.unit, language, is_bounded=fact.bound != "=")


def _number(number: Decimal, language: str, locale: Locale) -> str:
    """Write a number, with a word for its zeros where it stays exact."""
    if not _may_be_shortened(number, language):
        return format_decimal(number, locale=locale, decimal_quantization=False)
    length: Literal["short", "long"] = "short" if language in _INFLECTED | _UNSPACED else "long"
    return format_compact_decimal(number, format_type=length, locale=locale, fraction_digits=_DECIMALS)


def _may_be_shortened(number: Decimal, language: str) -> bool:
    if abs(number) < _SHORTENED.get(language, _FROM):
        return False
    step = _GROUPED_BY.get(language, 3)
    magnitude = min(number.adjusted() // step * step, 4 * step if step == 3 else 2 * step)
    return (number.scaleb(_DECIMALS - magnitude)) % 1 == 0


def _share(number: Decimal, sign: str, locale: Locale) -> str:
    pattern = copy(locale.percent_formats[None])
    pattern.frac_prec = (0, 10)
    return str(pattern.apply(number / 100, locale)).replace("%", sign)


def _money(number: Decimal, fact: Fact, language: str, locale: Locale) -> str:
    code = fact.unit or ""
    if language == "en":
        symbol, cents = _symbol(fact, locale), number % 1 and not _may_be_shortened(number, language)
        plain = abs(number)
        digits = format_decimal(plain, "#,##0.00#######", locale) if cents else _number(plain, language, locale)
        return f"{'-' * (number < 0)}{symbol}{' ' * symbol[-1].isalpha()}{digits}"
    if not _may_be_shortened(number, language):
        return _in_full(number, code, locale)
    if language in _SIGNED:
        return f"{_number(number, language, locale)} {get_currency_symbol(code, locale)}"
    name = get_currency_name(code, count=_MANY, locale=locale)
    return f"{_number(number, language, locale)}{' ' * (language not in _UNSPACED)}{name}"


def _in_full(number: Decimal, code: str, locale: Locale) -> str:
    """Write an amount of money with all its digits, and no decimals unless there are any."""
    pattern = copy(locale.currency_formats["standard"])
    decimals = max(2, -int(number.normalize().as_tuple().exponent)) if number % 1 else 0
    pattern.frac_prec = (decimals, decimals)
    return str(pattern.apply(number, locale, currency=code, currency_digits=False))


def _symbol(fact: Fact, locale: Locale) -> str:
    """Return the sign of a currency: the one that the text has, where CLDR only puts a country before it."""
    symbol = str(get_currency_symbol(fact.unit or "", locale))
    return symbol[-1] if symbol[-1] in fact.text and not symbol[-1].isalpha() else symbol


def _measured(number: Decimal, unit: str, language: str, *, is_bounded: bool) -> str | None:
    locale = _locale(language, _LOCALES | _SPELLING)
    governs = is_bounded and language in _INFLECTED
    shown = _GENITIVE.get(locale.plural_form(number), number) if governs else number
    for length in ("long", "short"):
        try:
            told = format_unit(shown, unit, length=length, locale=locale)
        except UnknownUnitError:
            return None
        digits = format_decimal(shown, locale=locale)
        if told != f"{digits} {unit}" or get_unit_name(unit, length, locale):  # else Babel had no form of it
            return str(told.replace(digits, format_decimal(number, locale=locale, decimal_quantization=False)))
    return None


# --- dates ------------------------------------------------------------------------------------------------------------


def _period(period: Period, language: str) -> str | None:
    ends = [_time(name, language) for name in period.name.split("/")]
    return None if None in ends else " – ".join(map(str, ends))


def _time(name: str, language: str) -> str | None:
    """Write a day, a month, a quarter or a year."""
    locale = _locale(language, _LOCALES | _SPELLING)
    if _DAY.fullmatch(name):
        return str(format_date(dt.date.fromisoformat(name), "long", locale=locale))
    if match := _MONTH.fullmatch(name):
        month = int(name[-2:])
        if match[1] == "XXXX":
            return str(locale.months["stand-alone"]["wide"][month])
        return str(format_skeleton("yMMMM", dt.date(int(match[1]), month, 1), locale=locale))
    if _QUARTER.fullmatch(name):
        return str(format_skeleton("yQQQ", dt.date(int(name[:4]), 3 * int(name[-1]) - 2, 1), locale=locale))
    return name if _YEAR.fullmatch(name) else None
