"""The page of key points: what it shows of documents and topics, in whose words, and that nothing in it comes alive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import unescape

import httpx
import pytest

from rag.briefs import Point, Told
from rag.config import Settings
from rag.errors import LanguageModelError
from rag.web import brief_labels, brief_page, brief_view
from rag.web.brief_view import Wanted
from tests.browser import BOOK, MADE_UP, BookPipeline
from tests.documents import serving_routes

HOSTILE = next(name for name in BOOK.book if "hostile" in name)


class Failing(BookPipeline):
    """Has a model that breaks off after the first point."""

    def tell(self, points: Sequence[Point], language: str | None = None) -> Iterator[Told]:
        yield from super().tell(points[:1], language)
        raise LanguageModelError("the model <b>broke</b> off")


@contextmanager
def opened(pipeline: BookPipeline) -> Iterator[httpx.Client]:
    with (
        serving_routes(brief_page.routes(pipeline), Settings(port=0)) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30, headers={"Accept-Language": "en"}) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with opened(BOOK) as client:
        yield client


def points(page: str) -> list[str]:
    return re.findall(r"<li id=\"point-\d+\">.*</li>", page)


def test_the_points_of_a_document_are_verbatim_and_lead_to_their_places(client: httpx.Client) -> None:
    page = client.get("/" + brief_view.address(Wanted("fjord.txt"))).text
    first, second = points(page)
    assert "Sognefjorden er Norges lengste fjord." in first
    assert '<blockquote lang="no" dir="auto">Den er 205 kilometer lang.</blockquote>' in second
    addresses = [unescape(found) for found in re.findall(r'href="(\./documents/[^"]+)"', page)]
    assert [address.rpartition("&at=")[2] for address in addresses] == ["1#cite-1", "2#cite-2"]
    assert all(address.count("cite=fjord.txt%23") == 2 for address in addresses)
    assert "Of “Fjorden”" in page


def test_a_topic_and_the_beginning_where_none_is_given(client: httpx.Client) -> None:
    page = client.get("/" + brief_view.address(Wanted(about="mean distance of the Moon"))).text
    assert "Its mean distance from the Earth is 384,400 kilometres." in page
    assert 'value="mean distance of the Moon"' in page
    for path in ("/brief", "/brief?about=%20%20"):
        empty = client.get(path)
        assert (empty.status_code, points(empty.text)) == (200, [])
        assert brief_labels.ENGLISH.none not in empty.text
    nothing = client.get("/" + brief_view.address(Wanted(about="zzz qqq")))
    assert brief_labels.ENGLISH.none in nothing.text


def test_a_model_says_the_points_and_what_does_not_stand_is_struck_out(client: httpx.Client) -> None:
    page = client.get("/" + brief_view.address(Wanted("fjord.txt", by_model=True)), headers={"Accept-Language": "ru"})
    first, second = points(page.text)
    assert '<p class="told" lang="ru" dir="auto">In ru: Sognefjorden er Norges lengste fjord.</p>' in first
    assert f'<s title="{brief_labels.RUSSIAN.struck}">{MADE_UP.replace("<", "&lt;").replace(">", "&gt;")}</s>' in second
    assert "Den er 205 kilometer lang." in second
    assert 'href="./brief?document=fjord.txt"' in page.text


def test_where_the_model_fails_the_words_of_the_documents_are_left_and_it_is_told() -> None:
    with opened(Failing(*BOOK.book.values())) as client:
        page = client.get("/" + brief_view.address(Wanted("fjord.txt", by_model=True))).text
    assert ["In en" in point for point in points(page)] == [True, False]
    assert "Den er 205 kilometer lang." in page
    assert '<p class="alert" role="alert" dir="auto">the model &lt;b&gt;broke&lt;/b&gt; off</p></main>' in page


@pytest.mark.parametrize(
    "wanted", [Wanted(HOSTILE), Wanted(HOSTILE, by_model=True), Wanted(about='hostile <script>"\u202e')]
)
def test_nothing_comes_alive(client: httpx.Client, wanted: Wanted) -> None:
    answer = client.get("/" + brief_view.address(wanted))
    assert len(points(answer.text)) >= 2
    assert set(re.findall(r"<(script|img|iframe)\b", answer.text)) == set()
    assert "\u202e" not in answer.text
    assert "script-src" in answer.headers["content-security-policy"]
    assert not re.search(r"href=\"(?!\./|#)", answer.text)


@pytest.mark.parametrize("document", ["none.txt", "../moon.txt", "<script>", "\0"])
def test_what_is_not_indexed_is_told(client: httpx.Client, document: str) -> None:
    answer = client.get("/brief", params={"document": document, "by": "model"})
    assert answer.status_code == 404
    assert 'role="alert"' in answer.text
    assert "<script>" not in answer.text


def test_every_language_has_every_word() -> None:
    for words in brief_labels.BY_LANGUAGE.values():
        for name in words.__slots__:
            assert getattr(words, name).count("{}") == getattr(brief_labels.ENGLISH, name).count("{}")
