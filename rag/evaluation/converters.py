"""Reading-comprehension data as a folder of documents and a question file: one document a paragraph.

Read are SQuAD's format (1.1 and 2.0: XQuAD, MLQA, SberQuAD, …) and flat JSON lines with one question each
(``id, question, context, answers: [{text, start}]``), gzipped or not.
"""

from __future__ import annotations

import gzip
import itertools
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from rag import languages, sentences
from rag.decoding import normalised
from rag.errors import EvaluationError, QuestionFileError
from rag.types import Span
from rag.untrusted import encodable

QUESTIONS, DOCUMENTS = "questions.jsonl", "documents"
LEFT_OUT = "left-out"  # tag of a question whose paragraph was left out of the folder
SEED = 20260101
_SAMPLE = 200  # questions by which the language of a file's questions is told


class _Asked(NamedTuple):
    """One question of a file, with offsets into its paragraph as it will be read."""

    id: str
    question: str
    paragraph: str
    answers: tuple[Span, ...]  # none: the data itself says that the paragraph holds no answer
    language: str  # of the question


class Conversion(NamedTuple):
    """What a conversion wrote, and which questions it could not take over."""

    documents: int
    questions: int
    left_out: int  # questions whose paragraph was left out
    problems: tuple[str, ...]


def convert(files: Sequence[Path], out: Path, *, leave_out: int = 0) -> Conversion:
    """Write ``documents/`` and ``questions.jsonl`` below `out`.

    With `leave_out` every n-th paragraph of a seeded shuffle stays out of the folder, so that its questions have no
    answer. Raises QuestionFileError naming everything malformed, and EvaluationError when `out` holds something else.
    """
    if leave_out == 1 or leave_out < 0:
        raise EvaluationError(
            f"--leave-out {leave_out}: leave out every second paragraph (2) or fewer; 0 leaves none out"
        )
    problems: list[str] = []
    asked = list(_apart(question for path in files for question in _read(path, len(files) > 1, problems)))
    if not asked:
        raise QuestionFileError(f"no question could be taken over from {', '.join(map(str, files))}", tuple(problems))
    absent = _left_out([question.paragraph for question in asked], leave_out)
    names = _names(question.paragraph for question in asked)
    present = {names[text]: text for text in names if text not in absent}
    lines = [_record(question, names[question.paragraph], question.paragraph in absent) for question in asked]
    _write(out, present, lines)
    left_out = sum(question.paragraph in absent for question in asked)
    return Conversion(len(present), len(lines), left_out, tuple(problems))


# --- reading ----------------------------------------------------------------------------------------------------------


class _Raw(NamedTuple):
    """One question as its file has it."""

    where: str
    id: str
    question: str
    context: str
    answers: list[tuple[str, int]]


def _read(path: Path, several: bool, problems: list[str]) -> Iterator[_Asked]:
    """Yield the questions of a file; one whose answer does not stand in its paragraph is a problem and left out."""
    raws = list(_raw_questions(path, _text(path)))
    language = languages.detect(" ".join(raw.question for raw in raws[:_SAMPLE]))
    for raw in raws:
        paragraph = _normalised(raw.context)
        try:
            answers = tuple(dict.fromkeys(_span(raw, paragraph, *answer) for answer in raw.answers))
        except ValueError as error:
            problems.append(f"{path}, {raw.where}: {error}; the question is left out")
            continue
        name = f"{_stem(path)}/{raw.id}" if several else raw.id  # parallel sets have the same ids
        yield _Asked(name, raw.question, paragraph, answers, language)


