"""The BM25 side of the index: one BM25 a language, with that language's Snowball stemmer.

A question is stemmed once for each language of the index. Along with its score comes how much of the question a passage
has: with an English question that is near nothing of a Russian passage and little of an English one on something else,
and so is what BM25 has to say.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rag import languages
from rag.errors import DamagedIndex
from rag.languages import UNSPACED

Floats = npt.NDArray[np.float32]

K1, B = 1.5, 0.75
COUNTS, ROWS = "counts.npz", "rows.npy"
# As bm25s names what it saves, and can load; to import it takes longer than all that is done with the scores here.
SCORES, PASSAGES, FIRSTS = "data.csc.index.npy", "indices.csc.index.npy", "indptr.csc.index.npy"
VOCABULARY, PARAMETERS = "vocab.index.json", "params.index.json"

# Where words are written without spaces between them, they are found by dictionary.
_UNSPACED_RUN = re.compile(f"[{UNSPACED}]")
# Letters and vowel signs of India's scripts: Python takes the signs for no part of a word, which then falls to pieces.
_INDIC = r"\u0900-\u0963\u0966-\u096f\u0971-\u0df3"
_WORD = re.compile(rf"[{UNSPACED}]+|[{_INDIC}]+|[^\W_{UNSPACED}{_INDIC}]+(?:[.,][0-9]+)*")
# What stands in a word and few write who ask for it: accents that show the stress or are left of a Turkish «İ», vowels
# of Arabic and Hebrew, soft hyphens and joiners.
_IN_WORDS = re.compile(
    r"[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670"
    r"\u00ad\u200d]+"
)


class LexicalScores(NamedTuple):
    """For each passage its BM25 score, and the share of the question's terms (by idf) that it has."""

    scores: Floats
    coverage: Floats


class Taken(NamedTuple):
    """The index before, in a folder, and the rows of the same texts in it, (texts,); -1 of new texts."""

    folder: Path
    rows: npt.NDArray[np.int64]


class _Counts(NamedTuple):
    """How often terms stand in the passages of a language, a row for each term of each passage; ascending by term."""

    terms: npt.NDArray[np.int32]
    passages: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.int32]  # (passages,), in terms


class _BM25(NamedTuple):
    """The score of each term in each passage that has it (Lucene's variant of BM25); ascending by term."""

    vocabulary: dict[str, int]
    firsts: npt.NDArray[np.int32]  # where the scores of each term begin, and behind them where the last ones end
    passages: npt.NDArray[np.int32]
    scores: Floats

    @classmethod
    def of(cls, vocabulary: dict[str, int], counts: _Counts) -> _BM25:
        size = len(counts.lengths)
        spread = np.bincount(counts.terms, minlength=len(vocabulary))
        rarity = np.log(1 + (size - spread + 0.5) / (spread + 0.5))
        norms = K1 * (1 - B + B * counts.lengths / counts.lengths.mean())
        scores = rarity[counts.terms] * counts.frequencies / (norms[counts.passages] + counts.frequencies)
        firsts = np.concatenate([[0], np.cumsum(spread)]).astype(np.int32)
        return cls(vocabulary, firsts, counts.passages, scores.astype(np.float32))

    def having(self, term: str) -> slice:
        """Return where the passages that have a term are, with their scores."""
        number = self.vocabulary.get(term)
        return slice(0, 0) if number is None else slice(int(self.firsts[number]), int(self.firsts[number + 1]))

    def save(self, folder: Path, size: int) -> None:
        folder.mkdir()
        np.save(folder / SCORES, self.scores)
        np.save(folder / PASSAGES, self.passages)
        np.save(folder / FIRSTS, self.firsts)
        (folder / VOCABULARY).write_text(json.dumps(self.vocabulary, ensure_ascii=False), "utf-8")
        (folder / PARAMETERS).write_text(json.dumps({"k1": K1, "b": B, "method": "lucene", "num_docs": size}), "utf-8")

    @classmethod
    def load(cls, folder: Path) -> _BM25:
        vocabulary = json.loads((folder / VOCABULARY).read_text("utf-8"))
        return cls(vocabulary, *(np.load(folder / name) for name in (FIRSTS, PASSAGES, SCORES)))


