"""Reading-comprehension sets as folders of documents: one file a context, questions with the evidence they need."""

from __future__ import annotations

import gzip
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from rag import generations, sentences
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoded, Encoder, Progress
from rag.index import Index
from rag.types import Document, Span


class ReadingSet(NamedTuple):
    """Contexts of one file, with the questions of the same file or, by id, of a parallel one."""

    contexts: str
    questions: str

    @property
    def folder(self) -> str:
        return self.contexts.partition(".")[2]


SETS = {
    "norquad": ReadingSet("dev.norquad", "dev.norquad"),
    "tydiqa-ru": ReadingSet("dev.tydiqa-ru", "dev.tydiqa-ru"),
    "tydiqa-en": ReadingSet("dev.tydiqa-en", "dev.tydiqa-en"),
    "xquad-ru": ReadingSet("train.xquad-ru", "train.xquad-ru"),
    "xquad-en-ru": ReadingSet("train.xquad-ru", "train.xquad-en"),
    "xquad-ru-en": ReadingSet("train.xquad-en", "train.xquad-ru"),
}


class Asked(NamedTuple):
    """A question, the document that answers it, and where the answers stand in it."""

    question: str
    document: str  # a name below the set's own folder
    answers: tuple[Span, ...]


def load(data: Path, name: str) -> tuple[dict[str, str], list[Asked]]:
    """Return the documents of a set by file name, and its questions."""
    records = _records(data, SETS[name].contexts)
    names: dict[str, str] = {}
    for record in records:
        names.setdefault(record["context"], f"{len(names):04}.txt")
    wording = {record["id"]: record["question"] for record in _records(data, SETS[name].questions)}
    asked = [
        Asked(wording[record["id"]], names[record["context"]], tuple(_spans(record)))
        for record in records
        if record["id"] in wording
    ]
    return {file: context for context, file in names.items()}, asked


def _records(data: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return list(map(json.loads, file))


def _spans(record: Mapping[str, Any]) -> Iterator[Span]:
    """Yield the answers' places in the context as it is indexed: in NFC."""
    for answer in record["answers"]:
        ends = (answer["start"], answer["start"] + len(answer["text"]))
        yield Span(*(len(unicodedata.normalize("NFC", record["context"][:end])) for end in ends))


def evidence(document: Document, answers: tuple[Span, ...]) -> list[Span]:
    """Return the sentences in which the answers begin."""
    spans = sentences.split(document.text, document.language)
    starts = {answer.start for answer in answers}
    return [span for span in spans if any(span.start <= start < span.end for start in starts)]


def write_folder(documents: Mapping[str, str], folder: Path) -> None:
    """Write the documents of a set; files that are there already stay as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents.items():
        path = folder / name
        if not path.exists():
            path.write_text(text, "utf-8", newline="")


def index_folder(folder: Path, index: Path, encoder: Encoder) -> Index:
    """Build the index of a folder, or bring it up to date, and open it."""
    settings = Settings(index=index)
    build_index(folder, settings, lambda: encoder)
    return Index.load(generations.current_generation(index), settings)


class Remembering:
    """An encoder that embeds no passage twice: the documents of each set stand in the folder of all sets, too."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimension, self.capacity = encoder.name, encoder.dimension, encoder.capacity
        self.embed_queries, self.count_tokens = encoder.embed_queries, encoder.count_tokens
        self._encoder = encoder
        self._known: dict[tuple[str, tuple[Span, ...]], Encoded] = {}

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]], progress: Progress = lambda _: None
    ) -> Encoded:
        keys = [(text, tuple(spans)) for text, spans in zip(texts, sentences, strict=True)]
        fresh = [key for key in dict.fromkeys(keys) if key not in self._known]
        made = self._encoder.embed_passages([text for text, _ in fresh], [spans for _, spans in fresh], progress)
        firsts = [0, *accumulate(len(spans) for _, spans in fresh)]
        for row, key in enumerate(fresh):
            vectors = made.sentences[firsts[row] : firsts[row + 1]]
            self._known[key] = Encoded(made.passages[row : row + 1], vectors)
        return Encoded(*map(np.concatenate, zip(*(self._known[key] for key in keys), strict=True)))


@contextmanager
def workplace(given: Path | None) -> Iterator[Path]:
    """Yield the folder for documents and indexes: the given one, which keeps them for later runs, or a passing one."""
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)
