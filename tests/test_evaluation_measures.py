"""Scores of one question, against numbers computed by hand and what SQuAD's own scorer gets wrong."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.evaluation.measures import covers_half, exact_match, f1, overlaps, ranking_scores
from rag.normalisation import normalise
from rag.types import Span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Financial Times", "financial times"),
        ("«Чат-бот Doubao»,", "чатбот doubao"),
        ("Ærlige Øystein på Ås", "ærlige øystein på ås"),
        ("5,7", "5.7"),
        ("$5,7 млрд", "$ 5.7 млрд"),
        ("350 000", "350000"),
        ("350\u00a0000 единиц", "350000 единиц"),
        ("350.000", "350000"),
        ("1,234,567.89", "1234567.89"),
        ("1.234.567,89", "1234567.89"),
        ("0,125", "0.125"),
        ("250 %", "250 %"),
        ("¥40", "¥ 40"),
        ("40€", "40 €"),
        ("字节跳动公司", "字 节 跳 动 公 司"),
        ("AI芯片", "ai 芯 片"),
        ("サムスン電子", "サ ム ス ン 電 子"),
        ("กรุง", "ก ร \u0e38 ง"),
        ("Ｈ２００", "h200"),  # NFKC
        ("25.12.2025", "25.12.2025"),
        ("in 2026, 350 000 chips", "in 2026 350000 chips"),
        ("12 345 678 90", "12345678 90"),
        ("2025 100", "2025 100"),
        ("an apple a day", "apple day"),
        ("…", ""),
        ("a", ""),
    ],
)
def test_normalise(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(st.text())
def test_what_is_left_are_words_without_punctuation(text: str) -> None:
    once = normalise(text)
    assert once == " ".join(once.split())
    kept = {character for character in once if unicodedata.category(character).startswith("P")}
    assert kept <= {"%", "."}


def squad_f1(prediction: str, truth: str) -> float:
    """SQuAD 1.1's scorer, as an oracle for plain English."""

    def tokens(text: str) -> list[str]:
        text = "".join(character for character in text.lower() if character not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", text).split()

    found, wanted = tokens(prediction), tokens(truth)
    common = sum((Counter(found) & Counter(wanted)).values())
    if not found or not wanted:
        return float(found == wanted)
    return 2 * common / (len(found) + len(wanted))


VOCABULARY = ["the", "a", "big", "red", "dog,", "cat.", "(ran)", "don't", "on-off", "Mary's", "x"]
WORDS = st.lists(st.sampled_from(VOCABULARY), max_size=8)


@given(WORDS, WORDS)
def test_f1_is_squads_on_plain_english(found: list[str], wanted: list[str]) -> None:
    prediction, truth = " ".join(found), " ".join(wanted)
    assert f1(prediction, [truth]) == pytest.approx(squad_f1(prediction, truth))
    assert exact_match(prediction, [truth]) == float(normalise(prediction) == normalise(truth))


@pytest.mark.parametrize(
    ("given_answer", "answers", "match", "overlap"),
    [
        (None, [], 1, 1),
        ("x", [], 0, 0),
        (None, ["x"], 0, 0),
        ("¥40 млрд", ["$5,7 млрд", "¥40 млрд"], 1, 1),
        ("«¥40 млрд»", ["¥40 млрд"], 1, 1),  # SQuAD's scorer keeps « »
        ("5.7 milliarder", ["5,7 milliarder"], 1, 1),
        ("350 000", ["350.000"], 1, 1),
        ("сумму ¥40 млрд", ["¥40 млрд"], 0, 6 / 7),  # 3 of 4 words and 3 of 3
        ("三星电子", ["三星"], 0, 2 / 3),
        ("март 2026 года", ["в марте 2026 года"], 0, 4 / 7),
        ("", ["x"], 0, 0),
        ("57", ["5,7"], 0, 0),
    ],
)
def test_answers(given_answer: str | None, answers: list[str], match: float, overlap: float) -> None:
    assert exact_match(given_answer, answers) == match
    assert f1(given_answer, answers) == pytest.approx(overlap)


def test_relevance_is_half_of_the_evidence() -> None:
    evidence = Span(10, 20)
    assert covers_half(Span(0, 15), evidence)
    assert not covers_half(Span(0, 14), evidence)
    assert covers_half(Span(12, 17), evidence)
    assert not covers_half(Span(20, 30), evidence)
    assert overlaps(Span(19, 30), evidence)
    assert not overlaps(Span(20, 30), evidence)


def test_rankings_by_hand() -> None:
    rankings = [[True, False], [False, False, True], [False] * 10 + [True], [], [False, True, True]]
    scores = ranking_scores(rankings)
    assert [score["Success@1"] for score in scores] == [1, 0, 0, 0, 0]
    assert [score["Success@5"] for score in scores] == [1, 1, 0, 0, 1]
    assert [score["Success@10"] for score in scores] == [1, 1, 0, 0, 1]
    assert [score["RR@10"] for score in scores] == pytest.approx([1, 1 / 3, 0, 0, 1 / 2])


@given(st.lists(st.lists(st.booleans(), max_size=12), max_size=12))
def test_rankings_against_the_definition(rankings: list[list[bool]]) -> None:
    for ranking, score in zip(rankings, ranking_scores(rankings), strict=True):
        first = ranking.index(True) + 1 if True in ranking else 99
        for k in (1, 5, 10):
            assert score[f"Success@{k}"] == float(first <= k)
        assert score["RR@10"] == pytest.approx(1 / first if first <= 10 else 0)
