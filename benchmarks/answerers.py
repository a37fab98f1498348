"""Holds the ways to answer against each other: ``python -m benchmarks.answerers QUESTIONS --documents DIR --work DIR``.

Each question is asked of the reader, and of the language model that the settings name: quoting, composing with the
check, and composing without it. `--limit N` takes N questions, evenly out of the file. The folder `--work` keeps every
answer as it comes: a run that was ended goes on where it was, and one of more questions asks those that are new. After
a change of the program, take another folder.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.common import ROOT, SEEDS, show, show_machine
from rag.answerers import Answerers
from rag.answerers.check import Checker, Source, Verdict
from rag.answerers.compose import ComposeAnswerer
from rag.answerers.replies import nothing_stood
from rag.config import load_settings
from rag.encoder import load_encoder
from rag.evaluation import run, session
from rag.evaluation.aggregates import resamples
from rag.llm import LanguageModel, Piece, Prompt, Reply
from rag.normalisation import normalise
from rag.pipeline import Pipeline
from rag.records import answer_record
from rag.terminal import build_with_progress
from rag.types import Span, Turn

NAMES = ("reader", "quote", "compose", "unchecked")
COLUMNS = ("F1", "text holds it", "citation precision", "citation recall", "fell back", "not supported", "p50", "p95")


class Stands(NamedTuple):
    """A verdict that strikes nothing out."""

    nearest: tuple[Span, ...]
    is_supported: bool = True


class Watched:
    """A check that remembers what it found of each claim, and lets everything stand that cites something if told to."""

    def __init__(self, checker: Checker, *, lets_stand: bool) -> None:
        self._checker = checker
        self._lets_stand = lets_stand
        self.found: dict[str, Verdict] = {}

    def check(self, claim: str, language: str, sources: Sequence[Source]) -> Verdict | Stands:
        verdict = self._checker.check(claim, language, sources)
        self.found.setdefault(claim, verdict)
        return Stands(verdict.nearest) if self._lets_stand and sources else verdict


class Remembering:
    """A model that writes nothing twice: with the check and without it, the same is written."""

    def __init__(self, model: LanguageModel, file: Path) -> None:
        self.abilities, self.count = model.abilities, model.count
        self._model = model
        self._file = file
        lines = file.read_text("utf-8").splitlines() if file.is_file() else []
        self._known: dict[str, tuple[str, float]] = {key: (text, ms) for key, text, ms in map(json.loads, lines)}
        self.saved_ms = 0.0  # that writing again would have taken

    def complete(self, prompt: Prompt, *, limit: int, grammar: str | None = None) -> Reply:
        key = json.dumps([prompt, limit, grammar], ensure_ascii=False)
        if key in self._known:
            self.saved_ms += self._known[key][1]
        else:
            self._known[key] = self._written(prompt, limit, grammar)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, *self._known[key]], ensure_ascii=False) + "\n")
        yield Piece(self._known[key][0])

    def _written(self, prompt: Prompt, limit: int, grammar: str | None) -> tuple[str, float]:
        started = time.perf_counter()
        with closing(self._model.complete(prompt, limit=limit, grammar=grammar)) as pieces:
            text = "".join(piece.text for piece in pieces)
        return text, (time.perf_counter() - started) * 1e3


class Way(NamedTuple):
    """One of the ways to answer, as `rag.evaluation` asks it."""

    name: str
    pipeline: Pipeline
    model: Remembering
    watched: Watched | None

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Mapping[str, Any]:
        """Answer, and tell what was written, what the check said of it, and what writing it again would have taken."""
        found = self.watched.found if self.watched else {}
        found.clear()
        saved = self.model.saved_ms
        answer = self.pipeline.ask(question, history, answerer=self.name)
        return {
            **answer_record(answer),
            "fell_back": any(each.text == nothing_stood(answer.language) for each in answer.statements),
            "sentences": [
                {"text": text, "stands": verdict.is_supported, **verdict._asdict()} for text, verdict in found.items()
            ],
            "saved_ms": self.model.saved_ms - saved,
        }


def ways(folder: Path, documents: Path) -> Iterator[Way]:
    """Yield the ways to answer, over one index and with one model."""
    settings, _ = load_settings()
    settings = session.documents_index(documents, settings)
    build_with_progress(settings)
    encoder = load_encoder(settings)
    answerers = Answerers(settings, encoder)
    model = Remembering(answerers.model(), folder / "written.jsonl")
    watched = {name: Watched(Checker(encoder), lets_stand=name == "unchecked") for name in ("compose", "unchecked")}
    for name, checker in watched.items():
        answerers.put(name, ComposeAnswerer(answerers.get("reader"), checker, model))  # type: ignore[arg-type]
    pipeline = Pipeline(settings, encoder, answerers)
    for name in NAMES:
        yield Way(name, pipeline, model, watched.get(name))


def results(way: Way, questions: Path, limit: int | None, folder: Path) -> list[run.Result]:
    """Return what came of each question; known answers are not asked for again."""
    documents = way.pipeline.index.documents
    lines = session.read(questions, documents)
    count = min(limit or len(lines), len(lines))
    chosen = [lines[number * len(lines) // count].question for number in range(count)]
    journal = run.Journal(folder / f"{way.name}.jsonl")
    found = run.summarise(list(run.evaluate(way, chosen, documents, journal=journal)), {})
    return list(found["questions"])


def row(name: str, found: Sequence[run.Result]) -> list[str]:
    """Return a line of the table: shares in percent with 95 % intervals, times in milliseconds."""
    scores = {key: [each["scores"][key] for each in found] for key in found[0]["scores"]}
    composed = [each for each in found if each["answered"] and name in ("compose", "unchecked")]
    times = [each["scores"]["ms"] + each["saved_ms"] for each in found]
    shown = [sentence["stands"] for each in composed for sentence in each["sentences"]]
    return [
        name,
        share(scores["F1"]),
        share([holds(each) for each in found if each["expected"]["answers"]]),
        share(scores["citation_precision"]),
        share(scores["citation_recall"]),
        share([each["fell_back"] for each in composed]),
        share([not stands for stands in shown] if name == "unchecked" else []),
        *(f"{np.percentile(times, percent):,.0f} ms" for percent in (50, 95)),
    ]


def holds(result: run.Result) -> float:
    """Return the share of the words of an accepted answer that the reply has."""
    said = set(normalise(result["text"]).split()) if result["answered"] else set()
    words = [normalise(answer).split() for answer in result["expected"]["answers"]]
    return max((sum(word in said for word in each) / len(each) for each in words if each), default=0.0)


def share(values: Sequence[float | None]) -> str:
    """Return the mean with its 95 % bootstrap interval and the number of values, in percent."""
    known = np.array([value for value in values if value is not None], float)
    if not len(known):
        return "–"
    drawn = resamples(len(known)) @ known / len(known)
    low, high = np.percentile(drawn[1:], [2.5, 97.5])
    return f"{drawn[0]:.0%} ({low:.0%}–{high:.0%}, n={len(known)})"


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("questions", type=Path, nargs="?", default=ROOT / "evaluation" / "seeds.jsonl")
    options.add_argument("--documents", type=Path, default=SEEDS, metavar="DIR")
    options.add_argument("--work", type=Path, required=True, metavar="DIR", help="keeps what was answered")
    options.add_argument("--limit", type=int, metavar="N", help="so many questions, evenly out of the file")
    options.add_argument("--only", action="append", choices=NAMES, help="this way to answer; may be given again")
    options.add_argument("--struck", action="store_true", help="list what the check struck out, and why")
    given = options.parse_args(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    show_machine()
    found = {
        way.name: results(way, given.questions, given.limit, given.work)
        for way in ways(given.work, given.documents)
        if way.name in (given.only or NAMES)
    }
    show(given.questions.stem, ("", *COLUMNS), [row(name, each) for name, each in found.items()])
    if "compose" in found:
        show_struck(found["compose"], each=given.struck)


def show_struck(found: Sequence[run.Result], *, each: bool) -> None:
    """Say how many sentences were struck out, and by what."""
    sentences = [sentence for result in found for sentence in result["sentences"]]
    why = Counter("stands" if sentence["stands"] else _reason(sentence) for sentence in sentences)
    show("Sentences written", ("", "number"), why.most_common())
    for sentence in sentences if each else ():
        if not sentence["stands"]:
            print(f"{_reason(sentence)}: {', '.join(sentence.get('missing', ()))}: {sentence['text']}")


def _reason(sentence: Mapping[str, Any]) -> str:
    return "a figure, a name or markup is missing" if sentence.get("missing") else "not supported in meaning"


if __name__ == "__main__":
    main()
