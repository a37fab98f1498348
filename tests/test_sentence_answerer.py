"""The extractive answerer on hits made by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rag.answerers import Question
from rag.answerers.replies import NOT_IN_THE_DOCUMENTS, not_in_the_documents
from rag.answerers.sentence import NEARLY, SUPPORTING_DOCUMENTS, SentenceAnswerer
from rag.config import Settings
from rag.sentences import split
from rag.types import Document, Hit, Passage, SentenceScore, Span

ASKED = Question("Hva koster det?", "no")
TEXT = "Det er fint. Det koster 100 kr. Det er alt."
# From the worst sentence to the best; confidence grows with both parts.
NONE, SOME, BEST = SentenceScore(0.0, 0.2, 0.0), SentenceScore(2.0, 0.8, 0.5), SentenceScore(4.0, 0.95, 1.0)


def document(name: str, text: str = TEXT) -> Document:
    return Document(name, name, None, "no", text, Path(name), "hash of " + name)


def hit(item: Document, *scores: SentenceScore) -> Hit:
    spans = tuple(split(item.text, "no"))
    passage = Passage(item.id, 0, len(item.text), item.text, "no", spans)
    return Hit(passage, 1.0, 0.8, 1.0, scores)


def by_id(*items: Document) -> dict[str, Document]:
    return {item.id: item for item in items}


@pytest.fixture
def willing() -> SentenceAnswerer:
    return SentenceAnswerer(Settings(abstain_below=0))


def test_it_answers_with_the_best_sentence_verbatim(willing: SentenceAnswerer) -> None:
    item = document("a.txt")
    draft = willing.answer(ASKED, [hit(item, NONE, BEST, SOME)], by_id(item))
    (citation,) = draft.citations
    assert citation.quote == draft.short == "Det koster 100 kr."
    assert item.text[citation.start : citation.end] == citation.quote
    assert citation.sha256 == item.sha256
    assert [(statement.text, statement.citations) for statement in draft.statements] == [(citation.quote, (1,))]
    assert draft.candidate is not None
    assert (draft.candidate.short, draft.candidate.document_id) == ("Det koster 100 kr.", "a.txt")
    assert (draft.candidate.start, draft.candidate.end) == (citation.start, citation.end)


def test_copies_are_cited_once(willing: SentenceAnswerer) -> None:
    items = [document("a.txt"), replace(document("b.txt"), copy_of="a.txt"), document("c.txt")]
    hits = [hit(items[1], NONE, BEST, NONE), hit(items[0], NONE, SOME, NONE), hit(items[2], NONE, BEST, NONE)]
    draft = willing.answer(ASKED, hits, by_id(*items))
    assert [citation.document_id for citation in draft.citations] == ["b.txt", "c.txt"]


def test_every_document_that_supports_the_answer_is_cited_once(willing: SentenceAnswerer) -> None:
    items = [document(f"{number}.txt") for number in range(7)]
    hits = [hit(item, NONE, BEST, NONE) for item in items] + [hit(items[0], NONE, NONE, BEST)]
    draft = willing.answer(ASKED, hits, by_id(*items))
    assert [citation.document_id for citation in draft.citations] == ["0.txt", "1.txt", "2.txt", "3.txt"]
    assert len(draft.citations) == SUPPORTING_DOCUMENTS
    assert [statement.citations for statement in draft.statements] == [(1,), (2,), (3,), (4,)]


def test_a_document_that_hardly_supports_the_answer_is_not_cited(willing: SentenceAnswerer) -> None:
    strong, weak = document("strong.txt"), document("weak.txt")
    hits = [hit(weak, NONE, NONE, NONE), hit(strong, NONE, BEST, NONE)]
    draft = willing.answer(ASKED, hits, by_id(strong, weak))
    assert [citation.document_id for citation in draft.citations] == ["strong.txt"]
    alone = willing.answer(ASKED, hits[:1], by_id(weak))
    assert alone.confidence < NEARLY * draft.confidence


def test_below_the_threshold_it_abstains_and_keeps_the_candidate() -> None:
    item = document("a.txt")
    draft = SentenceAnswerer(Settings(abstain_below=1)).answer(ASKED, [hit(item, NONE, SOME, NONE)], by_id(item))
    assert (draft.citations, draft.short) == ((), None)
    assert [str(statement) for statement in draft.statements] == ["Det står ikke i dokumentene."]
    assert draft.candidate is not None
    assert draft.candidate.short == "Det koster 100 kr."
    assert 0 < draft.confidence < 1


def test_without_hits_it_abstains(willing: SentenceAnswerer) -> None:
    draft = willing.answer(ASKED, [], {})
    assert (draft.citations, draft.short, draft.candidate, draft.confidence) == ((), None, None, 0.0)
    assert [statement.citations for statement in draft.statements] == [()]


@pytest.mark.parametrize("model", [None, "another/model"])
def test_confidence_is_a_probability_that_grows_with_the_evidence(model: str | None) -> None:
    settings = Settings(abstain_below=0, **({"model": model} if model else {}))
    answerer, item = SentenceAnswerer(settings), document("a.txt")
    drafts = [answerer.answer(ASKED, [hit(item, NONE, score, NONE)], by_id(item)) for score in (NONE, SOME, BEST)]
    confidences = [draft.confidence for draft in drafts]
    assert confidences == sorted(confidences)
    assert len(set(confidences)) == 3
    assert all(0 <= confidence <= 1 for confidence in confidences)


def test_across_languages_shared_words_say_nothing(willing: SentenceAnswerer) -> None:
    item, in_english = document("a.txt"), Question("What does it cost?", "en")
    scores = [SentenceScore(4.0, 0.85, overlap) for overlap in (0.0, 1.0)]
    same, other = (
        [willing.answer(asked, [hit(item, NONE, score, NONE)], by_id(item)).confidence for score in scores]
        for asked in (ASKED, in_english)
    )
    assert same[0] < other[0] == other[1]


def test_extreme_scores_stay_probabilities(willing: SentenceAnswerer) -> None:
    item = document("a.txt")
    for extreme in (SentenceScore(-1e6, -1.0, 0.0), SentenceScore(1e6, 1.0, 1.0)):
        draft = willing.answer(ASKED, [hit(item, extreme, extreme, extreme)], by_id(item))
        assert 0 <= draft.confidence <= 1
    other = SentenceAnswerer(Settings(abstain_below=0, model="another/model"))
    for extreme in (SentenceScore(-1e6, -1.0, 0.0), SentenceScore(1e6, 1.0, 1.0)):
        assert 0 <= other.answer(ASKED, [hit(item, extreme, NONE, NONE)], by_id(item)).confidence <= 1


def test_the_first_of_equals_is_taken(willing: SentenceAnswerer) -> None:
    item = document("a.txt")
    draft = willing.answer(ASKED, [hit(item, SOME, SOME, SOME)], by_id(item))
    assert draft.short == "Det er fint."


def test_a_citation_may_stand_anywhere_in_the_document(willing: SentenceAnswerer) -> None:
    item = document("a.txt", "Noe annet her.\n\n" + TEXT)
    spans = tuple(Span(start, end) for start, end in split(item.text, "no")[1:])
    passage = Passage(item.id, spans[0].start, len(item.text), item.text[spans[0].start :], "no", spans)
    draft = willing.answer(ASKED, [Hit(passage, 1.0, 0.8, 1.0, (NONE, NONE, BEST))], by_id(item))
    assert [citation.quote for citation in draft.citations] == ["Det er alt."]


def test_replies_are_in_the_language_of_the_question() -> None:
    assert {"en", "no", "ru", "zh"} <= NOT_IN_THE_DOCUMENTS.keys()
    assert len(set(NOT_IN_THE_DOCUMENTS.values())) == len(NOT_IN_THE_DOCUMENTS)
    assert not_in_the_documents("und") == not_in_the_documents("xx") == NOT_IN_THE_DOCUMENTS["en"]
