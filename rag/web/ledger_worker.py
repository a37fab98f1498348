"""A process that finds figures for the server, which meanwhile answers: ``python -m rag.web.ledger_worker``.

Beside a question that is being answered, a thread would take turns with it at every step; a process of lower priority
does not. It is given documents, a line of JSON each, and answers each with a line of its figures; after the last one
it tells how they belong together.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, TextIO

from rag import facts
from rag.facts import Amount, Fact, Group, Link, Mention, Period, Verdict
from rag.facts.context import Named
from rag.types import Document, Span

POLITENESS = 10  # by how much whatever else runs goes first


def main(requests: TextIO, answers: TextIO) -> None:
    """Answer each document, then, when there are no more, all of them."""
    found: list[Mention] = []
    sources: dict[str, str] = {}
    for line in requests:
        name, source, *rest = json.loads(line)
        mentions = _read(name, *rest)
        found += mentions
        sources[name] = source
        _send([record(mention) for mention in mentions], answers)
    _send([[group.members, group.links] for group in facts.group(found, sources)], answers)


def request(document: Document, sentences: Sequence[Span]) -> str:
    """Return the line that asks for the figures of a document."""
    date = document.date.isoformat() if document.date else None
    return _line([document.id, document.source, document.language, date, sentences, document.text])


def _read(name: str, language: str, date: str | None, sentences: Sequence[Any], text: str) -> list[Mention]:
    spans = [Span(*span) for span in sentences]
    return facts.read(text, language, _day(date), document=name, sentences=spans)


def record(mention: Mention) -> list[Any]:
    """Return what the page needs of a figure, as JSON can carry it."""
    fact = mention.fact
    return [
        [fact.start, fact.end, fact.kind, _told(fact.value), fact.unit, fact.bound],
        mention.sentence,
        _told(mention.time) if mention.time else None,
        [sorted(each) for each in (*mention.names, mention.near_names, mention.measures, mention.words)],
    ]


def mention(found: Sequence[Any], document: Document) -> Mention:
    """Return the figure that a record tells of, without what only comparing needs."""
    (start, end, kind, value, unit, bound), sentence, time, words = found
    sure, unsure, near, measures, content = map(frozenset, words)
    told = _period(value) if kind in {"date", "period"} else Amount(*map(Decimal, value))
    return Mention(
        Fact(start, end, document.text[start:end], kind, told, unit, bound),
        Span(*sentence),
        document.language,
        document.id,
        document.date,
        time=_period(time) if time else None,
        names=Named(sure, unsure),
        near_names=near,
        measures=measures,
        words=content,
    )


def group(found: Sequence[Any]) -> Group:
    """Return the group that a record tells of."""
    members, links = found
    return Group(tuple(members), tuple(Link(one, other, Verdict(*verdict)) for one, other, verdict in links))


def _told(value: Amount | Period) -> list[str | None]:
    if isinstance(value, Amount):
        return [str(number) for number in value]
    return [value.name, *(day.isoformat() if day else None for day in (value.first, value.last))]


def _period(told: Sequence[str | None]) -> Period:
    name, first, last = told
    return Period(name or "", _day(first), _day(last))


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def _line(content: Any) -> str:
    return json.dumps(content) + "\n"


def _send(content: Any, answers: TextIO) -> None:
    answers.write(_line(content))
    answers.flush()


if __name__ == "__main__":
    with suppress(AttributeError, OSError):  # Windows has no such thing
        os.nice(POLITENESS)
    main(sys.stdin, sys.stdout)
