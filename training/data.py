"""Reads the question-answer pairs: one collection a file, with its paragraphs, sentences and nearest paragraphs."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np

from rag.lexical import LexicalIndex
from rag.sentences import split
from rag.types import Span

NEAR = 12  # paragraphs remembered as near a question
# The articles held out stay the same whatever a run's seed is, so that runs can be compared.
_HOLD_OUT_SEED = 1
_LANGUAGES = {"norquad": "no", "cmrc2018": "zh", "squadshifts": "en"}
PIVOT = "xquad-en"  # English has the best stemmer and BM25: nearness in XQuAD is measured there, for all languages


class Row(NamedTuple):
    """One question, the number of its paragraph in the collection, and the accepted answers as spans of it."""

    id: str
    question: str
    paragraph: int
    answers: tuple[Span, ...]


class Paragraph(NamedTuple):
    """A text that questions are put to; `article` groups those about one subject."""

    article: str
    text: str


@dataclass(frozen=True, eq=False)
class Collection:
    """The rows of one file and their paragraphs, in the order of the file."""

    name: str
    language: str
    rows: tuple[Row, ...]
    paragraphs: tuple[Paragraph, ...]
    _sentences: dict[int, list[Span]] = field(default_factory=dict)
    _near: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {row.id: row for row in self.rows}

    @cached_property
    def _articles(self) -> dict[str, list[int]]:
        articles: dict[str, list[int]] = {}
        for number, paragraph in enumerate(self.paragraphs):
            articles.setdefault(paragraph.article, []).append(number)
        return articles

    @cached_property
    def questions_on(self) -> dict[int, list[Row]]:
        """Map a paragraph's number to its rows."""
        rows: dict[int, list[Row]] = {}
        for row in self.rows:
            rows.setdefault(row.paragraph, []).append(row)
        return rows

    @cached_property
    def _lexical(self) -> LexicalIndex:
        texts = [paragraph.text for paragraph in self.paragraphs]
        return LexicalIndex.build(texts, [self.language] * len(texts))

    def answers(self, row: Row) -> list[str]:
        """Return the accepted answers as text."""
        text = self.paragraphs[row.paragraph].text
        return [text[start:end] for start, end in row.answers]

    def sentences(self, paragraph: int) -> list[Span]:
        """Return a paragraph's sentences, split once."""
        if paragraph not in self._sentences:
            self._sentences[paragraph] = split(self.paragraphs[paragraph].text, self.language)
        return self._sentences[paragraph]

    def near(self, row: Row) -> list[int]:
        """Return the other paragraphs that BM25 finds for the question, best first."""
        if row.id not in self._near:
            scores = self._lexical.score(row.question).scores
            best = np.argsort(-scores, kind="stable")[: NEAR + 1]
            self._near[row.id] = [int(n) for n in best if n != row.paragraph and scores[n] > 0][:NEAR]
        return self._near[row.id]

    def same_article(self, row: Row) -> list[int]:
        """Return the article's other paragraphs, those near the question first."""
        near = {number: rank for rank, number in enumerate(self.near(row))}
        others = [n for n in self._articles[self.paragraphs[row.paragraph].article] if n != row.paragraph]
        return sorted(others, key=lambda number: near.get(number, NEAR))


class Pair(NamedTuple):
    """A question and the collection whose paragraph is read; in XQuAD the two may differ in language."""

    asked_in: Collection
    read_in: Collection
    id: str
    pivot: Collection  # where nearness is measured; its paragraphs have the same numbers

    @property
    def asked(self) -> Row:
        return self.asked_in.by_id[self.id]

    @property
    def read(self) -> Row:
        return self.read_in.by_id[self.id]

    @property
    def answers(self) -> list[str]:
        """Return every accepted answer, in the languages of the question and of the paragraph."""
        return self.asked_in.answers(self.asked) + self.read_in.answers(self.read)

    def near(self) -> list[int]:
        return self.pivot.near(self.pivot.by_id[self.id])

    def same_article(self) -> list[int]:
        return self.pivot.same_article(self.pivot.by_id[self.id])


