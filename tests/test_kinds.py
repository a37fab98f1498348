"""What kind of thing a question asks for, and which spans are of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answerers.kinds import Asked, asked, bare_year, is_of, is_of_another_year
from rag.types import Span

FIGURE, TIME = Asked("figure"), Asked("time")


@pytest.mark.parametrize(
    ("question", "language", "wanted"),
    [
        ("How many ships sank?", "en", FIGURE),
        ("And for how long did it rain?", "en", FIGURE),
        ("In what year was the bank founded?", "en", TIME),
        ("Since when has it been closed?", "en", TIME),
        ("Who knows how many ships sank?", "en", FIGURE),
        ("What did people say when the bridge opened?", "en", None),  # «when» is no question there
        ("What is known of the price?", "en", None),
        ("Hvor mange skip sank?", "no", FIGURE),
        ("Og når åpnet broen?", "no", TIME),
        ("Hvor ligger broen?", "no", None),
        ("Сколько судов затонуло?", "ru", FIGURE),
        ("До скольких лет это доводят?", "ru", FIGURE),
        ("Какую долю купил банк?", "ru", FIGURE),
        ("В каком году открыли мост?", "ru", TIME),
        ("Кто сказал, когда откроют мост?", "ru", None),
        ("Wie viele Schiffe sanken?", "de", FIGURE),
        ("Combien de navires ont coulé ?", "fr", FIGURE),
        ("沉了多少艘船？", "zh", FIGURE),
        ("桥是什么时候开通的？", "zh", TIME),
        ("近几个月价格走势如何？", "zh", None),  # «in the last few months»
        ("船は何年に沈みましたか。", "ja", TIME),
        ("Which ships sank? How many?", "en", FIGURE),  # the last is what is asked
        ("How many ships sank? When?", "en", TIME),
        ("Kiom da ŝipoj sinkis?", "eo", None),  # a language of which nothing is known
        ("How much is that in dollars?", "en", Asked("figure", "USD")),
        ("Hvor mye er det i yuan?", "no", Asked("figure", "CNY")),
        ("Сколько это в рублях?", "ru", Asked("figure", "RUB")),
        ("How many ships cost 5 million dollars?", "en", FIGURE),  # the dollars are those of the question
    ],
)
def test_what_a_question_asks_for(question: str, language: str, wanted: Asked | None) -> None:
    assert asked(question, language) == wanted


@pytest.mark.parametrize(
    ("wanted", "text", "language", "is_right"),
    [
        (FIGURE, "about 1,000 people", "en", True),
        (FIGURE, "three ships", "en", True),
        (FIGURE, "сотни тысяч судов", "ru", True),
        (FIGURE, "tre skip", "no", True),
        (FIGURE, "twelve", "en", True),  # whose stem is no numeral
        (FIGURE, "восемь", "ru", True),
        (FIGURE, "шестеро", "ru", True),
        (FIGURE, "озеро", "ru", False),
        (FIGURE, "более чем на половину", "ru", True),
        (FIGURE, "None of them", "en", True),
        (FIGURE, "flere", "no", True),
        (FIGURE, "a harbour", "en", False),  # an article, no number
        (FIGURE, "et skip", "no", False),
        (FIGURE, "Nvidia H200", "en", False),  # a digit in a name
        (FIGURE, "the harbour", "en", False),
        (FIGURE, "三艘船", "zh", True),
        (FIGURE, "共120艘", "zh", True),
        (FIGURE, "港口", "zh", False),
        (TIME, "in March", "en", True),
        (TIME, "в апреле", "ru", True),
        (TIME, "1988", "ru", True),
        (TIME, "i fjor", "no", True),
        (TIME, "søndagens renn", "no", True),
        (TIME, "в субботу", "ru", True),
        (TIME, "am Dienstag", "de", True),
        (TIME, "two years ago", "en", True),
        (TIME, "Sunderland", "en", False),
        (TIME, "марка", "ru", False),
        (TIME, "Samsung", "ru", False),
        (TIME, "three ships", "en", False),
        (Asked("figure", "USD"), "¥40 млрд (около $5,7 млрд)", "ru", True),
        (Asked("figure", "USD"), "¥40 млрд", "ru", False),
        (Asked("figure", "CNY"), "omtrent 100 milliarder yuan", "no", True),
        (Asked("figure", "CNY"), "2026", "no", False),
    ],
)
def test_which_spans_say_it(wanted: Asked, text: str, language: str, is_right: bool) -> None:
    assert is_of(wanted, text, language) == is_right


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("1946 году", "ru", "1946"),
        ("2009\xa0г.", "ru", "2009"),
        ("1964 ГОДА", "ru", "1964"),
        ("1991 року", "uk", "1991"),
        ("1946 yılında", "tr", "1946"),
        ("1946 roku", "pl", "1946"),
        ("20 июля 1946 года", "ru", "20 июля 1946 года"),
        ("1946 году в Москве", "ru", "1946 году в Москве"),
        ("1000 лет", "ru", "1000 лет"),
        ("1980-х годов", "ru", "1980-х годов"),
        ("19461 году", "ru", "19461 году"),
        ("2000 år", "no", "2000 år"),
        ("1946 году", "en", "1946 году"),
        ("году", "ru", "году"),
        ("", "ru", ""),
    ],
)
def test_of_a_year_its_number_is_the_answer(text: str, language: str, expected: str) -> None:
    assert bare_year(text, language) == expected


@pytest.mark.parametrize(
    ("question", "span", "is_another"),
    [
        ("Сколько продали в 2024 году?", "40 судов", False),
        ("Сколько продали в 2025 году?", "40 судов", True),
        ("Сколько продали в 2025 году?", "55", False),
        ("Сколько продали в 2024 году? А в 2025?", "40 судов", True),  # the last year is the one that is asked about
        ("Сколько продали в 2024 и 2025 годах?", "40 судов", False),
        ("Сколько продали всего?", "40 судов", False),
        ("Сколько продали в 2025 году?", "верфь", True),
    ],
)
def test_a_span_stands_with_the_year_nearest_to_it(question: str, span: str, is_another: bool) -> None:
    sentence = "В 2024 году верфь продала 40 судов, а в 2025 году — 55."
    start = sentence.index(span)
    assert is_of_another_year(question, sentence, Span(start, start + len(span))) == is_another


def test_a_sentence_without_years_is_of_no_other_year() -> None:
    assert not is_of_another_year("How many in 1988?", "It sold 40 ships.", Span(8, 10))


@given(st.text(), st.sampled_from(("en", "no", "ru", "zh", "de", "ar", "und")))
def test_any_text_can_be_asked_and_judged(text: str, language: str) -> None:
    wanted = asked(text, language)
    assert wanted is None or wanted.kind in ("figure", "time")
    assert is_of(FIGURE, f"{text} 7", language)
    assert not is_of_another_year(text, text.translate(dict.fromkeys(range(48, 58))), Span(0, len(text)))
