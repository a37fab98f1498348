"""The index: passages of all documents, searched by meaning, by words and by figures.

A generation holds the documents' texts, the spans of passages and sentences, the vectors of both, the word index and
the figures, with the settings they were made by and a hash of every file; and by what the next build knows the files
again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple, overload

import numpy as np
import numpy.typing as npt

from rag import __version__, figures, generations, stores
from rag.config import Settings
from rag.encoder import Vectors
from rag.errors import DamagedIndex, IncompatibleIndex
from rag.facts import Fact, inside
from rag.figures import Figures
from rag.languages import detect
from rag.lexical import LexicalIndex, LexicalScores, Taken
from rag.models import model_name, sha256_of
from rag.passages import context_of
from rag.types import Document, Hit, Passage, Place, SentenceScore, Span

FORMAT = 16  # raise it whenever a file of a generation, the making of passages or that of vectors changes
POOL = 200  # candidates from each side that fusion looks at
# Chosen on dev sets (docs/retrieval.md); the numbers around them do about as well.
SENTENCE_WEIGHT = 1.0  # of the best sentence's cosine beside the passage's
OVERLAP_WEIGHT = 2.0  # of the question's terms in a sentence beside its standardised cosine
FIGURE_WEIGHT = 1.0  # of the question's figures in a passage, in whatever form; in a sentence they count as its terms
LEAST_SPREAD = 0.005  # of cosines: few or equal passages have hardly any, and differences would count for too much
FEW_PASSAGES = 20  # a language's offset is believed by half when it has so many passages
STEPS = 2**20  # from 0 to 1, to which the components of unit vectors are rounded where sums have to be exact
EXACT_ROWS = 4096  # whose products together stay below 2⁵³, up to which float64 has every whole number
NOISE = 0.2  # any passage has about so much of a question: common words, or in another language names and numbers
_MANIFEST, _DOCUMENTS, _PASSAGES, _SENTENCES = "manifest.json", "documents.jsonl", "passages.npy", "sentences.npy"
_LANGUAGES, _SENTENCE_VECTORS, _MOMENTS = "languages.npy", "sentence_vectors.npy", "moments.npz"
_LEXICAL, _FIGURES, _TRACES = "lexical", "figures", "traces.npz"
_LAYOUT = {_DOCUMENTS, _PASSAGES, _SENTENCES, _LANGUAGES}
_SHA256 = re.compile(rb'"sha256": "([0-9a-f]{64})"')  # in a line of a document; quotes within its values are escaped


Products = npt.NDArray[np.int64]  # (dimension, dimension): sums over all passages, as whole numbers


class Recipe(NamedTuple):
    """What decides the content of an index beside the documents; compared on load."""

    format: int
    encoder: str
    passage_tokens: int
    passage_overlap: int


def recipe(settings: Settings) -> Recipe:
    return Recipe(FORMAT, model_name(settings), *settings.passage_size)


class Moments(NamedTuple):
    """What is needed to standardise a question's scores without scoring every passage."""

    mean: Vectors  # (dimension,), of all passage vectors
    covariance: Vectors  # (dimension, dimension)
    products: Products
    languages: npt.NDArray[np.str_]
    offsets: Vectors  # (languages, dimension): how far the mean of a language's passages lies from that of all

    def towards(self, query: Vectors) -> Expected:
        """Return what inner products with `query` are like over all passages.

        An encoder puts passages in the question's language nearer than those in others. That much is taken off, by the
        language of each score, or the answer in another language would stand behind anything in the question's own.
        """
        spread = max(math.sqrt(max(float(query @ self.covariance @ query), 0)), LEAST_SPREAD)
        means = float(query @ self.mean) + self.offsets @ query
        return Expected(dict(zip(self.languages.tolist(), means.tolist(), strict=True)), spread)

    @classmethod
    def of(cls, vectors: Vectors, languages: Sequence[str], products: Products | None = None) -> Moments:
        """Compute them from all passages and their languages; few passages say little of a language."""
        products = products_of(vectors) if products is None else products
        mean = vectors.mean(axis=0, dtype=np.float64)
        covariance = products / (STEPS**2 * len(vectors)) - np.outer(mean, mean)
        names, group = np.unique(np.array(languages), return_inverse=True)
        counts = np.bincount(group)[:, None]
        sums = np.eye(len(names), dtype=np.float32)[group].T @ vectors
        offsets = (sums - counts * mean) / (counts + FEW_PASSAGES)
        return cls(mean.astype(np.float32), covariance.astype(np.float32), products, names, offsets.astype(np.float32))


