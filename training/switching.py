"""Puts words of another language into questions and windows, so that what was learned in one serves both.

Code-switching after Qin et al. 2020, «CoSDA-ML»: most words of the question, or some of the window, or both, are
exchanged for their translations by `training.lexicon`. Answers and names stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

import regex

from rag.types import Span
from training.entities import opens_sentence

Words = Mapping[str, Sequence[str]]  # word -> translations

# How often a word of the question, of the window is exchanged, by share of the examples that are switched.
PLACES = ((0.45, 0.8, 0.0), (0.25, 0.0, 0.5), (0.30, 0.8, 0.5))
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")


def switched(question: str, text: str, answer: Span | None, words: Words, rng: Random) -> tuple[str, str, Span | None]:
    """Return question, text and the answer's span with some words exchanged."""
    ((_, asked, read),) = rng.choices(PLACES, [share for share, *_ in PLACES])
    question = "".join(_exchanged(question, Span(0, len(question)), asked, words, rng))
    if answer is None:
        return question, "".join(_exchanged(text, Span(0, len(text)), read, words, rng)), None
    before = "".join(_exchanged(text, Span(0, answer.start), read, words, rng))
    after = "".join(_exchanged(text, Span(answer.end, len(text)), read, words, rng))
    inside = text[answer.start : answer.end]
    return question, before + inside + after, Span(len(before), len(before) + len(inside))


def _exchanged(text: str, part: Span, share: float, words: Words, rng: Random) -> Iterator[str]:
    """Yield a part of a text in pieces, with that share of the words that have translations exchanged."""
    position = part.start
    for match in _WORD.finditer(text, *part):
        word = match.group()
        is_name = word[0].isupper() and not opens_sentence(text, match.start())
        found = words.get(word.lower())
        if found and not is_name and rng.random() < share:
            other = rng.choice(found)
            yield text[position : match.start()]
            yield other[0].upper() + other[1:] if word[0].isupper() else other
            position = match.end()
    yield text[position : part.end]
