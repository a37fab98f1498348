"""Zip files as documents and archives are made of, opened with suspicion."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

from rag.formats.draft import Draft, Unreadable

MEMBERS = 10_000
_AT_ONCE = 1_000_000  # bytes unpacked between two looks at the limit
DAMAGED = "it is damaged or cut off; save or pack it anew, or fetch it again"
TOO_MANY = f"it holds more than {MEMBERS} files; unpack it yourself"


@contextmanager
def opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    """Open a zip, whatever is wrong with it being told as Unreadable."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            if len(packed.infolist()) > MEMBERS:
                raise Unreadable(TOO_MANY)
            yield packed
    except Unreadable:
        raise
    except NotImplementedError:
        raise Unreadable("it is packed in a way that is not known; pack it anew as an ordinary .zip") from None
    except RuntimeError as error:  # zipfile has no other for what is encrypted
        if "password" not in str(error):
            raise
        raise Unreadable("it is encrypted; save a copy of it without a password") from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError):
        raise Unreadable(DAMAGED) from None


def unpacked(packed: zipfile.ZipFile, member: str | zipfile.ZipInfo, draft: Draft) -> bytes:
    """Return a member's bytes, counted as they come: what a zip says of their number may be a lie.

    Raises KeyError when there is no such member.
    """
    parts = []
    with packed.open(member) as file:
        while part := file.read(_AT_ONCE):
            draft.unpack(len(part))
            parts.append(part)
    return b"".join(parts)


def check(data: bytes, draft: Draft) -> None:
    """Unpack everything and drop it, so that a library that does the same can be trusted with it. Raises Unreadable."""
    with opened(data) as packed:
        for member in packed.infolist():
            unpacked(packed, member, draft)
