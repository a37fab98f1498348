"""Measures a reader on gold paragraphs, and how well it tells them from those that do not answer the question.

    python -m training.evaluate --data DIR (--work DIR [--last] | --weights FILE) [--limit N] [--answers-only]

EM and F1 are of the best span, whatever the reader thinks of its being there. AUROC is of the lead of the best span
over «no answer», and of the answerability logit, each for the right paragraph against three others: a random one of
the set, the nearest wrong one by BM25, and the right paragraph asked an exchanged question.
"""

from __future__ import annotations

import argparse
import math
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import numpy as np

from rag.config import load_settings
from rag.evaluation.aggregates import auroc
from rag.evaluation.measures import exact_match, f1
from rag.models import PACKED_SHA256, bundled_tokenizer, packed_model
from training import checkpoints
from training.data import Collection, Pair, dev_sets, held_out_sets, pair
from training.entities import holds_any
from training.examples import parser
from training.exchange import EXCHANGED, exchanged
from training.export import load
from training.inputs import Composer
from training.model import Reader, from_trunk
from training.reading import Paragraphs, Reading, Task

DEV = ("tydiqa-ru", "tydiqa-en", "norquad")
HELD_OUT = (("ru", "ru"), ("en", "en"), ("en", "ru"), ("ru", "en"), ("zh", "zh"))  # languages of question, paragraph


Maker = Callable[[Pair, Random], Task | None]


class Result(NamedTuple):
    """What one set gives, in per cent; AUROC as (lead, answerability) by kind of wrong pair."""

    name: str
    questions: int
    exact_match: float
    f1: float
    auroc: dict[str, tuple[float, float]]


def right(asked: Pair, _rng: Random) -> Task:
    """Return the question with its own paragraph."""
    return _task(asked, asked.asked.question, asked.read_in.paragraphs[asked.read.paragraph].text)


def random_other(asked: Pair, rng: Random) -> Task | None:
    """Return the question with a random other paragraph without the answer's text."""
    numbers = rng.sample(range(len(asked.read_in.paragraphs)), min(20, len(asked.read_in.paragraphs)))
    return _first(asked, numbers)


def nearest(asked: Pair, _rng: Random) -> Task | None:
    """Return the question with the wrong paragraph that BM25 ranks highest."""
    return _first(asked, asked.near())


def changed(asked: Pair, rng: Random) -> Task | None:
    """Return an exchanged question with the paragraph that answered it before."""
    draft = exchanged(asked, rng)
    return draft and _task(asked, draft.question, draft.text)


def _first(asked: Pair, numbers: Sequence[int]) -> Task | None:
    texts = [asked.read_in.paragraphs[number].text for number in numbers if number != asked.read.paragraph]
    text = next((text for text in texts if not holds_any(text, asked.answers)), None)
    return None if text is None else _task(asked, asked.asked.question, text)


def _task(asked: Pair, question: str, text: str) -> Task:
    return Task(question, text, asked.asked_in.language, asked.read_in.language)


WRONG: Mapping[str, Maker] = {
    "random": random_other,
    "nearest": nearest,
    EXCHANGED: changed,
}


def evaluate(
    name: str, asked: Sequence[Pair], read: Callable[[Sequence[Task]], list[Reading]], wrong: Mapping[str, Maker]
) -> Result:
    """Measure a reader on one set; `wrong` makes the pairs without an answer that it is to tell from the others."""
    rng = Random(name)
    readings = read([right(one, rng) for one in asked])
    accepted = [one.read_in.answers(one.read) for one in asked]
    pairs = list(zip(readings, accepted, strict=True))
    separations = {}
    for kind, make in wrong.items():
        tasks = [task for task in (make(one, rng) for one in asked) if task]
        separations[kind] = _separation(readings, read(tasks) if tasks else [])
    return Result(
        name,
        len(asked),
        100 * sum(exact_match(reading.answer, answers) for reading, answers in pairs) / len(pairs),
        100 * sum(f1(reading.answer, answers) for reading, answers in pairs) / len(pairs),
        separations,
    )


