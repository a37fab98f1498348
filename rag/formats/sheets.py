"""Workbooks of Excel (also the old ``.xls``) and OpenDocument, read by calamine: values as last saved, no macros.

Formulas are not computed: what the program that saved the file wrote as their value is read.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from rag.formats import tables, zips
from rag.formats.draft import Draft, Unreadable

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

Cell = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read(data: bytes, draft: Draft) -> None:
    """Read every visible sheet: a place, and its rows places in it."""
    import python_calamine as calamine

    if data.startswith(b"PK"):
        zips.check(data, draft)
    try:
        with calamine.load_workbook(BytesIO(data)) as book:
            for sheet in book.sheets_metadata:
                if sheet.typ == calamine.SheetTypeEnum.WorkSheet and sheet.visible == calamine.SheetVisibleEnum.Visible:
                    with draft.place("sheet", name=sheet.name):
                        tables.write_numbered(draft, _rows(book.get_sheet_by_name(sheet.name)))
    except calamine.PasswordError:
        raise Unreadable("it is encrypted; save a copy of it without a password") from None
    except calamine.CalamineError as error:
        reason = " ".join(str(error).split())[:100]
        raise Unreadable(f"the workbook is damaged ({reason}); open it and save it anew") from None


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the rows with the numbers that the program shows beside them."""
    first = sheet.start[0] if sheet.start else 0
    for number, row in enumerate(sheet.to_python(skip_empty_area=True), first + 1):
        yield number, [_written(cell) for cell in row]


def _written(cell: Cell) -> str:
    """Write a value as people read it: whole numbers without a point, dates as ISO 8601."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "minutes")
    if isinstance(cell, float):
        return f"{cell:.12g}"
    return str(cell)
