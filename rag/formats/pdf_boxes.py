"""Where the words of a page's text stand on the page, as it is shown.

A page is read again, letter by letter, when it is looked at; nothing of it is kept in the index. Its letters have to be
those of its text, one after the other: then each offset of the text has a letter, and each letter a box. Where a letter
differs, nothing is boxed at all, rather than something wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from rag.types import Span

_HYPHENS = "-\u00ad\u2010"  # that the text may leave out at the end of a row


class Area(NamedTuple):
    """A rectangle on a page, in points from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def is_seen(self) -> bool:
        return self.left < self.right and self.top < self.bottom


class Row(NamedTuple):
    """The letters of a line in the order of reading, without spaces and as its text has them, and their areas."""

    letters: str
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page as it is shown: its size in points, and its letters. One that is not there, or damaged, has no size."""

    pages: int  # of the document
    width: float = 0.0
    height: float = 0.0
    rows: tuple[Row, ...] = ()

    @property
    def is_there(self) -> bool:
        return self.width > 0 and self.height > 0


def find(leaf: Leaf, text: str, spans: Sequence[Span]) -> list[list[Area]] | None:
    """Return the areas of each span of a page's text, one for each row that it runs over.

    None where the letters of the page are not those of the text, letter by letter; an empty list for a span of which
    nothing is to be seen.
    """
    letters = _aligned(leaf, text)
    if letters is None:
        return None
    return [list(_areas(leaf, [letters[each] for each in range(*span) if each in letters])) for span in spans]


def _aligned(leaf: Leaf, text: str) -> dict[int, tuple[int, int]] | None:
    """Return the row, and the place in it, of the letter at each offset of the text; None where they differ."""
    found = {}
    drawn = ((row, place) for row, each in enumerate(leaf.rows) for place in range(len(each.letters)))
    letter = next(drawn, None)
    for offset, character in enumerate(text):
        if character.isspace():
            continue
        while letter and _letter(leaf, letter) != character and _is_left_out(leaf, letter):
            letter = next(drawn, None)
        if letter is None or _letter(leaf, letter) != character:
            return None
        found[offset] = letter
        letter = next(drawn, None)
    return None if letter else found


def _letter(leaf: Leaf, letter: tuple[int, int]) -> str:
    return leaf.rows[letter[0]].letters[letter[1]]


def _is_left_out(leaf: Leaf, letter: tuple[int, int]) -> bool:
    """Tell whether a letter may be the hyphen of a word that the text has in one."""
    row, place = letter
    return place == len(leaf.rows[row].letters) - 1 and _letter(leaf, letter) in _HYPHENS


def _areas(leaf: Leaf, letters: Sequence[tuple[int, int]]) -> Iterator[Area]:
    """Yield the area around the letters of each row of which anything is to be seen."""
    for row, group in groupby(letters, key=lambda letter: letter[0]):
        seen = [area for _, place in group if (area := leaf.rows[row].areas[place]).is_seen]
        if seen:
            left, top, right, bottom = zip(*seen, strict=True)
            yield Area(min(left), min(top), max(right), max(bottom))
