"""What the report says of one question: the answer, its citations in context, and why it is right or wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from rag.evaluation import wording
from rag.evaluation.aggregates import RIGHT
from rag.types import Document, Span
from rag.untrusted import disarm

Json = Mapping[str, Any]

SHOWN_PLACES = 5  # citations or places of evidence of one question
SHOWN_HITS = 10
LONG_WORD = 24  # characters: less is cut off a context so that it begins and ends with whole words
_NUMBERS = re.compile(r"\s*\[\d+\]")


class Piece(NamedTuple):
    """Some words of a document, and whether they were cited and whether they are evidence."""

    text: str
    cited: bool = False
    evidence: bool = False


class Place(NamedTuple):
    """Where a citation or evidence stands; `span` is None where the document or the words are missing."""

    document_id: str
    quote: str
    span: Span | None
    citation: Json | None = None


@dataclass(frozen=True)
class Excerpt:
    """A place in its context."""

    place: Place
    document: Document | None
    pieces: tuple[Piece, ...]

    @property
    def language(self) -> str:
        return self.document.language if self.document else "und"


@dataclass(frozen=True)
class Entry:
    """One question as the page shows it."""

    number: int
    record: Json
    documents: Mapping[str, Document]
    context: int

    @property
    def outcome(self) -> wording.Outcome:
        return wording.outcome(self.record["outcome"])

    @property
    def expected(self) -> Json:
        return self.record["expected"]  # type: ignore[no-any-return]

    @property
    def scores(self) -> Json:
        return self.record["scores"]  # type: ignore[no-any-return]

    @property
    def language(self) -> str:
        return str(self.expected.get("language", "und"))

    @property
    def tags(self) -> list[str]:
        return wording.tags(self.record)

    @property
    def tag_lines(self) -> str:
        return "\n".join(map(disarm, self.tags))

    @property
    def answer_language(self) -> str:
        """Return the language that answers are most likely in: that of the evidence, else of the question."""
        known = [self.documents[each["document"]] for each in self.evidence if each["document"] in self.documents]
        return known[0].language if known else self.language

    @property
    def evidence(self) -> Sequence[Json]:
        return self.expected.get("evidence") or ()

    @property
    def history(self) -> Sequence[Json]:
        return self.expected.get("history") or ()

    @property
    def reply(self) -> str:
        """Return the reply in full where it is more than the short answer."""
        text = self.record.get("text") or ""
        same = _NUMBERS.sub("", text).strip() == (self.record.get("short") or "").strip()
        return "" if same else wording.shortened(text, 4 * self.context)

    @property
    def short(self) -> str:
        return wording.shortened(self.record.get("short") or "", 2 * self.context)

    @property
    def candidate(self) -> str:
        """Return the answer that was held back, if there is one."""
        return "" if self.record["answered"] else wording.shortened(wording.held_back(self.record), 2 * self.context)

    @property
    def hits(self) -> Sequence[Json]:
        return self.record["hits"][:SHOWN_HITS]  # type: ignore[no-any-return]

    @property
    def more_hits(self) -> int:
        return max(0, len(self.record["hits"]) - SHOWN_HITS)

    @property
    def why(self) -> str:
        return why(self.record)

    @property
    def timings(self) -> list[tuple[str, float]]:
        return [(str(name), float(value)) for name, value in (self.record.get("timings_ms") or {}).items()]

    @property
    def others(self) -> list[tuple[str, str]]:
        """Return what the author of the question wrote down besides."""
        known = {"id", "question", "language", "answers", "evidence", "tags", "history"}
        return [(str(key), wording.scalar(value)) for key, value in self.expected.items() if key not in known]

    @cached_property
    def places(self) -> tuple[list[Excerpt], list[Excerpt], int]:
        """Return citations in context, evidence that no citation's context shows, and how many were left out."""
        citations = [_cited_place(each, self.documents) for each in self.record["citations"]]
        evidence = [_evidence_place(each, self.documents) for each in self.evidence]
        shown = citations[:SHOWN_PLACES]
        unseen = [place for place in evidence if not any(self._shows(citation, place) for citation in shown)]
        left_out = len(citations) - len(shown) + len(unseen[SHOWN_PLACES:])
        cited, missed = (
            [_excerpt(place, citations, evidence, self.documents, self.context) for place in places]
            for places in (shown, unseen[:SHOWN_PLACES])
        )
        return cited, missed, left_out

    def _shows(self, citation: Place, evidence: Place) -> bool:
        if citation.span is None or evidence.span is None or citation.document_id != evidence.document_id:
            return False
        window = _window(self.documents[citation.document_id].text, citation.span, self.context)
        return window.start <= evidence.span.start and evidence.span.end <= window.end


