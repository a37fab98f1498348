"""Passages: properties that hold for any text, and the given documents."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rag import documents, models, sentences
from rag.config import PASSAGE_STYLES, Settings
from rag.languages import detect_part
from rag.passages import split_document
from rag.types import Document, Passage, Span
from tests.conftest import SEEDS

LANGUAGES = ["ru", "no", "en", "zh", "und"]
FRAGMENTS = [
    *["Слово ", "Компания купила чипы. ", "Det koster 5,7 mrd. kroner. ", "It grew! ", "价格是多少？", "。", ". "],
    *[
        "ﷺ",
        "ﷺ ",
        "﷽",
        "🙂",
        "👨‍👩‍👧",
        "🇳🇴",
        "é",
        "ё",
        "ﬁ",
        "½",
        "a" * 90,
        "Щ" * 70,
        "価" * 50,
        "a-b_c/d.e?f=1&g ",
        "0123456789",
    ],
    *[
        " ",
        "  ",
        " " * 60,
        "\n",
        "\n\n",
        "\n" * 30,
        "\t",
        "\u2028",
        "\u200b",
        "\xa0",
        "|",
        "![]() |",
        "<|endoftext|>",
        "\0",
    ],
]


@pytest.fixture(scope="module")
def count_tokens():  # type: ignore[no-untyped-def]
    tokenizer = models.bundled_tokenizer(Settings())

    def count(texts):  # type: ignore[no-untyped-def]
        return [len(item.ids) for item in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    return count


def tokens(text: str) -> int:
    return len(models.tokens().encode_ordinary(text))


def document(text: str, language: str = "en", boilerplate: tuple[Span, ...] = ()) -> Document:
    return Document("a.txt", "A", None, language, text, Path("a.txt"), "", boilerplate)


@st.composite
def any_document(draw: st.DrawFn) -> Document:
    pieces = draw(st.lists(st.sampled_from(FRAGMENTS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)))
    text = unicodedata.normalize("NFC", "".join(pieces) * draw(st.sampled_from([1, 1, 2, 7])))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    return document(text, draw(st.sampled_from(LANGUAGES)), tuple(map(Span, cuts[::2], cuts[1::2])))


def blocks(item: Document) -> list[Span]:
    """Return the stretches between boilerplate."""
    bounds = [0, *(bound for span in item.boilerplate for bound in span), len(item.text)]
    return [Span(a, b) for a, b in zip(bounds[::2], bounds[1::2], strict=True) if a < b]


def whole_sentences(item: Document) -> list[list[Span]]:
    """Return the sentences of each block."""
    return [
        [Span(block.start + a, block.start + b) for a, b in sentences.split(item.text[slice(*block)], item.language)]
        for block in blocks(item)
    ]


@pytest.mark.model
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    item=any_document(), size=st.integers(16, 90), share=st.sampled_from([0, 0.1, 0.5]), capacity=st.integers(40, 506)
)
@example(document("a\n\n" * 200), 16, 0, 506)  # the white space between sentences counts, too
@example(document("слово " * 300), 50, 0, 506)  # one sentence, longer than a passage
@example(document("One two. " * 3 + "word " * 60 + ". Tail."), 64, 0.5, 506)  # no room beside the overlap
@example(document("ﷺ. " * 300), 90, 0.1, 40)  # many tokens of the encoder, few of tiktoken's
@example(document("🙂" * 300), 16, 0.5, 40)
@example(document(("word" + " " * 120) * 7), 16, 0, 40)  # pieces of nothing but white space
def test_any_document(count_tokens, item: Document, size: int, share: float, capacity: int) -> None:  # type: ignore[no-untyped-def]
    overlap = int(size * share)
    passages = split_document(item, size=size, overlap=overlap, capacity=capacity, count_tokens=count_tokens)
    check_spans(item, passages)
    check_coverage(item, passages)
    check_limits(passages, size, capacity, count_tokens)
    check_order_and_overlap(item, passages, overlap)
    check_whole_sentences(item, passages, size, capacity, count_tokens)


def check_spans(item: Document, passages: list[Passage]) -> None:
    for passage in passages:
        assert item.text[passage.start : passage.end] == passage.text
        assert passage.text.strip()
        assert (passage.document_id, passage.language) == (item.id, detect_part(passage.text, item.language))
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end
        assert all(a.start < a.end <= b.start < b.end for a, b in pairwise(passage.sentences))


def check_coverage(item: Document, passages: list[Passage]) -> None:
    covered = [False] * len(item.text)
    for passage in passages:
        for span in passage.sentences:
            covered[slice(*span)] = [True] * (span.end - span.start)
    for span in item.boilerplate:
        assert not any(passage.start < span.end and span.start < passage.end for passage in passages)
    content = [at for block in blocks(item) for at in range(*block)]
    missing = {item.text[at] for at in content if not covered[at]}
    assert all(character.isspace() or character == "|" for character in missing), missing  # a table's ends are trimmed


def check_limits(passages: list[Passage], size: int, capacity: int, count_tokens) -> None:  # type: ignore[no-untyped-def]
    for passage in passages:
        if len(passage.text) > 1:
            assert tokens(passage.text) <= size
            assert count_tokens([passage.text])[0] <= capacity


def check_order_and_overlap(item: Document, passages: list[Passage], overlap: int) -> None:
    for before, after in pairwise(passages):
        assert before.start < after.start
        assert before.end < after.end
        shared = [span for span in before.sentences if span.start >= after.start]
        if not overlap:
            assert before.end <= after.start
        starts = {span: before.sentences[i - 1].end for i, span in enumerate(before.sentences) if i}
        assert sum(tokens(item.text[starts[span] : span.end]) for span in shared) <= overlap


def check_whole_sentences(item: Document, passages: list[Passage], size: int, capacity: int, count_tokens) -> None:  # type: ignore[no-untyped-def]
    found = {span for passage in passages for span in passage.sentences}
    for span in (span for block in whole_sentences(item) for span in block):
        text = item.text[slice(*span)]
        fits = tokens(text) <= size and count_tokens([text])[0] <= capacity
        assert span in found or not fits


@pytest.mark.model
@pytest.mark.parametrize(("style", "expected"), [("news", [4, 4, 4, 4, 4]), ("manual", [4, 3, 3, 3, 4])])
def test_the_given_documents(count_tokens, style: str, expected: list[int]) -> None:  # type: ignore[no-untyped-def]
    size, overlap = PASSAGE_STYLES[style]
    seeds = documents.read_folder(SEEDS, max_bytes=10**6).documents
    split = [
        split_document(item, size=size, overlap=overlap, capacity=506, count_tokens=count_tokens) for item in seeds
    ]
    assert [len(passages) for passages in split] == expected
    for item, passages in zip(seeds, split, strict=True):
        check_spans(item, passages)
        check_coverage(item, passages)
        check_limits(passages, size, 506, count_tokens)
        check_order_and_overlap(item, passages, overlap)
        assert set(found := [span for passage in passages for span in passage.sentences]) == {
            span for block in whole_sentences(item) for span in block
        }
        assert overlap or len(found) == len(set(found))
        assert min(tokens(passage.text) for passage in passages) > size / 3  # no stump at the end
    together = [item for passages in split for item in pairwise(passages)]
    assert any(before.end > after.start for before, after in together) == bool(overlap)


def test_a_text_without_content_has_no_passages() -> None:
    for item in [document(""), document(" \n"), document("abc", boilerplate=(Span(0, 3),))]:
        assert split_document(item, size=16, overlap=0, capacity=506, count_tokens=len) == []  # type: ignore[arg-type]


@pytest.mark.model
@pytest.mark.parametrize("text", ["x" * 100_000, "价" * 50_000, "🙂" * 30_000, "a " * 50_000, "Ja. " * 20_000])
def test_long_documents_take_linear_time(count_tokens, text: str) -> None:  # type: ignore[no-untyped-def]
    item = document(text)
    passages = split_document(item, size=320, overlap=0, capacity=506, count_tokens=count_tokens)
    check_coverage(item, passages)
    check_limits(passages, 320, 506, count_tokens)
