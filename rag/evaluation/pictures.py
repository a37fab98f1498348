"""The run of an evaluation as pictures: inline SVG that takes its colours and its type from the page around it.

Drawn by matplotlib without pyplot, so that nothing is kept between runs. What comes out has no style of its own (the
page's security policy forbids it): colours are CSS variables, which is how a picture follows the page into the dark.
"""

from __future__ import annotations

import io
import logging
import math
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree

logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it tells on stderr that it builds a font cache

import numpy as np  # noqa: E402
from matplotlib import rc_context  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullLocator, PercentFormatter  # noqa: E402

from rag.evaluation import wording  # noqa: E402
from rag.evaluation.aggregates import BINS, RIGHT  # noqa: E402
from rag.untrusted import disarm  # noqa: E402

# Each colour stands for a CSS variable of the page.
INK, SOFT, LINE, ACCENT, ACCENT_SOFT, ALARM = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
_VARIABLES = {INK: "ink", SOFT: "soft", LINE: "line", ACCENT: "accent", ACCENT_SOFT: "accent-soft", ALARM: "alarm"}

SIZE = (440, 270)  # pixels at which type has its nominal size
PANEL = 290  # width of a panel of languages
ROW = 34  # height of a language in it
TYPE = 12
SHOWN_LANGUAGES = 12
KS = range(1, 11)
LANGUAGE_METRICS = {
    "F1": "Answer agreement (F1)",
    "Success@5": "Evidence among the first 5 passages",
    "citation_recall": "Evidence cited",
    "no_answer_accuracy": "Rightly declined",
}
_Z = 1.959964  # 95 % of a normal distribution

_RC: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # only measured with; the page's own type is shown
    "font.size": TYPE,
    "text.parse_math": False,
    "path.simplify": True,
}
_NOTHING_OF_OURS = {"Date": None, "Creator": None, "Format": None, "Type": None}
_STYLE = re.compile(r"([\w-]+):\s*([^;]+)")
_FONT_SIZE = re.compile(r"([\d.]+)px")
_KEPT = re.compile(r"fill|fill-opacity|opacity|stroke|stroke-.*|text-anchor")
_REFERENCE = re.compile(r"url\(#(.+)\)")


class Picture(NamedTuple):
    """A picture, what it says in words, and how to read it. `svg` is empty where there is nothing to draw."""

    title: str
    reading: str
    alternative: str
    svg: str


@rc_context(_RC)
def language_pictures(run: Mapping[str, Any], names: Mapping[str, str]) -> list[Picture]:
    """Draw a panel of bars for each of the main metrics, one bar a language."""
    return [_languages(run, metric, title, names) for metric, title in LANGUAGE_METRICS.items()]


@rc_context(_RC)
def run_pictures(run: Mapping[str, Any]) -> list[Picture]:
    """Draw what retrieval, confidence and speed look like over all questions."""
    questions, metrics = run["questions"], run["metrics"]
    return [
        recall_by_k(questions, metrics),
        reliability(questions),
        risk_coverage(questions),
        latency(questions, metrics),
    ]


