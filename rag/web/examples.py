"""Questions to begin with, in Russian, Norwegian and English, about the documents that are indexed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rag.types import Document

TITLE_CHARACTERS = 60
ABOUT = {
    "ru": "Что сообщает «{}»?",
    "no": "Hva forteller «{}»?",
    "en": "What does “{}” report?",
}


class Example(NamedTuple):
    """A question that a click asks."""

    language: str
    question: str


GIVEN = {  # by the sha256 of a file: offered only while that very file is indexed
    "e1f0fcd7234fcfc1eb08901ae5789c7e2de9acc8ca875aa402a626610bc046a4": Example(
        "ru", "На какую сумму ByteDance подписала контракт с Huawei?"
    ),
    "adc06c1a2563a54e2b257a26ca75632b2a5a20636c42786bc44bfde4ad0b6f3e": Example(
        "no", "Hvor mange tokens behandler Doubao per dag?"
    ),
    "18f0a3ecc0f87ff1c1906a6f6bb50834c61b16edd0e286588ede5f2153b737e4": Example(
        "en", "How many chips does Samsung plan to make in a year?"
    ),
}


def examples(documents: Sequence[Document]) -> list[Example]:
    """Return a question in each language, or none without documents."""
    return [_example(language, documents) for language in ABOUT] if documents else []


def _example(language: str, documents: Sequence[Document]) -> Example:
    prepared = (GIVEN[document.sha256] for document in documents if document.sha256 in GIVEN)
    fitting = next((example for example in prepared if example.language == language), None)
    return fitting or Example(language, ABOUT[language].format(_shorten(_about(language, documents).title)))


def _about(language: str, documents: Sequence[Document]) -> Document:
    return next((document for document in documents if document.language == language), documents[0])


def _shorten(title: str) -> str:
    if len(title) <= TITLE_CHARACTERS:
        return title
    head = title[:TITLE_CHARACTERS]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:—–-") + "…"
