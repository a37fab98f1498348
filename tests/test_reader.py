"""The network that reads: against the one that was trained, slow oracles, and weights that do not fit."""

from __future__ import annotations

import struct
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from rag import models
from rag.answerers.spans import tidied
from rag.config import Settings
from rag.errors import ModelError
from rag.reader import LONGEST, QUESTION_TOKENS, Reader, best_spans, span_scores
from training.export import load
from training.inputs import Composer
from training.model import from_trunk
from training.reading import Paragraphs, Task

WEIGHTS = Path(models.__file__).parent / "weights" / "reader.safetensors"
PAIRS = [
    ("When was the bridge opened?", "The bridge, 312 metres long, was opened on 4 May 1931 by the mayor."),
    ("Hvor mange elever har skolen?", "Skolen ligger i Bodø. Den har 412 elever og 38 lærere."),
    ("Кто руководит заводом?", "Завод основан в 1957 году. С 2019 года им руководит Анна Белова."),
    ("Who leads the factory?", "Завод основан в 1957 году. С 2019 года им руководит Анна Белова."),
    ("这座桥有多长？", "这座桥于1931年开通，全长312米。"),
]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(Settings())


@pytest.mark.model
def test_it_reads_as_the_network_that_was_trained(reader: Reader) -> None:
    """Packed and batched, it gives what the training code gives for padded inputs."""
    trained = from_trunk(models.packed_model(), seed=0, drop=0.0)
    trained.load_state_dict(load(WEIGHTS)[0])
    tokenizer = models.bundled_tokenizer(Settings())
    slow = Paragraphs(trained, Composer(tokenizer), models.packed_model().word_vectors)
    tasks = [Task(question, text, "en", "en") for question, text in PAIRS]
    for (question, text, *_), expected in zip(tasks, slow.read(tasks), strict=True):
        (window,) = reader.read(question, reader.tokenize([text]))
        best = window.readings[0]
        assert text[slice(*tidied(text, best.span))] == expected.answer
        assert best.lead == pytest.approx(expected.lead, abs=1e-3)
        assert window.answerable == pytest.approx(expected.answerable, abs=1e-3)


@pytest.mark.model
def test_texts_are_read_independently_of_each_other(reader: Reader) -> None:
    texts = reader.tokenize([text for _, text in PAIRS])
    together = reader.read(PAIRS[0][0], texts)
    for text, window in zip(texts, together, strict=True):
        (alone,) = reader.read(PAIRS[0][0], [text])
        assert [reading.span for reading in alone.readings] == [reading.span for reading in window.readings]
        assert alone.readings[0].lead == pytest.approx(window.readings[0].lead, abs=1e-3)
        assert alone.answerable == pytest.approx(window.answerable, abs=1e-3)


@pytest.mark.model
def test_a_question_is_read_up_to_a_limit(reader: Reader) -> None:
    long = "why " * (QUESTION_TOKENS + 500)
    texts = reader.tokenize([PAIRS[0][1]])
    assert len(reader.tokenize([long])[0].ids) > QUESTION_TOKENS
    cut = "why " * QUESTION_TOKENS
    assert reader.read(long, texts) == reader.read(cut, texts)


@pytest.mark.model
def test_a_text_cannot_pretend_to_end(reader: Reader) -> None:
    (text,) = reader.tokenize(["one </s></s> two <s>"])
    (empty,) = reader.tokenize([""])
    assert not {0, 2} & set(text.ids)
    assert text.offsets[-1].end == len("one </s></s> two <s>")
    assert empty.ids == []


@pytest.mark.model
def test_nothing_to_read(reader: Reader) -> None:
    assert reader.read("What?", []) == []
    (window,) = reader.read("What?", reader.tokenize([""]))
    assert window.readings == ()


@pytest.mark.model
def test_scores_that_are_no_numbers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = dict(models.reader_weights())
    weights["span.bias"] = torch.full_like(weights["span.bias"], torch.nan)
    monkeypatch.setattr(models, "reader_weights", lambda: weights)
    broken = Reader(Settings())
    with pytest.raises(ModelError, match="no numbers"):
        broken.read("What?", broken.tokenize(["This."]))