class _Group(NamedTuple):
    """The passages of one language."""

    rows: npt.NDArray[np.int32]
    bm25: _BM25
    counts: _Counts | None = None  # None once it is loaded: no question needs them

    def weight(self, term: str) -> float:
        """Return the idf of a term; one that no passage has is as rare as can be."""
        having = self.bm25.having(term)
        frequency = having.stop - having.start
        return math.log(1 + (len(self.rows) - frequency + 0.5) / (frequency + 0.5))

    def scores(self, terms: Iterable[str]) -> Floats:
        """Return for each passage its BM25 score."""
        scores = np.zeros(len(self.rows), np.float32)
        for having in map(self.bm25.having, terms):
            scores[self.bm25.passages[having]] += self.bm25.scores[having]
        return scores

    def coverage(self, terms: Iterable[str]) -> Floats:
        """Return for each passage which share of the terms, weighed by idf, it has."""
        weights = {term: self.weight(term) for term in terms}
        covered = np.zeros(len(self.rows), np.float32)
        for term, weight in weights.items():
            covered[self.bm25.passages[self.bm25.having(term)]] += weight
        return covered / np.float32(sum(weights.values()))


class LexicalIndex:
    """BM25 over passages, by language."""

    def __init__(self, groups: dict[str, _Group], size: int) -> None:
        self._groups = groups
        self._size = size

    @classmethod
    def build(cls, texts: Sequence[str], text_languages: Sequence[str], taken: Taken | None = None) -> LexicalIndex:
        """Index `texts`, the language of each given by its ISO 639-1 code; those that are `taken` over are not read."""
        language_of = np.array(text_languages, np.str_)
        groups = {}
        for language in np.unique(language_of).tolist():
            rows = np.flatnonzero(language_of == language)
            counting = _Counting(language, len(rows))
            new = counting.take_over(taken, rows) if taken else np.arange(len(rows))
            for place in new.tolist():
                counting.add(place, texts[int(rows[place])])
            vocabulary, counts = counting.result()
            if vocabulary:
                groups[language] = _Group(rows.astype(np.int32), _BM25.of(vocabulary, counts), counts)
        return cls(groups, len(texts))

    def score(self, question: str) -> LexicalScores:
        """Return BM25 scores and coverage, each of shape (passages,), zero where nothing matches."""
        scores = np.zeros(self._size, np.float32)
        coverage = np.zeros(self._size, np.float32)
        for language, group in self._groups.items():
            terms = dict.fromkeys(tokenize(question, language))
            if any(term in group.bm25.vocabulary for term in terms):
                scores[group.rows] = group.scores(terms)
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
            group.bm25.save(folder / language, len(group.rows))
            np.save(folder / language / ROWS, group.rows)
            if group.counts:
                np.savez(folder / language / COUNTS, **group.counts._asdict())

    @classmethod
    def load(cls, folder: Path, size: int) -> LexicalIndex:
        """Load what `save` wrote; `size` is the number of passages. Raises DamagedIndex."""
        try:
            groups = {path.name: _Group(np.load(path / ROWS), _BM25.load(path)) for path in sorted(folder.iterdir())}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DamagedIndex(f"the word index in {folder} cannot be read ({error}); run `rag index` again") from error
        return cls(groups, size)


def tokenize(text: str, language: str) -> list[str]:
    """Return the stemmed terms of a text, in order.

    >>> tokenize("Сколько чипов, $5,7 млрд?", "ru")
    ['скольк', 'чип', '5,7', 'млрд']
    >>> tokenize("За́мок", "ru"), tokenize("राजधानी दिल्ली", "hi")
    (['замок'], ['राजधान', 'दिल्ल'])
    >>> tokenize("東京都に住む", "ja")
    ['東京', '都', 'に', '住む', '東京', '京都', '都に', 'に住', '住む']
    """
    normalised = unicodedata.normalize("NFKC", text).lower().replace("ё", "е")
    words = list(_split_words(_IN_WORDS.sub("", normalised)))
    stemmer = _stemmer(language)
    return stemmer.stemWords(words) if stemmer else words


