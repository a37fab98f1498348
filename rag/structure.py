"""What of a text belongs together, so that no passage ends within it if it need not.

Between two sentences stands a joint. How strong it is tells how much better a passage ends elsewhere: 1 is worth the
length of a whole passage, and a joint below 0 is a good place to end at.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from operator import attrgetter

from rag.types import Document, Span

# A passage ends in a list rather between its items than in one of them, and anywhere rather than behind a heading.
SECTION, NONE, WHOLE, ITEM, LINE_OF_CODE, HEADING = -0.2, 0.0, 1.0, 1.5, 2.0, 3.0

_LOOSE = 0.1
_ITEM = re.compile(r"(?:[-–—*+•‣◦▪·]|\(?(?:\d{1,3}|[^\W\d_])[.)])\s")
_INDENTED = re.compile(r"\n(?: {2,}|\t)[^\S\n]*$")
_INTRODUCES = re.compile(r"[:：]\**$")
_CAPTION = 120  # characters: a line of its own before code that is no longer names it


def headings(document: Document) -> frozenset[int]:
    """Return where the headings of a document begin; a section that goes on over the end of a page has none there."""
    pages = {place.start for place in document.places if place.kind == "page"}
    sections = (place for place in document.places if place.kind == "heading")
    return frozenset(
        place.start
        for place in sections
        if place.start not in pages or document.text.startswith(place.name, place.start)
    )


def joints(document: Document, headings: frozenset[int], spans: Sequence[Span]) -> list[float]:
    """Return how strong the joint before each sentence is, and 0 for the end."""
    if not spans:
        return [NONE]
    text = document.text
    found, in_item, in_quote = [NONE], _ITEM.match(text, spans[0].start) is not None, text[spans[0].start] == ">"
    for before, after in pairwise(spans):
        gap = text[before.end : after.start]
        begins_item = "\n" in gap and _ITEM.match(text, after.start) is not None
        still_quoted = in_quote and ("\n" not in gap or text[after.start] == ">")
        goes_on = in_item and not begins_item and ("\n" not in gap or _INDENTED.search(gap) is not None)
        if before.start in headings:
            found.append(HEADING)
        elif after.start in headings:
            found.append(SECTION)
        elif goes_on:
            found.append(ITEM)
        elif still_quoted or (begins_item and in_item):
            found.append(WHOLE)
        else:
            found.append(_in_code(document, before, after) or _on_the_next_line(text, before, gap))
        in_item = begins_item or goes_on
        in_quote = still_quoted or text[after.start] == ">"
    return [*found, NONE]


def loosened(joints: Sequence[float], ends: Sequence[int], size: int) -> list[float]:
    """Return weaker joints within what is longer than a passage: it is cut anyway, and best where passages are even.

    `ends` count tokens to the end of each sentence. A heading stays with what follows.
    """
    found = list(joints)
    first = 0
    for last in range(1, len(joints)):
        if joints[last] >= WHOLE:
            continue
        if ends[last - 1] - (ends[first - 1] if first else 0) > size:
            for number in range(first + 1, last):
                found[number] *= 1 if joints[number] == HEADING else _LOOSE
        first = last
    return found


def lines(text: str, span: Span) -> Iterator[Span]:
    """Yield the lines of code that are not blank, without the white space around them."""
    start = span.start
    for line in text[span.start : span.end].split("\n"):
        stripped = line.strip()
        if stripped:
            first = start + line.index(stripped)
            yield Span(first, first + len(stripped))
        start += len(line) + 1


def _in_code(document: Document, before: Span, after: Span) -> float:
    """Return the joint between two lines of code, or between code and the line above that names it."""
    number = bisect_right(document.code, after.start, key=attrgetter("start")) - 1
    if number < 0 or after.start >= document.code[number].end:
        return NONE
    if before.start >= document.code[number].start:
        return LINE_OF_CODE
    return WHOLE if before.end - before.start <= _CAPTION else NONE


def _on_the_next_line(text: str, before: Span, gap: str) -> float:
    """Return the joint to what a line announces, or to the next row between bars."""
    if "\n" not in gap:
        return NONE
    announces = _INTRODUCES.search(text, before.start, before.end) is not None
    is_row = "|" in gap and gap.count("\n") == 1
    return WHOLE if announces or is_row else NONE