@given(st.integers(0, LONGEST + 12), st.integers(0, 10_000), st.integers(1, 4), st.integers(0, 9))
def test_the_best_spans_are_those_of_a_slow_search(tokens: int, seed: int, count: int, breaks: int) -> None:
    random = np.random.default_rng(seed)
    scores = random.normal(size=(tokens, tokens)).astype(np.float32)
    sentences = sorted(random.integers(0, breaks, tokens).tolist()) if breaks else [0] * tokens
    allowed = [
        (a, b) for a, b in product(range(tokens), repeat=2) if a <= b < a + LONGEST and sentences[a] == sentences[b]
    ]
    slow: list[tuple[int, int]] = []
    for span in sorted(allowed, key=lambda span: -scores[span]):
        if len(slow) < count and all(span[1] < a or b < span[0] for a, b in slow):
            slow.append(span)
    found = best_spans(scores, count, sentences if breaks else ())
    assert [(start, end) for start, end, _ in found] == slow
    assert [score for *_, score in found] == [float(scores[span]) for span in slow]


@given(st.integers(0, 30), st.integers(1, 6), st.integers(1, 40), st.integers(0, 10_000))
def test_the_score_of_a_span_is_a_sum_of_four(tokens: int, size: int, longest: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    edges, meeting = random.normal(size=(tokens, 2)), random.normal(size=(tokens, 2 * size))
    lengths = random.normal(size=longest)
    scores = span_scores(*map(torch.from_numpy, (edges, meeting, lengths))).numpy()
    assert scores.shape == (tokens, tokens)
    for first, last in product(range(tokens), repeat=2):
        if first <= last:
            together = meeting[first, :size] @ meeting[last, size:] / size**0.5
            length = lengths[min(last - first, longest - 1)]
            assert scores[first, last] == pytest.approx(edges[first, 0] + edges[last, 1] + together + length, abs=1e-4)


# --- the weights ------------------------------------------------------------------------------------------------------


def rewritten(path: Path, **metadata: str) -> Path:
    """Write the weights again with other metadata."""
    with safe_open(WEIGHTS, framework="pt") as file:
        names = list(file.keys())
        save_file({name: file.get_tensor(name) for name in names}, path, metadata=file.metadata() | metadata)
    return path


def trust(path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take a file for the one that is shipped."""
    monkeypatch.setattr(models, "READER_SHA256", models.sha256_of(path))
    return path


def test_weights_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing.*install the program again, or set 'answerer' to 'sentence'"):
        models.reader_weights(tmp_path / "reader.safetensors")


def test_weights_that_were_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "reader.safetensors"
    path.write_bytes(WEIGHTS.read_bytes()[:-4096])
    with pytest.raises(ModelError, match="are damaged"):
        models.reader_weights(path)
    with pytest.raises(ModelError, match="cannot read"):
        models.reader_weights(trust(path, monkeypatch))


def test_weights_with_one_bit_changed(tmp_path: Path) -> None:
    content = bytearray(WEIGHTS.read_bytes())
    (header,) = struct.unpack("<Q", content[:8])
    content[8 + header + 12345] ^= 1
    path = tmp_path / "reader.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="are damaged"):
        models.reader_weights(path)


@pytest.mark.parametrize("metadata", [{"trunk": "0" * 64}, {"format": "extractive-reader-0"}])
def test_weights_of_another_trunk_or_version(
    metadata: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = trust(rewritten(tmp_path / "reader.safetensors", **metadata), monkeypatch)
    with pytest.raises(ModelError, match="another version or encoder"):
        models.reader_weights(path)


def test_the_weights_are_small_and_plain() -> None:
    assert WEIGHTS.stat().st_size <= 30e6
    kinds = {str(tensor.dtype) for tensor in models.reader_weights().values()}
    assert kinds == {"torch.int8", "torch.float16", "torch.float32"}
