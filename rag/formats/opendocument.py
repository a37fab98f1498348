"""OpenDocument text and presentations: headings with their sections, paragraphs, lists, tables; slides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.formats import tables, xml, zips
from rag.formats.draft import Draft, Unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ENCRYPTED = b"manifest:encryption-data"
_LEFT_OUT = frozenset({"tracked-changes", "annotation", "forms", "sequence-decls", "note-citation", "settings"})
_MOST_SPACES = 100
_TOLD = ("title", "creator")


def read(data: bytes, draft: Draft) -> None:
    """Read the content; what was deleted under tracked changes is not read."""
    with zips.opened(data) as packed:
        names = packed.namelist()
        if "META-INF/manifest.xml" in names and _ENCRYPTED in zips.unpacked(packed, "META-INF/manifest.xml", draft):
            raise Unreadable("it is encrypted; save a copy of it without a password")
        if "content.xml" not in names:
            raise Unreadable("the part content.xml of the file is missing; open the file and save it anew")
        if "meta.xml" in names:
            meta = xml.parse(zips.unpacked(packed, "meta.xml", draft), "the part meta.xml of the file")
            found = {name: meta.findtext(f".//{{http://purl.org/dc/elements/1.1/}}{name}") or "" for name in _TOLD}
            tags = [keyword.text or "" for keyword in meta.iterfind(".//{*}keyword")]
            author = meta.findtext(".//{*}initial-creator") or found["creator"]
            draft.describe(found["title"], author=author, tags=tags)
        root = xml.parse(zips.unpacked(packed, "content.xml", draft), "the part content.xml of the file")
    for body in root.iterchildren("{*}body"):
        _Writer(draft).blocks(body)


class _Writer:
    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._slides = 0

    def blocks(self, parent: Element, *, listed: bool = False) -> None:
        """Write what stands in an element, in its order."""
        for child in parent.iterchildren():
            name = _name(child)
            if name == "h":
                self._draft.heading(_level(child), "".join(_texts(child)))
            elif name == "p":
                text = "".join(_texts(child)).strip()
                self._draft.add(f"- {text}" if listed and text else text, apart=not listed)
            elif name == "table":
                self._table(child)
            elif name == "page":
                self._slide(child)
            elif name == "notes":
                with self._draft.place("notes"):
                    self.blocks(child)
            elif name not in _LEFT_OUT:
                self.blocks(child, listed=listed or name == "list")

    def _slide(self, page: Element) -> None:
        self._slides += 1
        with self._draft.place("slide", self._slides):
            self.blocks(page)

    def _table(self, table: Element) -> None:
        rows = [row for row in table.iter("{*}table-row") if next(row.iterancestors("{*}table")) is table]
        tables.write(self._draft, map(_texts_of, rows))


def _texts_of(row: Element) -> list[str]:
    """Return the texts of a row's cells, with a blank one wherever another reaches."""
    texts: list[str] = []
    for cell in row.iterchildren("{*}table-cell", "{*}covered-table-cell"):
        text = _text_of(cell) if _name(cell) == "table-cell" else ""
        texts += [text] * min(_count(cell, "number-columns-repeated"), tables.MOST_COLUMNS)
    return texts


def _text_of(cell: Element) -> str:
    return " ".join("".join(_texts(paragraph)) for paragraph in cell.iter("{*}p", "{*}h"))


def _count(element: Element, name: str) -> int:
    """Return the number in an attribute, 1 where there is none."""
    found = [value for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")]
    return tables.told(str(found[0]), 1) if found else 1


def _level(heading: Element) -> int:
    levels = [value for name, value in heading.attrib.items() if str(name).endswith("}outline-level")]
    return int(levels[0]) if levels and str(levels[0]).isdigit() else 1


def _texts(element: Element) -> Iterator[str]:
    """Yield what a paragraph says, with the spaces that are written as elements."""
    yield element.text or ""
    for child in element.iterchildren():
        name = _name(child)
        if name == "s":
            counts = [value for key, value in child.attrib.items() if str(key).endswith("}c")]
            yield " " * min(int(counts[0]) if counts and str(counts[0]).isdigit() else 1, _MOST_SPACES)
        elif name in ("tab", "line-break"):
            yield "\t" if name == "tab" else "\n"
        elif name and name not in _LEFT_OUT:
            yield from _texts(child)
        yield child.tail or ""


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
