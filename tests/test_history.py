"""Conversations in their file: kept whole, each for its owner, through threads, processes, deaths and damage."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from rag import citations
from rag.config import Settings
from rag.errors import HistoryError, UnknownConversation
from rag.history import LONGEST_REASON, LONGEST_TITLE, SCHEMA, TITLE, History, location, open_history, title_of
from rag.records import answer_from_json, answer_to_json
from rag.types import Answer, Turn
from tests.answers import DOCUMENTS, LEASE, an_answer, answers, no_answer
from tests.killed_writes import EDITED

ROOT = Path(__file__).parent.parent
SECRET = "Gjemmestedet er under trappen, sa Кузнецов"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.sqlite3"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with History.open(path) as opened:
        yield opened


def questions(history: History, owner: str, conversation: str) -> list[str]:
    return [turn.answer.question for turn in history.turns(owner, conversation)]


def refused(path: Path, *, patience: float = 0.1) -> str:
    """Assert that the file is not opened, and return the one line that says why."""
    with pytest.raises(HistoryError) as caught:
        History.open(path, patience=patience)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


# --- answers ----------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(answers)
def test_an_answer_comes_back_as_it_was(answer: Answer) -> None:
    assert answer_from_json(answer_to_json(answer)) == answer


@pytest.mark.parametrize("text", ["", "null", "{}", '{"question": "x"}', "[" * 100_000])
def test_what_is_no_answer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a stored answer"):
        answer_from_json(text)


def test_a_later_question_leans_on_what_was_found() -> None:
    answer = an_answer()
    assert answer.turn == Turn(answer.question, answer.text)
    assert no_answer("Why?").turn == Turn("Why?", "")


def test_an_answer_is_verified_again(tmp_path: Path) -> None:
    file = tmp_path / "lease.md"
    document = replace(LEASE, path=file)
    file.write_text(LEASE.text, "utf-8")
    answer = an_answer()
    assert citations.verify_again(answer, {LEASE.id: document}) == answer
    file.write_text("Another lease.", "utf-8")
    assert [each.verified for each in citations.verify_again(answer, {LEASE.id: document}).citations] == [False]
    assert [each.verified for each in citations.verify_again(answer, {}).citations] == [False]


# --- conversations ----------------------------------------------------------------------------------------------------


def test_a_conversation_is_kept(history: History, path: Path) -> None:
    first, second = an_answer(), no_answer()
    conversation = history.add("", None, first)
    assert history.add("", conversation, second) == conversation
    history.close()
    with History.open(path) as reopened:
        assert [turn.answer for turn in reopened.turns("", conversation)] == [first, second]
        assert [(turn.number, turn.rating, turn.reason) for turn in reopened.turns("", conversation)] == [
            (1, None, None),
            (2, None, None),
        ]
        (listed,) = reopened.conversations("")
        assert listed == reopened.conversation("", conversation)
        assert (listed.id, listed.title, listed.turns) == (conversation, first.question, 2)
        assert listed.updated == reopened.turns("", conversation)[1].asked


def test_the_last_used_comes_first(history: History) -> None:
    made = [history.add("", None, an_answer(f"Question {number}?")) for number in range(3)]
    assert [found.id for found in history.conversations("")] == made[::-1]
    history.add("", made[0], an_answer())
    assert [found.id for found in history.conversations("")] == [made[0], made[2], made[1]]


def test_ids_cannot_be_guessed_and_begin_with_a_letter(history: History) -> None:
    made = [history.add("", None, no_answer()) for _ in range(50)]
    assert len(set(made)) == 50
    assert all(len(identity) >= 22 and identity[0].isalpha() for identity in made)


UNKNOWN: dict[str, Callable[[History, str, str], object]] = {
    "conversation": lambda history, owner, identity: history.conversation(owner, identity),
    "turns": lambda history, owner, identity: history.turns(owner, identity),
    "add": lambda history, owner, identity: history.add(owner, identity, an_answer()),
    "replace_from": lambda history, owner, identity: history.replace_from(owner, identity, 1, an_answer()),
    "rename": lambda history, owner, identity: history.rename(owner, identity, "Mine"),
    "delete": lambda history, owner, identity: history.delete(owner, identity),
    "rate": lambda history, owner, identity: history.rate(owner, identity, 1, "up"),
}


@pytest.mark.parametrize("call", UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_somebody_elses_is_unknown(history: History, call: Callable[[History, str, str], object]) -> None:
    hers = history.add("anna", None, an_answer())
    before = history.turns("anna", hers)
    messages = set()
    for owner, identity in [("bo", hers), ("", hers), ("anna", "nothing"), ("anna", ""), ("anna", "\ud800")]:
        with pytest.raises(UnknownConversation) as caught:
            call(history, owner, identity)
        messages.add(str(caught.value))
    assert len(messages) == 1, "nothing tells whether it exists"
    assert history.turns("anna", hers) == before
    assert history.conversations("bo") == history.rated("bo") == []
    call(history, "anna", hers)  # and the owner may


def test_erasing_leaves_what_others_have(history: History) -> None:
    for _ in range(3):
        history.add("anna", None, an_answer())
    his = history.add("bo", None, an_answer())
    assert history.erase("anna") == 3
    assert history.erase("anna") == 0
    assert history.conversations("anna") == []
    assert questions(history, "bo", his) == [an_answer().question]


def test_editing_drops_what_came_after(history: History) -> None:
    conversation = history.add("", None, an_answer("One?"))
    for question in ("Two?", "Three?", "Four?"):
        history.add("", conversation, an_answer(question))
    history.rate("", conversation, 2, "down")
    history.replace_from("", conversation, 2, an_answer("Zwei?"))
    assert questions(history, "", conversation) == ["One?", "Zwei?"]
    assert [turn.rating for turn in history.turns("", conversation)] == [None, None]
    history.add("", conversation, an_answer("Drei?"))
    assert [turn.number for turn in history.turns("", conversation)] == [1, 2, 3]


@pytest.mark.parametrize("number", [0, -1, 2, 10**30])
def test_turns_that_are_not_there(history: History, number: int) -> None:
    conversation = history.add("", None, an_answer())
    with pytest.raises(UnknownConversation, match=f"no turn {number}"):
        history.replace_from("", conversation, number, no_answer())
    with pytest.raises(UnknownConversation, match=f"no turn {number}"):
        history.rate("", conversation, number, "up")
    assert questions(history, "", conversation) == [an_answer().question]


def test_the_title_follows_the_first_question_until_it_is_given(history: History) -> None:
    conversation = history.add("", None, an_answer("Wehn?"))
    history.replace_from("", conversation, 1, an_answer("When?"))
    assert history.conversation("", conversation).title == "When?"
    history.rename("", conversation, "  My\nflat  ")
    history.replace_from("", conversation, 1, an_answer("Where?"))
    assert history.conversation("", conversation).title == "My flat"
    history.rename("", conversation, " \n")
    assert history.conversation("", conversation).title == "Where?"
    history.rename("", conversation, "я" * 10_000 + "\ud800")
    assert history.conversation("", conversation).title == "я" * LONGEST_TITLE


@pytest.mark.parametrize("question", ["word " * 50, "я" * 500, "a  b\n\tc"])
def test_titles_are_short_and_of_one_line(question: str) -> None:
    title = title_of(question)
    assert len(title) <= TITLE + 1
    assert "\n" not in title
    assert " ".join(question.split()).startswith(title.removesuffix("…"))


def test_ratings(history: History) -> None:
    conversation = history.add("", None, an_answer())
    assert history.rated("") == []
    history.rate("", conversation, 1, "down", "  the year is wrong\ud800 ")
    (turn,) = history.turns("", conversation)
    assert (turn.rating, turn.reason) == ("down", "the year is wrong\ufffd")
    assert history.rated("") == [(history.conversation("", conversation), [turn])]
    history.rate("", conversation, 1, "up", "x" * 10_000)
    assert history.turns("", conversation)[0].reason == "x" * LONGEST_REASON
    history.rate("", conversation, 1, None, "ignored")
    assert history.turns("", conversation)[0][2:4] == (None, None)
    assert history.rated("") == []
    with pytest.raises(ValueError, match="not 'sideways'"):
        history.rate("", conversation, 1, "sideways")  # type: ignore[arg-type]


# --- what is deleted is gone ------------------------------------------------------------------------------------------

DELETIONS: dict[str, Callable[[History, str], object]] = {
    "delete": lambda history, identity: history.delete("", identity),
    "erase": lambda history, _: history.erase(""),
    "replace": lambda history, identity: history.replace_from("", identity, 1, an_answer("Harmless?")),
}


@pytest.mark.parametrize("deletion", DELETIONS.values(), ids=DELETIONS)
def test_nothing_of_what_was_deleted_is_left_in_any_file(
    history: History, path: Path, deletion: Callable[[History, str], object]
) -> None:
    def everything() -> bytes:
        return b"".join(file.read_bytes() for file in path.parent.iterdir())

    kept = history.add("somebody", None, an_answer("Kept?"))
    identity = history.add("", None, an_answer(SECRET))
    for _ in range(30):
        history.add("", identity, an_answer(SECRET * 50))
    assert SECRET.encode() in everything()
    deletion(history, identity)
    assert SECRET.encode() not in everything()
    assert questions(history, "somebody", kept) == ["Kept?"]


def test_the_file_shrinks(history: History, path: Path) -> None:
    for _ in range(50):
        history.add("", None, an_answer("x" * 20_000))
    history.close()
    large = path.stat().st_size
    with History.open(path) as reopened:
        reopened.erase("")
    assert path.stat().st_size < large / 10


# --- the file ---------------------------------------------------------------------------------------------------------


def test_only_its_user_may_read_it(history: History, path: Path) -> None:
    history.add("", None, an_answer())
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert modes.keys() >= {"history.sqlite3", "history.sqlite3-wal"}
    assert set(modes.values()) == {0o600}


def test_where_it_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert location(Settings()).name == "history.sqlite3"
    assert location(Settings()).is_relative_to(tmp_path)
    assert location(Settings(history=tmp_path / "mine")) == tmp_path / "mine"
    assert location(Settings(history=Path("~/mine"))) == tmp_path / "mine"
    with pytest.raises(HistoryError, match="there is no home folder ~nobody-of-this-name"):
        location(Settings(history=Path("~nobody-of-this-name/mine")))


def test_switched_off_nothing_is_made(tmp_path: Path) -> None:
    assert open_history(Settings(history=tmp_path / "data" / "h", keep_history=False)) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"nonsense", b"SQLite format 3\0" + bytes(range(256)) * 40])
def test_a_file_of_something_else_is_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content * 10)
    assert "is damaged" in refused(path)
    assert path.read_bytes() == content * 10


@pytest.fixture
def filled(path: Path) -> Path:
    """A closed history of a hundred turns."""
    with History.open(path) as history:
        identity = history.add("", None, an_answer())
        for number in range(99):
            history.add("", identity, an_answer(f"{number}?"))
    return path


def test_a_truncated_file_is_damaged(filled: Path) -> None:
    with filled.open("r+b") as file:
        file.truncate(filled.stat().st_size // 2)
    assert "is damaged" in refused(filled)


def test_a_file_overwritten_in_the_middle_is_damaged(filled: Path) -> None:
    with filled.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (filled.stat().st_size - 8192))
    message = refused(filled)
    assert "is damaged" in message
    assert "move it away" in message


def test_damage_while_it_is_open(filled: Path) -> None:
    with History.open(filled) as history:
        (conversation,) = history.conversations("")
        with sqlite3.connect(filled) as other:
            other.execute("UPDATE turns SET answer = substr(answer, 7) WHERE number = 50")
        other.close()
        with pytest.raises(HistoryError, match=r"is damaged .*move it away"):
            history.turns("", conversation.id)
        assert history.add("", None, an_answer()), "the rest goes on"


def test_another_programs_database_is_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks (url)")
    other.close()
    before = path.read_bytes()
    assert "belongs to another program" in refused(path)
    assert path.read_bytes() == before


def test_a_newer_version_is_left_alone(filled: Path) -> None:
    with sqlite3.connect(filled) as newer:
        newer.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    newer.close()
    before = filled.read_bytes()
    assert "newer version" in refused(filled)
    assert filled.read_bytes() == before


def test_an_older_version_is_brought_up_to_date(filled: Path) -> None:
    with sqlite3.connect(filled) as older:
        older.execute("ALTER TABLE conversations DROP COLUMN collection")
        older.execute("PRAGMA user_version = 1")
    older.close()
    for _ in range(2):
        with History.open(filled) as history:
            (*_, found) = history.conversations("")
            assert (found.turns, found.collection) == (100, None)
            new = history.add("", None, an_answer(), "letters")
            assert history.conversation("", new).collection == "letters"


def test_locked_by_another_program(history: History, path: Path) -> None:
    conversation = history.add("", None, an_answer())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "is locked by another program" in refused(path)
    with pytest.raises(HistoryError, match="is locked"):
        history.add("", conversation, an_answer("Second?"))
    assert questions(history, "", conversation) == [an_answer().question], "reading goes on"
    other.execute("ROLLBACK")
    other.close()
    history.add("", conversation, an_answer("Second?"))
    assert len(history.turns("", conversation)) == 2


def test_the_whole_file_locked(path: Path) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE something (x)")
    other.execute("BEGIN EXCLUSIVE")
    assert "is locked by another program" in refused(path)
    other.close()


@pytest.mark.parametrize("where", ["a file/history.sqlite3", "a folder"])
def test_places_where_nothing_can_be_written(tmp_path: Path, where: str) -> None:
    (tmp_path / "a file").touch()
    (tmp_path / "a folder").mkdir()
    message = refused(tmp_path / where)
    assert "cannot write" in message
    assert "'keep_history'" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_and_a_file_that_are_read_only(filled: Path) -> None:
    filled.chmod(0o400)
    assert "cannot write" in refused(filled)
    filled.unlink()
    filled.parent.chmod(0o500)
    assert "cannot write" in refused(filled)
    filled.parent.chmod(0o700)


def test_a_full_disk(filled: Path) -> None:
    with History.open(filled) as history:
        (conversation,) = history.conversations("")
        (pages,) = history._connection.execute("PRAGMA page_count").fetchone()
        history._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(HistoryError, match=r"cannot write the history .* full"):
            history.add("", conversation.id, an_answer("x" * 100_000))
        assert len(history.turns("", conversation.id)) == 100


# --- several at once --------------------------------------------------------------------------------------------------


def test_threads(history: History) -> None:
    conversation = history.add("", None, an_answer("0-0?"))
    failures: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(20):
                history.add("", conversation, an_answer(f"{worker}-{number}?"))
                history.turns("", conversation)
                history.delete("", history.add("", None, an_answer()))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=[worker]) for worker in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [turn.number for turn in history.turns("", conversation)] == list(range(1, 82))
    asked = questions(history, "", conversation)
    for worker in range(1, 5):
        own = [question for question in asked if question.startswith(f"{worker}-")]
        assert own == [f"{worker}-{number}?" for number in range(20)]
    assert len(history.conversations("")) == 1


WORKER = """
import sys
from pathlib import Path
from rag.history import History
from tests.answers import an_answer
sys.stdin.readline()
with History.open(Path(sys.argv[1]), patience=30) as history:
    for number in range(20):
        history.add("", history.add("", None, an_answer()), an_answer(f"{sys.argv[2]}-{number}?"))
        print(number, flush=True)
