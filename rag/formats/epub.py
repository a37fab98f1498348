"""Books: the chapters in the order of reading, with their headings."""

from __future__ import annotations

import datetime as dt
import posixpath
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import unquote

from rag import dates
from rag.formats import markup, xml, zips
from rag.formats.draft import Draft, Unreadable

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_CONTAINER, _RIGHTS = "META-INF/container.xml", "META-INF/rights.xml"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CHAPTERS = frozenset({"application/xhtml+xml", "text/html"})


def read(data: bytes, draft: Draft) -> None:
    """Read every chapter on the book's spine; one that cannot be read is told of."""
    with zips.opened(data) as packed:
        if _RIGHTS in packed.namelist():
            raise Unreadable("the book is protected against copying; only its shop's reader can open it")
        name = _package_name(packed, draft)
        package = xml.parse(_member(packed, name, draft), "the book's list of contents")
        author = "; ".join(found.text or "" for found in package.iterfind(f".//{_DC}creator"))
        subjects = [found.text or "" for found in package.iterfind(f".//{_DC}subject")]
        draft.describe(package.findtext(f".//{_DC}title") or "", _date(package), author, subjects)
        for chapter in _spine(package):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), unquote(chapter)))
            try:
                _chapter(_member(packed, path, draft), draft)
            except Unreadable as problem:
                draft.leave_out(f"the chapter {path} cannot be read: {problem}")


def _package_name(packed: zipfile.ZipFile, draft: Draft) -> str:
    container = xml.parse(_member(packed, _CONTAINER, draft), "the book's container")
    found = container.find(".//{*}rootfile")
    return "" if found is None else str(found.get("full-path", ""))


def _spine(package: Element) -> list[str]:
    chapters = {
        item.get("id"): item.get("href", "")
        for item in package.iterfind("{*}manifest/{*}item")
        if item.get("media-type") in _CHAPTERS
    }
    order = (item.get("idref") for item in package.iterfind("{*}spine/{*}itemref"))
    return [chapters[number] for number in order if number in chapters]


def _chapter(data: bytes, draft: Draft) -> None:
    """Write a chapter, read as HTML, since chapters are seldom the XML that they ought to be."""
    from lxml import etree, html

    try:
        root = html.document_fromstring(data, parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except etree.ParserError:
        raise Unreadable("it is empty") from None
    body = root.find("body")
    markup.write(root if body is None else body, draft)


def _member(packed: zipfile.ZipFile, name: str, draft: Draft) -> bytes:
    try:
        return zips.unpacked(packed, name, draft)
    except KeyError:
        raise Unreadable(f"the part {name or 'that lists the others'} of the book is missing; fetch it again") from None


def _date(package: Element) -> dt.date | None:
    return dates.parse((package.findtext(f".//{_DC}date") or "")[:10])
