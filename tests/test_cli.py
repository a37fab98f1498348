"""The command line as a user meets it: real processes, exit codes, one clear line for a mistake."""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest

from rag import __version__
from rag.cli import main

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"
pytestmark = pytest.mark.model


class Result(NamedTuple):
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def rag(*arguments: str | Path, env: Mapping[str, str] | None = None, said: str = "") -> Result:
    """Run a command in this process, which spares each test the imports of a new one; `said` comes as from a pipe."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("RAG_")}
    stdin = io.TextIOWrapper(io.BytesIO(said.encode("utf-8", "surrogateescape")), "utf-8", "surrogateescape")
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**outside, **(env or {})}, clear=True),
        mock.patch("sys.stdin", stdin),
        contextlib.redirect_stdout(stdout),
        contextlib.redirect_stderr(stderr),
    ):
        try:
            main(list(map(str, arguments)))
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
    return Result(code, stdout.getvalue(), stderr.getvalue())


def rag_process(*arguments: str | Path, program: Path = ROOT, said: str = "") -> Result:
    """Run a command as a user does: in a process of its own."""
    command = [sys.executable, "-m", "rag", *map(str, arguments)]
    result = subprocess.run(command, cwd=program, input=said, capture_output=True, text=True, check=False)
    return Result(result.returncode, result.stdout, result.stderr)


def refused(result: Result) -> str:
    """Assert that a mistake was told in one line on stderr, with exit code 2, and return the line."""
    assert result.returncode == 2, result
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("rag: ")
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of the given documents, made by the command."""
    folder = tmp_path_factory.mktemp("cli") / "index"
    result = rag("index", SEEDS, "--index", folder)
    assert result.returncode == 0, result.stderr
    assert "5 documents" in result.stdout
    assert result.stderr == "", "no progress bar where nobody looks"
    return folder


def test_version() -> None:
    assert rag("--version").stdout == f"rag {__version__}\n"


def test_help_lists_the_commands() -> None:
    result = rag("--help")
    assert result.returncode == 0
    for command in ("ask", "doctor", "history", "index", "serve"):
        assert f"\n  {command} " in result.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: rag"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("history", "show"), "Missing argument 'ID'"),
        (("history", "show", "x", "y"), "unexpected extra argument (y)"),
        (("ask", "x", "--port", "1"), "No such option '--port'"),
        (("serve", "--port", "many"), "'many' is not a valid integer"),
        (("serve", "--port", "70000"), "setting 'port' (--port): input should be less than or equal to 65535"),
        (("ask", "x", "--answerer", "oracle"), "setting 'answerer' (--answerer)"),
        (("cite",), "give either the id of a citation, or --find and words"),
        (("cite", "x", "--find", "y"), "give either the id of a citation, or --find and words"),
        (("ask", "x", "--since", "yesterday"), "'yesterday' is not a date like 2026-01-31"),
        (("ask", "x", "--until", ""), "'' is not a date like 2026-01-31"),
    ],
)
def test_wrong_use(arguments: tuple[str, ...], said: str) -> None:
    result = rag(*arguments)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_index_is_idempotent(index: Path) -> None:
    before = (index / "CURRENT").read_text()
    result = rag("index", SEEDS, "--index", index)
    assert result.returncode == 0
    assert "nothing to do" in result.stdout
    assert (index / "CURRENT").read_text() == before


def test_ask_prints_a_cited_answer(index: Path) -> None:
    result = rag_process("ask", "Когда ByteDance получит первые прототипы от Samsung?", "--index", index)
    assert result.returncode == 0, result.stderr
    assert "в марте 2026 года" in " ".join(result.stdout.split())
    assert "[1] 003_e4e5f86ef0d4c413.txt#" in result.stdout
    assert "verified" in result.stdout
    assert "\x1b" not in result.stdout, "no colours in a pipe"


def test_ask_json(index: Path) -> None:
    result = rag("ask", "Hvor mange ganger mer tokens behandles enn i desember 2024?", "--index", index, "--json")
    answer = json.loads(result.stdout)
    assert answer["answered"] is True
    assert answer["language"] == "no"
    for citation in answer["citations"]:
        text = (SEEDS / citation["document"]).read_text("utf-8")
        assert text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["verified"] is True


def test_what_the_documents_do_not_say_is_no_failure(index: Path) -> None:
    result = rag("ask", "Hvem vant verdensmesterskapet i fotball i 1998?", "--index", index)
    assert result.returncode == 0
    assert result.stdout.startswith("Det står ikke i dokumentene.")
    assert "Nearest passages" in result.stdout


