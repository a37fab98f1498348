"""Success@1 and @5 with and without what stands above a passage, on a manual of several hundred pages.

    python -m benchmarks.manual --documents DIR [--questions FILE] [--folders NAME ...]

DIR holds one folder for each edition of a manual; the questions name their documents below DIR, and each edition is
asked by itself. The given questions are on Debian's handbook in English and Norwegian and its installation guide in
Russian, of which Debian's packages debian-handbook and installation-guide-amd64 hold the pages:

    handbook-en/   usr/share/doc/debian-handbook/html/en-US/*.html
    handbook-no/   usr/share/doc/debian-handbook/html/nb-NO/*.html
    guide-ru/      usr/share/doc/installation-guide-amd64/ru/*.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.common import parser, show, show_machine, write
from rag import documents, stores
from rag.building.build import _texts_and_sentences as texts_and_sentences
from rag.config import Settings
from rag.encoder import Encoded, Encoder, load_encoder
from rag.figures import Figures
from rag.index import Contents, Generation, Index, Moments
from rag.lexical import LexicalIndex
from rag.passages import split_document
from rag.types import Document, Passage, Span

QUESTIONS = Path(__file__).with_suffix(".jsonl")
WAYS = ("without headings", "read, not counted as words", "with headings")
DEPTH = 5
RESAMPLES = 1000


class Asked(NamedTuple):
    """A question, the document that answers it, and the words that do."""

    language: str
    question: str
    document: str
    quote: str


class Edition(NamedTuple):
    """The passages of an edition, with their vectors."""

    documents: tuple[Document, ...]
    passages: Sequence[Passage]
    encoded: Encoded


def load(path: Path, folder: str) -> list[Asked]:
    """Return the questions on the documents of a folder."""
    records = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    found = ((record, *record["evidence"][0]["document"].split("/", 1)) for record in records)
    return [
        Asked(record["language"], record["question"], document, record["evidence"][0]["quote"])
        for record, edition, document in found
        if edition == folder
    ]


def embed(read: Sequence[Document], encoder: Encoder, *, headings: bool) -> Edition:
    """Split documents into passages and embed them, with what is known of their structure or as if nothing were."""
    kept = tuple(document if headings else replace(document, places=(), code=(), is_titled=False) for document in read)
    size, overlap = Settings().passage_size
    passages = [
        passage
        for document in kept
        for passage in split_document(
            document, size=size, overlap=overlap, capacity=encoder.capacity, count_tokens=encoder.count_tokens
        )
    ]
    return Edition(kept, passages, encoder.embed_passages(*texts_and_sentences(passages)))


def index_of(edition: Edition, *, words: bool) -> Index:
    """Return an index in memory; without `words` its word index does not know the headings."""
    documents_, passages, encoded = edition
    numbers = {document.id: number for number, document in enumerate(documents_)}
    firsts = np.cumsum([0, *(len(passage.sentences) for passage in passages)])
    rows = [
        (numbers[each.document_id], each.start, each.end, first) for each, first in zip(passages, firsts, strict=False)
    ]
    languages = [passage.language for passage in passages]
    contents = Contents(
        documents_,
        np.array(rows, np.int32),
        np.array(languages),
        np.array([span for passage in passages for span in passage.sentences], np.int32),
        encoded.sentences.astype(np.float16),
    )
    texts = [(each.context if words else "") + each.text for each in passages]
    moments = Moments.of(encoded.passages, languages)
    store = stores.create_store(encoded.passages)
    figures = Figures.build(documents_, contents.passages, contents.languages)
    return Index(Generation(Path(), contents, store, moments, figures), LexicalIndex.build(texts, languages))


def ranks(index: Index, asked: Sequence[Asked], encoder: Encoder) -> list[int]:
    """Return the rank of the first relevant passage, from 0, for each question; DEPTH where there is none."""
    queries = encoder.embed_queries([item.question for item in asked])
    found = []
    for item, query in zip(asked, queries, strict=True):
        document = index.documents[item.document]
        start = document.text.index(item.quote)
        wanted = Span(start, start + len(item.quote))
        hits = index.search(item.question, query, DEPTH, lexical_weight=Settings().lexical_weight)
        relevant = (number for number, hit in enumerate(hits) if _covers(hit.passage, item.document, wanted))
        found.append(next(relevant, DEPTH))
    return found


def _covers(passage: Passage, document: str, wanted: Span) -> bool:
    shared = min(passage.end, wanted.end) - max(passage.start, wanted.start)
    return passage.document_id == document and 2 * shared >= wanted.end - wanted.start


def interval(found: Iterable[float]) -> str:
    """Return the mean in per cent with its 95 % bootstrap interval."""
    values = 100 * np.array(list(found), float)
    means = np.random.default_rng(0).choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return f"{values.mean():.1f} ({low:.1f}–{high:.1f})"


def measure(folder: Path, asked: Sequence[Asked], encoder: Encoder) -> dict[str, list[int]]:
    """Ask the questions on one edition in every way."""
    read = documents.read_folder(folder, max_bytes=10**8).documents
    plain, headed = (embed(read, encoder, headings=headings) for headings in (False, True))
    indexes = (index_of(plain, words=False), index_of(headed, words=False), index_of(headed, words=True))
    return {way: ranks(index, asked, encoder) for way, index in zip(WAYS, indexes, strict=True)}


def main() -> None:
    arguments = parser(__doc__)
    arguments.add_argument("--documents", type=Path, required=True, metavar="DIR", help="folder of the editions")
    arguments.add_argument(
        "--questions", type=Path, default=QUESTIONS, metavar="FILE", help="JSON lines, as of `rag eval`"
    )
    arguments.add_argument("--folders", nargs="+", default=["handbook-en", "handbook-no", "guide-ru"], metavar="NAME")
    given = arguments.parse_args()
    show_machine()
    encoder = load_encoder(Settings())
    results: dict[str, dict[str, list[int]]] = {}
    rows = []
    for folder in given.folders:
        asked = load(given.questions, folder)
        found = measure(given.documents / folder, asked, encoder)
        results[folder] = found
        rows += [
            [folder, len(asked), way, *(interval(rank < k for rank in found[way]) for k in (1, DEPTH))] for way in WAYS
        ]
    for way in WAYS:
        together = [rank for found in results.values() for rank in found[way]]
        rows.append(["all", len(together), way, *(interval(rank < k for rank in together) for k in (1, DEPTH))])
    show("Success@1 and @5, in %", ["edition", "questions", "headings", "Success@1", "Success@5"], rows)
    write(given.json, {"ranks": results})


if __name__ == "__main__":
    main()
