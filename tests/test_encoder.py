"""The bundled encoder against sentence-transformers, and its sentence vectors against a slow reading."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rag import models
from rag.config import Settings
from rag.encoder import PART_TOKENS, BundledEncoder, OwnNetwork, _parts, network
from rag.sentences import split
from rag.types import Span
from tests.conftest import SEEDS
from tests.scripts import SCRIPTS, texts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

pytestmark = pytest.mark.model

LONG = [" ".join(SCRIPTS["Cyrillic"]) * 9, "価格は高い。" * 110, "word " * 600]  # around and above 512 tokens
MIXED = ["", "a", "🙂", *texts()[::12], *LONG]


def no_sentences(passages: list[str]) -> list[list[Span]]:
    return [[] for _ in passages]


def test_it_gives_the_vectors_of_sentence_transformers(
    encoder: BundledEncoder, transformer: SentenceTransformer
) -> None:
    ours = encoder.embed_passages(MIXED, no_sentences(MIXED)).passages
    theirs = transformer.encode_document(MIXED, batch_size=4, normalize_embeddings=True, show_progress_bar=False)
    assert ours.dtype == np.float32
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    assert (ours * theirs).sum(axis=1).min() >= 0.9999
    questions = MIXED[:20]
    theirs = transformer.encode_query(questions, normalize_embeddings=True, show_progress_bar=False)
    assert (encoder.embed_queries(questions) * theirs).sum(axis=1).min() >= 0.9999


def test_capacity_is_what_fits_behind_the_prompt(encoder: BundledEncoder) -> None:
    fits, too_long = " ".join(["word"] * encoder.capacity), " ".join(["word"] * (encoder.capacity + 10))
    assert encoder.count_tokens([fits]) == [encoder.capacity]
    tokenizer = encoder._tokenizer
    assert len(tokenizer.encode(models.PROMPTS["document"] + fits).ids) <= 512
    assert len(tokenizer.encode(models.PROMPTS["document"] + too_long).ids) > 512
    longer = [too_long, too_long + " and more"]
    first, second = encoder.embed_passages(longer, no_sentences(longer)).passages
    assert first @ second >= 0.99999  # what does not fit is cut off


def test_a_batch_gives_what_each_text_gives_alone(encoder: BundledEncoder) -> None:
    passages = MIXED[:12]
    spans = [[Span(0, len(text))] * (i % 3) for i, text in enumerate(passages)]
    together = encoder.embed_passages(passages, spans)
    alone = [encoder.embed_passages([text], [own]) for text, own in zip(passages, spans, strict=True)]
    assert np.allclose(together.passages, np.concatenate([item.passages for item in alone]), atol=1e-4)
    assert np.allclose(together.sentences, np.concatenate([item.sentences for item in alone]), atol=1e-4)


def test_what_stands_before_the_first_sentence_is_read_with_all_of_them(encoder: BundledEncoder) -> None:
    sentences = ["The ferry left the old harbour at dawn, and nobody saw it go. "] * 12  # more than is read at once
    text = "".join(sentences)
    ends = [len(text) // 12 * number for number in range(13)]
    spans = [Span(start, end - 1) for start, end in pairwise(ends)]
    contexts = ["", "Winter timetable\n", "Recipes\n"]
    moved = [[Span(start + len(context), end + len(context)) for start, end in spans] for context in contexts]
    passages, vectors = encoder.embed_passages([context + text for context in contexts], moved)
    assert len(vectors) == 3 * len(spans)
    without, winter, recipes = vectors.reshape(3, len(spans), -1)
    assert (without * winter).sum(axis=1).max() < 0.999
    assert (winter * recipes).sum(axis=1).max() < 0.999
    question = encoder.embed_queries(["When do the ferries go in winter?"])[0]
    assert passages[1] @ question > passages[2] @ question


def test_nothing_gives_nothing(encoder: BundledEncoder) -> None:
    assert encoder.embed_queries([]).shape == (0, 384)
    passages, sentences = encoder.embed_passages([], [])
    assert (passages.shape, sentences.shape) == ((0, 384), (0, 384))
    assert encoder.count_tokens([]) == []


def test_progress_counts_every_text_once(encoder: BundledEncoder) -> None:
    counts: list[int] = []
    encoder.embed_passages(MIXED[:15], no_sentences(MIXED[:15]), counts.append)
    assert sum(counts) == 15


@pytest.mark.slow
def test_bfloat16_stays_near(encoder: BundledEncoder) -> None:
    own = object.__new__(OwnNetwork)
    vars(own).update(_bert=network(models.packed_model(), torch.bfloat16), _threads=torch.get_num_threads())
    other = object.__new__(BundledEncoder)
    vars(other).update(vars(encoder) | {"_network": own})
    passages = [group[0] for group in SCRIPTS.values()]
    spans = [[Span(0, len(text) // 2), Span(len(text) // 2, len(text))] for text in passages]
    near, exact = other.embed_passages(passages, spans), encoder.embed_passages(passages, spans)
    assert not np.array_equal(near.passages, exact.passages)
    assert (near.passages * exact.passages).sum(axis=1).min() >= 0.999
    assert (near.sentences * exact.sentences).sum(axis=1).min() >= 0.999


def test_bfloat16_can_be_turned_off() -> None:
    own = OwnNetwork(Settings(bfloat16=False))
    exact = network(models.packed_model(), torch.float32)
    state = torch.randn(3, models.packed_model().shape.hidden)
    assert torch.equal(own._bert.layers[0].inner(state), exact.layers[0].inner(state))


# --- sentence vectors -------------------------------------------------------------------------------------------------


def slow_sentence_vectors(transformer: SentenceTransformer, text: str, spans: list[Span]) -> np.ndarray:
    """Average BERT's states over the tokens that have a character of the sentence, one text and sentence at a time."""
    prompt = "passage: "
    tokens = transformer.tokenizer(prompt + text, return_offsets_mapping=True, truncation=True, return_tensors="pt")
    offsets = tokens.pop("offset_mapping")[0].tolist()
    with torch.inference_mode():
        states = transformer[0].auto_model(**tokens).last_hidden_state[0].numpy()
    vectors = []
    for span in spans:
        characters = set(range(len(prompt) + span.start, len(prompt) + span.end))
        own = [state for state, (a, b) in zip(states, offsets, strict=True) if characters & set(range(a, b))]
        mean = np.mean(own, axis=0)
        vectors.append(mean / np.linalg.norm(mean))
    return np.array(vectors)


