"""What the report says of a run as a whole: the head, the tables, the comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from rag.evaluation import wording

Json = Mapping[str, Any]


class Shown(NamedTuple):
    """A measured value in words. `place` is where it stands on a line from 0 to 100, if it is a share."""

    metric: wording.Metric
    value: str
    interval: str
    n: int
    place: tuple[float, float, float] | None = None


class Difference(NamedTuple):
    """A metric before and after. `verdict` is better, worse or unclear."""

    metric: wording.Metric
    before: str
    after: str
    difference: str
    interval: str
    n: int
    verdict: str


class Segment(NamedTuple):
    """A part of the bar of outcomes, in percent of its length."""

    outcome: wording.Outcome
    number: int
    start: float
    width: float


@dataclass(frozen=True)
class Report:
    """What the page says of the run as a whole."""

    run: Json

    @property
    def questions(self) -> Sequence[Json]:
        return self.run["questions"]  # type: ignore[no-any-return]

    @property
    def name(self) -> str:
        return str(self.run["settings"].get("file") or "questions")

    @property
    def created(self) -> str:
        return wording.moment(str(self.run["settings"].get("created") or ""))

    @property
    def facts(self) -> list[str]:
        """Return what was evaluated, with what, in a few words each."""
        settings = self.run["settings"]
        counts = [wording.count(len(self.questions), "question")]
        counts += [
            wording.count(settings[key], key.removesuffix("s"))
            for key in ("documents", "passages")
            if isinstance(settings.get(key), int)
        ]
        named = [f"{key} {settings[key]}" for key in ("answerer", "version") if settings.get(key)]
        return [*counts, *named, *filter(None, [self.created])]

    @property
    def settings(self) -> list[tuple[str, str]]:
        return [(str(name), wording.scalar(value)) for name, value in self.run["settings"].items()]

    @property
    def verdict(self) -> str:
        return verdict(self.questions)

    @property
    def segments(self) -> list[Segment]:
        """Return the outcomes that occurred, as parts of one bar."""
        counts = Counter(question["outcome"] for question in self.questions)
        start, segments = 0.0, []
        for outcome in [
            *wording.OUTCOMES,
            *(wording.outcome(name) for name in counts if name not in wording.OUTCOME_BY_NAME),
        ]:
            if count := counts[outcome.name]:
                width = 100 * count / len(self.questions)
                segments.append(Segment(outcome, count, start, width))
                start += width
        return segments

    @property
    def headlines(self) -> list[tuple[str, Shown, str]]:
        """Return titles, values and sentences of the numbers that stand at the head of the page."""
        titles = ("Answer agreement", "Evidence found", "Evidence cited", "Rightly declined")
        values = (
            shown(wording.METRIC_BY_NAME[name]._replace(kind="whole"), self.run["metrics"].get(name))
            for name in wording.HEADLINES
        )
        return [(title, value, _sentence(value, self.run)) for title, value in zip(titles, values, strict=True)]

    @property
    def metrics(self) -> list[Shown]:
        known = [
            shown(metric, self.run["metrics"][metric.name])
            for metric in wording.METRICS
            if metric.name in self.run["metrics"]
        ]
        return known + [
            shown(wording.Metric(name, "", "score"), self.run["metrics"][name]) for name in self._other_metrics
        ]

    @property
    def _other_metrics(self) -> list[str]:
        return [name for name in self.run["metrics"] if name not in wording.METRIC_BY_NAME]

    @property
    def group_metrics(self) -> list[wording.Metric]:
        return [wording.METRIC_BY_NAME[name] for name in wording.GROUP_METRICS]

    @property
    def overall(self) -> list[Shown]:
        return [shown(metric, self.run["metrics"].get(metric.name)) for metric in self.group_metrics]

    @property
    def groups(self) -> list[tuple[str, str, list[tuple[str, str, int, list[Shown]]]]]:
        """Return, by language and by tag, the rows of a table: value, its name, number of questions, metrics."""
        languages = self._rows(
            "by_language", Counter(each["expected"].get("language", "und") for each in self.questions)
        )
        tags = self._rows("by_tag", Counter(tag for each in self.questions for tag in set(wording.tags(each))))
        return [("language", "By language", languages), ("tag", "By tag", tags)]

    def _rows(self, key: str, counts: Counter[str]) -> list[tuple[str, str, int, list[Shown]]]:
        groups = sorted(self.run[key].items(), key=lambda item: (-counts[item[0]], item[0]))
        return [
            (
                name,
                wording.language_name(name) if key == "by_language" else name,
                counts[name],
                [shown(metric, metrics.get(metric.name)) for metric in self.group_metrics],
            )
            for name, metrics in groups
        ]

    @property
    def languages(self) -> list[str]:
        return sorted(
            {str(each["expected"].get("language", "und")) for each in self.questions}, key=wording.language_name
        )

    @property
    def tags(self) -> list[str]:
        return sorted({tag for each in self.questions for tag in wording.tags(each)})

    @property
    def comparison(self) -> Json | None:
        return self.run.get("comparison")

    @property
    def differences(self) -> list[Difference]:
        return differences(self.run)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Return the number on the page of each question, by id."""
        return {str(question["id"]): number for number, question in enumerate(self.questions, 1)}


