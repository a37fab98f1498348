"""Answers with the sentences that answer best, verbatim, one from each document that supports the answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rag import models
from rag.answerers import Draft, Question
from rag.answerers.replies import abstain
from rag.citations import cite
from rag.config import Settings
from rag.types import Candidate, Document, Hit, SentenceScore, Span, Statement

SUPPORTING_DOCUMENTS = 4
# Another document supports the answer when its best sentence is nearly as likely to hold it as the best of all.
NEARLY = 0.8


class _Fit(NamedTuple):
    """Logistic regression: log-odds that the sentence holds the answer."""

    bias: float
    cosine: float
    overlap: float = 0.0


class _Calibration(NamedTuple):
    """Across languages cosines are lower, and words are shared by accident only. See docs/retrieval.md."""

    same_language: _Fit
    other_language: _Fit


# Fitted by benchmarks/calibrate.py on the dev sets. Cosines of other encoders have another scale, so that with them
# the score of the sentence takes the place of the cosine.
_BUNDLED = _Calibration(_Fit(bias=-22.9, cosine=24.3, overlap=3.35), _Fit(bias=-31.3, cosine=38.3))
_OTHER = _Calibration(_Fit(bias=-3.42, cosine=0.37, overlap=3.86), _Fit(bias=-2.65, cosine=0.747))


class _Choice(NamedTuple):
    """A sentence of a hit."""

    hit: Hit
    span: Span
    score: SentenceScore
    confidence: float


class SentenceAnswerer:
    """Extractive: chooses sentences by the scores that the search gave them."""

    def __init__(self, settings: Settings) -> None:
        self._abstain_below = settings.abstain_below
        self._is_bundled = models.model_name(settings) == models.HUB_NAME

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft:
        choices = self._choices(question, hits, documents)
        if not choices:
            return abstain(question.language, None, 0.0, hits)
        best = choices[0]
        document = documents[best.hit.passage.document_id]
        short = document.text[best.span.start : best.span.end]
        candidate = Candidate(short, document.id, *best.span)
        if best.confidence < self._abstain_below:
            return abstain(question.language, candidate, best.confidence, hits)
        enough = max(self._abstain_below, NEARLY * best.confidence)
        chosen = [choice for choice in choices if choice.confidence >= enough]
        citations = tuple(
            cite(documents[choice.hit.passage.document_id], choice.span) for choice in chosen[:SUPPORTING_DOCUMENTS]
        )
        statements = tuple(Statement(citation.quote, (number,)) for number, citation in enumerate(citations, 1))
        return Draft(statements, short, citations, candidate, best.confidence, tuple(hits))

    def _choices(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> list[_Choice]:
        """Return the best sentence of each document, best first; copies of one are one."""
        best: dict[str, _Choice] = {}
        for hit in hits:
            source = documents[hit.passage.document_id].source
            for span, score in zip(hit.passage.sentences, hit.sentence_scores, strict=True):
                known = best.get(source)
                if known is None or score.score > known.score.score:
                    confidence = self._confidence(score, hit.passage.language == question.language)
                    best[source] = _Choice(hit, span, score, confidence)
        return sorted(best.values(), key=lambda choice: -choice.score.score)

    def _confidence(self, score: SentenceScore, is_same_language: bool) -> float:
        """Return the probability that a sentence holds the answer."""
        calibration = _BUNDLED if self._is_bundled else _OTHER
        fit = calibration.same_language if is_same_language else calibration.other_language
        cosine = score.cosine if self._is_bundled else score.score
        log_odds = fit.bias + fit.cosine * cosine + fit.overlap * score.overlap
        return (1 + math.tanh(log_odds / 2)) / 2