def _separation(right: Sequence[Reading], wrong: Sequence[Reading]) -> tuple[float, float]:
    """Return the AUROC of lead and answerability, NaN where there is nothing to tell apart."""
    if not wrong:
        return math.nan, math.nan
    both = [*right, *wrong]
    has_answer = np.array([1.0] * len(right) + [0.0] * len(wrong))
    once = np.ones((1, len(both)))
    scores = np.array([(reading.lead, reading.answerable) for reading in both]).T
    lead, answerable = (float(auroc({"confidence": score, "has_answer": has_answer}, once)[0]) for score in scores)
    return lead, answerable


def evaluation_sets(data: Path, hold_out_articles: int, limit: int | None) -> dict[str, list[Pair]]:
    """Return the pairs of each set: `limit` drawn at random, the same for every reader."""
    dev = dev_sets(data)
    held = held_out_sets(data, hold_out_articles) if hold_out_articles else {}
    named = {name: _pairs(dev, name, name) for name in DEV}
    if held:
        named |= {f"xquad {a}→{b}": _pairs(held, f"xquad-{a}", f"xquad-{b}") for a, b in HELD_OUT}
    return {name: Random(name).sample(pairs, min(limit or len(pairs), len(pairs))) for name, pairs in named.items()}


def _pairs(sets: dict[str, Collection], asked_in: str, read_in: str) -> list[Pair]:
    return [pair(sets, asked_in, read_in, row.id) for row in sets[read_in].rows]


def _reader(arguments: argparse.Namespace) -> Reader:
    """Load the reader that the arguments name."""
    if arguments.weights:
        weights, metadata = load(arguments.weights)
        trunk = metadata["trunk"]
    else:
        group = "weights" if arguments.last else "average"
        checkpoint = checkpoints.load(arguments.work, group)
        weights, trunk = checkpoint.groups[group], checkpoint.recipe["trunk"]
        if checkpoint.recipe["hold_out_articles"] != arguments.hold_out_articles:
            raise SystemExit(
                f"trained with --hold-out-articles {checkpoint.recipe['hold_out_articles']}: give the same"
            )
    if trunk != PACKED_SHA256:
        raise SystemExit(f"these weights belong to another trunk: {trunk}")
    reader = from_trunk(packed_model(), seed=0, drop=0.0)
    reader.load_state_dict(weights)
    return reader


def _line(result: Result) -> str:
    separations = "".join(f" | {lead:.3f} / {answerable:.3f}" for lead, answerable in result.auroc.values())
    return f"| {result.name} | {result.questions} | {result.exact_match:.1f} | {result.f1:.1f}{separations} |"


def main() -> None:
    options = parser(__doc__)
    source = options.add_mutually_exclusive_group(required=True)
    source.add_argument("--work", type=Path, metavar="DIR", help="folder of the checkpoint")
    source.add_argument("--weights", type=Path, metavar="FILE", help="weights that training.export wrote")
    options.add_argument("--last", action="store_true", help="take the last weights rather than their average")
    options.add_argument("--limit", type=int, metavar="N", help="questions of each set")
    options.add_argument("--answers-only", action="store_true", help="EM and F1 without AUROC: a quarter of the time")
    arguments = options.parse_args()
    paragraphs = Paragraphs(
        _reader(arguments), Composer(bundled_tokenizer(load_settings()[0])), packed_model().word_vectors
    )

    wrong = {} if arguments.answers_only else WRONG
    print("|", " | ".join(["set", "questions", "EM", "F1", *(f"AUROC {kind}" for kind in wrong)]), "|")
    print("| --- " * (4 + len(wrong)) + "|")
    for name, pairs in evaluation_sets(arguments.data, arguments.hold_out_articles, arguments.limit).items():
        print(_line(evaluate(name, pairs, paragraphs.read, wrong)), flush=True)


if __name__ == "__main__":
    main()
