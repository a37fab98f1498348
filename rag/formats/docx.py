"""Word: paragraphs with their headings, lists, tables and text boxes, then the notes; macros and pictures are not read.

Tracked changes count as accepted: what was inserted is read, what was deleted is not. A Word file knows no pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
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
        rows = [[_cell(cell) for cell in row.iterchildren("{*}tc")] for row in table.iterchildren("{*}tr")]
        if all(len(row) < 2 for row in rows):  # a frame around text
            for cell in table.iterchildren("{*}tr"):
                self.blocks(cell)
        else:
            tables.write(self._draft, rows)


def _cell(cell: Element) -> str:
    return " ".join("".join(_texts(paragraph)) for paragraph in cell.iter("{*}p") if _name(paragraph) == "p")


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
    """Yield the text boxes of a paragraph, each once: older programs find a second copy of it beside."""
    for box in element.iter("{*}txbxContent"):
        around = {ancestor.tag for ancestor in box.iterancestors()}
        if ooxml.MARKUP_FALLBACK not in around:
            yield box


def _name(element: Element) -> str:
    """Return the name of an element of Word's own, empty for any other."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _namespace(element: Element) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def _value(element: Element) -> str:
    return str(element.get(f"{{{_namespace(element)}}}val", ""))
