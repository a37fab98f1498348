"""The document page without a browser: what it shows of which text, to the character, and what its addresses answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import cite
from rag.documents import read_document
from rag.types import Citation, Document, Span
from rag.untrusted import disarm
from rag.web import document_labels, document_view, labels, sharing, viewing
from rag.web.document_labels import ENGLISH
from rag.web.document_view import Words
from rag.web.viewing import PART, View
from tests.edited import serving_documents, write
from tests.made_files import paragraph, pdf, scanned_pdf, slides, workbook
from tests.test_web_render import nasty_text, the_document

WORDS = Words(ENGLISH, labels.ENGLISH)
HOSTILE = "<script>alert(1)</script>\u202e\"'&\x1b[31m"


class Shown(HTMLParser):
    """What a browser would make of the page: the text, the parts of it that are marked by number, tags and headings."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.all = "", ""
        self.marked: dict[str, str] = {}
        self.dimmed = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag not in {"meta", "link", "input", "img"}:
            self.open.append((tag, dict(attributes)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.all += data
        if any(attributes.get("id") == "text" for _, attributes in self.open):
            self.text += data
        for tag, attributes in self.open:
            for number in (attributes.get("data-cites") or "").split() if tag == "mark" else ():
                self.marked[number] = self.marked.get(number, "") + data
        if any(attributes.get("class") == "dimmed" for _, attributes in self.open):
            self.dimmed += data

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.tags if "id" in attributes]


def shown(document: Document, *spans: tuple[int, int], at: int = 0) -> Shown:
    """Render a document whose file is as it was indexed, with citations of these spans."""
    cited = viewing.name([cite(document, Span(*span)).id for span in spans], lambda _: document)
    placed = tuple(viewing._placed(each, document, document, document.text, None) for each in cited)
    view = View(document, document.text, document, placed, placed[at - 1] if at else None)
    page = Shown(document_view.page(view, WORDS, whole=True))
    assert page.open == []
    assert len(page.ids()) == len(set(page.ids()))
    return page


# The text


@given(nasty_text, nasty_text, nasty_text, nasty_text)
def test_no_text_becomes_markup_and_none_is_lost(text: str, name: str, title: str, language: str) -> None:
    document = the_document(text, name=name, title=title, language=language)
    page = shown(document)
    assert page.text == disarm(text)
    assert [tag for tag, _ in page.tags].count("script") == 2  # our own
    assert {attributes.get("src") for tag, attributes in page.tags if tag == "script"} == {
        "/web/copying.js",
        "/web/document.js",
    }
    assert not any(key.startswith("on") or key == "style" for _, attributes in page.tags for key in attributes)


lines = st.lists(st.sampled_from(["", "  ", "a line", "ен", "𝒜🙂 e\u0301", "x" * 120, "- item", "\t"]), max_size=30)


@given(lines.map("\n".join), st.lists(st.tuples(st.integers(0, 400), st.integers(1, 200)), max_size=4))
def test_citations_are_marked_to_the_character(text: str, places: list[tuple[int, int]]) -> None:
    spans = [(start, min(start + length, len(text))) for start, length in places if start < len(text)]
    spans = [(start, end) for start, end in spans if text[start:end].strip()]
    page = shown(the_document(text), *spans)
    assert page.text == text
    for number, (start, end) in enumerate(spans, 1):
        assert squeezed(page.marked[str(number)]) == squeezed(text[start:end])
        assert f"cite-{number}" in page.ids()


def squeezed(text: str) -> str:
    """Leave whitespace out: what stands between paragraphs is not marked."""
    return "".join(text.split())


def test_characters_beyond_the_first_plane_shift_nothing() -> None:
    text = "🙂🙂𝒜 cited 𝒜🙂 words 🙂🙂"
    assert shown(the_document(text), (4, 18)).marked == {"1": "cited 𝒜🙂 words"[:14]}


def test_paragraphs_are_elements_and_wrapped_lines_stay_together() -> None:
    text = "\n\nOne line\nand its next.\n\n  \nTwo.\n" + "long " * 40 + "\nThree.\n"
    html = document_view.part(text, Span(0, len(text)), (), (), (), WORDS)
    assert re.findall("<p>(.*?)</p>", html, re.DOTALL) == ["One line\nand its next.", "Two.", "long " * 40, "Three."]


def test_boilerplate_is_dimmed() -> None:
    document = replace(the_document("Menu | Home\n\nThe text."), boilerplate=(Span(0, 11),))
    page = shown(document, (13, 22), at=1)
    assert page.dimmed == "Menu | Home"
    assert ENGLISH.dimmed in page.all


@given(st.lists(st.sampled_from(["word ", "\n\n", "x" * 500, "\n", "длинное слово "]), max_size=400).map("".join))
def test_parts_follow_each_other_without_a_hole(text: str) -> None:
    cut = viewing.parts(text * 3)
    assert [start for start, _ in cut[1:]] == [end for _, end in cut[:-1]]
    assert (cut[0].start, cut[-1].end) == (0, 3 * len(text))
    assert all(end - start <= PART * 3 // 2 for start, end in cut)


def test_a_line_without_end_is_cut_too() -> None:
    assert all(end - start <= PART * 3 // 2 for start, end in viewing.parts("x" * 100_000))


def test_every_language_says_everything() -> None:
    for words in document_labels.BY_LANGUAGE.values():
        assert set(words.standing) == {"verified", "moved", "changed", "gone"}
        assert all(getattr(words, name) for name in words.__slots__)


# What is copied


def test_what_is_copied_says_title_date_file_and_place() -> None:
    document = the_document("It is *so* far.\nYes.", name="a `b`.txt", title="The [Moon]")
    one = sharing.shared("a.txt#0-20~0", document.text, Span(0, 20), document, ENGLISH, labels.ENGLISH)
    assert "http://x/".join(one.text) == (
        "“It is *so* far.\nYes.”\nThe [Moon], 2 January 2026, a `b`.txt, characters 0–20\nhttp://x/"
    )
    assert "http://x/".join(one.markdown) == (
        "> It is \\*so\\* far.\n> Yes.\n>\n> "
        "— [The \\[Moon\\]](http://x/), 2 January 2026, ``a `b`.txt``, characters 0–20"
    )


@given(nasty_text, nasty_text, nasty_text)
def test_what_is_copied_is_disarmed(text: str, name: str, title: str) -> None:
    document = the_document(text, name=name, title=title)
    one = sharing.shared("x", text, Span(0, 1), document, ENGLISH, labels.ENGLISH)
    for copied in ("".join(one.text), "".join(one.markdown)):
        assert not set(copied) & set("\u202a\u202e\x00\x1b\ud800")
    assert "<script>" not in re.sub(r"`.*`", "", "".join(one.markdown), flags=re.DOTALL).replace("\\<", "")


# Routes

TEXT = "The first paragraph.\n\nThe lease ends on 1 May.\n\nThe last paragraph."
QUOTE = "The lease ends on 1 May."


PAGES = [paragraph("The first page."), paragraph("Before it.", QUOTE), paragraph("The third page.")]
PDFS = ("report.pdf", "moved.pdf", "changed.pdf", "same.pdf", "broken.pdf")


class Library(NamedTuple):
    folder: Path
    client: httpx.Client

    def citation(self, name: str, words: str = QUOTE) -> Citation:
        """Cite from the file as it is now, which must be as it was indexed."""
        document = read_document(self.folder, self.folder / name, max_bytes=10**6)
        start = document.text.index(words)
        return cite(document, Span(start, start + len(words)))

    def open(self, citation: Citation | str, **headers: str) -> httpx.Response:
        identity = citation if isinstance(citation, str) else citation.id
        return self.client.get(f"/cite/{quote(identity)}", headers=headers, follow_redirects=True)


NAMES = ("plain", "verified", "moved", "changed", "elsewhere", "gone", "folder/внутри #1 ~%", "linked", "binary", "two")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("documents")
    write(folder, {f"{name}.txt": TEXT for name in NAMES})
    write(folder, {"hostile <b>.txt": f"title: {HOSTILE}\n\n{HOSTILE} {QUOTE}", "long.txt": "Some words. " * 60_000})
    write(folder.parent, {"secret.txt": "the secret"})
    for name in PDFS:
        (folder / name).write_bytes(pdf(PAGES))
    (folder / "scan.pdf").write_bytes(scanned_pdf(2, texts={1: QUOTE}))
    with serving_documents(folder) as served, httpx.Client(base_url=served.url, trust_env=False) as client:
        yield Library(folder, client)


def test_a_document_alone(library: Library) -> None:
    response = library.client.get("/documents/plain.txt")
    page = Shown(response.text)
    assert (response.status_code, page.text, page.marked) == (200, TEXT, {})
    assert 'lang="en" aria-label' in response.text


def test_a_citation_opens_its_document_at_its_place(library: Library) -> None:
    citation = library.citation("verified.txt")
    response = library.open(citation)
    assert response.history[0].status_code == 302
    assert str(response.url).endswith(f"/documents/verified.txt?cite={quote(citation.id)}&at=1#cite-1")
    page = Shown(response.text)
    assert (response.status_code, page.text, page.marked) == (200, TEXT, {"1": QUOTE})
    assert ENGLISH.standing["verified"].note in page.all
    assert ENGLISH.as_indexed not in page.all


def test_an_edit_elsewhere_leaves_it_verified_in_the_text_as_indexed(library: Library) -> None:
    citation = library.citation("elsewhere.txt")
    write(library.folder, {"elsewhere.txt": TEXT + " And more."})
    page = Shown(library.open(citation).text)
    assert (page.text, page.marked) == (TEXT, {"1": QUOTE})
    assert ENGLISH.standing["verified"].note in page.all
    assert ENGLISH.as_indexed in page.all


def test_moved_words_are_shown_where_they_stand_now(library: Library) -> None:
    citation = library.citation("moved.txt")
    now = "A new beginning.\n\n" + TEXT
    write(library.folder, {"moved.txt": now})
    response = library.open(citation)
    page = Shown(response.text)
    assert (response.status_code, page.text, page.marked) == (200, now, {"1": QUOTE})
    assert ENGLISH.standing["moved"].note in page.all
    assert ENGLISH.as_now in page.all


def test_changed_words_stand_beside_what_is_there_now(library: Library) -> None:
    citation = library.citation("changed.txt")
    write(library.folder, {"changed.txt": TEXT.replace("1 May", "2 May")})
    response = library.open(citation)
    page = Shown(response.text)
    assert (response.status_code, page.text, page.marked) == (200, TEXT, {"1": QUOTE})
    assert f"<del>{QUOTE}</del>" in response.text
    assert "<ins>The lease ends on 2 May.</ins>" in response.text
    assert ENGLISH.standing["changed"].note in page.all
    assert "cite-1" not in page.ids()  # the page opens at its head


def test_changed_words_that_nobody_knows_any_more(library: Library) -> None:
    response = library.open("plain.txt#4-9~0123456789")
    page = Shown(response.text)
    assert (response.status_code, page.marked) == (200, {})
    assert ENGLISH.unknown_quote in page.all
    assert "<ins>first</ins>" in response.text
    assert ENGLISH.copy_text not in page.all
    beyond = library.open("plain.txt#9999999990-9999999999~0123456789")
    assert (beyond.status_code, ENGLISH.nothing_now in beyond.text) == (200, True)


def test_a_document_that_is_gone_is_said_with_what_was_cited(library: Library) -> None:
    citation = library.citation("gone.txt")
    (library.folder / "gone.txt").unlink()
    response = library.open(citation)
    assert response.status_code == 404
    assert ENGLISH.standing["gone"].name in response.text
    assert QUOTE in response.text
    assert library.client.get("/documents/gone.txt").status_code == 404


def test_a_link_out_of_the_folder_that_took_the_place_of_a_document_is_not_followed(library: Library) -> None:
    citation = library.citation("linked.txt")
    (library.folder / "linked.txt").unlink()
    (library.folder / "linked.txt").symlink_to(library.folder.parent / "secret.txt")
    response = library.open(citation)
    assert response.status_code == 404
    assert "the secret" not in response.text


def test_a_file_that_is_no_text_any_more(library: Library) -> None:
    citation = library.citation("binary.txt")
    (library.folder / "binary.txt").write_bytes(bytes(range(256)) * 9)
    response = library.open(citation)
    assert (response.status_code, ENGLISH.nothing_now in response.text) == (200, True)


def test_a_name_that_needs_encoding(library: Library) -> None:
    citation = library.citation("folder/внутри #1 ~%.txt")
    assert Shown(library.open(citation).text).marked == {"1": QUOTE}


def test_a_hostile_document_stays_text(library: Library) -> None:
    response = library.open(library.citation("hostile <b>.txt"))
    page = Shown(response.text)
    assert HOSTILE.replace("\u202e", "").replace("\x1b", "\ufffd") in page.text
    assert "b" not in {tag for tag, _ in page.tags}
    assert "<script>alert" not in response.text


def test_the_citations_of_an_answer_across_documents(library: Library) -> None:
    one = library.citation("plain.txt").id
    ids = [
        one,
        library.citation("two.txt").id,
        library.citation("two.txt", "first").id,
        library.citation("two.txt", "irst paragraph").id,
    ]
    response = library.client.get("/" + sharing.document_address("two.txt", ids, 3))
    page = Shown(response.text)
    assert page.marked == {"2": QUOTE, "3": "first", "4": "irst paragraph"}
    assert page.text == TEXT
    links = {
        attributes.get("rel"): attributes for tag, attributes in page.tags if attributes.get("rel") in {"prev", "next"}
    }
    assert links["prev"]["data-here"] == "2" or links["next"]["data-here"] == "4"
    first = Shown(library.client.get("/" + sharing.document_address("plain.txt", ids, 1)).text)
    (after,) = [attributes for _, attributes in first.tags if attributes.get("rel") == "next"]
    assert "data-here" not in after  # another document: the page is left
    assert library.client.get(str(after["href"])).status_code == 200


def test_of_very_many_citations_each_opens_its_own_document(library: Library) -> None:
    ids = [library.citation("plain.txt").id] * 30 + [library.citation("two.txt", "first").id]
    for at, name, marked in ((31, "two.txt", "first"), (25, "plain.txt", QUOTE), (3, "plain.txt", QUOTE)):
        response = library.client.get("/" + sharing.document_address(name, ids, at), follow_redirects=False)
        assert response.status_code == 200
        assert marked in Shown(response.text).marked.values()


def test_the_citation_says_which_document_is_opened(library: Library) -> None:
    identity = quote(library.citation("two.txt").id)
    moved = library.client.get(f"/documents/plain.txt?cite={identity}")
    assert (moved.status_code, moved.headers["location"]) == (302, f"/documents/two.txt?cite={identity}&at=1#cite-1")
    both = f"cite={identity}&cite={quote(library.citation('plain.txt').id)}"
    assert Shown(library.client.get(f"/documents/plain.txt?{both}").text).marked == {"2": QUOTE}
    for at in ("0", "3", "x", "-1", "٢", "9" * 5000):
        assert library.client.get(f"/documents/plain.txt?{both}&at={at}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/documents/nothing.txt",
        "/documents/../secret.txt",
        "/documents/..%2Fsecret.txt",
        "/documents/..%252Fsecret.txt",
        "/documents/%2E%2E/secret.txt",
        "/documents/folder/../plain.txt",
        "/documents//plain.txt",
        "/documents/%2Fetc%2Fhostname",
        "/documents//etc/hostname",
        "/documents/C:%5Cboot.ini",
        "/documents/plain.txt%00",
        "/documents/",
        "/documents/plain.txt/",
    ],
)
def test_only_indexed_documents_are_opened(library: Library, path: str) -> None:
    response = raw(library.client, path)
    assert response.status == 404
    assert "the secret" not in response.text


@pytest.mark.parametrize(
    ("identity", "status"),
    [
        ("nothing.txt%230-5~0123456789", 404),
        ("nothing.txt%25230-5~0123456789", 400),
        ("..%2Fsecret.txt%230-5~0123456789", 400),
        ("%252e%252e%2Fsecret.txt%230-5~0123456789", 400),
        ("%2Fetc%2Fhostname%230-5~0123456789", 400),
        ("C:%5Cx.txt%230-5~0123456789", 400),
        ("plain.txt%235-5~0123456789", 400),
        ("plain.txt%230-5", 400),
        ("plain.txt", 400),
        ("%3Cscript%3Ealert(1)%3C%2Fscript%3E", 400),
        ("%ff%fe", 400),
        ("x" * 20_000, 400),
    ],
)
def test_unknown_and_malformed_citations(library: Library, identity: str, status: int) -> None:
    response = raw(library.client, f"/cite/{identity}")
    assert response.status == status
    assert "<script>alert" not in response.text
    assert library.client.get(f"/documents/plain.txt?cite={identity}", follow_redirects=True).status_code == status


class Answered(NamedTuple):
    status: int
    text: str


def raw(client: httpx.Client, path: str) -> Answered:
    """Ask for a path exactly as it is given."""
    connection = HTTPConnection(client.base_url.host, client.base_url.port or 80, timeout=10)
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    response = connection.getresponse()
    with closing(connection):
        return Answered(response.status, response.read().decode())


def test_too_many_citations_are_no_trouble(library: Library) -> None:
    identity = quote(library.citation("plain.txt").id)
    response = library.client.get("/documents/plain.txt?" + "&".join([f"cite={identity}"] * 200))
    assert response.status_code == 200
    assert response.text.count('class="number"') == sharing.MOST_CITATIONS


def test_the_policy_is_strict_and_nothing_is_kept(library: Library) -> None:
    for path in ("/documents/plain.txt", "/documents/nothing.txt", "/cite/x"):
        response = library.client.get(path)
        policy = response.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "style-src 'self';" in policy
        assert "unsafe" not in policy
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["referrer-policy"] == "same-origin"
        assert not re.search(r"""<script(?! src)|<style|\sstyle=|\son\w+=|https?:""", response.text)


def test_only_looking_is_allowed(library: Library) -> None:
    for path in ("/documents/plain.txt", "/cite/x"):
        assert library.client.post(path, content=b"").status_code in {404, 405}
        assert library.client.head(path).text == ""
        assert library.client.get(path, headers={"Host": "example.com"}).status_code == 421
        assert library.client.get(path, headers={"Origin": "https://example.com"}).status_code == 403


@pytest.mark.parametrize(
    ("header", "words"), [("nb-NO", "Tilbake til samtalen"), ("ru", "Назад в чат"), ("fr", "Back")]
)
def test_the_page_speaks_the_language_of_the_browser(library: Library, header: str, words: str) -> None:
    for path in ("/documents/plain.txt", "/documents/nothing.txt", "/cite/x"):
        assert words in library.client.get(path, headers={"Accept-Language": header}).text


def test_the_rest_of_a_long_document(library: Library) -> None:
    text = (library.folder / "long.txt").read_text("utf-8")
    citation = cite(read_document(library.folder, library.folder / "long.txt", max_bytes=10**6), Span(400_000, 400_011))
    page = Shown(library.open(citation).text)
    assert len(page.text) < 5 * PART
    assert page.marked == {"1": citation.quote.strip()}
    (version,) = [attributes["data-version"] for _, attributes in page.tags if attributes.get("id") == "text"]
    rest = library.client.get("/documents/long.txt", params={"version": str(version), "first": 0, "last": 1000})
    parts = json.loads(rest.text)
    assert Shown(f'<div id="text">{"".join(parts)}</div>').text == text
    whole = library.client.get("/documents/long.txt?whole=1")
    assert Shown(whole.text).text == text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("version=0&first=0&last=1", 409),
        ("version=&first=0&last=1", 409),
        ("version={}", 400),
        ("version={}&first=x&last=1", 400),
        ("version={}&first=-5&last=-9", 200),
        ("version={}&first=99999999999&last=1", 200),
    ],
)
def test_parts_that_are_not_there(library: Library, query: str, status: int) -> None:
    version = read_document(library.folder, library.folder / "long.txt", max_bytes=10**6).sha256[:16]
    response = library.client.get(f"/documents/long.txt?{query.format(version)}")
    assert (response.status_code, response.json()) == (status, [])
    assert library.client.get(f"/documents/nothing.txt?{query.format(version)}").status_code == 409