PASSAGES = [
    "Foo bar. Baz  qux!\n\nЁж ушёл. Ещё один.",
    "价格是多少？很高。他说：「价格太高了！」",
    "ﷺ abc ﷺ. ﬁne ™. ½ ok.",
    *(" ".join(group) for group in SCRIPTS.values()),
]


def test_sentence_vectors_are_means_over_their_tokens(
    encoder: BundledEncoder, transformer: SentenceTransformer
) -> None:
    spans = [split(text, "und") for text in PASSAGES]
    ours = encoder.embed_passages(PASSAGES, spans).sentences
    pairs = zip(PASSAGES, spans, strict=True)
    slow = np.concatenate([slow_sentence_vectors(transformer, text, own) for text, own in pairs])
    assert len(ours) == sum(map(len, spans)) > 50
    assert (ours * slow).sum(axis=1).min() >= 0.9999


def test_the_first_word_of_a_sentence_is_in_its_vector(encoder: BundledEncoder) -> None:
    text = "Samsung refused. Nvidia agreed."
    (item,) = encoder._tokenize("passage: ", [text], [[Span(0, 16), Span(17, 31)]])
    assert encoder._tokenizer.decode(item.ids) == "<s> passage: Samsung refused. Nvidia agreed.</s>"
    pieces = [encoder._tokenizer.decode(item.ids[start:end]) for start, end in item.pools[1:]]
    assert pieces == ["Samsung refused.", "Nvidia agreed."]


def test_a_sentence_beyond_the_end_still_has_a_vector(encoder: BundledEncoder) -> None:
    text = "word " * 600
    sentences = encoder.embed_passages([text], [[Span(0, 5), Span(2990, 3000)]]).sentences
    assert np.allclose(np.linalg.norm(sentences, axis=1), 1, atol=1e-5)


def test_a_long_passage_is_read_in_parts_of_whole_sentences(
    encoder: BundledEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sentences have the vectors that its parts give them alone, and it has the mean over all tokens."""
    text = (SEEDS / "004_955dc46795f2f120.txt").read_text("utf-8")[26:1500]
    spans = split(text, "no")
    parts = encoder._tokenize("passage: ", [text], [spans])
    assert len(parts) > 2
    assert sum(len(part.pools) - 1 for part in parts) == len(spans)
    assert max(len(part.ids) for part in parts) < 1.6 * PART_TOKENS
    together = encoder.embed_passages([text], [spans])
    firsts = [0, *accumulate(len(part.pools) - 1 for part in parts)]
    groups = [spans[first:last] for first, last in pairwise(firsts)]
    texts = [text[group[0].start : group[-1].end] for group in groups]
    moved = [[Span(a - group[0].start, b - group[0].start) for a, b in group] for group in groups]
    monkeypatch.setattr("rag.encoder.PART_TOKENS", 512)
    alone = encoder.embed_passages(texts, moved)
    assert (together.sentences * alone.sentences).sum(axis=1).min() >= 0.9999
    mean = (alone.passages * [[len(part.ids)] for part in parts]).sum(axis=0)
    assert together.passages[0] @ mean / np.linalg.norm(mean) >= 0.999


TOKENS = st.lists(st.integers(0, 6), max_size=300)


@given(TOKENS, st.lists(st.integers(1, 40), max_size=30), st.integers(0, 3))
def test_every_token_is_in_one_part_and_every_sentence_has_one(sizes: list[int], words: list[int], head: int) -> None:
    ends = list(accumulate(sizes))
    offsets = [Span(-9 + number, -8 + number) for number in range(head)]
    offsets += [Span(end - size, end) for size, end in zip(sizes, ends, strict=True) if end]
    cuts = [0, *accumulate(words)]
    spans = [Span(a, b) for a, b in pairwise(cuts)] if len(offsets) > head else []
    parts = list(_parts(offsets, spans))
    assert [part.start for _, part, _ in parts] == [head, *(part.end for _, part, _ in parts[:-1])]
    assert parts[-1][1].end == len(offsets)
    assert sum(len(sentences) for *_, sentences in parts) == len(spans)
    for found_head, part, sentences in parts:
        assert found_head == head
        assert all(part.start <= start < end <= part.end for start, end in sentences)
    sizes_of_parts = [part.end - part.start for _, part, _ in parts]
    longest = max([1, *(last - first for *_, sentences in parts for first, last in sentences)])
    assert max(sizes_of_parts) <= PART_TOKENS + longest or not spans


def test_passages_of_the_given_documents_find_themselves(encoder: BundledEncoder) -> None:
    passages = [path.read_text("utf-8")[20:400] for path in sorted(SEEDS.glob("*.txt"))]
    vectors = encoder.embed_passages(passages, no_sentences(passages)).passages
    questions = encoder.embed_queries([text[:120] for text in passages])
    assert (questions @ vectors.T).argmax(axis=1).tolist() == list(range(len(passages)))