def pair(sets: Mapping[str, Collection], asked_in: str, read_in: str, row: str) -> Pair:
    """Put the question of one collection to the paragraph of another (or the same) one."""
    parallel = read_in.startswith("xquad-") and PIVOT in sets
    return Pair(sets[asked_in], sets[read_in], row, sets[PIVOT if parallel else read_in])


def training_sets(folder: Path, hold_out_articles: int) -> dict[str, Collection]:
    """Read every training file, without the XQuAD articles that are held out."""
    sets = _read_all(folder, "train")
    return _choose_articles(sets, hold_out_articles, held_out=False)


def held_out_sets(folder: Path, hold_out_articles: int) -> dict[str, Collection]:
    """Read the XQuAD articles that are held out of training."""
    sets = {name: item for name, item in _read_all(folder, "train").items() if name.startswith("xquad-")}
    return _choose_articles(sets, hold_out_articles, held_out=True)


def dev_sets(folder: Path) -> dict[str, Collection]:
    """Read the files for choosing."""
    return _read_all(folder, "dev")


def fingerprint(folder: Path) -> str:
    """Return the SHA-256 over the training files, so that a run does not go on with other data."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("train.*.jsonl.gz")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _read_all(folder: Path, part: str) -> dict[str, Collection]:
    paths = sorted(folder.glob(f"{part}.*.jsonl.gz"))
    if not paths:
        raise FileNotFoundError(f"{folder} has no {part}.*.jsonl.gz")
    sets = {}
    for path in paths:
        name = path.name.split(".")[1]
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            sets[name] = collection(name, [json.loads(line) for line in lines])
    return sets


def collection(name: str, records: Iterable[Mapping[str, Any]]) -> Collection:
    """Build a collection of the records of a file; its language is part of its name."""
    family, _, rest = name.partition("-")
    paragraphs: dict[Paragraph, int] = {}
    rows = []
    for record in records:
        paragraph = Paragraph(record["article"], record["context"])
        number = paragraphs.setdefault(paragraph, len(paragraphs))
        spans = (Span(answer["start"], answer["start"] + len(answer["text"])) for answer in record["answers"])
        rows.append(Row(record["id"], record["question"], number, tuple(dict.fromkeys(spans))))
    return Collection(name, _LANGUAGES.get(family, rest), tuple(rows), tuple(paragraphs))


def _choose_articles(sets: Mapping[str, Collection], count: int, *, held_out: bool) -> dict[str, Collection]:
    chosen = dict(sets)
    if PIVOT not in sets:
        return chosen
    articles = sorted({paragraph.article for paragraph in sets[PIVOT].paragraphs})
    held = set(Random(_HOLD_OUT_SEED).sample(articles, count))
    for name in sets:
        if name.startswith("xquad-"):
            chosen[name] = _with_articles(sets[name], [a for a in articles if (a in held) == held_out])
    _check_parallel([chosen[name] for name in sets if name.startswith("xquad-")])
    return chosen


def _with_articles(whole: Collection, articles: Sequence[str]) -> Collection:
    kept = [number for number, paragraph in enumerate(whole.paragraphs) if paragraph.article in articles]
    numbers = {old: new for new, old in enumerate(kept)}
    rows = (row._replace(paragraph=numbers[row.paragraph]) for row in whole.rows if row.paragraph in numbers)
    return Collection(whole.name, whole.language, tuple(rows), tuple(whole.paragraphs[number] for number in kept))


def _check_parallel(sets: Sequence[Collection]) -> None:
    shapes = {tuple((row.id, row.paragraph) for row in one.rows) for one in sets}
    if len(shapes) > 1:
        raise ValueError("the XQuAD files are not parallel: ids or paragraphs come in another order")
