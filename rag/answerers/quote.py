"""Answers with words that a language model chooses, and that stand in the documents as they are.

It decodes under a grammar that admits nothing but runs of words of the retrieved sentences, or “no answer”: what it
says is verbatim by construction. A model without grammar support is asked for the same, and what it says counts only if
it stands there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from rag.answerers import Draft, Question, extracts, verbatim
from rag.answerers.extracts import Extract
from rag.answerers.names import absent
from rag.answerers.replies import abstain
from rag.answerers.spans import trimmed
from rag.citations import cite
from rag.config import Settings
from rag.errors import LanguageModelError
from rag.llm import Example, LanguageModel, Prompt
from rag.normalisation import normalise
from rag.types import Candidate, Document, Hit, Span, Statement

TOKENS, FEW_TOKENS = 300, 240  # of the sentences that are read; by a base model, which is small and has to be quick
LONGEST, SHORT = 40, 16  # tokens of an answer; of a base model, which seldom ends of itself when it is astray
NEAR = 60  # characters around a place that tell it from others where the same words stand
NO_ANSWER = "no answer"
INSTRUCTIONS = (
    "Answer each question with a few words that stand in the text, copied exactly, and nothing else. "
    f"Where the text does not answer, write: {NO_ANSWER}"
)


def _ask(text: str, question: str) -> str:
    return f"Text: {text}\nQuestion: {question}\nAnswer:"


# A base model learns from these what is wanted: short, in the language of the text, whatever that of the question.
EXAMPLES = tuple(
    Example(_ask(text, question), wanted)
    for text, question, wanted in (
        (
            "The museum in Ghent opened on 4 May 1911 and was rebuilt by Anna Claes. Tickets cost 7 euros.",
            "When did the museum open?",
            "4 May 1911",
        ),
        (
            "Завод «Искра» построили в Перми. Его директор Олег Панов сообщил, что выпуск вырос до 300 тысяч тонн.",
            "Кто руководит заводом «Искра»?",
            "Олег Панов",
        ),
        (
            "Brua over elva er 420 meter lang. Kommunen betalte 12 millioner kroner for den.",
            "Who designed the bridge?",
            NO_ANSWER,
        ),
        (
            "Завод «Искра» построили в Перми. Его директор Олег Панов сообщил, что выпуск вырос до 300 тысяч тонн.",
            "Hvor mye lager fabrikken?",
            "до 300 тысяч тонн",
        ),
    )
)


class Features(NamedTuple):
    """What tells how well a quotation answers."""

    log_probability: float  # mean over the pieces of the reply
    sentence: float  # score of its sentence
    absent: float  # share of the question's names and numbers that stand nowhere near


# Fitted on 71 questions of the dev sets with the bundled model (docs/models.md).
_BIAS, _WEIGHTS = -1.216, Features(log_probability=1.236, sentence=0.656, absent=-0.791)


class Quotation(NamedTuple):
    """Where the words that a model chose stand."""

    extract: Extract
    span: Span  # in the document


class QuoteAnswerer:
    """Asks a language model for words of the best sentences."""

    def __init__(self, settings: Settings, model: LanguageModel) -> None:
        self._abstain_below = settings.abstain_below
        self._model = model

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft:
        """Return the quotation in its sentence. Raises LanguageModelError."""
        if not hits:
            return abstain(question.language, None, 0.0, hits)
        abilities = self._model.abilities()
        most, longest = (TOKENS, LONGEST) if abilities.is_chat else (FEW_TOKENS, SHORT)
        read = extracts.choose(hits, min(most, self._room(question, abilities.context)), self._model.count)
        reply, log_probability = self._reply(question, read, longest)
        found = locate(reply, question.text, read)
        if found is None:
            return abstain(question.language, None, 0.0, hits)
        document = documents[hits[found.extract.hit].passage.document_id]
        short = document.text[found.span.start : found.span.end]
        candidate = Candidate(short, document.id, *found.span)
        sure = _confidence(
            Features(log_probability, found.extract.score, absent(question.text, document.text, found.span))
        )
        if sure < self._abstain_below:
            return abstain(question.language, candidate, sure, hits)
        sentence = found.extract.span
        citation = cite(document, sentence)
        marked = Span(found.span.start - sentence.start, found.span.end - sentence.start)
        return Draft((Statement(citation.quote, (1,), marked),), short, (citation,), candidate, sure, tuple(hits))

    def _room(self, question: Question, context: int) -> int:
        """Return how many tokens of sentences fit. Raises LanguageModelError where there is hardly room for any."""
        frame = " ".join([INSTRUCTIONS, *(f"{each.given} {each.wanted}" for each in EXAMPLES), question.text])
        room = context - self._model.count(frame) - LONGEST - 2 * len(EXAMPLES) - 32
        if room < LONGEST:
            raise LanguageModelError(
                "the context of the language model is too short for a question and a sentence; raise 'llm_context', or "
                "take another model"
            )
        return room

    def _reply(self, question: Question, read: Sequence[Extract], longest: int) -> tuple[str, float]:
        """Return what the model says, and the mean log-probability of its pieces, 0 where that is not told."""
        text = " ".join(extracts.as_data(each.text) for each in extracts.as_read(read))
        prompt = Prompt(INSTRUCTIONS, EXAMPLES, _ask(text, extracts.as_data(question.text)))
        grammar = verbatim.grammar([each.text for each in read], NO_ANSWER)
        pieces = list(self._model.complete(prompt, limit=longest, grammar=grammar))
        told = [piece.log_probability for piece in pieces if piece.log_probability is not None]
        return "".join(piece.text for piece in pieces).strip(), math.fsum(told) / max(1, len(told))


def locate(reply: str, question: str, read: Sequence[Extract]) -> Quotation | None:
    """Return where a reply stands, None where it is no answer or stands nowhere.

    Where the same words stand in several sentences, that which answers best by its score is meant; where they stand
    twice in it, the place that has more of the question's words around it; and then the first.
    """
    asked = set(normalise(question).split())
    bare = reply[slice(*trimmed(reply, Span(0, len(reply))))]
    ways = (
        lambda text: verbatim.places(reply, text),
        lambda text: _written(bare, text),  # of a model that is not held to whole words
        lambda text: verbatim.places(verbatim.whole(reply), text),
    )
    for places, extract in product(ways, read if reply != NO_ANSWER else ()):
        found = [trimmed(extract.text, place) for place in places(extract.text)]
        found = [place for place in found if place.start < place.end]
        if found:
            best = max(found, key=lambda place: len(asked & _around(extract.text, place)))
            start = extract.span.start
            return Quotation(extract, Span(start + best.start, start + best.end))
    return None


def _written(words: str, text: str) -> Iterator[Span]:
    """Yield where words stand in a text, not within others."""
    if words:
        for match in re.finditer(rf"(?<!\w){re.escape(words)}(?!\w)", text):
            yield Span(*match.span())


def _around(text: str, place: Span) -> set[str]:
    return set(normalise(text[max(0, place.start - NEAR) : place.end + NEAR]).split())


def _confidence(features: Features) -> float:
    """Return the probability that a quotation is right."""
    log_odds = _BIAS + math.fsum(value * weight for value, weight in zip(features, _WEIGHTS, strict=True))
    return (1 + math.tanh(log_odds / 2)) / 2
