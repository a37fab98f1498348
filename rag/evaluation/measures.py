"""Scores of one question: answers as in SQuAD 2.0, normalised for many languages, and rankings.

Pure functions. Aggregates with their intervals are in `aggregates`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import ir_measures
from ir_measures import RR, Success

from rag.normalisation import normalise
from rag.types import Span

RANKINGS = {str(measure): measure for measure in (Success @ 1, Success @ 5, Success @ 10, RR @ 10)}


def exact_match(given: str | None, answers: Sequence[str]) -> float:
    """Return 1 if the given answer is one of the accepted ones, or if none is given and none accepted; else 0."""
    if given is None or not answers:
        return float(given is None and not answers)
    return float(normalise(given) in set(map(normalise, answers)))


def f1(given: str | None, answers: Sequence[str]) -> float:
    """Return the best word overlap (harmonic mean of precision and recall) of the given answer with an accepted one.

    None given and none accepted is 1, a mismatch of the two 0.
    """
    if given is None or not answers:
        return float(given is None and not answers)
    words = normalise(given).split()
    return max(_overlap(words, normalise(answer).split()) for answer in answers)


def _overlap(given: Sequence[str], accepted: Sequence[str]) -> float:
    if not given or not accepted:
        return float(list(given) == list(accepted))
    common = (Counter(given) & Counter(accepted)).total()
    return 2 * common / (len(given) + len(accepted))


def covers_half(hit: Span, evidence: Span) -> bool:
    """Tell whether a hit holds at least half of the characters of a piece of evidence of the same document."""
    return 2 * _common(hit, evidence) >= evidence.end - evidence.start


def overlaps(citation: Span, evidence: Span) -> bool:
    """Tell whether a citation has any character of a piece of evidence of the same document."""
    return _common(citation, evidence) > 0


def _common(one: Span, other: Span) -> int:
    return max(0, min(one.end, other.end) - max(one.start, other.start))


def ranking_scores(rankings: Sequence[Sequence[bool]]) -> list[dict[str, float]]:
    """Return Success@k and RR@10 of each ranking, given as the relevance of its hits, by the field's library.

    Something relevant is always there to be found, so that a ranking without it scores 0 instead of being left out.
    """
    judged = {str(row): {"missed": 1} | _judged(ranking) for row, ranking in enumerate(rankings)}
    run = {str(row): {str(rank): -rank for rank in range(len(ranking))} for row, ranking in enumerate(rankings)}
    scores: list[dict[str, float]] = [{} for _ in rankings]
    for metric in ir_measures.iter_calc(list(RANKINGS.values()), judged, run):
        scores[int(metric.query_id)][str(metric.measure)] = float(metric.value)
    return scores


def _judged(ranking: Sequence[bool]) -> dict[str, int]:
    return {str(rank): 1 for rank, is_relevant in enumerate(ranking) if is_relevant}
