"""Chats behind the page: what is kept for whom, what stands in the place of what, filters, and hostile words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rag.answerers import finish
from rag.errors import QuestionError, UnknownConversation
from rag.history import History
from rag.index import Filters
from rag.web import chat_view, chats
from rag.web.chat_labels import BY_LANGUAGE, ENGLISH
from rag.web.chat_view import Keeping
from rag.web.chats import Chat, Chats
from rag.web.labels import BY_LANGUAGE as LABELS
from rag.web.labels import ENGLISH as COMMON
from tests.browser import BOOK, document

DISTANCE = "What is the mean distance of the Moon?"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Chats]:
    with History.open(tmp_path / "history.sqlite3") as history:
        yield Chats(BOOK, history)


def asked(kept: Chats, chat: Chat, question: str, owner: str = "") -> Chat:
    return kept.keep(chat._replace(turns=(*chat.turns, finish(kept.ask(chat, question, {})))), owner)


def questions(kept: Chats, chat: Chat, owner: str = "") -> list[str]:
    assert chat.id is not None
    return [turn.question for turn in kept.open(chat.id, owner).turns]


def test_a_chat_is_kept_turn_by_turn_and_opened_as_it_was(kept: Chats) -> None:
    chat = asked(kept, asked(kept, Chat(), DISTANCE), "Hvor lang er fjord?")
    assert chat.id is not None
    opened = kept.open(chat.id, "")
    assert [(turn.question, turn.kept, turn.rating) for turn in opened.turns] == [
        (DISTANCE, 1, None),
        ("Hvor lang er fjord?", 2, None),
    ]
    for turn, before in zip(opened.turns, chat.turns, strict=True):
        assert turn.answer is not None
        assert before.answer is not None
        assert (turn.answer.statements, turn.answer.hits) == (before.answer.statements, before.answer.hits)
        assert not any(citation.verified for citation in turn.answer.citations)  # the book lies in no folder
    assert [each.title for each in kept.conversations("")] == [DISTANCE]


def test_asking_again_takes_the_place_of_all_that_came_after(kept: Chats) -> None:
    chat = asked(kept, asked(kept, asked(kept, Chat(), "one"), "two"), "three")
    chat = asked(kept, chat.until(2), "two, edited")
    assert questions(kept, chat) == ["one", "two, edited"]
    chat = asked(kept, chat, "three again")
    assert questions(kept, chat) == ["one", "two, edited", "three again"]


def test_what_another_tab_has_asked_meanwhile_is_not_written_over(kept: Chats) -> None:
    begun = asked(kept, asked(kept, Chat(), "one"), "two")
    here, there = kept.open(begun.id or "", ""), kept.open(begun.id or "", "")
    here = asked(kept, here, "three here")
    for at_end, first in ((True, "two"), (False, "two, edited")):
        other = asked(kept, there, "three there") if at_end else asked(kept, there.until(2), first)
        assert other.id not in (None, here.id)
        assert questions(kept, other) == (["one", "two", "three there"] if at_end else ["one", first])
        assert [turn.kept for turn in other.turns] == [*range(1, len(other.turns) + 1)]
        assert questions(kept, here) == ["one", "two", "three here"]
    assert questions(kept, asked(kept, here.until(2), "two, edited here")) == ["one", "two, edited here"]


def test_a_turn_is_known_by_its_place_in_what_is_kept(kept: Chats) -> None:
    unkept = finish(kept.ask(Chat(), "not to be kept", {}))
    chat = asked(kept, Chat(None, (unkept,)), "one")
    chat = kept.rate(asked(kept, chat, "two"), 3, "up", "", "")
    assert [turn.kept for turn in chat.turns] == [None, 1, 2]
    assert [turn.rating for turn in kept.open(chat.id or "", "").turns] == [None, "up"]
    assert questions(kept, asked(kept, chat.until(3), "two, edited")) == ["one", "two, edited"]


def test_what_was_deleted_elsewhere_begins_anew_and_can_be_rated(kept: Chats) -> None:
    from rag.web.app import _View
    from rag.web.examples import Examples

    view, request = _View(BOOK, kept, Examples(BOOK), ""), cast("Any", SimpleNamespace(headers={}))
    chat = asked(kept, Chat(), "one")
    kept.delete(chat.id or "", "")
    assert view.rate(chat, 1, "up", "", request) == (chat.not_kept(), ENGLISH.unknown)
    after, _ = view.keep(chat._replace(turns=(*chat.turns, finish(kept.ask(chat, "two", {})))), request)
    assert after
    assert [turn.kept for turn in after.turns] == [None, 1]
    rated, problem = view.rate(after, 2, "up", "", request)
    assert (rated.turns[1].rating, problem) == ("up", "")
    assert [turn.rating for turn in kept.open(after.id or "", "").turns] == ["up"]


def test_what_could_not_be_asked_is_shown_but_not_kept(kept: Chats) -> None:
    chat = asked(kept, asked(kept, Chat(), DISTANCE), "q" * 3000)
    assert chat.turns[-1].problem.startswith("the question has 3000 characters")
    chat = asked(kept, chat, "Hvor lang er fjord?")
    assert [turn.kept for turn in chat.turns] == [1, None, 2]
    assert questions(kept, chat) == [DISTANCE, "Hvor lang er fjord?"]
    assert finish(kept.ask(chat, "crash", {})).problem == ""


def test_nobody_reaches_the_conversations_of_somebody_else(kept: Chats) -> None:
    chat = asked(kept, Chat(), DISTANCE, "ola")
    assert chat.id is not None
    assert kept.conversations("kari") == []
    for act in (
        lambda identity: kept.open(identity, "kari"),
        lambda identity: kept.rename(identity, "mine", "kari"),
        lambda identity: kept.delete(identity, "kari"),
        lambda _: kept.rate(chat, 1, "up", "", "kari"),
        lambda _: asked(kept, chat, "more", "kari"),
    ):
        with pytest.raises(UnknownConversation):
            act(chat.id)
    kept.erase("kari")
    assert questions(kept, chat, "ola") == [DISTANCE]


def test_without_a_history_nothing_is_kept() -> None:
    chats_ = Chats(BOOK)
    chat = asked(chats_, Chat(), DISTANCE)
    assert (chat.id, chat.turns[0].kept, chats_.conversations("")) == (None, None, [])


def test_ratings_are_kept(kept: Chats) -> None:
    chat = kept.rate(asked(kept, Chat(), DISTANCE), 1, "down", "wrong", "")
    assert chat.turns[0].rating == "down"
    assert chat.id is not None
    assert kept.open(chat.id, "").turns[0].rating == "down"


def test_filters_of_the_page() -> None:
    assert chats.filters({}) == chats.filters({"document": " ", "since": ""}) == Filters()
    given = {"document": "a[1].txt", "language": "no", "since": "2026-01-02", "until": "2026-02-03"}
    found = chats.filters(given)
    assert found == Filters("a[[]1].txt", "no", dt.date(2026, 1, 2), dt.date(2026, 2, 3))
    assert chats.filters({"document": " a.txt"}).document == " a.txt"
    with pytest.raises(QuestionError, match="'soon' is not a date"):
        chats.filters({"since": "soon"})


@pytest.mark.parametrize("language", ["en", "no", "ru"])
def test_nothing_of_a_title_or_question_becomes_markup(kept: Chats, language: str) -> None:
    hostile = '"><img src=x onerror=alert(1)>\u202e</textarea><script>'
    chat = asked(kept, Chat(), hostile)
    words, labels = BY_LANGUAGE[language], LABELS[language]
    drawer = chat_view.conversations(kept.conversations(""), chat.id, Keeping("/x/<b>"), words, labels)
    actions = chat_view.actions(1, hostile, chat.turns[0].answer, None, {}, words, labels, is_kept=True)
    for html in (drawer, actions, chat_view.filters(BOOK.documents(), [hostile], words, labels)):
        assert "<img" not in html
        assert "<script" not in html
        assert "<b>" not in html
        assert "\u202e" not in html


def test_what_is_chosen_is_sent_as_it_is_called_and_shown_disarmed() -> None:
    odd = document("\u202eodd.txt", "Words.", title="\u202eOdd")
    shown = chat_view.filters([replace(odd, tags=("a\u202eb",))], ["en"], ENGLISH, COMMON)
    assert '<option value="\u202eodd.txt">Odd</option>' in shown
    assert '<option value="a\u202eb">ab</option>' in shown


def test_what_answers_can_be_chosen_and_is_remembered_with_the_conversation() -> None:
    names = ("compose", "reader", "quote")
    assert chat_view.mode(("reader",), "", ENGLISH, COMMON) == ""
    assert '<option value="compose" selected>' in chat_view.mode(names, "", ENGLISH, COMMON)
    assert '<option value="quote" selected>' in chat_view.mode(names, "quote", ENGLISH, COMMON)
    assert '<option value="compose" selected>' in chat_view.mode(names, "gone", ENGLISH, COMMON)
    assert chat_view.mode(names, "", ENGLISH, COMMON) != chat_view.mode(names, "", ENGLISH, COMMON)  # or none is shown


def test_a_chat_is_answered_as_it_was_last_and_what_is_unknown_is_told(kept: Chats) -> None:
    chat = asked(kept, Chat(), DISTANCE)
    assert (Chat().answerer, chat.answerer) == ("", "reader")
    composed = finish(kept.ask(chat, DISTANCE, {"answerer": "compose"}))
    chat = kept.keep(chat._replace(turns=(*chat.turns, composed)), "")
    assert chat.id is not None
    assert kept.open(chat.id, "").answerer == "compose"


def test_what_another_tab_has_deleted_costs_only_whoever_has_it_open(kept: Chats) -> None:
    from rag.web.app import _View
    from rag.web.examples import Examples

    view, request = _View(BOOK, kept, Examples(BOOK), ""), cast("Any", SimpleNamespace(headers={}))
    gone, open_now = asked(kept, Chat(), "One?"), asked(kept, Chat(), "Two?")
    kept.delete(gone.id or "", "")
    for action in ("open", "rename", "delete"):
        assert view.manage(open_now, action, gone.id or "", "Title", request) == (open_now, ENGLISH.unknown)
    assert view.manage(gone, "rename", gone.id or "", "Title", request) == (Chat(), ENGLISH.unknown)
    shown = view.transcript(open_now, request, alert=ENGLISH.unknown)
    assert ENGLISH.unknown in shown
    assert "Two?" in shown
    assert f'data-conversation="{open_now.id}"' in shown


def test_every_language_has_every_word() -> None:
    for words in BY_LANGUAGE.values():
        for name in words.__slots__:
            value = getattr(words, name)
            assert value
            if isinstance(value, str):
                assert value.count("{}") == getattr(ENGLISH, name).count("{}")
    assert set(BY_LANGUAGE) == {"en", "no", "ru"} <= set(LABELS)
    assert chat_view.conversations([], None, Keeping(possible=False), ENGLISH, COMMON).count("keep_history") == 1
