"""Fits the confidence of the sentence answerer, and shows what a threshold on it costs.

    python -m benchmarks.calibrate --data DIR [--work DIR]

Logistic regressions tell from one or two numbers how likely the best sentence holds the answer. Their examples are
questions asked of whole sets and of small folders, each with the paragraph that answers in the folder and without.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.common import parser, show, show_machine, write
from benchmarks.reading import SETS, Asked, index_folder, load, workplace, write_folder
from rag import languages, stores
from rag.config import Settings
from rag.encoder import Encoder, Vectors, load_encoder
from rag.figures import Figures
from rag.index import Contents, Generation, Index, Moments
from rag.lexical import LexicalIndex

THRESHOLDS = (0.3, 0.35, 0.4, 0.5)
SMALL_FOLDERS = (4, 8, 16, 40)
NEIGHBOURS, NEIGHBOUR_SHARE = 2, 0.6  # paragraphs of the same article stand side by side in these sets
FOLDS = 10
THIRDS = {"xquad-ru": 0, "xquad-en-ru": 1, "xquad-ru-en": 2}  # one question is asked one way only

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


class Example(NamedTuple):
    """The best sentence for one question in one folder."""

    set: str
    same_language: bool  # question and sentence
    answerable: bool  # the paragraph with the answer is in the folder
    correct: bool  # the sentence holds the answer
    cosine: float
    score: float
    overlap: float


class Query(NamedTuple):
    """A question with its vector."""

    asked: Asked
    vector: Vectors


def subset(index: Index, numbers: Iterable[int]) -> Index:
    """Return the index as if only these documents had been in the folder."""
    contents, kept = index.contents, sorted(numbers)
    rows = np.flatnonzero(np.isin(contents.passages[:, 0], kept))
    ranges = [contents.sentence_range(row) for row in rows.tolist()]
    taken = np.concatenate([np.arange(span.start, span.stop) for span in ranges])
    passages = contents.passages[rows].copy()
    passages[:, 0] = np.searchsorted(kept, passages[:, 0])
    passages[:, 3] = np.cumsum([0, *(span.stop - span.start for span in ranges)])[:-1]
    smaller = Contents(
        tuple(contents.documents[number] for number in kept),
        passages,
        contents.languages[rows],
        contents.sentences[taken],
        contents.sentence_vectors[taken],
    )
    vectors = index.store.vectors(rows)
    texts = [smaller.passage(row) for row in range(len(rows))]
    lexical = LexicalIndex.build([item.text for item in texts], [item.language for item in texts])
    generation = Generation(
        index.folder,
        smaller,
        stores.create_store(vectors),
        Moments.of(vectors, smaller.languages.tolist()),
        Figures.build(smaller.documents, smaller.passages, smaller.languages),
    )
    return Index(generation, lexical)


def folders(
    queries: Sequence[Query], index: Index, random_: random.Random
) -> Iterator[tuple[Iterable[int], list[Query]]]:
    """Yield folders, as numbers of documents, with the questions to ask of each."""
    numbers = {document.id: number for number, document in enumerate(index.contents.documents)}
    everything = range(len(numbers))
    yield everything, list(queries)
    for fold in range(FOLDS):
        left_out = set(everything[fold::FOLDS])
        yield set(everything) - left_out, [query for query in queries if numbers[query.asked.document] in left_out]
    for query in queries:
        home = numbers[query.asked.document]
        near = range(max(0, home - NEIGHBOURS), min(len(numbers), home + NEIGHBOURS + 1))
        folder = set(random_.sample(everything, random_.choice(SMALL_FOLDERS)))
        folder |= {number for number in near if random_.random() < NEIGHBOUR_SHARE}
        yield folder | {home}, [query]
        yield folder - {home}, [query]


def examples(name: str, queries: Sequence[Query], index: Index) -> Iterator[Example]:
    """Yield an example for each question and folder."""
    for numbers, asked in folders(queries, index, random.Random(0)):
        folder = subset(index, numbers)
        for query in asked:
            yield _example(name, query, folder)


def _example(name: str, query: Query, folder: Index) -> Example:
    """Search as the pipeline does, and take the sentence that the answerer would choose."""
    settings = Settings()
    hits = folder.search(query.asked.question, query.vector, settings.hits, lexical_weight=settings.lexical_weight)
    hit, span, score = max(
        (
            (hit, span, score)
            for hit in hits
            for span, score in zip(hit.passage.sentences, hit.sentence_scores, strict=True)
        ),
        key=lambda choice: choice[2].score,
    )
    correct = hit.passage.document_id == query.asked.document and any(
        span.start <= answer.start and answer.end <= span.end for answer in query.asked.answers
    )
    same_language = languages.detect(query.asked.question) == hit.passage.language
    answerable = query.asked.document in folder.documents
    return Example(name, same_language, answerable, correct, score.cosine, score.score, score.overlap)


def collect(data: Path, work: Path, encoder: Encoder) -> list[Example]:
    """Return the examples of all sets."""
    found: list[Example] = []
    for name in SETS:
        documents, asked = load(data, name)
        folder = SETS[name].folder
        write_folder(documents, work / "documents" / folder)
        index = index_folder(work / "documents" / folder, work / "indexes" / folder, encoder)
        asked = asked[THIRDS[name] :: 3] if name in THIRDS else asked
        queries = list(map(Query, asked, encoder.embed_queries([item.question for item in asked])))
        found.extend(examples(name, queries, index))
        print(f"{name}: {len(asked)} questions, {len(found)} examples so far", flush=True)
    return found


class Fit(NamedTuple):
    """Weights of a logistic regression, in the order of its features, and the bias."""

    features: Sequence[str]
    weights: Floats
    bias: float

    def confidence(self, found: Sequence[Example]) -> Floats:
        log_odds = _matrix(found, self.features) @ self.weights + self.bias
        return np.asarray(1 / (1 + np.exp(-log_odds)))


class Calibration(NamedTuple):
    """A fit for sentences in the question's language, and one for those in others."""

    same_language: Fit
    other_language: Fit

    def confidence(self, found: Sequence[Example]) -> Floats:
        same = _column(found, "same_language")
        return np.where(same, self.same_language.confidence(found), self.other_language.confidence(found))


