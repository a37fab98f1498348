"""What turns a question and its hits into a reply: one protocol, one answerer a file."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from rag import models
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.types import Candidate, Citation, Document, Hit, Statement, Turn

logger = logging.getLogger(__name__)


class Question(NamedTuple):
    """A question as it is asked of the documents."""

    text: str
    language: str
    leans_on: Turn | None = None  # the turn before, where the question is not understood without it


class Draft(NamedTuple):
    """A reply whose citations are yet to be verified. No citations means: not in the documents.

    `hits` are those that were given, in the order that the answerer finds better.
    """

    statements: tuple[Statement, ...]
    short: str | None
    citations: tuple[Citation, ...]
    candidate: Candidate | None
    confidence: float
    hits: tuple[Hit, ...]
    is_composed: bool = False  # by a language model, and checked with their citations: statements stay as they are


class Answerer(Protocol):
    """Answers from hits alone; `documents` gives their texts and hashes by id."""

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft: ...


def create_answerer(settings: Settings, encoder: Encoder | None = None) -> Answerer:
    """Make the answerer that the settings name; the reader needs the bundled encoder's package. Raises ModelError.

    `encoder` is that which the passages are found by, for answerers that compare meanings; else it is loaded.
    """
    if settings.answerer == "quote":
        from rag.answerers.quote import QuoteAnswerer

        return QuoteAnswerer(settings)
    extractive = _extractive(settings)
    if settings.answerer == "compose":
        from rag.answerers.compose import ComposeAnswerer

        return ComposeAnswerer(settings, extractive, encoder or load_encoder(settings))
    return extractive


def _extractive(settings: Settings) -> Answerer:
    if settings.answerer != "sentence" and models.has_wheel():
        from rag.answerers.reader import ReaderAnswerer

        return ReaderAnswerer(settings)
    if settings.answerer != "sentence":
        logger.warning("the reader has no package for this system; answers are whole sentences instead")
    from rag.answerers.sentence import SentenceAnswerer

    return SentenceAnswerer(settings)
