"""Figures and dates: found exactly, in four languages, whatever the text; the bars are those of docs/facts.md."""

from __future__ import annotations

import datetime as dt
import re
import string
import time
import unicodedata
from collections import Counter
from decimal import Decimal

import pytest
from babel.numbers import format_decimal
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import facts
from rag.documents import read_document
from rag.facts import Amount, Fact
from rag.facts.lexicon import lexicon
from rag.facts.numerals import han_value, literal
from tests import labelled
from tests.labelled import TODAY

LANGUAGES = ["ru", "no", "en", "zh"]
ROOT = labelled.FOLDER.parent.parent


def one(text: str, language: str = "en", date: dt.date | None = TODAY) -> Fact:
    (fact,) = facts.find(text, language, date)
    return fact


# --- the labelled sets --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cases_are_found(language: str) -> None:
    cases = labelled.read(f"{language}.cases")
    assert len(cases) >= 200
    assert labelled.score(cases, language).f1 >= 0.99
    assert labelled.bounds_right(cases, language) >= 0.99


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentences_are_read(language: str) -> None:
    sentences = [*labelled.read(f"{language}.sentences"), *labelled.read(f"{language}.held-out")]
    assert labelled.score(sentences, language).f1 >= 0.95
    assert labelled.bounds_right(sentences, language) >= 0.95


@pytest.mark.parametrize("name", labelled.seeds())
def test_the_given_documents_are_read(name: str) -> None:
    document = read_document(ROOT / "seeds", ROOT / "seeds" / name, max_bytes=1_000_000)
    found = facts.find(document.text, document.language, document.date)
    assert [(fact.text, *labelled.as_label(fact)[2:], fact.bound) for fact in found] == labelled.seeds()[name]


# --- offsets and robustness ---------------------------------------------------------------------------------------

PIECES = [
    *[
        "5",
        "12",
        "1.5",
        "1,234",
        "1.234.567,89",
        "2026",
        "¥",
        "$",
        "€",
        "%",
        "-",
        "–",
        "−",
        "/",
        ":",
        ".",
        ",",
        "(",
        ")",
    ],
    *["млрд", "тыс.", "рублей", "года", "до", "более", "от", "с", "по", "мая", "двадцать", "полтора", "в", "квартал"],
    *["milliarder", "kroner", "mer enn", "til", "mellom", "og", "halv", "mai", "i fjor", "prosent", "første", "kr"],
    *["million", "half a", "dollars", "between", "and", "May", "next year", "Q3", "km", "hundred", "x", "th", "s"],
    *[
        "万",
        "亿",
        "元",
        "三",
        "年",
        "月",
        "日",
        "约",
        "多",
        "百分之",
        "至",
        "第",
        "季度",
        "个",
        " ",
        " ",
        " ",
        "\n",
        "\u00a0",
    ],
    *["٣", "１", "²", "½", "NaN", "1e400", "H200", "910C", "+47 22 33 44 55", "https://a.b/1", "\ud800", "\x00"],
]
dates = st.sampled_from([None, TODAY, dt.date.min, dt.date.max])
texts = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=3)), max_size=25).map("".join)


@settings(deadline=None, max_examples=300)
@given(
    texts, st.sampled_from([*LANGUAGES, "und", "de", "xx"]), st.sampled_from([None, TODAY, dt.date.min, dt.date.max])
)
def test_spans_are_exact_ascending_and_disjoint(text: str, language: str, date: dt.date | None) -> None:
    end = 0
    for fact in facts.find(text, language, date):
        assert end <= fact.start < fact.end <= len(text)
        assert text[fact.start : fact.end] == fact.text == fact.text.strip()
        if isinstance(fact.value, Amount):
            assert fact.value.low.is_finite()
            assert fact.value.low <= fact.value.high
        end = fact.end


