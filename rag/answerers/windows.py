"""Which parts of the hits the reader reads: the best sentences with some of what stands around them, up to a budget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from rag.reader import Text, sentences_of_tokens
from rag.types import Hit, Span

AROUND = 60  # tokens that a sentence and its neighbours in the same passage are read with
LONGEST = 200  # tokens of a text; what is longer is read in overlapping parts, as training had few as long
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
    costs = [0 for _ in hits]
    for number, sentence in _best_first(hits):
        more = taken[number] | set(_around(tokens[number], sentence))
        cost = sum(len(part) + overhead for part in _parts(tokens[number], more))
        if sum(costs) - costs[number] + cost <= budget or not any(taken):
            taken[number], costs[number] = more, cost
    return [
        Part(number, _text(hit, passage, part))
        for number, (hit, passage) in enumerate(zip(hits, passages, strict=True))
        for part in _parts(tokens[number], taken[number])
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
    """Yield the tokens that end in each sentence: one takes in the space before it, which is the sentence's before."""
    ends = [end for _, end in passage.offsets]
    for start, end in hit.passage.sentences:
        yield range(bisect_right(ends, start - hit.passage.start), bisect_right(ends, end - hit.passage.start))


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


def _parts(tokens: Sequence[range], sentences: set[int]) -> Iterator[range]:
    """Yield the tokens of the sentences as parts of at most LONGEST: neighbours together as long as they fit."""
    for run in _runs(sentences):
        part = tokens[run.start]
        for sentence in run[1:]:
            if tokens[sentence].stop - part.start > LONGEST:
                yield from _cut(part)
                part = tokens[sentence]
            part = range(part.start, tokens[sentence].stop)
        yield from _cut(part)


def _cut(tokens: range) -> Iterator[range]:
    """Yield what is longer than LONGEST in overlapping parts."""
    for start in range(tokens.start, max(tokens.start + 1, tokens.stop - OVERLAP), LONGEST - OVERLAP):
        part = range(start, min(start + LONGEST, tokens.stop))
        if part:
            yield part


def _text(hit: Hit, passage: Text, part: range) -> Text:
    """Return some of a passage's tokens with offsets into the document and the sentence of each."""
    shift = hit.passage.start
    offsets = [Span(first + shift, last + shift) for first, last in passage.offsets[part.start : part.stop]]
    return Text(passage.ids[part.start : part.stop], offsets, sentences_of_tokens(offsets, hit.passage.sentences))
