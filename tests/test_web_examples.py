"""The questions that the page begins with: about names in the documents that the documents answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from rag.types import Answer, Document, Turn
from rag.web import examples
from rag.web.examples import Examples, about_title, frequent_names
from tests.browser import BookPipeline, document

MOON = document("moon.txt", "The Moon is bright.\nThey call Moon far.\nOnly Luna 3 saw it.\n", title="The Moon")
TAIGA = document("taiga.txt", "Тайга велика.\nЭто Тайга.\nЗдесь Сибирь.\n", title="Тайга", language="ru")


class Book(BookPipeline):
    """Counts what is asked, and holds its answers back until it is told to go on."""

    def __init__(self, *documents: Document) -> None:
        super().__init__(*documents)
        self.asked: list[str] = []
        self.goes_on = threading.Event()

    def ask(self, question: str, history: Sequence[Turn] = (), **options: Any) -> Answer:
        self.goes_on.wait(20)
        self.asked.append(question)
        return super().ask(question, history, **options)


def wait(offered: Examples) -> None:
    assert offered._search is not None
    offered._search.join(20)
    assert not offered._search.is_alive()


def test_names_are_runs_of_capitals_that_return_and_do_not_open_a_sentence() -> None:
    text = "The ship Luna 3 flew. Then Luna 3 came, and NASA saw Luna 3. Ships of NASA, Roskosmos and ESA fly."
    assert frequent_names([document("a.txt", text), document("b.txt", "Of NASA nothing.")]) == ["NASA", "Luna"]


def test_titles_come_first_and_names_once_they_are_tried() -> None:
    book = Book(MOON, TAIGA)
    with Examples(book) as offered:
        first = offered.offer(book.documents())
        assert [each.question for each in first] == [
            "Что сообщает «Тайга»?",
            "Hva forteller «The Moon»?",
            "What does “The Moon” report?",
        ]
        book.goes_on.set()
        wait(offered)
        found = offered.offer(book.documents())
        assert [each.question for each in found] == ["Что такое Moon?", "Hva er Moon?", "What is Moon?"]
        assert [each.language for each in found] == ["ru", "no", "en"]
        asked = len(book.asked)
        offered.offer(book.documents())
        assert len(book.asked) == asked, "once"


def test_new_documents_are_looked_through_anew() -> None:
    book = Book(MOON)
    book.goes_on.set()
    with Examples(book) as offered:
        wait(offered)
        book.book = {TAIGA.id: TAIGA}
        assert offered.offer(book.documents())[0] == about_title("ru", [TAIGA])
        wait(offered)
        assert all("Moon" not in each.question for each in offered.offer(book.documents()))


def test_what_is_not_answered_is_not_offered() -> None:
    book = Book(document("a.txt", "Of Moon nothing.\n" * 3 + "About Moon nothing.\n", title="A"))
    book.ask = lambda question, history=(), filters=None: BookPipeline().ask(question)  # type: ignore[method-assign]
    with Examples(book) as offered:
        wait(offered)
        assert offered.offer(book.documents())[2] == about_title("en", book.documents())


def test_the_search_ends_with_the_server() -> None:
    book = Book(MOON, document("b.txt", "Of Luna and Luna. Of Vega and Vega.\n"))
    with Examples(book) as offered:
        threading.Timer(0.2, book.goes_on.set).start()
    wait(offered)
    assert len(book.asked) <= 1


def test_without_documents_nothing_is_offered() -> None:
    with Examples(BookPipeline()) as offered:
        assert offered.offer([]) == []


def test_a_long_title_is_shortened() -> None:
    long = document("x", "x", title="A very " + "long " * 30 + "title", language="no")
    question = about_title("no", [long]).question
    assert question.endswith("long…»?")
    assert len(question) < examples.TITLE_CHARACTERS + 30