def _languages(run: Mapping[str, Any], metric: str, title: str, names: Mapping[str, str]) -> Picture:
    groups = {language: metrics.get(metric) or {} for language, metrics in run["by_language"].items()}
    measured = {language: value for language, value in groups.items() if value.get("value") is not None}
    shown = sorted(measured, key=lambda language: (-measured[language]["n"], language))[:SHOWN_LANGUAGES]
    if not shown:
        return Picture(title, "Nothing to draw: no question here to measure it on.", "", "")
    labels = [disarm(names.get(language, language))[:13] for language in shown]
    figure, axes = _blank((PANEL, 26 + ROW * len(shown)), left=88, right=52, top=4, bottom=22)
    values = [measured[language] for language in shown]
    rows = range(len(shown))
    axes.barh(rows, [value["value"] for value in values], height=0.5, color=ACCENT_SOFT)
    for row, value in zip(rows, values, strict=True):
        low, high = _interval(value)
        axes.plot([low, high], [row, row], color=ACCENT, linewidth=2, solid_capstyle="round")
        axes.plot([value["value"]], [row], "o", color=ACCENT, markersize=6, clip_on=False)
        axes.text(1.04, row, f"{value['value']:.0%}", color=INK, va="center", weight="bold")
    overall = run["metrics"].get(metric) or {}
    if overall.get("value") is not None and len(shown) > 1:
        axes.axvline(overall["value"], color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
    axes.set_yticks(list(rows), labels, color=INK)
    axes.set_ylim(len(shown) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([0, 0.5, 1], ["0", "50%", "100%"])
    axes.grid(axis="x", color=LINE, linewidth=1)
    axes.spines["bottom"].set_visible(False)
    said = "; ".join(f"{label} {_percents(value)} of {value['n']}" for label, value in zip(labels, values, strict=True))
    left_out = len(measured) - len(shown)
    reading = f"{left_out} more in the table below." if left_out else ""
    return Picture(title, reading, f"{title}: {said}.", _svg(figure, f"language-{metric}"))


def recall_by_k(questions: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> Picture:
    """Draw the share of questions whose evidence is among the first k passages."""
    title = "Finding the evidence: recall by k"
    ranks = [each["scores"].get("first_relevant") for each in questions if each["expected"].get("evidence")]
    if not ranks:
        return Picture(title, "Nothing to draw: no question has evidence.", "", "")
    shares = [sum(rank is not None and rank <= k for rank in ranks) / len(ranks) for k in KS]
    figure, axes = _blank(SIZE)
    axes.fill_between(KS, shares, color=ACCENT_SOFT, linewidth=0)
    axes.plot(KS, shares, "o-", color=ACCENT, linewidth=2, markersize=5, clip_on=False)
    for k in (1, 5, 10):
        low, high = _interval(metrics.get(f"Success@{k}") or {}, shares[k - 1])
        axes.plot([k, k], [low, high], color=ACCENT, linewidth=2, solid_capstyle="round")
        above = high < 0.86
        place, align = (high + 0.035, "bottom") if above else (low - 0.035, "top")
        axes.text(k, place, f"{shares[k - 1]:.0%}", color=INK, ha="center", va=align, weight="bold")
    axes.set_xlim(0.5, 10.5)
    axes.set_xticks(list(KS))
    _percent_axis(axes)
    axes.set_xlabel("passages looked at (k)")
    reading = (
        f"Of {_count(len(ranks), 'question')} with evidence, how many have it among the first k passages. "
        "What is not found here cannot be answered."
    )
    said = ", ".join(f"{k}: {share:.0%}" for k, share in zip(KS, shares, strict=True))
    return Picture(
        title, reading, f"Share with the evidence among the first k passages, by k. {said}.", _svg(figure, "k")
    )


def reliability(questions: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the share of right candidates against confidence, in bins of equal mass."""
    title = "Can the confidence be believed?"
    if not questions:
        return Picture(title, "Nothing to draw: no question was asked.", "", "")
    bins = confidence_bins([(float(each["confidence"]), _is_right(each)) for each in questions])
    figure, axes = _blank(SIZE)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (2, 3)))
    for each in bins:
        axes.plot([each.confidence] * 2, _wilson(each.right, each.n), color=ACCENT, linewidth=2, solid_capstyle="round")
    confidences, shares = [each.confidence for each in bins], [each.right / each.n for each in bins]
    axes.plot(confidences, shares, "-", color=ACCENT, linewidth=1)
    axes.plot(confidences, shares, "o", color=ACCENT, markersize=6, clip_on=False)
    axes.set_xlim(-0.02, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    _percent_axis(axes)
    axes.set_xlabel("confidence")
    axes.set_ylabel("right")
    reading = (
        "Questions in groups of equal size by confidence; each dot is the share of right answers in a group, with its "
        "95% interval. On the dotted line, confidence is what it says; below it, it promises too much."
    )
    said = ", ".join(f"{each.confidence:.0%}: {each.right / each.n:.0%} of {each.n}" for each in bins)
    return Picture(title, reading, f"Share of right answers by mean confidence. {said}.", _svg(figure, "reliability"))


class Bin(NamedTuple):
    """Questions of like confidence: their mean confidence, how many are right, how many there are."""

    confidence: float
    right: int
    n: int


def confidence_bins(pairs: Sequence[tuple[float, bool]], count: int = BINS) -> list[Bin]:
    """Cut (confidence, right) pairs into bins of equal mass; bins of one and the same confidence are one bin.

    >>> confidence_bins([(0.5, True), (0.5, False), (0.5, True)])
    [Bin(confidence=0.5, right=2, n=3)]
    """
    ordered = sorted(pairs, key=lambda pair: pair[0])
    bins: list[list[tuple[float, bool]]] = []
    for part in np.array_split(np.arange(len(ordered)), min(count, len(ordered))):
        chunk = [ordered[position] for position in part]
        if bins and bins[-1][0][0] == chunk[-1][0]:  # sorted, so everything between them is the same too
            bins[-1].extend(chunk)
        else:
            bins.append(chunk)
    return [
        Bin(sum(each for each, _ in chunk) / len(chunk), sum(right for _, right in chunk), len(chunk)) for chunk in bins
    ]


def risk_coverage(questions: Sequence[Mapping[str, Any]]) -> Picture:
    """Draw the mean risk of the surest questions against their share."""
    title = "What declining buys: risk by coverage"
    if not questions:
        return Picture(title, "Nothing to draw: no question was asked.", "", "")
    points = risk_points([(float(each["confidence"]), _risk(each)) for each in questions])
    figure, axes = _blank(SIZE)
    coverages, risks = [0.0, *(point[0] for point in points)], [points[0][1], *(point[1] for point in points)]
    axes.fill_between(coverages, risks, color=ACCENT_SOFT, linewidth=0)
    axes.plot(coverages, risks, color=ACCENT, linewidth=2)
    answered = [each for each in questions if each["answered"]]
    marked = ""
    if answered:
        coverage = len(answered) / len(questions)
        risk = sum(map(_risk, answered)) / len(answered)
        axes.plot([coverage], [risk], "o", color=INK, markersize=7, clip_on=False)
        side = "right" if coverage > 0.5 else "left"
        axes.text(coverage, min(risk + 0.05, 0.92), "as answered", color=INK, ha=side, va="bottom", weight="bold")
        marked = f" As answered: coverage {coverage:.0%}, risk {risk:.0%}."
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    _percent_axis(axes)
    axes.set_xlabel("questions answered, surest first (coverage)")
    axes.set_ylabel("error (risk)")
    reading = (
        "If only the surest questions were answered, how wrong would the answers be (1 − F1; 1 where the documents "
        "hold no answer)? A curve that stays low and rises late is good."
    )
    said = ", ".join(f"{share:.0%}: {_at(points, share):.0%}" for share in (0.25, 0.5, 0.75, 1.0))
    return Picture(title, reading, f"Error by share of questions answered. {said}.{marked}", _svg(figure, "risk"))


def risk_points(pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Turn (confidence, risk) pairs into (coverage, mean risk) points by falling confidence, one for all that tie.

    >>> risk_points([(0.9, 0.0), (0.5, 1.0), (0.5, 0.0)])
    [(0.3333333333333333, 0.0), (1.0, 0.3333333333333333)]
    """
    ordered = sorted(pairs, key=lambda pair: -pair[0])
    points, total = [], 0.0
    for position, (confidence, risk) in enumerate(ordered, 1):
        total += risk
        if position == len(ordered) or ordered[position][0] != confidence:
            points.append((position / len(ordered), total / position))
    return points


def latency(questions: Sequence[Mapping[str, Any]], metrics: Mapping[str, Any]) -> Picture:
    """Draw how long questions took, with the median and the 95th percentile."""
    title = "Time to answer"
    times = np.array([each["scores"]["ms"] for each in questions if each["scores"].get("ms") is not None], float)
    if not times.size:
        return Picture(title, "Nothing to draw: no time was taken.", "", "")
    figure, axes = _blank(SIZE, left=16)
    low, high = float(times.min()), float(times.max())
    wide = low > 0 and high / low > 30
    room = max(high - low, 0.1 * high, 1e-3)
    edges = np.geomspace(low, high, 31) if wide else np.linspace(max(0.0, low - room / 20), high + room / 20, 31)
    counts, _ = np.histogram(times, edges)
    axes.bar(edges[:-1], counts, np.diff(edges) * 0.9, align="edge", color=ACCENT_SOFT)
    axes.set_ylim(0, counts.max() * 1.32)
    marks = {50: _mark(metrics, "p50_ms", times, 50), 95: _mark(metrics, "p95_ms", times, 95)}
    for (percentile, value), height in zip(marks.items(), (0.97, 0.86), strict=True):
        colour = ACCENT if percentile == 50 else ALARM
        axes.axvline(value, ymax=height, color=colour, linewidth=2)
        side = "right" if value > (edges[0] * edges[-1] if wide else (edges[0] + edges[-1]) / 2) else "left"
        axes.annotate(
            f"{percentile}%: {wording.milliseconds(value)}",
            (value, height),
            xycoords=("data", "axes fraction"),
            xytext=(-6 if side == "right" else 6, 0),
            textcoords="offset points",
            color=INK,
            weight="bold",
            ha=side,
            va="top",
        )
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.milliseconds(value)))
    axes.yaxis.set_major_locator(NullLocator())
    axes.set_xlabel(f"time, {'logarithmic' if wide else 'one question after another'}")
    reading = (
        f"Of {_count(times.size, 'question')}, half were answered within the first mark and 95% within the second."
    )
    spread = f"from {wording.milliseconds(low)} to {wording.milliseconds(high)}"
    said = f"Median {wording.milliseconds(marks[50])}, 95th percentile {wording.milliseconds(marks[95])}, {spread}."
    return Picture(title, reading, f"Distribution of the time to answer. {said}", _svg(figure, "latency"))


def _mark(metrics: Mapping[str, Any], name: str, times: np.ndarray[Any, Any], percentile: int) -> float:
    value = (metrics.get(name) or {}).get("value")
    return float(np.percentile(times, percentile)) if value is None else float(value)


def _is_right(question: Mapping[str, Any]) -> bool:
    return bool(question["expected"]["answers"]) and (question["scores"].get("candidate_F1") or 0) >= RIGHT


def _risk(question: Mapping[str, Any]) -> float:
    return 1 - (question["scores"].get("candidate_F1") or 0) if question["expected"]["answers"] else 1.0


def _at(points: Sequence[tuple[float, float]], share: float) -> float:
    return next(risk for coverage, risk in points if coverage >= share - 1e-9)


def _interval(value: Mapping[str, Any], otherwise: float = 0.0) -> tuple[float, float]:
    middle = otherwise if value.get("value") is None else value["value"]
    low, high = value.get("low"), value.get("high")
    return (middle if low is None else low), (middle if high is None else high)


def _percents(value: Mapping[str, Any]) -> str:
    low, high = _interval(value)
    return f"{value['value']:.0%} ({low:.0%} to {high:.0%})"


def _wilson(right: int, n: int) -> list[float]:
    """Return the 95 % interval of a share, which stays within 0 and 1 and does not collapse at its ends."""
    share, square = right / n, _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return [middle - half, middle + half]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _blank(
    size: tuple[int, int], *, left: int = 56, right: int = 14, top: int = 12, bottom: int = 46
) -> tuple[Figure, Axes]:
    """Return a figure of `size` in pixels and its axes inside the given margins."""
    width, height = size
    figure = Figure(figsize=(width / 72, height / 72), dpi=72, facecolor="none")
    box = (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    axes = figure.add_axes(box, facecolor="none")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=6, colors=SOFT)
    axes.xaxis.label.set_color(SOFT)
    axes.yaxis.label.set_color(SOFT)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(SOFT)
    return figure, axes


def _percent_axis(axes: Axes) -> None:
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.grid(axis="y", color=LINE, linewidth=1)


def _svg(figure: Figure, name: str) -> str:
    """Write a figure as SVG that stands inside a page: no namespaces, no style, no identifiers but its own."""
    written = io.StringIO()
    with rc_context({"svg.hashsalt": name}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's browser has its own type
        figure.savefig(written, format="svg", metadata=_NOTHING_OF_OURS)
    root = ElementTree.fromstring(written.getvalue())
    view = root.get("viewBox", "")
    for parent in list(root.iter()):
        for child in [child for child in parent if _local(child.tag) in ("metadata", "style")]:
            parent.remove(child)
    used = {reference for element in root.iter() for reference in _references(element)}
    for element in root.iter():
        _strip(element, name, used)
    root.attrib.clear()
    root.attrib.update({"viewBox": view, "aria-hidden": "true", "stroke-linejoin": "round"})
    return "".join(line.strip() for line in ElementTree.tostring(root, encoding="unicode").splitlines())


def _strip(element: ElementTree.Element, name: str, used: set[str]) -> None:
    element.tag = _local(element.tag)
    element.tail = None
    if element.tag != "text":
        element.text = None
    attributes = {_local(key): value for key, value in element.attrib.items()}
    style = dict(_STYLE.findall(attributes.pop("style", "")))
    if size := _FONT_SIZE.search(style.get("font-size", "")):
        attributes["font-size"] = size[1]
    if "font-weight" in style:
        attributes["font-weight"] = "600"
    if attributes.get("transform", "").startswith("rotate(-0 "):
        del attributes["transform"]
    attributes |= {key: value.strip() for key, value in style.items() if _KEPT.fullmatch(key)}
    if attributes.get("id") not in used:
        attributes.pop("id", None)
    element.attrib.clear()
    element.attrib.update({key: _renamed(key, value, name) for key, value in attributes.items()})


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _references(element: ElementTree.Element) -> Iterable[str]:
    for key, value in element.attrib.items():
        if _local(key) == "href":
            yield value.removeprefix("#")
        elif found := _REFERENCE.fullmatch(value):
            yield found[1]


def _renamed(key: str, value: str, name: str) -> str:
    if value in _VARIABLES:
        return f"var(--{_VARIABLES[value]})"
    if key == "id":
        return f"{name}-{value}"
    if key == "href":
        return f"#{name}-{value.removeprefix('#')}"
    return _REFERENCE.sub(rf"url(#{name}-\1)", value)
