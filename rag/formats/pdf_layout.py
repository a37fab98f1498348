"""The characters of a PDF page, which lie about it in any order, as lines in the order of reading.

A PDF knows neither words nor lines. The order in which a page was drawn is nearly always that of reading, so it is
kept, except where two columns of prose lie side by side: programs that draw them line by line across both are not rare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import NamedTuple

_GAP = 0.9  # of a line's height: a wider gap parts two segments, which columns or cells may be
_SAME_LINE = 0.5  # of the lower of two heights: so much of it they share on one line
_COLUMN_LINES = 4  # lines from which on something is a column
_COLUMN_CHARACTERS = 18  # of the middle one of its lines: shorter ones are cells of a table, read along its rows
_COLUMN_FROM = 0.2  # of the width of the text: no column is narrower


class Glyph(NamedTuple):
    """A character with the box of its font around it; without a box it was never drawn (a space, a line end)."""

    character: str
    box: tuple[float, float, float, float] | None  # left, bottom, right, top, in points from the lower left corner


class Line(NamedTuple):
    """A line of text, or a segment of one, and the box around it in points."""

    text: str
    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom


def lines(glyphs: Iterable[Glyph]) -> list[Line]:
    """Return the lines of a page in the order of reading."""
    segments = [segment for segment in _segments(glyphs) if segment.text.strip()]
    return [line for column in _columns(segments) for line in _merged(column)]


def _segments(glyphs: Iterable[Glyph]) -> Iterator[Line]:
    """Cut characters, in the order of drawing, where the line ends or a gap is wide."""
    text: list[str] = []
    left = bottom = right = top = 0.0
    for character, box in glyphs:
        if box is None:
            if character == "\n" and text:
                yield Line("".join(text), left, bottom, right, top)
                text = []
            elif text:
                text.append(character)
            continue
        if text and not _continues((left, bottom, right, top), box):
            yield Line("".join(text), left, bottom, right, top)
            text = []
        if text:
            left, bottom = min(left, box[0]), min(bottom, box[1])
            right, top = max(right, box[2]), max(top, box[3])
        else:
            left, bottom, right, top = box
        text.append(character)
    if text:
        yield Line("".join(text), left, bottom, right, top)


def _continues(line: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> bool:
    height = max(line[3] - line[1], 1.0)
    return _on_one_line(line, box) and -height < box[0] - line[2] < _GAP * height


def _on_one_line(one: Sequence[float], other: Sequence[float]) -> bool:
    """Tell whether two boxes (left, bottom, right, top) share enough of their heights."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > _SAME_LINE * min(one[3] - one[1], other[3] - other[1])


def _merged(segments: Iterable[Line]) -> Iterator[Line]:
    """Join the segments that follow one another on a line."""
    line: Line | None = None
    for segment in segments:
        if line and _on_one_line(line[1:], segment[1:]) and segment.left >= line.right - line.height:
            gap = "  " if segment.left - line.right > 2 * line.height else " "
            joined = f"{line.text.rstrip()}{gap}{segment.text.lstrip()}"
            line = Line(joined, line.left, min(line.bottom, segment.bottom), segment.right, max(line.top, segment.top))
        else:
            if line:
                yield line
            line = segment
    if line:
        yield line


def _columns(segments: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield runs of segments in the order of reading: as drawn, or column by column between lines that span them."""
    gutter = _gutter(segments)
    if gutter is None:
        yield list(segments)
        return
    spanning = sorted((each for each in segments if each.left < gutter < each.right), key=_down)
    below = [(-each.bottom - each.height / 2) for each in spanning]
    zones: list[list[Line]] = [[] for _ in range(len(spanning) + 1)]
    for segment in segments:
        if not segment.left < gutter < segment.right:
            middle = -(segment.bottom + segment.height / 2)
            zones[sum(place < middle for place in below)].append(segment)
    for number, zone in enumerate(zones):
        if number:
            yield [spanning[number - 1]]
        yield sorted((each for each in zone if each.right <= gutter), key=_down)
        yield from _columns(sorted((each for each in zone if each.left >= gutter), key=_down))


def _down(segment: Line) -> tuple[float, float]:
    return (-segment.top, segment.left)


def _gutter(segments: Sequence[Line]) -> float | None:
    """Return an x between two columns of prose that lie side by side, the leftmost of several, None without any."""
    if len(segments) < 2 * _COLUMN_LINES:
        return None
    first, last = min(each.left for each in segments), max(each.right for each in segments)
    edges = Counter(round(each.left) for each in segments)
    for edge in sorted(edge for edge, count in edges.items() if count >= _COLUMN_LINES):
        gutter = edge - 2.0
        left = [each for each in segments if each.right <= gutter]
        right = [each for each in segments if each.left >= gutter]
        if gutter - first > _COLUMN_FROM * (last - first) and _is_prose(left) and _is_prose(right):
            side_by_side = sum(any(_on_one_line(one[1:], other[1:]) for other in left) for one in right)
            if side_by_side >= _COLUMN_LINES - 1 and len(left) + len(right) > len(segments) / 2:
                return gutter
    return None


def _is_prose(column: Sequence[Line]) -> bool:
    """Tell whether lines are long enough for a column of text; the cells of a table are not."""
    return len(column) >= _COLUMN_LINES and median(len(each.text) for each in column) >= _COLUMN_CHARACTERS
