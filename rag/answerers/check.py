"""Holds a sentence against the passages that it cites: its figures, dates and names, and how near it is in meaning.

A figure, a date or a name that stands in none of them decides by itself. What is left must be as near to a sentence of
theirs as nearly all supported ones are. That tells what is about something else, and hardly what turns a statement
round: docs/models.md has the measurements, and what else was tried.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from itertools import accumulate, combinations, pairwise
from typing import NamedTuple

import numpy as np
from babel import Locale, localedata
from rapidfuzz import fuzz

from rag import facts
from rag.encoder import Encoder
from rag.facts import Amount, Fact, Period
from rag.sentences import split
from rag.types import Span

# Cosines below which 5 % of the supported claims of tests/claims/develop.txt lie, in one language and across languages.
NEAR, NEAR_ACROSS = 0.798, 0.764
SHORT = 3  # letters; of fewer, as of Ци and Qi, transliterations share none
ALIKE = 70  # of 100, by which two names are one, spelt or transliterated in two ways
NOUNS_IN_CAPITALS = frozenset({"de", "lb"})
_WORD = re.compile(r"[^\W_]+")
_NUMBER = re.compile(r"(?<![\w.,])\d+(?![\w]|[.,]\d)")
_QUOTED = re.compile(r"[«“„\"][^«»“”„\"]{1,60}[»”“\"]")
# Crowns whose country is not said, «крона», may be those of any.
_CROWNS = [{"XXX", country} for country in ("CZK", "DKK", "ISK", "NOK", "SEK")]
# What no sentence of an answer has any business with: addresses, markup, the marks of templates and of citations.
_MARKUP = re.compile(r"\w+://|\bwww\.|javascript:|[<>|`\[\]{}‹›¦]|!\(")


class Source(NamedTuple):
    """What a claim cites: a stretch of a document, in its language, with the document's date.

    `sentences` are places in the text that may be cited; it is split where they are not known.
    """

    text: str
    language: str
    date: dt.date | None = None
    sentences: tuple[Span, ...] = ()


class Verdict(NamedTuple):
    """Whether a claim stands: what of it is told nowhere, how near it is, and the sentence of each source to cite."""

    missing: tuple[str, ...]
    cosine: float
    is_near: bool
    nearest: tuple[Span, ...] = ()

    @property
    def is_supported(self) -> bool:
        return self.is_near and not self.missing


class Checker:
    """Checks claims by rules and by the encoder. Safe to share between threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def check(self, claim: str, language: str, sources: Sequence[Source]) -> Verdict:
        """Hold a claim against what it cites. One that cites nothing is not supported."""
        if not sources:
            return Verdict((), 0.0, is_near=False)
        claimed = facts.find(claim, language)
        known = [facts.find(source.text, source.language, source.date) for source in sources]
        missing = (
            *(match.group() for match in _MARKUP.finditer(claim)),
            *_missing_figures(claimed, sources, known),
            *_missing_numerals(claim, sources),
            *missing_names(claim, language, sources),
        )
        cosines, nearest = zip(*self._nearest(claim, sources, claimed, known), strict=True)
        best = int(np.argmax(cosines))
        least = NEAR if sources[best].language == language else NEAR_ACROSS
        return Verdict(tuple(missing), cosines[best], cosines[best] >= least, nearest)

    def _nearest(
        self, claim: str, sources: Sequence[Source], claimed: Sequence[Fact], known: Sequence[Sequence[Fact]]
    ) -> Iterator[tuple[float, Span]]:
        """Yield for each source the cosine of the claim and its nearest sentence, and the place of that to cite.

        That is the nearest of the sentences that tell most of the figures of the claim: they are to be seen there.
        """
        spans = [_sentences(source) for source in sources]
        encoded = self._encoder.embed_passages([claim, *(source.text for source in sources)], [[], *spans])
        cosines = encoded.sentences @ encoded.passages[0]
        each = np.split(cosines, list(accumulate(map(len, spans)))[:-1])
        for places, found, some in zip(spans, known, each, strict=True):
            told = [_told(claimed, facts.inside(found, place)) for place in places]
            best = max(range(len(places)), key=lambda number: (told[number], some[number]))
            yield float(some.max()), places[best]


def _sentences(source: Source) -> Sequence[Span]:
    return source.sentences or split(source.text, source.language) or [Span(0, len(source.text))]


def _told(claimed: Sequence[Fact], known: Sequence[Fact]) -> int:
    """Return how many of the figures of a claim are told."""
    return len(claimed) - len(_untold(claimed, known))


def _untold(claimed: Sequence[Fact], known: Sequence[Fact]) -> list[Fact]:
    return [fact for fact in claimed if not any(_is_told(fact, other) for other in known)]


def _missing_figures(
    claimed: Sequence[Fact], sources: Sequence[Source], known: Sequence[Sequence[Fact]]
) -> Iterator[str]:
    """Yield the figures and dates of a claim that no source has, in whatever form, nor any two by sum or difference."""
    told = [fact for found in known for fact in found]
    untold = _untold(claimed, told)
    if untold:
        unread = {number for source, found in zip(sources, known, strict=True) for number in _unread(source, found)}
        yield from (fact.text for fact in _untold(untold, list(_worked_out(told))) if fact.text not in unread)


