"""Conversations and answers to take along: as Markdown with footnotes, plain text, JSON, and questions for `rag eval`.

Pure functions of what was stored and the documents as they are now, which give each citation its title and date.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rag.history import Conversation, StoredTurn
from rag.normalisation import normalise
from rag.places import label
from rag.records import answer_record
from rag.types import Answer, Citation, Conflict, ConflictValue, Document, Statement, quote_hash
from rag.untrusted import disarm, to_json

TO_COMPLETE = "to be completed"  # stands for the answer that nobody has written yet: no reply is right by it
TAG_TO_COMPLETE = "to-complete"

Documents = Mapping[str, Document]
Link = Callable[[Citation], str]  # where a citation can be opened


def answer_plain(answer: Answer, documents: Documents, link: Link | None = None) -> str:
    """Return a reply and its sources as plain text: title, date, file, place and the cited words of each."""
    sources = [
        f"[{number}] {_plain_source(citation, documents, link)}" for number, citation in enumerate(answer.citations, 1)
    ]
    return "\n".join([_line(answer.text), *_figures(answer), *([""] if sources else []), *sources]) + "\n"


def answer_markdown(answer: Answer, documents: Documents, link: Link | None = None) -> str:
    """Return a reply as Markdown, its sources as footnotes: title, date, file, place and the cited words of each."""
    return "\n\n".join([_reply(answer, 0), *_footnotes([answer], documents, link)]) + "\n"


def conversation_markdown(
    conversation: Conversation, turns: Sequence[StoredTurn], documents: Documents, link: Link | None = None
) -> str:
    """Return a conversation as Markdown: a heading for each question, footnotes numbered throughout at the end."""
    answers = [turn.answer for turn in turns]
    blocks = [f"# {escaped(conversation.title)}"]
    if conversation.collection:
        blocks.append(f"Collection: {escaped(conversation.collection)}")
    footnotes = 0
    for turn in turns:
        blocks += _turn(turn, footnotes)
        footnotes += len(turn.answer.citations)
    return "\n\n".join([*blocks, *_footnotes(answers, documents, link)]) + "\n"


def conversation_json(conversation: Conversation, turns: Sequence[StoredTurn]) -> dict[str, Any]:
    """Return a conversation as a JSON object; each turn is an answer's object with its rating."""
    return {
        "title": conversation.title,
        "collection": conversation.collection,
        "updated": conversation.updated.isoformat(),
        "turns": [
            {
                "number": turn.number,
                "asked": turn.asked.isoformat(),
                "rating": turn.rating,
                "reason": turn.reason,
                **answer_record(turn.answer),
            }
            for turn in turns
        ],
    }


def question_file(rated: Sequence[tuple[Conversation, Sequence[StoredTurn]]]) -> str:
    """Return the rated turns of conversations, the last used first, as the JSON lines that `rag eval` reads.

    What was rated up is expected again. What was rated down has the answer «to be completed», and a tag to find it by,
    until its author writes the right one, or none where the documents hold none. Where a question was rated several
    times, after the same turns, the last counts.
    """
    entries: dict[tuple[str, str], dict[str, Any]] = {}
    for conversation, turns in reversed(rated):
        for turn in turns:
            if turn.rating is not None:
                entry = _question(conversation, turn, turns)
                key = (normalise(entry["question"]), json.dumps(entry.get("history", [])))
                entries.pop(key, None)
                entries[key] = entry
    return "".join(f"{to_json(entry)}\n" for entry in entries.values())


def escaped(text: str) -> str:
    r"""Return text as Markdown that shows it as it is, in one line.

    >>> escaped("1. *not* [a](link)\n# nor <b>this</b>")
    '1\\. \\*not\\* \\[a\\](link) \\# nor \\<b\\>this\\</b\\>'
    """
    return _OPENING.sub(r"\1\\\2", _SPECIAL.sub(r"\\\g<0>", _line(text)))


_SPECIAL = re.compile(r"[\\`*_{}\[\]<>|~&!$^#@]|:(?=//)|(?<=\bwww)\.", re.IGNORECASE)  # wherever it stands
_OPENING = re.compile(r"^(\d*)([-+=:.)])")  # at the beginning of a line, where it would make a list or a heading


def _line(text: str) -> str:
    return " ".join(disarm(text).split())


def _turn(turn: StoredTurn, footnotes: int) -> Iterator[str]:
    answer = turn.answer
    yield f"## {escaped(answer.question)}"
    if answer.completed is not None:
        yield f"*Understood as: {escaped(answer.completed)}*"
    yield _reply(answer, footnotes)
    if turn.rating:
        reason = f": {escaped(turn.reason)}" if turn.reason else ""
        yield f"Rated {turn.rating}{reason}"


def _reply(answer: Answer, footnotes: int) -> str:
    """Return the statements, each followed by its footnotes, of which so many are taken."""
    blocks = [_statement(statement, footnotes) for statement in answer.statements]
    blocks += [f"*Our rendering: {escaped(_renderings(answer))}*"] if answer.renderings else []
    return "\n\n".join([*blocks, *(_markdown_conflict(each, answer, footnotes) for each in answer.conflicts)])


