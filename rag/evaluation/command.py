"""What `rag eval` and `rag questions` do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.text import Text

from rag import pipeline, terminal
from rag.config import Settings
from rag.documents import limits, read_folder
from rag.evaluation import compare, console, converters, session
from rag.types import Document
from rag.untrusted import disarm


def check(file: Path, folder: Path | None, settings: Settings) -> None:
    """Check a question file against a folder of documents, or else the index. Raises QuestionFileError."""
    lines = session.read(file, _documents(folder, settings), strictly=True)
    print(f"{len(lines)} questions, all sound")


def _documents(folder: Path | None, settings: Settings) -> Mapping[str, Document]:
    if folder is None and pipeline.has_index(settings):
        return pipeline.open_index(settings).documents
    max_bytes = int(settings.max_file_megabytes * 1_000_000)
    found = read_folder(folder or settings.documents, max_bytes=max_bytes, within=limits(settings)).documents
    return {document.id: document for document in found}


def evaluate(
    file: Path,
    folder: Path | None,
    settings: Settings,
    *,
    json_file: Path | None = None,
    report: Path | None = None,
    baseline: Path | None = None,
    require: Sequence[str] = (),
) -> list[str]:
    """Evaluate a question file, print and write the results, and return what is said of each bar not cleared.

    Raises RagError before any question is asked if anything given cannot be used.
    """
    bars = compare.parse_requirements(require)
    before = compare.read_run(baseline) if baseline else None
    session.check_writable(json_file, report, questions=file)
    if folder:
        settings = session.documents_index(folder, settings)
        terminal.print_problems(terminal.build_with_progress(settings))
    opened = pipeline.Pipeline(settings)
    lines = session.read(file, opened.index.documents)
    if before:
        compare.require_common(before, [line.question for line in lines])
    with terminal.progress() as notify:
        found = session.evaluate(file, lines, opened, lambda done, total: notify("asking", done, total))
    if before:
        found.record["comparison"] = compare.compare(before, found.record)
    console.print_run(found.record)
    if before:
        console.print_comparison(found.record["comparison"])
    found.write(json_file=json_file, report=report)
    if report:
        print(f"The report is in {report / 'index.html'}")
    return compare.unmet(bars, found.record)


def convert(files: Sequence[Path], out: Path, leave_out: int) -> None:
    """Convert reading-comprehension data and say what to do with it."""
    made = converters.convert(files, out, leave_out=leave_out)
    errors = terminal.Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in made.problems:
        errors.print(Text(disarm(problem)))
    without = f", {made.left_out} of them without an answer there" if leave_out else ""
    questions, documents = out / converters.QUESTIONS, out / converters.DOCUMENTS
    print(f"{made.questions} questions{without}, {made.documents} documents")
    print(f"Evaluate them with: rag eval {questions} --documents {documents}")