def products_of(vectors: Vectors) -> Products:
    """Return the sums of the products of components, by pairs of these.

    Components are rounded to whole numbers of steps. So sums are exact, whatever their order: a later build goes on
    from them, and comes to the same as one that begins with nothing.
    """
    total = np.zeros((vectors.shape[1],) * 2, np.int64)
    for first in range(0, len(vectors), EXACT_ROWS):
        steps = np.rint(vectors[first : first + EXACT_ROWS].astype(np.float64) * STEPS)
        total += (steps.T @ steps).astype(np.int64)
    return total


class Expected(NamedTuple):
    """Mean, by language, and standard deviation of the inner products of one question with all passages."""

    means: Mapping[str, float]
    spread: float

    def standardise(self, scores: Vectors, languages: Sequence[str]) -> Vectors:
        """Return z-scores of inner products with passages (or sentences) in these languages."""
        means = np.array([self.means[language] for language in languages], np.float32)
        return np.asarray((scores - means) / self.spread, np.float32)


class Filters(NamedTuple):
    """Which passages a search may find; None and empty mean all."""

    document: str | None = None  # glob over document ids
    language: str | None = None  # of the passage
    since: dt.date | None = None  # documents without a date never match a range
    until: dt.date | None = None
    author: str | None = None  # words of the author's name, in any case
    tag: str | None = None  # in any case

    def match(self, document: Document) -> bool:
        """Tell whether passages of a document may be found, whatever their languages."""
        dated = self.since is None and self.until is None
        if document.date is not None:
            dated = (self.since or document.date) <= document.date <= (self.until or document.date)
        words = (self.author or "").casefold().split()
        return (
            dated
            and (self.document is None or fnmatchcase(document.id, self.document))
            and all(word in document.author.casefold() for word in words)
            and (self.tag is None or self.tag.casefold() in map(str.casefold, document.tags))
        )


@dataclass(frozen=True, slots=True)
class Layout:
    """Documents, and where their passages and sentences lie, as arrays."""

    documents: tuple[Document, ...]
    passages: npt.NDArray[np.int32]  # (passages, 4): document, start, end, first sentence
    languages: npt.NDArray[np.str_]  # (passages,): their own, which need not be their documents'
    sentences: npt.NDArray[np.int32]  # (sentences, 2): start, end

    def sentence_range(self, row: int) -> slice:
        last = self.passages[row + 1, 3] if row + 1 < len(self.passages) else len(self.sentences)
        return slice(int(self.passages[row, 3]), int(last))

    def sentences_by_document(self) -> dict[str, list[Span]]:
        """Return the sentences of each document in their order; overlapping passages have some in common."""
        found: dict[str, dict[Span, None]] = {document.id: {} for document in self.documents}
        for row in range(len(self.passages)):
            document = self.documents[int(self.passages[row, 0])]
            spans = self.sentences[self.sentence_range(row)].tolist()
            found[document.id].update(dict.fromkeys(Span(*span) for span in spans))
        return {name: sorted(spans) for name, spans in found.items()}

    def language(self, row: int) -> str:
        return str(self.languages[row])

    def passage(self, row: int) -> Passage:
        """Return a passage with its text."""
        document = self.documents[self.passages[row, 0]]
        start, end = map(int, self.passages[row, 1:3])
        sentences = tuple(Span(*map(int, span)) for span in self.sentences[self.sentence_range(row)])
        text, context = document.text[start:end], context_of(document, Span(start, end))
        return Passage(document.id, start, end, text, self.language(row), sentences, context)


@dataclass(frozen=True, slots=True)
class Contents(Layout):
    """What is indexed: the part of an index that a later build can take rows from."""

    sentence_vectors: npt.NDArray[np.float16]  # (sentences, dimension)


class Traces(NamedTuple):
    """By what a later build knows documents again; nothing that is asked needs it. A row a document."""

    sketches: npt.NDArray[np.uint32]  # (documents, copies.HASHES): what tells near-duplicates
    signatures: npt.NDArray[np.int64]  # (documents, 4): `documents.Signature`, or -1 where it proves nothing
    sidecars: npt.NDArray[np.int64]  # (documents,): a hash of what stands beside the file, 0 where nothing does


