"""What turns a question and its hits into a reply: one protocol, one answerer a file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, runtime_checkable

from rag import followup, llm, models
from rag.config import Settings
from rag.encoder import Encoder
from rag.errors import QuestionError
from rag.followup import Completed
from rag.types import Candidate, Citation, Document, Hit, Statement, Turn

if TYPE_CHECKING:
    from rag.answerers.points import PointWriter

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
# A question, the turns before it, and its language -> the question as it stands alone.
Complete = Callable[[str, Sequence[Turn], str], Completed]


class Question(NamedTuple):
    """A question as it is asked of the documents."""

    text: str
    language: str
    leans_on: Turn | None = None  # the turn before, where the question is not understood without it,
    put: str = ""  # and then the question as it was put, without those that it was completed from


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


class Written(NamedTuple):
    """A reply as far as it has come; `unchecked` is what no source has been asked about yet."""

    statements: tuple[Statement, ...]
    unchecked: str


Writing = Generator[Written, None, Draft]  # to close it ends it


class Answerer(Protocol):
    """Answers from hits alone; `documents` gives their texts and hashes by id."""

    def answer(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Draft: ...


@runtime_checkable
class Writer(Answerer, Protocol):
    """An answerer whose reply can be watched as it is written."""

    def write(self, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Writing: ...


def write(answerer: Answerer, question: Question, hits: Sequence[Hit], documents: Mapping[str, Document]) -> Writing:
    """Yield how far a reply has come, as often as its answerer tells, and return it."""
    if isinstance(answerer, Writer):
        return (yield from answerer.write(question, hits, documents))
    return answerer.answer(question, hits, documents)


def finish(steps: Generator[Any, None, Result]) -> Result:
    """Go through all steps and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            result: Result = ended.value
            return result


class Answerers:
    """The answerers, each made when it is first wanted; they share one language model. Safe to share between threads.

    `encoder` is that which the passages are found by, for answerers that compare meanings.
    """

    def __init__(self, settings: Settings, encoder: Encoder) -> None:
        self._settings = settings
        self._encoder = encoder
        self._making = threading.RLock()
        self._made: dict[str, Answerer] = {}
        self._model: llm.LanguageModel | None = None
        self._point_writer: PointWriter | None = None
        self._makers: Mapping[str, Callable[[], Answerer]] = {
            "reader": self._reader,
            "sentence": self._sentence,
            "quote": self._quote,
            "compose": self._compose,
        }

    def names(self) -> tuple[str, ...]:
        """Return those to choose from: that of the settings first, and those of a language model where there is one."""
        models_own = ("quote", "compose") if llm.is_configured(self._settings) else ()
        return tuple(dict.fromkeys((self._settings.answerer, "reader", *models_own)))

    def get(self, name: str) -> Answerer:
        """Return an answerer; the reader needs the bundled encoder's package. Raises QuestionError, ModelError."""
        if name not in self._made:
            with self._making:
                if name not in self._made:
                    self._made[name] = self._make(name)
        return self._made[name]

    def point_writer(self) -> PointWriter:
        """Return what says key points in another language. Raises ModelError."""
        from rag.answerers.check import Checker
        from rag.answerers.points import PointWriter

        with self._making:
            if self._point_writer is None:
                self._point_writer = PointWriter(Checker(self._encoder), self.model())
            return self._point_writer

    def completing(self) -> Complete:
        """Return what completes questions that lean on the turns before, as the settings say. Raises ModelError."""
        if self._settings.followups == "rule":
            return followup.complete
        from rag.answerers.rewriting import Rewriter

        return Rewriter(self.model()).complete

    def put(self, name: str, answerer: Answerer) -> None:
        """Let something else answer under a name."""
        self._made[name] = answerer

    def model(self) -> llm.LanguageModel:
        """Return the language model, loaded when it is first wanted. Raises ModelError."""
        with self._making:
            if self._model is None:
                self._model = llm.open_model(self._settings)
            return self._model

    def _make(self, name: str) -> Answerer:
        if name not in self._makers:
            raise QuestionError(f"there is no answerer {name!r}; known are: {', '.join(self._makers)}")
        return self._makers[name]()

    def _reader(self) -> Answerer:
        if not models.has_wheel():
            logger.warning("the reader has no package for this system; answers are whole sentences instead")
            return self.get("sentence")
        from rag.answerers.reader import ReaderAnswerer

        return ReaderAnswerer(self._settings)

    def _sentence(self) -> Answerer:
        from rag.answerers.sentence import SentenceAnswerer

        return SentenceAnswerer(self._settings)

    def _quote(self) -> Answerer:
        from rag.answerers.quote import QuoteAnswerer

        return QuoteAnswerer(self._settings, self.model())

    def _compose(self) -> Answerer:
        from rag.answerers.check import Checker
        from rag.answerers.compose import ComposeAnswerer

        return ComposeAnswerer(self.get("reader"), Checker(self._encoder), self.model())
