"""The parts of a generation and where their vectors lie -> its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag import index
from rag.building.parts import Part
from rag.building.salvage import Salvage
from rag.encoder import Vectors
from rag.index import Before, Index, Layout, Recipe, Traces

UNKNOWN = (-1, -1, -1, -1)  # a signature that no file has
BLOCK = 4096  # passages whose vectors are in memory at a time


class Vectored(NamedTuple):
    """Consecutive passages with their vectors and those of their sentences."""

    passages: Vectors
    sentences: npt.NDArray[np.float16]


def write(folder: Path, parts: Sequence[Part], previous: Index | None, salvage: Salvage, made_by: Recipe) -> None:
    """Write a generation into an existing empty folder."""
    origins = np.concatenate([part.origins for part in parts])
    known = _passages(previous)
    blocks = list(_runs(origins, known))
    vectors = np.concatenate([_vectored(block, previous, salvage).passages for block in blocks])
    sentence_vectors = (_vectored(block, previous, salvage).sentences for block in blocks)
    traces = Traces(
        np.stack([part.sketch for part in parts]),
        np.array([part.signature or UNKNOWN for part in parts], np.int64),
        np.array([part.sidecar for part in parts], np.int64),
    )
    before = Before(previous, np.where(origins < known, origins, -1)) if previous else None
    index.save(folder, lay_out(parts), vectors, sentence_vectors, traces, made_by, before)


def lay_out(parts: Sequence[Part]) -> Layout:
    """Put parts one behind another."""
    firsts = np.cumsum([0, *(len(part.sentences) for part in parts)]).tolist()
    passages = np.concatenate([part.passages for part in parts])
    counts = [len(part.passages) for part in parts]
    passages[:, 0] = np.repeat(np.arange(len(parts)), counts)
    passages[:, 3] += np.repeat(firsts[:-1], counts).astype(np.int32)
    sentences = np.concatenate([part.sentences for part in parts])
    languages = np.concatenate([part.languages for part in parts])
    return Layout(tuple(part.document for part in parts), passages, languages, sentences)


def _passages(previous: Index | None) -> int:
    return len(previous.contents.passages) if previous else 0


def _runs(origins: npt.NDArray[np.int64], known: int) -> Iterator[range]:
    """Yield consecutive rows, in order; those of the index before and those that were salvaged lie apart."""
    breaks = np.flatnonzero((np.diff(origins) != 1) | (origins[1:] == known)) + 1
    for start, end in pairwise([0, *breaks.tolist(), len(origins)]):
        first, last = int(origins[start]), int(origins[end - 1]) + 1
        for begin in range(first, last, BLOCK):
            yield range(begin, min(begin + BLOCK, last))


def _vectored(rows: range, previous: Index | None, salvage: Salvage) -> Vectored:
    known = _passages(previous)
    if previous and rows.stop <= known:
        contents = previous.contents
        sentences = slice(contents.sentence_range(rows[0]).start, contents.sentence_range(rows[-1]).stop)
        return Vectored(previous.store.vectors(np.array(rows)), contents.sentence_vectors[sentences])
    pieces = list(_salvaged(range(rows.start - known, rows.stop - known), salvage))
    return Vectored(*map(np.concatenate, zip(*pieces, strict=True)))


def _salvaged(rows: range, salvage: Salvage) -> Iterator[Vectored]:
    """Yield the vectors of consecutive rows, file by file."""
    start = rows.start
    while start < rows.stop:
        first, chunk = salvage.chunk(start)
        end = min(rows.stop, first + len(chunk.counts))
        ends = np.cumsum([0, *chunk.counts])
        sentences = slice(ends[start - first], ends[end - first])
        yield Vectored(chunk.passages[start - first : end - first], chunk.sentences[sentences])
        start = end