# Pages


class Leaf(NamedTuple):
    """What the page shows of a page of a PDF."""

    view: str | None  # how the document is shown
    number: str
    boxes: dict[str, int]  # by the citation, how many rectangles it has
    pictures: list[str]  # their addresses


def leaf_of(response: httpx.Response) -> Leaf:
    page = Shown(response.text)
    view = next((dict(each).get("data-view") for tag, each in page.tags if tag == "main"), None)
    number = next(str(each["data-number"]) for _, each in page.tags if each.get("id") == "page")
    boxes = {
        match[1]: match[2].count("<rect ")
        for match in re.finditer(r'<g class="box".*?data-cite="(\d+)">(.*?)</g>', response.text)
    }
    pictures = [str(each["src"]) for tag, each in page.tags if tag == "img"]
    return Leaf(view, number, boxes, pictures)


def test_a_citation_into_a_pdf_opens_its_page_with_the_words_boxed(library: Library) -> None:
    citation = library.citation("report.pdf")
    response = library.open(citation)
    leaf = leaf_of(response)
    assert (response.status_code, leaf.view, leaf.number, leaf.boxes) == (200, "page", "2", {"1": 1})
    assert ENGLISH.page_of.format(2, 3) in response.text
    assert Shown(response.text).marked == {"1": QUOTE}  # the text is there, too
    picture = library.client.get(leaf.pictures[0])
    assert (picture.status_code, picture.headers["content-type"], picture.content[:4]) == (200, "image/png", b"\x89PNG")
    assert picture.headers["cache-control"] == "private, no-cache"
    assert picture.headers["x-content-type-options"] == "nosniff"
    again = library.client.get(leaf.pictures[0], headers={"If-None-Match": picture.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_pages_are_turned_and_the_text_is_a_view_of_its_own(library: Library) -> None:
    identity = quote(library.citation("report.pdf").id)
    at = f"/documents/report.pdf?cite={identity}&at=1"
    assert leaf_of(library.client.get(f"{at}&page=3"))[:3] == ("page", "3", {})
    assert leaf_of(library.client.get("/documents/report.pdf"))[:3] == ("page", "1", {})
    text = leaf_of(library.client.get(f"{at}&view=text"))
    assert (text.view, text.number, text.pictures) == ("text", "2", [])
    fragment = library.client.get(f"{at}&page=2&part=page").text
    assert fragment.startswith('<nav class="turn"')
    assert fragment.count("<rect ") == 1
    assert "<main" not in fragment


@pytest.mark.parametrize("number", ["0", "4", "9" * 5000])
def test_pages_that_are_not_there_are_said_so(library: Library, number: str) -> None:
    response = library.client.get(f"/documents/report.pdf?page={number}")
    assert (response.status_code, ENGLISH.no_page in response.text) == (404, True)
    version = library.citation("report.pdf").sha256[:16]
    picture = library.client.get(f"/documents/report.pdf?picture={number}&width=800&version={version}")
    assert picture.status_code == 404


def test_what_is_no_page_number_opens_the_page_of_the_citation(library: Library) -> None:
    identity = quote(library.citation("report.pdf").id)
    for number in ("", "x", "-1", "٢", "2.5", "../2"):
        response = library.client.get(f"/documents/report.pdf?cite={identity}&page={quote(number)}")
        assert leaf_of(response).number == "2"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("report.pdf?picture=1&width=801&version={}", 400),
        ("report.pdf?picture=1&width=9999999999&version={}", 400),
        ("report.pdf?picture=x&width=800&version={}", 400),
        ("report.pdf?picture=1&width=800", 400),
        ("report.pdf?picture=1&width=800&version=", 400),
        ("report.pdf?picture=1&width=800&version=0123456789abcdef", 409),
        ("plain.txt?picture=1&width=800&version=0123456789abcdef", 409),
        ("nothing.pdf?picture=1&width=800&version={}", 404),
        ("..%2Fsecret.txt?picture=1&width=800&version={}", 404),
    ],
)
def test_pictures_of_what_is_not_there(library: Library, path: str, status: int) -> None:
    response = raw(library.client, "/documents/" + path.format(library.citation("report.pdf").sha256[:16]))
    assert (response.status, response.text) == (status, "")