def _markdown_conflict(conflict: Conflict, answer: Answer, footnotes: int) -> str:
    values = []
    for value in conflict.values:
        sources = ", ".join(f"{_day(date)}[^{footnotes + number}]" for number, date in told(value, answer))
        values.append(f"- {escaped(_value(value))}: {sources}")
    return "\n".join([f"**{escaped(conflict.note)}**\n", *values])


def _figures(answer: Answer) -> Iterator[str]:
    """Yield our renderings, and what sources differ on, as lines of plain text."""
    if answer.renderings:
        yield f"Our rendering: {_line(_renderings(answer))}"
    for conflict in answer.conflicts:
        yield f"\n{_line(conflict.note)}"
        for value in conflict.values:
            sources = ", ".join(f"{_day(date)} [{number}]" for number, date in told(value, answer))
            yield f"- {_line(_value(value))}: {sources}"


def _renderings(answer: Answer) -> str:
    return ", ".join(each.text for each in answer.renderings)


def _value(value: ConflictValue) -> str:
    """Return one of several values in the document's words, with ours and what it may be off by."""
    ours = [f"our rendering: {value.rendering}"] if value.rendering else []
    slip = [f"off by a factor of {value.off_by:,}?"] if value.off_by else []
    return f"{value.text} ({'; '.join([*ours, *slip])})" if ours or slip else value.text


def told(value: ConflictValue, answer: Answer) -> Iterator[tuple[int, dt.date | None]]:
    """Yield the numbers of the citations that give a value, with the dates of their documents."""
    numbers = {citation.id: number for number, citation in enumerate(answer.citations, 1)}
    for citation, date in zip(value.citations, value.dates or [value.date] * len(value.citations), strict=False):
        if citation in numbers:
            yield numbers[citation], date


def _day(date: dt.date | None) -> str:
    return date.isoformat() if date else "undated"


def _statement(statement: Statement, footnotes: int) -> str:
    if statement.is_struck:
        return f"~~{escaped(statement.text)}~~"
    return " ".join([escaped(statement.text), *(f"[^{footnotes + number}]" for number in statement.citations)])


def _footnotes(answers: Sequence[Answer], documents: Documents, link: Link | None) -> list[str]:
    citations = [citation for answer in answers for citation in answer.citations]
    return [f"[^{number}]: {_footnote(citation, documents, link)}" for number, citation in enumerate(citations, 1)]


def _footnote(citation: Citation, documents: Documents, link: Link | None) -> str:
    title, date, place = _description(citation, documents)
    name = f"[{escaped(title)}](<{_address(link(citation))}>)" if link else escaped(title)
    file, quote = _code(citation.document_id), escaped(citation.quote)
    return f"**{name}**, {date}, {file}, {escaped(place)}: “{quote}”{_stale(citation)}"


def _plain_source(citation: Citation, documents: Documents, link: Link | None) -> str:
    title, date, place = _description(citation, documents)
    address = f" {_line(link(citation))}" if link else ""
    file = _line(citation.document_id)
    return f"{_line(title)}, {date}, {file}, {_line(place)}: “{_line(citation.quote)}”{_stale(citation)}{address}"


def _description(citation: Citation, documents: Documents) -> tuple[str, str, str]:
    document = documents.get(citation.document_id)
    title = document.title if document and document.title.strip() else citation.document_id
    date = _day(document.date if document else None)
    characters = f"characters {citation.start}–{citation.end}"
    return title, date, f"{label(citation.places)}, {characters}" if citation.places else characters


def _stale(citation: Citation) -> str:
    return "" if citation.verified else " (no longer in the file)"


def _code(text: str) -> str:
    """Return text as a span of code, which nothing in it can end."""
    line = _line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _address(address: str) -> str:
    return re.sub(r"[<>\\\s]", lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), disarm(address))


def _question(conversation: Conversation, turn: StoredTurn, turns: Sequence[StoredTurn]) -> dict[str, Any]:
    answer = turn.answer
    before = [earlier.answer.turn._asdict() for earlier in turns if earlier.number < turn.number]
    return {
        "id": f"{quote_hash(conversation.id)}-{turn.number}",
        "language": answer.language,
        "question": answer.question,
        **(_expected(answer) if turn.rating == "up" else _to_complete(answer)),
        **({"history": before} if answer.completed is not None and before else {}),
        "rating": turn.rating,
        **({"reason": turn.reason} if turn.reason else {}),
    }


def _expected(answer: Answer) -> dict[str, Any]:
    if not answer.answered:
        return {"answers": []}
    short = answer.short if answer.short and answer.short.strip() else answer.citations[0].quote
    evidence = [
        {"document": citation.document_id, "quote": citation.quote, "start": citation.start}
        for citation in answer.citations
    ]
    return {"answers": [short], "evidence": evidence}


def _to_complete(answer: Answer) -> dict[str, Any]:
    return {"answers": [TO_COMPLETE], "tags": [TAG_TO_COMPLETE], "given": answer.text}
