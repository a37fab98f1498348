"""Documents folder -> a new generation of the index, taking over what has not changed."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag import documents, formats, generations, index
from rag.config import Settings
from rag.documents import Listing
from rag.encoder import Encoded, Encoder, Vectors
from rag.errors import DamagedIndex, DocumentsError, IncompatibleIndex, MissingIndex, UnreadableDocument
from rag.index import Contents, Index
from rag.models import sha256_of
from rag.passages import split_document
from rag.types import Document, Passage, Span

# (stage, done, total), stages in order: "reading" counts files, "embedding" passages, "writing" is one step.
Progress = Callable[[str, int, int], None]

MOST_READERS = 8  # processes that read files, each of which may take as much memory as the settings allow
CHUNK = 4096  # passages embedded at a time: bounds the memory that tokens take


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    passages: int
    embedded: int  # passages whose vectors were made, not taken over
    problems: tuple[UnreadableDocument, ...]
    unread: tuple[UnreadableDocument, ...]  # parts of documents that were read otherwise
    folder: Path  # the generation that is now current


class _Part(NamedTuple):
    """One document of the new generation: split anew, or with the rows of the passages it had before."""

    document: Document
    passages: Sequence[Passage]
    rows: range | None = None


def build_index(
    folder: Path,
    settings: Settings,
    load_encoder: Callable[[], Encoder],
    progress: Progress = lambda *_: None,
    *,
    strict: bool = False,
) -> Report:
    """Index a folder of documents into `settings.index`; writes nothing when nothing has changed.

    Raises DocumentsError when there is nothing to index (or, if `strict`, when any file cannot be read) and
    IndexNotWritable; the index from before then stays.
    """
    folder = folder.absolute()  # citations are verified against the files from any working folder
    listing = documents.list_folder(folder)
    with generations.building(settings.index):
        previous = _previous(settings)
        encoder = _Lazy(load_encoder)
        parts, problems = _read(folder, listing, settings, previous, encoder, progress)
        if not parts or (strict and (problems := [*problems, *_unread(parts)])):
            raise DocumentsError(_explain(folder, problems))
        report = _compare(parts, problems, previous)
        if previous and previous.contents.documents == tuple(part.document for part in parts):
            return report
        contents, vectors = _assemble(parts, previous, encoder, progress)
        progress("writing", 0, 1)
        made_by = index.recipe(settings)
        published = generations.publish(settings.index, lambda aside: index.save(aside, contents, vectors, made_by))
        progress("writing", 1, 1)
    return replace(report, folder=published)


class _Lazy:
    """An encoder that is loaded when it is first needed, so that finding nothing to do takes no time."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._encoder: Encoder | None = None

    def __call__(self) -> Encoder:
        self._encoder = self._encoder or self._load()
        return self._encoder


def _explain(folder: Path, problems: Sequence[UnreadableDocument]) -> str:
    if not problems:
        return f"no document in {folder} holds any text to index"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"cannot read {folder}/{problems[0]}{more}; the index is as it was"


def _previous(settings: Settings) -> Index | None:
    """Load the current generation if its content can be taken over."""
    try:
        return Index.load(generations.current_generation(settings.index), settings)
    except (MissingIndex, IncompatibleIndex, DamagedIndex):
        return None


def _read(
    folder: Path,
    listing: Listing,
    settings: Settings,
    previous: Index | None,
    encoder: _Lazy,
    progress: Progress,
) -> tuple[list[_Part], list[UnreadableDocument]]:
    """Read the files of a folder; one with the bytes it had before keeps its document and passages."""
    known = _known_parts(previous) if previous else {}
    parts, problems = [], list(listing.problems)
    with _Reading(folder, settings, known) as reading:
        for done, read in enumerate(reading.each(listing.files)):
            progress("reading", done, len(listing.files))
            try:
                part = read()
                parts.append(part if isinstance(part, _Part) else _split(part, settings, encoder))
            except UnreadableDocument as problem:
                problems.append(problem)
    progress("reading", len(listing.files), len(listing.files))
    return [part for part in parts if part.passages], problems + [
        UnreadableDocument(part.document.id, documents.ONLY_BOILERPLATE) for part in parts if not part.passages
    ]


class _Reading:
    """Reads files some way ahead of whoever takes them, by as many processes as there are processors."""

    def __init__(self, folder: Path, settings: Settings, known: Mapping[tuple[str, str], _Part]) -> None:
        self._folder = folder
        self._known = known
        self._max_bytes = int(settings.max_file_megabytes * 1_000_000)
        count = min(os.cpu_count() or 1, MOST_READERS)
        self._processes = formats.Processes(documents.limits(settings), count)
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> _Reading:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._processes.__exit__()  # which ends what threads wait for
        self._threads.shutdown()

    def each(self, paths: Sequence[Path]) -> Iterator[Callable[[], _Part | Document]]:
        """Yield for each file, in order, what waits until it is read: its part as it was, or what it is now.

        Twice as many files as there are processes are read ahead at most: what is read waits in memory.
        """
        ahead: deque[Future[_Part | Document]] = deque()
        for path in paths:
            ahead.append(self._threads.submit(self._one, path))
            if len(ahead) > 2 * self._processes.count:
                yield ahead.popleft().result
        while ahead:
            yield ahead.popleft().result

    def _one(self, path: Path) -> _Part | Document:
        part = self._known.get((documents.document_id(self._folder, path), _sha256(path)))
        if part and not part.document.unread:
            return part._replace(document=replace(part.document, path=path))
        document = documents.read_document(
            self._folder, path, max_bytes=self._max_bytes, extract=self._processes.extract
        )
        # What could not be read for want of a program may be readable now; where nothing has changed, vectors stay.
        return part if part and part.document == document else document


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return ""  # reading it will say why


