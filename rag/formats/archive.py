"""Archives: a file in one is a place. Nothing is ever written to disk, so no name in one can lead anywhere."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import PurePosixPath
from typing import Protocol

from rag.formats import reading, zips
from rag.formats.draft import Draft, Unreadable

_AT_ONCE = 1_000_000  # bytes


def read(data: bytes, draft: Draft) -> None:
    """Read the files in an archive that are documents; hidden ones, links and devices are none."""
    if data.startswith(b"PK"):
        _read_zip(data, draft)
        return
    name = draft.name
    with _translated():
        compressed = _decompressing(data)
        plain = _unpacked(compressed, draft) if compressed else data
        if compressed and plain[257:262] != b"ustar":  # one file, compressed
            reading.nested(draft, plain, name.removesuffix(PurePosixPath(name).suffix))
            return
        _read_tar(plain, draft)


def _read_zip(data: bytes, draft: Draft) -> None:
    with zips.opened(data) as packed:
        documents = [each for each in packed.infolist() if not each.is_dir() and _is_document(each.filename)]
        if not documents:
            raise Unreadable("it holds no file of a kind that is read")
        for member in documents:
            _member(zips.unpacked(packed, member, draft), member.filename, draft)


def _read_tar(data: bytes, draft: Draft) -> None:
    with tarfile.open(fileobj=BytesIO(data), mode="r:") as packed:
        for count, member in enumerate(packed):
            if count == zips.MEMBERS:
                raise Unreadable(zips.TOO_MANY)
            file = packed.extractfile(member) if member.isreg() and _is_document(member.name) else None
            if file:
                _member(_unpacked(file, draft), member.name, draft)


def _member(data: bytes, name: str, draft: Draft) -> None:
    with draft.place("member", name=name):
        reading.nested(draft, data, name)


def _is_document(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return reading.is_known(name) and not any(
        part.startswith((".", "__MACOSX")) for part in parts if part not in (".", "..")
    )


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _decompressing(data: bytes) -> _Readable | None:
    """Return a file that unpacks bytes as it is read, None if they are not compressed."""
    if data.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=BytesIO(data))
    if data.startswith(b"BZh"):
        return bz2.BZ2File(BytesIO(data))
    return lzma.LZMAFile(BytesIO(data)) if data.startswith(b"\xfd7zXZ\0") else None


def _unpacked(file: _Readable, draft: Draft) -> bytes:
    """Read a file to its end, counted as it comes."""
    parts = []
    while part := file.read(_AT_ONCE):
        draft.unpack(len(part))
        parts.append(part)
    return b"".join(parts)


@contextmanager
def _translated() -> Iterator[None]:
    """Translate what the libraries raise on archives that are damaged."""
    try:
        yield
    except Unreadable:
        raise
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError):
        raise Unreadable(zips.DAMAGED) from None
