"""One question goes one way: search, answer, verify."""

from __future__ import annotations

import threading
import time
import unicodedata
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from rag import briefs, citations, comparison, generations, languages, renderings
from rag.answerers import Answerers, Question, Written, finish, write
from rag.briefs import Point, Told
from rag.config import Settings
from rag.encoder import Encoder, Vectors, load_encoder
from rag.errors import IncompatibleIndex, IndexError_, MissingIndex, QuestionError
from rag.followup import Completed
from rag.index import Filters, Index
from rag.types import Answer, Document, Turn
from rag.untrusted import encodable


class Pipeline:
    """Answers questions from the index that is current at the moment of asking. Safe to share between threads."""

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder | None = None,
        answerers: Answerers | None = None,
        *,
        opened: bool = True,
    ) -> None:
        """Open the index, then load the encoder. Raises MissingIndex, IncompatibleIndex, DamagedIndex, ModelError.

        Unless it is to be `opened` at once, the index is when it is asked for, which raises what is wrong with it.
        """
        self.settings = settings
        self._opening = threading.Lock()
        self._index = open_index(settings) if opened else None
        self._encoder = encoder or load_encoder(settings)
        self._answerers = answerers or Answerers(settings, self._encoder)
        self._answerers.get(settings.answerer)
        self._complete = self._answerers.completing()

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filters: Filters | None = None,
        answerer: str | None = None,
    ) -> Answer:
        """Answer one question, completed from the turns before if it leans on them. Raises QuestionError, ModelError.

        `answerer` is that of the settings by default.
        """
        return finish(self.stream(question, history, filters=filters, answerer=answerer))

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filters: Filters | None = None,
        answerer: str | None = None,
    ) -> Generator[Written, None, Answer]:
        """Answer as `ask` does, and yield how far the reply has come where a language model writes it."""
        name = answerer or self.settings.answerer
        answers = self._answerers.get(name)
        started = time.perf_counter()
        question = encodable(question)
        index = self.index
        asked = self._checked(question, index.languages)
        completed = self._complete(asked.text, history, asked.language)
        if completed.leans:
            asked = Question(completed.text, asked.language, history[-1], put=asked.text)
        vector, query = self._embed(completed)
        look = partial(
            index.search,
            k=self.settings.hits,
            lexical_weight=self.settings.lexical_weight,
            filters=filters,
            read_as=(completed.text, vector),
        )
        hits = look(completed.search, query)
        searched = time.perf_counter()
        draft = yield from write(answers, asked, hits if _has_words(asked.text) else (), index.documents)
        draft, conflicts = comparison.compare(asked, draft, index, look)
        verified = tuple(citations.verify(item, index.documents[item.document_id]) for item in draft.citations)
        ended = time.perf_counter()
        return Answer(
            question=question,
            language=asked.language,
            statements=draft.statements,
            short=draft.short,
            citations=verified,
            candidate=draft.candidate,
            confidence=draft.confidence,
            hits=draft.hits or hits,
            conflicts=conflicts,
            timings_ms={
                "search": (searched - started) * 1e3,
                "answer": (ended - searched) * 1e3,
                "total": (ended - started) * 1e3,
            },
            completed=completed.text if completed.leans else None,
            renderings=renderings.render(asked.language, draft, index),
            answerer=name,
        )

    def check(self, question: str) -> None:
        """Make sure that a question can be asked. Raises QuestionError as `ask` does."""
        self._checked(encodable(question), self.index.languages)

    def answerers(self) -> Sequence[str]:
        """Return the answerers to choose from, that of the settings first."""
        return self._answerers.names()

    def _embed(self, completed: Completed) -> tuple[Vectors, Vectors]:
        """Return the vectors of what is asked and of what is searched for."""
        _, text, search = completed
        vectors = self._encoder.embed_queries([text] if text == search else [text, search])
        return vectors[0], vectors[-1]

    def brief(self, words: str, points: int | None = None) -> list[Point]:
        """Return the key points of all documents on a topic. Raises QuestionError."""
        index = self.index
        asked = self._checked(encodable(words), index.languages)
        (vector,) = self._encoder.embed_queries([asked.text])
        return briefs.on_topic(index, asked.text, vector, points, lexical_weight=self.settings.lexical_weight)

    def brief_of(self, document_id: str, points: int | None = None) -> list[Point]:
        """Return the key points of a document. Raises QuestionError where there is no such one."""
        return briefs.of_document(self.index, document_id, points)

    def tell(self, points: Sequence[Point], language: str | None = None) -> Iterator[Told]:
        """Yield key points as a language model says them, in their own language by default. Raises ModelError."""
        writer = self._answerers.point_writer()
        for point in points:
            document = point.document
            yield Told(point, *writer.write(point.citation, document, language or document.language))

    @property
    def index(self) -> Index:
        """Return the current index; a generation that was built meanwhile is opened first.

        One that was built with other settings is left alone: this pipeline goes on with what it has.
        """
        with self._opening:
            if self._index is None:
                self._index = open_index(self.settings)
            elif _current(self.settings.index) not in (None, self._index.folder):
                with suppress(IncompatibleIndex):
                    self._index = open_index(self.settings)
            return self._index

    @property
    def encoder(self) -> Encoder:
        """Return the encoder, for whoever builds the index anew in this process."""
        return self._encoder

    def documents(self) -> Sequence[Document]:
        """Return all indexed documents, by id."""
        return self.index.contents.documents

    def languages(self) -> Collection[str]:
        """Return the languages in which anything indexed is."""
        return self.index.languages

    def document(self, document_id: str) -> Document:
        """Return an indexed document. Raises KeyError."""
        return self.index.documents[document_id]

    def _checked(self, question: str, near: Collection[str]) -> Question:
        text = " ".join(unicodedata.normalize("NFC", question).split())
        limit = self.settings.max_question_characters
        if not text:
            raise QuestionError("the question is empty; type one")
        if len(text) > limit:
            raise QuestionError(
                f"the question has {len(text)} characters, more than {limit}; shorten it, "
                "or raise the setting 'max_question_characters'"
            )
        return Question(text, languages.detect(text, near))