def why(record: Json) -> str:
    """Say in words why a question counts as right or wrong."""
    found, hits = record["scores"].get("first_relevant"), len(record["hits"])
    sure = wording.percent(record["confidence"])
    rank = f"Passage {found} of {hits} holds the evidence" if found else "The evidence was found"
    candidate = record["scores"].get("candidate_F1") or 0
    if record["outcome"] == "right":
        if record["expected"]["answers"]:
            return "The reply agrees with an accepted answer."
        return "The documents hold no answer, and the reply says so."
    if record["outcome"] == "wrongly_abstained":
        kept = "would have been right" if candidate >= RIGHT else "would have been wrong too"
        held_back = f" The candidate held back {kept} (F1 {candidate:.2f})." if wording.held_back(record) else ""
        return "The documents hold an answer, but the reply says that they do not." + held_back
    none_of = f"None of the {wording.count(hits, 'passage')} found holds the evidence, so it could not be read."
    return {
        "retrieval_missed": none_of if hits else "No passage was found.",
        "reader_missed": f"{rank}, but something else was read out of the passages.",
        "wrongly_answered": f"The documents hold no answer, but one was given, with a confidence of {sure}.",
        "cited_wrongly": "The answer is right, but what it cites is not where the evidence stands.",
    }.get(record["outcome"], wording.outcome(record["outcome"]).title)


def _cited_place(citation: Json, documents: Mapping[str, Document]) -> Place:
    document, span = documents.get(citation["document"]), Span(citation["start"], citation["end"])
    holds = document is not None and document.text[slice(*span)] == citation["quote"]
    return Place(citation["document"], citation["quote"], span if holds else None, citation)


def _evidence_place(evidence: Json, documents: Mapping[str, Document]) -> Place:
    """Find evidence where it says it starts, else where its words stand first."""
    document, quote = documents.get(evidence["document"]), unicodedata.normalize("NFC", evidence["quote"])
    if document is None:
        return Place(evidence["document"], quote, None)
    start = evidence.get("start")
    if start is None or not document.text.startswith(quote, start):
        start = document.text.find(quote)
    return Place(evidence["document"], quote, Span(start, start + len(quote)) if start >= 0 else None)


def _excerpt(
    place: Place, citations: Iterable[Place], evidence: Iterable[Place], documents: Mapping[str, Document], context: int
) -> Excerpt:
    document = documents.get(place.document_id)
    if document is None or place.span is None:
        quote = wording.shortened(place.quote, 4 * context)
        return Excerpt(place, document, (Piece(quote, place.citation is not None, place.citation is None),))
    window = _window(document.text, place.span, context)
    cited = [each.span for each in citations if each.span and each.document_id == place.document_id]
    proven = [each.span for each in evidence if each.span and each.document_id == place.document_id]
    return Excerpt(place, document, tuple(_pieces(document.text, window, cited, proven)))


def _window(text: str, span: Span, context: int) -> Span:
    """Widen a span by `context` on either side, to whole words, after cutting it where it is very long."""
    last = min(span.end, span.start + 4 * context)
    start, end = max(0, span.start - context), min(len(text), last + context)
    if start and (space := re.search(r"\s", text[start : min(start + LONG_WORD, span.start)])):
        start += space.end()
    if end < len(text) and (cut := text.rfind(" ", max(end - LONG_WORD, last), end)) >= 0:
        end = cut
    return Span(start, end)


def _pieces(text: str, window: Span, cited: Sequence[Span], evidence: Sequence[Span]) -> Iterator[Piece]:
    """Cut a window of a text where a citation or evidence begins or ends.

    >>> [tuple(piece) for piece in _pieces("abcdef", Span(1, 5), [Span(2, 4)], [Span(3, 9)])]
    [('…b', False, False), ('c', True, False), ('d', True, True), ('e…', False, True)]
    """
    edges = {edge for span in (*cited, *evidence) for edge in span if window.start < edge < window.end}
    cuts = sorted({*window, *edges})
    for start, end in pairwise(cuts):
        before = "…" if start == window.start > 0 else ""
        after = "…" if end == window.end < len(text) else ""
        inside = [any(span.start <= start and end <= span.end for span in spans) for spans in (cited, evidence)]
        yield Piece(before + text[start:end] + after, *inside)
