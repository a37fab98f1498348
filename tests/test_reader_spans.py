"""What a short answer begins and ends with, the sentences around it, and what says the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers.agreement import says_the_same
from rag.answerers.spans import sentences_of, trimmed, whole
from rag.types import Span

TEXTS = st.text(st.sampled_from(" \n.,;:!?()[]«»“”„\"'—-abАБ120年《》。（）\u0301"), max_size=24)


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
        ("「好」，", "好"),
        ("《红楼梦》，", "红楼梦"),
        ("北京。《", "北京"),
        ("القاهرة،", "القاهرة"),
        ("दिल्ली।", "दिल्ली"),
        ("XI—XIII вв.).", "XI—XIII вв."),
        ("Византии (XI—XIII вв.).", "Византии (XI—XIII вв.)"),
        ("2.5.", "2.5"),
        ("example.com.", "example.com"),
        ("-5 °C", "-5 °C"),
        ("– 5", "5"),
        (".5 mm", ".5 mm"),
        (". 5 mm", "5 mm"),
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
        ("2019年（令和元年）に", 10, "2019年（令和元年）"),
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
        ("выручка 5,7 млрд", "7 млрд", "5,7 млрд"),
        ("at $1,500.25 each", "1", "1,500.25"),
        ("350 000 чипов", "000 чипов", "350 000 чипов"),
        ("1\u00a0234\u00a0567 kr", "567 kr", "1\u00a0234\u00a0567 kr"),
        ("sums of 45 120 300", "120", "120"),
        ("on 07.05.2020", "05.2020", "07.05.2020"),
        ("in 1990.12 The", "1990", "1990"),
        ("it was -5 °C", "5 °C", "-5 °C"),
        ("it was 2019 –2020", "2020", "2020"),
        ("it was .5 mm", "5 mm", ".5 mm"),
        ("هُوَ", "هُو", "هُوَ"),
        ("ที่สุด", "ท", "ที่"),
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
    assert all(character.isalnum() or character in ".,:- \u0301" for character in text[found.start : start])
    assert all(character.isalnum() or character in ".,: \u0301" for character in text[end : found.end])
    assert whole(text, found) == found


@given(TEXTS, st.integers(0, 24), st.integers(0, 24))
def test_a_span_shrinks_but_for_what_closes_a_pair_and_only_once(text: str, one: int, other: int) -> None:
    start, end = sorted((min(one, len(text)), min(other, len(text))))
    found = trimmed(text, Span(start, end))
    assert start <= found.start <= found.end
    assert set(text[end : found.end]) <= set(")]}»”“》）")
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
        ("1", "1,5", False),
        ("4 May 1911", "4 May 1912", False),
        ("4 May 1911", "1911", True),
        ("2020-05-07", "07.05.2020", True),
        ("1914—1918", "с 1914 по 1918", True),
        ("guilty", "not guilty", False),
        ("University of Oslo", "University of Bergen", False),
        ("газета Financial Times", "The Financial Times newspaper", True),
        ("北京大学", "南京大学", False),
        ("北京", "北京市", True),
    ],
)
def test_what_says_the_same(one: str, other: str, same: bool) -> None:
    assert says_the_same(one, other) == says_the_same(other, one) == same


@pytest.mark.parametrize(
    ("one", "other", "languages", "same"),
    [
        ("3 million", "3 billion", ("en", "en"), False),
        ("20 тыс.", "20,000", ("ru", "en"), True),
        ("100 000", "100.000", ("ru", "no"), True),
        ("5 %", "5 years", ("en", "en"), False),
        ("5 %", "5", ("en", "en"), True),
        ("5 km", "5000 m", ("en", "no"), True),
        ("312 m", "313 m", ("en", "en"), False),
        ("¥160 млрд ($23 млрд)", "23 milliarder dollar", ("ru", "no"), True),
        ("2 million in 2019", "3 million in 2019", ("en", "en"), False),
        ("7 мая 2020", "2020-05-07", ("ru", "en"), True),
        ("мае 2020 года", "7 мая 2020", ("ru", "ru"), True),
        ("1914—1918", "1914", ("ru", "en"), True),
        ("1914—1918", "1916", ("ru", "en"), False),
        ("-5 °C", "5 °C", ("en", "en"), False),
    ],
)
def test_figures_and_dates_are_compared_with_their_units(
    one: str, other: str, languages: tuple[str, str], same: bool
) -> None:
    assert says_the_same(one, other, languages) == says_the_same(other, one, languages[::-1]) == same