def test_a_citation_is_looked_up(tmp_path: Path) -> None:
    folder, index = tmp_path / "letters", tmp_path / "index"
    folder.mkdir()
    lease = folder / "lease.md"
    lease.write_text("# Lease\n\nThe lease of the flat ends on 31 March 2027. The rent is due monthly.\n", "utf-8")
    rag("index", folder, "--index", index)
    answer = json.loads(rag("ask", "When does the lease end?", "--index", index, "--json").stdout)
    identity = answer["citations"][0]["id"]
    shown = rag("cite", identity, "--index", index)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "verified" in shown.stdout
    assert "The lease of the flat ends on 31 March 2027." in shown.stdout
    assert "undated · en" in shown.stdout
    record = json.loads(rag("cite", identity, "--index", index, "--json").stdout)
    assert list(record) == ["id", "status", "document", "start", "end", "quote", "context", "found", "places"]
    assert record["places"] == [{"kind": "heading", "name": "Lease"}]
    assert (record["status"], record["document"], record["found"]) == ("verified", "lease.md", None)
    lease.write_text("# Lease\n\nNew. The lease of the flat ends on 31 March 2027.\n", "utf-8")
    moved = rag("cite", identity, "--index", index, "--json")
    assert (moved.returncode, json.loads(moved.stdout)["status"]) == (0, "moved")
    lease.write_text("# Lease\n\nThe lease of the flat ends on 30 April 2028.\n", "utf-8")
    changed = rag("cite", identity, "--index", index)
    assert changed.returncode == 3
    for words in ("changed", "What was cited:", "31 March 2027", "What stands there now:", "30 April 2028"):
        assert words in changed.stdout
    lease.unlink()
    gone = rag("cite", identity, "--index", index)
    assert (gone.returncode, "gone" in gone.stdout) == (3, True)


def test_a_phrase_is_looked_up(index: Path) -> None:
    exact = json.loads(rag("cite", "--find", "TAN DAI, styreleder", "--index", index, "--json").stdout)
    assert [(place["quote"], place["status"]) for place in exact] == [("Tan Dai, styreleder", "verified")]
    nearly = rag("cite", "--find", "Исследовательскую структуру Seed перевели недавно в Сингапур", "--index", index)
    assert "Исследовательская структура Seed" in nearly.stdout
    nothing = rag("cite", "--find", "xyzzy plugh", "--index", index)
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing like that stands in the documents.\n")


def test_a_malformed_id_is_bad_input(index: Path) -> None:
    assert "is no citation id" in refused(rag("cite", "../../etc/passwd#0-9~0123456789", "--index", index))


