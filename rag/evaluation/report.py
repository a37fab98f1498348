"""The run of an evaluation as one HTML page, and as a Markdown summary for a pull request.

`write_report` takes the JSON of a run and the documents. The page asks for nothing outside itself, and all of it can be
read without a script. Questions, documents and file names are untrusted: whatever the template shows is disarmed and
escaped on the way (`_finalize`), and the page's security policy allows its own style and script only.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rag.evaluation import pictures
from rag.types import Document, Span
from rag.untrusted import disarm

Json = Mapping[str, Any]

PAGE, SUMMARY = "index.html", "summary.md"
MAX_BYTES = 3_000_000
CONTEXTS = (200, 120, 70, 30)  # characters on either side of a citation: the most that keeps the page below MAX_BYTES
SHOWN_PLACES = 5  # citations or places of evidence of one question
SHOWN_HITS = 10
SHOWN_FAILURES = 8  # in the summary
SHOWN_IDS = 20
POINTS = " pp"  # percentage points
LONG_WORD = 24  # characters: less is cut off a context so that it begins and ends with whole words
HALF = 0.5  # F1 from which a candidate counts as right
_NUMBERS = re.compile(r"\s*\[\d+\]")
ASIDE = Path(__file__).parent


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
_METRICS = {metric.name: metric for metric in METRICS}
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
_OUTCOMES = {outcome.name: outcome for outcome in OUTCOMES}

_NAMES = """ar Arabic, bg Bulgarian, bn Bengali, cs Czech, da Danish, de German, el Greek, en English, es Spanish,
et Estonian, fa Persian, fi Finnish, fr French, he Hebrew, hi Hindi, hu Hungarian, id Indonesian, is Icelandic,
it Italian, ja Japanese, ko Korean, lt Lithuanian, lv Latvian, nb Norwegian Bokmål, nl Dutch, nn Norwegian Nynorsk,
no Norwegian, pl Polish, pt Portuguese, ro Romanian, ru Russian, sk Slovak, sr Serbian, sv Swedish, sw Swahili,
te Telugu, th Thai, tr Turkish, uk Ukrainian, und Unknown, vi Vietnamese, zh Chinese"""
LANGUAGES: Mapping[str, str] = dict(name.split(maxsplit=1) for name in _NAMES.split(","))


def write_report(run: Json, documents: Mapping[str, Document], folder: Path) -> Path:
    """Write the page and the summary of a run into `folder`, and return the page's path.

    `documents` may lack some: their quotes are then shown without context. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / PAGE
    page.write_text(report_page(run, documents), "utf-8", errors="replace", newline="\n")
    (folder / SUMMARY).write_text(markdown_summary(run), "utf-8", errors="replace", newline="\n")
    return page


def report_page(run: Json, documents: Mapping[str, Document], max_bytes: int = MAX_BYTES) -> str:
    """Render the page with as much context around citations as `max_bytes` allow; no question is left out."""
    template = _environment().get_template("report.html")
    style, script = (_page_part(name) for name in ("report.css", "report.js"))
    shared = {
        "report": Report(run),
        "style": Markup(style),
        "script": Markup(script),
        "policy": f"default-src 'none'; img-src data:; style-src {_digest(style)}; script-src {_digest(script)}; "
        "base-uri 'none'; form-action 'none'",
        "language_pictures": pictures.language_pictures(run, LANGUAGES),
        "pictures": pictures.run_pictures(run),
    }
    html = ""
    for context in CONTEXTS:
        entries = [Entry(number, record, documents, context) for number, record in enumerate(run["questions"], 1)]
        html = template.render(shared, entries=entries)
        if len(html.encode("utf-8", "replace")) <= max_bytes:
            break
    return html


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ASIDE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {"language": _language_name, "percent": _percent, "milliseconds": pictures.milliseconds}
    environment.globals |= {"comparison_counts": comparison_counts, "settings_changes": settings_changes}
    return environment


def _finalize(value: object) -> object:
    """Disarm what the template shows; what is Markup already came from our own files."""
    return value if isinstance(value, Markup) else disarm(str(value))


