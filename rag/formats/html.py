"""Web pages: the article without menus, banners and footers, as trafilatura finds it."""

from __future__ import annotations

import datetime as dt
import re
from copy import deepcopy
from itertools import zip_longest
from typing import TYPE_CHECKING

from rag.formats import markup
from rag.formats.draft import Draft, Unreadable, decoded, keywords

if TYPE_CHECKING:
    from lxml.html import HtmlElement as Element
    from trafilatura.settings import Document as Found

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_ARTICLE = 250  # characters: what is found below that is the page without its structure
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BESIDE = ("nav", "footer", "aside", "script", "style")
_NOT_XML = re.compile(
    "[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufdd0-\\ufdd2\\ufffe\\uffff]"
)  # what lxml does not take, and the following
_RESTORED = {"\n": "\ufdd0", " ": "\ufdd1", "\t": "\ufdd2"}  # characters that no text may have
_PROTECTED = str.maketrans(_RESTORED)
_HEAD = 4096  # bytes in which a page names its encoding


def read(data: bytes, draft: Draft) -> None:
    """Read a page; where no article is found in it, all of its text."""
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    tree = html.document_fromstring(_decoded(data).encode("utf-8", "replace"), parser=parser)
    if any("depth" in error.message for error in parser.error_log):
        raise Unreadable("it is nested too deeply, as a trap would be; save the page anew")
    title = tree.findtext(".//title") or ""
    whole = deepcopy(tree)  # as the search for the article alters it
    article = _article(tree)
    if article is not None:
        tags = [tag for each in (*(article.categories or ()), *(article.tags or ())) for tag in keywords(each)]
        draft.describe(article.title or title, _date(article.date), article.author or "", tags)
        if len(article.text or "") >= _ARTICLE:
            markup.write((_with_headings(article, whole) or article).body, draft)
            return
    draft.describe(title)
    _write_whole(whole, draft)


def _article(page: Element) -> Found | None:
    """Return what trafilatura takes for the article of a page, which it alters."""
    import trafilatura

    _unwrap_headings(page)
    _protect_code(page)
    found = trafilatura.bare_extraction(
        page, include_comments=False, include_formatting=True, favor_recall=True, with_metadata=True
    )
    if not isinstance(found, trafilatura.settings.Document):
        return None
    _restore_code(found.body)
    return found


def _with_headings(found: Found, page: Element) -> Found | None:
    """Return the article with its headings where they were lost, as in manuals made by DocBook; None else.

    Where no element says that it holds the article, trafilatura collects paragraphs, and no headings. Then the body is
    said to hold it.
    """
    body = page.find("body")
    if body is None or next(found.body.iter("head"), None) is not None or next(body.iter(*_HEADINGS), None) is None:
        return None
    page = deepcopy(page)
    body = page.find("body")
    body.tag = "article"
    body.addprevious(around := page.makeelement("body"))
    around.append(body)
    again = _article(page)
    return again if again is not None and len(again.text or "") >= len(found.text or "") else None


def _protect_code(page: Element) -> None:
    """Put characters that trafilatura does not know as white space for the spaces and line ends of code."""
    for pre in page.iter("pre"):
        for element in pre.iter():
            element.text = (element.text or "").translate(_PROTECTED)
            if element is not pre:
                element.tail = (element.tail or "").translate(_PROTECTED)


def _restore_code(body: Element) -> None:
    """Put white space back, and say of what has any that it is code, whatever it was taken for."""
    for element in list(body.iter("*")):
        own = (element.text or "", *(child.tail or "" for child in element))
        if any(sign in text for text in own for sign in _RESTORED.values()):
            inside = any(ancestor.tag == "pre" for ancestor in element.iterancestors())
            element.tag = element.tag if inside else "pre"
        element.text = _restored(element.text)
        element.tail = _restored(element.tail)


def _restored(text: str | None) -> str | None:
    for sign, protected in _RESTORED.items():
        text = text.replace(protected, sign) if text else text
    return text


def _unwrap_headings(page: Element) -> None:
    """Drop the boxes that hold nothing but a heading, which trafilatura drops with the heading in them."""
    for heading in list(page.iter(*_HEADINGS)):
        box = heading.getparent()
        while box is not None and box.tag in ("div", "header") and _says_the_same(box, heading):
            around = box.getparent()
            if around is None:
                break
            box.drop_tag()
            box = around


def _says_the_same(box: Element, heading: Element) -> bool:
    """Tell whether a box has no text beside that of the heading in it; looking stops where it has more."""
    others = (text for text in box.itertext() if text.strip())
    return all(text == own for text, own in zip_longest(others, filter(str.strip, heading.itertext())))


def _write_whole(page: Element, draft: Draft) -> None:
    """Write a page without what its own tags say is beside the point."""
    for beside in list(page.iter(*_BESIDE)):
        beside.drop_tree()
    body = page.find("body")
    markup.write(page if body is None else body, draft)


def _decoded(data: bytes) -> str:
    """Return the text of a page without what XML cannot hold. Raises Unreadable."""
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _NOT_XML.sub(" ", _text(data)))
    if not text.strip():
        raise Unreadable("the page is empty")
    return text


def _text(data: bytes) -> str:
    """Return the text of a page: in UTF-8 if it is, else in the encoding that it names, else as it is recognised."""
    named = _CHARSET.search(data[:_HEAD])
    return decoded(data, named[1].decode("ascii", "replace") if named and b"\0" not in data[:_HEAD] else "")


def _date(written: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written or "")
    except ValueError:
        return None
