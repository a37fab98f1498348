"""PowerPoint: a slide is a place; its title, text, tables, and the speaker's notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rag.formats import ooxml, tables, zips
from rag.formats.draft import Draft
from rag.formats.ooxml import Package

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_REFERENCE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_REFERENCE = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"sldNum", "dt", "ftr", "hdr", "sldImg"})  # what the master repeats on every slide


def read(data: bytes, draft: Draft) -> None:
    """Read the slides in the order in which they are shown, but hidden ones are slides as well."""
    with zips.opened(data) as packed:
        package = Package(packed, draft)
        main = package.main_part()
        package.describe()
        targets = {relation.id: relation.target for relation in package.relations(main)}
        shown = package.part(main).iterfind("{*}sldIdLst/{*}sldId")
        references = [slide.get(_REFERENCE) or slide.get(_STRICT_REFERENCE, "") for slide in shown]
        for number, reference in enumerate(references, 1):
            if reference in targets:
                _slide(package, targets[reference], number, draft)
            else:
                draft.leave_out(f"slide {number} is missing; open the file and save it anew")


def _slide(package: Package, name: str, number: int, draft: Draft) -> None:
    slide = package.part(name)
    with draft.place("slide", number, _title(slide)):
        _shapes(slide, draft)
        for relation in package.relations(name):
            if relation.kind == "notesSlide":
                with draft.place("notes"):
                    _shapes(package.part(relation.target), draft)


def _title(slide: Element) -> str:
    return next((" ".join(_paragraphs(shape)) for shape in slide.iter("{*}sp") if _role(shape) in _TITLES), "")


def _shapes(slide: Element, draft: Draft) -> None:
    """Write the text of shapes and tables in the order of their drawing, which is that of reading."""
    for element in slide.iter("{*}sp", "{*}tbl"):
        if any(ancestor.tag == ooxml.MARKUP_FALLBACK for ancestor in element.iterancestors()):
            continue
        if str(element.tag).endswith("}tbl"):
            rows = element.iterchildren("{*}tr")
            tables.write(draft, ([" ".join(_paragraphs(cell)) for cell in row.iterchildren("{*}tc")] for row in rows))
        elif _role(element) not in _FURNITURE:
            for first, paragraph in enumerate(_paragraphs(element)):
                draft.add(paragraph, apart=not first)


def _role(shape: Element) -> str:
    """Return what a shape is for on its slide, empty for one that is there on its own."""
    placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    return "" if placeholder is None else str(placeholder.get("type", "body"))


def _paragraphs(element: Element) -> Iterator[str]:
    """Yield the paragraphs of a shape or a cell that hold text."""
    for paragraph in element.iter("{*}p"):
        parts = [part.text or "" if str(part.tag).endswith("}t") else "\n" for part in paragraph.iter("{*}t", "{*}br")]
        if text := "".join(parts).strip():
            yield text
