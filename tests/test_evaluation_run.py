"""Runs over question files: scores and outcomes of single questions, resumption, comparison, bars."""

from __future__ import annotations

import dataclasses
import json
import resource
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rag.citations import cite, verify
from rag.errors import EvaluationError
from rag.evaluation import compare, run, session
from rag.evaluation.questions import Question
from rag.records import answer_record
from rag.types import Answer, Candidate, Citation, Document, Hit, Passage, Span, Statement, Turn

TEXT = "Prisen er 5 kr. Den gjelder fra mandag. Butikken er i Oslo."


@pytest.fixture
def documents(tmp_path: Path) -> dict[str, Document]:
    import hashlib

    path = tmp_path / "a.txt"
    path.write_text(TEXT, "utf-8")
    sha256 = hashlib.sha256(TEXT.encode()).hexdigest()
    return {"a.txt": Document("a.txt", "A", None, "no", TEXT, path, sha256)}


def answer(documents: Mapping[str, Document], short: str | None, cited: str = "", **changes: Any) -> Answer:
    """Make an answer that finds every sentence of the document, in its order."""
    document = documents["a.txt"]
    start = TEXT.index(cited)
    citations = (verify(cite(document, Span(start, start + len(cited))), document),) if cited else ()
    spans = [Span(0, 15), Span(16, 39), Span(40, 59)]
    hits = tuple(Hit(Passage("a.txt", *span, TEXT[span.start : span.end], "no"), 1, 1, 0) for span in spans)
    candidate = Candidate(short, "a.txt", TEXT.index(short), TEXT.index(short) + len(short)) if short else None
    made = Answer("?", "no", (Statement("…"),), short if cited else None, citations, candidate, 0.5, hits)
    return dataclasses.replace(made, **changes)


