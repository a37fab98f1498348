"""Figures of the index: found by value in any form, taken over, saved; and what a figure in a question does."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import facts, figures
from rag.config import Settings
from rag.errors import DamagedIndex
from rag.figures import Before, Figures
from rag.index import Index
from rag.types import Document
from tests.fakes import HashEncoder, build

FORMS = {
    "14 milliarder dollar": ["$14 млрд", "14 миллиардов долларов", "14bn dollars", "US$14,000,000,000", "140亿美元"],
    "half a million": ["500 000 stykker", "500 тыс. человек", "500,000 units", "50万人", "$500,000"],
    "5 km": ["5000 meter", "5 км", "5 kilometres", "5公里"],
    "250 %": ["250 prosent", "250 процентов", "250 percent", "250%"],
    "25 December 2025": ["25. desember 2025", "25 декабря 2025 года", "2025-12-25", "2025年12月25日"],
    "December 2025": ["desember 2025", "в декабре 2025 года", "25 December 2025"],
}
OTHERS = {
    "14 milliarder dollar": ["14 milliarder kroner", "$14 million", "14 милларов", "$14"],
    "half a million": ["5 000 stykker", "50,000 units"],
    "5 km": ["5 m", "5 miles", "5 кг"],
    "25 December 2025": ["December 2025", "25 December 2024", "December 25"],
}


def language_of(text: str) -> str:
    if any(letter >= "\u3400" for letter in text):
        return "zh"
    if any("а" <= letter <= "я" for letter in text):
        return "ru"
    return "no" if any(word in text for word in ("meter", "milliard", "stykker", "prosent", "desember")) else "en"


@pytest.mark.parametrize("asked", FORMS)
def test_a_figure_is_found_in_every_form(asked: str) -> None:
    (wanted,) = figures.asked(asked, language_of(asked))
    for text in FORMS[asked]:
        assert any(figures.matches(wanted, fact) for fact in facts.find(text, language_of(text))), text
    for text in OTHERS.get(asked, ()):
        assert not any(figures.matches(wanted, fact) for fact in facts.find(text, language_of(text))), text


def test_small_counts_and_times_of_no_year_are_not_looked_for() -> None:
    assert figures.asked("Which 2 companies bought 12 ships in February?", "en") == []
    assert [fact.text for fact in figures.asked("Who sold 120 of the 2 ships for $3?", "en")] == ["120", "$3"]


TEXTS = {
    "dollars.txt": "date: 2026-01-02\n\nThe company will spend $14 billion on chips. It has 3,000 employees. Why?",
    "kroner.txt": "Selskapet skal bruke 14 milliarder kroner på nye brikker. Det har 3000 ansatte. Ingen vet hvorfor.",
    "доллары.txt": "Компания потратит на чипы 14 млрд долларов. Почему, никто не знает, и узнать об этом негде.",
    "nothing.txt": "There is nothing here that anybody could count. There is nothing there either.",
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("figures")
    return Settings(documents=folder / "documents", index=folder / "index", passage_tokens=40)


@pytest.fixture(scope="module")
def index(settings: Settings) -> Index:
    return Index.load(build(settings, TEXTS).folder, settings)


def test_scores_are_what_a_slow_look_at_every_passage_gives(index: Index) -> None:
    wanted = figures.asked("Who will spend 14 billion dollars and has 3,000 employees?", "en")
    assert len(wanted) == 2
    rows = range(len(index.contents.passages))
    given = np.array([[_gives(index, row, fact) for fact in wanted] for row in rows])
    weights = np.log(1 + (len(given) - given.sum(axis=0) + 0.5) / (given.sum(axis=0) + 0.5))
    assert index.figures.score(wanted) == pytest.approx(given @ weights / weights.sum())
    assert {index.contents.passage(row).document_id for row in rows if given[row, 0]} == {"dollars.txt", "доллары.txt"}


def _gives(index: Index, row: int, wanted: facts.Fact) -> bool:
    passage = index.contents.passage(row)
    document = index.documents[passage.document_id]
    found = facts.find(document.text, document.language, document.date)
    return any(
        figures.matches(wanted, fact) for fact in found if passage.start <= fact.start and fact.end <= passage.end
    )


def test_a_question_finds_its_figure_in_another_language(index: Index) -> None:
    question = "Hvem betaler 14.000.000.000 dollar?"
    query = HashEncoder().embed_queries([question])[0]
    first, second, *_ = index.search(question, query, 5, lexical_weight=0)
    assert {first.passage.document_id, second.passage.document_id} == {"dollars.txt", "доллары.txt"}
    russian = first if first.passage.language == "ru" else second
    scores = [score.score for score in russian.sentence_scores]
    start, end = russian.passage.sentences[scores.index(max(scores))]
    assert "14 млрд" in index.documents["доллары.txt"].text[start:end]


def test_what_is_found_is_what_stands_in_the_documents(index: Index) -> None:
    for number, document in enumerate(index.contents.documents):
        found = index.figures.of(number, document)
        assert list(found) == facts.find(document.text, document.language, document.date)


SENTENCES = [
    "The company will spend $14 billion.",
    "It has 3,000 employees.",
    "Selskapet brukte 14 milliarder kroner i mars 2025.",
    "Цена выросла на 250 % за 2025 год.",
    "Nobody counted anything.",
]


@st.composite
def folders(draw: st.DrawFn) -> tuple[list[Document], np.ndarray, np.ndarray]:
    """Documents with a passage for each of their sentences; several may be the same, but for their languages."""
    documents, rows, languages = [], [], []
    for number in range(draw(st.integers(0, 4))):
        sentences = draw(st.lists(st.sampled_from(SENTENCES), max_size=3))
        date = draw(st.sampled_from([None, dt.date(2025, 4, 1)]))
        text = " ".join(sentences)
        documents.append(Document(f"{number}.txt", "", date, "en", text, Path(f"{number}.txt"), ""))
        ends = np.cumsum([len(sentence) + 1 for sentence in sentences]).tolist()
        rows += [(number, end - len(each) - 1, end - 1, 0) for each, end in zip(sentences, ends, strict=True)]
        languages += [draw(st.sampled_from(["en", "no"])) for _ in sentences]
    return documents, np.array(rows, np.int32).reshape(-1, 4), np.array(languages, np.str_)


@given(folders(), folders())
@hypothesis.settings(max_examples=100, deadline=None)
def test_taking_over_gives_what_building_anew_gives(before: Any, now: Any) -> None:
    taken, anew = Figures.build(*now, Before(*before, Figures.build(*before))), Figures.build(*now)
    assert taken.lines == anew.lines
    assert list(taken.numbers) == list(anew.numbers) == sorted(anew.numbers)
    assert taken.firsts.tolist() == anew.firsts.tolist()
    assert taken.rows.tolist() == anew.rows.tolist()
    assert (taken.firsts.dtype, taken.rows.dtype) == (anew.firsts.dtype, anew.rows.dtype)


def test_a_document_that_is_what_it_was_is_not_read_again(index: Index) -> None:
    arrays = index.contents.documents, index.contents.passages, index.contents.languages
    values = {"14": 0}
    marked = Figures(["[]"] * len(TEXTS), list(values), np.array([0, 1], np.int32), np.array([1], np.int32), 8)
    taken = Figures.build(*arrays, Before(*arrays, marked))
    assert (taken.lines, taken.numbers, taken.rows.tolist()) == (["[]"] * len(TEXTS), values, [1])


def test_a_quotation_in_another_language_is_read_as_that(index: Index) -> None:
    text = "Selskapet sier følgende til oss i dag. “We have spent 3 billion dollars.”"
    document = Document("a.txt", "A", None, "no", text, Path("a.txt"), "")
    passages = np.array([[0, 0, 38, 0], [0, 39, len(text), 1]], np.int32)
    found = Figures.build([document], passages, np.array(["no", "en"]))
    assert [str(fact.value) for fact in found.of(0, document)] == ["3000000000"]


def test_saved_and_loaded(index: Index, tmp_path: Path) -> None:
    index.figures.save(tmp_path / "figures")
    loaded = Figures.load(tmp_path / "figures", len(index.contents.passages))
    wanted = figures.asked("3,000", "en")
    assert loaded.lines == index.figures.lines
    assert loaded.score(wanted).tolist() == index.figures.score(wanted).tolist() != [0] * len(index.contents.passages)
    (tmp_path / "figures" / "values.json").write_text("[", "utf-8")
    with pytest.raises(DamagedIndex, match="run `rag index`"):
        Figures.load(tmp_path / "figures", 1)
