"""Chats as they go on: what was asked and answered, who may see it, and its place in the history."""

from __future__ import annotations

import datetime as dt
import glob
import logging
import threading
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from rag import citations
from rag.answerers import Written
from rag.briefs import Point, Told
from rag.errors import HistoryError, QuestionError, RagError, UnknownConversation
from rag.history import Conversation, History, Rating, StoredTurn
from rag.index import Filters
from rag.types import Answer, Document, Turn

logger = logging.getLogger(__name__)


class Pipeline(Protocol):
    """What the pages need of `rag.pipeline.Pipeline`."""

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filters: Filters | None = None,
        answerer: str | None = None,
    ) -> Answer: ...

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filters: Filters | None = None,
        answerer: str | None = None,
    ) -> Generator[Written, None, Answer]: ...

    def document(self, document_id: str) -> Document: ...

    def answerers(self) -> Sequence[str]: ...

    def brief(self, words: str, points: int | None = None) -> list[Point]: ...

    def brief_of(self, document_id: str, points: int | None = None) -> list[Point]: ...

    def tell(self, points: Sequence[Point], language: str | None = None) -> Iterator[Told]: ...

    def documents(self) -> Sequence[Document]: ...

    def languages(self) -> Collection[str]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A question of a chat with its answer, or with the reason why it has none: `problem` is blank for a bug."""

    question: str
    answer: Answer | None = None
    problem: str = ""
    kept: int | None = None  # its number in the history
    rating: Rating | None = None


class Chat(NamedTuple):
    """What one browser tab holds; `id` is that of the kept conversation, `updated` when it was last asked in then."""

    id: str | None = None
    turns: tuple[Shown, ...] = ()
    updated: dt.datetime | None = None

    def until(self, number: int) -> Chat:
        """Return the chat before its n-th turn, from 1."""
        return self._replace(turns=self.turns[: max(0, number - 1)])

    def not_kept(self) -> Chat:
        """Return the chat as one of which nothing is kept."""
        return Chat(None, tuple(replace(turn, kept=None, rating=None) for turn in self.turns))

    @property
    def answerer(self) -> str:
        """Return what made the last answer, "" where there is none yet."""
        return next((turn.answer.answerer for turn in reversed(self.turns) if turn.answer), "")


def filters(given: Mapping[str, str]) -> Filters:
    """Read the filters of the page; blank ones filter nothing. Raises QuestionError."""
    names = ("document", "language", "since", "until", "author", "tag")
    values = {name: str(given.get(name) or "").strip() for name in names}
    document = glob.escape(str(given["document"])) if values["document"] else None  # a name may begin with a space
    since, until = _day(values["since"]), _day(values["until"])
    return Filters(document, values["language"] or None, since, until, values["author"] or None, values["tag"] or None)


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise QuestionError(f"{text[:20]!r} is not a date like 2026-01-31") from None


class Chats:
    """Asks, and keeps what was asked where a history is given. Safe to share between threads."""

    def __init__(self, pipeline: Pipeline, history: History | None = None, collection: str | None = None) -> None:
        """Take the name of the collection that is asked, to be kept with what is asked."""
        self._pipeline = pipeline
        self._collection = collection
        self._keeping = threading.Lock()
        self.history = history

    def ask(self, chat: Chat, question: str, given: Mapping[str, str]) -> Generator[Written, None, Shown]:
        """Answer a question at the end of a chat, by what is chosen on the page; yield what is being written."""
        past = [turn.answer.turn for turn in chat.turns if turn.answer]
        try:
            chosen = given.get("answerer") or None
            answer = yield from self._pipeline.stream(question, past, filters=filters(given), answerer=chosen)
        except RagError as error:
            return Shown(question, problem=str(error))
        except Exception:  # a bug must not leave the page waiting: it is logged whole and shown as what it is
            logger.exception("the question could not be answered")
            return Shown(question)
        return Shown(question, answer)

    def keep(self, chat: Chat, owner: str) -> Chat:
        """Write the last turn down, and with it the chat if it is new. Raises HistoryError.

        Where it stands in the place of earlier turns, those are written over. What another tab has asked meanwhile is
        not: this tab's turns then begin a conversation of their own.
        """
        *before, last = chat.turns
        if self.history is None or last.answer is None:
            return chat
        with self._keeping:
            if chat.id and self.history.conversation(owner, chat.id).updated != chat.updated:
                chat = self._begun_anew(chat._replace(turns=tuple(before)), owner)
                before = list(chat.turns)
            number = 1 + max((turn.kept for turn in before if turn.kept), default=0)
            identity = self._write(chat.id, number, last.answer, owner)
            updated = self.history.conversation(owner, identity).updated
        return Chat(identity, (*before, replace(last, kept=number)), updated)

    def _write(self, identity: str | None, number: int, answer: Answer, owner: str) -> str:
        if identity is None or number > self._history.conversation(owner, identity).turns:
            return self._history.add(owner, identity, answer, self._collection)
        self._history.replace_from(owner, identity, number, answer)
        return identity

    def _begun_anew(self, chat: Chat, owner: str) -> Chat:
        """Write the turns that were kept into a conversation of their own; their ratings stay where they were given."""
        identity: str | None = None
        turns, number = [*chat.not_kept().turns], 0
        for place, turn in enumerate(chat.turns):
            if turn.answer and turn.kept:
                number += 1
                identity = self._history.add(owner, identity, turn.answer, self._collection)
                turns[place] = replace(turns[place], kept=number)
        return Chat(identity, tuple(turns))

    def open(self, identity: str, owner: str) -> Chat:
        """Return a kept chat, its citations verified anew. Raises HistoryError, UnknownConversation.

        One that was held with another collection is none of this one's.
        """
        known = self._history.conversation(owner, identity)  # before its turns: what is asked in between is not known
        stored = self._history.turns(owner, identity)
        if known.collection not in (None, self._collection or ""):
            raise UnknownConversation("the conversation was held with another collection")
        documents = {document.id: document for document in self._pipeline.documents()}
        return Chat(identity, tuple(_shown(turn, documents) for turn in stored), known.updated)

    def conversations(self, owner: str) -> list[Conversation]:
        """Return what is kept, the last used first. Raises HistoryError."""
        return self.history.conversations(owner) if self.history else []

    def rate(self, chat: Chat, number: int, rating: Rating | None, reason: str, owner: str) -> Chat:
        """Rate the n-th answer of a chat, from 1. Raises HistoryError."""
        turn = chat.turns[number - 1]
        if chat.id is None or turn.kept is None:
            return chat
        self._history.rate(owner, chat.id, turn.kept, rating, reason)
        rated = replace(turn, rating=rating)
        return chat._replace(turns=(*chat.turns[: number - 1], rated, *chat.turns[number:]))

    def rename(self, identity: str, title: str, owner: str) -> None:
        """Give a kept chat a title. Raises HistoryError."""
        self._history.rename(owner, identity, title)

    def delete(self, identity: str, owner: str) -> None:
        """Delete a kept chat. Raises HistoryError."""
        self._history.delete(owner, identity)

    def erase(self, owner: str) -> None:
        """Delete everything that is kept. Raises HistoryError."""
        self._history.erase(owner)

    @property
    def _history(self) -> History:
        if self.history is None:
            raise HistoryError("conversations are not kept here; turn the setting 'keep_history' on")
        return self.history


def _shown(turn: StoredTurn, documents: Mapping[str, Document]) -> Shown:
    answer = citations.verify_again(turn.answer, documents)
    return Shown(answer.question, answer, kept=turn.number, rating=turn.rating)
