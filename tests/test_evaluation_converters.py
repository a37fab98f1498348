"""Reading-comprehension data becomes documents and questions, with every offset right."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import read_folder
from rag.errors import EvaluationError, QuestionFileError
from rag.evaluation import session
from rag.evaluation.converters import DOCUMENTS, QUESTIONS, Conversion, convert
from rag.evaluation.questions import locate

# Two paragraphs of NorQuAD (CC0) in shape: short Norwegian prose.
OSLO = "Oslo er hovedstaden i Norge. Byen har 717 710 innbyggere. Den ligger innerst i Oslofjorden."
BERGEN = "Bergen ble grunnlagt i 1070 av Olav Kyrre. Byen regnes som Vestlandets hovedstad."


def flat(identity: str, question: str, context: str, *answers: str) -> dict[str, Any]:
    found = [{"text": text, "start": context.index(text)} for text in answers]
    return {"id": identity, "article": "byer", "question": question, "context": context, "answers": found}


ROWS = [
    flat("1", "Hva er hovedstaden i Norge?", OSLO, "Oslo"),
    flat("2", "Hvor mange innbyggere har byen?", OSLO, "717 710", "717 710 innbyggere"),
    flat("3", "Hvem grunnla Bergen?", BERGEN, "Olav Kyrre"),
    flat("4", "Når ble byen grunnlagt?", BERGEN, "1070"),
]


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def squad(rows: list[dict[str, Any]], impossible: str = "") -> dict[str, Any]:
    """The same rows in SQuAD's format; the question of id `impossible` as SQuAD 2.0 has those without an answer."""
    paragraphs: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        answers = [{"text": answer["text"], "answer_start": answer["start"]} for answer in row["answers"]]
        without = row["id"] == impossible
        entry = {"id": row["id"], "question": row["question"], "answers": [] if without else answers}
        if without:
            entry |= {"is_impossible": True, "plausible_answers": answers}
        paragraphs.setdefault(row["context"], []).append(entry)
    contents = [{"context": context, "qas": qas} for context, qas in paragraphs.items()]
    return {"version": "v2.0", "data": [{"title": "byer", "paragraphs": contents}]}


def read(out: Path) -> list[dict[str, Any]]:
    """Return the questions, after holding each against the documents as they are read."""
    documents = {found.id: found for found in read_folder(out / DOCUMENTS, max_bytes=10**6).documents}
    lines = session.read(out / QUESTIONS, documents, strictly=True)
    for line in lines:
        for (name, span), evidence in zip(locate(line.question, documents), line.question.evidence, strict=True):
            assert documents[name].text[span.start : span.end] == evidence.quote
            assert any(answer in evidence.quote for answer in line.question.answers)
    return [json.loads(line) for line in (out / QUESTIONS).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "squad.json"])