def _page_part(name: str) -> str:
    return (ASIDE / name).read_text("utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# The head and the tables


class Shown(NamedTuple):
    """A measured value in words. `place` is where it stands on a line from 0 to 100, if it is a share."""

    metric: Metric
    value: str
    interval: str
    n: int
    place: tuple[float, float, float] | None = None


class Difference(NamedTuple):
    """A metric before and after. `verdict` is better, worse or unclear."""

    metric: Metric
    before: str
    after: str
    difference: str
    interval: str
    n: int
    verdict: str


class Segment(NamedTuple):
    """A part of the bar of outcomes, in percent of its length."""

    outcome: Outcome
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
        return _moment(str(self.run["settings"].get("created") or ""))

    @property
    def facts(self) -> list[str]:
        """Return what was evaluated, with what, in a few words each."""
        settings = self.run["settings"]
        counts = [_count(len(self.questions), "question")]
        counts += [
            _count(settings[key], key.removesuffix("s"))
            for key in ("documents", "passages")
            if isinstance(settings.get(key), int)
        ]
        named = [f"{key} {settings[key]}" for key in ("answerer", "version") if settings.get(key)]
        return [*counts, *named, *filter(None, [self.created])]

    @property
    def settings(self) -> list[tuple[str, str]]:
        return [(str(name), _scalar(value)) for name, value in self.run["settings"].items()]

    @property
    def verdict(self) -> str:
        return verdict(self.questions)

    @property
    def segments(self) -> list[Segment]:
        """Return the outcomes that occurred, as parts of one bar."""
        counts = Counter(question["outcome"] for question in self.questions)
        start, segments = 0.0, []
        for outcome in [*OUTCOMES, *(_outcome(name) for name in counts if name not in _OUTCOMES)]:
            if count := counts[outcome.name]:
                width = 100 * count / len(self.questions)
                segments.append(Segment(outcome, count, start, width))
                start += width
        return segments

    @property
    def headlines(self) -> list[tuple[str, Shown, str]]:
        """Return titles, values and sentences of the numbers that stand at the head of the page."""
        titles = ("Answer agreement", "Evidence found", "Evidence cited", "Rightly declined")
        values = (shown(_METRICS[name]._replace(kind="whole"), self.run["metrics"].get(name)) for name in HEADLINES)
        return [(title, value, _sentence(value, self.run)) for title, value in zip(titles, values, strict=True)]

    @property
    def metrics(self) -> list[Shown]:
        known = [
            shown(metric, self.run["metrics"][metric.name]) for metric in METRICS if metric.name in self.run["metrics"]
        ]
        return known + [shown(Metric(name, "", "score"), self.run["metrics"][name]) for name in self._other_metrics]

    @property
    def _other_metrics(self) -> list[str]:
        return [name for name in self.run["metrics"] if name not in _METRICS]

    @property
    def group_metrics(self) -> list[Metric]:
        return [_METRICS[name] for name in GROUP_METRICS]

    @property
    def overall(self) -> list[Shown]:
        return [shown(metric, self.run["metrics"].get(metric.name)) for metric in self.group_metrics]

    @property
    def groups(self) -> list[tuple[str, str, list[tuple[str, str, int, list[Shown]]]]]:
        """Return, by language and by tag, the rows of a table: value, its name, number of questions, metrics."""
        languages = self._rows(
            "by_language", Counter(each["expected"].get("language", "und") for each in self.questions)
        )
        tags = self._rows("by_tag", Counter(tag for each in self.questions for tag in set(_tags(each))))
        return [("language", "By language", languages), ("tag", "By tag", tags)]

    def _rows(self, key: str, counts: Counter[str]) -> list[tuple[str, str, int, list[Shown]]]:
        groups = sorted(self.run[key].items(), key=lambda item: (-counts[item[0]], item[0]))
        return [
            (
                name,
                _language_name(name) if key == "by_language" else name,
                counts[name],
                [shown(metric, metrics.get(metric.name)) for metric in self.group_metrics],
            )
            for name, metrics in groups
        ]

    @property
    def languages(self) -> list[str]:
        return sorted({str(each["expected"].get("language", "und")) for each in self.questions}, key=_language_name)

    @property
    def tags(self) -> list[str]:
        return sorted({tag for each in self.questions for tag in _tags(each)})

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
        asked = f"{_count(len(with_answer), 'question')} with an answer in the documents"
        parts.append(f"Of {asked}, {right} {_was(right)} answered right")
    if without:
        right = sum(each["outcome"] == "right" for each in without)
        start = "of" if parts else "Of"
        parts.append(f"{start} {len(without)} without one, {right} {_was(right)} rightly declined")
    return "; ".join(parts) + "." if parts else "No question was asked."


def shown(metric: Metric, measured: Json | None) -> Shown:
    """Put a measured value into words; one without a value is a dash."""
    measured = measured or {}
    value, low, high, n = (measured.get(key) for key in ("value", "low", "high", "n"))
    if value is None:
        return Shown(metric, "–", "", n or 0)
    interval = "" if low is None or high is None else _range(metric, low, high)
    share = metric.kind != "time" and 0 <= value <= 1
    place = (
        (_line(value if low is None else low), _line(value), _line(value if high is None else high)) if share else None
    )
    return Shown(metric, _value(metric, value), interval, n or 0, place)


def differences(run: Json) -> list[Difference]:
    """Return the differences from the baseline, in the order of `METRICS`."""
    compared = (run.get("comparison") or {}).get("metrics") or {}
    names = [
        *(metric.name for metric in METRICS if metric.name in compared),
        *(n for n in compared if n not in _METRICS),
    ]
    return [_difference(_METRICS.get(name, Metric(name, "", "score")), compared[name]) for name in names]


def _difference(metric: Metric, compared: Json) -> Difference:
    before, after, difference, low, high = (compared.get(k) for k in ("before", "after", "difference", "low", "high"))
    interval, verdict = "", "unclear"
    if low is not None and high is not None:
        interval = f"{_signed(metric, low).removesuffix(POINTS)} to {_signed(metric, high)}"
        if low > 0 or high < 0:
            verdict = "better" if (high < 0) == metric.less_is_better else "worse"
    return Difference(
        metric,
        _value(metric, before),
        _value(metric, after),
        _signed(metric, difference),
        interval,
        compared.get("n") or 0,
        verdict,
    )


def _sentence(value: Shown, run: Json) -> str:
    """Say what a headline number means, with the counts behind it."""
    if not value.n or value.value == "–":
        return "Nothing to measure it on."
    number = round(value.n * run["metrics"][value.metric.name]["value"])
    return {
        "F1": f"How far {_count(value.n, 'reply', 'replies')} agree with the expected answer, word by word (F1).",
        "Success@5": f"{number} of {_count(value.n, 'question')} had evidence among the first 5 passages found.",
        "citation_recall": f"{number} of {_count(value.n, 'question')} got a reply that cites the evidence.",
        "no_answer_accuracy": f"{number} of {_count(value.n, 'question')} without an answer got none.",
    }[value.metric.name]


# One question


class Piece(NamedTuple):
    """Some words of a document, and whether they were cited and whether they are evidence."""

    text: str
    cited: bool = False
    evidence: bool = False


class Place(NamedTuple):
    """Where a citation or evidence stands; `span` is None where the document or the words are missing."""

    document_id: str
    quote: str
    span: Span | None
    citation: Json | None = None


@dataclass(frozen=True)
class Excerpt:
    """A place in its context."""

    place: Place
    document: Document | None
    pieces: tuple[Piece, ...]

    @property
    def language(self) -> str:
        return self.document.language if self.document else "und"


@dataclass(frozen=True)
class Entry:
    """One question as the page shows it."""

    number: int
    record: Json
    documents: Mapping[str, Document]
    context: int

    @property
    def outcome(self) -> Outcome:
        return _outcome(self.record["outcome"])

    @property
    def expected(self) -> Json:
        return self.record["expected"]  # type: ignore[no-any-return]

    @property
    def scores(self) -> Json:
        return self.record["scores"]  # type: ignore[no-any-return]

    @property
    def language(self) -> str:
        return str(self.expected.get("language", "und"))

    @property
    def tags(self) -> list[str]:
        return _tags(self.record)

    @property
    def tag_lines(self) -> str:
        return "\n".join(map(disarm, self.tags))

    @property
    def answer_language(self) -> str:
        """Return the language that answers are most likely in: that of the evidence, else of the question."""
        known = [self.documents[each["document"]] for each in self.evidence if each["document"] in self.documents]
        return known[0].language if known else self.language

    @property
    def evidence(self) -> Sequence[Json]:
        return self.expected.get("evidence") or ()

    @property
    def history(self) -> Sequence[Json]:
        return self.expected.get("history") or ()

    @property
    def reply(self) -> str:
        """Return the reply in full where it is more than the short answer."""
        text = self.record.get("text") or ""
        same = _NUMBERS.sub("", text).strip() == (self.record.get("short") or "").strip()
        return "" if same else _shortened(text, 4 * self.context)

    @property
    def short(self) -> str:
        return _shortened(self.record.get("short") or "", 2 * self.context)

    @property
    def candidate(self) -> str:
        """Return the answer that was held back, if there is one."""
        return "" if self.record["answered"] else _shortened(_held_back(self.record), 2 * self.context)

    @property
    def hits(self) -> Sequence[Json]:
        return self.record["hits"][:SHOWN_HITS]  # type: ignore[no-any-return]

    @property
    def more_hits(self) -> int:
        return max(0, len(self.record["hits"]) - SHOWN_HITS)

    @property
    def why(self) -> str:
        return why(self.record)

    @property
    def timings(self) -> list[tuple[str, float]]:
        return [(str(name), float(value)) for name, value in (self.record.get("timings_ms") or {}).items()]

    @property
    def others(self) -> list[tuple[str, str]]:
        """Return what the author of the question wrote down besides."""
        known = {"id", "question", "language", "answers", "evidence", "tags", "history"}
        return [(str(key), _scalar(value)) for key, value in self.expected.items() if key not in known]

    @cached_property
    def places(self) -> tuple[list[Excerpt], list[Excerpt], int]:
        """Return citations in context, evidence that no citation's context shows, and how many were left out."""
        citations = [_cited_place(each, self.documents) for each in self.record["citations"]]
        evidence = [_evidence_place(each, self.documents) for each in self.evidence]
        shown = citations[:SHOWN_PLACES]
        unseen = [place for place in evidence if not any(self._shows(citation, place) for citation in shown)]
        left_out = len(citations) - len(shown) + len(unseen[SHOWN_PLACES:])
        cited, missed = (
            [_excerpt(place, citations, evidence, self.documents, self.context) for place in places]
            for places in (shown, unseen[:SHOWN_PLACES])
        )
        return cited, missed, left_out

    def _shows(self, citation: Place, evidence: Place) -> bool:
        if citation.span is None or evidence.span is None or citation.document_id != evidence.document_id:
            return False
        window = _window(self.documents[citation.document_id].text, citation.span, self.context)
        return window.start <= evidence.span.start and evidence.span.end <= window.end


def why(record: Json) -> str:
    """Say in words why a question counts as right or wrong."""
    found, hits = record["scores"].get("first_relevant"), len(record["hits"])
    sure = _percent(record["confidence"])
    rank = f"Passage {found} of {hits} holds the evidence" if found else "The evidence was found"
    candidate = record["scores"].get("candidate_F1") or 0
    if record["outcome"] == "right":
        if record["expected"]["answers"]:
            return "The reply agrees with an accepted answer."
        return "The documents hold no answer, and the reply says so."
    if record["outcome"] == "wrongly_abstained":
        kept = "would have been right" if candidate >= HALF else "would have been wrong too"
        held_back = f" The candidate held back {kept} (F1 {candidate:.2f})." if _held_back(record) else ""
        return "The documents hold an answer, but the reply says that they do not." + held_back
    return {
        "retrieval_missed": f"None of the {_count(hits, 'passage')} found holds the evidence, so it could not be read."
        if hits
        else "No passage was found.",
        "reader_missed": f"{rank}, but something else was read out of the passages.",
        "wrongly_answered": f"The documents hold no answer, but one was given, with a confidence of {sure}.",
        "cited_wrongly": "The answer is right, but what it cites is not where the evidence stands.",
    }.get(record["outcome"], _outcome(record["outcome"]).title)


def _cited_place(citation: Json, documents: Mapping[str, Document]) -> Place:
    document, span = documents.get(citation["document"]), Span(citation["start"], citation["end"])
    holds = document is not None and document.text[slice(*span)] == citation["quote"]
    return Place(citation["document"], citation["quote"], span if holds else None, citation)


def _evidence_place(evidence: Json, documents: Mapping[str, Document]) -> Place:
    """Find evidence where it says it starts, else where its words stand first."""
    document, quote = documents.get(evidence["document"]), unicodedata.normalize("NFC", evidence["quote"])
    if document is None:
        return Place(evidence["document"], quote, None)
    start = evidence.get("start")
    if start is None or not document.text.startswith(quote, start):
        start = document.text.find(quote)
    return Place(evidence["document"], quote, Span(start, start + len(quote)) if start >= 0 else None)


def _excerpt(
    place: Place, citations: Iterable[Place], evidence: Iterable[Place], documents: Mapping[str, Document], context: int
) -> Excerpt:
    document = documents.get(place.document_id)
    if document is None or place.span is None:
        quote = _shortened(place.quote, 4 * context)
        return Excerpt(place, document, (Piece(quote, place.citation is not None, place.citation is None),))
    window = _window(document.text, place.span, context)
    cited = [each.span for each in citations if each.span and each.document_id == place.document_id]
    proven = [each.span for each in evidence if each.span and each.document_id == place.document_id]
    return Excerpt(place, document, tuple(_pieces(document.text, window, cited, proven)))


def _window(text: str, span: Span, context: int) -> Span:
    """Widen a span by `context` on either side, to whole words, after cutting it where it is very long."""
    last = min(span.end, span.start + 4 * context)
    start, end = max(0, span.start - context), min(len(text), last + context)
    if start and (space := re.search(r"\s", text[start : min(start + LONG_WORD, span.start)])):
        start += space.end()
    if end < len(text) and (cut := text.rfind(" ", max(end - LONG_WORD, last), end)) >= 0:
        end = cut
    return Span(start, end)


def _pieces(text: str, window: Span, cited: Sequence[Span], evidence: Sequence[Span]) -> Iterator[Piece]:
    """Cut a window of a text where a citation or evidence begins or ends.

    >>> [tuple(piece) for piece in _pieces("abcdef", Span(1, 5), [Span(2, 4)], [Span(3, 9)])]
    [('…b', False, False), ('c', True, False), ('d', True, True), ('e…', False, True)]
    """
    edges = {edge for span in (*cited, *evidence) for edge in span if window.start < edge < window.end}
    cuts = sorted({*window, *edges})
    for start, end in pairwise(cuts):
        before = "…" if start == window.start > 0 else ""
        after = "…" if end == window.end < len(text) else ""
        inside = [any(span.start <= start and end <= span.end for span in spans) for spans in (cited, evidence)]
        yield Piece(before + text[start:end] + after, *inside)


# The summary


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
    for value in (shown(_METRICS[name], report.run["metrics"].get(name)) for name in SUMMARY_METRICS):
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


def comparison_counts(comparison: Json) -> str:
    """Say over which questions two runs were compared."""
    others = [
        f"{_count(comparison[key], 'question')} only {where}"
        for key, where in (("only_here", "in this run"), ("only_in_baseline", "in the baseline"))
        if comparison.get(key)
    ]
    left_out = f"; left out: {' and '.join(others)}" if others else ""
    return f"Compared with the baseline over {_count(comparison.get('common', 0), 'common question')}{left_out}."


def settings_changes(comparison: Json) -> list[tuple[str, str]]:
    """Return what differs between the settings of two runs: name, and before → after."""
    return [
        (str(name), " → ".join(map(_scalar, values)))
        for name, values in (comparison.get("settings_differ") or {}).items()
    ]


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
            _shortened(each["question"], 120),
            _shortened(" / ".join(each["expected"]["answers"]) or "none", 80),
            _shortened((each.get("short") or each.get("text") or "none") if each["answered"] else "none", 80),
            _outcome(each["outcome"]).title,
            _percent(each["confidence"]),
        ]
        for each in failures[:SHOWN_FAILURES]
    ]
    table = _markdown_table(
        ["id", "question", "expected", "given", "outcome", "confidence"],
        [[_markdown(cell) for cell in row] for row in rows],
    )
    return f"The surest of {_count(len(failures), 'failure')}:\n\n{table}"


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


