"""The package that Word and PowerPoint files are: parts in a zip, and relations from one to another.

The parts are read directly. python-docx and python-pptx, made for writing, leave out what was inserted under tracked
changes, content controls and text boxes, refuse files with macros, and hold every picture in memory.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from rag.formats import xml, zips
from rag.formats.draft import Draft, Unreadable, keywords

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

MARKUP_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_RELATIONSHIP = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_PROPERTIES, _DC = "docProps/core.xml", "{http://purl.org/dc/elements/1.1/}"
_KEYWORDS = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}keywords"


class Relation(NamedTuple):
    """What a part refers to: another part of the package, never anything outside."""

    id: str
    kind: str  # the last word of its type
    target: str


class Package:
    """The parts of an opened file."""

    def __init__(self, packed: zipfile.ZipFile, draft: Draft) -> None:
        self._packed = packed
        self._draft = draft
        self._names = frozenset(packed.namelist())

    def part(self, name: str) -> Element:
        """Return the root of a part. Raises Unreadable where there is none."""
        if name not in self._names:
            raise Unreadable(f"the part {name} of the file is missing; open the file and save it anew")
        return xml.parse(zips.unpacked(self._packed, name, self._draft), f"the part {name} of the file")

    def relations(self, name: str = "") -> Iterator[Relation]:
        """Yield the relations of a part, or of the package, to parts that are there."""
        folder, file = posixpath.split(name)
        relations = posixpath.join(folder, "_rels", f"{file}.rels")
        for found in self.part(relations).iter(_RELATIONSHIP) if relations in self._names else ():
            target = posixpath.normpath(posixpath.join(folder, found.get("Target", ""))).lstrip("/")
            if found.get("TargetMode") != "External" and target in self._names:
                yield Relation(found.get("Id", ""), found.get("Type", "").rpartition("/")[2], target)

    def main_part(self) -> str:
        """Return the name of the part that everything else belongs to. Raises Unreadable."""
        found = next((each.target for each in self.relations() if each.kind == "officeDocument"), None)
        if found is None:
            raise Unreadable("the file names no main part; open it and save it anew")
        return found

    def describe(self) -> None:
        """Tell the draft of the file's properties."""
        if _PROPERTIES in self._names:
            found = self.part(_PROPERTIES)
            self._draft.describe(
                found.findtext(f"{_DC}title") or "",
                author=found.findtext(f"{_DC}creator") or "",
                tags=keywords(found.findtext(_KEYWORDS) or ""),
            )
