"""Figures written in another language: by its conventions, as exactly as they were, and with their bounds."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import facts
from rag.facts import Amount, Fact

WRITTEN = [
    ("ru", "¥40 млрд (около $5,7 млрд)", "en", ["¥40 billion", "about $5.7 billion"]),
    ("ru", "до ¥40 млрд", "no", ["inntil 40 milliarder kinesiske yuan"]),
    ("no", "mer enn 50 billioner", "en", ["more than 50 trillion"]),
    ("no", "mer enn 50 billioner", "ru", ["более 50 трлн"]),
    ("en", "50 billion", "no", ["50 milliarder"]),
    ("en", "at most 1.37 million", "zh", ["至多137万"]),
    ("zh", "约140亿美元", "ru", ["около 14 млрд долларов США"]),
    ("no", "1 234 567 kroner", "en", ["NOK 1,234,567"]),
    ("no", "99,50 kr", "en", ["NOK 99.50"]),
    ("en", "$20,000", "ru", ["20 000 $"]),
    ("en", "1,373 people", "no", ["1 373"]),
    ("ru", "более 250 %", "en", ["more than 250%"]),
    ("ru", "минус $3,2 млн", "en", ["-$3.2 million"]),
    ("en", "−10 to −5 °C", "ru", ["-10–-5 градусов Цельсия"]),
    ("no", "over 2 år", "ru", ["более 2 лет"]),
    ("no", "over 21 km", "ru", ["более 21 километра"]),
    ("no", "3 år", "ru", ["3 года"]),
    ("en", "5-7 billion dollars", "ru", ["5–7 млрд долларов США"]),
    ("no", "12 ganger", "en", ["12×"]),
    ("en", "25 December 2025", "ru", ["25 декабря 2025 г."]),
    ("en", "December 25, 2025", "no", ["25. desember 2025"]),
    ("ru", "25 декабря 2025 года", "en", ["25 December 2025"]),
    ("ru", "в феврале следующего года", "en", ["February 2026"]),
    ("no", "i fjor", "en", ["2024"]),
    ("ru", "в 2026 году", "en", []),  # 2026 is 2026
    ("no", "350 000", "ru", []),
    ("en", "3.5 %", "xx", []),
]


@pytest.mark.parametrize(("language", "text", "other", "expected"), WRITTEN)
def test_figures_are_written_as_the_language_does(language: str, text: str, other: str, expected: list[str]) -> None:
    found = facts.find(text, language, dt.date(2025, 12, 25))
    assert found
    assert [written for fact in found if (written := facts.write(fact, other))] == expected


_numbers = st.decimals(-(10**15), 10**15, allow_nan=False, places=2).map(lambda number: number.normalize())


@pytest.mark.parametrize("language", ["en", "no", "ru", "zh"])
@given(number=_numbers, unit=st.sampled_from([None, "USD", "percent", "kilometer"]), bound=st.sampled_from("=~<>"))
def test_what_is_written_is_read_as_the_same(language: str, number, unit, bound) -> None:  # type: ignore[no-untyped-def]
    kinds = {None: "quantity", "USD": "money", "percent": "percent", "kilometer": "quantity"}
    fact = Fact(0, 1, "x", kinds[unit], Amount(number, number, number), unit, bound)  # type: ignore[arg-type]
    written = facts.write(fact, language)
    assert written
    (read,) = facts.find(written, language)
    assert (read.value.low, read.unit, read.bound) == (number, unit, bound)  # type: ignore[union-attr]
