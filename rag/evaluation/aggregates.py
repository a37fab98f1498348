"""Metrics over many questions, each with a 95 % interval by bootstrap: 1,000 resamples of the questions, fixed seed.

A metric is a function of columns (one value a question, NaN where it does not apply) and of weights, shape
(resamples, questions): how often each resample drew each question. All resamples are computed at once, and the value
itself is the case where each question is drawn once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000
SEED = 20260101
BINS = 10
RIGHT = 0.5  # a candidate is right when its F1 is at least this

Array = npt.NDArray[np.float64]
Columns = Mapping[str, Array]
Aggregate = Callable[[Columns, Array], Array]  # columns, weights (resamples, questions) -> (resamples,)


class Estimate(NamedTuple):
    """A metric with its interval; None when no question bears on it."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Metric(NamedTuple):
    """How to compute a metric, and the column whose values that are not NaN say what it is over."""

    over: str
    compute: Aggregate
    lower_is_better: bool = False


def mean_of(column: str) -> Aggregate:
    """Return the mean of a column, over the questions that have a value."""

    def compute(columns: Columns, weights: Array) -> Array:
        values = columns[column]
        applies = ~np.isnan(values)
        return _ratio(weights[:, applies] @ values[applies], weights[:, applies].sum(1))

    return compute


def share_of(part: str, whole: str) -> Aggregate:
    """Return the sum of one column as a share of the sum of another, as of all citations, not of questions."""

    def compute(columns: Columns, weights: Array) -> Array:
        return _ratio(weights @ columns[part], weights @ columns[whole])

    return compute


def auroc(columns: Columns, weights: Array) -> Array:
    """Return how well confidence separates questions with an answer from those without; ties count half."""
    order, groups = _by_rising(columns["confidence"])
    has_answer = columns["has_answer"][order]
    drawn = weights[:, order]
    with_answer, without = _grouped(drawn * has_answer, groups), _grouped(drawn * (1 - has_answer), groups)
    below = np.cumsum(without, axis=1) - without / 2
    return _ratio((with_answer * below).sum(1), with_answer.sum(1) * without.sum(1))


def aurc(columns: Columns, weights: Array) -> Array:
    """Return the area under the risk-coverage curve: the mean risk of the k most confident questions, over all k.

    Risk is 1 - F1 of the candidate, 1 where no answer exists. Among equal confidences every order is as good, so that
    their mean risk stands for each: after `w` questions with total risk `s`, the next `m` of risk `r` have
    ``sum((s + j r) / (w + j) for j in 1..m)``, which is ``m r + (s - r w) (H(w + m) - H(w))`` with harmonic numbers H.
    """
    order, groups = _by_rising(-columns["confidence"])
    drawn = weights[:, order]
    risk, drawn = _grouped(drawn * columns["risk"][order], groups), _grouped(drawn, groups)
    drawn_before, risk_before = np.cumsum(drawn, axis=1) - drawn, np.cumsum(risk, axis=1) - risk
    mean = np.divide(risk, drawn, out=np.zeros_like(risk), where=drawn > 0)
    harmonic = np.cumsum(1 / np.arange(1, weights.shape[1] + 1))
    harmonics = np.concatenate([[0], harmonic])[(drawn_before + drawn).astype(np.intp)]
    total = risk + (risk_before - mean * drawn_before) * np.diff(harmonics, axis=1, prepend=0)
    return _ratio(total.sum(1), drawn.sum(1))


def ece(columns: Columns, weights: Array) -> Array:
    """Return the calibration error of confidence against «the candidate is right», in 10 bins of equal mass."""
    order = np.argsort(columns["confidence"], kind="stable")
    drawn = _expand(order, weights)
    edges = [part[0] for part in np.array_split(np.arange(drawn.shape[1]), BINS) if len(part)]
    gaps = (columns["confidence"] - columns["is_right"])[drawn]
    return np.asarray(np.abs(np.add.reduceat(gaps, edges, axis=1)).sum(1) / drawn.shape[1])


def percentile_of(column: str, percent: float) -> Aggregate:
    """Return a percentile of a column that has a value for each question."""

    def compute(columns: Columns, weights: Array) -> Array:
        values = np.sort(columns[column])
        drawn = _expand(np.arange(len(values)), weights[:, np.argsort(columns[column])])  # each row is sorted, too
        place = (drawn.shape[1] - 1) * percent / 100
        below, above = values[drawn[:, int(np.floor(place))]], values[drawn[:, int(np.ceil(place))]]
        return np.asarray(below + (above - below) * (place % 1))

    return compute