def _missing_numerals(claim: str, sources: Sequence[Source]) -> Iterator[str]:
    """Yield numerals that are no digits, as «⑨» and «½», and stand in no source; but not those of «km²»."""
    told = "".join(source.text for source in sources)
    for before, character in pairwise(f" {claim}"):
        if unicodedata.category(character) in ("No", "Nl") and not before.isalpha() and character not in told:
            yield character


def _unread(source: Source, found: Sequence[Fact]) -> Iterator[str]:
    """Yield the numbers of a source that are part of no figure found in it, as those of a score, «2-0»."""
    for match in _NUMBER.finditer(source.text):
        if not any(fact.start < match.end() and match.start() < fact.end for fact in found):
            yield match.group()


def _worked_out(known: Sequence[Fact]) -> Iterator[Fact]:
    """Yield sums and differences of each two amounts of one unit, and the years between each two dates."""
    for one, other in combinations(known, 2):
        if isinstance(one.value, Amount) and isinstance(other.value, Amount):
            if (one.kind, one.unit) == (other.kind, other.unit) and not (one.value.is_range or other.value.is_range):
                step = max(one.value.step, other.value.step)
                for number in (one.value.low + other.value.low, abs(one.value.low - other.value.low)):
                    yield replace(one, value=Amount(number, number, step))
        elif isinstance(one.value, Period) and isinstance(other.value, Period):
            yield from _years_between(one, one.value, other.value)
    for fact in known:
        if isinstance(fact.value, Period):
            yield from _years_between(fact, fact.value, fact.value)


def _years_between(fact: Fact, one: Period, other: Period) -> Iterator[Fact]:
    """Yield how many years lie between two times, or between the first and the last day of one."""
    if one.first and other.last and one.first.year != other.last.year:
        years = Decimal(abs(other.last.year - one.first.year))
        yield replace(fact, kind="quantity", value=Amount(years, years, Decimal(1)), unit="year")


def _is_told(fact: Fact, known: Fact) -> bool:
    """Tell whether a figure of a source says what one of a claim does: the same amount, or a time within that."""
    if isinstance(fact.value, Amount):
        if {fact.unit, known.unit} in _CROWNS:
            fact = replace(fact, unit=known.unit)
        return facts.same_value(fact, known)
    if not isinstance(known.value, Period):
        return False
    claimed, told = fact.value, known.value
    if claimed.name == told.name or told.name.endswith(claimed.name.removeprefix("XXXX")):
        return True
    if not (claimed.first and claimed.last and told.first and told.last):
        return False
    return claimed.first <= told.first and told.last <= claimed.last


def missing_names(claim: str, language: str, sources: Sequence[Source]) -> Iterator[str]:
    """Yield the keys of the names of a claim that no source has, compared across scripts by how they sound.

    Chinese writes foreign names by their sound in characters, which no spelling tells: where one side is Chinese and
    the other is not, only what it writes in other letters is compared. In German every noun has a capital letter.
    """
    if language in NOUNS_IN_CAPITALS:
        return
    languages = {source.language for source in sources}
    if "zh" in languages and language != "zh":
        return
    known = {name for source in sources for name in _names(source)}
    followed = _followed(claim)
    for name in sorted(facts.names(claim, language).sure - _weekdays(language)):
        if language == "zh" and languages != {"zh"} and name.startswith("country "):
            continue
        last = followed.get(name, name)
        if len(name) >= SHORT and not any(_is_one_name(one, other) for one in {name, last} for other in known):
            yield name


def _followed(claim: str) -> dict[str, str]:
    """Map the words of each name of several by their keys to the last, which tells: «Pyotr Zimin», «Lake Baikal»."""
    followed: dict[str, str] = {}
    run: list[str] = []
    end = 0
    for match in _WORD.finditer(claim):
        if match.group()[0].isupper():
            run = [*(run if claim[end : match.start()] == " " else ()), facts.key(match.group())]
            followed |= dict.fromkeys(run, run[-1])
            end = match.end()
    return followed


@cache
def _weekdays(language: str) -> frozenset[str]:
    """Return the keys of the days of the week, which are in capitals in English and name nobody."""
    days = Locale(language).days["format"]["wide"].values() if localedata.exists(language) else ()
    return frozenset(facts.key(day) for day in days)


def _names(source: Source) -> Iterator[str]:
    """Yield the keys of whatever may be a name in a source, also where it opens a sentence, is in capitals or quoted.

    Of a quoted name, «Северная нить», only the first word may have a capital letter.
    """
    yield from facts.names(source.text, source.language).every
    for match in _WORD.finditer(source.text):
        word = match.group()
        if word != word.lower():
            yield facts.key(word)
    for quoted in _QUOTED.finditer(source.text):
        yield from (facts.key(match.group()) for match in _WORD.finditer(quoted.group()))


def _is_one_name(name: str, other: str) -> bool:
    """Tell whether two keys are of one name; each is only the beginning of it."""
    if name == other:
        return True
    length = min(len(name), len(other))
    if name.startswith("country ") or other.startswith("country ") or length < SHORT:
        return False
    return fuzz.ratio(name[:length], other[:length]) >= ALIKE
