"""A server to evaluate on: a small real index, questions that wait for as long as a file exists, and question files."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.config import Settings
from rag.pipeline import Pipeline
from rag.types import Answer, Turn
from rag.web.server import serve
from tests.browser import ROOT, Served, running, tell_of_connections
from tests.fakes import HashEncoder, build

TEXTS = {
    "moon.txt": "The Moon is the only natural satellite of the Earth. Its mean distance is 384,400 kilometres.\n",
    "fjord.txt": "Sognefjorden er Norges lengste fjord. Den er 205 kilometer lang.\n",
}
SLOW = "slowly"  # a question with this word waits
QUESTIONS = [
    ("How far is the Moon?", ["384,400 kilometres"], "moon.txt", "Its mean distance is 384,400 kilometres."),
    ("Hvor lang er Sognefjorden?", ["205 kilometer"], "fjord.txt", "Den er 205 kilometer lang."),
    (f"What, {SLOW}, is the Moon?", ["the only natural satellite"], "moon.txt", "only"),
    ("Who owns the zoo?", [], "", ""),
]


def question_file(questions: Sequence[tuple[str, list[str], str, str]] = QUESTIONS) -> str:
    """Return the lines of a question file."""
    lines = []
    for number, (question, answers, document, quote) in enumerate(questions, 1):
        evidence = [{"document": document, "quote": quote}] if document else []
        record = {"id": f"q{number}", "language": "en", "question": question, "answers": answers, "evidence": evidence}
        lines.append(json.dumps(record, ensure_ascii=False))
    return "\n".join(lines) + "\n"


class HeldPipeline(Pipeline):
    """Waits with a slow question while the file ``hold`` exists."""

    def __init__(self, settings: Settings, hold: Path) -> None:
        super().__init__(settings, HashEncoder())
        self._hold = hold

    def ask(self, question: str, history: Sequence[Turn] = (), **options: object) -> Answer:
        if question == "crash":
            raise ZeroDivisionError("a bug")
        while SLOW in question and self._hold.exists():
            time.sleep(0.01)
        return super().ask(question, history)


def settings_in(folder: Path) -> Settings:
    folders = {name: folder / name for name in ("documents", "index", "cache")}
    return Settings(**folders, port=0, requests_per_minute=10_000)


def prepare(folder: Path) -> Settings:
    """Index the documents, and write a question file into the folder ``evaluation``."""
    settings = settings_in(folder)
    build(settings, TEXTS)
    (folder / "evaluation").mkdir()
    (folder / "evaluation" / "small.jsonl").write_text(question_file(), "utf-8")
    return settings


@contextmanager
def serving_evaluations(folder: Path) -> Iterator[Served]:
    """Serve what `prepare` made of a folder, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    with running("tests.evaluations", cwd=folder, environment=environment) as served:
        yield served


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    with suppress(KeyboardInterrupt):
        here = Path.cwd()
        serve(settings_in(here), HeldPipeline(settings_in(here), here / "hold"))
