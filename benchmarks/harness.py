"""What an evaluation takes besides the asking, as a share of what the asking takes, in the same run.

    python -m benchmarks.harness [--questions 1000] [--json FILE]

The given questions are asked on the given documents, over again until there are enough, under other ids.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.common import ROOT, SEEDS, parser, show, show_machine, write
from rag.building import build_index
from rag.config import Settings
from rag.encoder import load_encoder
from rag.evaluation import session
from rag.evaluation.questions import Line
from rag.pipeline import Pipeline

FILE = ROOT / "evaluation" / "seeds.jsonl"


def measure(questions: int) -> dict[str, Any]:
    """Evaluate so many questions and write everything that can be written."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        settings = Settings(documents=SEEDS, index=folder / "index")
        encoder = load_encoder(settings)
        build_index(SEEDS, settings, lambda: encoder)
        pipeline = Pipeline(settings, encoder)
        lines = _repeated(session.read(FILE, pipeline.index.documents), questions)
        started = time.perf_counter()
        found = session.evaluate(FILE, lines, pipeline)
        evaluated = time.perf_counter() - started
        found.write(json_file=folder / "run.json")
        written = time.perf_counter() - started - evaluated
        found.write(report=folder / "report")
        reported = time.perf_counter() - started - evaluated - written
        asking = sum(question["scores"]["ms"] for question in found.record["questions"]) / 1e3
    return {
        "questions": questions,
        "ask_ms": _milliseconds(asking, questions),
        "besides_ask_ms": _milliseconds(evaluated - asking, questions),
        "json_ms": _milliseconds(written, questions),
        "report_ms": _milliseconds(reported, questions),
        "share_of_ask": round((evaluated - asking) / asking, 3),
    }


def _repeated(lines: Sequence[Line], count: int) -> list[Line]:
    return [
        Line(number, lines[number % len(lines)].question.model_copy(update={"id": str(number)}))
        for number in range(count)
    ]


def _milliseconds(seconds: float, questions: int) -> float:
    return round(seconds * 1e3 / questions, 2)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--questions", type=int, default=1000, metavar="N")
    given = options.parse_args(arguments)
    show_machine()
    results = measure(given.questions)
    show("An evaluation, per question", ["measure", "value"], results.items())
    write(given.json, results)


if __name__ == "__main__":
    main()
