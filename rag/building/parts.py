"""One document of the generation that is being built, laid out by itself."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag import documents
from rag.copies import Sketch, sketch
from rag.documents import Signature
from rag.types import Document, Passage


def hash_beside(path: Path) -> int:
    """Return a hash of what stands beside a file, 0 where nothing does. Raises OSError."""
    data = documents.sidecar(path)
    return 0 if data is None else int.from_bytes(hashlib.sha256(data).digest()[:8], "big", signed=True) | 1


class Part(NamedTuple):
    """A document with its passages, and the rows at which their vectors are to be found."""

    document: Document
    passages: npt.NDArray[np.int32]  # as in `Layout`, but that documents and sentences are counted from 0
    languages: npt.NDArray[np.str_]
    sentences: npt.NDArray[np.int32]
    origins: npt.NDArray[np.int64]  # rows of the index before and, behind those, of what was salvaged
    sketch: Sketch
    signature: Signature | None
    sidecar: int  # a hash of what stands beside the file


class Fresh(NamedTuple):
    """A document that was read, with passages whose vectors are yet to be found or made."""

    document: Document
    passages: Sequence[Passage]
    sketch: Sketch
    signature: Signature | None
    sidecar: int

    @classmethod
    def of(cls, document: Document, passages: Sequence[Passage], signature: Signature | None, sidecar: int) -> Fresh:
        return cls(document, passages, sketch(documents.content(document)), signature, sidecar)

    def laid_out(self, origins: Sequence[int]) -> Part:
        """Return the document with its passages as arrays, which take a tenth of the memory."""
        firsts = np.cumsum([0, *(len(passage.sentences) for passage in self.passages)])
        rows = [(0, each.start, each.end, first) for each, first in zip(self.passages, firsts, strict=False)]
        spans = [span for passage in self.passages for span in passage.sentences]
        return Part(
            self.document,
            np.array(rows, np.int32).reshape(-1, 4),
            np.array([passage.language for passage in self.passages]),
            np.array(spans, np.int32).reshape(-1, 2),
            np.array(origins, np.int64),
            self.sketch,
            self.signature,
            self.sidecar,
        )
