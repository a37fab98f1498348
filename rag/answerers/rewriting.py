"""A question that leans on the turns before it, rewritten by a language model into one that stands alone.

Whether it leans is told by rule (`rag.followup`), and the rule's completion is taken where what the model writes leans,
too, or brings in a figure or a name that nobody has said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing

from rag import followup
from rag.answerers import extracts, prose
from rag.followup import ANSWER, QUESTION, TURNS, Completed
from rag.llm import Example, LanguageModel, Prompt
from rag.types import Turn

LONGEST = 80  # tokens of a question
FEWEST, WORDS = 3, 24  # words of it
BEGINNING = 4  # letters by which a name is known again, in whatever case
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
INSTRUCTIONS = (
    "Rewrite the last question of each conversation so that it can be understood alone, in its own language, with the "
    "names that it leaves out. Do not answer it."
)
_WORD = re.compile(r"(?<=\s)[«“(]?[\w-]+")


def _ask(turns: Sequence[Turn], question: str) -> str:
    said = [line for turn in turns for line in (f"Question: {turn.question}", f"Answer: {turn.answer}")]
    return "\n".join([*said, f"Question: {question}", "Alone:"])


_EXAMPLES = {
    "en": (
        (Turn("Who runs the Iskra plant?", "Oleg Panov runs it."), "How old is he?", "How old is Oleg Panov?"),
        (
            Turn("How many visitors did the museum in Ghent have in 1911?", "It had 900."),
            "And in 1912?",
            "How many visitors did the museum in Ghent have in 1912?",
        ),
        (Turn("When did the bakery on Elm Street open?", "In May."), "Why?", "Why did the bakery on Elm Street open?"),
    ),
    "no": (
        (
            Turn("Hvem leder fabrikken Iskra?", "Oleg Panov leder den."),
            "Hvor gammel er han?",
            "Hvor gammel er Oleg Panov?",
        ),
        (
            Turn("Hvor mange besøkende hadde museet i Gent i 1911?", "Det hadde 900."),
            "Og i 1912?",
            "Hvor mange besøkende hadde museet i Gent i 1912?",
        ),
        (Turn("Når åpnet bakeriet i Storgata?", "I mai."), "Hvorfor?", "Hvorfor åpnet bakeriet i Storgata?"),
    ),
    "ru": (
        (Turn("Кто руководит заводом «Искра»?", "Олег Панов."), "Сколько ему лет?", "Сколько лет Олегу Панову?"),
        (
            Turn("Сколько посетителей было в музее Гента в 1911 году?", "Было 900 человек."),
            "А в 1912-м?",
            "Сколько посетителей было в музее Гента в 1912 году?",
        ),
        (Turn("Когда открылась пекарня на Садовой?", "В мае."), "Почему?", "Почему открылась пекарня на Садовой?"),
    ),
}


def examples(language: str) -> tuple[Example, ...]:
    """Return the examples in a language, the English ones where it has none."""
    chosen = _EXAMPLES.get(language, _EXAMPLES["en"])
    return tuple(Example(_ask([turn], question), alone) for turn, question, alone in chosen)


class Rewriter:
    """Completes questions as `followup.complete` does, by a language model. Safe to share between threads."""

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def complete(self, question: str, history: Sequence[Turn], language: str) -> Completed:
        """Return the question with what it leans on. Raises LanguageModelError."""
        by_rule = followup.complete(question, history, language)
        if not by_rule.leans:
            return by_rule
        turns = [Turn(_short(turn.question, QUESTION), _short(turn.answer, ANSWER)) for turn in history[-TURNS:]]
        asked = extracts.as_data(question)
        said = " ".join([*(f"{turn.question} {turn.answer}" for turn in turns), asked])
        prompt = Prompt(INSTRUCTIONS, examples(language), _ask(turns, asked))
        with closing(self._model.complete(prompt, limit=LONGEST, grammar=grammar(said))) as pieces:
            alone = " ".join("".join(piece.text for piece in pieces).split())
        if not alone.endswith("?") or followup.leans(alone, language) or not _is_said(alone, said):
            return by_rule
        return Completed(question, alone, f"{alone} {history[-1].answer[:ANSWER]} {question}")


def grammar(said: str) -> str:
    """Return a grammar for one question, without figures but those that were said."""
    return "\n".join([f'root ::= " "? word (" " word){{{FEWEST - 1},{WORDS - 1}}} "?" "\\n"?', *prose.rules([said])])


def _short(text: str, most: int) -> str:
    return extracts.as_data(text[:most])


def _is_said(alone: str, said: str) -> bool:
    """Tell whether each figure of a question was said before, and each name, in whatever case."""
    known = said.casefold()
    if not set(_DIGITS.findall(alone)) <= set(_DIGITS.findall(said)):
        return False  # by a model that is held to no grammar
    words = (word.strip("«“(") for word in _WORD.findall(alone))
    return all(word.casefold()[:BEGINNING] in known for word in words if word != word.lower())
