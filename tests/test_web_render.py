"""The page's HTML: nothing that comes from outside becomes markup, and the cited words are marked exactly."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import DocumentsError
from rag.types import Answer, Citation, Document, Hit, Passage, Span, Statement
from rag.web import render
from rag.web.examples import Example
from rag.web.labels import BY_LANGUAGE, ENGLISH, NORWEGIAN, RUSSIAN, Labels, choose
from tests.answers import DOCUMENTS, a_disputed_answer

OUR_TAGS = {
    *("a", "article", "aside", "blockquote", "button", "div", "h1", "h2", "h3", "header", "i"),
    *("li", "mark", "ol", "p", "s", "section", "span", "strong", "time", "ul"),
}
OUR_ATTRIBUTES = {
    *("aria-hidden", "aria-label", "aria-labelledby", "aria-live", "class", "data-question", "datetime", "dir"),
    *("data-action", "data-conversation", "data-copied", "data-copy", "data-link", "data-not-copied", "data-text"),
    *("href", "id", "lang", "role", "tabindex", "target", "title", "type"),
}
OUR_ADDRESS = re.compile(r"\./documents/[\w.~%/-]*\?cite=[\w.~%/-]+(&cite=[\w.~%/-]+)*&at=(\d+)#cite-\2")
NASTY = [
    "<",
    ">",
    "&",
    '"',
    "'",
    "`",
    "${",
    "{{",
    "}}",
    "](",
    "<script>",
    "</mark>",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\ud800",
]
nasty_text = st.lists(st.one_of(st.sampled_from(NASTY), st.text(max_size=8)), max_size=12).map("".join)


class Page(HTMLParser):
    """What a browser would make of the HTML: tags, attributes, text, and the text of each marked span."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.open: list[str] = []
        self.text = ""
        self.marked = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes += attributes

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        self.marked += data if "mark" in self.open else ""

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def the_document(text: str, *, name: str = "a.txt", title: str = "A title", language: str = "en") -> Document:
    return Document(name, title, date(2026, 1, 2), language, text, Path(name), "0" * 64)


def an_answer(
    document: Document, start: int, end: int, *, question: str = "Why?", around: tuple[int, int] | None = None
) -> Answer:
    first, last = around or (0, len(document.text))
    passage = Passage(document.id, first, last, document.text[first:last], document.language)
    citation = Citation(document.id, start, end, document.text[start:end], document.sha256, verified=True)
    statement = Statement(document.text[start:end], (1,))
    return Answer(question, "en", (statement,), None, (citation,), None, 0.95, (Hit(passage, 0.5, 0.4, 3.0),))


def unanswered(document: Document) -> Answer:
    passage = Passage(document.id, 0, len(document.text), document.text, document.language)
    return Answer("Why?", "en", (Statement("Not in there."),), None, (), None, 0.1, (Hit(passage, 0.5, 0.4, 0.0),) * 5)


def only_ours(html: str) -> Page:
    page = Page(html)
    assert page.open == []
    assert set(page.tags) <= OUR_TAGS
    assert {name for name, _ in page.attributes} <= OUR_ATTRIBUTES
    links = [value or "" for name, value in page.attributes if name == "href"]
    assert all(link.startswith("#") or OUR_ADDRESS.fullmatch(link) for link in links)
    return page