def test_every_format_gives_the_same(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "squad.json":
        path.write_text(json.dumps(squad(ROWS)), "utf-8")
    else:
        write_rows(path, ROWS)
    assert convert([path], tmp_path / "out") == Conversion(2, 4, 0, ())
    found = read(tmp_path / "out")
    assert [question["id"] for question in found] == ["1", "2", "3", "4"]
    assert {question["language"] for question in found} == {"no"}
    assert found[1]["answers"] == ["717 710", "717 710 innbyggere"]
    assert found[1]["evidence"] == [{"document": "0001.txt", "quote": "Byen har 717 710 innbyggere.", "start": 29}]
    assert (tmp_path / "out" / DOCUMENTS / "0002.txt").read_text("utf-8") == BERGEN


def test_what_squad_says_is_unanswerable_has_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "squad.json"
    path.write_text(json.dumps(squad(ROWS, impossible="3")), "utf-8")
    convert([path], tmp_path / "out")
    assert [question["answers"] == [] for question in read(tmp_path / "out")] == [False, False, True, False]


def test_left_out_paragraphs_leave_their_questions_without_an_answer(tmp_path: Path) -> None:
    texts = [f"Avsnitt nummer {number} handler om tallet {number}." for number in range(60)]
    rows = [flat(str(number), f"Hva er tall {number}?", text, str(number)) for number, text in enumerate(texts)]
    path = write_rows(tmp_path / "rows.jsonl", rows)
    made = convert([path], tmp_path / "out", leave_out=6)
    assert made == Conversion(50, 60, 10, ())
    found = read(tmp_path / "out")
    without = [question for question in found if not question["answers"]]
    assert len(without) == 10
    assert all(question["tags"] == ["left-out"] and question["evidence"] == [] for question in without)
    first = [question["id"] for question in without]
    convert([path], tmp_path / "again", leave_out=6)
    assert [question["id"] for question in read(tmp_path / "again") if not question["answers"]] == first


def test_parallel_files_keep_their_ids_apart(tmp_path: Path) -> None:
    paths = [write_rows(tmp_path / f"{name}.jsonl.gz", ROWS) for name in ("one", "two")]
    assert convert(paths, tmp_path / "out").documents == 2
    ids = [json.loads(line)["id"] for line in (tmp_path / "out" / QUESTIONS).read_text("utf-8").splitlines()]
    assert ids[0] == "one/1"
    assert ids[4] == "two/1"


def test_ids_that_are_there_twice_are_numbered(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    paths = [write_rows(tmp_path / name / "train.jsonl", [*ROWS[:2], ROWS[2] | {"id": "1"}]) for name in ("a", "b")]
    convert(paths, tmp_path / "out")
    ids = [json.loads(line)["id"] for line in (tmp_path / "out" / QUESTIONS).read_text("utf-8").splitlines()]
    assert ids == ["train/1", "train/2", "train/1-2", "train/1-3", "train/2-2", "train/1-4"]


def test_slightly_wrong_starts_are_mended_and_lost_answers_told(tmp_path: Path) -> None:
    rows = [*ROWS[:1], {**ROWS[1], "answers": [{"text": "717 710", "start": 20}]}]
    rows.append({**ROWS[2], "answers": [{"text": "Harald", "start": 3}]})
    made = convert([write_rows(tmp_path / "rows.jsonl", rows)], tmp_path / "out")
    assert (made.questions, len(made.problems)) == (2, 1)
    assert "line 3: the answer «Harald» does not stand in its paragraph" in made.problems[0]
    assert read(tmp_path / "out")[1]["answers"] == ["717 710"]


@given(st.text("aÅé\u0301\r\n .", max_size=30), st.text("bø\u0301", max_size=5), st.text("c\u030a. \n", max_size=9))
def test_offsets_survive_normalisation(before: str, answer: str, after: str) -> None:
    context, answer = f"x{before}b{answer}{after}", f"b{answer}"
    row = {"id": "1", "question": "?", "context": context, "answers": [{"text": answer, "start": len(before) + 1}]}
    with TemporaryDirectory() as folder:
        convert([write_rows(Path(folder) / "rows.jsonl", [row])], Path(folder) / "out")
        read(Path(folder) / "out")


def test_half_a_character_is_shown_as_such(tmp_path: Path) -> None:
    broken = flat("1\udc00", "Hva er \ud83d?", f"\ud83d {OSLO}", "Oslo")
    assert convert([write_rows(tmp_path / "a.jsonl", [broken])], tmp_path / "out").problems == ()
    (entry,) = read(tmp_path / "out")
    assert (entry["id"], entry["question"], entry["answers"]) == ("1\ufffd", "Hva er \ufffd?", ["Oslo"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no question could be taken over"),
        (b"{", "line 1: not JSON"),
        (b'{"data": 5}', "not in SQuAD's format"),
        (b'{"data": [{"paragraphs": [{"qas": []}]}]}', "'context' is missing"),
        (b'{"id": 1}\n{"id": 2}', "line 2: 'context' is missing"),
        (b'{"id": 1, "question": "?", "context": "x", "answers": [{"text": "x", "start": "0"}]}', "whole number"),
        (b"\x1f\x8b\x08", "cannot be unzipped"),
        (b"\xff", "not UTF-8"),
        (None, "there is no file"),
    ],
)
def test_malformed_files(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(QuestionFileError) as caught:
        convert([path], tmp_path / "out")
    assert message in "\n".join([str(caught.value), *caught.value.problems])
    assert not (tmp_path / "out").exists()


def test_a_folder_with_other_documents_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out" / DOCUMENTS).mkdir(parents=True)
    (tmp_path / "out" / DOCUMENTS / "mine.txt").write_text("mine")
    with pytest.raises(EvaluationError, match=r"holds other files \(mine.txt"):
        convert([write_rows(tmp_path / "rows.jsonl", ROWS)], tmp_path / "out")
    assert [path.name for path in (tmp_path / "out" / DOCUMENTS).iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("leave_out", [1, -2])
def test_leaving_out_everything_is_refused(tmp_path: Path, leave_out: int) -> None:
    with pytest.raises(EvaluationError, match="leave out"):
        convert([write_rows(tmp_path / "rows.jsonl", ROWS)], tmp_path / "out", leave_out=leave_out)