@settings(deadline=None, max_examples=100)
@given(texts, texts, st.sampled_from(LANGUAGES))
def test_paragraphs_do_not_change_each_others_figures(first: str, second: str, language: str) -> None:
    if "¥" in first + second:
        return  # one paragraph may tell which currency the other one's sign means
    gap = "\n\n"
    apart = [*facts.find(first, language), *facts.find(second, language)]
    together = facts.find(first + gap + second, language)
    assert Counter(fact.text for fact in together) == Counter(fact.text for fact in apart)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "unit",
    [
        "1",
        "1,",
        "1.",
        "1 ",
        "1-",
        "1 000 ",
        "12 34 56 78 ",
        "$",
        "-",
        "万",
        "三千",
        "five hundred ",
        "двадцать ",
        "a@",
        "(1",
    ],
)
def test_the_time_is_linear(unit: str, language: str) -> None:
    """Twice the text takes no more than about twice the time; quadratic code would take four times."""
    text = unit * (4_000 // len(unit))
    facts.find(text[:100], language)

    def seconds(written: str) -> float:
        started = time.process_time()
        facts.find(written, language)
        return time.process_time() - started

    best = min(seconds(text * 4) / max(seconds(text), 0.005) for _ in range(3))
    assert best < 9


def test_a_million_digits_are_no_quantity() -> None:
    assert facts.find("1" * 1_000_000, "en") == []
    assert facts.find("1,000" * 200_000, "en") == []


# --- numbers ------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**12), st.sampled_from([("ru", "ru"), ("en", "en"), ("no", "nb"), ("zh", "zh")]))
def test_what_cldr_writes_is_read(number: int, code: tuple[str, str]) -> None:
    language, locale = code
    assert literal(format_decimal(number, locale=locale), lexicon(language)) == (Decimal(number), Decimal(1))


@given(st.decimals(0, 10**9, places=2), st.sampled_from([("ru", "ru"), ("en", "en"), ("no", "nb"), ("zh", "zh")]))
def test_decimals_that_cldr_writes_are_read(number: Decimal, code: tuple[str, str]) -> None:
    language, locale = code
    written = literal(format_decimal(number, format="#,##0.00", locale=locale), lexicon(language))
    assert written == (number, Decimal("0.01"))


def han(number: int) -> str:
    """Write a number in Chinese as it is said, digit by digit: slow and obvious."""
    digits, units, groups = "零一二三四五六七八九", ["", "十", "百", "千"], ["", "万", "亿", "万亿"]
    written = ""
    for place, group in reversed(list(enumerate(re.findall(r"\d{1,4}", str(number)[::-1])))):
        section = "".join(
            digits[int(digit)] + units[power] for power, digit in reversed(list(enumerate(group))) if digit != "0"
        )
        written += section + groups[place] * bool(section)
    return written


@given(st.integers(1, 10**12 - 1))
def test_chinese_numerals_are_read(number: int) -> None:
    assert han_value(han(number)) == number


@pytest.mark.parametrize(
    ("written", "language", "value"),
    [
        ("1,234", "en", "1234"),
        ("1,234", "ru", "1.234"),
        ("1,234", "no", "1.234"),
        ("1.234", "en", "1.234"),
        ("1.234", "no", "1234"),
        ("1.234.567,89", "en", "1234567.89"),
        ("1,234,567.89", "no", "1234567.89"),
        ("12,34,567", "en", "1234567"),
        ("1'234'567", "en", "1234567"),
        ("0,5", "no", "0.5"),
        ("0.500", "no", "0.5"),
    ],
)
def test_the_language_decides_only_what_is_ambiguous(written: str, language: str, value: str) -> None:
    found = literal(written, lexicon(language))
    assert found is not None
    assert found[0] == Decimal(value)


@pytest.mark.parametrize(
    ("text", "language", "unit"),
    [
        ("Det er tre mil dit.", "no", "mile-scandinavian"),
        ("Det er 3 engelske mil dit.", "no", "mile"),
        ("Det er 3 nautiske mil dit.", "no", "nautical-mile"),
        ("It is 3 miles.", "en", "mile"),
    ],
)
def test_a_norwegian_mil_is_ten_kilometres(text: str, language: str, unit: str) -> None:
    assert one(text, language).unit == unit


@pytest.mark.parametrize("written", ["1.2.3", "1,2,3", "1.23.456", "1,234.567.89", "1.234,567.89", "9" * 31])
def test_what_is_no_number(written: str) -> None:
    assert literal(written, lexicon("en")) is None


def test_digits_of_other_scripts_are_numbers() -> None:
    for zero in ("\u0660", "\u0966", "\u0e50", "\uff10"):
        written = "".join(chr(ord(zero) + int(digit)) for digit in "157")
        assert one(f"{written} million users").value == Amount(
            Decimal(157_000_000), Decimal(157_000_000), Decimal(10**6)
        )
        assert unicodedata.decimal(written[0]) == 1


def test_precision_is_as_written() -> None:
    assert [one(text, "ru").value.step for text in ("5,7 млрд", "5,70 млрд", "6 млрд")] == [10**8, 10**7, 10**9]  # type: ignore[union-attr]


def test_a_billion_is_what_the_language_makes_it() -> None:
    assert one("1 billion", "en").number == 10**9
    assert one("1 billion", "no").number == 10**12
    assert one("1 биллион", "ru").text == "1"


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("¥5 млрд", "CNY"),
        ("Toyota вложит ¥5 млрд", "JPY"),
        ("Китай даст ¥5 млрд", "CNY"),
        ("Япония, а не Китай: ¥5 млрд", "CNY"),
        ("Китай, а не Япония: ¥5 млрд", "JPY"),
    ],
)
def test_the_nearest_country_decides_on_yuan_or_yen(text: str, unit: str) -> None:
    assert one(text, "ru").unit == unit


