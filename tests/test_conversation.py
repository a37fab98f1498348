"""A conversation in the terminal: what is piped into it, what is typed, and what is kept of it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from rag.config import Settings
from rag.conversation import converse
from rag.errors import QuestionError
from rag.evaluation.questions import read_lines
from rag.history import History
from rag.index import Filters
from rag.records import answer_record
from rag.types import Answer, Document, Turn
from tests.answers import LEASE, an_answer, no_answer
from tests.test_cli import Result, rag, refused

ROOT = Path(__file__).parent.parent


class FakePipeline:
    """Answers everything from LEASE but what it is told not to; remembers what it was asked after which turns."""

    def __init__(self, file: Path) -> None:
        file.write_text(LEASE.text, "utf-8")
        self._document = replace(LEASE, path=file)
        self.asked: list[tuple[str, Sequence[Turn], Filters | None]] = []

    def ask(self, question: str, history: Sequence[Turn] = (), *, filters: Filters | None = None) -> Answer:
        self.asked.append((question, tuple(history), filters))
        if question == "too long":
            raise QuestionError("the question is too \x1b[31m long")
        if question == "wait":
            raise KeyboardInterrupt
        return no_answer(question) if "Everest" in question else an_answer(question)

    def documents(self) -> Sequence[Document]:
        return [self._document]


@pytest.fixture
def pipeline(tmp_path: Path) -> FakePipeline:
    return FakePipeline(tmp_path / "lease.md")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(history=tmp_path / "kept" / "history.sqlite3")


Hold = Callable[..., bool]


@pytest.fixture
def hold(pipeline: FakePipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Hold:
    """Hold a conversation of lines from a pipe."""

    def held(*lines: str, as_json: bool = False, settings: Settings = settings) -> bool:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        return converse(pipeline, settings, Filters(language="en"), as_json=as_json)

    return held


def kept(settings: Settings) -> list[list[str]]:
    """Return the questions of each conversation, in the order of their beginning."""
    assert settings.history
    with History.open(settings.history) as history:
        found = [[turn.answer.question for turn in history.turns("", each.id)] for each in history.conversations("")]
    return found[::-1]


# --- from a pipe ------------------------------------------------------------------------------------------------------


def test_a_line_is_a_question_that_knows_those_before(hold: Hold, pipeline: FakePipeline, settings: Settings) -> None:
    assert hold("When?", "", "  How tall is Everest?  ", "And where?")
    first, second, third = pipeline.asked
    assert first == ("When?", (), Filters(language="en"))
    assert second[1] == (Turn("When?", an_answer().text),)
    assert third[1] == (Turn("When?", an_answer().text), Turn("How tall is Everest?", ""))
    assert kept(settings) == [["When?", "How tall is Everest?", "And where?"]]


def test_answers_are_printed_as_those_of_one_question(hold: Hold, capsys: pytest.CaptureFixture[str]) -> None:
    hold("When?")
    assert capsys.readouterr().out == (
        "> When?\nThe lease of the flat ends on 31 March 2027. [1]\n\n"
        f"[1] {an_answer().citations[0].id}  verified\nConfidence 75%, 3 ms\n\n"
    )


def test_as_json_a_line_is_an_answer(hold: Hold, pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]) -> None:
    assert hold("When?", "/up", "/sources", "Where?", "/new", as_json=True)
    first, source, second = map(json.loads, capsys.readouterr().out.splitlines())
    known = pipeline.documents()
    assert (first, second) == (answer_record(an_answer("When?"), known), answer_record(an_answer("Where?"), known))
    assert (source["id"], source["status"]) == (an_answer().citations[0].id, "verified")


def test_a_new_conversation(hold: Hold, pipeline: FakePipeline, settings: Settings) -> None:
    hold("When?", "/new", "/new", "And where?", "Who?")
    assert [len(history) for _, history, _ in pipeline.asked] == [0, 0, 1]
    assert kept(settings) == [["When?"], ["And where?", "Who?"]]


def test_quitting_leaves_the_rest(hold: Hold, pipeline: FakePipeline) -> None:
    assert hold("When?", "/quit", "Where?")
    assert [question for question, *_ in pipeline.asked] == ["When?"]


def test_sources(hold: Hold, capsys: pytest.CaptureFixture[str]) -> None:
    hold("/sources", "How tall is Everest?", "/sources")
    shown = capsys.readouterr().out
    assert "Nothing has been asked yet." in shown
    assert "The last answer cites nothing." in shown
    hold("When?", "/sources")
    shown = capsys.readouterr().out
    assert "[1]\nverified: it stands in the file as it is now\nLease · 2026-01-31 · en\n" in shown
    assert "The rent is due monthly." in shown, "the context"


def test_rating(hold: Hold, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    hold("/up", "When?", "/up", "Where?", "/down that is not where")
    assert "Nothing has been asked yet." in capsys.readouterr().out
    assert settings.history
    with History.open(settings.history) as history:
        ((_, turns),) = history.rated("")
    assert [(turn.rating, turn.reason) for turn in turns] == [("up", None), ("down", "that is not where")]


def test_a_question_that_cannot_be_asked_does_not_end_it(
    hold: Hold, pipeline: FakePipeline, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not hold("When?", "too long", "Where?")
    assert capsys.readouterr().err == "rag: the question is too \ufffd[31m long\n"
    assert pipeline.asked[-1][:2] == ("Where?", (Turn("When?", an_answer().text),))
    assert kept(settings) == [["When?", "Where?"]]


def test_what_looks_like_a_command_is_not_asked(
    hold: Hold, pipeline: FakePipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not hold("/source", "/etc/hosts names what?")
    assert "there is no command /source. /new begins anew" in capsys.readouterr().err
    assert [question for question, *_ in pipeline.asked] == ["/etc/hosts names what?"]


@pytest.mark.parametrize("content", [b"", None])
def test_nothing_to_ask(
    pipeline: FakePipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr("sys.stdin", None if content is None else io.TextIOWrapper(io.BytesIO(content)))
    assert converse(pipeline, settings)
    assert pipeline.asked == []


def test_a_pipe_is_read_as_utf8(pipeline: FakePipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "\ufeffКогда?\r\n".encode() + b"\xff?\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="cp1252"))
    converse(pipeline, settings)
    assert [question for question, *_ in pipeline.asked] == ["Когда?", "\ufffd?"]


# --- the history fails ------------------------------------------------------------------------------------------------


def test_a_history_that_cannot_be_opened_is_told_once(
    hold: Hold, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert settings.history
    settings.history.parent.mkdir()
    settings.history.write_bytes(b"nonsense" * 1000)
    assert hold("When?", "Where?", "/up")
    out, err = capsys.readouterr()
    assert out.count("ends on 31 March 2027. [1]") == 2
    assert "Conversations are not kept" in out
    assert err.count("\n") == 1
    assert "is damaged" in err
    assert "This conversation is not kept" in err
    assert settings.history.read_bytes() == b"nonsense" * 1000


def test_a_history_that_is_locked_meanwhile_is_told_once(
    hold: Hold,
    pipeline: FakePipeline,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert settings.history
    other: list[sqlite3.Connection] = []
    answer = pipeline.ask

    def lock_first(question: str, *arguments: object, **named: object) -> Answer:
        if question == "Where?":
            other.append(sqlite3.connect(str(settings.history), isolation_level=None))
            other[0].execute("BEGIN IMMEDIATE")
        return answer(question, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "ask", lock_first)
    assert hold("When?", "Where?", "Who?")
    out, err = capsys.readouterr()
    other[0].close()
    assert out.count("ends on 31 March 2027. [1]") == 3
    assert err.count("\n") == 1
    assert "is locked by another program" in err
    assert kept(settings) == [["When?"]]


def test_deleted_from_elsewhere_meanwhile(
    hold: Hold, pipeline: FakePipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert settings.history
    answer = pipeline.ask

    def erase_first(question: str, *arguments: object, **named: object) -> Answer:
        if question == "Where?":
            with History.open(Path(str(settings.history))) as history:
                assert history.erase("") == 1
        return answer(question, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "ask", erase_first)
    assert hold("When?", "Where?", "Who?")
    assert kept(settings) == [["Where?", "Who?"]]


def test_switched_off_nothing_is_kept(hold: Hold, tmp_path: Path, settings: Settings) -> None:
    assert hold("When?", settings=settings.model_copy(update={"keep_history": False}))
    assert not (tmp_path / "kept").exists()


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture
def stored(tmp_path: Path) -> tuple[str, dict[str, str]]:
    """A conversation with a rated answer, and the environment that names its file."""
    path = tmp_path / "history.sqlite3"
    with History.open(path) as history:
        identity = history.add("", None, an_answer("When \x1b[31mdoes\u202e it end?"))
        history.rate("", identity, 1, "up")
        history.add("somebody", None, an_answer("Not yours?"))
    return identity, {"RAG_HISTORY": str(path), "RAG_INDEX": str(tmp_path / "no-index")}


def command(*arguments: str, env: dict[str, str]) -> Result:
    result = rag("history", *arguments, env=env)
    assert result.returncode == 0, result.stderr
    assert not {"\x1b", "\u202e"} & set(result.stdout + result.stderr)
    return result


def test_listing(stored: tuple[str, dict[str, str]]) -> None:
    identity, env = stored
    listed, where = command("list", env=env).stdout.splitlines()
    assert listed.startswith(f"{identity}  20")
    assert listed.endswith("  1 question  When \ufffd[31mdoes it end?")
    assert env["RAG_HISTORY"] in where


def test_showing(stored: tuple[str, dict[str, str]]) -> None:
    identity, env = stored
    result = command("show", identity, env=env)
    assert f"[1] {an_answer().citations[0].id}  not checked" in result.stdout
    assert "Rated up" in result.stdout
    assert result.stderr.startswith("rag: citations are not checked: there is no index")


def test_exporting(stored: tuple[str, dict[str, str]]) -> None:
    identity, env = stored
    markdown = command("export", identity, env=env).stdout
    assert markdown == command("export", identity, "--markdown", env=env).stdout
    assert "\n[^1]: **letters/lease.md**, undated" in markdown
    record = json.loads(rag("history", "export", identity, "--json", env=env).stdout)
    assert [turn["rating"] for turn in record["turns"]] == ["up"]
    assert record["turns"][0]["question"] == "When \x1b[31mdoes\u202e it end?", "data are given as they are"


def test_questions(stored: tuple[str, dict[str, str]], tmp_path: Path) -> None:
    identity, env = stored
    path = tmp_path / "rated.jsonl"
    path.write_text(rag("history", "questions", env=env).stdout, "utf-8")
    assert [line.question.answers for line in read_lines(path)] == [["31 March 2027"]]
    with History.open(Path(env["RAG_HISTORY"])) as history:
        history.rate("", identity, 1, None)
    assert "no answer has been rated yet" in refused(rag("history", "questions", env=env))


def test_deleting(stored: tuple[str, dict[str, str]]) -> None:
    identity, env = stored
    assert command("delete", identity, env=env).stdout == "deleted\n"
    assert "there is no such conversation" in refused(rag("history", "delete", identity, env=env))
    assert "No conversations are kept in" in command("list", env=env).stdout


@pytest.mark.parametrize("more", [{}, {"RAG_KEEP_HISTORY": "false"}])
def test_erasing(stored: tuple[str, dict[str, str]], more: dict[str, str]) -> None:
    _, env = stored
    assert command("erase", "--yes", env=env | more).stdout == "1 conversation deleted\n"
    assert "No conversations" in command("list", env=env).stdout
    with History.open(Path(env["RAG_HISTORY"])) as history:
        assert len(history.conversations("somebody")) == 1


def test_erasing_nothing_makes_nothing(tmp_path: Path) -> None:
    env = {"RAG_HISTORY": str(tmp_path / "none")}
    assert command("erase", env=env).stdout == "there are no conversations\n"
    assert list(tmp_path.iterdir()) == []
    assert "file name too long" in refused(rag("history", "erase", env={"RAG_HISTORY": str(tmp_path / ("n" * 300))}))


@pytest.mark.parametrize("arguments", [("list",), ("show", "x"), ("export", "x"), ("delete", "x"), ("questions",)])
def test_switched_off_nothing_is_read(stored: tuple[str, dict[str, str]], arguments: tuple[str, ...]) -> None:
    _, env = stored
    assert "'keep_history' is off" in refused(rag("history", *arguments, env=env | {"RAG_KEEP_HISTORY": "false"}))


def test_others_conversations_are_unknown(stored: tuple[str, dict[str, str]]) -> None:
    _, env = stored
    with History.open(Path(env["RAG_HISTORY"])) as history:
        (theirs,) = history.conversations("somebody")
    for name in ("show", "export", "delete"):
        assert "there is no such conversation" in refused(rag("history", name, theirs.id, env=env))


# --- a real terminal --------------------------------------------------------------------------------------------------


class Terminal:
    """`rag ask` in a terminal of its own."""

    def __init__(self, index: Path, history: Path, answerer: str = "reader") -> None:
        master, slave = pty.openpty()
        outside = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
        env = {**outside, "RAG_HISTORY": str(history), "TERM": "dumb", "COLUMNS": "200", "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", "rag", "ask", "--index", str(index), "--answerer", answerer]
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, cwd=ROOT, start_new_session=True
        )
        os.close(slave)
        self._master = master
        self._shown = ""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + 60
        while text not in self._shown:
            assert time.monotonic() < deadline, self._shown
            self._shown += os.read(self._master, 65536).decode("utf-8", "replace")
        self._shown = self._shown.partition(text)[2]

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def interrupt(self) -> None:
        """Press Ctrl-C; again when it came between the prompt and the reading, where nothing listens."""
        while self.process.poll() is None:
            time.sleep(1)
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)

    def ended(self) -> int:
        code = self.process.wait(timeout=60)
        os.close(self._master)
        return code


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conversation")
    (folder / "letters").mkdir()
    (folder / "letters" / "lease.md").write_text(f"# Lease\n\n{LEASE.text}\n", "utf-8")
    assert rag("index", folder / "letters", "--index", folder / "index").returncode == 0
    return folder / "index"


@pytest.mark.model
def test_a_conversation_at_the_prompt(index: Path, tmp_path: Path) -> None:
    terminal = Terminal(index, tmp_path / "history.sqlite3")
    terminal.wait_for("1 document. Ask a question. /new begins anew")
    terminal.wait_for("> ")
    terminal.type("When does the lease end?\n")
    terminal.wait_for("31 March 2027")
    terminal.wait_for("verified")
    terminal.wait_for("> ")
    terminal.type("/sources\n")
    terminal.wait_for("it stands in the file as it is now")
    terminal.wait_for("> ")
    terminal.type("\x04")
    assert terminal.ended() == 0
    with History.open(tmp_path / "history.sqlite3") as history:
        assert [found.title for found in history.conversations("")] == ["When does the lease end?"]


@pytest.mark.model
def test_an_interrupt_at_the_prompt_ends_it(index: Path, tmp_path: Path) -> None:
    terminal = Terminal(index, tmp_path / "history.sqlite3", "sentence")
    terminal.wait_for("> ")
    terminal.interrupt()
    assert terminal.ended() == 130


@pytest.mark.model
def test_quitting_at_the_prompt(index: Path, tmp_path: Path) -> None:
    terminal = Terminal(index, tmp_path / "history.sqlite3", "sentence")
    terminal.wait_for("> ")
    terminal.type("/quit\n")
    assert terminal.ended() == 0


def test_an_interrupt_stops_only_the_answer(
    pipeline: FakePipeline, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Keyboard("wait\nWhen?\n"))
    assert converse(pipeline, settings)
    assert "Stopped." in capsys.readouterr().out
    assert kept(settings) == [["When?"]]


@pytest.mark.model
def test_a_pipe_into_the_command(index: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rag", "ask", "--index", str(index), "--json"]
    env = {**os.environ, "RAG_HISTORY": str(tmp_path / "history.sqlite3")}
    lines = "When does the lease end?\n" + "x" * 5000 + "\nIs the rent due monthly?\n"
    done = subprocess.run(command, cwd=ROOT, env=env, input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("rag: the question has 5000 characters")
    first, second = map(json.loads, done.stdout.splitlines())
    assert first["short"]
    assert second["question"] == "Is the rent due monthly?"
    with History.open(tmp_path / "history.sqlite3") as history:
        (found,) = history.conversations("")
        stored = [answer_record(turn.answer) for turn in history.turns("", found.id)]
    told = {"date", "author", "tags"}  # of the documents, which are not stored
    for record in (first, second):
        record["citations"] = [{k: v for k, v in each.items() if k not in told} for each in record["citations"]]
    assert stored == [first, second]
