"""An evaluation beside an earlier one, question by question; and the bars that an evaluation has to clear."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rag.errors import EvaluationError
from rag.evaluation import aggregates
from rag.evaluation.aggregates import METRICS
from rag.evaluation.questions import Question
from rag.evaluation.run import Result, columns_of, rounded

_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "==": operator.eq}
_REQUIREMENT = re.compile(r"\s*([\w@]+)\s*([<>=!]+)\s*(\S+)\s*")
_NOT_SETTINGS = {"file", "sha256", "created", "questions", "generation"}  # differ without the pipeline being another

_NOTHING_COMMON = "the baseline has no question in common with this file; compare runs of the same file"


class Requirement(NamedTuple):
    """A bar, as in ``F1>=0.70``."""

    metric: str
    comparison: str
    bar: float

    def __str__(self) -> str:
        return f"{self.metric}{self.comparison}{self.bar:g}"


def parse_requirements(texts: Sequence[str]) -> list[Requirement]:
    """Parse bars. Raises EvaluationError naming every one that cannot be understood."""
    found, problems = [], []
    for text in texts:
        try:
            found.append(_requirement(text))
        except ValueError as error:
            problems.append(f"--require {text!r}: {error}")
    if problems:
        raise EvaluationError("; ".join(problems))
    return found


def _requirement(text: str) -> Requirement:
    match = _REQUIREMENT.fullmatch(text)
    if not match:
        raise ValueError("write it as 'F1>=0.70'")
    metric, comparison, bar = match.groups()
    if metric not in METRICS:
        raise ValueError(f"there is no metric {metric!r}; there are {', '.join(METRICS)}")
    if comparison not in _COMPARISONS:
        raise ValueError(f"there is no comparison {comparison!r}; there are {' '.join(_COMPARISONS)}")
    try:
        number = float(bar)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{bar!r} is not a number")
    return Requirement(metric, comparison, number)


def unmet(requirements: Sequence[Requirement], run: Mapping[str, Any]) -> list[str]:
    """Say for each bar that is not cleared what was reached instead; a metric without a value clears none."""
    messages = []
    for requirement in requirements:
        value = run["metrics"][requirement.metric]["value"]
        if value is None:
            messages.append(f"{requirement} is not met: no question of this file bears on {requirement.metric}")
        elif not _COMPARISONS[requirement.comparison](value, requirement.bar):
            messages.append(f"{requirement} is not met: {requirement.metric} is {value:g}")
    return messages


def read_run(path: Path) -> dict[str, Any]:
    """Read what an earlier evaluation wrote with --json. Raises EvaluationError."""
    try:
        run = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise EvaluationError(f"there is no baseline {path}; an earlier `rag eval … --json {path}` makes one") from None
    except OSError as error:
        raise EvaluationError(
            f"cannot read the baseline {path}: {(error.strerror or 'unknown reason').lower()}"
        ) from None
    except (ValueError, RecursionError):
        raise EvaluationError(f"the baseline {path} is not JSON") from None
    try:
        compare(run, run)  # now, and not when everything has been asked
        return dict(run)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise EvaluationError(f"{path} is not what this version's `rag eval --json` writes; run it again") from None


def require_common(before: Mapping[str, Any], questions: Sequence[Question]) -> None:
    """Make sure that an earlier run asked any of these questions. Raises EvaluationError."""
    expected_before = {question["id"]: question["expected"] for question in before["questions"]}
    if not any(_expect_the_same(expected_before.get(each.id), each.expected) for each in questions):
        raise EvaluationError(_NOTHING_COMMON)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the differences on the questions that both runs asked, with intervals. Raises EvaluationError if none."""
    asked_before = {question["id"]: question for question in before["questions"]}
    pairs = [
        (asked_before[question["id"]], question)
        for question in after["questions"]
        if question["id"] in asked_before and _same(asked_before[question["id"]], question)
    ]
    if not pairs:
        raise EvaluationError(_NOTHING_COMMON)
    columns = columns_of([pair[0] for pair in pairs]), columns_of([pair[1] for pair in pairs])
    values = [aggregates.estimates(side) for side in columns]
    differences = aggregates.differences(*columns)
    return {
        "common": len(pairs),
        "only_here": len(after["questions"]) - len(pairs),
        "only_in_baseline": len(before["questions"]) - len(pairs),
        "settings_differ": _differing(before["settings"], after["settings"]),
        "metrics": {
            name: {
                "before": rounded(values[0][name].value),
                "after": rounded(values[1][name].value),
                "difference": rounded(difference.value),
                "low": rounded(difference.low),
                "high": rounded(difference.high),
                "n": difference.n,
            }
            for name, difference in differences.items()
        },
        "won": [new["id"] for old, new in pairs if new["scores"]["F1"] > old["scores"]["F1"]],
        "lost": [new["id"] for old, new in pairs if new["scores"]["F1"] < old["scores"]["F1"]],
    }


def _same(before: Result, after: Result) -> bool:
    """Tell whether a question of the same id is the same: asked alike, with the same answers accepted."""
    return before["question"] == after["question"] and _expect_the_same(before["expected"], after["expected"])


def _expect_the_same(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> bool:
    keys = ("answers", "evidence", "history")
    return before is not None and all((before.get(key) or []) == (after.get(key) or []) for key in keys)


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = [name for name in {**before, **after} if name not in _NOT_SETTINGS]
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}
