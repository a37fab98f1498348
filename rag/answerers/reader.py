"""Answers with the exact span that the neural reader finds, inside the verbatim sentences that support it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rag.answerers import Draft, Question, kinds
from rag.answerers.agreement import says_the_same
from rag.answerers.names import absent
from rag.answerers.replies import abstain
from rag.answerers.spans import sentences_of, tidied
from rag.answerers.windows import choose
from rag.citations import cite
from rag.config import Settings
from rag.languages import UNKNOWN, detect
from rag.reader import QUESTION_TOKENS, Reader, Text
from rag.types import Candidate, Document, Hit, Span, Statement, Turn

# The best span of another document is cited beside the best of all if it says the same, or, in another language, where
# that cannot be told, if it is hardly behind the best in log-odds.
HARDLY = 0.7


class Features(NamedTuple):
    """What tells how well a span answers the question."""

    lead: float  # log-odds of the span over «no answer», as the reader sees them
    answerable: float  # logit of «this text answers the question», as the reader sees it
    sentence: float  # score of its sentence
    passage: float  # score of the hit
    absent: float  # share of the question's names and numbers that stand nowhere near
    other: float  # 1 where the question asks how much or when, and the span does not say that
    year: float  # 1 where the span stands with another year than the question's
    share: float = 0.0  # of the probability of all spans, what it and those that say the same have; of the first only

    def weighed(self, weights: Features) -> float:
        return math.fsum(value * weight for value, weight in zip(self, weights, strict=True))


# Languages in which questions were trained on. Of one in another language less is known, the calibration included: its
# odds are halved, which is a precaution and no measurement.
TRAINED = frozenset(
    ("ar", "bn", "de", "el", "en", "es", "fi", "hi", "id", "ko", "no", "ro", "ru", "sw", "te", "th", "tr", "vi", "zh")
)
UNTRAINED = -math.log(2)

# A question that leans on the one before seldom asks for the same again, but is read together with it: the answer that
# was given is put back by so much, in log-odds among the spans, and believed by so much less.
AGAIN = 1.5
BEGINNING = 160  # tokens of the earlier reply in which its answer is looked for

# Fitted by training/calibrate.py, see docs/reader.md. The first orders the spans of a question, in log-odds among them;
# the second, with a bias, gives the log-odds that the first of them is right.
_ORDER = Features(lead=0.46, answerable=0.0, sentence=0.39, passage=0.741, absent=0.0, other=-0.477, year=-0.138)
_BIAS, _CONFIDENCE = (
    -2.432,
    Features(
        lead=0.0, answerable=0.598, sentence=0.129, passage=0.0, absent=-0.081, other=-0.209, year=-1.153, share=1.0
    ),
)


class Choice(NamedTuple):
    """A span of a hit that may answer the question."""

    hit: Hit
    span: Span
    text: str
    features: Features
    again: bool = False  # it is what was answered the turn before
    trained: bool = True  # the question is in a language that the reader was trained on

    @property
    def score(self) -> float:
        return self.features.weighed(_ORDER) - AGAIN * self.again

    @property
    def confidence(self) -> float:
        """Return the probability that the span, if it is the best of all, is right."""
        log_odds = _BIAS + self.features.weighed(_CONFIDENCE) - AGAIN * self.again + (0 if self.trained else UNTRAINED)
        return (1 + math.tanh(log_odds / 2)) / 2

    def says_the_same(self, other: Choice) -> bool:
        languages = self.hit.passage.language, other.hit.passage.language
        return self.text == other.text or says_the_same(self.text, other.text, languages)


class ReaderAnswerer:
    """Extractive: reads the best sentences of all hits together with the question."""

    def __init__(self, settings: Settings) -> None:
        self._abstain_below = settings.abstain_below
        self._budget = settings.reader_tokens
        self._reader = Reader(settings)

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft:
        choices = self.choices(question, hits, documents)
        if not choices:
            return abstain(question.language, None, 0.0, hits)
        best, sure = choices[0], choices[0].confidence
        reranked = _reranked(hits, choices)
        candidate = Candidate(best.text, best.hit.passage.document_id, *best.span)
        if sure < self._abstain_below:
            return abstain(question.language, candidate, sure, reranked)
        chosen = list(_supporting(choices, documents))
        places = [sentences_of(choice.span, choice.hit.passage.sentences) for choice in chosen]
        citations = tuple(
            cite(documents[choice.hit.passage.document_id], place) for choice, place in zip(chosen, places, strict=True)
        )
        statements = tuple(
            Statement(citation.quote, (number,), Span(choice.span.start - place.start, choice.span.end - place.start))
            for number, (choice, place, citation) in enumerate(zip(chosen, places, citations, strict=True), 1)
        )
        return Draft(statements, best.text, citations, candidate, sure, reranked)

    def choices(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> list[Choice]:
        """Return every span that the reader finds in the hits, best first."""
        found = sorted(self._choices(question, hits, documents), key=lambda choice: -choice.score)
        if not found:
            return found
        share = share_of_first(found, [choice.score for choice in found])
        first = found[0]
        return [first._replace(features=first.features._replace(share=share)), *found[1:]]

    def _choices(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Iterator[Choice]:
        asked, length = self._asked(question)
        passages = self._reader.tokenize([hit.passage.text for hit in hits]) if hits else []
        before, told_in, cost = self._answered_before(question.leans_on)
        parts = choose(hits, passages, length + 4, self._budget - cost)
        windows = self._reader.read(asked, [part.text for part in parts])
        wanted = kinds.asked(question.text, question.language)
        for part, window in zip(parts, windows, strict=True):
            hit = hits[part.hit]
            text = documents[hit.passage.document_id].text
            for reading in window.readings:
                span = shown(text, reading.span, wanted, hit.passage.language)
                if span.start < span.end:
                    found = text[span.start : span.end]
                    features = Features(
                        reading.lead,
                        window.answerable,
                        _sentence_score(hit, span),
                        hit.score,
                        absent(question.text, text, span),
                        float(wanted is not None and not kinds.is_of(wanted, found, hit.passage.language)),
                        float(_is_of_another_year(question.text, hit, text, span)),
                    )
                    again = bool(before) and says_the_same(found, before, (hit.passage.language, told_in))
                    yield Choice(hit, span, found, features, again, question.language in TRAINED)

    def _asked(self, question: Question) -> tuple[str, int]:
        """Return what is read of a question, and its tokens: without those before it where all would be too long.

        Only the beginning would be read then, and what was asked before be answered again.
        """
        asked = len(self._reader.tokenize([question.text])[0].ids)
        if asked <= QUESTION_TOKENS or not question.put:
            return question.text, min(asked, QUESTION_TOKENS)
        return question.put, min(len(self._reader.tokenize([question.put])[0].ids), QUESTION_TOKENS)

    def _answered_before(self, turn: Turn | None) -> tuple[str, str, int]:
        """Return the words of the last answer that answered the question before, their language, and the tokens read.

        "" where the reader finds none.
        """
        if not turn or not turn.answer:
            return "", UNKNOWN, 0
        asked, answer = self._reader.tokenize([turn.question, turn.answer])
        beginning = Text(answer.ids[:BEGINNING], answer.offsets[:BEGINNING])
        (window,) = self._reader.read(turn.question, [beginning])
        best = next(iter(window.readings), None)
        found = turn.answer[slice(*tidied(turn.answer, best.span))] if best and best.lead > 0 else ""
        return found, detect(turn.answer), len(asked.ids) + len(beginning.ids)


def share_of_first(choices: Sequence[Choice], scores: Sequence[float]) -> float:
    """Return the probability (softmax) of the first of several spans, and of those that say the same, among all."""
    odds = [math.exp(score - max(scores)) for score in scores]
    same = (odd for choice, odd in zip(choices, odds, strict=True) if choices[0].says_the_same(choice))
    return math.fsum(same) / math.fsum(odds)


def shown(text: str, read: Span, wanted: kinds.Asked | None, language: str) -> Span:
    """Return what is shown of a span that was read, which begins and ends with tokens; `language` is the text's."""
    span = tidied(text, read)
    if wanted is None or wanted.kind != "time":
        return span
    return Span(span.start, span.start + len(kinds.bare_year(text[slice(*span)], language)))


