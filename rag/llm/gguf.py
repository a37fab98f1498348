"""The head of a GGUF file: what tells a whole model from half of one before llama.cpp is asked to load it."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

from rag.errors import ModelError

_MAGIC, _VERSIONS = b"GGUF", (2, 3)
_SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}  # bytes of a value, by its type
_STRING, _ARRAY = 8, 9


def architecture(path: Path) -> str:
    """Return the architecture that a GGUF file names. Raises ModelError when it is none, or not whole."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Head(data).architecture
    except OSError as error:
        raise ModelError(f"cannot read the language model {path}: {error.strerror or error}") from None
    except (ValueError, struct.error) as error:
        reason = error if isinstance(error, _NoGguf) else "it is not whole, as after a download that broke off"
        raise ModelError(f"{path} is no GGUF file that can be loaded: {reason}; fetch it again") from None


class _NoGguf(ValueError):
    """The file is something else."""


class _Head:
    def __init__(self, data: mmap.mmap) -> None:
        if data[:4] != _MAGIC:
            raise _NoGguf("it does not begin like one")
        self._data, self._place = data, 4
        self.architecture = "unknown"
        version = self._number("<I")
        if version not in _VERSIONS:
            raise _NoGguf(f"its version {version} is not known")
        tensors, values = self._number("<Q"), self._number("<Q")
        for _ in range(values):
            if self._string() == b"general.architecture":
                self._number("<I")
                self.architecture = self._string().decode(errors="replace")
            else:
                self._skip(self._number("<I"))
        last = max(self._offsets(tensors), default=0)
        if self._place + last >= len(data):
            raise ValueError

    def _offsets(self, tensors: int) -> Iterator[int]:
        for _ in range(tensors):
            self._string()
            dimensions = self._number("<I")
            self._move(8 * dimensions + 4)
            yield self._number("<Q")

    def _number(self, form: str) -> int:
        (number,) = struct.unpack_from(form, self._data, self._place)
        self._place += struct.calcsize(form)
        return int(number)

    def _string(self) -> bytes:
        length = self._number("<Q")
        start = self._place
        self._move(length)
        return self._data[start : self._place]

    def _skip(self, kind: int) -> None:
        if kind == _STRING:
            self._string()
        elif kind == _ARRAY:
            kind, count = self._number("<I"), self._number("<Q")
            if kind == _STRING:
                for _ in range(count):
                    self._move(self._number("<Q"))
            else:
                self._move(_size(kind) * count)
        else:
            self._move(_size(kind))

    def _move(self, count: int) -> None:
        self._place += count
        if self._place > len(self._data):
            raise ValueError


def _size(kind: int) -> int:
    if kind not in _SIZES:
        raise _NoGguf(f"it holds values of a kind {kind} that is not known")
    return _SIZES[kind]
