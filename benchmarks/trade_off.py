"""What another `abstain_below` would give: answers, right answers, and questions rightly declined, of earlier runs.

    rag eval QUESTIONS --documents DIR --json RUN.json
    python -m benchmarks.trade_off RUN.json... [--picture FILE.svg]

The picture shows the risk of the surest questions by their share, a line a run, and where each run stood.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from benchmarks.common import show
from rag.evaluation.aggregates import RIGHT
from rag.evaluation.pictures import risk_points

THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
COLOURS = ("#0d7a72", "#b8642a", "#5b5fc7", "#8a8a3c")
INK = "#808080"  # to be read on white and on black


class Asked(NamedTuple):
    """A question of a run: its confidence, and the F1 of the candidate, None where there is no answer."""

    confidence: float
    f1: float | None

    @property
    def risk(self) -> float:
        return 1.0 if self.f1 is None else 1 - self.f1


def read(path: Path) -> list[Asked]:
    """Read what `rag eval --json` wrote."""
    questions: Sequence[Mapping[str, Any]] = json.loads(path.read_text("utf-8"))["questions"]
    return [
        Asked(each["confidence"], (each["scores"].get("candidate_F1") or 0.0) if each["expected"]["answers"] else None)
        for each in questions
    ]


def row(run: Sequence[Asked], threshold: float) -> list[object]:
    """Return what a threshold gives, in per cent."""
    with_answer = [each for each in run if each.f1 is not None]
    without = [each for each in run if each.f1 is None]
    given = [each for each in with_answer if each.confidence >= threshold]
    right = sum((each.f1 or 0) >= RIGHT for each in given)
    f1 = sum(each.f1 or 0 for each in given) + sum(each.confidence < threshold for each in without)
    return [
        threshold,
        _share(len(given), len(with_answer)),
        _share(right, len(given)),
        _share(sum(each.confidence < threshold for each in without), len(without)),
        _share(f1, len(run)),
    ]


def _share(part: float, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else "–"


@rc_context({"svg.fonttype": "none", "font.family": "sans-serif", "text.parse_math": False, "svg.hashsalt": "risk"})
def draw(runs: Mapping[str, Sequence[Asked]], path: Path) -> None:
    """Draw risk by coverage, a line a run."""
    figure = Figure(figsize=(7, 4), layout="constrained", facecolor="none")
    axes = figure.add_subplot(facecolor="none")
    for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
        points = risk_points([(each.confidence, each.risk) for each in run])
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=2, label=name)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="questions answered, surest first", ylabel="error (1 − F1)")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(color=INK, alpha=0.3)
    axes.tick_params(colors=INK)
    for text in (axes.xaxis.label, axes.yaxis.label):
        text.set_color(INK)
    for spine in axes.spines.values():
        spine.set_color(INK)
    axes.legend(frameon=False, labelcolor=INK)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("runs", type=Path, nargs="+", metavar="RUN.json", help="what rag eval --json wrote")
    options.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw risk by coverage there")
    given = options.parse_args(arguments)
    runs = {path.stem: read(path) for path in given.runs}
    header = ["abstain_below", "answered", "right among them", "declined without an answer", "F1"]
    for name, run in runs.items():
        show(f"{name}, in %", header, [row(run, threshold) for threshold in THRESHOLDS])
    if given.picture:
        draw(runs, given.picture)


if __name__ == "__main__":
    main()
