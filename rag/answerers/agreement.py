"""Whether two short answers say the same: figures and dates by their values, what has none by its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from rag import facts
from rag.facts import Amount, Fact, Period
from rag.languages import UNKNOWN
from rag.normalisation import normalise

_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[^\w\s.,%]+(?=\d)")
_ANY_UNIT = {None, "XXX"}  # no unit, and crowns of whatever country
_NEGATING = {
    "en": "not no never none nor without",
    "ru": "не ни нет без никогда",
    "uk": "ні немає ніколи",
    "no": "ikke ikkje ingen aldri uten",
    "da": "uden aldrig",
    "sv": "inte ingen aldrig utan",
    "de": "nicht kein keine keinen nie ohne",
}
_NEGATIONS = frozenset(" ".join(_NEGATING.values()).split())


def says_the_same(one: str, other: str, languages: tuple[str, str] = (UNKNOWN, UNKNOWN)) -> bool:
    """Tell whether two answers, each in its language, have the same figures and dates, or else most words, in common.

    What the one tells less of, the other has to tell all of: «4 May 1911» has the «1911» of another, but not the day of
    «5 May 1911». Where a language is not known, bare numbers are compared.

    >>> says_the_same("$14 млрд", "14 milliarder dollar", ("ru", "no")), says_the_same("3 million", "3 billion")
    (True, True)
    >>> says_the_same("3 million", "3 billion", ("en", "en"))
    False
    """
    told = [] if UNKNOWN in languages else list(_compared(one, other, languages))
    if told:
        return all(told)
    numbers, others = _numbers(one), _numbers(other)
    if numbers or others:
        return bool(numbers and others) and (numbers <= others or others <= numbers)
    return _has_most_words(one, other)


def _compared(one: str, other: str, languages: tuple[str, str]) -> Iterator[bool]:
    """Yield whether the amounts are the same, and whether the dates are, where both texts have such."""
    each = _facts(one, languages[0]), _facts(other, languages[1])
    for kind, is_same in ((Amount, _is_one_amount), (Period, _is_one_time)):
        fewer, more = sorted(([fact for fact in found if isinstance(fact.value, kind)] for found in each), key=len)
        if fewer:
            yield _has_all(fewer, more, is_same)


@lru_cache(maxsize=1024)
def _facts(text: str, language: str) -> tuple[Fact, ...]:
    return tuple(facts.find(text, language))


def _has_all(fewer: Sequence[Fact], more: Sequence[Fact], is_same: Callable[[Fact, Fact], bool]) -> bool:
    return all(any(is_same(fact, other) for other in more) for fact in fewer)


def _is_one_amount(one: Fact, other: Fact) -> bool:
    """Tell whether two amounts are the same, converted where their units differ; a table may leave out one's."""
    assert isinstance(one.value, Amount)
    assert isinstance(other.value, Amount)
    if one.unit != other.unit and not {one.unit, other.unit} & _ANY_UNIT:
        return facts.same_value(one, other)
    return (one.value.low, one.value.high) == (other.value.low, other.value.high)


def _is_one_time(one: Fact, other: Fact) -> bool:
    """Tell whether two times are the same, one is within the other, or begins or ends it."""
    assert isinstance(one.value, Period)
    assert isinstance(other.value, Period)
    times = one.value, other.value
    for (name, first, last), (their, begins, ends) in (times, times[::-1]):
        if name in their.split("/") or their.endswith(name.removeprefix("XXXX")):
            return True
        if "/" not in name and first and last and begins and ends and first <= begins and ends <= last:
            return True
    return False


def _numbers(text: str) -> set[str]:
    """Return the numbers of a text; the parts of a date, «07.05.2020», are numbers of their own."""
    found = _DIGITS.findall(normalise(_BETWEEN_DIGITS.sub(" ", text)))
    parts = (number.split(".") if number.count(".") > 1 else [number] for number in found)
    return {part.lstrip("0") or "0" for each in parts for part in each}


def _has_most_words(one: str, other: str) -> bool:
    """Tell whether two answers have most words of the shorter one in common, and each no name that the other lacks."""
    words, their = set(normalise(one).split()), set(normalise(other).split())
    if bool(words & _NEGATIONS) != bool(their & _NEGATIONS):
        return False
    if 2 * len(words & their) <= min(len(words), len(their)):
        return False
    return not (_names(one) - their and _names(other) - words)


def _names(text: str) -> set[str]:
    """Return the words that are not in small letters."""
    return set(normalise(" ".join(word for word in text.split() if not word.islower())).split())
