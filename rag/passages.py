"""Document -> passages: runs of whole sentences, sized in tiktoken's tokens, with exact offsets.

Lists, tables, quotations and code stay whole where they fit, with the line that introduces them; a heading stays with
what follows, and its section begins a passage where that makes no stump. What stands above a passage goes with it.

Between them, passages cover every character that is neither boilerplate nor the white space around sentences. A
sentence is cut only when it is longer than a passage. No passage reaches over the end of a row, a record, a slide,
a message or a file in an archive. No passage has more of the encoder's own tokens than fit.
"""

from __future__ import annotations

import math
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from operator import attrgetter
from typing import NamedTuple

from rag import languages, models, sentences, structure
from rag.places import place_of
from rag.types import Document, Passage, Place, PlaceKind, Span

_ALONE: frozenset[PlaceKind] = frozenset(
    {"member", "message", "attachment", "slide", "notes", "sheet", "row", "record"}
)

_NAMING: frozenset[PlaceKind] = frozenset({"heading", "slide", "sheet", "message", "record"})
_BELOW = " › "
_CONTEXT = 120  # characters of names, and so tokens at most, that are read before a passage

CountTokens = Callable[[Sequence[str]], list[int]]


class _Room(NamedTuple):
    """What a passage may hold at most."""

    size: int  # in tiktoken's tokens
    capacity: int  # in the encoder's own
    count_tokens: CountTokens

    def fits(self, text: str) -> bool:
        return len(models.tokens().encode_ordinary(text)) <= self.size and self._fits_encoder(text)

    def _fits_encoder(self, text: str) -> bool:
        """Tell whether a text fits the encoder; many are so short that they need not be tokenised to know."""
        characters = len(unicodedata.normalize("NFKC", text))  # at most one token each, and one for the start
        return characters < self.capacity or self.count_tokens([text])[0] <= self.capacity


