"""Questions that lean on the turns before, with what they mean, and how well a way of completing them finds it.

`tests/followups/README.md` says how they are written. ``python -m tests.labelled_followups`` measures `rag.followup`,
and with ``--model`` a language model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from rag import followup
from rag.answerers.rewriting import Rewriter
from rag.config import load_settings
from rag.evaluation.measures import f1
from rag.llm import open_model
from rag.types import Turn

FOLDER = Path(__file__).parent / "followups"
LANGUAGES = ("en", "no", "ru")

# A question, the turns before it, and its language -> the question completed.
Complete = Callable[[str, Sequence[Turn], str], str]


class Followup(NamedTuple):
    """A question in a conversation, what it means by itself, and what says that it was understood."""

    language: str
    history: tuple[Turn, ...]
    question: str
    completed: str  # the same as `question` where that stands alone
    needed: tuple[tuple[str, ...], ...]  # of each, one must be in what is asked
    stale: tuple[str, ...]  # what was asked before and is not asked now

    @property
    def leans(self) -> bool:
        return self.completed != self.question


class Score(NamedTuple):
    """Shares: of leaning questions, which have what is needed, and which of these nothing stale; of the others, which
    are left as they are. And how near the words of leaning questions come to those of the completed form."""

    needed: float
    clean: float
    words: float
    untouched: float


def read(language: str) -> list[Followup]:
    """Return the questions in a language."""
    blocks = (FOLDER / f"{language}.txt").read_text("utf-8").strip().split("\n\n")
    return [_followup(block.splitlines(), language) for block in blocks if not block.startswith("#")]


def _followup(lines: Sequence[str], language: str) -> Followup:
    marked = [(line[0], line[2:]) for line in lines]
    (question,), (completed,), (needed,), stale = ([text for mark, text in marked if mark == sign] for sign in ">=+-")
    asked, replies = ([text for mark, text in marked if mark == sign] for sign in "?.")
    history = tuple(Turn(*turn) for turn in zip(asked, replies, strict=True))
    alternatives = tuple(tuple(word.split("|")) for word in needed.split(", "))
    return Followup(
        language, history, question, completed, alternatives, tuple(", ".join(stale).split(", ") if stale else ())
    )


def score(questions: Sequence[Followup], complete: Complete) -> Score:
    """Return how well questions are completed."""
    leaning = [(question, _completed(question, complete)) for question in questions if question.leans]
    alone = [question for question in questions if not question.leans]
    return Score(
        mean(has_needed(question, text) for question, text in leaning),
        mean(has_needed(question, text) and not has_stale(question, text) for question, text in leaning),
        mean(f1(text, [question.completed]) for question, text in leaning),
        mean(_completed(question, complete) == question.question for question in alone),
    )


def _completed(question: Followup, complete: Complete) -> str:
    return complete(question.question, question.history, question.language)


def has_needed(question: Followup, text: str) -> bool:
    return all(any(word.lower() in text.lower() for word in words) for words in question.needed)


def has_stale(question: Followup, text: str) -> bool:
    return any(word.lower() in text.lower() for word in question.stale)


def by_rule(question: str, history: Sequence[Turn], language: str) -> str:
    """Complete a question as `rag` does without a language model."""
    return followup.complete(question, history, language).text


def table(complete: Complete) -> str:
    """Return the scores by language, in percent."""
    parts = {language: read(language) for language in LANGUAGES}
    parts["all"] = [question for part in parts.values() for question in part]
    lines = ["| | questions | needed | clean | words | untouched |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, part in parts.items():
        lines.append(f"| {name} | {len(part)} | {' | '.join(f'{value:.0%}' for value in score(part, complete))} |")
    return "\n".join(lines)


def by_model(question: str, history: Sequence[Turn], language: str) -> str:
    """Complete a question as `rag` does with `followups = "model"`, by the model that the settings name."""
    return _rewriter().complete(question, history, language).text


@cache
def _rewriter() -> Rewriter:
    return Rewriter(open_model(load_settings()[0]))


if __name__ == "__main__":
    complete = by_model if "--model" in sys.argv else by_rule
    for language in LANGUAGES if "-v" in sys.argv else ():
        for question in read(language):
            text = _completed(question, complete)
            if question.leans == (text == question.question) or not has_needed(question, text):
                print(f"{question.question} -> {text}")
    print(table(complete))
