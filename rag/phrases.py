"""Where a remembered phrase stands: to the letter, or nearly so."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rag.citations import cite, verify
from rag.errors import CitationError
from rag.types import Citation, Document, Span

SHOWN = 10
NEARLY = 70.0  # of 100: similarity from which a stretch of text is taken for a phrase that somebody half remembers


class Place(NamedTuple):
    """Where a phrase stands; `similarity` is 100 where it stands to the letter."""

    citation: Citation
    similarity: float


def find(words: str, documents: Mapping[str, Document], sentences: Mapping[str, list[Span]]) -> list[Place]:
    """Return where a phrase stands, best first: where it stands word for word, else what is nearly the same.

    Case and line ends do not count. `sentences` are those of each document. Raises CitationError without words.
    """
    phrase = " ".join(words.split())
    if not any(character.isalnum() for character in phrase):
        raise CitationError("there is nothing to find; give some words of the phrase")
    exact = [Place(cite(document, span), 100.0) for document in documents.values() for span in _exact(phrase, document)]
    found = exact[:SHOWN] or _similar(phrase, documents, sentences)
    return [Place(verify(place.citation, documents[place.citation.document_id]), place.similarity) for place in found]


def _exact(phrase: str, document: Document) -> Iterator[Span]:
    pattern = re.compile(r"\s+".join(map(re.escape, phrase.split())), re.IGNORECASE)
    yield from (Span(*match.span()) for match in pattern.finditer(document.text))


def _similar(phrase: str, documents: Mapping[str, Document], sentences: Mapping[str, list[Span]]) -> list[Place]:
    """Return the stretches of about a phrase's length that are most like it, one from each place."""
    from rapidfuzz import fuzz, process

    stretches = [(name, span) for name, spans in sentences.items() for span in _stretches(spans, len(phrase))]
    texts = [documents[name].text[span.start : span.end] for name, span in stretches]
    ranked = process.extract(
        phrase, texts, scorer=fuzz.partial_ratio, processor=str.lower, score_cutoff=NEARLY, limit=4 * SHOWN
    )
    places: list[Place] = []
    for _, similarity, number in sorted(ranked, key=lambda each: (-each[1], len(texts[each[2]]))):
        name, span = stretches[number]
        overlapping = (
            place.citation.document_id == name and place.citation.start < span.end and span.start < place.citation.end
            for place in places
        )
        if not any(overlapping):
            places.append(Place(cite(documents[name], span), round(similarity, 1)))
    return places[:SHOWN]


def _stretches(spans: list[Span], length: int) -> Iterator[Span]:
    """Yield each sentence, with as many behind it as the phrase may stretch over."""
    for number, (start, end) in enumerate(spans):
        last = number
        while end - start < length and last + 1 < len(spans):
            last += 1
            end = spans[last].end
        if 2 * (end - start) >= length:  # else it is a part of the phrase, not the phrase a part of it
            yield Span(start, end)