def split_document(
    document: Document, *, size: int, overlap: int, capacity: int, count_tokens: CountTokens
) -> list[Passage]:
    """Split a document into passages of at most `size` tokens, whole sentences of up to `overlap` shared.

    `capacity` is the most of the encoder's own tokens (`count_tokens`) that a passage may have.
    """
    has_context = document.is_titled or any(place.kind in _NAMING for place in document.places)
    room = _Room(size, max(capacity - _CONTEXT, capacity // 2) if has_context else capacity, count_tokens)
    headings = structure.headings(document)
    passages: list[Passage] = []
    for block in _content(document):
        spans = _whole_row(document, block, room) or _fitting_sentences(document, block, room)
        joints = structure.joints(document, headings, spans)
        for first, last in _windows(document.text, spans, joints, room, overlap):
            start, end = spans[first].start, spans[last - 1].end
            text = document.text[start:end]
            language = languages.detect_part(text, document.language)
            context = context_of(document, Span(start, end))
            passages.append(Passage(document.id, start, end, text, language, tuple(spans[first:last]), context))
    return passages


def context_of(document: Document, span: Span) -> str:
    """Return what stands above a passage and holds for it, as a line to read before it: the title, the headings.

    Those that the passage itself begins with are left out, and of a long path what is farthest up.
    """
    names = [place.name for place in place_of(document, span) if _is_above(place, document.text, span)]
    names = [document.title, *names] if document.is_titled else names
    if not names:
        return ""
    begins = _letters(document.text[span.start : min(span.end, span.start + 2 * _CONTEXT)])
    distinct = {_letters(name): name for name in names}
    names = [name for letters, name in distinct.items() if letters and not begins.startswith(letters)]
    while sum(map(len, names)) + len(_BELOW) * len(names) > _CONTEXT:
        del names[0]
    return _BELOW.join(names) + "\n" if names else ""


def _is_above(place: Place, text: str, span: Span) -> bool:
    """Tell whether a place has a name to go with a passage; a record's stands in it, and in one of its passages."""
    is_in_it = place.kind == "record" and text.find(place.name, span.start, span.end) >= 0
    return place.kind in _NAMING and bool(place.name) and not is_in_it


def _letters(name: str) -> str:
    """Return by what two spellings of a name are alike."""
    return "".join(filter(str.isalnum, name)).casefold()


def _content(document: Document) -> Iterator[Span]:
    """Yield the stretches between boilerplate, cut where something begins or ends that stands for itself."""
    cuts = sorted({edge for place in document.places if place.kind in _ALONE for edge in (place.start, place.end)})
    start = 0
    for span in (*document.boilerplate, Span(len(document.text), len(document.text))):
        inner = cuts[bisect_right(cuts, start) : bisect_left(cuts, span.start)] if start < span.start else []
        yield from (Span(*each) for each in pairwise([start, *inner, span.start]) if each[0] < each[1])
        start = max(start, span.end)


def _whole_row(document: Document, block: Span, room: _Room) -> list[Span]:
    """Return the row of a sheet as one sentence, as its cells say nothing alone; nothing if it is none, or too long."""
    around = place_of(document, block)
    is_row = around and around[-1].kind == "row" and around[-1][1:3] == block
    return [block] if is_row and room.fits(document.text[block.start : block.end]) else []


def _fitting_sentences(document: Document, block: Span, room: _Room) -> list[Span]:
    """Split a block into sentences and lines of code, and those that are too long into pieces that fit."""
    pieces: list[Span] = []
    for span in _sentences(document, block):
        fits = room.fits(document.text[span.start : span.end])
        pieces.extend([span] if fits else _pieces(document.text, span, room))
    return pieces


def _sentences(document: Document, block: Span) -> Iterator[Span]:
    """Yield the sentences of a block; in code, which has none, the lines."""
    start = block.start
    first_code = bisect_left(document.code, block.start, key=attrgetter("end"))
    end_of_code = bisect_left(document.code, block.end, key=attrgetter("start"))
    for code in (*document.code[first_code:end_of_code], Span(block.end, block.end)):
        first, last = min(max(code.start, start), block.end), min(code.end, block.end)
        if first > start:
            found = sentences.split(document.text[start:first], document.language)
            yield from (Span(start + a, start + b) for a, b in found)
        if first < last:
            yield from structure.lines(document.text, Span(first, last))
        start = max(start, first, last)


def _pieces(text: str, span: Span, room: _Room) -> Iterator[Span]:
    """Cut a long sentence after white space where there is any, into pieces that fit and are not blank."""
    tokens = [span.start + start for start in _token_starts(text[span.start : span.end])]
    start = span.start
    while start < span.end:
        cut = bisect_left(tokens, start) + room.size
        end = _last_gap(text, start, max(tokens[cut], start + 1)) if cut < len(tokens) else span.end
        yield from (piece for piece in _halved(text, Span(start, end), room) if not text[slice(*piece)].isspace())
        start = end


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


def _halved(text: str, span: Span, room: _Room) -> Iterator[Span]:
    """Halve a piece until each half fits; one character always counts as fitting."""
    if span.end - span.start == 1 or room.fits(text[span.start : span.end]):
        yield span
        return
    middle = (span.start + span.end) // 2
    yield from _halved(text, Span(span.start, middle), room)
    yield from _halved(text, Span(middle, span.end), room)


def _costs(text: str, spans: Sequence[Span]) -> list[int]:
    """Return the tokens of each sentence along with the white space before it, which is part of a passage, too."""
    if not spans:
        return []
    bounds = [spans[0].start, *(span.end for span in spans)]
    return [len(models.tokens().encode_ordinary(text[start:end])) for start, end in pairwise(bounds)]


def _windows(text: str, spans: Sequence[Span], joints: Sequence[float], room: _Room, overlap: int) -> Iterator[Span]:
    """Yield ranges of sentences that fit: as even in length as whole sentences, and what belongs together, allow.

    Filling passages to the brim would leave a stump at the end of most documents.
    """
    ends = list(accumulate(_costs(text, spans)))
    joints = structure.loosened(joints, ends, room.size)
    first = last = 0
    while last < len(ends):
        done = last
        before = ends[first - 1] if first else 0
        left = ends[-1] - before
        windows = max(1, math.ceil((left - overlap) / (room.size - overlap)))
        target = before + math.ceil((left + (windows - 1) * overlap) / windows)
        furthest = max(bisect_right(ends, before + room.size) - 1, done) + 1
        last = _best_end(
            ends, joints, done, max(min(bisect_left(ends, target) + 1, furthest), done + 1), furthest, room
        )
        while last - first > 1 and not room.fits(text[spans[first].start : spans[last - 1].end]):
            first, last = (first, last - 1) if last - 1 > done else (first + 1, last)
        yield Span(first, last)
        begins_section = last < len(joints) and joints[last] < 0
        first = last if begins_section else min(bisect_left(ends, ends[last - 1] - overlap, lo=first) + 1, last)


def _best_end(ends: Sequence[int], joints: Sequence[float], done: int, even: int, furthest: int, room: _Room) -> int:
    """Return where a window ends best: near the `even` end, but not within what belongs together."""

    def cost(last: int) -> float:
        return joints[last] + abs(ends[last - 1] - ends[even - 1]) / room.size

    return min(range(done + 1, furthest + 1), key=lambda last: (cost(last), abs(last - even)))
