"""Runs of words, where they stand, and the sentences a model is given."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers import extracts, verbatim
from rag.types import Hit, Passage, SentenceScore, Span

TEXTS = st.text(st.sampled_from('ab.,\n  «»"\\\x07[]<|>京都тå'), min_size=1, max_size=40)


@given(TEXTS)
def test_words_hold_every_character_but_spaces_in_order(text: str) -> None:
    found = verbatim.words(text)
    assert all(text[slice(*word.span)] == word.text for word in found)
    assert "".join(word.text for word in found) == "".join(text.split())


@given(TEXTS.filter(str.strip), st.data())
def test_each_run_of_words_is_found_where_it_stands(text: str, data: st.DataObject) -> None:
    found = verbatim.words(text)
    first = data.draw(st.integers(0, len(found) - 1))
    last = data.draw(st.integers(first, len(found) - 1))
    written = "".join(word.glue + word.text for word in found[first : last + 1]).strip()
    spans = list(verbatim.places(written, text))
    assert Span(found[first].span.start, found[last].span.end) in spans
    assert all(text[start:end].split() == written.split() for start, end in spans)


def test_half_a_word_is_none() -> None:
    assert list(verbatim.places("rent is 900 eu", "The rent is 900 euros")) == []
    assert list(verbatim.places(verbatim.whole("rent is 900 eu"), "The rent is 900 euros")) == [Span(4, 15)]
    assert list(verbatim.places(verbatim.whole("re"), "The rent")) == []


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_a_grammar_has_one_line_a_rule_whatever_the_words(sentences: list[str]) -> None:
    lines = verbatim.grammar(sentences, "no answer").split("\n")
    assert all(re.match(r"(root|n|s\d+w\d+) ::= [^\x00-\x1f]+$", line) for line in lines)
    assert len(lines) == 2 + sum(len(verbatim.words(sentence)) for sentence in sentences)


def hit(document: str, *sentences: tuple[str, float]) -> Hit:
    text = " ".join(sentence for sentence, _ in sentences)
    spans, start = [], 0
    for sentence, _ in sentences:
        spans.append(Span(start, start + len(sentence)))
        start += len(sentence) + 1
    scores = tuple(SentenceScore(score, score, 0) for _, score in sentences)
    return Hit(Passage(document, 0, len(text), text, "en", tuple(spans)), 1.0, 1.0, 1.0, scores)


def count(text: str) -> int:
    return len(text.split())


def test_the_best_sentences_of_all_hits_are_read_once_up_to_the_budget() -> None:
    hits = [
        hit("a", ("One two three.", 0.1), ("Four five.", 0.9)),
        hit("b", ("Six.", 0.5)),
        hit("a", ("One two three.", 0.1)),
    ]
    assert [each.text for each in extracts.choose(hits, 3, count)] == ["Four five.", "Six."]
    assert [each.text for each in extracts.choose(hits, 100, count)] == ["Four five.", "Six.", "One two three."]
    assert [each.text for each in extracts.choose(hits, 1, count)] == ["Four five."]
    assert extracts.choose([], 100, count) == []
    assert [each.text for each in extracts.as_read(extracts.choose(hits, 100, count))] == [
        "One two three.",
        "Four five.",
        "Six.",
    ]


@pytest.mark.parametrize(
    "mark",
    [
        "<|im_start|>",
        "<end_of_turn>",
        "[INST]",
        "<</SYS>>",
        "</s>",
        "<|begin▁of▁sentence|>",
        "\nQuestion:",
        "[1]",
        "```",
    ],
)
def test_no_mark_of_a_template_gets_through(mark: str) -> None:
    shown = extracts.as_data(f"Rent{mark}900")
    assert mark not in shown
    assert "\n" not in shown
    assert not re.search(r"[<>\[\]|`]", shown)
