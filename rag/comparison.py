"""What the other sources say of an answer's figure: those that agree are cited with it, those that differ are shown.

Only figures that answer the question count: that of the answer, and those of sentences about the same. A false «sources
differ» is worse than a missed one, so beside what `facts.compare` asks for, the sentences must be alike, and two values
that one document gives are two matters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np

from rag import facts
from rag.answerers import Draft, Question, replies
from rag.citations import cite
from rag.encoder import Vectors
from rag.facts import Amount, Fact, Mention, Topic
from rag.figures import Rows
from rag.index import Index
from rag.types import Conflict, ConflictValue, Document, Hit, Passage, Span

# The cosine of two sentences' vectors from which their figures may differ on one matter; sentences of one language are
# nearer to each other than those of two. Chosen on labelled pairs, see docs/facts.md.
ALIKE, ALIKE_ACROSS = 0.92, 0.87
MAY_BE_MEANT = 8  # figures, beside that of the answer, that are looked at: those of the sentences that answer best

MOST_GIVING = 20  # passages that give the answer's figure; a figure that more give is told of many things


class Look(Protocol):
    """Finds passages by a text and its vector, among some rows or all, their sentences scored like a draft's."""

    def __call__(self, text: str, vector: Vectors, /, *, among: Rows | None = None) -> Sequence[Hit]: ...


class Compared(NamedTuple):
    """A draft that cites all the sources that were compared, and on what they differ."""

    draft: Draft
    conflicts: tuple[Conflict, ...]


class _Told(NamedTuple):
    """A figure of a retrieved sentence."""

    mention: Mention
    source: str  # its document, or what that is a copy of: a copy is no second source
    score: float  # of the sentence as an answer
    vector: Vectors  # of the sentence


class _Value(NamedTuple):
    """A figure that one or several sources give."""

    told: list[_Told]
    off_by: int | None = None  # the power of a thousand by which it is not what others give

    @property
    def sources(self) -> set[str]:
        return {each.source for each in self.told}


class _Matter(NamedTuple):
    """Figures that agree, and the other values that sources give for the same."""

    agreeing: _Value
    differing: list[_Value]
    is_answer: bool


def compare(question: Question, draft: Draft, index: Index, look: Look) -> Compared:
    """Hold the figures of a draft against those of the sentences that were found, and of others like its own.

    More passages are looked for: those that give the same figure, and those that are like the answer's sentence.
    """
    topic = facts.topic(question.text, question.language)
    span = _answer_span(draft)
    figures = list(_answer_figures(draft, span, index))
    if not figures:
        return Compared(draft, ())
    hits = list(_hits(draft, span, figures, index, look))
    wanted = {facts.dimension(fact) for fact in figures}
    told = list(_told(hits, wanted, index))
    own = _own([each for each in told if _is_answer(each.mention, draft, span)], topic)
    if not own:
        return Compared(draft, ())
    answer = _matter(own, told, index, is_answer=True)
    matter = next((each for each in (answer, *_others(topic, answer, told, index)) if each.differing), None)
    citations = _Citations(draft, index)
    citations.support(answer.agreeing)
    conflicts = (_conflict(matter, citations, question.language),) if matter else ()
    return Compared(citations.draft(hits), conflicts)


# --- which figures are compared ---------------------------------------------------------------------------------------


def _answer_span(draft: Draft) -> Span:
    """Return where in its document the answer stands: the words that are marked, or the whole sentence."""
    if not draft.citations:
        return Span(0, 0)
    start, end, marked = draft.citations[0].start, draft.citations[0].end, draft.statements[0].marked
    return Span(start + marked.start, start + marked.end) if marked else Span(start, end)


