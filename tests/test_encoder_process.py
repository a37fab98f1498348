"""The encoder whose network another process runs."""

from __future__ import annotations

import io

import numpy as np
import pytest

from rag import encoder_process
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import ModelError
from rag.types import Span

pytestmark = pytest.mark.model

TEXTS = ["Samsung produces chips. They are fast.", "Компания купила новые чипы."]
SENTENCES = [[Span(0, 23), Span(24, 38)], [Span(0, 27)]]


def test_it_gives_the_vectors_of_the_encoder_in_this_process(encoder: BundledEncoder, settings: Settings) -> None:
    done: list[int] = []
    with encoder_process.loading(settings) as load:
        other = load()
        encoded = other.embed_passages(TEXTS, SENTENCES, done.append)
        assert (other.name, other.dimension, other.capacity) == (encoder.name, encoder.dimension, encoder.capacity)
        assert other.count_tokens(TEXTS) == encoder.count_tokens(TEXTS)
    expected = encoder.embed_passages(TEXTS, SENTENCES)
    np.testing.assert_allclose(encoded.passages, expected.passages, atol=1e-5)
    np.testing.assert_allclose(encoded.sentences, expected.sentences, atol=1e-5)
    assert sum(done) == len(TEXTS)


def test_no_process_is_begun_until_it_is_asked_for_and_none_is_left(settings: Settings) -> None:
    apart = encoder_process._Apart(settings)
    assert apart._running is None
    apart.begin()
    running = apart._running
    assert running is not None
    assert running.poll() is None
    apart.end()
    assert running.poll() is not None
    apart.begin()  # as by a thread that comes late
    assert apart._running is running


def test_a_process_that_ends_is_told_of(encoder: BundledEncoder, settings: Settings) -> None:
    apart = encoder_process._Apart(settings)
    apart.begin()
    assert apart._running is not None
    apart._running.kill()
    part = encoder._tokenize("", ["word"], [[]])
    with pytest.raises(ModelError, match=r"has ended \(signal 9: .*; run the command again"):
        apart.means(part, few=True)
    apart.end()


def test_nothing_is_loaded_for_one_who_has_gone() -> None:
    answers = io.BytesIO()
    encoder_process.serve(io.BytesIO(), answers)
    assert answers.getvalue() == b""