@given(nasty_text, nasty_text, nasty_text, nasty_text, nasty_text, st.data())
def test_no_text_becomes_markup(
    text: str, name: str, title: str, language: str, question: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    document = the_document(text, name=name, title=title, language=language)
    short = Span(*sorted(data.draw(st.integers(0, end - start)) for _ in range(2)))
    statement = Statement(text[start:end], (1,), short)
    answer = replace(an_answer(document, start, end, question=question), statements=(statement,))
    labels = data.draw(st.sampled_from([ENGLISH, NORWEGIAN, RUSSIAN]))
    turns = [
        render.answered_turn(1, answer, lambda _: document, labels),
        render.answered_turn(2, unanswered(document), lambda _: document, labels),
        render.failed_turn(3, question, text),
        render.pending_turn(4, question, labels),
    ]
    page = only_ours(render.conversation(turns, labels))
    assert page.tags.count("li") == 4
    assert page.marked == Page(render.plain(text[start:end])).text
    welcome = only_ours(render.welcome([document], [Example(language, question)], labels))
    assert ("data-question", Page(render.plain(question)).text) in welcome.attributes
    only_ours(render.problem(text, labels))


@given(nasty_text)
def test_plain_text_is_what_was_given_without_control_characters(text: str) -> None:
    shown = Page(render.plain(text)).text
    assert "<" not in render.plain(text)
    assert all(character >= " " or character in "\n\t\r" for character in shown)
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x7f\x9b")
    shown.encode()  # no lone surrogate is left


@given(st.text(alphabet="ab \n", max_size=1500), st.data())
def test_the_passage_is_shown_whole_and_in_order(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    html = render.answered_turn(1, an_answer(the_document(text), start, end), lambda _: the_document(text), ENGLISH)
    assert Page(html[html.index("<blockquote") : html.index("</blockquote>") + len("</blockquote>")]).text == text


def test_a_long_passage_is_folded_around_the_cited_words() -> None:
    document = the_document("before " * 200 + "the cited words" + " after" * 200)
    html = render.answered_turn(1, an_answer(document, 1400, 1415), lambda _: document, ENGLISH)
    unfolded = html[html.index("</span>", html.index('class="folded ahead"')) : html.index('<span class="folded rest"')]
    assert len(Page(unfolded.removeprefix("</span>")).text) == pytest.approx(2 * render.SHOWN_CONTEXT + 15, abs=20)
    assert Page(html).marked == "the cited words"
    assert ENGLISH.whole in html


def test_a_citation_outside_the_retrieved_passages_is_shown_in_its_surroundings() -> None:
    document = the_document("x" * 500 + " the words " + "y" * 500)
    html = render.answered_turn(1, an_answer(document, 501, 510, around=(0, 200)), lambda _: document, ENGLISH)
    assert Page(html).marked == "the words"
    assert "score" not in html


def test_a_document_that_is_gone_leaves_its_name_and_the_quote() -> None:
    def gone(document_id: str) -> Document:
        raise DocumentsError(document_id)

    answer = an_answer(the_document("Some words stand here."), 5, 10, around=(0, 3))
    page = Page(render.answered_turn(1, answer, gone, ENGLISH))
    assert "a.txt" in page.text
    assert page.marked == "words"


def test_a_citation_that_does_not_hold_says_so() -> None:
    document = the_document("Some words stand here.")
    answer = an_answer(document, 5, 10)
    stale = Answer(
        **{name: getattr(answer, name) for name in answer.__slots__}
        | {"citations": (Citation(document.id, 5, 10, "words", document.sha256, verified=False),)}
    )
    assert ENGLISH.stale not in render.answered_turn(1, answer, lambda _: document, ENGLISH)
    assert ENGLISH.stale in render.answered_turn(1, stale, lambda _: document, ENGLISH)


def test_a_card_names_title_date_language_score_and_file() -> None:
    document = the_document("Тайга — это лес.", name="лес.txt", title="Тайга", language="ru")
    html = render.answered_turn(1, an_answer(document, 0, 5), lambda _: document, NORWEGIAN)
    text = Page(html).text
    for expected in ("Тайга", "2. januar 2026", "russisk", "likhet 0,40", "лес.txt", "Svært sikkert"):
        assert expected in text
    assert '<blockquote lang="ru"' in html
    assert '<span lang="ru" dir="auto">Тайга</span>' in html


def test_a_card_leads_into_the_document_and_can_be_copied() -> None:
    document = the_document("Тайга — это *лес*.", name="лес #1.txt", title="Тайга [1]", language="ru")
    page = Page(render.answered_turn(1, an_answer(document, 0, 18), lambda _: document, ENGLISH))
    attributes = dict(page.attributes)
    citation_id = an_answer(document, 0, 18).citations[0].id
    (address,) = [value for name, value in page.attributes if name == "href" and value and "documents" in value]
    assert address is not None
    path, _, query = address.removesuffix("&at=1#cite-1").partition("?cite=")
    assert (unquote(path), unquote(query)) == ("./documents/лес #1.txt", citation_id)
    before, link = json.loads(attributes["data-link"] or "")
    assert (before, unquote(link)) == ("", f"./cite/{citation_id}")
    text, place, after = json.loads(attributes["data-text"] or "")
    assert text == "“Тайга — это *лес*.”\nТайга [1], 2 January 2026, лес #1.txt, characters 0–18\n"
    assert (place, after) == (link, "")


def test_an_unanswered_question_offers_the_nearest_passages_as_such() -> None:
    html = render.answered_turn(
        1, unanswered(the_document("Some words.")), lambda _: the_document("Some words."), ENGLISH
    )
    page = Page(html)
    assert page.tags.count("article") == render.SHOWN_NEAREST
    assert ENGLISH.nearest_note in page.text
    assert "mark" not in page.tags
    assert 'class="cite"' not in html
    opened = [value for name, value in page.attributes if name == "href"]
    assert opened == ["./documents/a.txt?cite=a.txt%230-11~c041125205&at=1#cite-1"] * render.SHOWN_NEAREST


def test_a_long_question_is_shortened_in_the_transcript() -> None:
    html = render.failed_turn(1, "q" * 20_000, "too long")
    assert html.count("q") == render.QUESTION_BEGINNING + 1  # and one in the name of the class
    assert 'role="alert"' in html


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("nb-NO,nb;q=0.9,en;q=0.8", "no"),
        ("de, ru;q=0.5, en;q=0.4", "ru"),
        ("fr;q=x,*", "en"),
        ("RU-ru", "ru"),
        ("en; q=0.4, nb ;q=0.8, ru; Q=0.5", "no"),
    ],
)
def test_labels_follow_the_browser(header: str | None, language: str) -> None:
    assert choose(header).language == language