def _answer_figures(draft: Draft, span: Span, index: Index) -> Iterator[Fact]:
    """Yield the amounts in the answer, and where one is money, all money in its sentence, which may be forms of it."""
    if not draft.citations:
        return
    citation = draft.citations[0]
    found = facts.inside(index.figures_of(citation.document_id), Span(citation.start, citation.end))
    amounts = [fact for fact in found if isinstance(fact.value, Amount)]
    own = [fact for fact in amounts if _touches(fact, span)]
    yield from own
    if any(fact.kind == "money" for fact in own):
        yield from (fact for fact in amounts if fact.kind == "money")


def _touches(fact: Fact, span: Span) -> bool:
    return fact.start < span.end and span.start < fact.end


def _is_answer(mention: Mention, draft: Draft, span: Span) -> bool:
    forms = (mention.fact, *mention.forms)
    return mention.document == draft.citations[0].document_id and any(_touches(fact, span) for fact in forms)


def _own_sentence(draft: Draft, start: int, index: Index) -> tuple[str, Vectors]:
    """Return the sentence in which the answer begins, and its vector."""
    document = draft.citations[0].document_id
    return next(
        (index.documents[document].text[slice(*span)], index.sentence_vectors(hit.passage)[row])
        for hit in draft.hits
        if hit.passage.document_id == document
        for row, span in enumerate(hit.passage.sentences)
        if span.start <= start < span.end
    )


def _hits(draft: Draft, span: Span, figures: Iterable[Fact], index: Index, look: Look) -> Iterator[Hit]:
    """Yield the passages that were found, those like the answer's sentence, and others that give its figures."""
    sentence = _own_sentence(draft, span.start, index)
    found = [*draft.hits, *look(*sentence)]
    yield from found
    giving = np.unique(np.concatenate([index.figures.giving(fact) for fact in figures]))
    rows = np.setdiff1d(giving, [index.row(hit.passage) for hit in found])
    if len(rows) and len(giving) <= MOST_GIVING:
        yield from look(*sentence, among=rows)


def _told(hits: Iterable[Hit], wanted: Container[str], index: Index) -> Iterator[_Told]:
    """Yield the amounts of those sentences that have any of the wanted dimensions."""
    seen: set[tuple[str, Span]] = set()
    for hit in hits:
        passage, document = hit.passage, index.documents[hit.passage.document_id]
        found = index.figures_of(document.id)
        rows = {
            span: row
            for row, span in enumerate(passage.sentences)
            if (document.id, span) not in seen
            and any(facts.dimension(fact) in wanted for fact in facts.inside(found, span))
        }
        seen.update((document.id, span) for span in rows)
        if rows:
            vectors = index.sentence_vectors(passage)
            for mention in _mentions(document, passage, found, rows):
                row = rows[mention.sentence]
                yield _Told(mention, document.source, hit.sentence_scores[row].score, vectors[row])


def _mentions(document: Document, passage: Passage, found: Sequence[Fact], among: Container[Span]) -> list[Mention]:
    """Return the amounts in some sentences of a passage."""
    mentions = facts.read(
        document.text,
        passage.language,
        document.date,
        document=document.id,
        sentences=passage.sentences,
        found=found,
        among=among,
    )
    return [mention for mention in mentions if isinstance(mention.fact.value, Amount)]


# --- how they stand to each other -------------------------------------------------------------------------------------


def _matter(own: Sequence[_Told], told: Sequence[_Told], index: Index, *, is_answer: bool) -> _Matter:
    """Return some forms of one figure with what agrees with it, and what differs."""
    agreeing = list(own)
    for one in agreeing:  # grows as it is gone through
        agreeing += [each for each in told if not _is_among(each, agreeing) and _agree(each, one)]
    return _Matter(_Value(agreeing), _differing(_Value(agreeing), told, index), is_answer)


def _own(told: Sequence[_Told], topic: Topic) -> list[_Told]:
    """Return of the answer's figures the first that is asked for, else the first, with other forms of it."""
    asked = [each for each in told if facts.is_about(each.mention, topic)] or told
    return [each for each in told if _have_one_value(asked[0].mention, each.mention)]


