"""A conversation in the terminal: questions typed at a prompt or read from a pipe, a line each, and a few commands."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, NamedTuple, Protocol

from rag import citations, terminal
from rag.citations import LookUp
from rag.config import Settings
from rag.errors import HistoryError, RagError, UnknownConversation
from rag.history import History, Rating, open_history
from rag.index import Filters
from rag.records import answer_record, look_up_record
from rag.types import Answer, Document, Turn
from rag.untrusted import to_json

OWNER = ""  # whoever sits at this machine
PROMPT = "> "
HELP = "/new begins anew, /sources shows the cited passages, /up and /down [REASON] rate the answer, /quit ends."


class Pipeline(Protocol):
    """What a conversation needs of `rag.pipeline.Pipeline`."""

    def ask(self, question: str, history: Sequence[Turn] = (), *, filters: Filters | None = None) -> Answer: ...

    def documents(self) -> Sequence[Document]: ...


class Show(NamedTuple):
    """How answers, sources, and lines that are neither, are shown."""

    answer: Callable[[Answer, Sequence[Document]], None]
    source: Callable[[LookUp, Document | None], None]
    note: Callable[[str], None]


def _print_json(record: Mapping[str, Any]) -> None:
    print(to_json(record), flush=True)


AS_TEXT = Show(lambda answer, _: terminal.print_answer(answer), terminal.print_look_up, terminal.print_note)
AS_JSON = Show(
    lambda answer, documents: _print_json(answer_record(answer, documents)),
    lambda found, _: _print_json(look_up_record(found)),
    lambda _: None,
)


def converse(pipeline: Pipeline, settings: Settings, filters: Filters | None = None, *, as_json: bool = False) -> bool:
    """Answer what is typed, or piped, until it ends; tell whether all that was piped could be asked."""
    with _opened(settings) as history:
        show = AS_JSON if as_json else AS_TEXT
        talk = Talk(pipeline, filters, history, show, collection=settings.collection)
        if sys.stdin is not None and sys.stdin.isatty():
            count = len(pipeline.documents())
            terminal.print_note(f"{count} document{'s' * (count != 1)}. Ask a question. {HELP}")
            terminal.print_note(f"Conversations are {f'kept in {history.path}' if history else 'not kept'}.")
            for line in _prompted():
                _take_unless_interrupted(talk, line)
            return True
        taken = [talk.take(line) if as_json else _take_aloud(talk, line) for line in _piped()]
        return all(taken)


class Talk:
    """The conversation that is going on, and its place in the history, if one is kept."""

    def __init__(
        self,
        pipeline: Pipeline,
        filters: Filters | None,
        history: History | None,
        show: Show,
        *,
        collection: str | None = None,
    ) -> None:
        self._pipeline = pipeline
        self._collection = collection
        self._filters = filters
        self._history = history
        self._show = show
        self._past: list[Answer] = []
        self._kept: str | None = None  # the conversation's id in the history
        self._commands: Mapping[str, Callable[[str], None]] = {
            "/new": self._begin_anew,
            "/sources": self._show_sources,
            "/up": lambda reason: self._rate("up", reason),
            "/down": lambda reason: self._rate("down", reason),
            "/help": lambda _: show.note(HELP),
        }

    def take(self, line: str) -> bool:
        """Answer a question or do what a command says; tell whether that could be done."""
        command, _, rest = line.partition(" ")
        if command in self._commands:
            self._commands[command](rest.strip())
        elif line.startswith("/") and line[1:].isalpha():
            terminal.print_problem(f"there is no command {line}. {HELP}")
            return False
        else:
            return self._ask(line)
        return True

    def _ask(self, question: str) -> bool:
        try:
            answer = self._pipeline.ask(question, [past.turn for past in self._past], filters=self._filters)
        except RagError as error:
            terminal.print_problem(str(error))
            return False
        self._past.append(answer)
        self._show.answer(answer, self._pipeline.documents())
        with self._keeping() as history:
            self._kept = self._keep(history, answer) if history else None
        return True

    def _keep(self, history: History, answer: Answer) -> str:
        try:
            return history.add(OWNER, self._kept, answer, self._collection)
        except UnknownConversation:  # deleted from elsewhere meanwhile
            return history.add(OWNER, None, answer, self._collection)

    def _begin_anew(self, _: str) -> None:
        self._past, self._kept = [], None
        self._show.note("A new conversation.")

    def _show_sources(self, _: str) -> None:
        cited = self._past[-1].citations if self._past else ()
        if not cited:
            self._show.note("The last answer cites nothing." if self._past else "Nothing has been asked yet.")
        documents = {document.id: document for document in self._pipeline.documents()}
        for number, citation in enumerate(cited, 1):
            self._show.note(f"[{number}]")
            self._show.source(citations.look_up(citation.id, documents), documents.get(citation.document_id))

    def _rate(self, rating: Rating, reason: str) -> None:
        if not self._past:
            return self._show.note("Nothing has been asked yet.")
        with self._keeping() as history:
            if history is None or self._kept is None:
                return self._show.note("Conversations are not kept, so nor are ratings.")
            turns = history.conversation(OWNER, self._kept).turns
            history.rate(OWNER, self._kept, turns, rating, reason)
            self._show.note(f"Rated {rating}. `rag history questions` makes a question file of what is rated.")

    @contextmanager
    def _keeping(self) -> Iterator[History | None]:
        """Give the history; when it fails, say so once and go on without."""
        try:
            yield self._history
        except UnknownConversation as error:
            terminal.print_problem(str(error))
        except HistoryError as error:
            self._history = None
            terminal.print_problem(f"{error}. This conversation is kept no further")


@contextmanager
def _opened(settings: Settings) -> Iterator[History | None]:
    """Open the history; when it cannot be, say so and go on without."""
    try:
        history = open_history(settings)
    except HistoryError as error:
        terminal.print_problem(f"{error}. This conversation is not kept")
        history = None
    with history or nullcontext():
        yield history


def _prompted() -> Iterator[str]:
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` editing and the lines before
    try:
        while (line := input(PROMPT).strip()) != "/quit":
            if line:
                yield line
    except EOFError:
        print()
    except KeyboardInterrupt:
        print()
        raise


def _take_unless_interrupted(talk: Talk, line: str) -> None:
    try:
        talk.take(line)
    except KeyboardInterrupt:
        terminal.print_note("Stopped.")


def _piped() -> Iterator[str]:
    stream: Iterable[str] = sys.stdin or ()
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8-sig", errors="replace")
    for line in filter(None, map(str.strip, stream)):
        if line == "/quit":
            return
        yield line


def _take_aloud(talk: Talk, line: str) -> bool:
    terminal.print_question(line)
    taken = talk.take(line)
    print()
    return taken