class Generation(NamedTuple):
    """One generation, loaded, but for the words: as much as the next build takes over."""

    folder: Path
    contents: Contents
    store: stores.VectorStore
    moments: Moments
    figures: Figures

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> Generation:
        """Load a generation and check it against its manifest and the settings.

        Raises IncompatibleIndex and DamagedIndex, whose messages name the command that mends it.
        """
        manifest = read_manifest(folder)
        _compare(manifest, recipe(settings), folder)
        # Nothing is read that has not been checked. The documents' texts take longest to read, the sentences' vectors,
        # which are most of all, to check.
        files: dict[str, str] = manifest["files"]
        last = {_SENTENCE_VECTORS}
        with ThreadPoolExecutor(1, "checking") as beside:
            others = beside.submit(_verify, _only(files, files.keys() - _LAYOUT - last), folder)
            vectors = beside.submit(_verify, _only(files, files.keys() & last), folder)
            _verify(_only(files, files.keys() & _LAYOUT), folder)
            layout = _load_layout(folder)
            others.result()
            store = stores.open_store(folder)
            with np.load(folder / _MOMENTS) as arrays:
                moments = Moments(**arrays)
            found = Figures.load(folder / _FIGURES, len(layout.passages))
            vectors.result()
        return cls(folder, _with_sentence_vectors(folder, layout), store, moments, found)


