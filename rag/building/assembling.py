"""The parts of a generation and where their vectors lie -> its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag import index
from rag.building.parts import Part
from rag.building.salvage import Chunk, Salvage
from rag.encoder import Vectors
from rag.index import Before, Generation, Layout, Recipe, Traces

Sentences = npt.NDArray[np.float16]  # their vectors

UNKNOWN = (-1, -1, -1, -1)  # a signature that no file has
BLOCK = 4096  # passages whose vectors are in memory at a time


def write(folder: Path, parts: Sequence[Part], previous: Generation | None, salvage: Salvage, made_by: Recipe) -> None:
    """Write a generation into an existing empty folder."""
    origins = np.concatenate([part.origins for part in parts])
    known = _passages(previous)
    blocks = list(_runs(origins, known))
    vectors = np.concatenate([_passage_vectors(block, previous, salvage) for block in blocks])
    sentence_vectors = (each for block in blocks for each in _sentence_vectors(block, previous, salvage))
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


def _passages(previous: Generation | None) -> int:
    return len(previous.contents.passages) if previous else 0


def _runs(origins: npt.NDArray[np.int64], known: int) -> Iterator[range]:
    """Yield consecutive rows, in order; those of the index before and those that were salvaged lie apart."""
    breaks = np.flatnonzero((np.diff(origins) != 1) | (origins[1:] == known)) + 1
    for start, end in pairwise([0, *breaks.tolist(), len(origins)]):
        first, last = int(origins[start]), int(origins[end - 1]) + 1
        for begin in range(first, last, BLOCK):
            yield range(begin, min(begin + BLOCK, last))


def _passage_vectors(rows: range, previous: Generation | None, salvage: Salvage) -> Vectors:
    known = _passages(previous)
    if previous and rows.stop <= known:
        return previous.store.vectors(np.array(rows))
    pieces = _salvaged(range(rows.start - known, rows.stop - known), salvage)
    return np.concatenate([chunk.passages[within] for chunk, within in pieces])


def _sentence_vectors(rows: range, previous: Generation | None, salvage: Salvage) -> Iterator[Sentences]:
    known = _passages(previous)
    if previous and rows.stop <= known:
        contents = previous.contents
        first, last = (contents.sentence_range(row) for row in (rows[0], rows[-1]))
        yield contents.sentence_vectors[first.start : last.stop]
        return
    for chunk, within in _salvaged(range(rows.start - known, rows.stop - known), salvage):
        ends = np.cumsum([0, *chunk.counts])
        yield chunk.sentences[ends[within.start] : ends[within.stop]]


def _salvaged(rows: range, salvage: Salvage) -> Iterator[tuple[Chunk, slice]]:
    """Yield where the vectors of consecutive rows are, file by file."""
    start = rows.start
    while start < rows.stop:
        first, chunk = salvage.chunk(start)
        end = min(rows.stop, first + len(chunk.counts))
        yield chunk, slice(start - first, end - first)
        start = end
