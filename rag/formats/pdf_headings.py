"""The headings of a PDF: what its bookmarks name, or where it has none, lines in clearly larger type than the text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.formats.pdf_layout import Line

_LARGER = 1.15  # times the size of the text
_SAME_SIZE = 1.05  # times a size: what differs less is of one level
_MOST_LINES = 3  # of a heading
_MOST_CHARACTERS = 150
_APART = 1.0  # of a line's height between two lines: what stands farther apart is no heading in two lines
_LEAST_LETTERS = 2  # of a word, which any heading has: a larger letter or number alone begins a text or adorns it
_LEAST_PART = 4  # letters that line and bookmark have in common if one of them has more, as the number of a chapter
_MOST = 0.2  # of all characters: where more are large, as on a poster, size says nothing
_DEEPEST = 6
_WORD = re.compile(rf"[^\W\d_]{{{_LEAST_LETTERS},}}")
_GOES_ON = (".", ",", ";", "-")  # ends of lines that are no headings


class Title(NamedTuple):
    """What a bookmark names, and where it leads."""

    page: int  # from 0
    level: int  # from 1
    name: str


class Heading(NamedTuple):
    """A run of lines of a page that are one heading."""

    first: int
    end: int
    level: int  # from 1


def headings(pages: Sequence[Sequence[Line]], outline: Sequence[Title]) -> list[list[Heading]]:
    """Return the headings of each page in their order.

    Bookmarks count if most of them lead to a page that has what they name; some programs make one for each page.
    """
    by_page: dict[int, list[Title]] = {}
    for title in outline:
        by_page.setdefault(title.page, []).append(title)
    named = [_named(page, by_page.get(number, ())) for number, page in enumerate(pages)]
    return named if 2 * sum(map(len, named)) > len(outline) else _larger(pages)


def _named(page: Sequence[Line], titles: Sequence[Title]) -> list[Heading]:
    """Return the lines of a page that say what bookmarks name."""
    letters = [_letters(line.text) for line in page] if titles else []
    found: list[Heading] = []
    taken: set[int] = set()
    for title in titles:
        free = (run for run in _runs(len(page)) if taken.isdisjoint(range(*run)))
        name = _letters(title.name)
        fits = [(likeness, page[run[0]].size, run) for run in free if (likeness := _likeness(letters, run, name))]
        if fits:
            *_, run = max(fits, key=lambda fit: fit[:2])
            taken.update(range(*run))
            found.append(Heading(*run, min(title.level, _DEEPEST)))
    return sorted(found)


def _runs(lines: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of lines that a heading may be."""
    return (
        (first, first + count)
        for first in range(lines)
        for count in range(1, _MOST_LINES + 1)
        if first + count <= lines
    )


def _likeness(letters: Sequence[str], run: tuple[int, int], name: str) -> int:
    """Return 2 if lines say a name, 1 if one of both has something before, as the number of a chapter, else 0."""
    said = "".join(letters[slice(*run)])
    if said == name != "":
        return 2
    shorter, longer = sorted((said, name), key=len)
    is_alike = len(shorter) >= max(_LEAST_PART, len(longer) / 2) and longer.endswith(shorter)
    return int(is_alike)


def _larger(pages: Sequence[Sequence[Line]]) -> list[list[Heading]]:
    """Return the lines in larger type than most of the text; the larger, the higher their level."""
    characters: Counter[float] = Counter()
    for page in pages:
        for line in page:
            characters[round(line.size, 1)] += len(line.text)
    if not characters:
        return [[] for _ in pages]
    least = _LARGER * max(characters, key=lambda size: characters[size])
    runs = [list(_large_runs(page, least)) for page in pages]
    large = sum(
        len(line.text) for page, found in zip(pages, runs, strict=True) for run in found for line in page[slice(*run)]
    )
    if large > _MOST * characters.total():
        return [[] for _ in pages]
    levels = _levels({page[first].size for page, found in zip(pages, runs, strict=True) for first, _ in found})
    return [
        [Heading(first, end, levels[page[first].size]) for first, end in found]
        for page, found in zip(pages, runs, strict=True)
    ]


def _large_runs(page: Sequence[Line], least: float) -> Iterator[tuple[int, int]]:
    """Yield the runs of large lines that may be headings."""
    first = 0
    for end in range(1, len(page) + 1):
        if end < len(page) and _goes_on(page[end - 1], page[end]):
            continue
        text = " ".join(line.text for line in page[first:end])
        is_short = end - first <= _MOST_LINES and len(text) <= _MOST_CHARACTERS
        if page[first].size >= least and is_short and _WORD.search(text) and not text.endswith(_GOES_ON):
            yield first, end
        first = end


def _goes_on(line: Line, after: Line) -> bool:
    """Tell whether two lines are of the same size, one right below the other."""
    small, large = sorted((line.size, after.size))
    return large <= small * _SAME_SIZE and -line.height < line.bottom - after.top < _APART * line.height


def _levels(sizes: set[float]) -> dict[float, int]:
    """Number sizes from the largest on; those that hardly differ have the same number."""
    levels: dict[float, int] = {}
    level, largest = 0, float("inf")
    for size in sorted(sizes, reverse=True):
        if size * _SAME_SIZE < largest:
            level, largest = level + 1, size
        levels[size] = min(level, _DEEPEST)
    return levels


def _letters(text: str) -> str:
    """Return by what two spellings of a heading are alike."""
    return "".join(filter(str.isalnum, text)).casefold()
