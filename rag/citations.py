"""Citations held against the files as they are now: made, verified, and looked up by their ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from rag import documents
from rag.errors import CitationError
from rag.formats import Extract
from rag.models import sha256_of
from rag.places import place_of
from rag.types import Answer, Citation, Document, Place, Span, quote_hash

Status = Literal["verified", "moved", "changed", "gone"]
HOLDS: frozenset[Status] = frozenset({"verified", "moved"})  # the cited words stand in the document
CONTEXT = 300  # characters shown on either side

_ID = re.compile(r"(?P<document>[^#~]+)#(?P<start>[0-9]{1,10})-(?P<end>[0-9]{1,10})~(?P<hash>[0-9a-f]{10})")
_ENCODED = re.compile(r"%(?:23|7E|25)")
_LONGEST_MOVED = 5000  # characters of a quote that is looked for by its hash alone
# Characters that are hashed for that, at most: a second's work, whoever asks. Words of a line or two that moved by some
# hundred thousand characters are found.
_MOST_HASHED = 100_000_000
_CALL = 100  # characters that take as long to hash as the call itself


class Reference(NamedTuple):
    """A citation's id in its parts."""

    document_id: str
    span: Span
    hash: str


class LookUp(NamedTuple):
    """What has become of a citation. `start` and `end` are where it stands now, or did when it was made."""

    id: str
    status: Status
    document_id: str
    start: int
    end: int
    quote: str | None  # what was cited, if that is still known
    context: str | None  # what stands around it now
    context_start: int
    found: str | None  # what stands there now instead, if it was changed
    places: tuple[Place, ...] = ()  # around it, outermost first, where the file is as it was indexed


def cite(document: Document, span: Span) -> Citation:
    """Make a citation of a span of a document, not yet verified."""
    quote = document.text[span.start : span.end]
    return Citation(document.id, span.start, span.end, quote, document.sha256, places=place_of(document, span))


def verify(citation: Citation, document: Document) -> Citation:
    """Return the citation with `verified` set: its quote stands at its place in the document's file as it is now."""
    text = current_text(document) or ""
    return replace(citation, verified=text[citation.start : citation.end] == citation.quote)


def verify_again(answer: Answer, indexed: Mapping[str, Document]) -> Answer:
    """Return an answer of an earlier time with its citations held against the files as they are now."""
    documents = [indexed.get(citation.document_id) for citation in answer.citations]
    found = [
        verify(citation, document) if document else replace(citation, verified=False)
        for citation, document in zip(answer.citations, documents, strict=True)
    ]
    return replace(answer, citations=tuple(found))


def parse_id(text: str) -> Reference:
    """Take an id apart. Raises CitationError when it has not the form, or names what no documents folder can hold.

    >>> parse_id("a%23b.txt#0-2~3639efcd08").document_id
    'a#b.txt'
    """
    match = _ID.fullmatch(text.strip())
    if not match:
        raise CitationError(f"{text[:80]!r} is no citation id; one looks like letters/lease.md#120-164~4c443e54e0")
    name = match["document"]
    if "%" in _ENCODED.sub("", name):
        raise CitationError(f"{text[:80]!r} is no citation id: in a file's name only %23, %7E and %25 are encoded")
    name = _ENCODED.sub(lambda code: chr(int(code.group()[1:], 16)), name)
    if name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name) or {"..", ".", ""} & set(re.split(r"[/\\]", name)):
        raise CitationError(f"{text[:80]!r} is no citation id: the document is a path below the documents folder")
    span = Span(int(match["start"]), int(match["end"]))
    if span.start >= span.end:
        raise CitationError(f"{text[:80]!r} is no citation id: it ends at {span.end}, before or where it starts")
    return Reference(name, span, match["hash"])


def look_up(text: str, indexed: Mapping[str, Document]) -> LookUp:
    """Tell what has become of a citation; documents are looked for among the indexed ones only.

    Raises CitationError when the id is malformed.
    """
    document = indexed.get(parse_id(text).document_id)
    return compare(text, document, current_text(document) if document else None)


