"""`rag eval` and `rag questions` as a user meets them, on the given documents with the real encoder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from rag.config import Settings
from rag.encoder import BundledEncoder, Vectors
from rag.evaluation import compare, session
from rag.pipeline import Pipeline
from tests.test_cli import ROOT, SEEDS, rag, rag_process

pytestmark = pytest.mark.model

QUESTIONS = ROOT / "evaluation" / "seeds.jsonl"
QUICK = ("--answerer", "sentence")  # where it does not matter what answers; the reader takes longer
BARS = (ROOT / "evaluation" / "bars.txt").read_text("utf-8").split()


@pytest.fixture
def index(seeds_index: Path) -> Path:
    return seeds_index


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Twelve of the given questions."""
    lines = QUESTIONS.read_text("utf-8").splitlines(keepends=True)
    path = tmp_path / "few.jsonl"
    path.write_text("".join(lines[::16]), "utf-8")
    return path


def test_everything_is_measured_and_written(index: Path, few: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    written = rag("eval", few, "--index", index, "--json", out / "run.json", "--report", out / "report")
    assert written.returncode == 0, written.stderr
    for words in ("Success@5", "answerable_F1", "95 % interval", "By language", "By tag", "The report is in"):
        assert words in written.stdout
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert set(run) == {"metrics", "by_language", "by_tag", "questions", "settings"}
    assert set(run["metrics"]["F1"]) == {"value", "low", "high", "n"}
    assert run["metrics"]["F1"]["n"] == len(run["questions"]) == 12
    assert run["settings"]["answerer"] == "reader"
    first = run["questions"][0]
    assert {"id", "question", "short", "citations", "candidate", "hits", "expected", "outcome", "scores"} <= set(first)
    assert len(first["hits"]) == 10  # or Success@10 could not be measured
    assert "<html" in (out / "report" / "index.html").read_text("utf-8")
    assert "Success@5" in (out / "report" / "summary.md").read_text("utf-8")
    assert str(ROOT) not in (out / "run.json").read_text("utf-8")


def test_documents_that_are_not_indexed_yet(few: Path, tmp_path: Path) -> None:
    settings = {"RAG_CACHE": str(tmp_path / "cache")}
    found = rag("eval", few, "--documents", SEEDS, "--json", tmp_path / "run.json", *QUICK, env=settings)
    assert found.returncode == 0, found.stderr
    assert json.loads((tmp_path / "run.json").read_text("utf-8"))["settings"]["documents"] == 5
    assert not list((tmp_path / "cache" / "evaluations").glob("*.jsonl"))  # nothing is left to resume


def test_bars(index: Path, few: Path) -> None:
    asking = ("eval", few, "--index", index, *QUICK, "--require")
    assert rag(*asking, "verified==1", "--require", "F1>=0").returncode == 0
    failed = rag(*asking, "F1>=0.999", "--require", "verified==1")
    assert failed.returncode == 3
    several = rag(*asking, "verified==1", "F1>=0.999", "EM>=0.999")
    assert (several.returncode, several.stderr.count("is not met")) == (3, 2)
    assert failed.stderr.startswith("rag: F1>=0.999 is not met: F1 is 0.")
    assert failed.stderr.count("\n") == 1


def test_baseline(index: Path, few: Path, tmp_path: Path) -> None:
    before = tmp_path / "before.json"
    rag("eval", few, "--index", index, "--json", before, *QUICK)
    few.write_text("".join(few.read_text("utf-8").splitlines(keepends=True)[2:]), "utf-8")
    settings = {"RAG_ABSTAIN_BELOW": "0.9"}
    after = tmp_path / "after.json"
    found = rag("eval", few, "--index", index, "--baseline", before, "--json", after, *QUICK, env=settings)
    assert found.returncode == 0
    assert "10 questions in common with the baseline, 2 only there" in found.stdout
    assert "setting abstain_below: 0.35 before, 0.9 now" in found.stdout
    comparison = json.loads(after.read_text("utf-8"))["comparison"]
    assert comparison["metrics"]["Success@5"]["difference"] == 0
    assert comparison["won"] or comparison["lost"]


def test_check(index: Path, few: Path, tmp_path: Path) -> None:
    for arguments in (("--index", index), ("--documents", SEEDS), ("--index", tmp_path / "none", "--documents", SEEDS)):
        checked = rag("eval", few, "--check", *arguments[-2:])
        assert (checked.returncode, checked.stdout) == (0, "12 questions, all sound\n")


def test_all_problems_of_a_file(index: Path, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text('{"id": "1"}\n[]\n', "utf-8")
    for more in ((), ("--check",)):
        refused = rag("eval", path, "--index", index, *more)
        assert refused.returncode == 2
        lines = refused.stderr.splitlines()
        assert lines[0] == f"rag: {path}: 4 problems"
        assert lines[1:] == [
            "  line 1: 'answers' is missing",
            "  line 1: 'language' is missing",
            "  line 1: 'question' is missing",
            "  line 2: not a JSON object",
        ]


def test_questions_that_cannot_be_asked_are_told_before_any_is(index: Path, few: Path, tmp_path: Path) -> None:
    records = [json.loads(line) for line in few.read_text("utf-8").splitlines()]
    long = [record | {"id": f"long-{at}", "question": "Why? " * 500} for at, record in enumerate(records[:2])]
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, *long]), "utf-8")
    refused = rag("eval", path, "--index", index, env={"RAG_CACHE": str(tmp_path / "cache")})
    assert refused.returncode == 2
    told = (
        "the question has 2499 characters, more than 2000; shorten it, or raise the setting 'max_question_characters'"
    )
    numbers = (len(records) + 1, len(records) + 2)
    assert refused.stderr.splitlines() == [
        f"rag: {path}: 2 problems",
        *(f"  line {number}: {told}" for number in numbers),
    ]
    assert not [*tmp_path.rglob("evaluations/*.jsonl")]  # no answer was kept, as none was given


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--require", "F2>=0.5"], "there is no metric 'F2'"),
        (["--require", "F1>=0.5", "F3>=0.5"], "there is no metric 'F3'"),
        (["F1>=0.5"], "bars come after --require"),
        (["--baseline", "none.json"], "there is no baseline none.json"),
        (["--answerer", "oracle"], "setting 'answerer' (--answerer)"),
        (["--documents", "seeds", "--index", "x"], "--documents and --index exclude each other"),
        (["--documents", "no-such-folder"], "no-such-folder; make it"),
        ([*QUICK, "--json", "/dev/null/run.json"], "cannot write /dev/null/run.json"),
    ],
)
def test_wrong_use(index: Path, few: Path, arguments: list[str], said: str) -> None:
    default = [] if {"--index", "--documents"} & set(arguments) else ["--index", index]
    refused = rag("eval", few, *default, *arguments)
    assert refused.returncode == 2
    assert said in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_questions_are_not_written_over(index: Path, few: Path) -> None:
    before = few.read_bytes()
    refused = rag("eval", few, "--index", index, *QUICK, "--json", few.parent / "." / few.name)
    assert (refused.returncode, few.read_bytes()) == (2, before)
    assert "would write over the questions" in refused.stderr


