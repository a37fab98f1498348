"""Watching a real folder: changes are indexed when they have come to rest, and nothing ends it but Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from rag import generations, watching
from rag.config import Settings
from rag.errors import DocumentsError, IndexNotWritable, MissingIndex
from rag.index import Index
from tests.fakes import HashEncoder, write_documents


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "REST_MS", 50)
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(watching, "load_encoder", lambda _: HashEncoder())


def indexed(settings: Settings) -> set[str]:
    try:
        return set(Index.load(generations.current_generation(settings.index), settings).documents)
    except MissingIndex:
        return set()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def holds_the_right_to_build(settings: Settings, stack: ExitStack) -> bool:
    """Try to take it; the one who watches has it again and again for a moment."""
    try:
        stack.enter_context(generations.building(settings.index))
    except IndexNotWritable:
        return False
    return True


def watched(settings: Settings, script: Callable[[], None]) -> BaseException | None:
    """Watch in this thread while another does what the script says, and then presses Ctrl-C."""
    failed: list[BaseException] = []

    def run() -> None:
        try:
            script()
        except BaseException as error:
            failed.append(error)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=run).start()
    with pytest.raises(KeyboardInterrupt):
        watching.watch(settings)
    return failed[0] if failed else None


def test_changes_are_indexed_until_ctrl_c(small: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    write_documents(small.documents, {"a.txt": "The ferry leaves at noon."})
    moved = small.documents.with_name("elsewhere")

    def script() -> None:
        wait_for(lambda: indexed(small) == {"a.txt"})
        (small.documents / "b.txt").write_text("The bridge is closed.")
        wait_for(lambda: indexed(small) == {"a.txt", "b.txt"})
        (small.documents / "deep" / "er").mkdir(parents=True)
        (small.documents / "a.txt").rename(small.documents / "deep" / "er" / "a.txt")
        wait_for(lambda: indexed(small) == {"b.txt", "deep/er/a.txt"})
        for path in (small.documents / "b.txt", small.documents / "deep" / "er" / "a.txt"):
            path.unlink()
        wait_for(lambda: "holds no document" in told())  # which ends nothing
        small.documents.rename(moved)
        write_documents(small.documents, {"c.txt": "Another folder stands in its place."})
        wait_for(lambda: indexed(small) == {"c.txt"})
        with ExitStack() as stack:
            wait_for(lambda: holds_the_right_to_build(small, stack))
            (small.documents / "d.txt").write_text("Somebody else is building.")
            wait_for(lambda: "Trying again" in told())
        wait_for(lambda: indexed(small) == {"c.txt", "d.txt"})

    said: list[str] = []

    def told() -> str:
        said.append(capsys.readouterr().err)
        return "".join(said)

    assert watched(small, script) is None


@pytest.mark.parametrize("path", ["x/.hidden.txt", "x/.git/a.txt", "y.txt", "x/index/generations/1/documents.jsonl"])
def test_what_is_no_document_does_not_matter(path: str) -> None:
    assert not watching._may_matter(Path("/", path), Path("/x"), Path("/x/index"))
    assert watching._may_matter(Path("/x/a/b.txt"), Path("/x"), Path("/x/index"))


def test_no_folder_is_bad_input(small: Settings) -> None:
    with pytest.raises(DocumentsError, match="there is no folder"):
        watching.watch(small)
