"""The vector store against brute force in numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.errors import DamagedIndex
from rag.stores import VectorStore, create_store, open_store
from rag.stores.faiss import FILE

ROWS, DIMENSION = 500, 24


def unit(rows: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, DIMENSION)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS, QUERIES = unit(ROWS, 1), unit(20, 2)


@pytest.fixture(scope="module")
def store() -> VectorStore:
    return create_store(VECTORS)


def brute_force(query: np.ndarray, k: int, rows: np.ndarray) -> tuple[list[int], np.ndarray]:
    scores = VECTORS[rows] @ query
    order = np.argsort(-scores)[:k]
    return rows[order].tolist(), scores[order]


@pytest.mark.parametrize("k", [1, 7, ROWS, ROWS + 100])
@pytest.mark.parametrize("rows", [None, np.arange(0, ROWS, 3), np.array([499, 3, 77]), np.array([42])])
def test_search_is_exact(store: VectorStore, k: int, rows: np.ndarray | None) -> None:
    for query in QUERIES:
        expected, scores = brute_force(query, k, np.arange(ROWS) if rows is None else rows)
        found = store.search(query, k, rows)
        assert found.rows.tolist() == expected
        assert found.scores == pytest.approx(scores, abs=1e-6)


def test_an_empty_filter_finds_nothing(store: VectorStore) -> None:
    found = store.search(QUERIES[0], 5, np.zeros(0, np.int64))
    assert (found.rows.shape, found.scores.shape) == ((0,), (0,))


def test_vectors_come_back_as_they_were(store: VectorStore) -> None:
    assert len(store) == ROWS
    assert np.array_equal(store.vectors(np.array([499, 0, 0, 17])), VECTORS[[499, 0, 0, 17]])
    assert store.vectors(np.zeros(0, np.int64)).shape == (0, DIMENSION)


def test_what_is_saved_is_opened(store: VectorStore, tmp_path: Path) -> None:
    folder = tmp_path / "индекс ø 索引"
    folder.mkdir()
    store.save(folder)
    opened = open_store(folder)
    assert np.array_equal(opened.vectors(np.arange(ROWS)), VECTORS)
    before, after = store.search(QUERIES[0], 9), opened.search(QUERIES[0], 9)
    assert np.array_equal(before.rows, after.rows)
    assert np.array_equal(before.scores, after.scores)


@pytest.mark.parametrize("keep", [0, 3, 40, 1000, -1])
def test_a_truncated_file_is_told(store: VectorStore, tmp_path: Path, keep: int) -> None:
    store.save(tmp_path)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:keep])
    with pytest.raises(DamagedIndex, match=r"vectors\.faiss cannot be read; run `rag index`"):
        open_store(tmp_path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DamagedIndex, match="rag index"):
        open_store(tmp_path)