def _is_of_another_year(question: str, hit: Hit, text: str, span: Span) -> bool:
    if not kinds.years(question):
        return False
    place = sentences_of(span, hit.passage.sentences)
    within = Span(span.start - place.start, span.end - place.start)
    return kinds.is_of_another_year(question, text[place.start : place.end], within)


def _sentence_score(hit: Hit, span: Span) -> float:
    pairs = zip(hit.passage.sentences, hit.sentence_scores, strict=True)
    return max(score.score for place, score in pairs if place.start < span.end and span.start < place.end)


def _reranked(hits: Sequence[Hit], choices: Sequence[Choice]) -> tuple[Hit, ...]:
    """Return the hits by their best span; those that were not read come after, as they were."""
    best: dict[int, float] = {}
    for choice in choices:  # best first
        best.setdefault(id(choice.hit), choice.score)
    return tuple(sorted(hits, key=lambda hit: -best.get(id(hit), -math.inf)))


def _supporting(choices: Sequence[Choice], documents: Mapping[str, Document]) -> Iterator[Choice]:
    """Yield the best choice, and that of each other document that says the same; copies of one are one."""
    best = choices[0]
    yield best
    seen = {documents[best.hit.passage.document_id].source}
    for choice in choices[1:]:
        source = documents[choice.hit.passage.document_id].source
        if source not in seen and _agrees(choice, best):
            seen.add(source)
            yield choice


def _agrees(choice: Choice, best: Choice) -> bool:
    if choice.features.lead < 0:  # the reader does not take it for an answer
        return False
    if choice.says_the_same(best):
        return True
    is_other_language = choice.hit.passage.language != best.hit.passage.language
    return is_other_language and best.score - choice.score <= HARDLY and not _has_digits(choice, best)


def _has_digits(*choices: Choice) -> bool:
    """Tell whether there are numbers to compare, of which `says_the_same` had none in common."""
    return any(character.isdigit() for choice in choices for character in choice.text)
