"""What the command line shows of an evaluation. Everything untrusted is disarmed first."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from rag.terminal import Console
from rag.untrusted import disarm

WIDTH = 120  # where there is no terminal to fit into
BY_GROUP = ("Success@5", "answerable_F1", "F1", "no_answer_accuracy", "citation_recall")
OUTCOMES = {
    "right": "right",
    "retrieval_missed": "retrieval missed it",
    "reader_missed": "reader missed it",
    "wrongly_abstained": "wrongly abstained",
    "wrongly_answered": "wrongly answered",
    "cited_wrongly": "cited wrongly",
}
SHOWN_IDS = 20


def print_run(run: Mapping[str, Any]) -> None:
    """Print the metrics with their intervals, the outcomes, and the main metrics by language and tag."""
    console = _console()
    settings = run["settings"]
    console.print(
        Text(
            f"{disarm(settings['file'])}: {len(run['questions'])} questions on {settings['documents']} documents, "
            f"answerer {settings['answerer']}"
        )
    )
    console.print(_metrics(run["metrics"]))
    outcomes = Counter(question["outcome"] for question in run["questions"])
    console.print(Text(", ".join(f"{outcomes[name]} {words}" for name, words in OUTCOMES.items() if outcomes[name])))
    for title, groups in (("By language", run["by_language"]), ("By tag", run["by_tag"])):
        if groups:
            console.print(_groups(title, groups))


def print_comparison(comparison: Mapping[str, Any]) -> None:
    """Print what changed since the baseline, and how sure that is."""
    console = _console()
    counts = [f"{comparison['common']} questions in common with the baseline"]
    counts += [f"{comparison['only_here']} only here"] * bool(comparison["only_here"])
    counts += [f"{comparison['only_in_baseline']} only there"] * bool(comparison["only_in_baseline"])
    console.print(Text(", ".join(counts)))
    for name, (before, after) in comparison["settings_differ"].items():
        console.print(Text(disarm(f"setting {name}: {before} before, {after} now")))
    table = _table("Compared with the baseline", "metric", "before", "after", "difference", "95 % interval", "")
    for name, row in comparison["metrics"].items():
        if row["difference"] is not None:
            clear = row["low"] > 0 or row["high"] < 0
            interval = f"{_number(name, row['low'])} to {_number(name, row['high'])}"
            numbers = [_number(name, row[key]) for key in ("before", "after", "difference")]
            table.add_row(name, *numbers, interval, "clear" if clear else "")
    console.print(table)
    for title, ids in (("Won", comparison["won"]), ("Lost", comparison["lost"])):
        console.print(Text(f"{title}: {_listed(ids)}"))


def _console() -> Console:
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDTH)


def _metrics(metrics: Mapping[str, Any]) -> Table:
    table = _table("", "metric", "value", "95 % interval", "n")
    for name, row in metrics.items():
        interval = "" if row["low"] is None else f"{_number(name, row['low'])} to {_number(name, row['high'])}"
        table.add_row(name, _number(name, row["value"]), interval, str(row["n"]))
    return table


def _groups(title: str, groups: Mapping[str, Mapping[str, Any]]) -> Table:
    table = _table(title, "", *BY_GROUP)
    for group, metrics in groups.items():
        cells = [f"{_number(name, metrics[name]['value'])} ({metrics[name]['n']})" for name in BY_GROUP]
        table.add_row(Text(disarm(group)), *cells)
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left", no_wrap=True)
    return table


def _number(metric: str, value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if metric.endswith("_ms") else f"{value:.3f}"


def _listed(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
    return disarm(", ".join(ids[:SHOWN_IDS]) or "none") + more