@pytest.mark.parametrize("asking", [["ask", "Hvem er styreleder i Volcano Engine?"], ["facts"], ["facts", "--json"]])
def test_a_reader_that_goes_away_is_no_bug(index: Path, asking: list[str]) -> None:
    """As with `rag ask … | head -0`."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "rag", *asking, "--index", index]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_filters(index: Path) -> None:
    question = "How much will be spent on Nvidia chips?"
    hits = json.loads(rag("ask", question, "--index", index, "--language", "no", "--json").stdout)["hits"]
    assert {hit["document"] for hit in hits} == {"004_955dc46795f2f120.txt"}
    hits = json.loads(rag("ask", question, "--index", index, "--since", "2025-12-30", "--json").stdout)["hits"]
    assert {hit["document"][:3] for hit in hits} == {"001", "002"}
    hits = json.loads(rag("ask", question, "--index", index, "--document", "00[01]*", "--json").stdout)["hits"]
    assert {hit["document"][:3] for hit in hits} == {"000", "001"}


@pytest.mark.parametrize(
    ("question", "said"),
    [("", "the question is empty"), ("  \n ", "the question is empty"), ("я" * 20_000, "20000 characters")],
)
def test_questions_that_cannot_be_asked(index: Path, question: str, said: str) -> None:
    assert said in refused(rag("ask", question, "--index", index))


def test_no_index_yet(tmp_path: Path) -> None:
    assert "build it with `rag index DOCUMENTS" in refused(rag("ask", "Hva?", "--index", tmp_path / "none"))


@pytest.mark.parametrize("name", ["missing", "empty", "a file.txt"])
def test_folders_that_cannot_be_indexed(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a file.txt").write_text("text")
    assert name in refused(rag("index", tmp_path / name, "--index", tmp_path / "index"))
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_unreadable_files_are_named_and_skipped(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    shutil.copytree(SEEDS, folder)
    (folder / "binary.txt").write_bytes(bytes(range(256)) * 100)
    (folder / "empty.txt").touch()
    with (folder / "large.txt").open("wb") as file:
        file.truncate(200_000_000)
    result = rag("index", folder, "--index", tmp_path / "index")
    assert result.returncode == 0
    assert "5 documents" in result.stdout
    assert "3 skipped" in result.stdout
    reasons = {line.split(": ")[0]: line for line in result.stderr.splitlines()}
    assert set(reasons) == {"skipped binary.txt", "skipped empty.txt", "skipped large.txt"}
    assert "max_file_megabytes" in reasons["skipped large.txt"]
    assert "binary.txt" in refused(rag("index", folder, "--index", tmp_path / "other", "--strict"))


def test_without_the_weights_of_the_reader(index: Path, tmp_path: Path) -> None:
    """A copy of the program that lost them names them and the way out; sentences are still given."""
    shutil.copytree(ROOT / "rag", tmp_path / "rag", ignore=shutil.ignore_patterns("weights", "__pycache__"))
    asking = ("ask", "Hvem er styreleder i Volcano Engine?", "--index", index)
    line = refused(rag_process(*asking, program=tmp_path))
    assert f"there is no file {tmp_path}" in line
    assert "set 'answerer' to 'sentence'" in line
    assert rag_process(*asking, "--answerer", "sentence", program=tmp_path).returncode == 0


def test_another_model_needs_another_index(index: Path, tmp_path: Path) -> None:
    line = refused(rag("ask", "Hva?", "--index", index, env={"RAG_MODEL": "some/other-model"}))
    assert "some/other-model" in line
    assert "run `rag index`" in line


def test_doctor_tells_where_a_setting_comes_from(index: Path) -> None:
    result = rag("doctor", env={"RAG_INDEX": str(index), "RAG_HITS": "6"})
    assert result.returncode == 0, result.stderr
    assert any(line.split() == ["hits", "6", "RAG_HITS"] for line in result.stdout.splitlines())
    assert any(line.split()[-1:] == ["default"] for line in result.stdout.splitlines())
    assert "5 documents" in result.stdout
    assert "checksum verified" in result.stdout


def test_doctor_finds_a_damaged_index(index: Path, tmp_path: Path) -> None:
    broken = tmp_path / "index"
    shutil.copytree(index, broken)
    generation = broken / "generations" / (broken / "CURRENT").read_text().strip()
    (generation / "vectors.faiss").write_bytes(b"nonsense")
    assert "vectors.faiss is missing or altered; run `rag index`" in refused(rag("doctor", "--index", broken))


def test_port_in_use(index: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused(rag("serve", "--index", index, "--port", str(port)))
    assert str(port) in line
    assert "--port" in line


def test_serving_beyond_this_machine_is_refused(index: Path) -> None:
    assert "0.0.0.0" in refused(rag("serve", "--index", index, "--host", "0.0.0.0"))


def test_interrupting_exits_with_130(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number}.txt").write_text(" ".join(f"Sentence {number} {i} of a document." for i in range(80)))
    process = subprocess.Popen(
        [sys.executable, "-m", "rag", "index", str(folder), "--index", str(tmp_path / "index")],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(tmp_path / "index" / ".lock")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert not (tmp_path / "index" / "CURRENT").exists()


def test_a_terminal_gets_a_progress_bar(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    command = [sys.executable, "-m", "rag", "index", str(SEEDS), "--index", str(tmp_path / "index")]
    with subprocess.Popen(command, cwd=ROOT, stderr=slave, stdout=subprocess.DEVNULL, env=environment) as process:
        os.close(slave)
        shown = b""
        while process.poll() is None:
            try:
                shown += os.read(master, 65536)
            except OSError:
                break
    os.close(master)
    assert "Embedding" in shown.decode("utf-8", "replace")


def test_hostile_text_reaches_the_terminal_disarmed(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text(
        "The password of the \x1b[31mred vault \u202eis hidden\u202c in the city of Oslo. " * 3, "utf-8"
    )
    assert rag("index", folder, "--index", tmp_path / "index").returncode == 0
    shown = rag("ask", "Where is the password of the red vault hidden?", "--index", tmp_path / "index").stdout
    assert "vault" in shown
    assert not {"\x1b", "\u202e"} & set(shown)
