"""Keeping an index of many documents up: time and memory of building it, and of building again after one change.

    python -m benchmarks.keeping [--documents 10000] [--json FILE]
    python -m benchmarks.keeping --build DOCUMENTS INDEX
    python -m benchmarks.keeping --command DOCUMENTS INDEX

A stand-in for the encoder makes vectors of no meaning in no time, as large as those of the bundled one; everything else
is the real path. Each build is a process of its own. `rag index` is the whole command with the real encoder, from the
start of its process to the end; `--command` changes one of these documents and times it alone.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.common import ROOT, megabytes, parser, show, show_machine, write
from benchmarks.texts import document, write_documents
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoded, Vectors
from rag.types import Span

CHARACTERS = 3000


class StandIn:
    """Vectors by chance."""

    name = "by chance"
    dimension = 384
    capacity = 506

    def __init__(self) -> None:
        self._chance = np.random.default_rng(0)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text) // 3 for text in texts]

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        return self._vectors(len(questions))

    def embed_passages(
        self,
        texts: Sequence[str],
        sentences: Sequence[Sequence[Span]],
        progress: Callable[[int], None] = lambda _: None,
    ) -> Encoded:
        progress(len(texts))
        return Encoded(self._vectors(len(texts)), self._vectors(sum(map(len, sentences))))

    def _vectors(self, count: int) -> Vectors:
        vectors = self._chance.standard_normal((count, self.dimension), np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def build(folder: Path, index: Path) -> dict[str, Any]:
    """Build in this process, and say what it took."""
    started, processor = time.perf_counter(), time.process_time()
    report = build_index(folder, Settings(index=index), StandIn)
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "processor_s": round(time.process_time() - processor, 2),
        "peak_mb": _peak(),
        "embedded": report.embedded,
    }


def _peak() -> int:
    """Return the most memory that this process had; on Linux not what the one had that began it."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024)
    return megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measure(count: int) -> dict[str, Any]:
    """Build an index of so many documents, and again after each of several changes."""
    with TemporaryDirectory() as work:
        folder, index = Path(work) / "documents", Path(work) / "index"
        write_documents(folder, count, CHARACTERS)
        time.sleep(3)  # so that the files are known to have been written before
        results = {"everything new": _apart(folder, index), "nothing changed": _apart(folder, index)}
        middle = change(folder)
        results["one changed"] = _apart(folder, index)
        (folder / "elsewhere").mkdir()
        middle = middle.rename(folder / "elsewhere" / middle.name)
        results["one moved"] = _apart(folder, index)
        middle.unlink()
        results["one removed"] = _apart(folder, index)
        middle.write_text(document(count + 2, CHARACTERS), "utf-8")
        results["one added, `rag index`"] = command(folder, index)
        results["nothing changed, `rag index`"] = command(folder, index)
        size = sum(path.stat().st_size for path in index.rglob("*") if path.is_file()) / 2  # two generations
    return {"documents": count, "index_mb": round(size / 1e6), "builds": results}


def command(folder: Path, index: Path) -> dict[str, Any]:
    """Run the whole command in a process of its own, and say what it took, with the processes that it began."""
    before, started = _processor_s(), time.perf_counter()
    run = [sys.executable, "-m", "rag", "index", folder, "--index", index]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    return {
        "seconds": round(time.perf_counter() - started, 2),
        "processor_s": round(_processor_s() - before, 2),
    }


def _processor_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def change(folder: Path) -> Path:
    """Give one document of a folder another text, always in one language, and wait until that is surely in the past."""
    files = sorted(folder.glob("*.txt"))
    middle = files[len(files) // 2]
    middle.write_text(document(3 * time.time_ns() + 2, CHARACTERS), "utf-8")
    time.sleep(3)
    return middle


def _apart(folder: Path, index: Path) -> dict[str, Any]:
    run = [sys.executable, "-m", "benchmarks.keeping", "--build", folder, index]
    done = subprocess.run(run, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    return dict(json.loads(done.stdout))


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, default=10_000, metavar="N")
    options.add_argument("--build", type=Path, nargs=2, metavar=("DOCUMENTS", "INDEX"), help="build once, and say so")
    options.add_argument(
        "--command", type=Path, nargs=2, metavar=("DOCUMENTS", "INDEX"), help="change one, time `rag index`, and say so"
    )
    given = options.parse_args(arguments)
    if given.command:
        change(given.command[0])
        print(json.dumps(command(*given.command)))
        return
    if given.build:
        print(json.dumps(build(*given.build)))
        return
    show_machine()
    results = measure(given.documents)
    columns = ["seconds", "processor_s", "peak_mb", "embedded"]
    rows = [[name, *(result.get(column, "") for column in columns)] for name, result in results["builds"].items()]
    show(f"Keeping {given.documents} documents up, an index of {results['index_mb']} MB", ["build", *columns], rows)
    write(given.json, results)


if __name__ == "__main__":
    main()
