"""Where passage vectors are kept and searched: one narrow protocol, one backend a file."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]


class Nearest(NamedTuple):
    """Rows by falling score, and their inner products with the query; both of shape (found,)."""

    rows: Rows
    scores: Vectors


class VectorStore(Protocol):
    """Unit vectors by row number, searched by inner product."""

    def __len__(self) -> int: ...

    def search(self, query: Vectors, k: int, rows: Rows | None = None) -> Nearest:
        """Return the `k` nearest of all rows, or of `rows` only; fewer when there are fewer."""
        ...

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of `rows`, shape (rows, dimension)."""
        ...

    def save(self, folder: Path) -> None:
        """Write the store's files into an existing folder."""
        ...


def create_store(vectors: Vectors) -> VectorStore:
    """Make a store of unit vectors, shape (rows, dimension)."""
    from rag.stores.faiss import FaissStore

    return FaissStore.create(vectors)


def open_store(folder: Path) -> VectorStore:
    """Open the store that `save` wrote into a folder. Raises DamagedIndex."""
    from rag.stores.faiss import FaissStore

    return FaissStore.open(folder)