def test_a_text_has_no_pages(library: Library) -> None:
    version = library.citation("two.txt").sha256[:16]
    assert library.client.get(f"/documents/two.txt?picture=1&width=800&version={version}").status_code == 404
    response = library.client.get("/documents/two.txt?page=1")
    assert (response.status_code, "data-view" in response.text, "pages.js" in response.text) == (200, False, False)


def test_moved_words_are_boxed_where_they_stand_now(library: Library) -> None:
    citation = library.citation("moved.pdf")
    before = leaf_of(library.open(citation)).pictures[0]
    (library.folder / "moved.pdf").write_bytes(pdf([paragraph("A new page."), *PAGES]))
    response = library.open(citation)
    assert leaf_of(response)[:3] == ("page", "3", {"1": 1})
    assert ENGLISH.standing["moved"].note in response.text
    assert ENGLISH.page_as_now in response.text
    assert library.client.get(before).status_code == 409  # the picture of what the file was


def test_words_that_are_gone_are_boxed_nowhere(library: Library) -> None:
    citation = library.citation("changed.pdf")
    (library.folder / "changed.pdf").write_bytes(
        pdf([PAGES[0], paragraph("Before it.", QUOTE.replace("1 May", "2 May"))])
    )
    response = library.open(citation)
    assert leaf_of(response).view == "text"  # which says what was cited, and what stands there now
    assert f"<del>{QUOTE}</del>" in response.text
    page = library.client.get(f"{response.url}".partition("#")[0] + "&page=2")
    assert leaf_of(page)[:3] == ("page", "2", {})
    assert ENGLISH.unmarked in page.text