def _others(topic: Topic, answer: _Matter, told: Sequence[_Told], index: Index) -> Iterator[_Matter]:
    """Yield what else the question may mean, by other figures of the sentences that answer best."""
    left = [each for each in told if not _is_among(each, answer.agreeing.told)]
    best = sorted(left, key=lambda each: -each.score)[:MAY_BE_MEANT]
    while best:
        each = best.pop(0)
        if facts.is_about(each.mention, topic):
            matter = _matter([each], left, index, is_answer=False)
            best = [other for other in best if not _is_among(other, matter.agreeing.told)]
            yield matter


def _is_among(each: _Told, others: Iterable[_Told]) -> bool:
    return any(each is other for other in others)


def _agree(one: _Told, other: _Told) -> bool:
    """Tell whether two figures are about the same and have one value, whatever bounds it."""
    if not _have_one_value(one.mention, other.mention):
        return False
    similarity = facts.SIMILAR if _are_alike(one, other) else None
    return facts.compare(one.mention, other.mention, similarity).relation in {"agree", "compatible"}


def _have_one_value(one: Mention, other: Mention) -> bool:
    return any(_is_value_of(fact, other) for fact in (one.fact, *one.forms))


def _is_value_of(fact: Fact, mention: Mention) -> bool:
    return any(facts.same_value(fact, form) for form in (mention.fact, *mention.forms))


def _differing(agreeing: _Value, told: Iterable[_Told], index: Index) -> list[_Value]:
    """Return the other values that sources give for the same.

    A source that gives the first value somewhere, or two others, tells of several matters, and so do those of the first
    value if one of them gives the other.
    """
    values: list[_Value] = []
    for each in told:
        reasons = list(_reasons(each, agreeing)) if each.source not in agreeing.sources else []
        if not reasons or _is_told_by([each], agreeing.told[0].mention, index):
            continue
        if _is_told_by(agreeing.told, each.mention, index):
            continue
        same = next((value for value in values if _have_one_value(value.told[0].mention, each.mention)), None)
        if same:
            same.told.append(each)
        else:
            values.append(_Value([each], max(map(_factor, reasons)) or None))
    given = Counter(source for value in values for source in value.sources)
    return [value for value in values if all(given[source] == 1 for source in value.sources)]


def _reasons(each: _Told, agreeing: _Value) -> Iterator[str]:
    """Yield why a figure differs from some that agree."""
    for one in agreeing.told:
        if _are_alike(one, each):
            verdict = facts.compare(one.mention, each.mention)
            if verdict.relation == "differ":
                yield verdict.reason


def _are_alike(one: _Told, other: _Told) -> bool:
    least = ALIKE if one.mention.language == other.mention.language else ALIKE_ACROSS
    return float(one.vector @ other.vector) >= least


def _is_told_by(told: Iterable[_Told], mention: Mention, index: Index) -> bool:
    """Tell whether the documents of some figures give a value, wherever."""
    documents = {each.mention.document for each in told}
    return any(_is_value_of(fact, mention) for document in documents for fact in index.figures_of(document))


def _factor(reason: str) -> int:
    """Return the power of a thousand that a reason tells of, or 0."""
    return int(reason.removeprefix("factor ")) if reason.startswith("factor ") else 0


# --- how it is told ---------------------------------------------------------------------------------------------------