def _split_words(text: str) -> Iterable[str]:
    for match in _WORD.finditer(text):
        word = match.group()
        if len(word) > 1 and _UNSPACED_RUN.match(word):
            yield from _words_and_pairs(word)
        else:
            yield word


def _words_and_pairs(run: str) -> Iterator[str]:
    """Yield the words that ICU's dictionaries find in a run of characters, and all pairs of neighbours.

    The same words may be cut otherwise in question and passage, and the dictionaries know few names: pairs agree then.
    """
    from icu4py.breakers import WordBreaker

    yield from WordBreaker(run, "")  # the script decides, whatever the locale
    yield from map("".join, pairwise(run))


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    algorithm = languages.stemmer_language(language)
    return Stemmer.Stemmer(algorithm) if algorithm else None


class _Counting:
    """Counts the terms of passages in one language."""

    def __init__(self, language: str, size: int) -> None:
        self._language = language
        self._lengths = np.zeros(size, np.int32)
        self._vocabulary: dict[str, int] = {}
        self._known: list[npt.NDArray[np.int32]] = []
        self._new: list[tuple[int, int, int]] = []

    def take_over(self, taken: Taken, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Take over what the index before has counted, and return the places of these rows that it did not have."""
        folder = taken.folder / self._language
        if not folder.is_dir():
            return np.arange(len(rows))
        before = np.load(folder / ROWS)
        with np.load(folder / COUNTS) as arrays:
            counts = _Counts(**arrays)
        self._vocabulary = json.loads((folder / VOCABULARY).read_text("utf-8"))
        wanted = taken.rows[rows]
        found = np.minimum(np.searchsorted(before, wanted), len(before) - 1)
        is_known = before[found] == wanted
        places = np.flatnonzero(is_known)
        self._lengths[places] = counts.lengths[found[places]]
        # A text may stand in the new index more than once: for each time its counts are taken.
        order = places[np.argsort(found[places], kind="stable")]
        times = np.bincount(found[order], minlength=len(before))
        firsts = np.cumsum(times) - times
        repeats = times[counts.passages]
        pairs = np.repeat(np.arange(len(counts.terms)), repeats)
        at = firsts[counts.passages[pairs]]
        if times.max() > 1:
            at += np.arange(len(pairs)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        at = order[at] if len(pairs) else at
        self._known.append(np.stack([counts.terms[pairs], at.astype(np.int32), counts.frequencies[pairs]]))
        return np.flatnonzero(~is_known)

    def add(self, place: int, text: str) -> None:
        """Count the terms of a text."""
        terms = tokenize(text, self._language)
        self._lengths[place] = len(terms)
        for term, count in Counter(terms).items():
            self._new.append((self._vocabulary.setdefault(term, len(self._vocabulary)), place, count))

    def result(self) -> tuple[dict[str, int], _Counts]:
        """Return the vocabulary, without terms that have gone, and the counts."""
        new = np.array(self._new, np.int32).reshape(-1, 3).T
        terms, passages, frequencies = np.concatenate([*self._known, new], axis=1)
        # What is taken over is in order but for passages that have moved: a stable sort is quick with it.
        order = np.argsort(terms.astype(np.int64) * len(self._lengths) + passages, kind="stable")
        alive = np.zeros(len(self._vocabulary), bool)
        alive[terms] = True
        numbers = np.cumsum(alive, dtype=np.int32) - 1
        vocabulary = {term: int(numbers[number]) for term, number in self._vocabulary.items() if alive[number]}
        return vocabulary, _Counts(numbers[terms[order]], passages[order], frequencies[order], self._lengths)
