"""The embedded store: an exact FAISS index, which stays within a few milliseconds up to some 100,000 passages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np

from rag.errors import DamagedIndex
from rag.stores import Nearest, Rows, Vectors

FILE = "vectors.faiss"
BLOCK = 1 << 20  # bytes read or written at a time


class FaissStore:
    """`faiss.IndexFlatIP` over unit vectors."""

    def __init__(self, index: Any) -> None:
        self._index = index

    @classmethod
    def create(cls, vectors: Vectors) -> FaissStore:
        index = faiss.IndexFlatIP(vectors.shape[1])
        index.add(np.ascontiguousarray(vectors, np.float32))
        return cls(index)

    @classmethod
    def open(cls, folder: Path) -> FaissStore:
        try:
            # Opened in Python: FAISS opens paths in the system's narrow encoding.
            with (folder / FILE).open("rb") as file:
                return cls(faiss.read_index(faiss.PyCallbackIOReader(file.read, BLOCK)))  # type: ignore[attr-defined]
        except (OSError, RuntimeError) as error:
            raise DamagedIndex(f"{folder / FILE} cannot be read; run `rag index` to build it anew") from error

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: Vectors, k: int, rows: Rows | None = None) -> Nearest:
        k = min(k, len(self) if rows is None else len(rows))
        if not k:
            return Nearest(np.zeros(0, np.int64), np.zeros(0, np.float32))
        parameters = faiss.SearchParameters(sel=faiss.IDSelectorBatch(rows)) if rows is not None else None  # type: ignore[call-arg]
        scores, found = self._index.search(query.reshape(1, -1), k, params=parameters)
        return Nearest(found[0], scores[0])

    def vectors(self, rows: Rows) -> Vectors:
        if not len(rows):
            return np.zeros((0, self._index.d), np.float32)
        return np.asarray(self._index.reconstruct_batch(np.ascontiguousarray(rows, np.int64)), np.float32)

    def save(self, folder: Path) -> None:
        with (folder / FILE).open("wb") as file:
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write, BLOCK))  # type: ignore[attr-defined]
