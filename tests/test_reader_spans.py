"""What a short answer begins and ends with, the sentences around it, and what says the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers.spans import says_the_same, sentences_of, trimmed, whole
from rag.types import Span

TEXTS = st.text(st.sampled_from(" \n.,;:!?()[]«»“”„\"'—abАБ12年"), max_size=24)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (" ¥40 млрд,", "¥40 млрд"),
        ("«Doubao».", "Doubao"),
        ("«Doubao» от ByteDance", "«Doubao» от ByteDance"),
        ("¥160 млрд ($23 млрд", "¥160 млрд ($23 млрд"),
        ("(omtrent 100 milliarder yuan", "omtrent 100 milliarder yuan"),
        ("551 г. до н. э.", "551 г. до н. э."),
        ("in the U.S.", "in the U.S."),
        ("om lag 5 mill.", "om lag 5 mill."),
        ("в Сингапуре.", "в Сингапуре"),
        ("42 %", "42 %"),
        ("Yahoo!", "Yahoo"),
        ("Tan Dai.", "Tan Dai"),
        ("i 2026.", "i 2026"),
        ("—", ""),
        ("「好」，", "「好」，"),
    ],
)
def test_what_is_taken_off(given: str, expected: str) -> None:
    assert given[slice(*trimmed(given, Span(0, len(given))))] == expected


@pytest.mark.parametrize(
    ("text", "end", "expected"),
    [
        ("¥160 млрд ($23 млрд), пишет", 19, "¥160 млрд ($23 млрд)"),
        ("ассистент «Doubao» и чат", 17, "ассистент «Doubao»"),
        ("one (two [three]) four", 15, "one (two [three])"),
        ("(about 5) and", 8, "about 5"),
        ("five) and", 4, "five"),
    ],
)
def test_a_pair_that_opens_within_is_closed(text: str, end: int, expected: str) -> None:
    assert text[slice(*trimmed(text, Span(0, end)))] == expected


@pytest.mark.parametrize(
    ("text", "cut", "expected"),
    [
        ("Сезонов всего Восьмой.", "Вось", "Восьмой"),
        ("сезон Восьмой", "ой", "Восьмой"),
        ("Жюль Анри́ Пуанкаре́ и", "Анри́ Пуанкаре", "Анри́ Пуанкаре́"),
        ("en 17-åring fra", "17-", "17-åring"),
        ("в 1946 году", "94", "1946"),
        ("freepikКак", "freepik", "freepik"),
        ("15—17лет", "17", "17"),
        ("在北京市朝阳区", "北京", "北京"),
        ("서울에서 열린", "서울", "서울"),
        ("x" * 300, "x", "x" * 101),
    ],
)
def test_words_are_completed(text: str, cut: str, expected: str) -> None:
    start = text.index(cut)
    assert text[slice(*whole(text, Span(start, start + len(cut))))] == expected


@given(TEXTS, st.integers(0, 24), st.integers(0, 24))
def test_a_whole_span_takes_in_only_words_and_only_once(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    found = whole(text, Span(start, end))
    assert found.start <= start <= end <= found.end
    assert all(character.isalnum() for character in text[found.start : start] + text[end : found.end])
    assert whole(text, found) == found


@given(TEXTS, st.integers(0, 24), st.integers(0, 24))
def test_a_span_shrinks_but_for_what_closes_a_pair_and_only_once(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    found = trimmed(text, Span(start, end))
    assert start <= found.start <= found.end
    assert set(text[end : found.end]) <= set(")]}»”“")
    assert trimmed(text, found) == found
    assert trimmed(text, found) == found
    kept = [character for character in text[start:end] if character.isalnum()]
    assert [character for character in text[slice(*found)] if character.isalnum()] == kept


def test_the_sentences_that_a_span_touches() -> None:
    sentences = [Span(0, 10), Span(11, 20), Span(22, 30)]
    assert sentences_of(Span(12, 15), sentences) == Span(11, 20)
    assert sentences_of(Span(9, 12), sentences) == Span(0, 20)
    assert sentences_of(Span(20, 22), sentences) == Span(20, 22)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("¥40 млрд", "40 milliarder yuan", True),
        ("$14 млрд", "14 milliarder dollar", True),
        ("5,7 млрд", "5.7 billion", True),
        ("100 000", "100.000", True),
        ("$14 млрд", "$12 млрд", False),
        ("около 1000 человек", "тысяча", False),
        ("The Financial Times", "Financial Times", True),
        ("Чжао Ци", "менеджер Чжао Ци", True),
        ("Samsung", "Huawei", False),
        ("", "Samsung", False),
    ],
)
def test_what_says_the_same(one: str, other: str, same: bool) -> None:
    assert says_the_same(one, other) == says_the_same(other, one) == same
