"""Ask questions one after another, score each, and put the scores together."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from rag import documents as files
from rag.errors import QuestionError, UnreadableDocument
from rag.evaluation import aggregates, measures
from rag.evaluation.aggregates import Array, Estimate
from rag.evaluation.questions import Question, locate
from rag.models import sha256_of
from rag.records import answer_record
from rag.types import Answer, Document, Span, Turn, quote_hash
from rag.untrusted import to_json

Notify = Callable[[int, int], None]  # questions done, questions in all
Result = dict[str, Any]  # of one question, as it stands in the JSON under "questions"

RELEVANT_WITHIN = 10


class Pipeline(Protocol):
    """What can be evaluated: anything that answers a question, given the earlier turns.

    It may return a record as `rag ask --json` prints it instead of an Answer, as another program's client would.
    """

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer | Mapping[str, Any]: ...


class Journal:
    """Results as they come in, in a file of their own, so that an interrupted run goes on where it was."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.known = {result["id"]: result for result in self._read()}

    def add(self, result: Result) -> None:
        """Keep a result; where nothing can be written the run goes on without."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"\n{to_json(result)}\n")  # on a line of its own, also behind one that was cut short
        except OSError:
            self._path = None

    def discard(self) -> None:
        """Forget everything: the run is complete."""
        if self._path:
            self._path.unlink(missing_ok=True)

    def _read(self) -> Iterator[Result]:
        if self._path is None or not self._path.is_file():
            return
        for line in self._path.read_text("utf-8", errors="replace").split("\n"):
            with suppress(ValueError):  # of a line that was cut short by the interruption
                yield json.loads(line)


def evaluate(
    pipeline: Pipeline,
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    *,
    journal: Journal | None = None,
    notify: Notify = lambda *_: None,
) -> Iterator[Result]:
    """Yield the result of each question; the scores of its ranking are put in by `summarise`.

    The first question is asked once more beforehand, so that nobody waits for what is loaded on first use.
    Raises ValueError when evidence does not stand in the documents.
    """
    journal = journal or Journal(None)
    audit = _Audit(documents)
    warm = False
    for done, question in enumerate(questions):
        notify(done, len(questions))
        result = journal.known.get(question.id)
        if result is None:
            if not warm:
                _ask(pipeline, question)
                warm = True
            result = _result(question, *_ask(pipeline, question), documents, audit)
            journal.add(result)
        yield result
    notify(len(questions), len(questions))


class _Asked(NamedTuple):
    record: dict[str, Any]
    milliseconds: float


def _ask(pipeline: Pipeline, question: Question) -> _Asked:
    started = time.perf_counter()
    try:
        answer = pipeline.ask(question.question, history=question.turns)
    except QuestionError as error:
        raise QuestionError(f"question {question.id!r}: {error}") from None
    milliseconds = (time.perf_counter() - started) * 1e3
    return _Asked(answer_record(answer) if isinstance(answer, Answer) else dict(answer), milliseconds)


class _Audit:
    """Holds citations against the files, each of which is read once a run."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._read: dict[str, tuple[str, str]] = {}  # document id -> text and sha256 of the file as it is now

    def holds(self, citation: Mapping[str, Any]) -> bool:
        """Tell whether the quote stands at its place, the file is the one that was cited, and the id says so."""
        text, sha256 = self._current(citation["document"])
        quote = citation["quote"]
        place = f"#{citation['start']}-{citation['end']}~{quote_hash(quote)}"
        stands = text[citation["start"] : citation["end"]] == quote != ""
        return bool(stands and sha256 == citation["sha256"] and citation["id"].endswith(place))

    def _current(self, document_id: str) -> tuple[str, str]:
        if document_id not in self._read:
            self._read[document_id] = self._load(document_id)
        return self._read[document_id]

    def _load(self, document_id: str) -> tuple[str, str]:
        document = self._documents.get(document_id)
        try:
            if document is None:
                return "", ""
            return files.read_text(document.path), sha256_of(document.path)
        except (OSError, ValueError, UnreadableDocument):
            return "", ""


def _result(
    question: Question,
    record: Mapping[str, Any],
    milliseconds: float,
    documents: Mapping[str, Document],
    audit: _Audit,
) -> Result:
    evidence = locate(question, documents)
    citations = [{**citation, "verified": audit.holds(citation)} for citation in record["citations"]]
    cited = [_bears_on(citation, evidence, measures.overlaps) for citation in citations if record["answered"]]
    return {
        "id": question.id,
        **record,
        "citations": citations,
        "expected": question.expected,
        "relevant": [_bears_on(hit, evidence, measures.covers_half) for hit in record["hits"]],
        "scores": {
            **_answer_scores(question, record),
            "citation_precision": sum(cited) / len(cited) if evidence and cited else None,
            "citation_recall": float(any(cited)) if evidence else None,
            "citations": len(citations),
            "verified_citations": sum(citation["verified"] for citation in citations),
            "ms": round(milliseconds, 2),
        },
    }