def _apart(asked: Iterable[_Asked]) -> Iterator[_Asked]:
    """Number questions whose id is taken: of files of one name, or of data that repeats its ids."""
    taken: set[str] = set()
    for question in asked:
        names = itertools.chain([question.id], (f"{question.id}-{number}" for number in itertools.count(2)))
        free = next(name for name in names if name not in taken)
        taken.add(free)
        yield question._replace(id=free)


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except FileNotFoundError:
        raise QuestionFileError(f"there is no file {path}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise QuestionFileError(f"{path} is damaged: it cannot be unzipped") from None
    except OSError as error:
        raise QuestionFileError(f"cannot read {path}: {(error.strerror or 'unknown reason').lower()}") from None
    except UnicodeDecodeError as error:
        raise QuestionFileError(f"{path} is not UTF-8 from byte {error.start} on") from None


def _raw_questions(path: Path, text: str) -> list[_Raw]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = None
    problems: list[str] = []
    if isinstance(whole, dict) and "data" in whole:
        found = list(_of_squad(whole, problems))
    else:
        found = list(_of_lines(text, problems))
    if problems:
        raise QuestionFileError(f"{path}: {len(problems)} problem{'s' * (len(problems) > 1)}", tuple(problems))
    return found


def _of_squad(whole: Mapping[str, Any], problems: list[str]) -> Iterator[_Raw]:
    for number, paragraph in enumerate(_paragraphs(whole, problems), 1):
        try:
            context = _string(paragraph, "context")
            for question in paragraph["qas"]:
                where = f"question {question.get('id')!r}"
                # SQuAD 2.0 lists plausible answers of unanswerable questions under another key.
                answers = [] if question.get("is_impossible") else question.get("answers", [])
                yield _raw(where, question, context, answers, "answer_start")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            problems.append(f"paragraph {number}: {_reason(error)}")


def _paragraphs(whole: Mapping[str, Any], problems: list[str]) -> Iterator[Any]:
    try:
        for article in whole["data"]:
            yield from article["paragraphs"]
    except (KeyError, TypeError) as error:
        problems.append(f"not in SQuAD's format: {_reason(error)}")


def _of_lines(text: str, problems: list[str]) -> Iterator[_Raw]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            yield _raw(f"line {number}", record, _string(record, "context"), record["answers"], "start")
        except json.JSONDecodeError as error:
            problems.append(f"line {number}: not JSON: {error.msg}")
        except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
            problems.append(f"line {number}: {_reason(error)}")


def _raw(where: str, record: Mapping[str, Any], context: str, answers: Any, start: str) -> _Raw:
    pairs = [(_string(answer, "text"), _integer(answer, start)) for answer in answers]
    return _Raw(where, encodable(str(record["id"])), _string(record, "question"), context, pairs)


def _string(record: Any, key: str) -> str:
    if not isinstance(record[key], str):
        raise ValueError(f"{key!r} is not text")
    return encodable(record[key])


def _integer(record: Any, key: str) -> int:
    if not isinstance(record[key], int):
        raise ValueError(f"{key!r} is not a whole number")
    return int(record[key])


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"{error.args[0]!r} is missing"
    return str(error) if type(error) is ValueError else "a value is of the wrong type"


# --- places -----------------------------------------------------------------------------------------------------------


def _normalised(text: str) -> str:
    """Return a paragraph as it is read back from its file: see `documents.decode`."""
    return normalised(text.removeprefix("\ufeff"))


def _span(raw: _Raw, paragraph: str, text: str, start: int) -> Span:
    """Return the place of an answer in the paragraph; data sets are off by some characters now and then."""
    answer = _normalised(text)
    if not answer.strip():
        raise ValueError("an answer is blank")
    near = len(_normalised(raw.context[: max(start, 0)]))
    places = [match.start() for match in re.finditer(re.escape(answer), paragraph)]
    if not places:
        raise ValueError(f"the answer «{answer[:60]}» does not stand in its paragraph")
    first = min(places, key=lambda place: abs(place - near))
    return Span(first, first + len(answer))


def _record(asked: _Asked, document: str, is_left_out: bool) -> dict[str, Any]:
    """Return a line of the question file; the evidence is the sentence that holds an answer."""
    record: dict[str, Any] = {"id": asked.id, "language": asked.language, "question": asked.question}
    if is_left_out or not asked.answers:
        return record | {"answers": [], "evidence": [], "tags": [LEFT_OUT if is_left_out else "unanswerable"]}
    text = asked.paragraph
    places = dict.fromkeys(_around(span, _sentences(text)) for span in asked.answers)
    return record | {
        "answers": list(dict.fromkeys(text[start:end] for start, end in asked.answers)),
        "evidence": [{"document": document, "quote": text[start:end], "start": start} for start, end in places],
    }


@lru_cache(maxsize=64)  # the questions of a paragraph stand together
def _sentences(text: str) -> Sequence[Span]:
    return sentences.split(text, languages.detect(text))


def _around(span: Span, parts: Sequence[Span]) -> Span:
    """Return the sentence that holds a span, or those that do together."""
    touched = [part for part in parts if part.start < span.end and span.start < part.end]
    return Span(min([span.start, *(part.start for part in touched)]), max([span.end, *(part.end for part in touched)]))


# --- writing ----------------------------------------------------------------------------------------------------------


def _left_out(paragraphs: Iterable[str], every: int) -> set[str]:
    if not every:
        return set()
    shuffled = list(dict.fromkeys(paragraphs))
    Random(SEED).shuffle(shuffled)
    return set(shuffled[every - 1 :: every])


def _names(paragraphs: Iterable[str]) -> dict[str, str]:
    """Return a file name for each paragraph, also of those that are left out, so that both folders name alike."""
    unique = list(dict.fromkeys(paragraphs))
    width = max(4, len(str(len(unique))))
    return {text: f"{number:0{width}}.txt" for number, text in enumerate(unique, 1)}


def _stem(path: Path) -> str:
    return re.sub(r"(\.jsonl?|\.gz)+$", "", path.name)


def _write(out: Path, documents: Mapping[str, str], lines: Sequence[Mapping[str, Any]]) -> None:
    folder = out / DOCUMENTS
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(path.name for path in folder.iterdir() if path.name not in documents)
        if others:
            raise EvaluationError(f"{folder} holds other files ({others[0]}, …); name another folder with --out")
        for name, text in documents.items():
            (folder / name).write_text(text, "utf-8", newline="")
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (out / QUESTIONS).write_text(text, "utf-8", newline="")
    except OSError as error:
        raise EvaluationError(f"cannot write to {out}: {(error.strerror or 'unknown reason').lower()}") from None
