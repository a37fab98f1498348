"""The lines of PDF pages as paragraphs: hyphenated words joined, what repeats from page to page told apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rag.formats.pdf_layout import Line

_APART = 0.6  # of a line's height between two lines: more begins a paragraph
_ANOTHER_SIZE = 0.15  # of a line's height: a heading, a caption, a footnote
_SHORT = 0.8  # of the widest line: a shorter one that ends a sentence ends a paragraph
_INDENT = 0.8  # of a line's height
_EDGE = 2  # lines at the top and at the bottom of a page that may be running heads
_REPEATED = 3  # pages on which one has to stand

_ITEM = re.compile(r"(?:[-–—•·▪◦‣*]|\(?(?:\d{1,3}|[A-Za-zА-Яа-я])[.)])\s")
_END = re.compile(r"[.!?…:;。！？][»”\"')\]]{0,2}$")
_HYPHENATED = re.compile(r"([^\W\d_]+)[-\u00ad\u2010]$")
_WORD = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+|\b[ivxlcIVXLC]+\b")


class Paragraph(NamedTuple):
    """A run of text, or a line that stands on every page."""

    text: str
    is_running: bool = False


def paragraphs(pages: Sequence[Sequence[Line]]) -> Iterator[list[Paragraph]]:
    """Yield the paragraphs of each page."""
    words = Counter(word for page in pages for line in page for word in _inner_words(line.text))
    running = _running(pages)
    for page in pages:
        edges = _edges(page)
        yield list(_of_page(page, {line for line in edges if _key(line) in running}, words))


def _of_page(page: Sequence[Line], running: set[Line], words: Counter[str]) -> Iterator[Paragraph]:
    right = max((line.right for line in page if line not in running), default=0.0)
    run: list[Line] = []
    for line in page:
        if run and (line in running or _begins(line, run[-1], right)):
            yield Paragraph(_joined(run, words))
            run = []
        if line in running:
            yield Paragraph(line.text.strip(), is_running=True)
        else:
            run.append(line)
    if run:
        yield Paragraph(_joined(run, words))


def _begins(line: Line, before: Line, right: float) -> bool:
    """Tell whether a line begins a paragraph; `right` is where the longest line of the page ends."""
    height = max(min(line.height, before.height), 1.0)
    gap = before.bottom - line.top
    if gap > _APART * height or line.bottom > before.top:  # farther down, or back up: in the next column
        return not _HYPHENATED.search(before.text.rstrip()) or not line.text[:1].islower()
    if abs(line.height - before.height) > _ANOTHER_SIZE * height or _ITEM.match(line.text.lstrip()):
        return True
    if "  " in line.text.strip() or "  " in before.text.strip():  # the row of a table
        return True
    ended = _END.search(before.text.rstrip()) is not None
    return ended and (before.right < _SHORT * right or line.left > before.left + _INDENT * height)


def _joined(lines: Sequence[Line], words: Counter[str]) -> str:
    """Return lines as one, with the hyphens at their ends left out where they only part a word."""
    text = ""
    for line in lines:
        own = " ".join(line.text.split()) if "  " not in line.text.strip() else line.text.strip()
        match = _HYPHENATED.search(text)
        if match and own[:1].islower():
            text = _without_hyphen(text, match, own, words)
        else:
            text = f"{text} {own}" if text else own
    return text


def _without_hyphen(text: str, match: re.Match[str], after: str, words: Counter[str]) -> str:
    """Join the halves of a word; its hyphen stays if the document has the word with it more often than without."""
    second = re.match(r"[^\W\d_]+", after)
    half = second[0] if second else ""
    whole, hyphenated = f"{match[1]}{half}".lower(), f"{match[1]}-{half}".lower()
    hyphen = "-" if words[hyphenated] > words[whole] else ""
    return f"{text[: match.end(1)]}{hyphen}{after}"


def _inner_words(line: str) -> Iterable[str]:
    """Yield the words of a line in lower case; the last may be half a word and its hyphen."""
    return (match[0].lower().replace("\u2010", "-") for match in _WORD.finditer(line))


def _running(pages: Sequence[Sequence[Line]]) -> set[tuple[str, int]]:
    """Return what stands, but for its numbers, at the same height of several pages' tops or bottoms."""
    counts = Counter(key for page in pages for key in {_key(line) for line in _edges(page)})
    return {key for key, count in counts.items() if count >= _REPEATED}


def _edges(page: Sequence[Line]) -> list[Line]:
    """Return the uppermost and lowermost lines, unless the page has hardly any others."""
    down = sorted(page, key=lambda line: -line.top)
    return down[:_EDGE] + down[-_EDGE:] if len(down) > 2 * _EDGE else down[:1] + down[1:][-1:]


def _key(line: Line) -> tuple[str, int]:
    return _NUMBER.sub("#", " ".join(line.text.split())), round(line.bottom / 4)
