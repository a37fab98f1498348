"""Whether two figures say the same; that a false «differ» is rare is worth more than that none is missed."""

from __future__ import annotations

import datetime as dt

import pytest

from rag.facts import Mention, compare, group, read
from tests import labelled_pairs

PAIRS = labelled_pairs.pairs()


def only(text: str, language: str = "en", date: dt.date | None = None, place: int = 0, document: str = "") -> Mention:
    return read(text, language, date, document=document)[place]


def test_differ_is_said_rightly() -> None:
    found = labelled_pairs.differ(PAIRS)
    assert len(PAIRS) >= 150
    assert found.precision >= 0.95
    assert found.recall >= 0.8
    assert labelled_pairs.accuracy(PAIRS) >= 0.9


def test_the_order_makes_no_difference() -> None:
    for pair in PAIRS:
        assert compare(pair.one, pair.other) == compare(pair.other, pair.one)


def test_a_figure_agrees_with_itself() -> None:
    for pair in PAIRS:
        assert compare(pair.one, pair.one).relation in {"agree", "not comparable"}


@pytest.mark.parametrize(
    ("first", "second", "relation", "reason"),
    [
        ("Acme earned $5.7 billion.", "Acme earned $5.7 billion.", "agree", "same value"),
        ("Acme earned $5.7 billion.", "Acme earned $5.72 billion.", "compatible", "rounding"),
        ("Acme earned $5.7 billion.", "Acme earned about $6 billion.", "compatible", "rounding"),
        ("Acme has revenue of more than $5 billion.", "Acme has revenue of $6 billion.", "compatible", "bound"),
        ("Acme has revenue of $5–7 billion.", "Acme has revenue of $6 billion.", "compatible", "range"),
        ("Acme has revenue of $5 billion.", "Acme has revenue of $7 billion.", "differ", "value"),
        ("Acme has revenue of $5 billion.", "Acme has revenue of $5 million.", "differ", "factor 1000"),
        ("Acme earned -$5 million.", "Acme earned $5 million.", "differ", "value"),
        ("Acme earned -$5 billion.", "Acme earned $5 million.", "differ", "value"),
        ("Acme has revenue of $5 billion.", "Acme has revenue of €5 billion.", "not comparable", "unit"),
        ("Acme has revenue of $5 billion.", "Acme has growth of 5 percent.", "not comparable", "kind"),
        ("Acme has revenue of $5 billion.", "Zenith has revenue of $7 billion.", "not comparable", "subject"),
        ("In 2024 Acme had sales of $5 billion.", "In 2023 Acme had sales of $7 billion.", "not comparable", "time"),
        ("Acme has over 100 customers.", "Acme has over 5,000 customers.", "not comparable", "bound"),
        ("The Acme tower is 300 metres high.", "The Acme tower is 0.3 km high.", "agree", "same value"),
    ],
)
def test_relations(first: str, second: str, relation: str, reason: str) -> None:
    figures = [
        next(mention for mention in read(text, "en") if mention.fact.kind not in {"date", "period"})
        for text in (first, second)
    ]
    assert compare(*figures) == (relation, reason)


def test_converted_amounts_are_forms_of_one() -> None:
    yuan, dollars = read("Контракт на ¥40 млрд (около $5,7 млрд) подписан.", "ru")
    assert yuan.forms == (dollars.fact,)
    assert dollars.forms == (yuan.fact,)
    feet, metres = read("The wall is 8 feet (2.4 m) high.", "en")
    assert feet.forms == (metres.fact,)


def test_amounts_of_a_list_are_not_forms_of_one() -> None:
    assert [mention.forms for mention in read("They paid $5 million, €3 million and £2 million.", "en")] == [(), (), ()]


def test_similarity_of_the_sentences_helps() -> None:
    first, second = only("The firm spent $5 billion."), only("Selskapet la ut 7 milliarder dollar.", "no")
    assert compare(first, second).relation == "not comparable"
    assert compare(first, second, similarity=0.9).relation in {"not comparable", "differ"}


def test_offsets_are_those_of_the_text() -> None:
    text = "Acme has 5 offices.\n\nIt earned $7 million in 2024."
    for mention in read(text, "en"):
        assert text[mention.fact.start : mention.fact.end] == mention.fact.text
        assert mention.sentence.start <= mention.fact.start < mention.fact.end <= mention.sentence.end


def test_the_whole_text_tells_yuan_from_yen() -> None:
    (figure,) = read("Toyota needs batteries. It will spend ¥5 billion.", "en")
    assert figure.fact.unit == "JPY"


def test_groups_hold_what_agrees_and_what_differs() -> None:
    mentions = [
        only("Acme has revenue of $5 billion.", document="a"),
        only("Acme has revenue of $5.0 billion.", document="b"),
        only("Acme has revenue of $5 million.", document="c"),
        only("Zenith has revenue of $5 billion.", document="d"),
    ]
    (found,) = group(mentions)
    assert found.members == (0, 1, 2)
    assert found.differs
    assert {link.verdict.relation for link in found.links} == {"agree", "differ"}


def test_a_document_is_not_its_own_second_source() -> None:
    assert group([only("Acme has revenue of $5 billion.", document="a")] * 2) == []


def test_copies_are_no_second_source_but_may_differ() -> None:
    said = {"a": "$5 billion", "b": "$5 billion", "c": "$7 billion"}
    mentions = [only(f"Acme has revenue of {value}.", document=name) for name, value in said.items()]
    assert group(mentions[:2], {"b": "a"}) == []
    (found,) = group(mentions, {"b": "a", "c": "a"})
    assert found.differs
    assert {(link.one, link.other) for link in found.links} == {(0, 2), (1, 2)}
