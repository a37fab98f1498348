"""How results are named, explained and put into words in the report and the summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

Json = Mapping[str, Any]
POINTS = " pp"  # percentage points


class Metric(NamedTuple):
    """How a metric is shown: `kind` is share, whole (a share without decimals), score or time."""

    name: str
    explanation: str
    kind: str = "share"
    less_is_better: bool = False


METRICS = (
    Metric(
        "F1", "Words that the reply shares with the best accepted answer, on average; rightly declining counts in full."
    ),
    Metric("EM", "Replies that equal an accepted answer apart from spelling conventions; rightly declining counts."),
    Metric("answerable_F1", "F1 over the questions that have an answer: declining them counts nothing."),
    Metric("no_answer_accuracy", "Questions without an answer that were rightly declined: “not in the documents”."),
    Metric("Success@1", "Questions whose evidence is in the very first passage found."),
    Metric("Success@5", "Questions whose evidence is among the first 5 passages found."),
    Metric("Success@10", "Questions whose evidence is among the first 10 passages found."),
    Metric(
        "RR@10",
        "One divided by the rank of the first passage with evidence: 1 is always first, 0 never found.",
        "score",
    ),
    Metric("citation_precision", "Citations of a reply that point at the evidence, on average."),
    Metric("citation_recall", "Questions whose reply cites the evidence; a declined question counts as missed."),
    Metric("verified", "Citations whose words stand in the file, letter for letter, at the place they name."),
    Metric(
        "AUROC",
        "How well confidence tells questions with an answer from those without: 0.5 is chance, 1 perfect.",
        "score",
    ),
    Metric(
        "AURC",
        "Mean error when only the surest questions are answered, over all shares. Less is better.",
        "score",
        True,
    ),
    Metric("ECE", "How far confidence is from the share that is right. 0 is honest; less is better.", "score", True),
    Metric("p50_ms", "Half of the questions were answered within this time.", "time", True),
    Metric("p95_ms", "95% of the questions were answered within this time.", "time", True),
)
METRIC_BY_NAME = {metric.name: metric for metric in METRICS}
HEADLINES = ("F1", "Success@5", "citation_recall", "no_answer_accuracy")
GROUP_METRICS = (
    "F1",
    "answerable_F1",
    "no_answer_accuracy",
    "Success@1",
    "Success@5",
    "citation_precision",
    "citation_recall",
)
SUMMARY_METRICS = (
    "F1",
    "EM",
    "Success@5",
    "citation_recall",
    "citation_precision",
    "no_answer_accuracy",
    "AUROC",
    "ECE",
    "p95_ms",
)


class Outcome(NamedTuple):
    """What became of a question."""

    name: str
    title: str
    explanation: str


OUTCOMES = (
    Outcome("right", "Right", "the expected answer, or rightly none"),
    Outcome("retrieval_missed", "Not found", "no passage with the evidence was found"),
    Outcome("reader_missed", "Misread", "the evidence was found, another answer given"),
    Outcome("wrongly_abstained", "Wrongly declined", "the documents hold an answer, none was given"),
    Outcome("wrongly_answered", "Wrongly answered", "the documents hold no answer, one was given"),
    Outcome("cited_wrongly", "Wrongly cited", "the right answer with citations of another place"),
)
OUTCOME_BY_NAME = {outcome.name: outcome for outcome in OUTCOMES}

_NAMES = """ar Arabic, bg Bulgarian, bn Bengali, cs Czech, da Danish, de German, el Greek, en English, es Spanish,
et Estonian, fa Persian, fi Finnish, fr French, he Hebrew, hi Hindi, hu Hungarian, id Indonesian, is Icelandic,
it Italian, ja Japanese, ko Korean, lt Lithuanian, lv Latvian, nb Norwegian Bokmål, nl Dutch, nn Norwegian Nynorsk,
no Norwegian, pl Polish, pt Portuguese, ro Romanian, ru Russian, sk Slovak, sr Serbian, sv Swedish, sw Swahili,
te Telugu, th Thai, tr Turkish, uk Ukrainian, und Unknown, vi Vietnamese, zh Chinese"""
LANGUAGES: Mapping[str, str] = dict(name.split(maxsplit=1) for name in _NAMES.split(","))


_FORMATS = {"share": ".1%", "whole": ".0%", "score": ".3f"}


def value(metric: Metric, value: float | None) -> str:
    if value is None:
        return "–"
    if metric.kind == "time":
        return milliseconds(value)
    return f"{value:{_FORMATS[metric.kind]}}"


def interval(metric: Metric, low: float, high: float) -> str:
    first, last = value(metric, low), value(metric, high)
    unit = next((unit for unit in ("%", " ms", " s") if first.endswith(unit) and last.endswith(unit)), "")
    return f"{first.removesuffix(unit)} – {last}"


def signed(metric: Metric, value: float | None) -> str:
    if value is None:
        return "–"
    size = {"share": f"{100 * abs(value):.1f}{POINTS}", "time": milliseconds(abs(value))}
    return ("−" if value < 0 else "+") + size.get(metric.kind, f"{abs(value):.3f}")


def on_line(value: float) -> float:
    return round(100 * min(1.0, max(0.0, value)), 2)


def percent(value: float) -> str:
    return f"{value:.0%}"


def count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def was(number: int) -> str:
    return "was" if number == 1 else "were"


def moment(text: str) -> str:
    """Write an ISO date and time for people, or leave it as it is.

    >>> moment("2026-11-22T16:00:00+00:00")
    '2026-11-22 16:00 UTC'
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".rstrip()


def language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def scalar(value: object) -> str:
    return shortened(value if isinstance(value, str) else str(value), 200)


def shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length].rstrip() + "…"


def outcome(name: str) -> Outcome:
    return OUTCOME_BY_NAME.get(name) or Outcome(name, name.replace("_", " ").capitalize(), "")


def held_back(record: Json) -> str:
    return str((record.get("candidate") or {}).get("short") or "")


def tags(record: Json) -> list[str]:
    return [" ".join(str(tag).split()) for tag in record["expected"].get("tags") or ()]


def milliseconds(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.3g} s"
    return f"{value:.0f} ms" if value >= 10 or value == 0 else f"{value:.2g} ms"
