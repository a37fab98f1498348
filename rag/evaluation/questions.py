"""Question files: JSON lines, read strictly, with all problems of a file told at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rag.decoding import normalised
from rag.errors import QuestionFileError
from rag.normalisation import normalise
from rag.types import Document, Span, Turn

NEAR = 200  # an answer may stand so many characters before or after the quote that supports it
SHOWN = 60


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("should not be blank")
    return text


_Text = Annotated[str, AfterValidator(_not_blank)]
_Normalised = Annotated[_Text, AfterValidator(normalised)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)


class Evidence(_Record):
    """A place that supports an answer; `start` says which occurrence of the quote is meant, the first one otherwise."""

    document: _Normalised  # or another way of composing letters would hide it
    quote: _Normalised
    start: int | None = Field(None, ge=0)


class _Turn(_Record):
    question: _Text
    answer: str


class Question(_Record):
    """One line of a question file. Keys that are not known are the author's own: kept and reported."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    id: _Text
    language: _Text
    question: _Text
    answers: list[_Text]
    evidence: list[Evidence] = Field(default_factory=list)
    tags: list[_Text] = Field(default_factory=list)
    history: list[_Turn] = Field(default_factory=list)
    rewritings: list[_Text] = Field(default_factory=list)  # answers that stand in no document, as translations

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Return the earlier turns as the pipeline takes them."""
        return tuple(Turn(turn.question, turn.answer) for turn in self.history)

    @property
    def expected(self) -> dict[str, Any]:
        """Return what the author wrote, besides id and question, as a record for the results."""
        return self.model_dump(exclude={"id", "question"}, exclude_unset=True)


class Line(NamedTuple):
    """A question and the line of the file that it stands in, from 1."""

    number: int
    question: Question


class Problem(NamedTuple):
    """Something wrong with a line."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


def read_lines(path: Path) -> list[Line]:
    """Read a question file. Raises QuestionFileError with every line that is malformed or repeats an id."""
    lines, problems = [], []
    for number, text in enumerate(_text(path).split("\n"), 1):
        if not text.strip():
            continue
        try:
            lines.append(Line(number, Question.model_validate(_object(text))))
        except ValidationError as error:
            problems += [Problem(number, _explain(details)) for details in error.errors()]
        except ValueError as error:
            problems.append(Problem(number, str(error)))
    problems += [Problem(line.number, message) for line, message in _repeated_ids(lines)]
    problems += [
        Problem(line.number, f"{line.question.id!r} has evidence but no answer")
        for line in lines
        if line.question.evidence and not line.question.answers
    ]
    if not lines and not problems:
        raise QuestionFileError(f"{path} holds no question; write one JSON object a line")
    raise_if(problems, path)
    return lines


def raise_if(problems: Iterable[Problem], path: Path) -> None:
    """Raise QuestionFileError naming all problems, by line, if there are any."""
    found = sorted(set(problems))
    if found:
        raise QuestionFileError(f"{path}: {len(found)} problem{'s' * (len(found) > 1)}", tuple(map(str, found)))


def locate(question: Question, documents: Mapping[str, Document]) -> list[tuple[str, Span]]:
    """Return document and place of each piece of evidence. Raises ValueError when one does not stand there."""
    return [(evidence.document, _place(evidence, documents)) for evidence in question.evidence]


def unlocated(lines: Sequence[Line], documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Yield each piece of evidence that does not stand in the documents."""
    for number, question in lines:
        for evidence in question.evidence:
            try:
                _place(evidence, documents)
            except ValueError as error:
                yield Problem(number, str(error))


def unsound(lines: Sequence[Line], documents: Mapping[str, Document]) -> Iterator[Problem]:
    """Yield what else an author should mend: answers that no quote supports, and questions that stand there twice."""
    first: dict[tuple[str, str], int] = {}
    for number, question in lines:
        near = [normalise(text) for text in _surroundings(question, documents)]
        for answer in question.answers:
            if near and answer not in question.rewritings and not any(normalise(answer) in text for text in near):
                yield Problem(
                    number,
                    f"the answer {_shown(answer)} stands neither in nor within {NEAR} characters of a quote; "
                    "if it is another way to write one that does, list it under 'rewritings' too",
                )
        for rewriting in question.rewritings:
            if rewriting not in question.answers:
                yield Problem(number, f"the rewriting {_shown(rewriting)} is not among the answers")
        key = (normalise(question.question), json.dumps([turn.model_dump() for turn in question.history]))
        if first.setdefault(key, number) != number:
            yield Problem(number, f"the same question as in line {first[key]}: {_shown(question.question)}")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise QuestionFileError(f"there is no file {path}") from None
    except OSError as error:
        raise QuestionFileError(f"cannot read {path}: {(error.strerror or 'unknown reason').lower()}") from None
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path} is not UTF-8 from byte {error.start} on; save it as UTF-8") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from None
    except RecursionError:
        raise ValueError("not JSON: nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not a JSON object")
    return found


def _explain(details: Any) -> str:
    """Say what is wrong with a value, without pydantic's way of naming itself."""
    where = ".".join(map(str, details["loc"]))
    if details["type"] == "missing":
        return f"{where!r} is missing"
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{where!r} {message[0].lower()}{message[1:]}, not {_shown(details['input'])}"


def _repeated_ids(lines: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    first: dict[str, int] = {}
    for line in lines:
        if first.setdefault(line.question.id, line.number) != line.number:
            yield line, f"the id {line.question.id!r} is that of line {first[line.question.id]}"


def _place(evidence: Evidence, documents: Mapping[str, Document]) -> Span:
    document = documents.get(evidence.document)
    if document is None:
        raise ValueError(f"there is no document {_shown(evidence.document)}")
    quote = evidence.quote
    start = document.text.find(quote) if evidence.start is None else evidence.start
    if start < 0 or not document.text.startswith(quote, start):
        elsewhere = document.text.find(quote)
        where = "" if evidence.start is None else f" at {evidence.start}"
        hint = f" (it stands at {elsewhere})" if elsewhere >= 0 else ""
        raise ValueError(f"the quote {_shown(quote)} does not stand in {evidence.document}{where}{hint}")
    return Span(start, start + len(quote))


def _surroundings(question: Question, documents: Mapping[str, Document]) -> Iterator[str]:
    for evidence in question.evidence:
        try:
            start, end = _place(evidence, documents)
        except ValueError:
            continue  # told by `unlocated`
        yield documents[evidence.document].text[max(0, start - NEAR) : end + NEAR]


def _shown(value: Any) -> str:
    text = repr(value) if not isinstance(value, str) else f"«{' '.join(value.split())}»"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 2]}…{text[-1]}"
