"""Citations held against the files as they are now."""

from __future__ import annotations

from dataclasses import replace

from rag import documents
from rag.errors import UnreadableDocument
from rag.models import sha256_of
from rag.types import Citation, Document, Span


def cite(document: Document, span: Span) -> Citation:
    """Make a citation of a span of a document, not yet verified."""
    return Citation(document.id, span.start, span.end, document.text[span.start : span.end], document.sha256)


def verify(citation: Citation, document: Document) -> Citation:
    """Return the citation with `verified` set: its quote stands at its place in the document's file as it is now."""
    return replace(citation, verified=_current_text(document)[citation.start : citation.end] == citation.quote)


def _current_text(document: Document) -> str:
    """Return the text of a document's file; read anew only when its bytes are no longer those that were indexed."""
    try:
        if sha256_of(document.path) == document.sha256:
            return document.text
        return documents.decode(document.path.read_bytes())
    except (OSError, ValueError, UnreadableDocument):
        return ""