class _Citations:
    """The citations of a draft, to which those of other sources are added."""

    def __init__(self, draft: Draft, index: Index) -> None:
        self._draft = draft
        self._documents = index.documents
        self._citations = list(draft.citations)
        self._supporting: list[int] = []

    def support(self, value: _Value) -> None:
        """Cite all sources that agree together, with the first statement."""
        self._supporting = sorted({1, *(self._number(each.mention) for each in self.one_a_source(value.told))})

    def one_a_source(self, told: Iterable[_Told]) -> list[_Told]:
        """Return the figure of the best sentence of each source; of copies and repetitions, that of what is cited."""
        cited = {citation.document_id for citation in self._citations}
        best: dict[str, _Told] = {}
        for each in sorted(
            told,
            key=lambda each: (not self._cited(each.mention), each.mention.document not in cited, -each.score),
        ):
            best.setdefault(each.source, each)
        return list(best.values())

    def id(self, mention: Mention) -> str:
        """Cite the sentence of a figure, and return the id of that citation."""
        return self._citations[self._number(mention) - 1].id

    def _number(self, mention: Mention) -> int:
        if number := self._cited(mention):
            return number
        self._citations.append(cite(self._documents[mention.document], mention.sentence))
        return len(self._citations)

    def _cited(self, mention: Mention) -> int:
        """Return the number of the citation that a figure stands in, 0 where it stands in none."""
        for number, citation in enumerate(self._citations, 1):
            if citation.document_id == mention.document and citation.start <= mention.fact.start < citation.end:
                return number
        return 0

    def draft(self, hits: Sequence[Hit]) -> Draft:
        """Return the draft with all of them and the passages that they stand in.

        A statement that only says the same once more is left out.
        """
        statements = self._draft.statements
        if not self._draft.is_composed:
            first, *others = statements
            kept = [other for other in others if not set(other.citations) <= set(self._supporting)]
            statements = (replace(first, citations=tuple(self._supporting)), *kept)
        found = {hit.passage.id: hit for hit in self._draft.hits}
        found |= {hit.passage.id: hit for hit in hits if hit.passage.id not in found and self._has_any_of(hit.passage)}
        return self._draft._replace(statements=statements, citations=tuple(self._citations), hits=tuple(found.values()))

    def _has_any_of(self, passage: Passage) -> bool:
        return any(
            each.document_id == passage.document_id and passage.start <= each.start < passage.end
            for each in self._citations
        )


def _conflict(matter: _Matter, citations: _Citations, language: str) -> Conflict:
    """Return all values as they are shown: newest first, undated last."""
    unit = matter.differing[0].told[0].mention.fact.unit
    values = [_shown(value, unit, citations, language) for value in _with_slips(matter)]
    values.sort(key=lambda value: -value.date.toordinal() if value.date else 0)
    factors = [value.off_by for value in matter.differing if value.off_by]
    note = replies.sources_differ(language, factors[0] if factors else None, is_answer=matter.is_answer)
    return Conflict(note, tuple(values))


def _with_slips(matter: _Matter) -> Iterator[_Value]:
    """Yield all values; of two a power of a thousand apart, the one that fewer sources give is taken for a slip."""
    own = len(matter.agreeing.sources)
    outnumbering = [value.off_by for value in matter.differing if value.off_by and len(value.sources) > own]
    yield matter.agreeing._replace(off_by=outnumbering[0] if outnumbering else None)
    yield from (value if len(value.sources) < own else value._replace(off_by=None) for value in matter.differing)


def _shown(value: _Value, unit: str | None, citations: _Citations, language: str) -> ConflictValue:
    """Return a value, with all that give it, in the words of the newest of them that has it in a unit.

    One in the language of the question goes first: it needs no rendering.
    """
    told = sorted(
        citations.one_a_source(value.told),
        key=lambda each: -each.mention.published.toordinal() if each.mention.published else 0,
    )
    forms = [(form, each.mention.language) for each in told for form in (each.mention.fact, *each.mention.forms)]
    forms = [form for form in forms if form[0].unit == unit] or forms
    fact, own = next((form for form in forms if form[1] == language), forms[0])
    rendering = facts.write(fact, language) if own != language else None
    ids, dates = zip(*((citations.id(each.mention), each.mention.published) for each in told), strict=True)
    return ConflictValue(
        fact.text, float(fact.number or 0), fact.unit or "", dates[0], ids, dates, value.off_by, rendering
    )
