"""The key points of a document, or of everything on a topic: whole sentences, verbatim and cited, without any model.

A choice is as good as it covers the text: each sentence counts by how near the nearest chosen one is to it. So what
much of the text is about comes first, and what has been said already adds nothing. Choosing the sentence that adds
most, again and again, reaches at least 63 % of the best possible cover (Nemhauser et al. 1978; for summaries, Lin and
Bilmes 2011).
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz import process

from rag import citations
from rag.encoder import Vectors
from rag.errors import QuestionError
from rag.index import Index
from rag.types import Citation, Document, Span

FEWEST, MOST = 3, 10  # points of a brief, unless so many are asked for
PASSAGES = 40  # that are looked at for a topic
LEAST = 2.0  # standard deviations by which a sentence on a topic is nearer to it than any text is
WORDS = 5  # a shorter sentence, as a heading or a caption, is no point
CANDIDATES, COVERED = 400, 4000  # sentences of a very long text that may be chosen, and that count
_WORD = re.compile(r"\w+")
_HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff]")


class Point(NamedTuple):
    """A sentence of a brief, and the share of the text that it covers beyond those chosen before it."""

    citation: Citation
    document: Document
    share: float


class Told(NamedTuple):
    """A point as a language model says it; where that does not stand, only the point itself is said."""

    point: Point
    text: str  # "" where nothing was written
    stands: bool


class _Sentences(NamedTuple):
    """What a brief is made of: places, vectors (sentences, dimension) and how much each counts."""

    documents: Sequence[Document]
    spans: Sequence[Span]
    vectors: Vectors
    weights: npt.NDArray[np.float32]


def of_document(index: Index, name: str, points: int | None = None) -> list[Point]:
    """Return the key points of a document in their order. Raises QuestionError when there is no such document."""
    name = unicodedata.normalize("NFC", name)  # as ids are; some systems complete names otherwise
    document = index.documents.get(name)
    if document is None:
        near = [found for found, *_ in process.extract(name, list(index.documents), limit=3)]
        raise QuestionError(f"no document {name!r} is indexed; the nearest names are: {', '.join(near)}")
    rows = _rows(index, {name})
    spans = sorted(span for _, span in rows)
    vectors = index.contents.sentence_vectors[[rows[name, span] for span in spans]].astype(np.float32)
    weights = np.array([span.end - span.start for span in spans], np.float32)
    return sorted(_brief(_Sentences([document] * len(spans), spans, vectors, weights), points), key=_place)


def on_topic(
    index: Index, words: str, query: Vectors, points: int | None = None, *, lexical_weight: float
) -> list[Point]:
    """Return the key points of everything on a topic, given the words and their vector; newest documents first."""
    hits = index.search(words, query, PASSAGES, lexical_weight=lexical_weight)
    scores: dict[tuple[str, Span], float] = {}
    for hit in hits:
        for span, score in zip(hit.passage.sentences, hit.sentence_scores, strict=True):
            scores[hit.passage.document_id, span] = score.score
    least = max(LEAST, max(scores.values(), default=0) / 2)
    chosen = {place: score - least for place, score in scores.items() if score >= least}
    if not chosen:
        return []
    rows = _rows(index, {document for document, _ in chosen})
    documents = [index.documents[document] for document, _ in chosen]
    vectors = index.contents.sentence_vectors[[rows[place] for place in chosen]].astype(np.float32)
    weights = np.array(list(chosen.values()), np.float32) + 0.1
    found = _brief(_Sentences(documents, [span for _, span in chosen], vectors, weights), points)
    return sorted(found, key=lambda point: (_age(point.document), *_place(point)))


def _rows(index: Index, names: set[str]) -> dict[tuple[str, Span], int]:
    """Return the row of each sentence of some documents; overlapping passages have some in common."""
    contents = index.contents
    numbers = [number for number, document in enumerate(contents.documents) if document.id in names]
    rows: dict[tuple[str, Span], int] = {}
    for row in np.flatnonzero(np.isin(contents.passages[:, 0], numbers)).tolist():
        where = contents.sentence_range(row)
        name = contents.documents[int(contents.passages[row, 0])].id
        for number, span in enumerate(contents.sentences[where].tolist(), where.start):
            rows.setdefault((name, Span(*span)), number)
    return rows


def _brief(sentences: _Sentences, points: int | None) -> list[Point]:
    """Return the sentences that cover all of them best, in the order in which they were chosen."""
    allowed = [place for place in range(len(sentences.spans)) if _is_point(_text(sentences, place))]
    if not allowed:
        return []
    wanted = points or min(MOST, max(FEWEST, round(math.sqrt(len(sentences.spans) / 2))))
    languages = [document.language for document in sentences.documents]
    vectors = _centred(sentences.vectors, languages)
    covered = np.linspace(0, len(vectors) - 1, min(COVERED, len(vectors))).astype(int)
    candidates = _most_central(vectors, sentences.weights, allowed)
    near = np.clip(vectors[candidates] @ vectors[covered].T, 0, None)
    weights = sentences.weights[covered] / sentences.weights[covered].sum()
    return [
        Point(
            citations.verify(
                citations.cite(sentences.documents[place], sentences.spans[place]), sentences.documents[place]
            ),
            sentences.documents[place],
            share,
        )
        for place, share in ((candidates[number], share) for number, share in cover(near, weights, wanted))
    ]


def cover(near: Vectors, weights: npt.NDArray[np.float32], wanted: int) -> Iterator[tuple[int, float]]:
    """Yield rows of `near` (candidates, covered), each that which adds most to the cover, with what it adds."""
    reached = np.zeros(near.shape[1], np.float32)
    for _ in range(min(wanted, len(near))):
        gains = np.clip(near - reached, 0, None) @ weights
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            return
        yield best, float(gains[best])
        reached = np.maximum(reached, near[best])


def _centred(vectors: Vectors, languages: Sequence[str]) -> Vectors:
    """Take off what all sentences of a language have in common, or an encoder finds all of them alike."""
    centred = np.array(vectors)
    names = np.array(languages)
    for language in set(languages):
        own = names == language
        if own.sum() > 1:
            centred[own] -= centred[own].mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(lengths, 1e-6), np.float32)


def _most_central(vectors: Vectors, weights: npt.NDArray[np.float32], allowed: Sequence[int]) -> list[int]:
    """Return the sentences that may be chosen, of very many those nearest to the whole."""
    if len(allowed) <= CANDIDATES:
        return list(allowed)
    nearness = vectors[allowed] @ (weights @ vectors)
    best = np.sort(np.argpartition(-nearness, CANDIDATES)[:CANDIDATES])
    return [allowed[place] for place in best.tolist()]


def _text(sentences: _Sentences, place: int) -> str:
    start, end = sentences.spans[place]
    return sentences.documents[place].text[start:end]


def _is_point(text: str) -> bool:
    """Tell a statement from headings, captions, rows of tables and questions."""
    words = _HAN.findall(text) or _WORD.findall(text)
    return len(words) >= WORDS and text.rstrip()[-1:] not in "?？:|" and "\n\n" not in text.strip()


def _place(point: Point) -> tuple[str, int]:
    return point.document.id, point.citation.start


def _age(document: Document) -> int:
    """Order newer documents first and undated ones last."""
    return -document.date.toordinal() if document.date else 1