def test_no_index_yet(few: Path, tmp_path: Path) -> None:
    refused = rag("eval", few, "--index", tmp_path / "none")
    assert refused.returncode == 2
    assert "build it with `rag index" in refused.stderr


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_what_cannot_be_written_is_told_before_anything_is_read(few: Path, tmp_path: Path, option: str) -> None:
    refused = rag("eval", few, "--index", tmp_path / "none", option, "/dev/null/place")
    assert refused.returncode == 2
    assert refused.stderr.startswith("rag: cannot write /dev/null/place")


def test_converted_data_is_evaluated_by_the_command_that_is_named(tmp_path: Path) -> None:
    text = "Bergen ble grunnlagt i 1070 av Olav Kyrre. Byen regnes som Vestlandets hovedstad."
    rows = [
        {
            "id": str(number),
            "question": question,
            "context": text,
            "answers": [{"text": answer, "start": text.index(answer)}],
        }
        for number, (question, answer) in enumerate(
            [("Hvem grunnla Bergen?", "Olav Kyrre"), ("Når ble byen grunnlagt?", "1070")]
        )
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    made = rag_process("questions", "squad", tmp_path / "rows.jsonl", "--out", tmp_path / "out")
    assert made.returncode == 0, made.stderr
    command = made.stdout.splitlines()[-1].removeprefix("Evaluate them with: rag ").split()
    found = rag(*command, env={"RAG_CACHE": str(tmp_path / "cache")})
    assert found.returncode == 0, found.stderr
    assert "2 questions on 1 documents" in found.stdout


class Backwards:
    """A deliberately broken encoder: what is nearest to a question is farthest for it."""

    def __init__(self, encoder: BundledEncoder) -> None:
        self.name, self.dimension, self.capacity = encoder.name, encoder.dimension, encoder.capacity
        self.count_tokens, self.embed_passages = encoder.count_tokens, encoder.embed_passages
        self._encoder = encoder

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        return -self._encoder.embed_queries(questions)


@pytest.mark.slow
def test_the_gate_fails_a_broken_retriever(
    settings: Settings, seeds_pipeline: Pipeline, encoder: BundledEncoder
) -> None:
    """Every third question will do; that all of them clear the bars with a sound one, `make test` sees afterwards."""
    bars = compare.parse_requirements([bar for bar in BARS if bar.startswith("Success")])
    lines = session.read(QUESTIONS, seeds_pipeline.index.documents)[::3]
    sentences = settings.model_copy(update={"answerer": "sentence"})  # it is quicker, and leaves the search's order
    sound = session.evaluate(QUESTIONS, lines, Pipeline(sentences, encoder))
    sound.write()
    backwards = sentences.model_copy(update={"lexical_weight": 0})
    broken = session.evaluate(QUESTIONS, lines, Pipeline(backwards, Backwards(encoder)))
    broken.write()
    unmet = {message.partition(">=")[0] for message in compare.unmet(bars, broken.record)}
    assert {"Success@1", "Success@5"} <= unmet
    found, missed = (each.record["metrics"]["Success@5"]["value"] for each in (sound, broken))
    assert found > missed + 0.3