# --- dates --------------------------------------------------------------------------------------------------------


def test_relative_dates_need_the_date_of_the_text() -> None:
    assert str(one("in February next year", "en").value) == "2026-02"
    assert str(one("in February next year", "en", None).value) == "XXXX-02"
    assert facts.find("next year", "en") == []
    assert facts.find("next year", "en", dt.date.max) == []


def test_periods_have_their_days() -> None:
    value = one("в третьем квартале 2025 года", "ru").value
    assert (value.first, value.last) == (dt.date(2025, 7, 1), dt.date(2025, 9, 30))  # type: ignore[union-attr]
    assert one("in February 2024").value.last == dt.date(2024, 2, 29)  # type: ignore[union-attr]


def test_there_is_no_thirtieth_of_february() -> None:
    assert "2026-02-30" not in [str(fact.value) for fact in facts.find("30 February 2026", "en")]


def test_an_unknown_language_has_its_digits_units_and_codes() -> None:
    found = facts.find("Das kostet 1.234,50 EUR und wiegt 5 Kilogramm, 12 %", "de")
    assert [(str(fact.value), fact.unit) for fact in found] == [
        ("1234.5", "EUR"),
        ("5", "kilogram"),
        ("12", "percent"),
    ]


@pytest.mark.parametrize(
    ("text", "language", "value", "unit"),
    [
        ("5 Mrd. Euro", "de", 5 * 10**9, "EUR"),
        ("3 Billionen Euro", "de", 3 * 10**12, "EUR"),
        ("12.500 Euro", "de", 12_500, "EUR"),
        ("5 mil millones", "es", 5 * 10**9, None),
        ("12.500", "es", 12_500, None),
        ("5 miljarder", "sv", 5 * 10**9, None),
        ("5 bilhões", "pt", 5 * 10**9, None),
        ("3 mio. ton", "da", 3 * 10**6, "tonne"),
        ("2 трильйони", "uk", 2 * 10**12, None),
        ("₹5 करोड़", "hi", 5 * 10**7, "INR"),
        ("5 لاکھ", "ur", 5 * 10**5, None),
        ("5 Millionen", "und", 5, None),
    ],
)
def test_a_language_without_words_has_the_magnitudes_and_groups_of_cldr(
    text: str, language: str, value: int, unit: str | None
) -> None:
    found = one(text, language)
    assert (found.number, found.unit) == (value, unit)


def test_printable_ascii_never_fails() -> None:
    for language in LANGUAGES:
        facts.find(string.printable * 20, language, TODAY)


def test_a_decade_is_no_year_of_a_span() -> None:
    assert next(str(fact.value) for fact in facts.find("the 1920s–26 apart", "en")) == "192X"
    assert str(one("1922–26").value) == "1922/1926"
