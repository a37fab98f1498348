"""Crops a text to a window of whole sentences of random size, with the answer at a random place in it."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from rag.types import Span

# Tokens of question and window together: share of examples, from, to. The reader meets both a few good sentences and
# whole passages.
SIZES = ((0.35, 64, 112), (0.40, 112, 184), (0.25, 184, 288))
LIMIT = 320  # tokens of a window whose one sentence is longer than all of that


class Draft(NamedTuple):
    """A question and a whole text; the window will hold `focus`, which is the answer where there is one."""

    question: str
    text: str
    sentences: list[Span]
    answer: Span | None
    focus: Span | None
    kind: str


class Window(NamedTuple):
    """The cropped text, and the answer in it."""

    text: str
    answer: Span | None


class Ruler:
    """Measures texts in tokens."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.starts = lru_cache(maxsize=50_000)(self._starts)

    def _starts(self, text: str) -> npt.NDArray[np.int32]:
        """Return where each token of a text starts."""
        return np.array(
            [start for start, _ in self._tokenizer.encode(text, add_special_tokens=False).offsets], np.int32
        )

    def count(self, text: str, span: Span) -> int:
        """Return how many tokens start in a span."""
        first, last = np.searchsorted(self.starts(text), span)
        return int(last - first)

    def length(self, text: str) -> int:
        """Return how many tokens a text has."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)


def crop(draft: Draft, ruler: Ruler, rng: Random) -> Window:
    """Cut the window around the focus (or any sentence) out of the draft's text."""
    room = _draw_size(rng) - ruler.length(draft.question) - 4
    focus = draft.focus or rng.choice(draft.sentences)
    span = _grow(draft, focus, room, ruler, rng)
    if ruler.count(draft.text, span) > LIMIT:
        span = _narrow(draft.text, focus, ruler, rng)
    answer = draft.answer and Span(draft.answer.start - span.start, draft.answer.end - span.start)
    return Window(draft.text[span.start : span.end], answer)


def _draw_size(rng: Random) -> int:
    (_, low, high), *_ = rng.choices(SIZES, [share for share, _, _ in SIZES])
    return rng.randint(low, high)


def _grow(draft: Draft, focus: Span, room: int, ruler: Ruler, rng: Random) -> Span:
    """Return the focus's sentences and as many on both sides as there is room for."""
    sentences = draft.sentences
    touched = [n for n, (start, end) in enumerate(sentences) if start < focus.end and end > focus.start]
    first, last = (touched[0], touched[-1]) if touched else (0, len(sentences) - 1)
    counts = [ruler.count(draft.text, sentence) for sentence in sentences]
    room -= sum(counts[first : last + 1])
    left_share = rng.betavariate(0.5, 0.5)  # most often near 0 or 1: the answer stands at the edge as often as inside
    while first > 0 or last + 1 < len(sentences):
        go_left = first > 0 and (last + 1 == len(sentences) or rng.random() < left_share)
        room -= counts[first - 1 if go_left else last + 1]
        if room < 0:
            break
        first, last = (first - 1, last) if go_left else (first, last + 1)
    return Span(min(sentences[first].start, focus.start), max(sentences[last].end, focus.end))


def _narrow(text: str, focus: Span, ruler: Ruler, rng: Random) -> Span:
    """Return LIMIT tokens with the focus at a random place: the sentence is too long to be read whole."""
    starts = ruler.starts(text)
    first, last = (int(n) for n in np.searchsorted(starts, focus))
    last = min(last, first + LIMIT)
    begin = rng.randint(max(0, last - LIMIT), first)
    end = begin + LIMIT
    stop = int(starts[end]) if end < len(starts) else len(text)
    return Span(min(int(starts[begin]), focus.start), max(stop, focus.end))
