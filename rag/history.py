"""Conversations, kept in one SQLite file that several threads and programs may use at once.

Every write is one transaction. Whatever is asked for is asked for by its owner: what belongs to somebody else is as
good as unknown. What is deleted is overwritten. Answers are stored whole (`records.answer_to_json`).
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, NamedTuple, Self, get_args

from platformdirs import user_data_path

from rag.config import Settings
from rag.errors import HistoryError, UnknownConversation
from rag.records import answer_from_json, answer_to_json
from rag.types import Answer
from rag.untrusted import encodable

Rating = Literal["up", "down"]

PATIENCE = 3.0  # seconds to wait for another program's write
TITLE = 60  # characters of the first question
LONGEST_TITLE = 200
LONGEST_REASON = 2000

SCHEMA = 2
_APPLICATION = 0x52414764
_TABLES = (
    """CREATE TABLE conversations (
        id TEXT PRIMARY KEY, owner TEXT NOT NULL, title TEXT NOT NULL, updated TEXT NOT NULL, collection TEXT)""",
    """CREATE TABLE turns (
        conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
        number INTEGER NOT NULL CHECK (number > 0),
        asked TEXT NOT NULL,
        answer TEXT NOT NULL,
        rating TEXT CHECK (rating IN ('up', 'down')),
        reason TEXT,
        PRIMARY KEY (conversation, number))""",
    "CREATE INDEX conversations_of_owner ON conversations (owner, updated)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {SCHEMA}",
)
_NEWER = {1: ("ALTER TABLE conversations ADD COLUMN collection TEXT", "PRAGMA user_version = 2")}  # of each version


class Conversation(NamedTuple):
    """What a list of conversations shows; `updated` is when the last question was asked.

    `collection` is the one it was held with, "" for the folder that the settings name themselves, None if not known.
    """

    id: str
    title: str
    updated: dt.datetime
    turns: int
    collection: str | None = None


class StoredTurn(NamedTuple):
    """A question with its answer, as it was given; turns count from 1."""

    number: int
    answer: Answer
    rating: Rating | None
    reason: str | None
    asked: dt.datetime


def location(settings: Settings) -> Path:
    """Return where conversations are kept. Raises HistoryError for a path below the folder of a user there is not."""
    folder = user_data_path("rag-over-your-documents", appauthor=False)
    path = settings.history or folder / "history.sqlite3"
    try:
        return path.expanduser()
    except RuntimeError:
        raise _not_writable(path, f"there is no home folder {path.parts[0]}") from None


def open_history(settings: Settings) -> History | None:
    """Open the conversations, or None where the settings say to keep none. Raises HistoryError."""
    return History.open(location(settings)) if settings.keep_history else None


def has_any(path: Path) -> bool:
    """Tell whether there is a file of conversations. Raises HistoryError where that cannot be told."""
    with _translated(path):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
    return True


def title_of(question: str) -> str:
    """Return the beginning of a question as a title, in one line.

    >>> title_of("How much\\nwill be spent on the chips that were announced in December?")
    'How much will be spent on the chips that were announced in…'
    """
    line = " ".join(question.split())
    if len(line) <= TITLE:
        return line
    beginning = line[:TITLE]
    return f"{beginning.rpartition(' ')[0] or beginning[:-1]}…"


class History:
    """The conversations of everybody. Safe to share between threads."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, *, patience: float = PATIENCE) -> Self:
        """Open the file, or make it, for its user's eyes only.

        Raises HistoryError when it cannot be made or written, is locked or damaged, or not of this or an older version.
        """
        with _translated(path):
            _create_private(path)
            connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
            try:
                _prepare(connection, path)
            except BaseException:
                connection.close()
                raise
        return cls(path, connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def conversations(self, owner: str) -> list[Conversation]:
        """Return an owner's conversations, the last used first."""
        with self._reading() as database:
            rows = database.execute(f"{_CONVERSATIONS} WHERE owner = ? {_NEWEST_FIRST}", [owner]).fetchall()
        return [_conversation(row) for row in rows]

    def conversation(self, owner: str, conversation: str) -> Conversation:
        """Return one conversation. Raises UnknownConversation."""
        with self._reading() as database:
            _require(database, owner, conversation)
            row = database.execute(f"{_CONVERSATIONS} WHERE id = ?", [conversation]).fetchone()
        return _conversation(row)

    def turns(self, owner: str, conversation: str) -> list[StoredTurn]:
        """Return the turns of a conversation, in order. Raises UnknownConversation."""
        with self._reading() as database:
            _require(database, owner, conversation)
            return _turns(database, conversation)

    def rated(self, owner: str) -> list[tuple[Conversation, list[StoredTurn]]]:
        """Return the conversations in which something is rated, each with all its turns, the last used first."""
        rated = "id IN (SELECT conversation FROM turns WHERE rating IS NOT NULL)"
        with self._reading() as database:
            rows = database.execute(f"{_CONVERSATIONS} WHERE owner = ? AND {rated} {_NEWEST_FIRST}", [owner]).fetchall()
            return [(found, _turns(database, found.id)) for found in map(_conversation, rows)]

    def add(self, owner: str, conversation: str | None, answer: Answer, collection: str | None = None) -> str:
        """Add a turn to a conversation, or begin one with it, and return its id. Raises UnknownConversation.

        One that is begun is told to be held with `collection`.
        """
        stored = answer_to_json(answer)
        with self._writing() as database:
            identity = _begin(database, owner, answer.question, collection) if conversation is None else conversation
            _require(database, owner, identity)
            _append(database, identity, stored)
        return identity

    def replace_from(self, owner: str, conversation: str, number: int, answer: Answer) -> None:
        """Put an answer in the place of a turn and of all that came after it, as when a question is edited.

        A title that was the beginning of the first question follows it. Raises UnknownConversation.
        """
        stored = answer_to_json(answer)
        with self._writing() as database:
            _require_turn(database, owner, conversation, number)
            if number == 1:
                _retitle(database, conversation, answer.question)
            database.execute("DELETE FROM turns WHERE conversation = ? AND number >= ?", [conversation, number])
            _append(database, conversation, stored)
        self._overwrite_deleted()

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give a conversation a title, or with a blank one the beginning of its first question again.

        Raises UnknownConversation.
        """
        with self._writing() as database:
            _require(database, owner, conversation)
            line = " ".join(encodable(title).split())[:LONGEST_TITLE]
            _set_title(database, conversation, line or title_of(_first_question(database, conversation)))
        self._overwrite_deleted()

    def delete(self, owner: str, conversation: str) -> None:
        """Delete a conversation. Raises UnknownConversation."""
        with self._writing() as database:
            _require(database, owner, conversation)
            database.execute("DELETE FROM conversations WHERE id = ?", [conversation])
        self._overwrite_deleted()

    def erase(self, owner: str) -> int:
        """Delete all conversations of an owner and return how many there were."""
        with self._writing() as database:
            count = database.execute("DELETE FROM conversations WHERE owner = ?", [owner]).rowcount
        self._overwrite_deleted()
        return count

    def rate(
        self, owner: str, conversation: str, number: int, rating: Rating | None, reason: str | None = None
    ) -> None:
        """Rate an answer, or take its rating back; the first 2,000 characters of the reason are kept.

        Raises UnknownConversation, and ValueError for any other rating.
        """
        if rating not in (None, *get_args(Rating)):
            raise ValueError(f"a rating is up, down or None, not {rating!r}")
        kept = encodable(reason or "").strip()[:LONGEST_REASON] if rating else ""
        with self._writing() as database:
            _require_turn(database, owner, conversation, number)
            database.execute(
                "UPDATE turns SET rating = ?, reason = ? WHERE conversation = ? AND number = ?",
                [rating, kept or None, conversation, number],
            )

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.path), _transaction(self._connection, "DEFERRED") as database:
            yield database

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, _translated(self.path), _transaction(self._connection, "IMMEDIATE") as database:
            yield database

    def _overwrite_deleted(self) -> None:
        """Carry the overwriting of what was deleted over into the file, and empty the log that still holds it.

        Where another program is reading just now, that is left to the next time.
        """
        with self._lock, _translated(self.path), suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


_CONVERSATIONS = (
    "SELECT id, title, updated, (SELECT count(*) FROM turns WHERE conversation = conversations.id), collection "
    "FROM conversations"
)
_NEWEST_FIRST = "ORDER BY updated DESC, rowid DESC"


def _conversation(row: tuple[str, str, str, int, str | None]) -> Conversation:
    identity, title, updated, turns, collection = row
    return Conversation(identity, title, dt.datetime.fromisoformat(updated), turns, collection)


def _turns(database: sqlite3.Connection, conversation: str) -> list[StoredTurn]:
    rows = database.execute(
        "SELECT number, answer, rating, reason, asked FROM turns WHERE conversation = ? ORDER BY number",
        [conversation],
    )
    return [
        StoredTurn(number, _answer(answer), rating, reason, dt.datetime.fromisoformat(asked))
        for number, answer, rating, reason, asked in rows
    ]


class _Unreadable(Exception):
    """What is stored is no answer."""


def _answer(stored: str) -> Answer:
    try:
        return answer_from_json(stored)
    except ValueError as error:
        raise _Unreadable(str(error)) from None


def _begin(database: sqlite3.Connection, owner: str, question: str, collection: str | None) -> str:
    identity = f"c{secrets.token_urlsafe(16)}"  # begins with a letter, or a command line would take it for an option
    row = (identity, owner, title_of(encodable(question)), _now(), collection)
    database.execute("INSERT INTO conversations (id, owner, title, updated, collection) VALUES (?, ?, ?, ?, ?)", row)
    return identity


def _append(database: sqlite3.Connection, conversation: str, stored: str) -> None:
    now = _now()
    database.execute(
        "INSERT INTO turns (conversation, number, asked, answer) "
        "SELECT ?, 1 + coalesce(max(number), 0), ?, ? FROM turns WHERE conversation = ?",
        (conversation, now, stored, conversation),
    )
    database.execute("UPDATE conversations SET updated = ? WHERE id = ?", [now, conversation])


def _retitle(database: sqlite3.Connection, conversation: str, question: str) -> None:
    (title,) = database.execute("SELECT title FROM conversations WHERE id = ?", [conversation]).fetchone()
    if title == title_of(_first_question(database, conversation)):
        _set_title(database, conversation, title_of(encodable(question)))


def _set_title(database: sqlite3.Connection, conversation: str, title: str) -> None:
    database.execute("UPDATE conversations SET title = ? WHERE id = ?", [title, conversation])


def _first_question(database: sqlite3.Connection, conversation: str) -> str:
    found = database.execute("SELECT answer FROM turns WHERE conversation = ? AND number = 1", [conversation])
    return _answer(found.fetchone()[0]).question


def _require(database: sqlite3.Connection, owner: str, conversation: str) -> None:
    found = database.execute("SELECT 1 FROM conversations WHERE id = ? AND owner = ?", [encodable(conversation), owner])
    if not found.fetchone():
        raise UnknownConversation("there is no such conversation, or not any more; `rag history list` shows those kept")


def _require_turn(database: sqlite3.Connection, owner: str, conversation: str, number: int) -> None:
    _require(database, owner, conversation)
    (turns,) = database.execute("SELECT count(*) FROM turns WHERE conversation = ?", [conversation]).fetchone()
    if not 1 <= number <= turns:
        raise UnknownConversation(f"the conversation has no turn {number}, or not any more")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")  # of one length: ordered as text, too


def _create_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # SQLite gives its log the same mode


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Check what the file is before anything is written to it, then make the tables, or bring older ones up to date."""
    is_new = _check_kind(connection, path)
    for pragma in ("secure_delete = ON", "foreign_keys = ON", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    if is_new:
        connection.execute("PRAGMA auto_vacuum = FULL")  # the file shrinks when much is deleted
    problem = _value(connection, "quick_check(1)")
    if problem != "ok":
        raise _damaged(path, str(problem))
    connection.execute("PRAGMA journal_mode = WAL")
    with _transaction(connection, "IMMEDIATE"):  # fails here, not at the first answer, where nothing can be written
        version = int(_value(connection, "user_version"))  # another program may have been faster
        for statement in _NEWER.get(version, ()) if version else _TABLES:
            connection.execute(statement)


def _check_kind(connection: sqlite3.Connection, path: Path) -> bool:
    """Tell whether the file is new. Raises HistoryError when it is neither that nor ours."""
    version, application = _value(connection, "user_version"), _value(connection, "application_id")
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables and not version:
        return True
    if application != _APPLICATION:
        raise HistoryError(f"{path} belongs to another program; name another file in the setting 'history'")
    if int(version) > SCHEMA:
        raise HistoryError(
            f"the history {path} was written by a newer version of this program; install that, "
            "or name another file in the setting 'history'"
        )
    return False


def _value(connection: sqlite3.Connection, pragma: str) -> int | str:
    value: int | str = connection.execute(f"PRAGMA {pragma}").fetchone()[0]
    return value


@contextmanager
def _transaction(
    connection: sqlite3.Connection, kind: Literal["DEFERRED", "IMMEDIATE"]
) -> Iterator[sqlite3.Connection]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system say into HistoryError; what only a bug can cause stays as it is."""
    try:
        yield
    except _Unreadable as error:
        raise _damaged(path, str(error)) from None
    except OSError as error:
        raise _not_writable(path, (error.strerror or "unknown reason").lower()) from None
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise _damaged(path, str(error)) from None
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise HistoryError(f"the history {path} is locked by another program; close that and try again") from None
        if code in _UNWRITABLE:
            raise _not_writable(path, str(error)) from None
        raise


_UNWRITABLE = (
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
)


def _damaged(path: Path, problem: str) -> HistoryError:
    line = " ".join(problem.split())
    return HistoryError(f"the history {path} is damaged ({line}); move it away, and a new one is begun")


def _not_writable(path: Path, reason: str) -> HistoryError:
    return HistoryError(
        f"cannot write the history {path}: {reason}; name another file in the setting 'history', "
        "or set 'keep_history' to false"
    )