"""


def start(script: str, *arguments: str | Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_processes_that_make_the_same_file(path: Path) -> None:
    workers = [start(WORKER, path, str(number)) for number in range(3)]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        worker.communicate(timeout=60)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    with History.open(path) as history:
        found = history.conversations("")
        assert [each.turns for each in found] == [2] * 60
        last = {questions(history, "", each.id)[1] for each in found}
    assert last == {f"{worker}-{number}?" for worker in range(3) for number in range(20)}


def test_what_was_kept_survives_a_kill(path: Path) -> None:
    with start(WORKER, path, "0") as worker:
        assert worker.stdin
        assert worker.stdout
        worker.stdin.write("go\n")
        worker.stdin.flush()
        told = [worker.stdout.readline() for _ in range(5)]
        worker.kill()
    assert told == [f"{number}\n" for number in range(5)]
    with History.open(path) as history:
        kept = [found for found in history.conversations("") if found.turns == 2]
        assert {f"0-{number}?" for number in range(5)} <= {questions(history, "", found.id)[1] for found in kept}


def test_an_edit_that_is_killed_is_whole_or_never_was(tmp_path: Path) -> None:
    base = tmp_path / "base.sqlite3"
    old = ["One?", "Two?", "Three?"]
    with History.open(base) as history:
        identity = history.add("", None, an_answer(old[0]))
        for question in old[1:]:
            history.add("", identity, an_answer(question))
    subprocess.run([sys.executable, "-m", "tests.killed_writes", str(tmp_path)], cwd=ROOT, check=True)
    found = []
    for path in sorted(tmp_path.glob("killed-*.sqlite3")):
        with History.open(path) as history:
            found.append(questions(history, "", identity))
            history.add("", identity, an_answer())
    new = ["One?", EDITED]
    assert found.index(new) >= 5, "it was killed at several places"
    assert found == [old] * found.index(new) + [new] * (len(found) - found.index(new))


def test_documents_of_the_tests_hold_what_is_cited() -> None:
    (citation,) = an_answer().citations
    assert DOCUMENTS[citation.document_id].text[citation.start : citation.end] == citation.quote
