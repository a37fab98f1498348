"""Word: paragraphs with their headings, lists, tables and text boxes, then the notes; macros and pictures are not read.

Tracked changes count as accepted: what was inserted is read, what was deleted is not. A Word file knows no pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from rag.formats import ooxml, tables, zips
from rag.formats.draft import Draft
from rag.formats.ooxml import Package

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/wordprocessingml/main}"
_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)  # the name of the style in every language's Word
_LEFT_OUT = frozenset({"del", "moveFrom", "instrText", "delText", "rPr", "pPr", "fldData"})
_SIGNS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTES = ("footnotes", "endnotes")


def read(data: bytes, draft: Draft) -> None:
    """Read the main part and the notes."""
    with zips.opened(data) as packed:
        package = Package(packed, draft)
        main = package.main_part()
        package.describe()
        parts = {relation.kind: relation.target for relation in package.relations(main)}
        styles = _styles(package.part(parts["styles"])) if "styles" in parts else {}
        for part in [main, *(parts[kind] for kind in _NOTES if kind in parts)]:
            _Writer(draft, styles).blocks(package.part(part))


def _styles(styles: Element) -> dict[str, int | str]:
    """Return, by the ids of styles, the levels of headings, and which are of the title and of lists."""
    found: dict[str, int | str] = {}
    for style in styles.iter(f"{_W}style", f"{_STRICT}style"):
        named = style.find("{*}name")
        name = _value(named) if named is not None else ""
        identity = str(style.get(f"{{{_namespace(style)}}}styleId", ""))
        if match := _HEADING.fullmatch(name):
            found[identity] = int(match[1])
        elif name.lower() == "title":
            found[identity] = "title"
        elif style.find("{*}pPr/{*}numPr") is not None:
            found[identity] = "list"
    return found


class _Writer:
    """Writes the blocks of a part."""

    def __init__(self, draft: Draft, styles: Mapping[str, int | str]) -> None:
        self._draft = draft
        self._styles = styles

    def blocks(self, parent: Element) -> None:
        """Write paragraphs and tables in their order, also those in content controls and the like."""
        for child in parent.iterchildren():
            name = _name(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name not in _LEFT_OUT and child.tag != ooxml.MARKUP_FALLBACK:
                self.blocks(child)

    def _paragraph(self, paragraph: Element) -> None:
        text = "".join(_texts(paragraph))
        style = paragraph.find("{*}pPr/{*}pStyle")
        kind = self._styles.get(_value(style)) if style is not None else None
        if isinstance(kind, int):
            self._draft.heading(kind, " ".join(text.split()))
        elif (kind == "list" or paragraph.find("{*}pPr/{*}numPr") is not None) and text.strip():
            self._draft.add(f"- {text.strip()}")
        else:
            if kind == "title":
                self._draft.describe(text)
            self._draft.add(text, apart=True)
        for box in _text_boxes(paragraph):
            self.blocks(box)

    def _table(self, table: Element) -> None:
        rows = list(_parts(table, "tr"))
        cells = [list(_parts(row, "tc")) for row in rows]
        if all(len(row) < 2 for row in cells):  # a frame around text
            for row in rows:
                self.blocks(row)
        else:
            tables.write(self._draft, map(_texts_of, rows, cells))


def _parts(element: Element, wanted: str) -> Iterator[Element]:
    """Yield the rows of a table or the cells of a row, also those in content controls."""
    for child in element.iterchildren():
        name = _name(child)
        if name == wanted:
            yield child
        elif name not in _LEFT_OUT and child.tag != ooxml.MARKUP_FALLBACK:
            yield from _parts(child, wanted)


def _texts_of(row: Element, cells: Iterable[Element]) -> list[str]:
    """Return the texts of a row's cells, with a blank one for each column that it leaves out or a cell reaches over."""
    texts = [""] * _count(row, "{*}trPr/{*}gridBefore")
    for cell in cells:
        texts += [_text_of(cell), *[""] * (_count(cell, "{*}tcPr/{*}gridSpan") - 1)]
    return texts


def _count(element: Element, path: str) -> int:
    """Return a number of columns, 0 where none is told."""
    found = element.find(path)
    return 0 if found is None else min(tables.told(_value(found), 0), tables.MOST_COLUMNS)


def _text_of(cell: Element) -> str:
    paragraphs = (paragraph for paragraph in cell.iter("{*}p") if not _is_second_copy(paragraph))
    return " ".join("".join(_texts(paragraph)) for paragraph in paragraphs)


def _is_second_copy(element: Element) -> bool:
    """Tell whether an element is what older programs find in place of another beside it."""
    return any(ancestor.tag == ooxml.MARKUP_FALLBACK for ancestor in element.iterancestors())


def _texts(element: Element) -> Iterator[str]:
    """Yield what a paragraph says; text boxes in it speak for themselves."""
    for child in element.iterchildren():
        name = _name(child)
        if name == "t":
            yield child.text or ""
        elif name in _SIGNS:
            yield _SIGNS[name]
        elif name not in _LEFT_OUT and name != "txbxContent" and child.tag != ooxml.MARKUP_FALLBACK:
            yield from _texts(child)


def _text_boxes(element: Element) -> Iterator[Element]:
    """Yield the text boxes of a paragraph, each once."""
    return (box for box in element.iter("{*}txbxContent") if not _is_second_copy(box))


def _name(element: Element) -> str:
    """Return the name of an element of Word's own, empty for any other."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _namespace(element: Element) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def _value(element: Element) -> str:
    return str(element.get(f"{{{_namespace(element)}}}val", ""))