def compare(text: str, document: Document | None, current: str | None) -> LookUp:
    """Tell what has become of a citation, given its document as indexed and the `current_text` of that.

    Raises CitationError when the id is malformed.
    """
    reference = parse_id(text)
    document_id, span, _ = reference
    quote = known_quote(reference, document)
    if current is None:
        return LookUp(text, "gone", document_id, *span, quote, None, 0, None)
    if quote_hash(_slice(current, span)) == reference.hash:
        places = place_of(document, span) if document and document.text == current else ()
        return _standing(text, "verified", document_id, current, span)._replace(places=places)
    moved = _moved(current, reference, quote)
    if moved:
        return _standing(text, "moved", document_id, current, moved)
    around = _around(current, span)
    return LookUp(
        text, "changed", document_id, *span, quote, _slice(current, around), around.start, _slice(current, span)
    )


def known_quote(reference: Reference, document: Document | None) -> str | None:
    """Return what was cited, if the document as indexed still has it."""
    known = _slice(document.text, reference.span) if document else ""
    return known if quote_hash(known) == reference.hash else None


def _standing(text: str, status: Status, document_id: str, current: str, span: Span) -> LookUp:
    around = _around(current, span)
    return LookUp(text, status, document_id, *span, _slice(current, span), _slice(current, around), around.start, None)


def _around(text: str, span: Span) -> Span:
    return Span(max(0, min(span.start, len(text)) - CONTEXT), min(len(text), span.end + CONTEXT))


def _slice(text: str, span: Span) -> str:
    return text[span.start : span.end]


def _moved(text: str, reference: Reference, quote: str | None) -> Span | None:
    """Return the place nearest to the old one where the cited words stand now.

    Where the index no longer has them, all that is left of them is their length and hash.
    """
    length = reference.span.end - reference.span.start
    if quote is None and length > _LONGEST_MOVED:
        return None
    nearest = _nearest_hash(text, reference, length) if quote is None else _nearest(text, quote, reference.span.start)
    return None if nearest is None else Span(nearest, nearest + length)


def _nearest(text: str, quote: str, start: int) -> int | None:
    """Return where `quote` stands, nearest to `start`; before it rather than behind it."""
    places = (text.rfind(quote, 0, start + len(quote)), text.find(quote, start))
    return min((place for place in places if place >= 0), key=lambda place: abs(place - start), default=None)


def _nearest_hash(text: str, reference: Reference, length: int) -> int | None:
    """Return where words of this length and hash stand, trying the places nearest to the old one first."""
    start, last = reference.span.start, len(text) - length
    nearest, furthest = max(0, start - last), max(start, last - start)
    for distance in range(nearest, min(furthest, nearest + _MOST_HASHED // (2 * (length + _CALL))) + 1):
        for place in (start - distance, start + distance):
            if 0 <= place <= last and quote_hash(text[place : place + length]) == reference.hash:
                return place
    return None


def current_text(document: Document) -> str | None:
    """Return the text of a document's file as it is now, None when there is no such file any more."""
    now = current(document)
    return now.text if now else None


def current(document: Document) -> Document | None:
    """Return a document as its file is now, read anew only when its bytes are no longer those that were indexed.

    None when there is no such file in the documents folder any more; it has no text where it is none any more.
    """
    try:
        if not _is_below_its_folder(document):
            return None
        if sha256_of(document.path) == document.sha256:
            return document
        data = document.path.read_bytes()
        found = _read_anew(data, document.path.name)
        sha256 = hashlib.sha256(data).hexdigest()
        return replace(document, text=found.text, sha256=sha256, boilerplate=(), places=found.places)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return replace(document, text="", sha256="", boilerplate=(), places=())


def current_bytes(document: Document) -> bytes | None:
    """Return the bytes of a document's file, None when there is no such file in the documents folder any more."""
    try:
        return document.path.read_bytes() if _is_below_its_folder(document) else None
    except OSError:
        return None


@lru_cache(maxsize=2)  # whoever looks at a file that has changed looks at it again, and a long PDF takes a minute
def _read_anew(data: bytes, name: str) -> Extract:
    try:
        return documents.extracted(data, name)
    except ValueError:
        return Extract("")


def _is_below_its_folder(document: Document) -> bool:
    """Tell whether the path still leads into the documents folder: since indexing, a link may have taken its place."""
    folder = Path(*document.path.parts[: -1 - document.id.count("/")])
    try:
        return document.path.resolve(strict=True).is_relative_to(folder.resolve())
    except RuntimeError:  # pathlib's word, until Python 3.13, for a link that leads to itself
        return False
