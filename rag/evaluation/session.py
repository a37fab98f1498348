"""A question file evaluated on an index: checked, asked (going on where an interrupted run was), summed up, written."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import rag
from rag import models
from rag.config import Settings
from rag.errors import EvaluationError, QuestionError
from rag.evaluation import questions, run
from rag.evaluation.questions import Line, Problem
from rag.pipeline import Pipeline
from rag.types import Document
from rag.untrusted import to_json

# Where things lie and how the page is served changes no answer.
_NO_MATTER = {"documents", "index", "evaluation", "cache", "keep_history", "history", "host", "port", "llm_key"}


def read(file: Path, documents: Mapping[str, Document], *, strictly: bool = False) -> list[Line]:
    """Read a question file that fits the documents. Raises QuestionFileError with all its problems.

    `strictly` also refuses what an author should mend: answers that no quote supports, questions asked twice.
    """
    lines = questions.read_lines(file)
    problems = [*questions.unlocated(lines, documents)]
    if strictly:
        problems += questions.unsound(lines, documents)
    questions.raise_if(problems, file)
    return lines


def evaluate(file: Path, lines: Sequence[Line], pipeline: Pipeline, notify: run.Notify = lambda *_: None) -> Evaluation:
    """Ask all questions of a file and return the evaluation. An interrupted run of the same goes on where it was.

    Raises QuestionFileError, with all of them, where there are questions that cannot be asked.
    """
    questions.raise_if(_unaskable(lines, pipeline), file)
    settings = _described(file, lines, pipeline)
    journal = run.Journal(_folder(pipeline.settings) / f"{_fingerprint(settings)}.jsonl")
    documents = pipeline.index.documents
    asked = [line.question for line in lines]
    results = list(run.evaluate(pipeline, asked, documents, journal=journal, notify=notify))
    return Evaluation(run.summarise(results, settings), documents, journal)


class Evaluation:
    """A finished run, whose journal goes once the results are where they were to be written."""

    def __init__(self, record: dict[str, Any], documents: Mapping[str, Document], journal: run.Journal) -> None:
        self.record = record
        self._documents = documents
        self._journal = journal

    def write(self, *, json_file: Path | None = None, report: Path | None = None) -> None:
        """Write the JSON and the report that are asked for. Raises EvaluationError; nothing asked is lost then."""
        if json_file:
            with _writing(json_file):
                json_file.parent.mkdir(parents=True, exist_ok=True)
                json_file.write_text(to_json(self.record, indent=1) + "\n", "utf-8")
        if report:
            from rag.evaluation.report import write_report  # brings what draws the pictures

            with _writing(report):
                write_report(self.record, self._documents, report)
        self._journal.discard()


def check_writable(json_file: Path | None, report: Path | None, *, questions: Path) -> None:
    """Make sure that results can be written where they are to be, and not over questions. Raises EvaluationError."""
    if json_file:
        if json_file.exists() and questions.exists() and json_file.samefile(questions):
            raise EvaluationError(f"--json {json_file} would write over the questions; name another place")
        with _writing(json_file, "name another place"):
            json_file.parent.mkdir(parents=True, exist_ok=True)
            is_new = not json_file.exists()
            json_file.open("a").close()
            if is_new:
                json_file.unlink()
    if report:
        with _writing(report, "name another place"):
            report.mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=report).close()


def documents_index(documents: Path, settings: Settings) -> Settings:
    """Return settings with an index for a folder that is evaluated but not served, kept for the next time."""
    name = hashlib.sha256(str(documents.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return settings.model_copy(update={"documents": documents, "index": _folder(settings) / f"index-{name}"})


def _folder(settings: Settings) -> Path:
    return models.cache_folder(settings) / "evaluations"


def _unaskable(lines: Sequence[Line], pipeline: Pipeline) -> Iterator[Problem]:
    for number, question in lines:
        try:
            pipeline.check(question.question)
        except QuestionError as error:
            yield Problem(number, str(error))


def _described(file: Path, lines: Sequence[Line], pipeline: Pipeline) -> dict[str, Any]:
    """Return what the result depends on, as far as it can be named."""
    contents = pipeline.index.contents
    chosen = pipeline.settings.model_dump(mode="json", exclude=_NO_MATTER)
    return {
        "file": file.name,
        "sha256": models.sha256_of(file),
        "questions": len(lines),
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "version": rag.__version__,
        "generation": pipeline.index.folder.name,
        "documents": len(contents.documents),
        "passages": len(contents.passages),
        **chosen,
    }


def _fingerprint(settings: Mapping[str, Any]) -> str:
    """Return a name for runs that must give the same results: same questions, index, settings and program."""
    same = {name: value for name, value in settings.items() if name not in ("created", "file")}
    digest = hashlib.sha256(json.dumps(same, sort_keys=True).encode())
    for path in _program():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _program() -> Iterator[Path]:
    """Yield the files that make the answers: code, words of languages, weights."""
    folder = Path(rag.__file__).parent
    yield from sorted(path for path in folder.rglob("*") if path.suffix in {".py", ".toml", ".safetensors"})


AGAIN = "name another place and run the same again, no question is asked anew"


@contextmanager
def _writing(path: Path, remedy: str = AGAIN) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        raise EvaluationError(f"cannot write {path}: {reason}; {remedy}") from None
