"""What turns a question and its hits into a reply: one protocol, one answerer a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from rag.config import Settings
from rag.types import Candidate, Citation, Document, Hit, Statement


class Question(NamedTuple):
    """A question as it is asked of the documents."""

    text: str
    language: str


class Draft(NamedTuple):
    """A reply whose citations are yet to be verified. No citations means: not in the documents."""

    statements: tuple[Statement, ...]
    short: str | None
    citations: tuple[Citation, ...]
    candidate: Candidate | None
    confidence: float


class Answerer(Protocol):
    """Answers from hits alone; `documents` gives their texts and hashes by id."""

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft: ...


def create_answerer(settings: Settings) -> Answerer:
    """Make the answerer that the settings name."""
    from rag.answerers.sentence import SentenceAnswerer

    return SentenceAnswerer(settings)