METRICS: dict[str, Metric] = {
    "Success@1": Metric("Success@1", mean_of("Success@1")),
    "Success@5": Metric("Success@5", mean_of("Success@5")),
    "Success@10": Metric("Success@10", mean_of("Success@10")),
    "RR@10": Metric("RR@10", mean_of("RR@10")),
    "EM": Metric("EM", mean_of("EM")),
    "F1": Metric("F1", mean_of("F1")),
    "answerable_F1": Metric("answerable_F1", mean_of("answerable_F1")),
    "no_answer_accuracy": Metric("no_answer_accuracy", mean_of("no_answer_accuracy")),
    "citation_precision": Metric("citation_precision", mean_of("citation_precision")),
    "citation_recall": Metric("citation_recall", mean_of("citation_recall")),
    "verified": Metric("citations", share_of("verified_citations", "citations")),
    "AUROC": Metric("confidence", auroc),
    "AURC": Metric("confidence", aurc, lower_is_better=True),
    "ECE": Metric("confidence", ece, lower_is_better=True),
    "p50_ms": Metric("ms", percentile_of("ms", 50), lower_is_better=True),
    "p95_ms": Metric("ms", percentile_of("ms", 95), lower_is_better=True),
}


def estimates(columns: Columns) -> dict[str, Estimate]:
    """Return every metric of the questions whose columns are given."""
    weights = resamples(len(columns["ms"]))
    return {name: _estimate(metric, columns, weights) for name, metric in METRICS.items()}


def differences(before: Columns, after: Columns) -> dict[str, Estimate]:
    """Return after - before of every metric; both are of the same questions in the same order, and drawn together."""
    weights = resamples(len(after["ms"]))
    return {name: _difference(metric, before, after, weights) for name, metric in METRICS.items()}


def select(columns: Columns, rows: Sequence[int]) -> dict[str, Array]:
    """Return the columns of some questions."""
    return {name: values[list(rows)] for name, values in columns.items()}


def resamples(questions: int) -> Array:
    """Return how often each of RESAMPLES resamples draws each question; the first row is each question once."""
    drawn = np.random.default_rng(SEED).multinomial(questions, [1 / questions] * questions, size=RESAMPLES)
    return np.vstack([np.ones(questions), drawn])


def _estimate(metric: Metric, columns: Columns, weights: Array) -> Estimate:
    n = _count(metric, columns)
    return _interval(metric.compute(columns, weights), n) if n else Estimate(None, None, None, 0)


def _difference(metric: Metric, before: Columns, after: Columns, weights: Array) -> Estimate:
    n = min(_count(metric, before), _count(metric, after))
    if not n:
        return Estimate(None, None, None, 0)
    return _interval(metric.compute(after, weights) - metric.compute(before, weights), n)


def _count(metric: Metric, columns: Columns) -> int:
    values = columns[metric.over]
    return int(values.sum()) if metric.over == "citations" else int((~np.isnan(values)).sum())


def _interval(values: Array, n: int) -> Estimate:
    """Make an estimate of the value itself, which comes first, and of the resamples on which it is defined."""
    drawn = values[1:][~np.isnan(values[1:])]
    if np.isnan(values[0]) or not len(drawn):
        return Estimate(None, None, None, 0)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(float(values[0]), float(low), float(high), n)


def _by_rising(values: Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the order of rising values, and where in it each group of equal values begins."""
    order = np.argsort(values, kind="stable")
    return order, np.flatnonzero(np.diff(values[order], prepend=np.nan) != 0)


def _grouped(values: Array, groups: npt.NDArray[np.intp]) -> Array:
    """Return the sums of groups of columns that begin at `groups`."""
    return values if len(groups) == values.shape[1] else np.add.reduceat(values, groups, axis=1)


def _expand(order: npt.NDArray[np.intp], weights: Array) -> npt.NDArray[np.intp]:
    """Return for each resample the questions it drew, as often as it drew them, in the given order."""
    counts = weights[:, order].astype(np.intp).ravel()
    return np.repeat(np.tile(order, len(weights)), counts).reshape(len(weights), -1)


def _ratio(part: Array, whole: Array) -> Array:
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0))
