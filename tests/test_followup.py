"""Which questions lean on the turns before, and what they become."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.followup import ANSWER, QUESTION, TURNS, complete, leans
from rag.types import Turn

ROOT = Path(__file__).parent.parent
GIVEN = [json.loads(line) for line in (ROOT / "evaluation" / "seeds.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "And in 2025?"),
        ("en", "What about Norway?"),
        ("en", "Who makes it?"),
        ("en", "Why?"),
        ("en", "How much is that in dollars?"),
        ("en", "When did they move there?"),
        ("en", "Its capital?"),
        ("ru", "А в 2025 году?"),
        ("ru", "Кто её основал?"),
        ("ru", "Сколько им лет?"),
        ("ru", "Почему?"),
        ("ru", "В каком году это было?"),
        ("no", "Og hvor mange av dem?"),
        ("no", "Hvor gammel er han?"),
        ("no", "Når skal de leveres?"),
        ("no", "Hva med Sverige?"),
        ("en", "What should I do then?"),
        ("en", "How many pupils go there?"),
        ("en", "Where is the company based?"),
        ("ru", "Это выше нормы?"),
        ("ru", "Что тогда делать?"),
        ("ru", "С какой скоростью?"),
        ("ru", "Чем занимается фирма?"),
        ("no", "Hvor spilles den?"),
        ("no", "Når øver de?"),
        ("no", "Hvor mye betalte de for det?"),
        ("no", "Hvor mange elever går der?"),
        ("no", "Hvor holder firmaet til?"),
        ("no", "Hva gjør jeg da?"),
        ("zh", "那2025年呢？"),
        ("zh", "它的总部在哪里？"),
        ("de", "Und dann?"),
    ],
)
def test_leaning(language: str, question: str) -> None:
    assert leans(question, language)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Who founded Samsung?"),
        ("en", "What is photosynthesis?"),
        ("en", "What does Samsung say about its chips?"),
        ("en", "How long does it take to reach the Moon?"),
        ("en", "How many moons are there?"),
        ("en", "Which company sells more phones this year?"),
        ("en", "Who discovered penicillin, and when was it first made?"),
        ("en", "Which chips are made by the company that built the plant in Tyler?"),
        ("en", "How many moons could there be?"),
        ("en", "What is sold in the city centre?"),
        ("ru", "Кто построил дамбу, и когда её снесли?"),
        ("ru", "Что делает строительная компания?"),
        ("ru", "Это правда, что Ангара вытекает из Байкала?"),
        ("no", "Hvem bygde brua, og hvor lang er den?"),
        ("no", "Hva tjener de som jobber om natten?"),
        ("no", "Hvor gammel er den dømte mannen?"),
        ("ru", "Кто основал Samsung?"),
        ("ru", "Что такое фотосинтез?"),
        ("ru", "Сколько стоит билет в музей?"),
        ("ru", "Что Илья Репин писал в своём имении и кому он его завещал?"),
        ("no", "Hva er bakterier?"),
        ("no", "Når ble den gamle brua revet?"),
        ("no", "Hvem eier Telenor, og hva gjør de ansatte?"),
        ("zh", "三星的总部在哪里？"),
        ("de", "Wer hat die Brücke gebaut?"),
        ("und", "Samsung Galaxy"),
    ],
)
def test_standing_alone(language: str, question: str) -> None:
    assert not leans(question, language)


def test_both_kinds_of_the_given_questions() -> None:
    followups = [question for question in GIVEN if question.get("history")]
    alone = [question for question in GIVEN if not question.get("history")]
    assert len(followups) >= 20
    assert sum(leans(question["question"], question["language"]) for question in followups) >= len(followups) - 1
    assert [question["id"] for question in alone if leans(question["question"], question["language"])] == []


def test_a_chain_of_leaning_questions_is_followed_back() -> None:
    history = [
        Turn("Who founded Samsung?", "Lee Byung-chul founded Samsung."),
        Turn("When did he do that?", "In 1938."),
    ]
    found = complete("And where?", history, "en")
    assert found.text == "Who founded Samsung? When did he do that? And where?"
    assert found.search == "Who founded Samsung? When did he do that? In 1938. And where?"
    assert found.question == "And where?"


def test_it_goes_back_no_further_than_the_question_that_stands_alone() -> None:
    history = [Turn("Who founded Samsung?", "…"), Turn("Who founded Nokia?", "…")]
    assert complete("And when?", history, "en").text == "Who founded Nokia? And when?"


def test_what_stands_alone_stays_as_it_is() -> None:
    history = [Turn("Who founded Samsung?", "Lee Byung-chul.")]
    assert set(complete("Who founded Nokia?", history, "en")) == {"Who founded Nokia?"}
    assert set(complete("And when?", [], "en")) == {"And when?"}


@given(
    st.text(), st.lists(st.tuples(st.text(), st.text()), max_size=6), st.sampled_from(["en", "ru", "no", "zh", "und"])
)
def test_the_question_itself_is_always_last_and_nothing_grows_without_bound(
    question: str, turns: list[tuple[str, str]], language: str
) -> None:
    found = complete(question, [Turn(*turn) for turn in turns], language)
    assert found.text.endswith(question)
    assert found.search.endswith(question)
    assert len(found.search) <= len(question) + TURNS * (QUESTION + 1) + ANSWER + 1
