"""What is behind the Evaluation page: the question files, the run that is under way, the last few reports."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import os
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rag.config import Settings
from rag.errors import EvaluationError, QuestionFileError
from rag.untrusted import disarm
from rag.web.chats import Pipeline
from rag.web.runs import Notify, Runs

if TYPE_CHECKING:
    from rag.evaluation.session import Evaluation

MAX_FILE_BYTES = 5_000_000
KEPT_REPORTS = 5
NAME_CHARACTERS = 100
PAGE, SUMMARY, RESULTS = "index.html", "summary.md", "results.json"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')


@dataclass(frozen=True, slots=True)
class QuestionFile:
    """A question file of the folder. The page names it by its key, never by its path."""

    key: str
    name: str
    path: Path
    questions: int | None  # None where the file is too large to count them each time the page is opened


@dataclass(frozen=True, slots=True)
class Report:
    """A finished evaluation: where its files are, and what stands on the page itself."""

    id: str
    name: str
    finished: dt.datetime
    folder: Path
    policy: str  # the page's own security policy, which the server repeats
    metrics: Mapping[str, Mapping[str, Any]]
    outcomes: Mapping[str, int]


class Evaluations:
    """Evaluates one question file at a time and keeps the last few reports, until it is left."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self.folder = settings.evaluation
        self.runs: Runs[Report] = Runs()
        self._pipeline = pipeline
        self._lock = threading.Lock()
        self._reports: dict[str, Report] = {}
        self._work: TemporaryDirectory[str] | None = None

    def __enter__(self) -> Evaluations:
        return self

    def __exit__(self, *_: object) -> None:
        self.runs.close()
        if self._work:
            self._work.cleanup()

    @property
    def reports(self) -> list[Report]:
        """Return the reports that are kept, the latest first."""
        with self._lock:
            return [*reversed(self._reports.values())]

    def files(self) -> list[QuestionFile]:
        """Return the question files of the folder, by name."""
        return [QuestionFile(_key(path), shown_name(path.name), path, _count(path)) for path in self._paths()]

    def start(self, key: str) -> None:
        """Begin to evaluate a file of the folder. Raises KeyError when none has that key, and Busy."""
        path = {_key(path): path for path in self._paths()}[key]
        name = shown_name(path.name)
        self.runs.start(name, partial(self._evaluate, path, name))

    def start_upload(self, name: str, content: bytes) -> None:
        """Begin to evaluate a file that somebody sent; it is kept for as long as the run lasts. Raises Busy."""
        name = shown_name(name)
        self.runs.start(name, partial(self._evaluate_upload, content, name))

    def report(self, report_id: str) -> Report | None:
        """Return a report that is still kept."""
        with self._lock:
            return self._reports.get(report_id)

    def _paths(self) -> list[Path]:
        try:
            return sorted(path for path in self.folder.glob("*.jsonl") if path.is_file())
        except OSError:
            return []

    def _evaluate_upload(self, content: bytes, name: str, notify: Notify) -> Report:
        with TemporaryDirectory(dir=self._work_folder()) as folder:
            path = Path(folder) / "questions.jsonl"
            path.write_bytes(content)
            return self._evaluate(path, name, notify)

    def _evaluate(self, path: Path, name: str, notify: Notify) -> Report:
        from rag.evaluation import session  # here, so that the chat starts without what only this needs
        from rag.pipeline import Pipeline

        pipeline = self._pipeline
        if not isinstance(pipeline, Pipeline):
            raise EvaluationError("what answers here has no index to evaluate")
        index = pipeline.index

        def watch(done: int, total: int) -> None:
            if pipeline.index is not index:
                raise EvaluationError(
                    "the index was built anew during the run; its answers would be mixed, so run again"
                )
            notify(done, total)

        try:
            found = session.evaluate(path, session.read(path, index.documents), pipeline, watch)
        except QuestionFileError as error:  # it names the path, which for a file that was sent means nothing
            raise QuestionFileError(str(error).replace(str(path), name), error.problems) from None
        found.record["settings"]["file"] = name
        return self._keep(found, name)

    def _keep(self, found: Evaluation, name: str) -> Report:
        report_id = secrets.token_hex(8)
        folder = self._work_folder() / report_id
        try:
            found.write(json_file=folder / RESULTS, report=folder)
            policy = _policy((folder / PAGE).read_text("utf-8"))
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)
            disk = error.__context__ if isinstance(error, EvaluationError) else None
            raise disk if isinstance(disk, OSError) else error from None
        outcomes = Counter(question["outcome"] for question in found.record["questions"])
        now = dt.datetime.now().astimezone()
        report = Report(report_id, name, now, folder, policy, found.record["metrics"], outcomes)
        with self._lock:
            self._reports[report_id] = report
            oldest = [*self._reports.values()][:-KEPT_REPORTS]
            for each in oldest:
                del self._reports[each.id]
        for each in oldest:
            shutil.rmtree(each.folder, ignore_errors=True)
        return report

    def _work_folder(self) -> Path:
        if self._work is None:
            self._work = TemporaryDirectory(prefix="rag-evaluations-", ignore_cleanup_errors=True)
        return Path(self._work.name)


def shown_name(name: str) -> str:
    """Return the last part of a file's name as it may be shown, whatever was sent as one.

    >>> shown_name("C:\\\\mine\\\\../my questions.jsonl")
    'my questions.jsonl'
    """
    last = " ".join(disarm(re.split(r"[/\\]", name)[-1]).split())
    return last[:NAME_CHARACTERS] or "questions.jsonl"


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]


def _count(path: Path) -> int | None:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return None
        return sum(bool(line.strip()) for line in path.read_bytes().split(b"\n"))
    except OSError:
        return None


def _policy(page: str) -> str:
    """Return the policy at the head of a report, or one that allows nothing."""
    found = POLICY.search(page)
    return html.unescape(found[1]) if found else "default-src 'none'"
