"""Holds a sentence against the passages that it cites: its figures, dates and names, and how near it is in meaning.

A figure, a date or a name that stands in none of them decides by itself. What is left must be as near to a sentence of
theirs as nearly all supported ones are. That tells what is about something else, and hardly what turns a statement
round: docs/models.md has the measurements, and what else was tried.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
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
_WORD = re.compile(r"[^\W_]+")
# What no sentence of an answer has any business with: addresses, markup, the marks of templates and of citations.
_MARKUP = re.compile(r"\w+://|\bwww\.|javascript:|[<>|`\[\]{}‹›¦]|!\(")


class Source(NamedTuple):
    """What a claim cites: a stretch of a document, in its language, with the document's date."""

    text: str
    language: str
    date: dt.date | None = None


class Verdict(NamedTuple):
    """Whether a claim stands: what of it is told nowhere, how near it is, and to which source and sentence of that."""

    missing: tuple[str, ...]
    cosine: float
    is_near: bool
    source: int = 0
    sentence: Span = Span(0, 0)

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
        missing = (
            *(match.group() for match in _MARKUP.finditer(claim)),
            *_missing_figures(claim, language, sources),
            *_missing_names(claim, language, sources),
        )
        cosine, number, sentence = self._nearest(claim, sources)
        least = NEAR if sources[number].language == language else NEAR_ACROSS
        return Verdict(tuple(missing), cosine, cosine >= least, number, sentence)

    def _nearest(self, claim: str, sources: Sequence[Source]) -> tuple[float, int, Span]:
        """Return the cosine of the claim and the nearest sentence, the number of its source, and its place there."""
        spans = [split(source.text, source.language) or [Span(0, len(source.text))] for source in sources]
        encoded = self._encoder.embed_passages([claim, *(source.text for source in sources)], [[], *spans])
        cosines = encoded.sentences @ encoded.passages[0]
        best = int(np.argmax(cosines))
        firsts = [0, *accumulate(map(len, spans))]
        number = int(np.searchsorted(firsts, best, side="right")) - 1
        return float(cosines[best]), number, spans[number][best - firsts[number]]


def _missing_figures(claim: str, language: str, sources: Sequence[Source]) -> Iterator[str]:
    """Yield the figures and dates of a claim that no source has, in whatever form."""
    known = [fact for source in sources for fact in facts.find(source.text, source.language, source.date)]
    for fact in facts.find(claim, language):
        if not any(_is_told(fact, other) for other in known):
            yield fact.text


def _is_told(fact: Fact, known: Fact) -> bool:
    """Tell whether a figure of a source says what one of a claim does: the same amount, or a time within that."""
    if isinstance(fact.value, Amount):
        return facts.same_value(fact, known)
    if not isinstance(known.value, Period):
        return False
    claimed, told = fact.value, known.value
    if claimed.name == told.name or told.name.endswith(claimed.name.removeprefix("XXXX")):
        return True
    if not (claimed.first and claimed.last and told.first and told.last):
        return False
    return claimed.first <= told.first and told.last <= claimed.last


def _missing_names(claim: str, language: str, sources: Sequence[Source]) -> Iterator[str]:
    """Yield the names of a claim that no source has, compared across scripts by how they sound.

    Chinese writes foreign names by their sound in characters, which no spelling tells: where one side is Chinese and
    the other is not, only what it writes in other letters is compared.
    """
    languages = {source.language for source in sources}
    if "zh" in languages and language != "zh":
        return
    known = {name for source in sources for name in _names(source)}
    for name in sorted(facts.names(claim, language).sure):
        if language == "zh" and languages != {"zh"} and name.startswith("country "):
            continue
        if len(name) >= SHORT and not any(_is_one_name(name, other) for other in known):
            yield name


def _names(source: Source) -> Iterator[str]:
    """Yield the keys of whatever may be a name in a source, also where it opens a sentence or is in capitals."""
    yield from facts.names(source.text, source.language).every
    for match in _WORD.finditer(source.text):
        word = match.group()
        if word != word.lower():
            yield facts.key(word)


def _is_one_name(name: str, other: str) -> bool:
    """Tell whether two keys are of one name; each is only the beginning of it."""
    if name == other:
        return True
    length = min(len(name), len(other))
    if name.startswith("country ") or other.startswith("country ") or length < SHORT:
        return False
    return fuzz.ratio(name[:length], other[:length]) >= ALIKE
