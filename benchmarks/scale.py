"""Indexing many documents, beside LangChain with FAISS and the same encoder on the same folder.

    python -m benchmarks.scale [--documents 1000] [--langchain] [--json FILE]

The documents are shuffled sentences in Russian, Norwegian and English, the same in each run. Loading the model does
not count on either side. --langchain makes an environment in benchmarks/.venv-langchain and takes turns with it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.common import ROOT, megabytes, parser, percentiles, show, show_machine, timed, write
from benchmarks.texts import QUESTIONS, write_documents
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.models import bundled_folder
from rag.pipeline import Pipeline

CHARACTERS = 3000
LANGCHAIN = ROOT / "benchmarks" / "langchain"
ENVIRONMENT = ROOT / "benchmarks" / ".venv-langchain"
OURS, THEIRS = "this project", "LangChain + FAISS"


class Side(NamedTuple):
    """What one side took for one round."""

    seconds: float
    passages: int
    searches: list[float]
    peak_mb: float


def ours(folder: Path, index: Path, encoder: Encoder) -> Side:
    """Index a folder and ask all questions."""
    settings = Settings(index=index)
    reports = []
    seconds = timed(lambda: reports.append(build_index(folder, settings, lambda: encoder)))
    pipeline = Pipeline(settings, encoder)
    pipeline.ask(QUESTIONS[0])
    searches = [timed(pipeline.ask, question) for question in QUESTIONS]
    return Side(seconds, reports[0].passages, searches, megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


def theirs(folder: Path) -> Side:
    """Do the same in LangChain's environment; its searches find passages and answer nothing."""
    settings = Settings()
    command = [_python(), str(LANGCHAIN / "index_folder.py"), str(folder), str(bundled_folder(settings))]
    done = subprocess.run(
        [*command, str(settings.hits)], input="\n".join(QUESTIONS), stdout=subprocess.PIPE, text=True, check=True
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return Side(found["seconds"], found["passages"], found["searches"], megabytes(found["maxrss"]))


def _python() -> str:
    """Return the interpreter of LangChain's environment, which is made when it is missing."""
    python = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    installed = ENVIRONMENT / ".installed"
    requirements = LANGCHAIN / "requirements.txt"
    if not installed.is_file() or installed.read_text() != requirements.read_text():
        venv.create(ENVIRONMENT, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
        installed.write_text(requirements.read_text())
    return str(python)


def measure(documents: int, rounds: int, langchain: bool) -> dict[str, Any]:
    """Index the documents in turns, each round with other ones."""
    encoder = load_encoder(Settings())
    encoder.embed_queries(["warm-up"])
    sides: dict[str, list[Side]] = {name: [] for name in ([OURS, THEIRS] if langchain else [OURS])}
    characters = []
    with TemporaryDirectory() as work:
        for number in range(rounds):
            folder = Path(work) / f"documents-{number}"
            characters.append(write_documents(folder, documents, CHARACTERS, first=number * documents))
            sides[OURS].append(ours(folder, Path(work) / f"index-{number}", encoder))
            if langchain:
                sides[THEIRS].append(theirs(folder))
    summaries = {name: _summary(found, characters) for name, found in sides.items()}
    return {"documents": documents, "rounds": rounds, "characters": sum(characters) // rounds, "sides": summaries}


def _summary(rounds: Sequence[Side], characters: Sequence[int]) -> dict[str, Any]:
    rates = [count / side.seconds for side, count in zip(rounds, characters, strict=True)]
    p50, p95 = percentiles([seconds for side in rounds for seconds in side.searches])
    return {
        "characters_per_second": round(median(rates)),
        "build_s": round(median(side.seconds for side in rounds), 1),
        "passages": rounds[0].passages,
        "peak_mb": max(side.peak_mb for side in rounds),
        "search_p50_ms": p50,
        "search_p95_ms": p95,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, default=1000, metavar="N")
    options.add_argument("--rounds", type=int, default=1)
    options.add_argument("--langchain", action="store_true", help="measure LangChain in the same run")
    given = options.parse_args(arguments)
    show_machine()
    results = measure(given.documents, given.rounds, given.langchain)
    sides = results["sides"]
    columns = ["characters/s", "build s", "passages", "peak MB", "ask p50 ms", "ask p95 ms"]
    title = f"Indexing {given.documents} documents, {results['characters']} characters"
    show(title, ["side", *columns], [[name, *summary.values()] for name, summary in sides.items()])
    if given.langchain:
        results["ratio"] = round(sides[OURS]["characters_per_second"] / sides[THEIRS]["characters_per_second"], 2)
        print(f"\nRatio of characters a second: {results['ratio']}")
    write(given.json, results)


if __name__ == "__main__":
    main()