def _bears_on(
    part: Mapping[str, Any], evidence: Sequence[tuple[str, Span]], test: Callable[[Span, Span], bool]
) -> bool:
    """Tell whether a hit or a citation has, by `test`, any piece of evidence of its document."""
    span = Span(part["start"], part["end"])
    return any(part["document"] == document and test(span, place) for document, place in evidence)


def _answer_scores(question: Question, record: Mapping[str, Any]) -> dict[str, float | None]:
    """Return the scores of what was answered, None for those that the question has no say in."""
    short, answers = (record["short"] or "") if record["answered"] else None, question.answers
    candidate = record["candidate"]["short"] if record["candidate"] else None
    f1 = measures.f1(short, answers)
    return {
        "EM": measures.exact_match(short, answers),
        "F1": f1,
        "answerable_F1": f1 if answers else None,
        "candidate_F1": measures.f1(candidate, answers) if answers else 0.0,
        "no_answer_accuracy": None if answers else float(not record["answered"]),
    }


def summarise(results: Sequence[Result], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON of an evaluation: metrics with intervals, also by language and by tag, questions, settings."""
    questions = _with_rankings(results)
    columns = columns_of(questions)
    return {
        "metrics": _records(aggregates.estimates(columns)),
        "by_language": _by_group(questions, columns, lambda question: [question["expected"]["language"]]),
        "by_tag": _by_group(questions, columns, lambda question: question["expected"].get("tags", [])),
        "questions": questions,
        "settings": dict(settings),
    }


def _with_rankings(results: Sequence[Result]) -> list[Result]:
    """Return the results with the scores of their rankings and the outcome of each."""
    with_evidence = [result for result in results if result["expected"].get("evidence")]
    rankings = measures.ranking_scores([result["relevant"] for result in with_evidence])
    scores = {result["id"]: ranking for result, ranking in zip(with_evidence, rankings, strict=True)}
    nothing = dict.fromkeys(measures.RANKINGS)
    return [_completed(result, scores.get(result["id"], nothing)) for result in results]


def _completed(result: Result, ranking: Mapping[str, float | None]) -> Result:
    relevant = result["relevant"]
    first = relevant.index(True) + 1 if True in relevant else None
    scores = {**result["scores"], **ranking, "first_relevant": first}
    rest = {name: value for name, value in result.items() if name != "relevant"}
    return {**rest, "scores": scores, "outcome": _outcome(result, scores)}


def _outcome(result: Result, scores: Mapping[str, Any]) -> str:
    """Say whether the reply was right, and if not, which part is to blame."""
    expected, answered = bool(result["expected"]["answers"]), result["answered"]
    if not expected:
        return "wrongly_answered" if answered else "right"
    if answered and scores["F1"] >= aggregates.RIGHT:
        return "cited_wrongly" if scores["citation_recall"] == 0 else "right"
    if scores["citation_recall"] is not None and (scores["first_relevant"] or RELEVANT_WITHIN + 1) > RELEVANT_WITHIN:
        return "retrieval_missed"
    if not answered and scores["candidate_F1"] >= aggregates.RIGHT:
        return "wrongly_abstained"
    return "reader_missed"


def columns_of(questions: Sequence[Result]) -> dict[str, Array]:
    """Return what the metrics are computed from: one array a score, NaN for None."""
    names = questions[0]["scores"] if questions else []
    columns = {name: np.array([question["scores"][name] for question in questions], np.float64) for name in names}
    has_answer = np.array([bool(question["expected"]["answers"]) for question in questions], np.float64)
    columns["has_answer"] = has_answer
    columns["confidence"] = np.array([question["confidence"] for question in questions], np.float64)
    columns["risk"] = 1 - columns["candidate_F1"] * has_answer
    columns["is_right"] = has_answer * (columns["candidate_F1"] >= aggregates.RIGHT)
    return columns


def _by_group(
    questions: Sequence[Result], columns: Mapping[str, Array], groups: Callable[[Result], Sequence[str]]
) -> dict[str, dict[str, Any]]:
    rows: dict[str, list[int]] = {}
    for row, question in enumerate(questions):
        for group in dict.fromkeys(groups(question)):
            rows.setdefault(group, []).append(row)
    return {group: _records(aggregates.estimates(aggregates.select(columns, rows[group]))) for group in sorted(rows)}


def _records(estimates: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    return {
        name: {key: rounded(value) for key, value in estimate._asdict().items()} for name, estimate in estimates.items()
    }


def rounded(value: float | None) -> float | None:
    """Round to what the JSON keeps."""
    return None if value is None else round(value, 4)
