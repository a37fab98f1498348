"""Rich text, by striprtf: paragraphs, without pictures and embedded objects."""

from __future__ import annotations

from rag.formats.draft import Draft, Unreadable


def read(data: bytes, draft: Draft) -> None:
    """Read the paragraphs; the cells of a table's row stand between bars."""
    from striprtf.striprtf import rtf_to_text

    if not data.rstrip(b"\0 \t\r\n").endswith(b"}"):
        draft.leave_out("the end of the file is cut off; open it, save it anew or fetch it again")
    try:
        text = rtf_to_text(data.decode("latin-1"), errors="replace")
    except (ValueError, LookupError, RecursionError) as error:
        raise Unreadable(f"the file is damaged ({type(error).__name__}); open it and save it anew") from None
    for paragraph in text.split("\n"):
        draft.add(paragraph.strip("|").replace("|", " | "))
