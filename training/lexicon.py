"""Words and their translations, found by the bundled encoder: what it places nearest in the other language.

    python -m training.lexicon --out FILE

writes them. Both languages' frequent words (package wordfreq) are embedded one by one; a word's translations are its
nearest neighbours, less those that are near to everything (Conneau et al. 2018, «Word translation without parallel
data»). It is no dictionary: one in ten is wrong, or only looks alike.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import regex

from rag.config import load_settings
from rag.encoder import load_encoder

Lexicon = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]  # from, to, word -> translations
Floats = npt.NDArray[np.float32]

TARGETS = {"en": "Latin", "ru": "Cyrillic", "no": "Latin"}  # what is asked in, and its script
SOURCES = ("en", "no", "ar", "id")  # what is asked and read in, in the training sets
WORDS = 15_000  # of each language, the most frequent
SIMILARITY = 0.62  # cosine of centred vectors, at least
MARGIN = 0.05  # behind the best translation by no more than that is one too
NEIGHBOURS = 10  # whose mean similarity tells how near a word is to everything
SHORTEST = 4  # letters: what is shorter is often placed by its letters rather than by its meaning
_MOST = 3  # translations of a word


def frequent_words(language: str, script: str | None = None) -> list[str]:
    """Return the most frequent words of a language that are not more frequent in English."""
    from wordfreq import top_n_list, word_frequency

    code = {"no": "nb"}.get(language, language)
    is_word = regex.compile(rf"[\p{{{script or 'L'}}}\p{{M}}]{{2,}}")
    words = [word for word in top_n_list(code, 3 * WORDS) if is_word.fullmatch(word)]
    if language != "en":
        words = [word for word in words if word_frequency(word, "en") < word_frequency(word, code)]
    return words[:WORDS]


def translations(words: Sequence[str], vectors: Floats, others: Sequence[str], theirs: Floats) -> dict[str, list[str]]:
    """Return the translations of those words that have any; vectors (words, dimensions) are centred, of length 1."""
    similarity = vectors @ theirs.T
    hubs = _mean_of_best(similarity.T), _mean_of_best(similarity)
    margins = 2 * similarity - hubs[0] - hubs[1][:, None]
    return {
        word: found
        for row, word in enumerate(words)
        if len(word) >= SHORTEST and (found := list(_best(word, margins[row], similarity[row], others)))
    }


def _mean_of_best(similarity: Floats) -> Floats:
    count = min(NEIGHBOURS, similarity.shape[1])
    return np.asarray(np.partition(similarity, -count, axis=1)[:, -count:].mean(1))


def _best(word: str, margins: Floats, similarity: Floats, others: Sequence[str]) -> Iterator[str]:
    ranked = np.argsort(-margins)[:_MOST]
    for place in ranked:
        other, is_near = others[place], similarity[place] >= SIMILARITY
        if is_near and margins[ranked[0]] - margins[place] <= MARGIN and len(other) >= SHORTEST and other != word:
            yield other


def _centred(vectors: Floats) -> Floats:
    moved = vectors - vectors.mean(0)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def write(lexicon: Lexicon, path: Path) -> None:
    """Write gzipped JSON."""
    path.write_bytes(gzip.compress(json.dumps(lexicon, ensure_ascii=False).encode(), mtime=0))


def read(path: Path) -> Lexicon:
    """Read what `write` wrote."""
    lexicon: Lexicon = json.loads(gzip.decompress(path.read_bytes()))
    return lexicon


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write, gzipped JSON")
    out = options.parse_args().out
    encoder = load_encoder(load_settings()[0])
    words = {language: frequent_words(language, TARGETS.get(language)) for language in {*SOURCES, *TARGETS}}
    vectors = {language: _centred(encoder.embed_queries(found)) for language, found in words.items()}
    lexicon = {
        source: {
            target: translations(words[source], vectors[source], words[target], vectors[target])
            for target in TARGETS
            if target != source
        }
        for source in SOURCES
    }
    write(lexicon, out)
    for source, targets in lexicon.items():
        for target, found in targets.items():
            print(f"{source} → {target}: {len(found)} words")


if __name__ == "__main__":
    main()
