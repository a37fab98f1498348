"""The characters of a PDF page, which lie about it in any order, as lines in the order of reading.

A PDF knows neither words nor lines. The order in which a page was drawn is nearly always that of reading, so it is
kept, except where two columns of prose lie side by side: programs that draw them line by line across both are not rare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median, median_high
from typing import NamedTuple

from rag.types import Span

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner

_GAP = 0.9  # of a line's height: a wider gap parts two segments, which columns or cells may be
_SAME_LINE = 0.5  # of the lower of two heights: so much of it they share on one line
_COLUMN_LINES = 4  # lines from which on something is a column
_COLUMN_CHARACTERS = 18  # of the middle one of its lines: shorter ones are cells of a table, read along its rows
_COLUMN_FROM = 0.2  # of the width of the text: no column is narrower


class Word(NamedTuple):
    """What stands between two spaces, with the box around it; a line end has none."""

    text: str
    box: Box | None
    first: int = 0  # of its characters, among those of the page as PDFium counts them
    size: float = 0.0  # of its type, in points: the height of a letter, whatever accents add to others


class Line(NamedTuple):
    """A line of text, or a segment of one, and the box around it in points."""

    text: str
    left: float
    bottom: float
    right: float
    top: float
    words: tuple[Span, ...] = ()  # it is made of, as runs of the page's words in the order of drawing
    size: float = 0.0  # of the type of most of it
    lead: float = 0.0  # width of the first word

    @property
    def box(self) -> Box:
        return self.left, self.bottom, self.right, self.top

    @property
    def height(self) -> float:
        return self.top - self.bottom


def lines(words: Iterable[Word]) -> list[Line]:
    """Return the lines of a page, given its words in the order of drawing, in the order of reading."""
    return [line for column in _columns(list(_segments(words))) for line in _merged(column)]


def _segments(words: Iterable[Word]) -> Iterator[Line]:
    """Cut words where the line ends or a gap is wide."""
    run: list[Word] = []
    around: Box = (0.0, 0.0, 0.0, 0.0)
    number = 0
    for number, word in enumerate(words):
        if run and (word.box is None or not _continues(around, word.box)):
            yield _segment(run, around, number)
            run = []
        if word.box is None:
            continue
        around = _union(around, word.box) if run else word.box
        run.append(word)
    if run:
        yield _segment(run, around, number + 1)


def _segment(run: Sequence[Word], around: Box, end: int) -> Line:
    """Return words as a segment; `end` is the number of the word behind them."""
    text, size = " ".join(word.text for word in run), median_high(word.size for word in run)
    lead = run[0].box[2] - run[0].box[0] if run[0].box else 0.0
    return Line(text, *around, (Span(end - len(run), end),), size, lead)


def _union(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _continues(line: Box, box: Box) -> bool:
    height = max(line[3] - line[1], 1.0)
    return _on_one_line(line, box) and -height < box[0] - line[2] < _GAP * height


def _on_one_line(one: Box, other: Box) -> bool:
    """Tell whether two boxes share enough of their heights."""
    shared = min(one[3], other[3]) - max(one[1], other[1])
    return shared > _SAME_LINE * min(one[3] - one[1], other[3] - other[1])


def _merged(segments: Iterable[Line]) -> Iterator[Line]:
    """Join the segments that follow one another on a line."""
    line: Line | None = None
    for segment in segments:
        if line and _on_one_line(line.box, segment.box) and segment.left >= line.right - line.height:
            gap = "  " if segment.left - line.right > 2 * line.height else " "
            joined = f"{line.text.rstrip()}{gap}{segment.text.lstrip()}"
            bottom, top = min(line.bottom, segment.bottom), max(line.top, segment.top)
            size = max(line, segment, key=lambda part: len(part.text)).size
            line = Line(joined, line.left, bottom, segment.right, top, line.words + segment.words, size, line.lead)
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
            side_by_side = sum(any(_on_one_line(one.box, other.box) for other in left) for one in right)
            if side_by_side >= _COLUMN_LINES - 1 and len(left) + len(right) > len(segments) / 2:
                return gutter
    return None


def _is_prose(column: Sequence[Line]) -> bool:
    """Tell whether lines are long enough for a column of text; the cells of a table are not."""
    return len(column) >= _COLUMN_LINES and median(len(each.text) for each in column) >= _COLUMN_CHARACTERS
