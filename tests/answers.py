"""Answers for tests: one of a few words, and any that can be, for hypothesis."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from rag.types import (
    Answer,
    Candidate,
    Citation,
    Conflict,
    ConflictValue,
    Document,
    Hit,
    Passage,
    Place,
    Rendering,
    SentenceScore,
    Span,
    Statement,
)

TEXT = "The lease of the flat ends on 31 March 2027. The rent is due monthly."
LEASE = Document(
    "letters/lease.md",
    "Lease",
    dt.date(2026, 1, 31),
    "en",
    TEXT,
    Path("lease.md"),
    hashlib.sha256(TEXT.encode()).hexdigest(),
)
DOCUMENTS = {LEASE.id: LEASE}


def an_answer(question: str = "When does the lease end?", *, completed: str | None = None) -> Answer:
    """Return an answer from the first sentence of LEASE."""
    quote = TEXT[:44]
    citation = Citation(LEASE.id, 0, 44, quote, LEASE.sha256, verified=True)
    passage = Passage(LEASE.id, 0, len(TEXT), TEXT, "en", (Span(0, 44), Span(45, len(TEXT))))
    scores = (SentenceScore(0.5, 0.25, 0.125), SentenceScore(0.1, 0.2, 0.3))
    return Answer(
        question=question,
        language="en",
        statements=(Statement(quote, (1,), Span(30, 43)),),
        short="31 March 2027",
        citations=(citation,),
        candidate=Candidate("31 March 2027", LEASE.id, 30, 43),
        confidence=0.75,
        hits=(Hit(passage, 1.5, 0.9, 2.5, scores),),
        timings_ms={"search": 1.0, "answer": 2.0, "total": 3.0},
        completed=completed,
    )


def a_disputed_answer() -> Answer:
    """Return an answer in another language than the question's, on which a second source differs by a thousand."""
    texts = {"letters/a.md": "Omtrent 23 milliarder dollar.", "b.md": "22 mill. dollar."}
    first, second = (Citation(name, 0, len(text), text, LEASE.sha256, verified=True) for name, text in texts.items())
    day = dt.date(2026, 1, 31)
    values = (
        ConflictValue("23 milliarder dollar", 23e9, "USD", day, (first.id,), (day,), rendering="about $23 billion"),
        ConflictValue("22 mill. dollar", 22e6, "USD", None, (second.id,), (None,), 1000, "$22 million"),
    )
    return replace(
        an_answer("How much is it?"),
        statements=(Statement(first.quote, (1,), Span(8, 28)),),
        short="23 milliarder dollar",
        citations=(first, second),
        conflicts=(Conflict("The sources differ, by a factor of 1,000: probably a slip.", values),),
        renderings=(Rendering(1, 8, 28, "23 milliarder dollar", "about $23 billion"),),
    )


def no_answer(question: str = "How tall is Everest?") -> Answer:
    """Return the reply to a question that the documents do not answer."""
    statements = (Statement("The documents do not say."),)
    return Answer(question, "en", statements, None, (), None, 0.01, (), timings_ms={"total": 3.0})


_numbers = st.integers(0, 2**31)
_floats = st.floats(allow_nan=False)
_words = st.text(min_size=1).filter(str.strip)
_spans = st.builds(Span, _numbers, _numbers)
_places = st.builds(Place, st.sampled_from(["page", "row"]), _numbers, _numbers, st.none() | _numbers, _words)
_citations = st.builds(
    Citation, _words, _numbers, _numbers, _words, st.text(), st.booleans(), st.lists(_places, max_size=2).map(tuple)
)
_statements = st.builds(
    Statement, st.text(), st.lists(st.integers(1, 9)).map(tuple), st.none() | st.builds(Span, _numbers, _numbers)
)
_passages = st.builds(Passage, st.text(), _numbers, _numbers, st.text(), st.text(), st.lists(_spans).map(tuple))
_scores = st.lists(st.builds(SentenceScore, _floats, _floats, _floats)).map(tuple)
_values = st.builds(
    ConflictValue,
    st.text(),
    _floats,
    st.text(),
    st.none() | st.dates(),
    st.lists(st.text()).map(tuple),
    st.lists(st.none() | st.dates(), max_size=3).map(tuple),
    st.none() | st.integers(2, 10**9),
    st.none() | st.text(),
)
_renderings = st.builds(Rendering, _numbers, _numbers, _numbers, _words, _words)


def _several(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(strategy, max_size=3).map(tuple)


answers = st.builds(
    Answer,
    question=_words,
    language=st.sampled_from(["en", "no", "ru", "zh", "und"]),
    statements=_several(_statements),
    short=st.none() | st.text(),
    citations=_several(_citations),
    candidate=st.none() | st.builds(Candidate, st.text(), st.text(), _numbers, _numbers),
    confidence=_floats,
    hits=_several(st.builds(Hit, _passages, _floats, _floats, _floats, _scores)),
    conflicts=_several(st.builds(Conflict, st.text(), _several(_values))),
    timings_ms=st.dictionaries(st.text(), _floats, max_size=3),
    completed=st.none() | st.text(),
    renderings=_several(_renderings),
)
