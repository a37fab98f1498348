"""Fits how the answerer orders spans and how sure it is of the best, from what the reader and the search say of them.

    python -m training.calibrate --data DIR [--hold-out-articles 6] [--limit N]

Questions are put to folders, as users do: those of the XQuAD articles held out of training, in the languages below, to
all paragraphs of a language, and to those of their article alone, a third left out; and those of TyDi QA's English dev
part to that, a sixth left out. Half of XQuAD's questions are asked a second time about something else (`exchange`),
which no paragraph answers. Nothing else is chosen on these questions. Prints the constants of rag/answerers/reader.py.
"""

from __future__ import annotations

import json
import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from rag import generations, languages
from rag.answerers import Question
from rag.answerers.reader import Choice, Features, ReaderAnswerer, share_of_first
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.evaluation.measures import f1
from rag.index import Index
from training.data import Collection, Pair, dev_sets, held_out_sets, pair, training_sets
from training.examples import parser
from training.exchange import exchanged

ASKED_IN = {"ru": ("ru", "en"), "en": ("en", "ru")}  # by the language of the paragraphs
RIGHT = 0.5  # F1
# What adds nothing is left out: the lead says what the window's logit says, which knows better what is not there.
ORDERED_BY = ("lead", "sentence", "passage", "other", "year")
SURE_BY = ("answerable", "sentence", "absent", "other", "year")
# Fitted freely it is 3.4. That knows best which first spans are right, but takes from telling whether there is an
# answer at all (AUROC 0.902 to 0.888, one folder at a time left out); this takes nothing.
SHARE = 1.0
_DECAY = 0.01  # of the weights that order spans, which are few: against chance only

Floats = npt.NDArray[np.float64]


class Case(NamedTuple):
    """A question, and the answers that the folder holds."""

    question: str
    answers: Sequence[str]


class Found(NamedTuple):
    """The spans found for a question, in any order, and which of them are right."""

    choices: Sequence[Choice]
    right: Sequence[bool]
    has_answer: bool


class Folder(NamedTuple):
    """Documents to be asked, and what they are asked."""

    name: str
    texts: Sequence[str]
    cases: Sequence[Case]


def folders(data: Path, hold_out_articles: int) -> Iterator[Folder]:
    """Yield what is asked of what: whole sets, and single articles, where all that is near is on the topic."""
    held, rest = held_out_sets(data, hold_out_articles), training_sets(data, hold_out_articles)
    for read_in, questions_in in ASKED_IN.items():
        name = f"xquad-{read_in}"
        own = [paragraph.text for paragraph in held[name].paragraphs]
        absent = set(own[::3])
        others = [paragraph.text for paragraph in rest[name].paragraphs]
        asked = {
            asked_in: [pair(held, f"xquad-{asked_in}", name, row.id) for row in held[name].rows]
            for asked_in in questions_in
        }
        cases = [case for language, pairs in asked.items() for case in _cases(pairs, absent, Random(language))]
        yield Folder(name, _without(own + others, absent), cases)
        for number, article in enumerate(sorted({paragraph.article for paragraph in held[name].paragraphs})):
            yield _article(name, number, article, held, asked)
    yield _english(dev_sets(data)["tydiqa-en"])


def _article(
    name: str, number: int, article: str, held: Mapping[str, Collection], asked: Mapping[str, Sequence[Pair]]
) -> Folder:
    """Return the paragraphs of one article, but for one in three, and all questions on it."""
    texts = [paragraph.text for paragraph in held[name].paragraphs if paragraph.article == article]
    absent = set(texts[number % 3 :: 3])
    cases = [
        case
        for language, pairs in asked.items()
        for case in _cases(
            [one for one in pairs if one.read_in.paragraphs[one.read.paragraph].article == article],
            absent,
            Random(f"{language}/{article}"),
        )
    ]
    return Folder(f"{name}-article-{number}", _without(texts, absent), cases)


def _english(tydiqa: Collection) -> Folder:
    texts = [paragraph.text for paragraph in tydiqa.paragraphs]
    absent = set(texts[::6])
    cases = [Case(row.question, [] if texts[row.paragraph] in absent else tydiqa.answers(row)) for row in tydiqa.rows]
    return Folder(tydiqa.name, _without(texts, absent), cases)


def _cases(pairs: Sequence[Pair], absent: set[str], rng: Random) -> Iterator[Case]:
    """Yield each question as it is, and half of them about something else."""
    for one in pairs:
        text = one.read_in.paragraphs[one.read.paragraph].text
        yield Case(one.asked.question, [] if text in absent else one.read_in.answers(one.read))
        draft = exchanged(one, rng) if rng.random() < 0.5 else None
        if draft:
            yield Case(draft.question, [])