def _known_parts(previous: Index) -> dict[tuple[str, str], _Part]:
    contents = previous.contents
    firsts = np.searchsorted(contents.passages[:, 0], np.arange(len(contents.documents) + 1))
    return {
        (document.id, document.sha256): _Part(document, list(map(contents.passage, rows)), rows)
        for document, rows in zip(contents.documents, map(range, firsts, firsts[1:]), strict=False)
    }


def _split(document: Document, settings: Settings, encoder: _Lazy) -> _Part:
    size, overlap = settings.passage_size
    capacity, count_tokens = encoder().capacity, encoder().count_tokens
    return _Part(
        document,
        split_document(document, size=size, overlap=overlap, capacity=capacity, count_tokens=count_tokens),
    )


def _compare(parts: Sequence[_Part], problems: Sequence[UnreadableDocument], previous: Index | None) -> Report:
    before = set(previous.documents) if previous else set()
    fresh = [part for part in parts if part.rows is None]
    return Report(
        added=tuple(part.document.id for part in fresh if part.document.id not in before),
        changed=tuple(part.document.id for part in fresh if part.document.id in before),
        removed=tuple(sorted(before - {part.document.id for part in parts})),
        unchanged=len(parts) - len(fresh),
        passages=sum(len(part.passages) for part in parts),
        embedded=sum(len(part.passages) for part in fresh),
        problems=tuple(problems),
        unread=tuple(_unread(parts)),
        folder=previous.folder if previous else Path(),
    )


def _unread(parts: Sequence[_Part]) -> Iterator[UnreadableDocument]:
    """Yield what could not be read of documents that otherwise could."""
    for part in parts:
        yield from (UnreadableDocument(part.document.id, what) for what in part.document.unread)


def _assemble(
    parts: Sequence[_Part], previous: Index | None, encoder: _Lazy, progress: Progress
) -> tuple[Contents, Vectors]:
    """Lay out passages and sentences in order of documents, with their vectors, taken over or made."""
    fresh = [passage for part in parts if part.rows is None for passage in part.passages]
    made = _embed(fresh, encoder, progress)
    made_at, made_sentences_at = 0, 0
    vectors: list[Vectors] = []
    sentence_vectors: list[npt.NDArray[np.floating]] = []
    for part in parts:
        sentences = sum(len(passage.sentences) for passage in part.passages)
        if part.rows is not None and previous is not None:
            vectors.append(previous.store.vectors(np.array(part.rows)))
            first = previous.contents.sentence_range(part.rows[0]).start
            sentence_vectors.append(previous.contents.sentence_vectors[first : first + sentences])
        else:
            vectors.append(made.passages[made_at : made_at + len(part.passages)])
            sentence_vectors.append(made.sentences[made_sentences_at : made_sentences_at + sentences])
            made_at += len(part.passages)
            made_sentences_at += sentences
    passages = [(number, passage) for number, part in enumerate(parts) for passage in part.passages]
    firsts = [0, *accumulate(len(passage.sentences) for _, passage in passages)]
    rows = [(number, item.start, item.end, first) for (number, item), first in zip(passages, firsts, strict=False)]
    contents = Contents(
        tuple(part.document for part in parts),
        np.array(rows, np.int32),
        np.array([passage.language for _, passage in passages], np.str_),
        np.array([span for _, passage in passages for span in passage.sentences], np.int32),
        np.concatenate(sentence_vectors).astype(np.float16),
    )
    return contents, np.concatenate(vectors)


def _embed(passages: Sequence[Passage], encoder: _Lazy, progress: Progress) -> Encoded:
    """Embed passages and their sentences, some thousands at a time."""
    if not passages:
        return Encoded(np.zeros((0, 0), np.float32), np.zeros((0, 0), np.float32))
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress("embedding", done, len(passages))

    progress("embedding", 0, len(passages))
    chunks = [passages[first : first + CHUNK] for first in range(0, len(passages), CHUNK)]
    encoded = [encoder().embed_passages(*_texts_and_sentences(chunk), count) for chunk in chunks]
    return Encoded(*map(np.concatenate, zip(*encoded, strict=True)))


def _texts_and_sentences(passages: Sequence[Passage]) -> tuple[list[str], list[list[Span]]]:
    spans = [[Span(a - passage.start, b - passage.start) for a, b in passage.sentences] for passage in passages]
    return [passage.text for passage in passages], spans
