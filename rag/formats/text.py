"""Plain text and Markdown inside an archive or a mail; one of its own is read as it stands, without a draft."""

from __future__ import annotations

from rag.formats.draft import Draft, decoded


def read(data: bytes, draft: Draft) -> None:
    draft.add(decoded(data), apart=True)