class Index:
    """One generation, to be searched."""

    def __init__(self, generation: Generation, lexical: LexicalIndex) -> None:
        self.folder, self.contents, self.store, self._moments, self.figures = generation
        self._lexical = lexical
        self.documents: Mapping[str, Document] = {document.id: document for document in self.contents.documents}
        self.numbers = {name: number for number, name in enumerate(self.documents)}
        languages = self.contents.languages
        self.languages = frozenset(np.unique(languages).tolist())
        self._language_rows = [np.flatnonzero(languages == name) for name in sorted(self.languages)]

    @classmethod
    def load(cls, folder: Path, settings: Settings) -> Index:
        """Load a generation and check it, as `Generation.load` does."""
        generation = Generation.load(folder, settings)
        return cls(generation, LexicalIndex.load(folder / _LEXICAL, len(generation.contents.passages)))

    def search(
        self,
        question: str,
        query: Vectors,
        k: int,
        *,
        lexical_weight: float,
        filters: Filters | None = None,
        read_as: tuple[str, Vectors] | None = None,
        among: npt.NDArray[np.int32] | None = None,
    ) -> tuple[Hit, ...]:
        """Return the `k` best passages for a question and its vector, shape (dimension,).

        Fused are the cosine of the passage, that of its best sentence, BM25 by how much of the question the passage
        has, and how many of the question's figures it gives. `docs/retrieval.md` has the measurements. The sentences of
        the hits are scored for `read_as`, if they are to answer something else than passages are looked for with.
        `among` are the rows of the only passages to look at.
        """
        allowed = self._rows(filters, among)
        words = self._lexical.score(question)
        numbers = self.figures.score(self._figures_of(question))
        depth = max(k, POOL)
        pool = np.union1d(self._nearest(query, depth, allowed), _best(words.scores, depth, allowed))
        pool = np.union1d(pool, _best(numbers, depth, allowed))
        passage_cosines = self.store.vectors(pool) @ query
        sentence_cosines = dict(enumerate(self._sentence_cosines(pool, query)))
        best_sentence = np.array([cosines.max(initial=-1) for cosines in sentence_cosines.values()], np.float32)
        languages = [self.contents.language(row) for row in pool.tolist()]
        expected = self._moments.towards(query)
        dense = expected.standardise(passage_cosines, languages)
        dense += SENTENCE_WEIGHT * expected.standardise(best_sentence, languages)
        fused = dense + lexical_weight * _weighed(words, pool) + FIGURE_WEIGHT * numbers[pool]
        best = np.argsort(-fused, kind="stable")[:k]
        if read_as:
            question, query = read_as
            expected = self._moments.towards(query)
            sentence_cosines = dict(zip(best.tolist(), self._sentence_cosines(pool[best], query), strict=True))
        wanted = self._figures_of(question)
        hits = []
        for i in best.tolist():
            row = int(pool[i])
            hits.append(
                Hit(
                    self.contents.passage(row),
                    score=float(fused[i]),
                    dense_score=float(passage_cosines[i]),
                    lexical_score=float(words.scores[row]),
                    sentence_scores=self._score_sentences(question, wanted, expected, row, sentence_cosines[i]),
                )
            )
        return tuple(hits)

    def sentence_vectors(self, passage: Passage) -> Vectors:
        """Return the unit vectors of the sentences of an indexed passage."""
        return self.contents.sentence_vectors[self.contents.sentence_range(self.row(passage))].astype(np.float32)

    def row(self, passage: Passage) -> int:
        """Return the row of an indexed passage."""
        number = self.numbers[passage.document_id]
        first, last = np.searchsorted(self.contents.passages[:, 0], [number, number + 1]).tolist()
        return int(first + np.searchsorted(self.contents.passages[first:last, 1], passage.start))

    def figures_of(self, document_id: str) -> tuple[Fact, ...]:
        """Return the figures and dates of an indexed document, ascending."""
        return self.figures.of(self.numbers[document_id], self.documents[document_id])

    def _nearest(self, query: Vectors, k: int, allowed: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
        """Return the rows of the `k` nearest passages in each language; which language is nearest says little."""
        if len(self._language_rows) == 1:
            return self.store.search(query, k, allowed).rows
        groups = [rows if allowed is None else np.intersect1d(rows, allowed) for rows in self._language_rows]
        return np.concatenate([self.store.search(query, k, rows).rows for rows in groups])

    def _sentence_cosines(self, rows: npt.NDArray[np.int64], query: Vectors) -> list[Vectors]:
        """Return for each passage the cosines of its sentences."""
        vectors = [self.contents.sentence_vectors[self.contents.sentence_range(row)] for row in rows.tolist()]
        if not vectors:
            return []
        cosines = np.concatenate(vectors).astype(np.float32) @ query
        return np.split(cosines, np.cumsum([len(part) for part in vectors])[:-1])

    def _score_sentences(
        self, question: str, wanted: Sequence[Fact], expected: Expected, row: int, cosines: Vectors
    ) -> tuple[SentenceScore, ...]:
        passage = self.contents.passage(row)
        texts = [passage.text[a - passage.start : b - passage.start] for a, b in passage.sentences]
        overlaps = self._lexical.overlap(question, texts, passage.language)
        dense = expected.standardise(cosines, [passage.language] * len(cosines))
        scores = dense + OVERLAP_WEIGHT * (np.array(overlaps) + self._shares(wanted, row))
        return tuple(map(SentenceScore, scores.tolist(), cosines.tolist(), overlaps))

    def _figures_of(self, question: str) -> list[Fact]:
        return figures.asked(question, detect(question, self.languages))

    def _shares(self, wanted: Sequence[Fact], row: int) -> npt.NDArray[np.float64]:
        """Return for each sentence of a passage which share of some figures it gives."""
        spans = self.contents.sentences[self.contents.sentence_range(row)].tolist()
        if not wanted:
            return np.zeros(len(spans))
        found = self.figures_of(self.contents.documents[self.contents.passages[row, 0]].id)
        told = [inside(found, Span(*span)) for span in spans]
        given = [sum(any(figures.matches(each, fact) for fact in facts) for each in wanted) for facts in told]
        return np.array(given) / len(wanted)

    def _rows(
        self, filters: Filters | None, among: npt.NDArray[np.int32] | None = None
    ) -> npt.NDArray[np.int64] | None:
        if among is not None:
            filtered = self._rows(filters)
            return among.astype(np.int64) if filtered is None else np.intersect1d(among, filtered)
        if filters is None or filters == Filters():
            return None
        documents = np.array([filters.match(document) for document in self.contents.documents])
        allowed = documents[self.contents.passages[:, 0]]
        if filters.language is not None:
            allowed &= self.contents.languages == filters.language
        return np.flatnonzero(allowed)


def _best(scores: Vectors, k: int, allowed: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
    """Return the rows of the `k` highest positive scores."""
    rows = np.flatnonzero(scores) if allowed is None else allowed[scores[allowed] > 0]
    if len(rows) > k:
        rows = rows[np.argpartition(-scores[rows], k)[:k]]
    return rows


def _weighed(words: LexicalScores, rows: npt.NDArray[np.int64]) -> Vectors:
    """Return z-scores of BM25 over all passages, each weighed by how much of the question it has."""
    spread = float(words.scores.std())
    if not spread:
        return np.zeros(len(rows), np.float32)
    z = (words.scores[rows] - words.scores.mean()) / spread
    return np.asarray(z * np.clip((words.coverage[rows] - NOISE) / (1 - NOISE), 0, 1), np.float32)


class Before(NamedTuple):
    """The index before, from which a new one takes over what has not changed."""

    generation: Generation
    rows: npt.NDArray[np.int64]  # (passages,): those of the same passages in it, -1 of new ones

    @property
    def words(self) -> Taken:
        return Taken(self.generation.folder / _LEXICAL, self.rows)

    @property
    def figures(self) -> figures.Before:
        contents = self.generation.contents
        return figures.Before(contents.documents, contents.passages, contents.languages, self.generation.figures)

    def products(self, vectors: Vectors) -> Products:
        """Return `products_of(vectors)`, those of the passages, without a look at most of them."""
        times = np.bincount(self.rows[self.rows >= 0], minlength=len(self.generation.contents.passages))
        gone, new = np.flatnonzero(times == 0), np.flatnonzero(self.rows < 0)
        more = np.repeat(np.arange(len(times)), np.maximum(times - 1, 0))
        if len(gone) + len(new) + len(more) >= len(vectors):
            return products_of(vectors)
        before, store = self.generation.moments.products, self.generation.store
        return before + products_of(vectors[new]) + products_of(store.vectors(more)) - products_of(store.vectors(gone))

    def lines(self) -> Mapping[int, bytes]:
        """Return the line of each document in its file, by the identity of the record that was read from it."""
        with (self.generation.folder / _DOCUMENTS).open("rb") as file:
            return dict(zip(map(id, self.generation.contents.documents), file, strict=True))


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what a generation says of itself. Raises DamagedIndex."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text("utf-8"))
        if "version" in manifest and isinstance(manifest["recipe"], dict) and isinstance(manifest["files"], dict):
            return dict(manifest)
    except (OSError, ValueError, TypeError, KeyError):
        pass
    raise DamagedIndex(f"{folder / _MANIFEST} is missing or damaged; run `rag index` to build it anew")


def _compare(manifest: Mapping[str, Any], expected: Recipe, folder: Path) -> None:
    built = manifest["recipe"]
    differing = [name for name, value in expected._asdict().items() if built.get(name) != value]
    if not differing:
        return
    if "format" in differing:
        reason = f"was built by another version of this program ({manifest['version']}; this is {__version__})"
    else:
        reason = "was built with other settings: " + ", ".join(
            f"{name} {built.get(name)} instead of {getattr(expected, name)}" for name in differing
        )
    raise IncompatibleIndex(f"the index in {folder.parent.parent} {reason}; run `rag index` to build it anew")


def _only(files: Mapping[str, str], names: Set[str]) -> Mapping[str, str]:
    return {name: files[name] for name in sorted(names)}


def _verify(files: Mapping[str, str], folder: Path) -> None:
    for name, expected in files.items():
        path = folder / name
        if not path.is_file() or sha256_of(path) != expected:
            raise DamagedIndex(f"{path} is missing or altered; run `rag index` to build it anew")


def save(
    folder: Path,
    layout: Layout,
    vectors: Vectors,
    sentence_vectors: Iterable[npt.NDArray[np.float16]],
    traces: Traces,
    made_by: Recipe,
    before: Before | None = None,
) -> None:
    """Write a generation into an existing empty folder.

    `vectors` are the passages', (passages, dimension); those of the sentences come in blocks: they take most room.
    """
    with _Sealing(folder) as sealing:
        shape = len(layout.sentences), vectors.shape[1]
        sealing.write(folder / _SENTENCE_VECTORS, lambda path: _save_blocks(path, sentence_vectors, shape))
        _save_layout(folder, layout, before)
        np.savez(folder / _TRACES, **traces._asdict())
        stores.create_store(vectors).save(folder)
        sealing.seal()
        languages = layout.languages.tolist()
        products = before.products(vectors) if before else None
        np.savez(folder / _MOMENTS, **Moments.of(vectors, languages, products)._asdict())
        words, found = (before.words, before.figures) if before else (None, None)
        LexicalIndex.build(_Texts(layout), languages, words).save(folder / _LEXICAL)
        sealing.seal()
        Figures.build(layout.documents, layout.passages, layout.languages, found).save(folder / _FIGURES)
        sealing.seal()
        hashes = sealing.hashes()
    manifest = {
        "version": __version__,
        "created": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "recipe": made_by._asdict(),
        "documents": len(layout.documents),
        "passages": len(layout.passages),
        "sentences": len(layout.sentences),
        "files": hashes,
    }
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")


class _Sealing:
    """Hashes files that are complete, and flushes them to disk, beside the making of others."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beside = ThreadPoolExecutor(2, "sealing")
        self._hashes: dict[Path, Future[str]] = {}

    def __enter__(self) -> _Sealing:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown(cancel_futures=True)

    def write(self, path: Path, write: Callable[[Path], str]) -> None:
        """Have a file written beside, too, by what returns its SHA-256."""
        self._hashes[path] = self._beside.submit(write, path)

    def seal(self) -> None:
        """Take all files of the folder as complete that have not been yet."""
        for path in self._folder.rglob("*"):
            if path.is_file() and path not in self._hashes:
                self._hashes[path] = self._beside.submit(_sealed, path)

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of each file by its name below the folder, sorted. Raises what writing or flushing did."""
        found = {path.relative_to(self._folder).as_posix(): hash.result() for path, hash in self._hashes.items()}
        return dict(sorted(found.items()))


def _sealed(path: Path) -> str:
    generations.flush(path)
    return sha256_of(path)


def _save_layout(folder: Path, layout: Layout, before: Before | None) -> None:
    lines = before.lines() if before else {}
    with (folder / _DOCUMENTS).open("wb") as file:
        file.writelines(lines.get(id(document)) or _document_line(document) for document in layout.documents)
    np.save(folder / _PASSAGES, layout.passages)
    np.save(folder / _LANGUAGES, layout.languages)
    np.save(folder / _SENTENCES, layout.sentences)


class _Texts(Sequence[str]):
    """The texts of passages behind their contexts, made when asked for: together they take as much as the documents."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def __len__(self) -> int:
        return len(self._layout.passages)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> list[str]: ...
    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[each] for each in range(*row.indices(len(self)))]
        number, start, end, _ = map(int, self._layout.passages[row])
        document = self._layout.documents[number]
        return context_of(document, Span(start, end)) + document.text[start:end]


def _save_blocks(path: Path, blocks: Iterable[npt.NDArray[np.float16]], shape: tuple[int, int]) -> str:
    """Write what `np.save` would of all blocks in one, without having them in memory; return the SHA-256 of it.

    The file is flushed to disk at once, so that this goes on beside the making of the others.
    """
    header = io.BytesIO()
    form = {"descr": np.lib.format.dtype_to_descr(np.dtype(np.float16)), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, form)
    digest = hashlib.sha256(header.getvalue())
    with path.open("wb") as file:
        file.write(header.getvalue())
        for block in blocks:
            data = np.ascontiguousarray(block, np.float16).data
            digest.update(data)
            file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def load_traces(folder: Path) -> Traces:
    """Load by what the documents of a generation are known again; `Index.load` has checked the file."""
    with np.load(folder / _TRACES) as arrays:
        return Traces(**arrays)


def hashes_of_documents(folder: Path) -> frozenset[str]:
    """Return the SHA-256 of each document of a generation, at a glance: the file is not checked. Raises OSError."""
    return frozenset(found.decode() for found in _SHA256.findall((folder / _DOCUMENTS).read_bytes()))


def _document_line(document: Document) -> bytes:
    record = {
        "id": document.id,
        "title": document.title,
        "is_titled": document.is_titled,
        "date": document.date.isoformat() if document.date else None,
        "language": document.language,
        "path": str(document.path),
        "sha256": document.sha256,
        "boilerplate": document.boilerplate,
        "places": document.places,
        "code": document.code,
        "unread": document.unread,
        "author": document.author,
        "tags": document.tags,
        "copy_of": document.copy_of,
        "text": document.text,
    }
    # What stands in a path for bytes that are not UTF-8 becomes what JSON writes for it: ``\\udcff``.
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _read_document(line: bytes) -> Document:
    record = json.loads(line.decode())  # which is quicker with text than with bytes
    record["date"] = dt.date.fromisoformat(record["date"]) if record["date"] else None
    record["boilerplate"] = tuple(Span(*span) for span in record["boilerplate"])
    record["places"] = tuple(Place(*place) for place in record["places"])
    record["unread"], record["tags"] = tuple(record["unread"]), tuple(record["tags"])
    record["code"] = tuple(Span(*span) for span in record["code"])
    record["path"] = Path(record["path"])
    return Document(**record)


def _load_layout(folder: Path) -> Layout:
    with (folder / _DOCUMENTS).open("rb") as file:
        documents = tuple(map(_read_document, file))
    return Layout(documents, *(np.load(folder / name) for name in (_PASSAGES, _LANGUAGES, _SENTENCES)))


def _with_sentence_vectors(folder: Path, layout: Layout) -> Contents:
    vectors = np.load(folder / _SENTENCE_VECTORS, mmap_mode="r")
    return Contents(layout.documents, layout.passages, layout.languages, layout.sentences, vectors)
