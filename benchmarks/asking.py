"""How long answers take on the given documents, from a warm process and from a cold shell, and how much memory.

    python -m benchmarks.asking [--json FILE]

The first answer of `rag serve` is asked for over HTTP as the page does it, and counted from the start of the process.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.common import ROOT, SEEDS, megabytes, parser, percentiles, show, show_machine, timed, write
from benchmarks.texts import QUESTIONS
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.pipeline import Pipeline

RAG = (sys.executable, "-m", "rag")
SESSION = "benchmark"


class Process(NamedTuple):
    """What a process took."""

    seconds: float
    megabytes: float  # at its peak


def build_seconds(work: Path, encoder: Encoder, rounds: int) -> float:
    """Return the median time to index the given documents from nothing, with the encoder loaded."""

    def build(number: int) -> None:
        build_index(SEEDS, Settings(index=work / str(number)), lambda: encoder)

    build(0)  # loads vocabularies and stemmers
    return median(timed(build, number) for number in range(1, rounds + 1))


def warm_seconds(pipeline: Pipeline, rounds: int) -> list[float]:
    """Return the time of each question, all asked once before."""
    for question in QUESTIONS:
        pipeline.ask(question)
    return [timed(pipeline.ask, question) for _ in range(rounds) for question in QUESTIONS]


def command(*arguments: str) -> Process:
    """Run a `rag` command to its end."""
    started = time.perf_counter()
    process = subprocess.Popen([*RAG, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"rag {' '.join(arguments)} failed with {process.returncode}")
    return Process(time.perf_counter() - started, megabytes(usage.ru_maxrss))


def serve(index: Path) -> tuple[float, Process]:
    """Start `rag serve` and ask one question; return the seconds until it is ready, and until the answer came."""
    started = time.perf_counter()
    arguments = ["serve", "--port", "0", "--index", str(index)]
    process = subprocess.Popen([*RAG, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    line = process.stdout.readline()
    ready = time.perf_counter() - started
    _ask_page(re.findall(r"http://\S+", line)[0])
    answered = time.perf_counter() - started
    process.send_signal(signal.SIGINT)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return ready, Process(answered, megabytes(usage.ru_maxrss))


def _ask_page(url: str) -> None:
    """Ask a question as the page does: open it, read what it is made of, join the queue, wait for the reply."""
    _get(url).read()
    config = json.load(_get(f"{url}/config"))
    asking = next(item for item in config["dependencies"] if any(event == "submit" for _, event in item["targets"]))
    body = {"data": [QUESTIONS[0], None, "{}"], "fn_index": asking["id"], "session_hash": SESSION}
    _get(f"{url}/gradio_api/queue/join?", json.dumps(body).encode()).read()
    last = list(_events(f"{url}/gradio_api/queue/data?session_hash={SESSION}"))[-1]
    if not last["success"]:
        raise SystemExit(f"the page failed: {last}")


def _events(url: str) -> Iterator[dict[str, Any]]:
    """Yield what the page is told about a question, up to its end."""
    for line in _get(url):
        if line.startswith(b"data:"):
            event = json.loads(line[5:])
            yield event
            if event["msg"] == "process_completed":
                return


def _get(url: str, body: bytes | None = None) -> Any:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)


def measure(work: Path, rounds: int) -> dict[str, Any]:
    """Measure everything once, commands `rounds` times."""
    encoder = load_encoder(Settings())
    build = build_seconds(work, encoder, rounds)
    index = work / "1"
    warm = percentiles(warm_seconds(Pipeline(Settings(index=index), encoder), rounds))
    sentences = percentiles(warm_seconds(Pipeline(Settings(index=index, answerer="sentence"), encoder), rounds))
    cold = [command("ask", QUESTIONS[0], "--index", str(index)) for _ in range(rounds)]
    served = [serve(index) for _ in range(rounds)]
    return {
        "warm_ask_p50_ms": warm[0],
        "warm_ask_p95_ms": warm[1],
        "sentence_answerer_p50_ms": sentences[0],
        "sentence_answerer_p95_ms": sentences[1],
        "reader_to_sentence_p50": round(warm[0] / sentences[0], 2),
        "build_s": round(build, 2),
        "rag_ask_s": _median(run.seconds for run in cold),
        "rag_ask_peak_mb": max(run.megabytes for run in cold),
        "rag_serve_ready_s": _median(ready for ready, _ in served),
        "rag_serve_first_answer_s": _median(run.seconds for _, run in served),
        "rag_serve_peak_mb": max(run.megabytes for _, run in served),
        "rag_help_s": _median(command("--help").seconds for _ in range(rounds)),
    }


def _median(values: Iterator[float]) -> float:
    return round(median(values), 2)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args(arguments)
    show_machine()
    with TemporaryDirectory() as work:
        results = measure(Path(work), given.rounds)
    show(f"Asking the given documents, {len(QUESTIONS)} questions", ["measure", "value"], results.items())
    write(given.json, {"rounds": given.rounds, "questions": len(QUESTIONS), **results})


if __name__ == "__main__":
    main()
