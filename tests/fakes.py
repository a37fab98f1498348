"""Small real implementations of the package's protocols, for tests that need no weights."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from rag.building import Report, build_index
from rag.config import Settings
from rag.encoder import Encoded, Vectors
from rag.types import Span


class HashEncoder:
    """Counts words by their hash, so that texts with words in common are near. Remembers the passages it embedded."""

    name = "words by hash"
    dimension = 64
    capacity = 506

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [sum(len(word) // 4 + 1 for word in text.split()) for text in texts]

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        return self._vectors(questions)

    def embed_passages(
        self,
        texts: Sequence[str],
        sentences: Sequence[Sequence[Span]],
        progress: Callable[[int], None] = lambda _: None,
    ) -> Encoded:
        self.embedded += texts
        progress(len(texts))
        parts = [text[start:end] for text, spans in zip(texts, sentences, strict=True) for start, end in spans]
        return Encoded(self._vectors(texts), self._vectors(parts))

    def _vectors(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()) or [""]:
                vector[zlib.crc32(word.encode()) % self.dimension] += 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def write_documents(folder: Path, texts: Mapping[str, str]) -> None:
    """Make a folder hold these files and no others."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def build(settings: Settings, texts: Mapping[str, str], encoder: HashEncoder | None = None) -> Report:
    """Write documents into `settings.documents` and index them."""
    write_documents(settings.documents, texts)
    return build_index(settings.documents, settings, lambda: encoder or HashEncoder())
