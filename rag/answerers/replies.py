"""What is said when the documents hold no answer, in the language of the question."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answerers import Draft
from rag.types import Candidate, Hit, Statement

NOT_IN_THE_DOCUMENTS = {
    "en": "The documents do not say.",
    "no": "Det står ikke i dokumentene.",
    "ru": "В документах этого нет.",
    "zh": "文档中没有相关内容。",
    "de": "Das steht nicht in den Dokumenten.",
    "fr": "Les documents ne le disent pas.",
    "es": "Los documentos no lo dicen.",
    "uk": "У документах цього немає.",
    "sv": "Det står inte i dokumenten.",
    "da": "Det står ikke i dokumenterne.",
}


def not_in_the_documents(language: str) -> str:
    """Return the reply in a language, in English where we have no words for it."""
    return NOT_IN_THE_DOCUMENTS.get(language, NOT_IN_THE_DOCUMENTS["en"])


def abstain(language: str, candidate: Candidate | None, confidence: float, hits: Sequence[Hit]) -> Draft:
    """Return the draft of a reply without an answer; the candidate is kept."""
    statements = (Statement(not_in_the_documents(language)),)
    return Draft(statements, None, (), candidate, confidence, tuple(hits))
