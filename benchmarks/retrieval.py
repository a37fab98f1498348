"""Success@1 and @5 of dense, BM25 and fused retrieval on reading-comprehension sets, through the index as it is.

    python -m benchmarks.retrieval --data DIR [--sets NAME ...] [--work DIR]

Every context is a document. A hit is relevant when it covers at least half the characters of the sentence in which
the answer begins. Each set is asked in a folder of its own, and then in one that holds the documents of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import parser, show, show_machine, write
from benchmarks.reading import SETS, Asked, Remembering, evidence, index_folder, load, workplace, write_folder
from rag.config import Settings
from rag.encoder import Encoder, Vectors, load_encoder
from rag.index import Index
from rag.lexical import LexicalIndex
from rag.types import Passage, Span

DEPTH = 5
# The English XQuAD says what the Russian one says: one folder with both would have two right answers to a question.
DEFAULT_SETS = [name for name in SETS if name != "xquad-ru-en"]
WAYS = ("dense", "dense with best sentence", "BM25", "fused")


class Found(NamedTuple):
    """Ranks of the first relevant passage, from 0, for each question; DEPTH where there is none."""

    ranks: list[int]

    def success(self, k: int) -> float:
        return 100 * sum(rank < k for rank in self.ranks) / len(self.ranks)

    def __str__(self) -> str:
        return f"{self.success(1):.1f} / {self.success(DEPTH):.1f}"


class Rankings:
    """The ways to rank the passages of one index."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._passages = [index.contents.passage(row) for row in range(len(index.contents.passages))]
        texts, languages = [item.text for item in self._passages], [item.language for item in self._passages]
        self._lexical = LexicalIndex.build(texts, languages)

    def rank(self, question: str, query: Vectors) -> dict[str, list[Passage]]:
        """Return the best passages by each way."""
        scores = self._lexical.score(question).scores
        best = [row for row in np.argsort(-scores, kind="stable")[:DEPTH].tolist() if scores[row]]
        nearest = self._index.store.search(query, DEPTH).rows.tolist()
        rankings = (
            [self._passages[row] for row in nearest],
            self._search(question, query, 0),
            [self._passages[row] for row in best],
            self._search(question, query, Settings().lexical_weight),
        )
        return dict(zip(WAYS, rankings, strict=True))

    def _search(self, question: str, query: Vectors, lexical_weight: float) -> list[Passage]:
        return [hit.passage for hit in self._index.search(question, query, DEPTH, lexical_weight=lexical_weight)]


def measure(index: Index, prefix: str, asked: Sequence[Asked], queries: Vectors) -> dict[str, Found]:
    """Ask all questions of a set, whose documents stand below `prefix`."""
    rankings = Rankings(index)
    ranks: dict[str, list[int]] = {way: [] for way in WAYS}
    for item, query in zip(asked, queries, strict=True):
        document = index.documents[prefix + item.document]
        wanted = evidence(document, item.answers)
        for way, passages in rankings.rank(item.question, query).items():
            ranks[way].append(_first(passages, lambda passage: _is_relevant(passage, document.id, wanted)))  # noqa: B023
    return {way: Found(found) for way, found in ranks.items()}


def _first(passages: Iterable[Passage], is_relevant: Callable[[Passage], bool]) -> int:
    return next((rank for rank, passage in enumerate(passages) if is_relevant(passage)), DEPTH)


def _is_relevant(passage: Passage, document: str, wanted: Iterable[Span]) -> bool:
    return passage.document_id == document and any(
        2 * (min(passage.end, span.end) - max(passage.start, span.start)) >= span.end - span.start for span in wanted
    )


def run(data: Path, names: Sequence[str], work: Path, encoder: Encoder) -> dict[str, dict[str, dict[str, Found]]]:
    """Measure every set in a folder of its own and in one folder with all others."""
    questions, queries = {}, {}
    for name in names:
        documents, questions[name] = load(data, name)
        write_folder(documents, work / "documents" / SETS[name].folder)
        queries[name] = encoder.embed_queries([item.question for item in questions[name]])
    alone = {}
    for name in names:
        folder = SETS[name].folder
        index = index_folder(work / "documents" / folder, work / "indexes" / folder, encoder)
        alone[name] = measure(index, "", questions[name], queries[name])
    index = index_folder(work / "documents", work / "indexes" / "all", encoder)
    mixed = {name: measure(index, f"{SETS[name].folder}/", questions[name], queries[name]) for name in names}
    return {"alone": alone, "mixed": mixed}


def _table(title: str, results: Mapping[str, Mapping[str, Found]]) -> None:
    rows = [[name, len(by_way["fused"].ranks), *map(str, by_way.values())] for name, by_way in results.items()]
    show(title, ["set", "questions", *WAYS], rows)


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the *.jsonl.gz files")
    arguments.add_argument("--sets", nargs="+", choices=list(SETS), default=DEFAULT_SETS)
    arguments.add_argument("--work", type=Path, metavar="DIR", help="keep documents and indexes for the next run there")
    given = arguments.parse_args()
    show_machine()
    with workplace(given.work) as work:
        results = run(given.data, given.sets, work, Remembering(load_encoder(Settings())))
    _table("Success@1 / Success@5, each set in a folder of its own", results["alone"])
    _table("Success@1 / Success@5, all sets in one folder", results["mixed"])
    scores = {
        where: {
            name: {way: {"Success@1": found.success(1), "Success@5": found.success(5)} for way, found in ways.items()}
            for name, ways in by_set.items()
        }
        for where, by_set in results.items()
    }
    write(given.json, {"settings": Settings().model_dump(mode="json", exclude={"documents", "index"}), **scores})


if __name__ == "__main__":
    main()
