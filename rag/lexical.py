"""The BM25 side of the index: one BM25 a language, with that language's Snowball stemmer.

A question is stemmed once for each language of the index. Along with its score comes how much of the question a passage
has: with an English question that is near nothing of a Russian passage and little of an English one on something else,
and so is what BM25 has to say.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag import languages
from rag.errors import DamagedIndex

Floats = npt.NDArray[np.float32]

# Scripts that write words without spaces between them are indexed by pairs of characters, as search engines do.
_UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]")
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+(?:[.,][0-9]+)*")


class LexicalScores(NamedTuple):
    """For each passage its BM25 score, and the share of the question's terms (by idf) that it has."""

    scores: Floats
    coverage: Floats


class _Group(NamedTuple):
    """The passages of one language."""

    rows: npt.NDArray[np.int32]
    bm25: Any  # bm25s.BM25, which has no types
    frequencies: npt.NDArray[np.int32]  # in how many passages each term of the vocabulary is

    def weight(self, term: str) -> float:
        """Return the idf of a term; one that no passage has is as rare as can be."""
        number = self.bm25.vocab_dict.get(term)
        frequency = int(self.frequencies[number]) if number is not None else 0
        return math.log(1 + (len(self.rows) - frequency + 0.5) / (frequency + 0.5))

    def coverage(self, terms: Iterable[str]) -> Floats:
        """Return for each passage which share of the terms, weighed by idf, it has."""
        weights = {term: self.weight(term) for term in terms}
        covered = np.zeros(len(self.rows), np.float32)
        first, passages = self.bm25.scores["indptr"], self.bm25.scores["indices"]
        for number, weight in ((self.bm25.vocab_dict.get(term), weight) for term, weight in weights.items()):
            if number is not None:
                covered[passages[first[number] : first[number + 1]]] += weight
        return covered / np.float32(sum(weights.values()))


class LexicalIndex:
    """BM25 over passages, by language."""

    def __init__(self, groups: dict[str, _Group], size: int) -> None:
        self._groups = groups
        self._size = size

    @classmethod
    def build(cls, texts: Sequence[str], text_languages: Sequence[str]) -> LexicalIndex:
        """Index `texts`, the language of each given by its ISO 639-1 code."""
        rows_by_language: dict[str, list[int]] = {}
        for row, language in enumerate(text_languages):
            rows_by_language.setdefault(language, []).append(row)
        groups = {}
        for language, rows in sorted(rows_by_language.items()):
            terms = [tokenize(texts[row], language) for row in rows]
            if any(terms):
                groups[language] = _group(np.array(rows, np.int32), _bm25(terms))
        return cls(groups, len(texts))

    def score(self, question: str) -> LexicalScores:
        """Return BM25 scores and coverage, each of shape (passages,), zero where nothing matches."""
        scores = np.zeros(self._size, np.float32)
        coverage = np.zeros(self._size, np.float32)
        for language, group in self._groups.items():
            terms = dict.fromkeys(tokenize(question, language))
            known = [term for term in terms if term in group.bm25.vocab_dict]
            if known:
                scores[group.rows] = group.bm25.get_scores(known)
                coverage[group.rows] = group.coverage(terms)
        return LexicalScores(scores, coverage)

    def overlap(self, question: str, sentences: Sequence[str], language: str) -> list[float]:
        """Return for each sentence which share of the question's terms, weighed by idf, it has."""
        group = self._groups.get(language)
        terms = set(tokenize(question, language))
        if group is None or not terms:
            return [0.0] * len(sentences)
        weights = {term: group.weight(term) for term in terms}
        total = sum(weights.values())
        return [sum(weights[term] for term in terms & set(tokenize(text, language))) / total for text in sentences]

    def save(self, folder: Path) -> None:
        """Write one folder a language: arrays as .npy, the vocabulary as JSON."""
        folder.mkdir()  # also where no passage has a word
        for language, group in self._groups.items():
            group.bm25.save(folder / language, show_progress=False)
            np.save(folder / language / "rows.npy", group.rows)

    @classmethod
    def load(cls, folder: Path, size: int) -> LexicalIndex:
        """Load what `save` wrote; `size` is the number of passages. Raises DamagedIndex."""
        import bm25s

        groups = {}
        try:
            for path in sorted(folder.iterdir()):
                bm25 = bm25s.BM25.load(path, show_progress=False, allow_pickle=False)
                groups[path.name] = _group(np.load(path / "rows.npy"), bm25)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(f"the word index in {folder} cannot be read ({error}); run `rag index` again") from error
        return cls(groups, size)


def tokenize(text: str, language: str) -> list[str]:
    """Return the stemmed terms of a text, in order.

    >>> tokenize("Сколько чипов, $5,7 млрд?", "ru")
    ['скольк', 'чип', '5,7', 'млрд']
    """
    normalised = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    words = list(_split_words(normalised))
    stemmer = _stemmer(language)
    return stemmer.stemWords(words) if stemmer else words


def _split_words(text: str) -> Iterable[str]:
    for match in _WORD.finditer(text):
        word = match.group()
        if len(word) > 1 and _UNSPACED_RUN.match(word):
            yield from (word[i : i + 2] for i in range(len(word) - 1))
        else:
            yield word


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    algorithm = languages.stemmer_language(language)
    return Stemmer.Stemmer(algorithm) if algorithm else None


def _bm25(terms: list[list[str]]) -> Any:
    import bm25s

    bm25 = bm25s.BM25(csc_backend="numpy")
    bm25.index(terms, show_progress=False)
    return bm25


def _group(rows: npt.NDArray[np.int32], bm25: Any) -> _Group:
    return _Group(rows, bm25, np.diff(bm25.scores["indptr"]))
