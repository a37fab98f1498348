"""Question files: read strictly, all problems at once, every quote held against its document."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.documents import read_folder
from rag.errors import QuestionFileError
from rag.evaluation import session
from rag.evaluation.questions import NEAR, Question, locate, read_lines
from rag.types import Document, Span, Turn
from tests.conftest import SEEDS

ROOT = Path(__file__).parent.parent
TEXT = "Цена — 5 kr. Страна Å: цена — 5 kr." + "." * NEAR + "Конец"


def document(text: str = TEXT, name: str = "a.txt") -> Document:
    return Document(name, "A", None, "ru", text, Path(name), "")


DOCUMENTS = {"a.txt": document()}


def question(**changes: Any) -> dict[str, Any]:
    made = {"id": "q1", "language": "ru", "question": "Какая цена?", "answers": ["5 kr"]}
    return {**made, "evidence": [{"document": "a.txt", "quote": "цена — 5 kr"}], **changes}


def write(path: Path, *lines: Any) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def problems(path: Path, *, strictly: bool = False) -> list[str]:
    with pytest.raises(QuestionFileError) as caught:
        session.read(path, DOCUMENTS, strictly=strictly)
    return list(caught.value.problems)


def test_a_file_with_everything(tmp_path: Path) -> None:
    extra = {"tags": ["money"], "history": [{"question": "Где?", "answer": "Там."}], "author": "N. N."}
    (line,) = read_lines(write(tmp_path / "q.jsonl", "", question(**extra)))
    assert line.number == 2
    assert line.question.turns == (Turn("Где?", "Там."),)
    assert line.question.expected["author"] == "N. N."
    assert line.question.expected["evidence"] == [{"document": "a.txt", "quote": "цена — 5 kr"}]
    assert locate(line.question, DOCUMENTS) == [("a.txt", Span(23, 34))]


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes("\ufeff".encode() + json.dumps(question()).encode() + b"\r\n")
    assert len(session.read(path, DOCUMENTS)) == 1


def test_all_problems_of_all_lines_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        "{",
        "[1]",
        question(),
        question(answers="5 kr"),
        question(id="q5", language=1, tags="money"),
        {"id": "q6", "language": "ru", "answers": []},
        question(),
        question(id="q8", evidence=[{"document": "b.txt", "quote": "x"}]),
        question(id="q9", answers=[" "]),
        question(id="q10", answers=[]),
        question(id="q11", history=[["Где?", "Там."]]),
        question(id="q12", question=" "),
    )
    found = problems(path)
    lines = [int(problem.split(":")[0].removeprefix("line ")) for problem in found]
    assert lines == [1, 2, 4, 5, 5, 6, 7, 9, 10, 11, 12]
    assert "not JSON" in found[0]
    assert "'question' is missing" in found[5]
    assert "the id 'q1' is that of line 3" in found[6]
    assert all("pydantic" not in problem and "\n" not in problem for problem in found)


def test_a_document_is_known_however_its_name_is_composed(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", question(evidence=[{"document": "a\u030a.txt", "quote": "цена — 5 kr"}]))
    documents = {"å.txt": document(name="å.txt")}
    (line,) = session.read(path, documents, strictly=True)
    assert [name for name, _ in locate(line.question, documents)] == ["å.txt"]


def test_quotes_that_do_not_stand_where_they_say(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        question(evidence=[{"document": "b.txt", "quote": "цена"}, {"document": "a.txt", "quote": "стоимость"}]),
        question(id="q2", evidence=[{"document": "a.txt", "quote": "цена — 5 kr", "start": 22}]),
        question(id="q3", evidence=[{"document": "a.txt", "quote": "цена — 5 kr", "start": 23}]),
    )
    assert problems(path) == [
        "line 1: the quote «стоимость» does not stand in a.txt",
        "line 1: there is no document «b.txt»",
        "line 2: the quote «цена — 5 kr» does not stand in a.txt at 22 (it stands at 23)",
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"answers": ["6 kr"]}, "neither in nor within"),
        ({"answers": ["Конец"]}, "neither in nor within"),
        ({"answers": ["Страна"]}, None),  # near the quote
        ({"answers": ["5 kr", "five crowns"], "rewritings": ["five crowns"]}, None),
        ({"rewritings": ["five crowns"]}, "is not among the answers"),
    ],
)
def test_answers_that_no_quote_supports(tmp_path: Path, changes: dict[str, Any], problem: str | None) -> None:
    path = write(tmp_path / "q.jsonl", question(**changes))
    assert session.read(path, DOCUMENTS)  # that may be evaluated all the same
    if problem is None:
        assert session.read(path, DOCUMENTS, strictly=True)
    else:
        assert problem in "".join(problems(path, strictly=True))


def test_questions_asked_twice(tmp_path: Path) -> None:
    history = [{"question": "Где?", "answer": "Там."}]
    path = write(tmp_path / "q.jsonl", question(), question(id="q2", history=history), question(id="q3"))
    assert problems(path, strictly=True) == ["line 3: the same question as in line 1: «Какая цена?»"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no file"),
        (b"", "holds no question"),
        (b"\n \n", "holds no question"),
        (b"\xff\xfe{", "is not UTF-8 from byte 0"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "q.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(QuestionFileError, match=message):
        read_lines(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(QuestionFileError, match="is a directory"):
        read_lines(tmp_path)


@given(st.text(alphabet="ab é\u0301\r\n", min_size=1), st.data())
def test_a_quote_is_found_at_its_place(text: str, data: st.DataObject) -> None:
    """However letters are composed and lines end: as the document was read."""
    from rag.documents import decode

    read = decode(text.encode())
    start = data.draw(st.integers(0, len(read) - 1)) if read else 0
    quote = read[start : data.draw(st.integers(start + 1, len(read)))] if read else ""
    if quote.strip() and decode(quote.encode()) == quote:
        evidence = [{"document": "a.txt", "quote": quote, "start": start}]
        found = locate(Question.model_validate(question(evidence=evidence)), {"a.txt": document(read)})
        assert found == [("a.txt", Span(start, start + len(quote)))]


def test_the_given_questions_are_sound_and_varied() -> None:
    """What `rag eval evaluation/seeds.jsonl --check` checks, and the mixture that the file promises."""
    documents = {found.id: found for found in read_folder(SEEDS, max_bytes=10**6).documents}
    questions = [line.question for line in session.read(ROOT / "evaluation/seeds.jsonl", documents, strictly=True)]
    by_language = {name: sum(question.language == name for question in questions) for name in ("ru", "no", "en", "zh")}
    assert len(questions) >= 150
    assert min(by_language.values()) >= 10
    assert sum(not question.answers for question in questions) >= 45
    assert sum(bool(question.history) for question in questions) >= 12
    answerable = [question for question in questions if question.answers]
    across = [
        question
        for question in answerable
        if any(documents[evidence.document].language != question.language for evidence in question.evidence)
    ]
    assert len(across) >= len(answerable) / 2
