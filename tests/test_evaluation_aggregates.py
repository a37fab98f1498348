"""Metrics over many questions, against slow definitions and scikit-learn, also on each resample."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from rag.evaluation import aggregates
from rag.evaluation.aggregates import BINS, METRICS, Array, differences, estimates, resamples, select

COARSE = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0])  # so that there are ties


def columns(rows: int, seed: int = 0) -> dict[str, Array]:
    random = np.random.default_rng(seed)
    made = {name: random.random(rows).round(1) for name in ("F1", "EM", "answerable_F1", "no_answer_accuracy")}
    made |= {name: random.random(rows).round(1) for name in ("confidence", "risk", "ms", "citation_precision")}
    made |= {name: random.integers(0, 2, rows) * 1.0 for name in ("Success@1", "Success@5", "Success@10", "has_answer")}
    made |= {name: random.integers(0, 2, rows) * 1.0 for name in ("is_right", "RR@10", "citation_recall")}
    made["citations"] = random.integers(0, 4, rows) * 1.0
    made["verified_citations"] = np.minimum(made["citations"], random.integers(0, 4, rows))
    for name in ("answerable_F1", "Success@1", "citation_precision"):
        made[name][random.random(rows) < 0.3] = np.nan
    return made


def slow_aurc(confidence: Array, risk: Array) -> float:
    """Mean selective risk over all coverages, averaged over every order of equal confidences."""
    orders = [
        order
        for order in itertools.permutations(range(len(risk)))
        if all(confidence[a] >= confidence[b] for a, b in itertools.pairwise(order))
    ]
    return float(np.mean([np.mean(np.cumsum(risk[list(order)]) / np.arange(1, len(risk) + 1)) for order in orders]))


@given(st.lists(st.tuples(COARSE, COARSE), min_size=1, max_size=6))
def test_aurc_is_the_mean_over_all_orders(rows: list[tuple[float, float]]) -> None:
    confidence, risk = map(np.array, zip(*rows, strict=True))
    (found,) = aggregates.aurc({"confidence": confidence, "risk": risk}, np.ones((1, len(rows))))
    assert found == pytest.approx(slow_aurc(confidence, risk))


def test_aurc_by_hand() -> None:
    """Sure and right, then right, then wrong: risks 0, 0 and 1/3 at the three coverages."""
    found = aggregates.aurc({"confidence": np.array([0.2, 0.9, 0.5]), "risk": np.array([1.0, 0, 0])}, np.ones((1, 3)))
    assert found[0] == pytest.approx((0 + 0 + 1 / 3) / 3)


@given(st.lists(st.tuples(COARSE, st.booleans()), min_size=2, max_size=40))
def test_auroc_is_scikit_learns(rows: list[tuple[float, bool]]) -> None:
    confidence, has_answer = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    (found,) = aggregates.auroc({"confidence": confidence, "has_answer": has_answer}, np.ones((1, len(rows))))
    if 0 < has_answer.sum() < len(rows):
        assert found == pytest.approx(roc_auc_score(has_answer, confidence))
    else:
        assert np.isnan(found)


def slow_ece(confidence: Array, is_right: Array) -> float:
    order = np.argsort(confidence, kind="stable")
    bins = [part for part in np.array_split(order, BINS) if len(part)]
    return sum(len(part) * abs(confidence[part].mean() - is_right[part].mean()) for part in bins) / len(order)


@given(st.lists(st.tuples(COARSE, st.booleans()), min_size=1, max_size=40))
def test_ece_against_its_definition(rows: list[tuple[float, bool]]) -> None:
    confidence, is_right = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], float)
    (found,) = aggregates.ece({"confidence": confidence, "is_right": is_right}, np.ones((1, len(rows))))
    assert found == pytest.approx(slow_ece(confidence, is_right))


def test_ece_by_hand() -> None:
    """Ten bins of one question each: sure of 0.8 and right half of the time is off by 0.2 or 0.8."""
    right = np.array([1.0, 0] * 5)
    (found,) = aggregates.ece({"confidence": np.full(10, 0.8), "is_right": right}, np.ones((1, 10)))
    assert found == pytest.approx((5 * 0.2 + 5 * 0.8) / 10)


SLOW: dict[str, Callable[[dict[str, Array]], float]] = {
    "F1": lambda drawn: float(np.mean(drawn["F1"])),
    "answerable_F1": lambda drawn: float(np.nanmean(drawn["answerable_F1"])),
    "verified": lambda drawn: float(drawn["verified_citations"].sum() / drawn["citations"].sum()),
    "AUROC": lambda drawn: float(roc_auc_score(drawn["has_answer"], drawn["confidence"])),
    "p50_ms": lambda drawn: float(np.percentile(drawn["ms"], 50)),
    "p95_ms": lambda drawn: float(np.percentile(drawn["ms"], 95)),
}


@pytest.mark.parametrize("name", SLOW)
def test_every_resample_is_computed_as_if_it_were_drawn(name: str) -> None:
    made = columns(30)
    weights = resamples(30)[:50]
    fast = METRICS[name].compute(made, weights)
    for value, row in zip(fast, weights, strict=True):
        drawn = np.repeat(np.arange(30), row.astype(int))
        assert value == pytest.approx(SLOW[name](select(made, drawn)))


def test_intervals_are_percentiles_of_a_thousand_resamples() -> None:
    made = columns(60)
    assert resamples(60).shape == (1001, 60)
    assert (resamples(60).sum(axis=1) == 60).all()
    means = [made["F1"][np.repeat(np.arange(60), row.astype(int))].mean() for row in resamples(60)[1:]]
    found = estimates(made)["F1"]
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(means, [2.5, 97.5])))
    assert found.value == pytest.approx(made["F1"].mean())
    assert found == estimates(made)["F1"]  # the seed is fixed
    standard_error = made["F1"].std() / 60**0.5
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * standard_error, rel=0.1)


def test_n_counts_what_a_metric_is_over() -> None:
    made = columns(40)
    found = estimates(made)
    assert found["answerable_F1"].n == (~np.isnan(made["answerable_F1"])).sum()
    assert found["verified"].n == made["citations"].sum()
    assert found["F1"].n == 40


def test_what_no_question_bears_on_has_no_value() -> None:
    made = columns(5) | {"citation_precision": np.full(5, np.nan), "citations": np.zeros(5), "has_answer": np.ones(5)}
    found = estimates(made)
    for name in ("citation_precision", "verified", "AUROC"):
        assert found[name] == (None, None, None, 0)


def test_one_question() -> None:
    found = estimates(columns(1, seed=3))
    assert found["F1"].low == found["F1"].value == found["F1"].high


def test_differences_are_paired() -> None:
    """A gain of 0.1 on every question is certain, however much the questions differ among themselves."""
    before = columns(50)
    after = before | {"F1": before["F1"] + 0.1}
    found = differences(before, after)
    assert found["F1"] == pytest.approx((0.1, 0.1, 0.1, 50))
    assert found["EM"] == pytest.approx((0, 0, 0, 50))