def test_a_file_saved_anew_with_the_same_words_is_shown_as_it_is_now(library: Library) -> None:
    citation = library.citation("same.pdf")
    (library.folder / "same.pdf").write_bytes(pdf([PAGES[0], paragraph("Before it.", QUOTE, x=200), PAGES[2]]))
    leaf = leaf_of(library.open(citation))
    assert leaf[:3] == ("page", "2", {"1": 1})
    assert library.client.get(leaf.pictures[0]).status_code == 200


def test_a_pdf_that_was_broken_since_does_no_harm(library: Library) -> None:
    citation = library.citation("broken.pdf")
    whole = (library.folder / "broken.pdf").read_bytes()
    for broken in (whole[:300], b"%PDF-1.7\n" + bytes(5000), whole.replace(b"/Pages", b"/Xages")):
        (library.folder / "broken.pdf").write_bytes(broken)
        response = library.open(citation)
        assert response.status_code == 200
        assert 'class="box"' not in response.text
        version = hashlib.sha256(broken).hexdigest()[:16]
        picture = library.client.get(f"/documents/broken.pdf?picture=1&width=800&version={version}")
        assert picture.status_code in {404, 422}


def test_a_scanned_page_is_shown(library: Library) -> None:
    response = library.open(library.citation("scan.pdf"))
    assert leaf_of(response)[:3] == ("page", "2", {"1": 1})
    assert leaf_of(library.client.get("/documents/scan.pdf"))[:3] == ("page", "1", {})


def test_places_are_told_in_the_text_and_are_no_part_of_it(tmp_path: Path) -> None:
    made = {
        "a.pptx": (
            slides(("Lending", "Books.", "Say it."), ("Fees", "None.", "")),
            ["slide 1 (Lending)", "slide 2 (Fees)"],
        ),
        "a.xlsx": (workbook({"Prices": [["Item", "Price"], ["Screw", 5]]}), ["sheet Prices"]),
        "a.pdf": (pdf(PAGES), ["page 1", "page 2", "page 3"]),
    }
    for name, (data, expected) in made.items():
        (tmp_path / name).write_bytes(data)
        document = read_document(tmp_path, tmp_path / name, max_bytes=10**6)
        page = shown(document, (0, 5), at=1)
        assert page.text == document.text
        told = [each["data-name"] for _, each in page.tags if each.get("class") == "place"]
        assert [each for each in told if each != "notes"] == expected
