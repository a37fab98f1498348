"""Web pages: the article without menus, banners and footers, as trafilatura finds it."""

from __future__ import annotations

import datetime as dt
import re
from copy import deepcopy
from typing import TYPE_CHECKING

from rag.formats import markup
from rag.formats.draft import Draft, Unreadable, decoded, keywords

if TYPE_CHECKING:
    from lxml.html import HtmlElement as Element

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)
_ARTICLE = 250  # characters: what is found below that is the page without its structure
_BESIDE = ("nav", "footer", "aside", "script", "style")
_NOT_XML = re.compile("[\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff]")  # what lxml does not take
_HEAD = 4096  # bytes in which a page names its encoding


def read(data: bytes, draft: Draft) -> None:
    """Read a page; where no article is found in it, all of its text."""
    import trafilatura
    from lxml import html

    parser = html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    tree = html.document_fromstring(_decoded(data).encode("utf-8", "replace"), parser=parser)
    if any("depth" in error.message for error in parser.error_log):
        raise Unreadable("it is nested too deeply, as a trap would be; save the page anew")
    title = tree.findtext(".//title") or ""
    whole = deepcopy(tree)  # as the search for the article alters it
    article = trafilatura.bare_extraction(
        tree, include_comments=False, include_formatting=True, favor_recall=True, with_metadata=True
    )
    if isinstance(article, trafilatura.settings.Document):
        tags = [tag for each in (*(article.categories or ()), *(article.tags or ())) for tag in keywords(each)]
        draft.describe(article.title or title, _date(article.date), article.author or "", tags)
        if len(article.text or "") >= _ARTICLE:
            markup.write(article.body, draft)
            return
    draft.describe(title)
    _write_whole(whole, draft)


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
    if b"\0" in data[:_HEAD]:
        return decoded(data)
    named = _CHARSET.search(data[:_HEAD])
    for encoding in ("utf-8", named[1].decode("ascii", "replace") if named else "utf-8"):
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeError):  # no such encoding, or another
            continue
    return decoded(data)


def _date(written: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written or "")
    except ValueError:
        return None
