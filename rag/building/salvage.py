"""Vectors that a build has made, kept aside until it is complete: one that was interrupted is gone on with.

They are found by what they were made of. A file holds those of some hundred passages and is named by the SHA-256 of
its bytes, so that half of one, or a damaged one, is not taken for what it was.
"""

from __future__ import annotations

import hashlib
import io
import shutil
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag.encoder import Encoded, Vectors
from rag.errors import IndexNotWritable
from rag.generations import writable
from rag.index import Recipe
from rag.types import Passage

FOLDER = "embedded"


class Chunk(NamedTuple):
    """The vectors of some passages and of their sentences, in order."""

    passages: Vectors
    sentences: npt.NDArray[np.float16]
    counts: npt.NDArray[np.int32]  # of the sentences of each passage


class Salvage:
    """What has been embedded for an index that is being built; rows are numbered through all files."""

    def __init__(self, index: Path, made_by: Recipe) -> None:
        """Look through what an earlier build has left."""
        self._index = index
        self._folder = index / FOLDER
        self._salt = repr(made_by).encode()
        self._files: list[Path] = []
        self._firsts = [0]
        self._rows: dict[bytes, int] = {}
        self._open: tuple[int, Chunk] | None = None  # the file that was read last: rows are asked for in order
        for path in sorted(self._folder.glob("*.npz")):
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() == path.stem:
                with np.load(io.BytesIO(data)) as arrays:
                    self._add(path, [digest.tobytes() for digest in arrays["digests"]])
            else:
                with suppress(OSError):
                    path.unlink()

    def digest(self, passage: Passage) -> bytes:
        """Return what tells a passage's vectors from all others: they are made of its context, text and sentences."""
        spans = [(start - passage.start, end - passage.start) for start, end in passage.sentences]
        found = hashlib.blake2b(self._salt, digest_size=16)
        found.update(repr(spans).encode())
        found.update(f"{len(passage.context)} {passage.context}{passage.text}".encode("utf-8", "surrogatepass"))
        return found.digest()

    def find(self, digest: bytes) -> int | None:
        """Return the row of a passage that has been embedded."""
        return self._rows.get(digest)

    def keep(self, digests: Sequence[bytes], counts: Sequence[int], encoded: Encoded) -> None:
        """Write the vectors of passages, with the numbers of their sentences.

        Raises IndexNotWritable, and then keeps nothing: a disk that is full has no room for an index beside it.
        """
        file = io.BytesIO()
        np.savez(
            file,
            digests=np.array([np.frombuffer(digest, np.uint8) for digest in digests]),
            counts=np.array(counts, np.int32),
            passages=encoded.passages,
            sentences=encoded.sentences.astype(np.float16),
        )
        data = file.getvalue()
        path = self._folder / f"{hashlib.sha256(data).hexdigest()}.npz"
        try:
            with writable(self._index):
                self._folder.mkdir(exist_ok=True)
                path.write_bytes(data)
        except IndexNotWritable:
            self.remove()
            raise
        self._add(path, digests)

    def chunk(self, row: int) -> tuple[int, Chunk]:
        """Return the vectors of the file that a row is in, and the file's first row."""
        number = bisect_right(self._firsts, row) - 1
        if self._open is None or self._open[0] != number:
            with np.load(self._files[number]) as arrays:
                self._open = number, Chunk(arrays["passages"], arrays["sentences"], arrays["counts"])
        return self._firsts[number], self._open[1]

    def drop_all_but(self, rows: Iterable[int]) -> None:
        """Remove the files that none of these rows is in: what was embedded for documents that are gone meanwhile."""
        needed = {bisect_right(self._firsts, row) - 1 for row in rows}
        for number, path in enumerate(self._files):
            if number not in needed:
                with suppress(OSError):
                    path.unlink()

    def remove(self) -> None:
        """Remove everything: it is in the index now, or not needed."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _add(self, path: Path, digests: Sequence[bytes]) -> None:
        first = self._firsts[-1]
        self._rows.update({digest: first + number for number, digest in enumerate(digests)})
        self._files.append(path)
        self._firsts.append(first + len(digests))
