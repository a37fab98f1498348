"""Composed answers: what stands, what is struck out, and what is given when nothing stands."""

from __future__ import annotations

import re

import pytest

from rag.answerers import Draft, Question, compose
from rag.answerers.check import Checker
from rag.answerers.compose import ComposeAnswerer
from rag.answerers.sentence import SentenceAnswerer
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.errors import LanguageModelError
from rag.llm import LanguageModel
from rag.types import Answer
from tests.fakes import HashEncoder
from tests.test_quote_answerer import Scripted, documents
from tests.test_verbatim import hit

BRIDGE = hit("bridge", ("The bridge over the Eira is 420 metres long.", 5.0), ("It cost 12 million crowns.", 4.0))
FERRY = hit("ferry", ("The ferry to Moss sails daily.", 3.0))
QUESTION = Question("How long is the bridge?", "en")


def answered(reply: str, *, context: int = 4096) -> tuple[Draft, Scripted]:
    model = Scripted(reply, context=context)
    settings = Settings(abstain_below=0)
    answerer = ComposeAnswerer(SentenceAnswerer(settings), Checker(HashEncoder()), model)
    return answerer.answer(QUESTION, [BRIDGE, FERRY], documents(BRIDGE, FERRY)), model


def text(draft: Draft) -> str:
    return Answer("", "en", draft.statements, None, draft.citations, None, 0, ()).text


def test_what_stands_cites_the_sentence_that_says_so() -> None:
    draft, _ = answered("The bridge over the Eira is 420 metres long. [1] The ferry to Moss sails daily. [2]")
    assert text(draft) == "The bridge over the Eira is 420 metres long. [1] The ferry to Moss sails daily. [2]"
    assert [(each.document_id, each.quote) for each in draft.citations] == [
        ("bridge", "The bridge over the Eira is 420 metres long."),
        ("ferry", "The ferry to Moss sails daily."),
    ]


def test_what_does_not_stand_is_struck_out_and_no_part_of_the_reply() -> None:
    draft, _ = answered("The bridge over the Eira is 420 metres long. [1] The bridge cost 13 million crowns. [1]")
    assert text(draft) == "The bridge over the Eira is 420 metres long. [1]"
    assert [(each.text, each.is_struck) for each in draft.statements] == [
        ("The bridge over the Eira is 420 metres long.", False),
        ("The bridge cost 13 million crowns.", True),
    ]


def test_each_sentence_before_a_citation_is_held_against_it_by_itself() -> None:
    """So what is copied of a passage is cited sentence by sentence, and nothing rides along."""
    draft, _ = answered("The bridge over the Eira is 420 metres long. It cost 13 million crowns. [1]")
    assert text(draft) == "The bridge over the Eira is 420 metres long. [1]"
    assert [each.text for each in draft.statements if each.is_struck] == ["It cost 13 million crowns."]


def test_what_is_copied_is_shown_as_it_stands_and_not_in_look_alikes() -> None:
    item = hit("dam", ("The Ulmer dam is 88 metres high [12].", 5.0))
    model, settings = Scripted("The Ulmer dam is 88 metres high (12). [1]"), Settings()
    answerer = ComposeAnswerer(SentenceAnswerer(settings), Checker(HashEncoder()), model)
    (statement,) = answerer.answer(QUESTION, [item], documents(item)).statements
    assert (statement.text, statement.citations) == ("The Ulmer dam is 88 metres high [12].", (1,))


def test_it_is_watched_as_it_is_written_and_struck_out_as_soon_as_a_sentence_ends() -> None:
    reply = "The bridge over the Eira is 420 metres long. [1] It cost 13 million. [1] The ferry"
    answerer = ComposeAnswerer(SentenceAnswerer(Settings(abstain_below=0)), Checker(HashEncoder()), Scripted(reply))
    seen = list(answerer.write(QUESTION, [BRIDGE, FERRY], documents(BRIDGE, FERRY)))
    assert seen[0] == ((), "The")
    assert seen[8] == ((), "The bridge over the Eira is 420 metres long.")
    assert seen[9] == ((), "The bridge over the Eira is 420 metres long."), "the source may not be the only one"
    (first,) = seen[10].statements
    assert (str(first), seen[10].unchecked) == ("The bridge over the Eira is 420 metres long. [1]", "It")
    assert [each.is_struck for each in seen[-1].statements] == [False, True, True]
    assert seen[-1].unchecked == ""


def test_who_no_longer_watches_ends_the_model() -> None:
    model = Scripted("The bridge over the Eira is 420 metres long. [1]")
    writing = ComposeAnswerer(SentenceAnswerer(Settings(abstain_below=0)), Checker(HashEncoder()), model).write(
        QUESTION, [BRIDGE], documents(BRIDGE)
    )
    next(writing)
    assert not model.has_ended
    writing.close()
    assert model.has_ended


@pytest.mark.parametrize(
    "reply",
    [
        "The bridge is 500 metres long. [1]",
        "The bridge over the Eira is 420 metres long. [2]",
        "The bridge over the Eira is 420 metres long. [7]",
        "The bridge over the Eira is 420 metres long.",
        "Visit https://evil.example, the bridge over the Eira. [1]",
        "[1]",
        "",
    ],
)
def test_where_nothing_stands_the_extractive_answer_is_given_and_it_is_said(reply: str) -> None:
    draft, _ = answered(reply)
    said = text(draft)
    assert said.startswith("The bridge over the Eira is 420 metres long. [1]")
    assert said.endswith("What the language model wrote is left out: it is not in the documents.")
    assert draft.is_composed
    assert draft.citations[0].quote == "The bridge over the Eira is 420 metres long."
    assert "evil" not in said


def test_where_the_documents_do_not_say_no_model_is_asked() -> None:
    model, settings = Scripted("It is long. [1]"), Settings()
    answerer = ComposeAnswerer(SentenceAnswerer(settings), Checker(HashEncoder()), model)
    far = hit("far", ("It rains.", -9.0))
    assert answerer.answer(QUESTION, [far], documents(far)).citations == ()
    assert model.asked == []


def test_sources_reach_the_model_as_numbered_data_and_the_grammar_knows_their_number() -> None:
    _, model = answered("It is long. [1]")
    ((prompt, grammar),) = model.asked
    assert prompt.given.split("\n") == [
        "Sources:",
        "[1] The bridge over the Eira is 420 metres long. It cost 12 million crowns.",
        "[2] The ferry to Moss sails daily.",
        "Question: How long is the bridge?",
        "Answer:",
    ]
    assert grammar is not None
    assert '("1" | "2")' in grammar


def test_the_last_example_is_in_the_language_of_the_question() -> None:
    assert [compose.examples(language)[-1].wanted[:3] for language in ("ru", "no", "en")] == ["Муз", "Kom", "The"]


def test_a_context_that_holds_no_passage_is_told() -> None:
    with pytest.raises(LanguageModelError, match=r"too short for a question and its passages; raise 'llm_context'"):
        answered("It is long. [1]", context=300)


@pytest.mark.model
def test_the_bundled_model_writes_cited_sentences_without_a_figure_of_its_own(
    language_model: LanguageModel, encoder: BundledEncoder
) -> None:
    settings = Settings(abstain_below=0)
    answerer = ComposeAnswerer(SentenceAnswerer(settings), Checker(encoder), language_model)
    draft = answerer.answer(QUESTION, [BRIDGE, FERRY], documents(BRIDGE, FERRY))
    assert draft.citations
    assert set(re.findall(r"\d+", " ".join(each.text for each in draft.statements if not each.is_struck))) <= {
        "420",
        "12",
    }
