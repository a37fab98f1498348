"""Near-duplicates: the same text twice, with other boilerplate or formatting, or a few words changed.

A text is taken as the set of its runs of four words, and two texts are alike by the share of runs that they have in
common of all that either has (Jaccard). That is estimated from sketches (MinHash): the least values of 128 hashes over
the runs, each equal in two sketches with just that probability. Only texts whose sketches agree in some band of four
values are compared, so that the time grows with the number of texts and not of their pairs.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rag.languages import UNSPACED

Hashes = npt.NDArray[np.uint64]
Sketch = npt.NDArray[np.uint32]

HASHES = 128
NEAR = 0.7  # from this likeness on, one text is a copy of the other; docs/formats.md says how near that is

_RUN = 4  # words
_BAND = 4  # hashes; texts at NEAR agree in one of the 32 bands but for 1 pair in 6,000
_CROWD = 64  # texts that a band may single out: one that more share, as in letters by one template, says little
_CANDIDATES = 16  # texts that one is compared with at most, those first that share most bands with it
_BLOCK = 4096  # runs hashed at a time: bounds the memory that a long text takes
_NOTHING = np.iinfo(np.uint32).max

# Scripts without spaces between words are taken character by character.
_WORD = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")


class Original(NamedTuple):
    """The text that another is a copy of, by its number, and how alike they are."""

    number: int
    likeness: float


def sketch(text: str) -> Sketch:
    """Return what tells how like other texts a text is, shape (HASHES,).

    >>> likeness(sketch("To be, or not to be: that is"), sketch("TO BE OR **NOT** TO BE THAT IS"))
    1.0
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    least = np.full(HASHES, _NOTHING, np.uint32)
    runs = _runs(words)
    for first in range(0, len(runs), _BLOCK):
        hashes = runs[first : first + _BLOCK, None] * _FACTORS + _SUMMANDS
        least = np.minimum(least, (hashes >> np.uint64(32)).min(axis=0).astype(np.uint32))
    return least


def likeness(one: Sketch, other: Sketch) -> float:
    """Return about which share of the runs of words of two texts they have in common."""
    return float((one == other).mean())


class Earlier(NamedTuple):
    """What was found among texts most of which are among those of now; these in the same order as then."""

    sources: Mapping[int, int]  # of each of these its original, or itself, by the numbers of now; -1 of what has gone
    gone: Sketch  # of texts that are not among those of now


def originals(sketches: Sketch, order: Iterable[int], earlier: Earlier | None = None) -> Mapping[int, Original]:
    """Return the original of each text that is a copy, both by their rows in `sketches`, (texts, HASHES).

    A text is a copy of the first one in `order` that it is near to, and never of a copy: likeness does not add up.
    What a text is depends on those that have a band in common with it: where they are as they were `earlier`, it is so.
    """
    hashes = _bands(sketches)
    bands = _shared(hashes, sketches)
    leaders: dict[int, list[int]] = defaultdict(list)
    known = _known(hashes, earlier) if earlier else {}
    changed: set[int] = set()  # bands of texts that were copies and are none now, or the other way round
    found = {}
    for number in order:
        own = bands[number]
        source = known.get(number)
        if source is None or not changed.isdisjoint(own):
            source = _nearest(number, sketches, Counter(leader for band in own for leader in leaders[band]))
            if earlier and (source == number) != (earlier.sources.get(number) == number):
                changed.update(own)
        if source != number:
            found[number] = Original(source, likeness(sketches[number], sketches[source]))
            continue
        for band in own:
            if len(leaders[band]) < _CROWD:
                leaders[band].append(number)
    return found


def _nearest(number: int, sketches: Sketch, counts: Counter[int]) -> int:
    """Return which of the texts that have bands in common with one, by how many, it is a copy of; itself if of none."""
    candidates = sorted(leader for leader, _ in counts.most_common(_CANDIDATES))
    near = (sketches[candidates] == sketches[number]).mean(axis=1) if candidates else np.zeros(1)
    return candidates[int(near.argmax())] if near.max() >= NEAR else number


def _known(hashes: Hashes, earlier: Earlier) -> Mapping[int, int]:
    """Return the sources of those texts that have no band in common with one that has come or gone."""
    new = [number for number in range(len(hashes)) if number not in earlier.sources]
    is_near = np.isin(hashes, np.concatenate([hashes[new], _bands(earlier.gone)]))
    touched = frozenset(np.flatnonzero(is_near.any(axis=1)).tolist())
    return {number: source for number, source in earlier.sources.items() if number not in touched}


def _runs(words: list[str]) -> Hashes:
    """Return a hash of each run of words, of all of them where they are fewer, shape (runs,)."""
    if not words:
        return np.zeros(0, np.uint64)
    hashes = np.array([zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words], np.uint64)
    length = min(_RUN, len(words))
    count = len(words) - length + 1
    runs = np.zeros(count, np.uint64)
    for place in range(length):
        runs = _mixed(runs + hashes[place : place + count])
    return np.unique(runs)


def _bands(sketches: Sketch) -> Hashes:
    """Return a hash of each band of each text, shape (texts, bands)."""
    parts = sketches.astype(np.uint64).reshape(len(sketches), HASHES // _BAND, _BAND)
    hashes = np.arange(parts.shape[1], dtype=np.uint64) << np.uint64(32)  # the same values in two bands mean nothing
    for place in range(_BAND):
        hashes = _mixed(hashes + parts[:, :, place])
    return hashes


def _shared(hashes: Hashes, sketches: Sketch) -> list[list[int]]:
    """Return for each text those of its bands that another text has, too."""
    of_nothing = (sketches == _NOTHING).all(axis=1)
    _, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    shared = (counts[inverse].reshape(hashes.shape) > 1) & ~of_nothing[:, None]
    bands, ends = hashes[shared].tolist(), np.cumsum(shared.sum(axis=1)).tolist()
    return [bands[first:last] for first, last in pairwise([0, *ends])]


def _mixed(values: Hashes) -> Hashes:
    """Spread values over all bits (the finaliser of splitmix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_FACTORS, _SUMMANDS = np.split(_mixed(np.arange(1, 2 * HASHES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)), 2)
_FACTORS |= np.uint64(1)