def fit(found: Sequence[Example], cosine: str) -> Calibration:
    """Fit both; `cosine` names the feature that stands for it."""
    same = [example for example in found if example.same_language]
    other = [example for example in found if not example.same_language]
    return Calibration(_fit(same, (cosine, "overlap")), _fit(other, (cosine,)))


def _fit(found: Sequence[Example], features: Sequence[str]) -> Fit:
    """Fit a logistic regression, all but unregularised."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=100, max_iter=5000)
    model.fit(_matrix(found, features), _column(found, "correct"))
    return Fit(features, model.coef_[0], float(model.intercept_[0]))


def _matrix(found: Sequence[Example], features: Sequence[str]) -> Floats:
    return np.array([[getattr(example, name) for name in features] for example in found], np.float64)


def _column(found: Sequence[Example], name: str) -> Bools:
    return np.array([getattr(example, name) for example in found], bool)


def _by_set(found: Sequence[Example]) -> dict[str, list[Example]]:
    return {name: [example for example in found if example.set == name] for name in SETS}


def left_out(found: Sequence[Example], cosine: str) -> dict[str, dict[str, float]]:
    """Judge each set by a fit on the others: AUROC of answerable, AUROC of correct, calibration error."""
    from sklearn.metrics import roc_auc_score

    judged = {}
    for name, members in _by_set(found).items():
        confidence = fit([example for example in found if example.set != name], cosine).confidence(members)
        correct = _column(members, "correct")
        judged[name] = {
            "examples": len(members),
            "AUROC": round(roc_auc_score(_column(members, "answerable"), confidence), 3),
            "AUROC of correct": round(roc_auc_score(correct, confidence), 3),
            "ECE": round(_calibration_error(confidence, correct), 3),
        }
    return judged


def _calibration_error(confidence: Floats, correct: Bools, bins: int = 10) -> float:
    parts = np.array_split(np.argsort(confidence), bins)
    return float(np.mean([abs(confidence[part].mean() - correct[part].mean()) for part in parts]))


def trade_off(found: Sequence[Example], fitted: Calibration) -> dict[str, dict[str, dict[str, float]]]:
    """Return by set and threshold which shares are answered, answered rightly, and rightly declined."""
    return {
        name: {str(threshold): _shares(members, fitted.confidence(members) >= threshold) for threshold in THRESHOLDS}
        for name, members in _by_set(found).items()
    }


def _shares(members: Sequence[Example], answered: Bools) -> dict[str, float]:
    answerable, correct = _column(members, "answerable"), _column(members, "correct")
    return {
        "answered": round(float(answered[answerable].mean()), 3),
        "right where answered": round(float(correct[answerable & answered].mean()), 3),
        "declined": round(float((~answered[~answerable]).mean()), 3),
    }


def _show_fit(title: str, found: Sequence[Example], cosine: str) -> dict[str, Any]:
    fitted, judged = fit(found, cosine), left_out(found, cosine)
    weights = {
        kind: {"bias": part.bias, **dict(zip(part.features, part.weights.tolist(), strict=True))}
        for kind, part in fitted._asdict().items()
    }
    rows = [
        [kind, ", ".join(f"{name} {weight:.3g}" for name, weight in part.items())] for kind, part in weights.items()
    ]
    show(f"{title}: weights", ["sentence in", "weights"], rows)
    columns = list(next(iter(judged.values())))
    rows = [[name, *row.values()] for name, row in judged.items()]
    show(f"{title}: each set judged by a fit on the others", ["set", *columns], rows)
    shares = trade_off(found, fitted)
    show(
        f"{title}: answered (right among them) / declined without the paragraph, in %",
        ["set", *map(str, THRESHOLDS)],
        [[name, *map(_cell, by_threshold.values())] for name, by_threshold in shares.items()],
    )
    return {"weights": weights, "left_out": judged, "thresholds": shares}


def _cell(shares: Mapping[str, float]) -> str:
    answered, right, declined = (100 * share for share in shares.values())
    return f"{answered:.0f} ({right:.0f}) / {declined:.0f}"


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the *.jsonl.gz files")
    arguments.add_argument("--work", type=Path, metavar="DIR", help="keep documents and indexes for later runs there")
    given = arguments.parse_args()
    show_machine()
    with workplace(given.work) as work:
        found = collect(given.data, work, load_encoder(Settings()))
    bundled = _show_fit("Bundled encoder", found, "cosine")
    other = _show_fit("Other encoders", found, "score")
    write(given.json, {"bundled": bundled, "other": other})


if __name__ == "__main__":
    main()