class Scripted:
    """A pipeline that answers from a script and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Answer | Mapping[str, Any]]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer | Mapping[str, Any]:
        self.asked.append((question, tuple(history)))
        return self._answers[question]


def question(name: str, answers: Sequence[str], quote: str | None = "", **changes: Any) -> Question:
    evidence = [{"document": "a.txt", "quote": quote}] if quote else []
    made = {"id": name, "language": "no", "question": name, "answers": list(answers), "evidence": evidence}
    return Question.model_validate({**made, **changes})


PRICE = ("5 kr", "Prisen er 5 kr.")
PLACE = ("Oslo", "Butikken er i Oslo.")


def evaluate(documents: Mapping[str, Document], *cases: tuple[Question, Answer]) -> dict[str, Any]:
    pipeline = Scripted({asked.question: given for asked, given in cases})
    results = list(run.evaluate(pipeline, [asked for asked, _ in cases], documents))
    return run.summarise(results, {"answerer": "scripted"})


@pytest.mark.parametrize(
    ("answers", "quote", "short", "cited", "outcome"),
    [
        ([PRICE[0]], PRICE[1], *PRICE, "right"),
        ([PRICE[0]], PRICE[1], PRICE[0], PLACE[1], "cited_wrongly"),
        ([PRICE[0]], PRICE[1], *PLACE, "reader_missed"),
        ([PRICE[0]], PRICE[1], PRICE[0], "", "wrongly_abstained"),
        ([PRICE[0]], PRICE[1], "Oslo", "", "reader_missed"),
        ([PRICE[0]], PRICE[1], None, "", "reader_missed"),
        ([], None, *PRICE, "wrongly_answered"),
        ([], None, PRICE[0], "", "right"),
        ([PRICE[0]], None, PRICE[0], PRICE[1], "right"),  # without evidence nothing is said of citations
    ],
)
def test_outcomes(
    documents: dict[str, Document], answers: list[str], quote: str | None, short: str | None, cited: str, outcome: str
) -> None:
    made = evaluate(documents, (question("q", answers, quote), answer(documents, short, cited)))
    assert made["questions"][0]["outcome"] == outcome


def test_retrieval_missed(documents: dict[str, Document]) -> None:
    only_place = answer(documents, *PLACE)
    only_place = dataclasses.replace(only_place, hits=only_place.hits[2:])
    made = evaluate(documents, (question("q", [PRICE[0]], PRICE[1]), only_place))
    assert made["questions"][0]["outcome"] == "retrieval_missed"
    assert made["metrics"]["Success@10"]["value"] == 0


def test_every_metric_by_hand(documents: dict[str, Document]) -> None:
    sure = {"confidence": 0.9}
    made = evaluate(
        documents,
        (question("right", [PRICE[0]], PRICE[1], tags=["money"]), answer(documents, *PRICE, **sure)),
        (question("half", ["i Oslo"], PLACE[1], language="en"), answer(documents, *PLACE, **sure)),
        (question("elsewhere", [PRICE[0]], PRICE[1]), answer(documents, PRICE[0], PLACE[1])),
        (question("abstained", ["mandag"], "fra mandag"), answer(documents, "mandag")),
        (question("none", []), answer(documents, "Oslo", confidence=0.1)),
        (question("invented", []), answer(documents, *PRICE, confidence=0.6)),
    )
    values = {name: metric["value"] for name, metric in made["metrics"].items() if not name.endswith("_ms")}
    two_thirds = 2 / 3  # «Oslo» for «i Oslo»
    assert values == pytest.approx(
        {
            "Success@1": 2 / 4,
            "Success@5": 1,
            "Success@10": 1,
            "RR@10": (1 + 1 / 3 + 1 + 1 / 2) / 4,
            "EM": 3 / 6,
            "F1": (1 + two_thirds + 1 + 0 + 1 + 0) / 6,
            "answerable_F1": (1 + two_thirds + 1 + 0) / 4,
            "no_answer_accuracy": 1 / 2,
            "citation_precision": 2 / 3,
            "citation_recall": 2 / 4,
            "verified": 1,
            "AUROC": (2 + 2 + 1 + 1) / 8,  # of 8 pairs «invented» is above two answerable questions
            # By falling confidence: right 0 and half 1/3 (either first), invented 1, elsewhere and abstained 0, none 1.
            "AURC": (1 / 6 + 1 / 6 + (1 / 3 + 1) / 3 + (4 / 3) / 4 + (4 / 3) / 5 + (7 / 3) / 6) / 6,
            # Bins of one question: 0.1 none, 0.5 elsewhere right, 0.5 abstained right, 0.6 invented, 0.9 and 0.9 right.
            "ECE": (0.1 + 0.5 + 0.5 + 0.6 + 0.1 + 0.1) / 6,
        },
        abs=1e-4,
    )
    assert made["metrics"]["citation_precision"]["n"] == 3
    assert set(made["by_language"]) == {"en", "no"}
    assert made["by_tag"]["money"]["F1"]["value"] == 1
    assert made["by_language"]["en"]["F1"]["n"] == 1


def test_citations_are_held_against_the_file_not_believed(documents: dict[str, Document]) -> None:
    given = answer(documents, *PRICE)
    lying = Citation("a.txt", 0, 6, "Gratis", documents["a.txt"].sha256, verified=True)
    stale = dataclasses.replace(given.citations[0], sha256="0" * 64)
    lost = dataclasses.replace(given.citations[0], document_id="b.txt")
    citations = (given.citations[0], lying, stale, lost)
    made = evaluate(documents, (question("q", [PRICE[0]], PRICE[1]), dataclasses.replace(given, citations=citations)))
    assert [citation["verified"] for citation in made["questions"][0]["citations"]] == [True, False, False, False]
    assert made["metrics"]["verified"] | {"low": 0, "high": 0} == {"value": 0.25, "low": 0, "high": 0, "n": 4}


def test_history_reaches_the_pipeline(documents: dict[str, Document]) -> None:
    asked = question("q", [], history=[{"question": "Hva koster det?", "answer": "5 kr"}])
    pipeline = Scripted({"q": answer(documents, None)})
    list(run.evaluate(pipeline, [asked], documents))
    assert pipeline.asked == [("q", (Turn("Hva koster det?", "5 kr"),))] * 2  # once to warm up


def test_a_pipeline_may_return_records(documents: dict[str, Document]) -> None:
    from rag.records import answer_record

    cases = question("q", [PRICE[0]], PRICE[1]), answer(documents, *PRICE)
    records = Scripted({"q": answer_record(cases[1])})
    (result,) = run.evaluate(records, [cases[0]], documents)
    (same,) = run.evaluate(Scripted({"q": cases[1]}), [cases[0]], documents)
    result["scores"]["ms"] = same["scores"]["ms"]
    assert result == same


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def test_other_programs_are_scored_by_what_they_say(documents: dict[str, Document]) -> None:
    """A reply without a short answer is an answer; what cites and does not answer has answered nothing."""
    says = dict(answer_record(answer(documents, *PRICE)), short=None)
    silent = dict(answer_record(answer(documents, *PRICE)), answered=False, short=None)
    pipeline = Scripted({"none": says, "price": says, "held back": silent})
    asked = [question("none", [], None), *(question(name, [PRICE[0]], PRICE[1]) for name in ("price", "held back"))]
    made = run.summarise(list(run.evaluate(pipeline, asked, documents)), {})
    none, price, held_back = (each["scores"] for each in made["questions"])
    assert (none["F1"], none["EM"], none["no_answer_accuracy"]) == (0, 0, 0)
    assert (price["F1"], price["citation_recall"]) == (0, 1)
    assert (held_back["F1"], held_back["citation_recall"], held_back["citation_precision"]) == (0, 0, None)


def test_an_interrupted_run_goes_on_where_it_was(documents: dict[str, Document], tmp_path: Path) -> None:
    questions = [question(f"q{number}", [PRICE[0]], PRICE[1]) for number in range(6)]
    answers = {asked.question: answer(documents, *PRICE) for asked in questions}

    def stop_at(done: int, total: int) -> None:
        if done == 4:
            raise Interrupted

    path = tmp_path / "journal.jsonl"
    with pytest.raises(Interrupted):
        list(run.evaluate(Scripted(answers), questions, documents, journal=run.Journal(path), notify=stop_at))
    with path.open("a") as file:
        file.write('{"id": "q4", "answ')  # cut short
    again = Scripted(answers)
    journal = run.Journal(path)
    results = list(run.evaluate(again, questions, documents, journal=journal))
    assert [asked for asked, _ in again.asked] == ["q4", "q4", "q5"]
    assert [result["id"] for result in results] == [f"q{number}" for number in range(6)]
    known = run.Journal(path).known
    assert sorted(known) == [f"q{number}" for number in range(6)], "nor is anything lost of what came after"
    journal.discard()
    assert not path.exists()


def test_whatever_documents_say_a_journal_is_read_again(documents: dict[str, Document], tmp_path: Path) -> None:
    said = "half \ud83d, \u2028 and \x85 are ends of lines to some"
    asked = question("q", [PRICE[0]], PRICE[1], note=said)
    path = tmp_path / "journal.jsonl"
    answers = {"q": answer(documents, *PRICE)}
    results = list(run.evaluate(Scripted(answers), [asked], documents, journal=run.Journal(path)))
    assert run.Journal(path).known == {"q": results[0]}
    found = session.Evaluation(run.summarise(results, {}), documents, run.Journal(None))
    found.write(json_file=tmp_path / "run.json")
    (written,) = json.loads((tmp_path / "run.json").read_text("utf-8"))["questions"]
    assert written["expected"]["note"] == said


def test_a_journal_that_cannot_be_written_stops_nothing(documents: dict[str, Document], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = run.Journal(tmp_path / "file" / "journal.jsonl")
    asked = [question("q", [PRICE[0]], PRICE[1])]
    assert len(list(run.evaluate(Scripted({"q": answer(documents, *PRICE)}), asked, documents, journal=journal))) == 1


def test_a_thousand_questions_take_no_memory_but_their_results(documents: dict[str, Document]) -> None:
    """The results of 1,000 questions are some MB; nothing else may pile up from the 200th to the 1,000th."""
    given = answer(documents, *PRICE)
    questions = [question(f"q{number}", [PRICE[0]], PRICE[1]) for number in range(1000)]
    pipeline = Scripted(dict.fromkeys([asked.question for asked in questions], given))
    size, count = 0, 0
    before = 0
    for result in run.evaluate(pipeline, questions, documents):
        size += len(json.dumps(result))
        count += 1
        if count == 200:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert count == 1000
    assert grown < 2 * size + 5e6


def make_run(documents: Mapping[str, Document], right: Sequence[bool], **settings: Any) -> dict[str, Any]:
    cases = [
        (question(f"q{number}", [PRICE[0]], PRICE[1]), answer(documents, *(PRICE if is_right else PLACE)))
        for number, is_right in enumerate(right)
    ]
    return evaluate(documents, *cases) | {"settings": {"answerer": "scripted", "created": time.time(), **settings}}


def test_comparison_is_paired_and_names_won_and_lost(documents: dict[str, Document]) -> None:
    before = make_run(documents, [True, False, False, True], hits=5)
    after = make_run(documents, [False, True, True, True, True], hits=9)
    found = compare.compare(before, after)
    assert (found["common"], found["only_here"], found["only_in_baseline"]) == (4, 1, 0)
    assert (found["won"], found["lost"]) == (["q1", "q2"], ["q0"])
    assert found["settings_differ"] == {"hits": [5, 9]}
    row = found["metrics"]["F1"]
    assert (row["before"], row["after"], row["difference"], row["n"]) == (0.5, 0.75, 0.25, 4)
    assert row["low"] < 0 < row["high"]


def test_a_question_that_was_rewritten_is_not_the_same(documents: dict[str, Document]) -> None:
    before, after = make_run(documents, [True, True]), make_run(documents, [True, True])
    before["questions"][0]["expected"]["answers"] = ["6 kr"]
    assert compare.compare(before, after)["common"] == 1
    before["questions"][1]["question"] = "another"
    with pytest.raises(EvaluationError, match="no question in common"):
        compare.compare(before, after)


def test_a_baseline_of_other_questions_is_told_before_anything_is_asked(documents: dict[str, Document]) -> None:
    before = make_run(documents, [True])
    compare.require_common(before, [question("new", ["x"], None), question("q0", [PRICE[0]], PRICE[1])])
    for other in (question("new", ["x"], None), question("q0", ["6 kr"], PRICE[1])):
        with pytest.raises(EvaluationError, match="no question in common"):
            compare.require_common(before, [other])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no baseline"),
        ("{", "is not JSON"),
        ("[]", "is not what"),
        ('{"questions": [{"id": 1}], "settings": {}}', "is not what"),
    ],
)
def test_baselines_that_cannot_be_used(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "before.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EvaluationError, match=message):
        compare.read_run(path)


@pytest.mark.parametrize("lost", ["id", "question", "ms", "F1"])
def test_a_baseline_that_lacks_what_is_compared_is_told_before_anything_is_asked(
    documents: dict[str, Document], tmp_path: Path, lost: str
) -> None:
    before = make_run(documents, [True, False])
    for each in before["questions"]:
        del (each if lost in each else each["scores"])[lost]
    path = tmp_path / "before.json"
    path.write_text(json.dumps(before))
    with pytest.raises(EvaluationError, match="is not what"):
        compare.read_run(path)


def test_bars(documents: dict[str, Document]) -> None:
    made = make_run(documents, [True, False])
    bars = compare.parse_requirements(["F1>=0.5", " F1 > 0.5", "p95_ms<=1e9", "verified==1", "AUROC>=0.1"])
    assert compare.unmet(bars, made) == [
        "F1>0.5 is not met: F1 is 0.5",
        "AUROC>=0.1 is not met: no question of this file bears on AUROC",
    ]


def test_bars_that_cannot_be_understood_are_told_together() -> None:
    with pytest.raises(EvaluationError) as caught:
        compare.parse_requirements(["F2>=0.5", "F1=>0.5", "F1>=much", "F1", "EM>=0.1", "F1>=nan"])
    message = str(caught.value)
    assert "'nan' is not a number" in message
    assert "no metric 'F2'" in message
    assert "no comparison '=>'" in message
    assert "'much' is not a number" in message
    assert "write it as" in message
    assert "EM" not in message.split("there are")[0]


def test_a_run_goes_on_only_with_the_same_code_words_and_weights() -> None:
    names = {path.name for path in session._program()}
    assert names >= {"run.py", "en.toml", "reader.safetensors"}
