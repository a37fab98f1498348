"""The labelled follow-ups are sound, and their measures say what they should."""

from __future__ import annotations

import pytest

from rag import languages
from tests import labelled_followups
from tests.labelled_followups import FOLDER, LANGUAGES, by_rule, has_needed, has_stale, read, score, table

FOLLOWUPS = [question for language in LANGUAGES for question in read(language)]


def test_there_are_enough_and_none_twice() -> None:
    assert len(FOLLOWUPS) >= 60
    assert len({(question.history, question.question) for question in FOLLOWUPS}) == len(FOLLOWUPS)
    for language in LANGUAGES:
        assert sum(question.leans for question in read(language)) >= 15
        assert sum(not question.leans for question in read(language)) >= 3


@pytest.mark.parametrize("question", FOLLOWUPS, ids=lambda question: question.question)
def test_what_a_question_means_holds_what_is_needed_and_nothing_stale(question: labelled_followups.Followup) -> None:
    assert has_needed(question, question.completed)
    assert not has_stale(question, question.completed)
    assert languages.detect(question.completed, LANGUAGES) == question.language
    if question.leans:
        assert not has_needed(question, question.question), "it can be understood alone"
    earlier = " ".join(turn.question for turn in question.history)
    assert not question.stale or has_stale(question, earlier + " ".join(turn.answer for turn in question.history))


def test_perfect_and_useless_completion_score_so() -> None:
    right = {(question.question, question.history): question.completed for question in FOLLOWUPS}
    assert score(FOLLOWUPS, lambda question, history, _: right[question, tuple(history)]) == (1, 1, 1, 1)
    useless = score(FOLLOWUPS, lambda question, history, _: question)
    assert (useless.needed, useless.clean, useless.untouched) == (0, 0, 1)
    assert 0 < useless.words < 1


def test_the_readme_tells_how_the_rules_do() -> None:
    assert table(by_rule) in (FOLDER / "README.md").read_text("utf-8")
