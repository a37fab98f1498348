"""Document -> passages: runs of whole sentences, sized in tiktoken's tokens, with exact offsets.

Between them, passages cover every character that is neither boilerplate nor the white space around sentences. A
sentence is cut only when it is longer than a passage. No passage has more of the encoder's own tokens than fit.
"""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from rag import models, sentences
from rag.types import Document, Passage, Span

CountTokens = Callable[[Sequence[str]], list[int]]


def split_document(
    document: Document, *, size: int, overlap: int, capacity: int, count_tokens: CountTokens
) -> list[Passage]:
    """Split a document into passages of at most `size` tokens, whole sentences of up to `overlap` shared.

    `capacity` is the most of the encoder's own tokens (`count_tokens`) that a passage may have.
    """
    passages: list[Passage] = []
    for block in _content(document):
        spans = _fitting_sentences(document, block, size, capacity, count_tokens)
        costs = _count(document.text, spans)
        for first, last in _windows(costs, size, overlap):
            passages.extend(_fitted(document, spans[first:last], capacity, count_tokens))
    return passages


def _content(document: Document) -> Iterator[Span]:
    """Yield the stretches between boilerplate."""
    start = 0
    for span in (*document.boilerplate, Span(len(document.text), len(document.text))):
        if start < span.start:
            yield Span(start, span.start)
        start = max(start, span.end)


def _fitting_sentences(
    document: Document, block: Span, size: int, capacity: int, count_tokens: CountTokens
) -> list[Span]:
    """Split a block into sentences, and those that are too long into pieces that fit."""
    text = document.text[block.start : block.end]
    spans = [Span(block.start + a, block.start + b) for a, b in sentences.split(text, document.language)]
    pieces: list[Span] = []
    for span, cost in zip(spans, _count(document.text, spans), strict=True):
        fits = cost <= size and _fits(document.text[span.start : span.end], capacity, count_tokens)
        pieces.extend([span] if fits else _pieces(document.text, span, size, capacity, count_tokens))
    return pieces


def _fits(text: str, capacity: int, count_tokens: CountTokens) -> bool:
    """Tell whether a text fits the encoder; most are so short that they need not be tokenised to know."""
    characters = len(unicodedata.normalize("NFKC", text))  # at most one token each, and one for the start
    return characters < capacity or count_tokens([text])[0] <= capacity


def _pieces(text: str, span: Span, size: int, capacity: int, count_tokens: CountTokens) -> Iterator[Span]:
    """Cut a long sentence after white space where there is any, into pieces that fit."""
    start = span.start
    for token_end in _token_cuts(text, span, size):
        end = _last_gap(text, start, token_end) if token_end < span.end else token_end
        if end > start:
            yield from _halved(text, Span(start, end), capacity, count_tokens)
            start = end
    if start < span.end:
        yield from _halved(text, Span(start, span.end), capacity, count_tokens)


def _token_cuts(text: str, span: Span, size: int) -> list[int]:
    """Return the character positions at which every `size` tokens of a long sentence end."""
    starts = _token_starts(text[span.start : span.end])
    return [span.start + starts[i] for i in range(size, len(starts), size)]


def _token_starts(text: str) -> list[int]:
    """Return the character at which each token starts; `decode_with_offsets` is exact where tokens cut characters."""
    encoding = models.tokens()
    return encoding.decode_with_offsets(encoding.encode_ordinary(text))[1]


def _last_gap(text: str, start: int, end: int) -> int:
    """Return the last position after white space in the second half of a piece, or its end."""
    for position in range(end, (start + end) // 2, -1):
        if text[position - 1].isspace():
            return position
    return end


def _halved(text: str, span: Span, capacity: int, count_tokens: CountTokens) -> Iterator[Span]:
    """Halve a piece until each half fits the encoder; one character always counts as fitting."""
    if span.end - span.start == 1 or _fits(text[span.start : span.end], capacity, count_tokens):
        yield span
        return
    middle = (span.start + span.end) // 2
    yield from _halved(text, Span(span.start, middle), capacity, count_tokens)
    yield from _halved(text, Span(middle, span.end), capacity, count_tokens)


def _count(text: str, spans: Sequence[Span]) -> list[int]:
    encode = models.tokens().encode_ordinary
    return [len(encode(text[start:end])) for start, end in spans]


def _windows(costs: Sequence[int], size: int, overlap: int) -> Iterator[Span]:
    """Yield ranges of sentences: as even in length as whole sentences allow, never over `size` tokens.

    Filling passages to the brim would leave a stump at the end of most documents.
    """
    ends = list(accumulate(costs))
    first = 0
    while first < len(costs):
        before = ends[first - 1] if first else 0
        left = ends[-1] - before
        windows = max(1, math.ceil((left - overlap) / (size - overlap)))
        target = before + math.ceil((left + (windows - 1) * overlap) / windows)
        last = min(bisect_left(ends, target) + 1, bisect_right(ends, before + size))
        last = max(last, first + 1)
        yield Span(first, last)
        if last == len(costs):
            return
        first = max(bisect_left(ends, ends[last - 1] - overlap, lo=first) + 1, first + 1) if overlap else last


def _fitted(document: Document, spans: Sequence[Span], capacity: int, count_tokens: CountTokens) -> Iterator[Passage]:
    """Yield the passage of these sentences, or of halves of them where the whole does not fit the encoder."""
    text = document.text[spans[0].start : spans[-1].end]
    if len(spans) > 1 and not _fits(text, capacity, count_tokens):
        yield from _fitted(document, spans[: len(spans) // 2], capacity, count_tokens)
        yield from _fitted(document, spans[len(spans) // 2 :], capacity, count_tokens)
        return
    yield Passage(document.id, spans[0].start, spans[-1].end, text, document.language, tuple(spans))
