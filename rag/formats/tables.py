"""Tables as text: each row is one line that can be read alone, its cells named by the header of their columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from rag.formats.draft import Draft

_LOOK_AHEAD = 10  # rows among which the header is looked for; titles and notes may stand above it
MOST_COLUMNS = 100  # that a cell is believed to reach over
_LONGEST_NAME = 80  # characters of a column's name
_VALUE = re.compile(
    r"[\W\d]*(?:[^\W\d_]{1,3}[\W\d]*)?"
)  # a number, a date, an amount with its unit: no name of a column


class Cell(NamedTuple):
    """The text of a cell, and how many columns and rows it reaches over."""

    text: str
    across: int = 1
    down: int = 1


def told(written: str, otherwise: int) -> int:
    """Return the number of columns or rows that a file tells, `otherwise` where it tells none."""
    return int(written) if written.isdecimal() and len(written) < 10 else otherwise


def aligned(rows: Iterable[Iterable[Cell]]) -> Iterator[list[str]]:
    """Yield rows with a blank cell wherever another one reaches, so that each cell stands below its column's name.

    >>> list(aligned([[Cell("East", down=2), Cell("Oslo")], [Cell("Moss")], [Cell("Total", across=2), Cell("12")]]))
    [['East', 'Oslo'], ['', 'Moss'], ['Total', '', '12']]
    """
    below: dict[int, int] = {}  # how many rows more the cell above a column reaches down
    for row in rows:
        texts: list[str] = []
        reaching: dict[int, int] = {}
        for text, across, down in row:
            while len(texts) in below:
                texts.append("")
            width = min(max(across, 1), MOST_COLUMNS)
            reaching |= dict.fromkeys(range(len(texts), len(texts) + width), down)
            texts += [text, *[""] * (width - 1)]
        yield texts
        below = {column: left - 1 for column, left in (below | reaching).items() if left > 1}


def write(draft: Draft, rows: Iterable[Sequence[str]]) -> None:
    """Write the rows of a table in a document, each on its own line."""
    for _, line in lines(enumerate(rows, 1)):
        draft.add(line)


def write_numbered(draft: Draft, rows: Iterable[tuple[int, Sequence[str]]]) -> None:
    """Write the rows of a sheet, each a place with the number that its program shows."""
    for number, line in lines(rows):
        with draft.place("row", number):
            draft.add(line)


def lines(rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[tuple[int, str]]:
    """Yield the numbers and the texts of rows that hold anything. The header is read, not repeated as a row of its own.

    >>> list(lines([(1, ["Name", "Price"]), (2, ["Screw", "5"]), (3, ["", ""]), (4, ["Nut", ""])]))
    [(2, 'Name: Screw; Price: 5'), (4, 'Name: Nut')]
    """
    kept = ((number, [_cell(cell) for cell in row]) for number, row in rows)
    filled = ((number, row) for number, row in kept if any(row))
    head = list(islice(filled, _LOOK_AHEAD))
    place = _header(head)
    if place is None:
        yield from ((number, "; ".join(filter(None, row))) for number, row in chain(head, filled))
        return
    yield from ((number, "; ".join(filter(None, row))) for number, row in head[:place])
    names = head[place][1]
    body = chain(head[place + 1 :], filled)
    first = next(body, None)
    if first is None:  # a header alone is all there is to read
        yield head[place][0], "; ".join(filter(None, names))
        return
    yield from ((number, _labelled(names, row)) for number, row in chain([first], body))


def _header(rows: Sequence[tuple[int, Sequence[str]]]) -> int | None:
    """Return which row names the columns: the first with several cells, if none of them is a value."""
    for place, (_, row) in enumerate(rows):
        cells = [cell for cell in row if cell]
        if len(cells) > 1:
            named = len(set(cells)) == len(cells) and all(_is_name(cell) for cell in cells)
            return place if named else None
    return None


def _is_name(cell: str) -> bool:
    is_value = _VALUE.fullmatch(cell) and any(map(str.isdigit, cell))
    return len(cell) <= _LONGEST_NAME and any(map(str.isalpha, cell)) and not is_value


def _labelled(names: Sequence[str], row: Sequence[str]) -> str:
    labels = [*names, *[""] * (len(row) - len(names))]
    cells = (f"{label}: {cell}" if label else cell for label, cell in zip(labels, row, strict=False) if cell)
    return "; ".join(cells)


def _cell(text: str) -> str:
    return " ".join(text.split())
