"""Questions to begin with, in Russian, Norwegian and English: about names in the documents, tried before shown.

A question is worth showing if the documents answer it. So names that stand often in them are asked about in every
language of the page, in the background, and a name is offered when at least two languages find the same words.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, Self

from rag import sentences
from rag.errors import RagError
from rag.types import Answer, Document
from rag.web.chats import Pipeline

logger = logging.getLogger(__name__)

TITLE_CHARACTERS = 60
ABOUT_TITLE = {
    "ru": "Что сообщает «{}»?",
    "no": "Hva forteller «{}»?",
    "en": "What does “{}” report?",
}
ABOUT_NAME = {
    "ru": "Что такое {}?",
    "no": "Hva er {}?",
    "en": "What is {}?",
}
READ_DOCUMENTS, READ_CHARACTERS = 20, 10_000  # of each
TRIED = 8  # names
AGREEING = 2  # languages in which the same words must be found
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


class Example(NamedTuple):
    """A question that a click asks."""

    language: str
    question: str


class _Tried(NamedTuple):
    """A name that was asked about, and how sure the answers are by language."""

    name: str
    confidences: dict[str, float]


class Examples:
    """Finds questions about the documents in the background, anew whenever these change. Leave it to end the search."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._key: tuple[str, ...] = ()  # the documents that were looked through
        self._found: list[Example] = []
        self._search: threading.Thread | None = None

    def __enter__(self) -> Self:
        try:
            self.offer(self._pipeline.documents())
        except RagError as error:  # the page tells of it
            logger.debug("no examples: %s", error)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._search:
            self._search.join()

    def offer(self, documents: Sequence[Document]) -> list[Example]:
        """Return a question in each language, or none without documents; before any is found, about their titles."""
        key = tuple(f"{document.id} {document.sha256}" for document in documents)
        with self._lock:
            is_searching = self._search is not None and self._search.is_alive()
            if key != self._key and documents and not is_searching and not self._ended.is_set():
                self._key, self._found = key, []
                self._search = threading.Thread(target=self._look, args=(tuple(documents),), name="examples")
                self._search.start()
            found = {example.language: example for example in self._found if key == self._key}
        return [found.get(language) or about_title(language, documents) for language in ABOUT_NAME] if documents else []

    def _look(self, documents: Sequence[Document]) -> None:
        tried: list[_Tried] = []
        try:
            for name in frequent_names(documents)[:TRIED]:
                tried.append(_Tried(name, self._agreeing(name)))
        except _Ended:
            return
        except Exception:  # examples are not worth a server
            logger.exception("the search for examples failed")
        with self._lock:
            self._found = list(_best(tried))

    def _agreeing(self, name: str) -> dict[str, float]:
        """Return the languages in which a question about a name finds the same words as in others, and how surely."""
        found = {language: self._ask(question.format(name)) for language, question in ABOUT_NAME.items()}
        answers = [(_words(answer), language, answer.confidence) for language, answer in found.items() if answer]
        groups = [list(group) for _, group in groupby(sorted(answers), key=lambda answer: answer[0])]
        largest = max(groups, key=len, default=[])
        return {language: sure for _, language, sure in largest} if len(largest) >= AGREEING else {}

    def _ask(self, question: str) -> Answer | None:
        if self._ended.is_set():
            raise _Ended
        try:
            answer = self._pipeline.ask(question, answerer="reader")  # which costs least
        except RagError:
            return None
        return answer if answer.answered else None


class _Ended(Exception):
    """The server is being stopped."""


def _words(answer: Answer) -> tuple[str, ...]:
    return tuple(_WORD.findall((answer.short or "").casefold()))


def _best(tried: Sequence[_Tried]) -> Iterator[Example]:
    """Yield the surest question of each language, each about a name of its own as long as there are such."""
    used: set[str] = set()
    for language, question in ABOUT_NAME.items():
        fitting = [each for each in tried if language in each.confidences]
        fresh = [each for each in fitting if each.name not in used] or fitting
        if fresh:
            name = max(fresh, key=lambda each: each.confidences[language]).name
            used.add(name)
            yield Example(language, question.format(name))


def frequent_names(documents: Sequence[Document]) -> list[str]:
    """Return names, by the number of documents and then of places they stand in: runs of words with a capital letter.

    A word that opens a sentence is none by its capital alone.
    """
    counts: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for document in documents[:READ_DOCUMENTS]:
        names = Counter(_names(document))
        counts += names
        spread.update(names.keys())
    repeated = [name for name in counts if counts[name] > 1]
    return sorted(repeated, key=lambda name: (-spread[name], -counts[name], name))


def _names(document: Document) -> Iterator[str]:
    text = document.text[:READ_CHARACTERS]
    for start, end in sentences.split(text, document.language):
        sentence = text[start:end]
        words = list(_WORD.finditer(sentence))
        run: list[re.Match[str]] = []
        for word in words:
            is_name = any(letter.isupper() for letter in word[0][word is words[0] :])
            if run and (not is_name or sentence[run[-1].end() : word.start()] != " "):
                yield sentence[run[0].start() : run[-1].end()]
                run = []
            if is_name:
                run.append(word)
        if run:
            yield sentence[run[0].start() : run[-1].end()]


def about_title(language: str, documents: Sequence[Document]) -> Example:
    """Return a question about a document, in its language if any is in that language."""
    document = next((document for document in documents if document.language == language), documents[0])
    return Example(language, ABOUT_TITLE[language].format(_shorten(document.title)))


def _shorten(title: str) -> str:
    if len(title) <= TITLE_CHARACTERS:
        return title
    head = title[:TITLE_CHARACTERS]
    return (head.rpartition(" ")[0] or head).rstrip(" ,;:—–-") + "…"
