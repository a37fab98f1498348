"""Which parts of the hits the reader reads: the best sentences with some of what stands around them, up to a budget."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rag.reader import Text
from rag.types import Hit, Span

AROUND = 60  # tokens that a sentence and its neighbours in the same passage are read with
LONGEST = 320  # tokens of a text; what is longer is read in overlapping parts
OVERLAP = 64


class Part(NamedTuple):
    """A stretch of a hit's passage to read; `text` has offsets into the document."""

    hit: int
    text: Text


def choose(hits: Sequence[Hit], passages: Sequence[Text], overhead: int, budget: int) -> list[Part]:
    """Choose parts of the hits of at most `budget` tokens, each text costing `overhead` besides its own.

    `passages` are the tokens of the hits' texts. The best sentence is read whatever it costs.
    """
    tokens = [list(_sentence_tokens(hit, passage)) for hit, passage in zip(hits, passages, strict=True)]
    taken: list[set[int]] = [set() for _ in hits]
    for number, sentence in _best_first(hits):
        own = _around(tokens[number], sentence)
        new = set(own) - taken[number]
        touches = bool(taken[number] & set(range(own.start - 1, own.stop + 1)))
        cost = sum(len(tokens[number][one]) for one in new) + (0 if touches else overhead)
        if new and (cost <= budget or not any(taken)):
            taken[number] |= new
            budget -= cost
    return [
        Part(number, part)
        for number, (hit, passage) in enumerate(zip(hits, passages, strict=True))
        for run in _runs(taken[number])
        for part in _cut(passage, range(tokens[number][run.start].start, tokens[number][run.stop - 1].stop), hit)
    ]


def _best_first(hits: Sequence[Hit]) -> list[tuple[int, int]]:
    """Return hit and sentence of all sentences, best first."""
    scored = [
        (-score.score, number, sentence)
        for number, hit in enumerate(hits)
        for sentence, score in enumerate(hit.sentence_scores)
    ]
    return [(number, sentence) for _, number, sentence in sorted(scored)]


def _sentence_tokens(hit: Hit, passage: Text) -> Iterator[range]:
    """Yield the tokens that begin in each sentence."""
    starts = [start for start, _ in passage.offsets]
    for start, end in hit.passage.sentences:
        yield range(bisect_left(starts, start - hit.passage.start), bisect_left(starts, end - hit.passage.start))


def _around(tokens: Sequence[range], sentence: int) -> range:
    """Return the sentence with neighbours after and before it by turns, as long as they fit."""
    first, last, room = sentence, sentence + 1, AROUND - len(tokens[sentence])
    while True:
        if last < len(tokens) and len(tokens[last]) <= room:
            room -= len(tokens[last])
            last += 1
        elif first > 0 and len(tokens[first - 1]) <= room:
            first -= 1
            room -= len(tokens[first])
        else:
            return range(first, last)


def _runs(numbers: set[int]) -> Iterator[range]:
    """Yield the runs of consecutive numbers."""
    for _, group in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield range(run[0], run[-1] + 1)


def _cut(passage: Text, tokens: range, hit: Hit) -> Iterator[Text]:
    """Yield the tokens as texts of at most LONGEST tokens."""
    shift = hit.passage.start
    starts = [start for start, _ in hit.passage.sentences]
    for start in range(tokens.start, max(tokens.start + 1, tokens.stop - OVERLAP), LONGEST - OVERLAP):
        part = slice(start, min(start + LONGEST, tokens.stop))
        offsets = [Span(first + shift, last + shift) for first, last in passage.offsets[part]]
        if offsets:
            yield Text(passage.ids[part], offsets, [bisect_right(starts, first) for first, _ in offsets])
