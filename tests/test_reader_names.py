"""Names and numbers of a question, and whether they stand near an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers.names import NEAR, absent, names
from rag.types import Span


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("How many H200 did Tencent buy in 2025?", ["H200", "Tencent", "2025"]),
        ("Who leads it?", []),
        ("ByteDance spends how much?", ["ByteDance"]),
        ("Сколько потратят в 2026 году? А в 2025 году?", ["2026", "2025"]),
        ("Hvem er styreleder i Volcano Engine?", ["Volcano", "Engine"]),
        ("华为的总裁是谁？", []),
        ("2025年8月Doubao有多少月活跃用户？", ["2025", "8", "Doubao"]),
        ("…«What» is it?", []),
        ("", []),
    ],
)
def test_names_and_numbers_of_a_question(question: str, found: list[str]) -> None:
    assert list(names(question)) == found


@pytest.mark.parametrize(
    ("question", "text", "share"),
    [
        ("What did Tencent buy?", "Last year ByteDance bought chips.", 1.0),
        ("What did ByteDance buy in 2024?", "In 2025 ByteDance bought chips.", 0.5),
        ("Что купила компания Самсунг?", "У Самсунга купили чипы.", 0.0),
        ("Что купила Самсунг?", "Samsung har kjøpt brikker.", 0.0),
        ("What did Samsung buy in Moscow?", "В Москве чипы купил Tencent.", 0.5),
        ("Where is Bergersen from?", "Bergenseren bor i Oslo.", 1.0),
        ("Когда это было?", "Вчера.", 0.0),
        ("What did Tencent buy?", "Tencent. " + "x" * NEAR + " chips", 1.0),
    ],
)
def test_the_share_that_is_nowhere_near(question: str, text: str, share: float) -> None:
    assert absent(question, text, Span(len(text) - 6, len(text) - 1)) == share


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_a_question_names_is_in_itself(question: str, text: str) -> None:
    assert absent(question, question + text, Span(0, len(question))) == 0