def _without(texts: Sequence[str], absent: set[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text not in absent]


def ask(folder: Folder, work: Path, encoder: Encoder, answerer: ReaderAnswerer) -> Iterator[Found]:
    """Index the folder, and yield what is found for each question, as the pipeline searches."""
    work.mkdir()
    for number, text in enumerate(folder.texts):
        (work / f"{number:04}.txt").write_text(text, "utf-8")
    settings = Settings(documents=work, index=work.with_suffix(".index"))
    build_index(work, settings, lambda: encoder)
    index = Index.load(generations.current_generation(settings.index), settings)
    for case in folder.cases:
        query = encoder.embed_queries([case.question])[0]
        hits = index.search(case.question, query, settings.hits, lexical_weight=settings.lexical_weight)
        question = Question(case.question, languages.detect(case.question, index.languages))
        choices = answerer.choices(question, hits, index.documents)
        if choices:
            right = [bool(case.answers) and f1(choice.text, case.answers) >= RIGHT for choice in choices]
            yield Found(choices, right, bool(case.answers))


def fit_order(found: Sequence[Found]) -> Features:
    """Return the weights under which the right spans of a question have the highest probability (softmax)."""
    groups = [
        (np.array([_some(choice.features, ORDERED_BY) for choice in one.choices]), np.array(one.right))
        for one in found
        if any(one.right)
    ]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = _DECAY * float(weights @ weights), 2 * _DECAY * weights
        for features, right in groups:
            logits = features @ weights
            all_of_them = np.exp(logits - logits.max())
            shares, wanted = all_of_them / all_of_them.sum(), all_of_them * right / (all_of_them * right).sum()
            total -= float(np.log(shares[right].sum())) / len(groups)
            slope = slope + features.T @ (shares - wanted) / len(groups)
        return total, slope

    return _weights(ORDERED_BY, minimize(loss, np.zeros(len(ORDERED_BY)), jac=True).x)


def fit_confidence(found: Sequence[Found], order: Features) -> tuple[float, Features]:
    """Fit the log-odds that the first span is right: bias and weights."""
    firsts = [_first(one, order) for one in found]
    features = np.array([[*_some(first, SURE_BY), 1.0] for first, _ in firsts])
    given = SHARE * np.array([first.share for first, _ in firsts])
    right = np.array([is_right for _, is_right in firsts], float)

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits, kept = features @ weights + given, weights * ([*[1.0] * len(SURE_BY), 0.0])
        total = float((np.logaddexp(0, logits) - right * logits).sum() + kept @ kept / 2)
        return total, features.T @ (1 / (1 + np.exp(-logits)) - right) + kept

    *weights, bias = minimize(loss, np.zeros(len(SURE_BY) + 1), jac=True).x
    return float(bias), _weights(SURE_BY, np.array(weights))._replace(share=SHARE)


def _first(one: Found, order: Features) -> tuple[Features, bool]:
    """Return the first span of a question under an order, and whether it is right."""
    scored = [(choice.features.weighed(order), choice, right) for choice, right in zip(*one[:2], strict=True)]
    scored.sort(key=lambda each: -each[0])
    _, first, is_right = scored[0]
    share = share_of_first([choice for _, choice, _ in scored], [score for score, _, _ in scored])
    return first.features._replace(share=share), is_right


def _some(features: Features, names: Sequence[str]) -> list[float]:
    return [getattr(features, name) for name in names]


def _weights(names: Sequence[str], values: Floats) -> Features:
    """Return weights with zeros for what is not used."""
    nothing = Features(*[0.0] * len(Features._fields))
    return nothing._replace(**{name: round(float(value), 3) for name, value in zip(names, values, strict=True)})


def _record(one: Found) -> dict[str, object]:
    choices = [
        {**choice.features._asdict(), "text": choice.text, "right": right}
        for choice, right in zip(one.choices, one.right, strict=True)
    ]
    return {"has_answer": one.has_answer, "choices": choices}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--limit", type=int, metavar="N", help="questions of each folder, of an article a quarter")
    options.add_argument("--features", type=Path, metavar="FILE", help="write there what is fitted to")
    arguments = options.parse_args()
    encoder, answerer = load_encoder(Settings()), ReaderAnswerer(Settings())
    found: list[Found] = []
    with TemporaryDirectory() as work:
        for folder in folders(arguments.data, arguments.hold_out_articles):
            limit = (arguments.limit or 10**9) // (4 if "article" in folder.name else 1)
            cases = Random(folder.name).sample(folder.cases, min(limit, len(folder.cases)))
            made = list(ask(folder._replace(cases=cases), Path(work) / folder.name, encoder, answerer))
            found += made
            answerable = [one for one in made if one.has_answer]
            print(f"{folder.name}: {len(made)} questions, {len(answerable)} with an answer, ", end="")
            print(f"found in {sum(any(one.right) for one in answerable)}", flush=True)
    if arguments.features:
        arguments.features.write_text("".join(f"{json.dumps(_record(one))}\n" for one in found), "utf-8")
    order = fit_order(found)
    bias, weights = fit_confidence(found, order)
    print("_ORDER =", order)
    print(f"_BIAS, _CONFIDENCE = {bias:.3f}, {weights}")


if __name__ == "__main__":
    main()
