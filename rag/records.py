"""Answers as the JSON of the command line and of evaluations; the keys are a contract (docs/json.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag.briefs import Told
from rag.citations import LookUp
from rag.types import Answer, Candidate, Citation, Conflict, Document, Hit, Place


def answer_record(answer: Answer, documents: Iterable[Document] = ()) -> dict[str, Any]:
    """Return an answer as a JSON object, with what those `documents` tell of themselves that are cited."""
    cited = {citation.document_id for citation in answer.citations}
    told = {document.id: _told(document) for document in documents if document.id in cited}
    struck = [statement.text for statement in answer.statements if statement.is_struck]
    return {
        "question": answer.question,
        "language": answer.language,
        "answered": answer.answered,
        "confidence": round(answer.confidence, 4),
        "short": answer.short,
        "text": answer.text,
        "citations": [
            _citation(number, citation) | told.get(citation.document_id, {})
            for number, citation in enumerate(answer.citations, 1)
        ],
        "candidate": _candidate(answer.candidate) if answer.candidate else None,
        "conflicts": [_conflict(conflict) for conflict in answer.conflicts],
        "hits": [_hit(hit) for hit in answer.hits],
        "timings_ms": {name: round(value, 1) for name, value in answer.timings_ms.items()},
        **({"struck": struck} if struck else {}),
        **({"completed": answer.completed} if answer.completed is not None else {}),
        **({"renderings": [asdict(each) for each in answer.renderings]} if answer.renderings else {}),
    }


def answer_to_json(answer: Answer) -> str:
    """Write an answer with everything it holds, so that it can be shown again when the index is another one."""
    return json.dumps(
        _adapter().dump_python(answer, mode="json", warnings="error"), ensure_ascii=False, separators=(",", ":")
    )


def answer_from_json(text: str) -> Answer:
    """Read what `answer_to_json` wrote. Raises ValueError."""
    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        raise ValueError(f"not a stored answer: {error.error_count()} problems") from None


@cache
def _adapter() -> TypeAdapter[Answer]:
    return TypeAdapter(Answer)


def look_up_record(found: LookUp) -> dict[str, Any]:
    """Return what has become of a citation as a JSON object."""
    return {
        "id": found.id,
        "status": found.status,
        "document": found.document_id,
        "start": found.start,
        "end": found.end,
        "quote": found.quote,
        "context": found.context,
        "found": found.found,
        **_around(found.places),
    }


def citation_records(citations: Sequence[Citation]) -> list[dict[str, Any]]:
    """Return citations as JSON objects, numbered from 1."""
    return [_citation(number, citation) for number, citation in enumerate(citations, 1)]


def told_records(told: Sequence[Told]) -> list[dict[str, Any]]:
    """Return key points as JSON objects: the citation, and what a language model says of it, or said in vain."""
    return [
        {**record, "told": each.text if each.stands else None, **({} if each.stands else {"struck": each.text})}
        for each, record in zip(told, citation_records([each.point.citation for each in told]), strict=True)
    ]


def _citation(number: int, citation: Citation) -> dict[str, Any]:
    return {
        "number": number,
        "id": citation.id,
        "document": citation.document_id,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "sha256": citation.sha256,
        "verified": citation.verified,
        **_around(citation.places),
    }


def _told(document: Document) -> dict[str, Any]:
    """Return the date, author and tags of a document; what it does not tell has no key."""
    date = document.date.isoformat() if document.date else None
    told = {"date": date, "author": document.author, "tags": list(document.tags)}
    return {key: value for key, value in told.items() if value}


def _around(places: Sequence[Place]) -> dict[str, Any]:
    """Return the places around a span; a document without any has no such key."""
    return {"places": [_place(place) for place in places]} if places else {}


def _place(place: Place) -> dict[str, Any]:
    """Return a place by its kind, and what of number and name it has."""
    told = {"number": place.number, "name": place.name}
    return {"kind": place.kind, **{key: value for key, value in told.items() if value}}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "short": candidate.short,
        "document": candidate.document_id,
        "start": candidate.start,
        "end": candidate.end,
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    values = [
        {
            "text": value.text,
            "value": value.value,
            "unit": value.unit,
            "date": value.date.isoformat() if value.date else None,
            "citations": list(value.citations),
            **({"dates": [date.isoformat() if date else None for date in value.dates]} if value.dates else {}),
            **({"off_by": value.off_by} if value.off_by else {}),
            **({"rendering": value.rendering} if value.rendering else {}),
        }
        for value in conflict.values
    ]
    return {"note": conflict.note, "values": values}


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "document": hit.passage.document_id,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "score": round(hit.score, 4),
    }