def share(collections: Sequence[Settings]) -> list[Pipeline]:
    """Return a pipeline for each collection, with one encoder and the same answerers. Raises ModelError.

    An index that cannot be opened hurts no other: whoever asks for it is told, until it can be.
    """
    encoder = load_encoder(collections[0])
    answerers = Answerers(collections[0], encoder)
    return [Pipeline(each, encoder, answerers, opened=False) for each in collections]


def has_index(settings: Settings) -> bool:
    """Tell whether anything has been indexed yet."""
    return _current(settings.index) is not None


def require_index(settings: Settings) -> Path:
    """Return the folder of the current generation, unopened. Raises MissingIndex, with the command that builds one."""
    name = settings.collection
    if name and not has_index(settings):
        raise MissingIndex(f"the collection {name} has no index yet; build it with `rag index --collection {name}`")
    return generations.current_generation(settings.index)


def _has_words(text: str) -> bool:
    """Tell whether there is anything to look for; an encoder finds something near any string of emoji, too."""
    return any(character.isalnum() for character in text)


def _current(index: Path) -> Path | None:
    try:
        return generations.current_generation(index)
    except MissingIndex:
        return None  # whoever removed it under a running chat: that goes on with what it has in memory


def open_index(settings: Settings) -> Index:
    """Open the current generation; if a build removes it meanwhile, the next one.

    Raises MissingIndex, IncompatibleIndex, DamagedIndex.
    """
    folder = require_index(settings)
    try:
        return Index.load(folder, settings)
    except Exception as error:
        if _current(settings.index) != folder:
            return open_index(settings)
        if settings.collection and isinstance(error, IndexError_):
            raise type(error)(f"{error}, with --collection {settings.collection}") from None
        raise
