"""The addresses of citations and documents in the web app, and what is copied of a citation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote as percent_encode

from rag.places import label, place_of
from rag.types import Document, Span
from rag.untrusted import disarm
from rag.web.document_labels import DocumentLabels
from rag.web.labels import Labels

MOST_CITATIONS = 20  # in one address
Around = tuple[str, str]  # what is copied, before and after the address, which only the browser knows whole

_MARKDOWN = re.compile(r"[\\`*_\[\]<>#|~&!$]|^(?:[+-]|\d+[.)])(?=\s)", re.MULTILINE)


class Shared(NamedTuple):
    """What a citation can be copied as."""

    address: str
    text: Around
    markdown: Around


def citation_address(citation_id: str) -> str:
    """Return the lasting address of a citation, below the address of the web app.

    >>> citation_address("a b.txt#0-2~3639efcd08")
    'cite/a%20b.txt%230-2~3639efcd08'
    """
    return f"cite/{_encoded(citation_id)}"


def document_address(document_id: str, citation_ids: Sequence[str] = (), at: int = 0) -> str:
    """Return the address of a document with the citations of an answer, opened at one of them, counted from 1.

    Of more than MOST_CITATIONS, it has as many, that one among them.

    >>> document_address("a b.txt", ["a b.txt#0-2~3639efcd08"], 1)
    'documents/a%20b.txt?cite=a%20b.txt%230-2~3639efcd08&at=1#cite-1'
    """
    left_out = max(0, at - MOST_CITATIONS)
    shown, at = citation_ids[left_out : left_out + MOST_CITATIONS], at - left_out
    query = "&".join(f"cite={_encoded(each)}" for each in shown)
    place = f"&at={at}#cite-{at}" if at else ""
    return f"documents/{_encoded(document_id)}{'?' * bool(query)}{query}{place if query else ''}"


def page_address(document_id: str, citation_ids: Sequence[str], at: int, **query: int | str) -> str:
    """Return the address of a document shown another way, with the same citations, opened at the same one.

    >>> page_address("a.pdf", ["a.pdf#0-2~3639efcd08"], 1, page=412)
    'documents/a.pdf?cite=a.pdf%230-2~3639efcd08&at=1&page=412'
    """
    address = document_address(document_id, citation_ids, at).partition("#")[0]
    more = "&".join(f"{key}={value}" for key, value in query.items())
    return f"{address}{'&' if citation_ids else '?'}{more}"


def shared(
    citation_id: str, quote: str, span: Span, document: Document, words: DocumentLabels, labels: Labels
) -> Shared:
    """Return what a citation is copied as: its words, title, date, file and place, and its address."""
    title = " ".join(disarm(document.title if document.title.strip() else document.id).split())
    date = labels.day(document.date) if document.date else labels.undated
    stands = place(span, document, words, labels)
    name, quote = " ".join(disarm(document.id).split()), disarm(quote).strip()
    quoted = "\n".join(f"> {_plain_in_markdown(line)}" for line in quote.split("\n"))
    return Shared(
        citation_address(citation_id),
        (f"{words.quote.format(quote)}\n{title}, {date}, {name}, {stands}\n", ""),
        (f"{quoted}\n>\n> — [{_plain_in_markdown(title)}](", f"), {date}, {_code(name)}, {_plain_in_markdown(stands)}"),
    )


def place(span: Span, document: Document, words: DocumentLabels, labels: Labels) -> str:
    """Say where a span stands: on which page or the like, and between which characters."""
    around = place_of(document, span)
    characters = words.place.format(*span)
    return f"{disarm(label(around, labels.language))}, {characters}" if around else characters


def _encoded(text: str) -> str:
    return percent_encode(text, safe="/", errors="replace")


def _plain_in_markdown(line: str) -> str:
    """Escape what Markdown would read as markup.

    >>> print(_plain_in_markdown("*1* and [x](y)"))
    \\*1\\* and \\[x\\](y)
    """
    return _MARKDOWN.sub(lambda match: match[0][:-1] + "\\" + match[0][-1], line.strip())


def _code(text: str) -> str:
    """Return a code span, fenced longer than any run of backticks in it."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " * text.startswith("`") or " " * text.endswith("`")
    return f"{fence}{pad}{text}{pad}{fence}"
