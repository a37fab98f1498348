"""Words of another language in questions and windows, and how their translations are found."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rag.types import Span
from training import lexicon
from training.switching import PLACES, switched

WORDS = {"river": ["река"], "long": ["длинная", "долгая"], "is": ["есть"]}


@given(st.text("river isloŁ.,A", max_size=60), st.data(), st.integers(0, 1000))
def test_the_answer_stays_as_it_is(text: str, data: st.DataObject, seed: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    _, context, answer = switched("", text, Span(start, end), WORDS, Random(seed))
    assert answer
    assert context[answer.start : answer.end] == text[start:end]
    back = {"река": "river", "длинная": "long", "долгая": "long", "есть": "is"}
    for other, word in back.items():
        context = context.replace(other, word).replace(other.capitalize(), word.capitalize())
    assert context == text


def test_words_are_exchanged_and_names_are_not() -> None:
    asked = {switched("Is the River long?", "The river is.", None, WORDS, Random(seed))[0] for seed in range(60)}
    assert "Есть the River длинная?" in asked
    assert "Is the River long?" in asked
    assert not any("Река" in question for question in asked)


def test_question_and_window_are_switched_by_the_shares_of_the_table() -> None:
    runs = [switched("river " * 50, "river " * 50, None, WORDS, Random(seed)) for seed in range(400)]
    for place, (_, asked, read) in enumerate(PLACES):
        share = sum(("река" in q, "река" in t) == (asked > 0, read > 0) for q, t, _ in runs) / len(runs)
        assert abs(share - PLACES[place][0]) < 0.1


def test_without_translations_nothing_changes() -> None:
    example = ("What is long?", "The river is long.", Span(4, 9))
    assert switched(*example, {}, Random(1)) == example


def test_translations_are_the_nearest_of_the_other_language() -> None:
    random = np.random.default_rng(1)
    theirs = random.normal(size=(40, 64)).astype(np.float32)
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    others = [f"слово{number}" for number in range(40)]
    own = theirs[[3, 7]] + 0.02 * random.normal(size=(2, 64)).astype(np.float32)
    stray = random.normal(size=(1, 64)).astype(np.float32)
    vectors = np.concatenate([own, stray])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = lexicon.translations(["three", "seven", "stray"], vectors, others, theirs)
    assert found == {"three": ["слово3"], "seven": ["слово7"]}
    assert lexicon.translations(["six"], vectors[:1], others, theirs) == {}, "too short to be known by its meaning"
    assert lexicon.translations(["three"], vectors[:1], [other[-3:] for other in others], theirs) == {}
    assert lexicon.translations(["слово3"], vectors[:1], others, theirs) == {}, "the same word is no translation"


def test_a_lexicon_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "lexicon.json.gz"
    lexicon.write({"en": {"ru": WORDS}}, path)
    before = path.read_bytes()
    lexicon.write({"en": {"ru": WORDS}}, path)
    assert lexicon.read(path) == {"en": {"ru": WORDS}}
    assert path.read_bytes() == before