def verdict(questions: Sequence[Json]) -> str:
    """Say in one sentence how many questions went well."""
    with_answer = [each for each in questions if each["expected"]["answers"]]
    without = [each for each in questions if not each["expected"]["answers"]]
    parts = []
    if with_answer:
        right = sum(each["outcome"] == "right" for each in with_answer)
        asked = f"{wording.count(len(with_answer), 'question')} with an answer in the documents"
        parts.append(f"Of {asked}, {right} {wording.was(right)} answered right")
    if without:
        right = sum(each["outcome"] == "right" for each in without)
        start = "of" if parts else "Of"
        parts.append(f"{start} {len(without)} without one, {right} {wording.was(right)} rightly declined")
    return "; ".join(parts) + "." if parts else "No question was asked."


def shown(metric: wording.Metric, measured: Json | None) -> Shown:
    """Put a measured value into words; one without a value is a dash."""
    measured = measured or {}
    value, low, high, n = (measured.get(key) for key in ("value", "low", "high", "n"))
    if value is None:
        return Shown(metric, "–", "", n or 0)
    interval = "" if low is None or high is None else wording.interval(metric, low, high)
    share = metric.kind != "time" and 0 <= value <= 1
    place = (
        (
            wording.on_line(value if low is None else low),
            wording.on_line(value),
            wording.on_line(value if high is None else high),
        )
        if share
        else None
    )
    return Shown(metric, wording.value(metric, value), interval, n or 0, place)


def differences(run: Json) -> list[Difference]:
    """Return the differences from the baseline, in the order of `METRICS`."""
    compared = (run.get("comparison") or {}).get("metrics") or {}
    names = [
        *(metric.name for metric in wording.METRICS if metric.name in compared),
        *(n for n in compared if n not in wording.METRIC_BY_NAME),
    ]
    return [
        _difference(wording.METRIC_BY_NAME.get(name, wording.Metric(name, "", "score")), compared[name])
        for name in names
    ]


def _difference(metric: wording.Metric, compared: Json) -> Difference:
    before, after, difference, low, high = (compared.get(k) for k in ("before", "after", "difference", "low", "high"))
    interval, verdict = "", "unclear"
    if low is not None and high is not None:
        interval = f"{wording.signed(metric, low).removesuffix(wording.POINTS)} to {wording.signed(metric, high)}"
        if low > 0 or high < 0:
            verdict = "better" if (high < 0) == metric.less_is_better else "worse"
    return Difference(
        metric,
        wording.value(metric, before),
        wording.value(metric, after),
        wording.signed(metric, difference),
        interval,
        compared.get("n") or 0,
        verdict,
    )


def _sentence(value: Shown, run: Json) -> str:
    """Say what a headline number means, with the counts behind it."""
    if not value.n or value.value == "–":
        return "Nothing to measure it on."
    number = round(value.n * run["metrics"][value.metric.name]["value"])
    replies, questions = wording.count(value.n, "reply", "replies"), wording.count(value.n, "question")
    return {
        "F1": f"How far {replies} agree with the expected answer, word by word (F1).",
        "Success@5": f"{number} of {questions} had evidence among the first 5 passages found.",
        "citation_recall": f"{number} of {questions} got a reply that cites the evidence.",
        "no_answer_accuracy": f"{number} of {questions} without an answer got none.",
    }[value.metric.name]


def comparison_counts(comparison: Json) -> str:
    """Say over which questions two runs were compared."""
    others = [
        f"{wording.count(comparison[key], 'question')} only {where}"
        for key, where in (("only_here", "in this run"), ("only_in_baseline", "in the baseline"))
        if comparison.get(key)
    ]
    left_out = f"; left out: {' and '.join(others)}" if others else ""
    return f"Compared with the baseline over {wording.count(comparison.get('common', 0), 'common question')}{left_out}."


def settings_changes(comparison: Json) -> list[tuple[str, str]]:
    """Return what differs between the settings of two runs: name, and before → after."""
    return [
        (str(name), " → ".join(map(wording.scalar, values)))
        for name, values in (comparison.get("settings_differ") or {}).items()
    ]
