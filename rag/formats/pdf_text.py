"""The lines of PDF pages as paragraphs: hyphenated words joined, what repeats from page to page told apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rag.formats.pdf_headings import Heading
from rag.formats.pdf_layout import Line

_APART = 0.6  # of a line's height between two lines: more begins a paragraph
_ANOTHER_SIZE = 0.15  # of the size of its type: a heading, a caption, a footnote
_SHORT = 0.85  # of the width of the column: a shorter line that ends a sentence ends a paragraph
_COLUMN = 50  # points
_INDENT = 0.8  # of a line's height
_EDGE = 2  # lines at the top and at the bottom of a page that may be running heads
_LONGEST_WORD = 60  # characters
_REPEATED = 3  # pages on which one has to stand
_SPACE = 0.3  # of a line's height, between two words

_ITEM = re.compile(r"(?:[-–—•·▪◦‣*]|\(?(?:\d{1,3}|[A-Za-zА-Яа-я])[.)])\s")
_GOES_ON = re.compile(r"\d{1,3}\.\s[^\W\d_A-ZА-Я]")  # as «17. mai» may within a sentence
_END = re.compile(r"[.!?…:;。！？][»”\"')\]]{0,2}$")
_HYPHENATED = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+|\b[ivxlcIVXLC]+\b")
_PAGE_NUMBER = re.compile(r"[^\w]*(\d+)(?:[^\w]+(\d+))?[^\w]*")  # «– 3 –», «3 / 12»
_AND = frozenset({"and", "og", "und", "och", "eller", "oder", "и", "или"})  # behind half a word: «Sør- og Nord-Norge»


class Paragraph(NamedTuple):
    """A run of text, a heading, or a line that stands on every page."""

    text: str
    is_running: bool = False
    level: int = 0  # of a heading, from 1


def paragraphs(pages: Sequence[Sequence[Line]], headings: Sequence[Sequence[Heading]]) -> Iterator[list[Paragraph]]:
    """Yield the paragraphs of each page, given which of its lines are headings."""
    words = Counter(word for page in pages for line in page for word in _inner_words(line.text))
    running = _running(pages)
    for number, (page, titles) in enumerate(zip(pages, headings, strict=True), 1):
        edges = {line for line in _edges(page) if _key(line) in running}
        edges |= {line for line in _outermost(page) if _is_page_number(line, number, len(pages))}
        yield list(_of_page(page, edges if len(edges) < len(page) else set(), titles, words))


def _of_page(
    page: Sequence[Line], running: set[Line], headings: Sequence[Heading], words: Counter[str]
) -> Iterator[Paragraph]:
    right: dict[int, float] = {}
    for line in page:
        right[_column(line)] = max(line.right, right.get(_column(line), 0.0))
    start = 0
    for heading in [*headings, Heading(len(page), len(page), 0)]:
        if running.isdisjoint(page[heading.first : heading.end]):
            yield from _of_text(page[start : heading.first], running, right, words)
            if heading.level:
                yield Paragraph(_joined(page[heading.first : heading.end], words), level=heading.level)
            start = heading.end


def _of_text(
    lines: Sequence[Line], running: set[Line], right: Mapping[int, float], words: Counter[str]
) -> Iterator[Paragraph]:
    """Yield the paragraphs between two headings."""
    run: list[Line] = []
    for line in lines:
        if run and (line in running or _begins(line, run[-1], right[_column(run[-1])])):
            yield Paragraph(_joined(run, words))
            run = []
        if line in running:
            yield Paragraph(line.text.strip(), is_running=True)
        else:
            run.append(line)
    if run:
        yield Paragraph(_joined(run, words))


def _column(line: Line) -> int:
    """Return by what the lines of one column are alike: about where they begin."""
    return round(line.left / _COLUMN)


def _begins(line: Line, before: Line, right: float) -> bool:
    """Tell whether a line begins a paragraph; `right` is where the longest line of the column ends."""
    height = max(min(line.height, before.height), 1.0)
    ended = _END.search(before.text.rstrip()) is not None
    would_fit = before.right + _SPACE * height + line.lead < right
    if abs(line.size - before.size) > _ANOTHER_SIZE * min(line.size, before.size):
        return True
    if _ITEM.match(line.text.lstrip()) and (ended or would_fit or not _GOES_ON.match(line.text.lstrip())):
        return True
    if line.bottom > before.top:  # in the next column
        return ended
    if before.bottom - line.top > _APART * height:
        return not _half(before.text.rstrip()) or not line.text[:1].islower()
    if _is_row(line) or _is_row(before):
        return True
    is_short = would_fit and before.right - before.left < _SHORT * (right - before.left)
    return ended and (is_short or line.left > before.left + _INDENT * height)


def _joined(lines: Sequence[Line], words: Counter[str]) -> str:
    """Return lines as one, with the hyphens at their ends left out where they only part a word."""
    parts: list[str] = []
    for line in lines:
        text = line.text.strip() if _is_row(line) else " ".join(line.text.split())
        half = _half(parts[-1]) if parts and text[:1].islower() else ""
        if half:
            parts[-1] = parts[-1][:-1] + _hyphen(half, text, words)
        elif parts:
            parts.append(" ")
        parts.append(text)
    return "".join(parts)


def _half(line: str) -> str:
    """Return the first half of a word that is parted at the end of a line, empty if none is."""
    match = _HYPHENATED.search(line[-_LONGEST_WORD:])
    return match[1] if match else ""


def _hyphen(half: str, after: str, words: Counter[str]) -> str:
    """Return the hyphen of a word that has one of its own: the document has it with it more often than without.

    Before a word for «and» it has, unless the document has both as one word.
    """
    second = re.match(r"[^\W\d_]+", after)
    other = second[0] if second else ""
    if other in _AND and not words[f"{half}{other}".lower()]:
        return "- "
    return "-" if words[f"{half}-{other}".lower()] > words[f"{half}{other}".lower()] else ""


def _is_row(line: Line) -> bool:
    """Tell whether a line has wide gaps, as between the cells of a table."""
    return "  " in line.text.strip()


def _inner_words(line: str) -> Iterable[str]:
    """Yield the words of a line in lower case; the last may be half a word and its hyphen."""
    return (match[0].lower().replace("\u2010", "-") for match in _WORD.finditer(line))


def _running(pages: Sequence[Sequence[Line]]) -> set[tuple[str, int]]:
    """Return what stands, but for its numbers, at the same height of several pages' tops or bottoms."""
    counts = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    return {key for key, count in counts.items() if count >= _REPEATED and not _is_data(key[0])}


def _is_data(line: str) -> bool:
    """Tell a row of numbers, of which a table has many alike, from the number of a page."""
    return line.count("#") > 2 and not any(map(str.isalpha, line))


def _edges(page: Sequence[Line]) -> list[Line]:
    """Return the uppermost and lowermost lines, unless the page has hardly any others."""
    down = sorted(page, key=lambda line: -line.top)
    return down[:_EDGE] + down[-_EDGE:] if len(down) > 2 * _EDGE else down[:1] + down[1:][-1:]


def _outermost(page: Sequence[Line]) -> list[Line]:
    """Return the uppermost and the lowermost line."""
    return [max(page, key=lambda line: line.top), min(page, key=lambda line: line.bottom)] if page else []


def _is_page_number(line: Line, number: int, count: int) -> bool:
    """Tell whether a line says nothing but which page it stands on, and of how many."""
    match = _PAGE_NUMBER.fullmatch(line.text)
    return match is not None and int(match[1]) == number and int(match[2] or count) == count


def _key(line: Line) -> tuple[str, int]:
    return _NUMBER.sub("#", " ".join(line.text.split())), round(line.bottom / 4)