# Words and numbers


_FORMATS = {"share": ".1%", "whole": ".0%", "score": ".3f"}


def _value(metric: Metric, value: float | None) -> str:
    if value is None:
        return "–"
    if metric.kind == "time":
        return pictures.milliseconds(value)
    return f"{value:{_FORMATS[metric.kind]}}"


def _range(metric: Metric, low: float, high: float) -> str:
    first, last = _value(metric, low), _value(metric, high)
    unit = next((unit for unit in ("%", " ms", " s") if first.endswith(unit) and last.endswith(unit)), "")
    return f"{first.removesuffix(unit)} – {last}"


def _signed(metric: Metric, value: float | None) -> str:
    if value is None:
        return "–"
    size = {"share": f"{100 * abs(value):.1f}{POINTS}", "time": pictures.milliseconds(abs(value))}
    return ("−" if value < 0 else "+") + size.get(metric.kind, f"{abs(value):.3f}")


def _line(value: float) -> float:
    return round(100 * min(1.0, max(0.0, value)), 2)


def _percent(value: float) -> str:
    return f"{value:.0%}"


def _count(number: int, noun: str, nouns: str = "") -> str:
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _moment(text: str) -> str:
    """Write an ISO date and time for people, or leave it as it is.

    >>> _moment("2026-11-22T16:00:00+00:00")
    '2026-11-22 16:00 UTC'
    """
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".rstrip()


def _language_name(code: str) -> str:
    return LANGUAGES.get(code, code)


def _scalar(value: object) -> str:
    return _shortened(value if isinstance(value, str) else str(value), 200)


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length].rstrip() + "…"


def _outcome(name: str) -> Outcome:
    return _OUTCOMES.get(name) or Outcome(name, name.replace("_", " ").capitalize(), "")


def _held_back(record: Json) -> str:
    return str((record.get("candidate") or {}).get("short") or "")


def _tags(record: Json) -> list[str]:
    return [" ".join(str(tag).split()) for tag in record["expected"].get("tags") or ()]
