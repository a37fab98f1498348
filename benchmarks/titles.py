"""Success@1 and @5 with and without the title of its article read above each paragraph.

    python -m benchmarks.titles --data DIR [--sets NAME ...]

Every paragraph is a document that tells its title, as front matter or a web page does. A hit is relevant when it covers
at least half of the sentence in which the answer begins.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.common import parser, show, show_machine, write
from benchmarks.manual import WAYS, embed, index_of, interval
from benchmarks.reading import evidence
from rag import languages
from rag.config import Settings
from rag.decoding import normalised
from rag.encoder import Encoder, load_encoder
from rag.evaluation.measures import covers_half
from rag.index import Index
from rag.types import Document, Span

DEPTH = 5
SETS = ("train.xquad-en", "dev.tydiqa-ru")


class Asked(NamedTuple):
    """A question, and where its answer stands."""

    question: str
    document: str
    wanted: tuple[Span, ...]


def load(path: Path) -> tuple[list[Document], list[Asked]]:
    """Return the paragraphs of a set as documents with titles, and its questions."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    documents: dict[str, Document] = {}
    for record in records:
        documents.setdefault(record["context"], _document(record, len(documents)))
    asked = []
    for record in records:
        document = documents[record["context"]]
        starts = (len(normalised(record["context"][: answer["start"]])) for answer in record["answers"])
        wanted = tuple(evidence(document, tuple(Span(start, start + 1) for start in starts)))
        asked.append(Asked(record["question"], document.id, wanted))
    return list(documents.values()), asked


def _document(record: dict[str, Any], number: int) -> Document:
    text, name = normalised(record["context"]), f"{number:04}.txt"
    title = record["article"].replace("_", " ")
    return Document(name, title, None, languages.detect(text), text, Path(name), "", is_titled=True)


def ranks(index: Index, asked: Sequence[Asked], encoder: Encoder) -> list[int]:
    """Return the rank of the first relevant passage, from 0, for each question; DEPTH where there is none."""
    queries = encoder.embed_queries([item.question for item in asked])
    found = []
    for item, query in zip(asked, queries, strict=True):
        hits = index.search(item.question, query, DEPTH, lexical_weight=Settings().lexical_weight)
        passages = [(hit.passage.document_id, Span(hit.passage.start, hit.passage.end)) for hit in hits]
        relevant = (
            number
            for number, (document, span) in enumerate(passages)
            if document == item.document and any(covers_half(span, each) for each in item.wanted)
        )
        found.append(next(relevant, DEPTH))
    return found


def measure(path: Path, encoder: Encoder) -> dict[str, list[int]]:
    """Ask the questions of a set in every way."""
    documents, asked = load(path)
    plain, titled = (embed(documents, encoder, headings=headings) for headings in (False, True))
    indexes = (index_of(plain, words=False), index_of(titled, words=False), index_of(titled, words=True))
    return {way: ranks(index, asked, encoder) for way, index in zip(WAYS, indexes, strict=True)}


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of the *.jsonl.gz files")
    options.add_argument("--sets", nargs="+", default=SETS, metavar="NAME")
    given = options.parse_args()
    show_machine()
    encoder = load_encoder(Settings())
    results = {name: measure(given.data / f"{name}.jsonl.gz", encoder) for name in given.sets}
    rows = [
        [name, len(found), way, *(interval(rank < k for rank in found) for k in (1, DEPTH))]
        for name, by_way in results.items()
        for way, found in by_way.items()
    ]
    show("Success@1 and @5, in %", ["set", "questions", "titles", "Success@1", "Success@5"], rows)
    write(given.json, {"ranks": results})


if __name__ == "__main__":
    main()
