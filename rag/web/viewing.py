"""What the document page shows: which text of a document, which citations, and where they stand in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.citations import HOLDS, LookUp, Reference, compare, current, current_text, known_quote, parse_id
from rag.errors import RagError
from rag.places import place_of
from rag.types import Document, Place, Span, quote_hash
from rag.web.sharing import MOST_CITATIONS

VERSION = 16  # hex digits of a hash that tell one state of a file from another
PART = 12_000  # characters of a long document that are sent and laid out together

DocumentById = Callable[[str], Document]

_LONG_LINE = 100  # characters: text with such lines is not wrapped by hand, so each line is a paragraph
# What stands between paragraphs: blank lines, or the end of a line where lines are long.
GAP = re.compile(rf"\n(?:(?:[ \t]*\n)+|(?<=[^\n]{{{_LONG_LINE}}}\n)|(?=[^\n]{{{_LONG_LINE}}})|\Z)")


@dataclass(frozen=True, slots=True)
class Cited:
    """One citation of the address."""

    number: int  # from 1, as in the answer
    id: str
    document: Document | None
    quote: str | None  # what was cited, if that is known without searching
    found: LookUp | None = None  # of those that the page shows
    place: Span | None = None  # where its words stand in the text that is shown
    stands: Span | None = None  # and in that of the file as it is now
    page: int | None = None  # on which they stand there, if it has pages


@dataclass(frozen=True, slots=True)
class View:
    """A document as it is shown."""

    document: Document
    text: str
    now: Document  # as its file is now
    cited: tuple[Cited, ...]  # all of the address
    current: Cited | None

    @property
    def is_current(self) -> bool:
        """Tell whether the text is that of the file as it is now, not only as it was indexed."""
        return self.text == self.now.text

    @property
    def has_changed(self) -> bool:
        """Tell whether the text of the file has, since it was indexed."""
        return self.now.text != self.document.text

    @property
    def has_pages(self) -> bool:
        """Tell whether the file as it is now is a PDF."""
        return has_pages(self.now)

    @property
    def places(self) -> Sequence[Place]:
        """Return the places in the text that is shown."""
        return self.document.places if self.text == self.document.text else self.now.places

    @property
    def version(self) -> str:
        return version(self.text, self.document)


def has_pages(document: Document) -> bool:
    """Tell whether a document is a PDF; of one that lies in another file, no pages are shown."""
    return bool(document.places) and document.places[0].kind == "page"


def find(document_id: str, document: DocumentById) -> Document | None:
    """Return an indexed document, None when there is none of that name."""
    try:
        return document(document_id)
    except (RagError, KeyError):
        return None


def name(ids: Sequence[str], document: DocumentById) -> tuple[Cited, ...]:
    """Number the citations of an address. Raises CitationError when one is malformed."""
    cited = []
    for number, each in enumerate(ids[:MOST_CITATIONS], 1):
        reference = parse_id(each)
        found = find(reference.document_id, document)
        cited.append(Cited(number, each, found, known_quote(reference, found)))
    return tuple(cited)


def view(document: Document, cited: Sequence[Cited], at: int) -> View | None:
    """Return how a document is shown with citations, opened at one of them (0: at its beginning).

    None when its file is gone.
    """
    now = current(document)
    if now is None:
        return None
    opened = compare(cited[at - 1].id, document, now.text) if at else None
    shows_now = opened is not None and _is_shown_as_now(opened, document)
    text = now.text if shows_now else document.text
    placed = tuple(_placed(each, document, now, text, opened if each.number == at else None) for each in cited)
    return View(document, text, now, placed, placed[at - 1] if at else None)


def _is_shown_as_now(opened: LookUp, document: Document) -> bool:
    """Tell whether the file as it is now shows more of a citation than its text as indexed."""
    stands = document.text[opened.start : opened.end] == opened.quote
    return opened.status == "moved" or opened.quote is None or (opened.status == "verified" and not stands)


def _placed(cited: Cited, document: Document, now: Document, text: str, opened: LookUp | None) -> Cited:
    """Add where a citation stands in the text that is shown, if it can be shown without opening the page anew."""
    if cited.document is not document:
        return cited
    reference = parse_id(cited.id)
    cheap = cited.quote is not None or _stands(now.text, reference)
    found = opened or (compare(cited.id, document, now.text) if cheap else None)
    if found is None or (opened is None and found.status not in HOLDS):
        return cited
    stands = _trimmed(now.text, found.start, found.end) if found.status in HOLDS else None
    if _stands(text, reference):
        place: Span | None = _trimmed(text, *reference.span)
    else:
        place = stands if text == now.text else None
    page = page_at(now, stands.start) if stands else None
    return Cited(cited.number, cited.id, document, found.quote, found, place, stands, page)


def page_at(document: Document, offset: int) -> int | None:
    """Return the number of the page on which an offset lies, None where there are no pages or it lies between them."""
    return next((each.number for each in place_of(document, Span(offset, offset)) if each.kind == "page"), None)


def _stands(text: str, reference: Reference) -> bool:
    return quote_hash(text[reference.span.start : reference.span.end]) == reference.hash


def _trimmed(text: str, start: int, end: int) -> Span | None:
    """Return a span without the whitespace at its ends, None where nothing else is in it."""
    words = text[start:end]
    first = start + len(words) - len(words.lstrip())
    return Span(first, first + len(words.strip())) if words.strip() else None


def version(text: str, document: Document) -> str:
    """Return what tells the text as indexed from that of any other state of the file."""
    if text == document.text:
        return document.sha256[:VERSION]
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:VERSION]


def text_of(document: Document, wanted: str) -> str | None:
    """Return the text of that version, None when the file is no longer so."""
    if wanted == document.sha256[:VERSION]:
        return document.text
    now = current_text(document)
    return now if now is not None and version(now, document) == wanted else None


def places_of(text: str, document: Document) -> Sequence[Place]:
    """Return the places in a text that is a document's as indexed or as its file is now."""
    if text == document.text:
        return document.places
    now = current(document)
    return now.places if now and now.text == text else ()


@lru_cache(maxsize=4)
def parts(text: str) -> tuple[Span, ...]:
    """Cut a text where paragraphs end, into parts of about PART characters; they follow each other without a hole."""
    cut: list[Span] = []
    start = 0
    while start < len(text):
        end = _end_of_part(text, start)
        cut.append(Span(start, end))
        start = end
    return tuple(cut) or (Span(0, 0),)


def _end_of_part(text: str, start: int) -> int:
    least, most = start + PART, start + PART * 3 // 2
    if most >= len(text):
        return len(text)
    gap = GAP.search(text, least, most)
    if gap:
        return gap.end()
    space = max(text.rfind("\n", least, most), text.rfind(" ", least, most))
    return space + 1 if space > 0 else most
