"""The figures and dates of an answer in the language of the question, where the document has another one."""

from __future__ import annotations

from collections.abc import Iterator

from rag import facts
from rag.answerers import Draft
from rag.facts import Fact
from rag.index import Index
from rag.types import Citation, Rendering, Span, Statement


def render(language: str, draft: Draft, index: Index) -> tuple[Rendering, ...]:
    """Write the figures of each statement's answer, and what the text itself converts them to, in a language."""
    return tuple(
        Rendering(number, fact.start, fact.end, fact.text, text)
        for statement in draft.statements
        for number in statement.citations[:1]
        for fact in _figures(statement, draft.citations[number - 1], language, draft, index)
        if (text := facts.write(fact, language))
    )


def _figures(statement: Statement, citation: Citation, language: str, draft: Draft, index: Index) -> list[Fact]:
    """Return the figures that touch the marked words, or all where none are marked, unless they are in the language."""
    own = next(_languages(citation, draft), language)
    if own == language:
        return []
    start, marked = citation.start, statement.marked
    answer = Span(start + marked.start, start + marked.end) if marked else Span(start, citation.end)
    document = index.documents[citation.document_id]
    mentions = facts.read(
        document.text,
        own,
        document.date,
        sentences=[Span(citation.start, citation.end)],
        found=index.figures_of(document.id),
    )
    found = {
        form.start: form
        for mention in mentions
        if mention.fact.start < answer.end and answer.start < mention.fact.end
        for form in (mention.fact, *mention.forms)
    }
    return [found[place] for place in sorted(found)]


def _languages(citation: Citation, draft: Draft) -> Iterator[str]:
    """Yield the languages of the passages that a citation stands in."""
    for hit in draft.hits:
        passage = hit.passage
        if passage.document_id == citation.document_id and passage.start <= citation.start < passage.end:
            yield passage.language
