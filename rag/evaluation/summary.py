"""The run as Markdown for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rag.evaluation import wording
from rag.evaluation.overview import Difference, Report, comparison_counts, settings_changes, shown
from rag.untrusted import disarm

Json = Mapping[str, Any]

SHOWN_FAILURES = 8
SHOWN_IDS = 20


def markdown_summary(run: Json) -> str:
    """Return the run as Markdown for a pull request: main metrics, outcomes, the surest failures."""
    report = Report(run)
    parts = [
        f"## Evaluation of {_markdown(report.name)}",
        _markdown(report.verdict),
        _markdown(" · ".join(report.facts)),
        _metric_table(report),
        *_comparison_lines(run.get("comparison")),
        _outcome_table(report),
        _failure_table(run["questions"]),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _metric_table(report: Report) -> str:
    compared = {each.metric.name: each for each in report.differences}
    rows = []
    for value in (
        shown(wording.METRIC_BY_NAME[name], report.run["metrics"].get(name)) for name in wording.SUMMARY_METRICS
    ):
        row = [f"`{value.metric.name}`", value.value, value.interval, str(value.n)]
        if report.comparison:
            row.append(_markdown_difference(compared.get(value.metric.name)))
        rows.append(row)
    heading = ["metric", "value", "95% interval", "n"]
    return _markdown_table(heading + (["against the baseline"] if report.comparison else []), rows)


def _markdown_difference(difference: Difference | None) -> str:
    if difference is None:
        return ""
    said = f"{difference.difference} ({difference.interval})" if difference.interval else difference.difference
    return f"{said}, unclear" if difference.verdict == "unclear" else f"**{said}, {difference.verdict}**"


def _comparison_lines(comparison: Json | None) -> Iterator[str]:
    if not comparison:
        return
    yield comparison_counts(comparison)
    if changed := settings_changes(comparison):
        yield "Settings that differ: " + "; ".join(f"{_markdown(name)} {_markdown(change)}" for name, change in changed)
    for word in ("won", "lost"):
        if ids := comparison.get(word):
            more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
            yield f"{word.capitalize()} ({len(ids)}): " + ", ".join(map(_markdown, ids[:SHOWN_IDS])) + more


def _outcome_table(report: Report) -> str:
    rows = [[each.outcome.title, str(each.number), each.outcome.explanation] for each in report.segments]
    return _markdown_table(["outcome", "questions", ""], [[_markdown(cell) for cell in row] for row in rows])


def _failure_table(questions: Sequence[Json]) -> str:
    failures = sorted((each for each in questions if each["outcome"] != "right"), key=lambda each: -each["confidence"])
    if not failures:
        return ""
    rows = [
        [
            str(each["id"]),
            wording.shortened(each["question"], 120),
            wording.shortened(" / ".join(each["expected"]["answers"]) or "none", 80),
            wording.shortened((each.get("short") or each.get("text") or "none") if each["answered"] else "none", 80),
            wording.outcome(each["outcome"]).title,
            wording.percent(each["confidence"]),
        ]
        for each in failures[:SHOWN_FAILURES]
    ]
    table = _markdown_table(
        ["id", "question", "expected", "given", "outcome", "confidence"],
        [[_markdown(cell) for cell in row] for row in rows],
    )
    return f"The surest of {wording.count(len(failures), 'failure')}:\n\n{table}"


def _markdown_table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_MARKDOWN = re.compile(r"[\\`*_\[\]<>()#!|~&:$@^={}]|\b(?:www\.)", re.IGNORECASE)


def _markdown(text: str) -> str:
    r"""Escape text so that Markdown shows it as it is, on one line, with no link or mention in it.

    >>> _markdown("a|b <i> [x](http://y) @me")
    'a\\|b \\<i\\> \\[x\\]\\(http\\://y\\) \\@\u2060me'
    """
    return _MARKDOWN.sub(_escaped, " ".join(disarm(text).split()))


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) > 1:
        return found[:-1] + "\\."
    return "\\" + found + ("\u2060" if found in "@#" else "")  # a word joiner: hosts link mentions even when escaped
