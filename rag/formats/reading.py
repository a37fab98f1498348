"""The bytes of a file -> its format -> what that writes into a draft; files in files the same way."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol

from rag.formats import sniffing
from rag.formats.draft import DEPTH, Draft, Extract, Limits, Unreadable, decoded


class Read(Protocol):
    """What a module of this package has to have: it writes the text of a file, and the places in it, into a draft.

    It raises Unreadable, with what is wrong and what to do, when nothing of the file can be read, and tells the draft
    what parts it left out. Anything else that it raises is a flaw of the file that its library does not know.
    """

    def __call__(self, data: bytes, draft: Draft, /) -> None: ...


def extract(data: bytes, name: str, limits: Limits) -> Extract:
    """Return the text of a file, in this process. Raises Unreadable, and whatever a parser does."""
    if sniffing.recognise(data, name) == sniffing.TEXT:
        return Extract(decoded(data))
    draft = Draft(limits)
    read_into(draft, data, name)
    return draft.extract()


def read_into(draft: Draft, data: bytes, name: str) -> None:
    """Write a file of any format into a draft. Raises Unreadable."""
    read: Read = import_module(f"rag.formats.{sniffing.recognise(data, name)}").read
    draft.name = name
    read(data, draft)


def nested(draft: Draft, data: bytes, name: str) -> None:
    """Write a file that lies in another; what is wrong with it is told, and does not keep from reading the rest."""
    if draft.depth == DEPTH:
        draft.leave_out(f"{name}: it lies in too many archives, one in another; unpack them yourself")
        return
    draft.depth += 1
    try:
        read_into(draft, data, name)
    except Unreadable as problem:
        if draft.exhausted:  # the limit is that of the whole
            raise
        draft.leave_out(f"{name}: {problem}")
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # of a parser that met what its authors did not think of
        draft.leave_out(f"{name}: {flaw(error)}")
    finally:
        draft.depth -= 1


def is_known(name: str) -> bool:
    """Tell whether a file's name says that it is, or ought to be, a document."""
    suffix = sniffing.suffix_of(name)
    return suffix in sniffing.BY_SUFFIX or suffix in sniffing.UNREAD


def flaw(error: Exception) -> str:
    """Say that a parser failed in a way that nobody foresaw."""
    return f"it is damaged, or a parser has a flaw ({type(error).__name__}); open it and save it anew"