@given(st.text(max_size=40))
def test_any_language_header_has_labels(header: str) -> None:
    assert choose(header) in BY_LANGUAGE.values()


@given(st.floats(0, 1))
def test_every_confidence_has_words(value: float) -> None:
    assert all(labels.confidence(value) for labels in (ENGLISH, NORWEGIAN, RUSSIAN))


def test_a_completed_question_is_shown_and_stays_text() -> None:
    document = the_document("The Moon is far away.")
    answer = replace(an_answer(document, 0, 21), completed="What is the <b>Moon</b>? And how far?")
    html = render.answered_turn(1, answer, lambda _: document, ENGLISH)
    assert "Understood as: What is the &lt;b&gt;Moon&lt;/b&gt;? And how far?" in html
    assert "Understood as" not in render.answered_turn(1, an_answer(document, 0, 21), lambda _: document, ENGLISH)


@pytest.mark.parametrize("labels", [ENGLISH, NORWEGIAN, RUSSIAN])
def test_what_sources_differ_on_is_shown_with_links_and_dates(labels: Labels) -> None:
    answer = a_disputed_answer()
    page = Page(render.answered_turn(1, answer, lambda name: DOCUMENTS[name], labels))
    assert answer.conflicts[0].note in page.text
    assert labels.rendering.format("about $23 billion") in page.text
    assert labels.off_by.format(labels.whole_number(1000)) in page.text
    assert labels.day(date(2026, 1, 31)) in page.text
    links = [value for name, value in page.attributes if name == "href" and value.startswith("#source-")]
    assert links == ["#source-1-1", "#source-1-1", "#source-1-2"]
    assert ("aria-label", labels.sources_differ) in page.attributes


@given(text=nasty_text)
def test_no_figure_becomes_markup(text: str) -> None:
    answer = a_disputed_answer()
    (conflict,) = answer.conflicts
    values = tuple(replace(value, text=text, rendering=text) for value in conflict.values)
    answer = replace(
        answer,
        conflicts=(replace(conflict, note=text, values=values),),
        renderings=tuple(replace(each, text=text) for each in answer.renderings),
    )
    page = Page(render.answered_turn(1, answer, lambda name: DOCUMENTS[name], ENGLISH))
    assert set(page.tags) <= OUR_TAGS
    assert {name for name, _ in page.attributes} <= OUR_ATTRIBUTES
