"""Several collections behind one server, with a log-in: what each shows, who may do what, where addresses lead."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from rag.answerers import finish
from rag.citations import cite
from rag.config import Settings, load_settings
from rag.errors import MissingIndex, UnknownConversation
from rag.history import History
from rag.types import Span
from rag.web import chat_view
from rag.web.chat_labels import ENGLISH
from rag.web.chat_view import Keeping
from rag.web.chats import Chat, Chats
from rag.web.labels import ENGLISH as COMMON
from rag.web.served import Collections
from tests.access import PAGE, PASSWORD
from tests.browser import BOOK, chromium
from tests.shelves import NAMES, TEXTS, prepare, serving_shelves, settings_in
from tests.watching import watched

LETTERS = f"/collections/{quote('письма')}"
MAIN = "/collections/~"
PAGES = ("", "documents", "facts", "brief", "evaluation")
FILES = b'[{"name": "a.txt", "size": 1}]'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("shelves")
    prepare(made, with_log_in=True)
    return made


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with serving_shelves(folder) as served:
        yield served.url


@contextmanager
def logged_in(url: str, name: str) -> Iterator[httpx.Client]:
    limits = httpx.Limits(max_keepalive_connections=0)  # the server closes what a busy machine leaves idle for long
    with httpx.Client(
        base_url=url, trust_env=False, timeout=30, limits=limits, headers={"Origin": url, **PAGE}
    ) as client:
        assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
        yield client


@pytest.fixture(scope="module")
def owner(url: str) -> Iterator[httpx.Client]:
    with logged_in(url, "anna") as client:
        yield client


@pytest.fixture(scope="module")
def reader(url: str) -> Iterator[httpx.Client]:
    with logged_in(url, "Иван") as client:
        yield client


# Addresses


@pytest.mark.parametrize("page", ["", "facts", "documents/moon.txt?cite=a%20b&at=1", "cite/moon.txt%230-2~00", "?c=x"])
def test_an_address_without_a_collection_leads_to_the_first(owner: httpx.Client, page: str) -> None:
    answer = owner.get(f"/{page}")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{MAIN}/{page}")
    assert "default-src" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["nothing", "PISMA", "..%2F..%2Fetc", "%2e%2e/etc/passwd", "", "documents-", "~~"])
def test_an_unknown_collection_is_told_with_those_there_are(owner: httpx.Client, name: str) -> None:
    for page in ("", "/", "/documents", "/documents/state", "/documents/moon.txt", "/web/base.css"):
        answer = owner.get(f"/collections/{name}{page}")
        assert answer.status_code == 404
        assert "There is no collection of that name" in answer.text
        assert f'href="{LETTERS}/"' in answer.text
    assert owner.post(f"/collections/{name}/documents/index", content=b"").status_code == 405


def test_the_slash_at_the_end_may_be_left_out(owner: httpx.Client) -> None:
    assert owner.get(LETTERS).headers["location"] == f"{LETTERS}/"


def test_one_collection_alone_has_no_address_of_its_own() -> None:
    alone = Collections(("letters",), "letters")
    assert (alone.prefix("letters"), list(alone.offer())) == ("", [])


# What each shows


def test_each_shows_its_own_documents(owner: httpx.Client) -> None:
    assert "kilometres" in owner.get(f"{MAIN}/documents/moon.txt").text
    assert "cheese" in owner.get(f"{LETTERS}/documents/moon.txt").text
    assert owner.get(f"{MAIN}/documents/harbour.txt").status_code == 404
    assert "harbour.txt" in owner.get(f"{LETTERS}/documents").text
    assert "harbour.txt" not in owner.get(f"{MAIN}/documents").text


def test_a_citation_stays_in_its_collection(owner: httpx.Client) -> None:
    text = TEXTS["письма"]["moon.txt"]
    document = BOOK.document("moon.txt")
    written = type(document)(**{**{name: getattr(document, name) for name in document.__slots__}, "text": text})
    identity = cite(written, Span(0, 10)).id
    answer = owner.get(f"{LETTERS}/cite/{quote(identity)}")
    assert answer.headers["location"].startswith(f"{LETTERS}/documents/moon.txt?cite=")
    page = owner.get(answer.headers["location"].partition("#")[0])
    assert page.status_code == 200
    assert f"{LETTERS}/cite/" in page.text, "what is copied as the link"
    assert f'href="{LETTERS}/web/base.css"' in page.text
    assert owner.get(f"{MAIN}/cite/{quote(identity)}", follow_redirects=True).text.count("Verified") == 0


def test_figures_are_those_of_the_collection(owner: httpx.Client) -> None:
    found = {each: figures(owner, each) for each in (MAIN, LETTERS)}
    assert "384,400 kilometres" in found[MAIN]
    assert "700 euros" not in found[MAIN]
    assert "700 euros" in found[LETTERS]


def figures(client: httpx.Client, prefix: str) -> str:
    deadline = time.monotonic() + 60
    while (answer := client.get(f"{prefix}/facts/figures.csv")).status_code == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
    return answer.text


def test_a_tab_tells_its_collection(owner: httpx.Client) -> None:
    for page, name in {"": "", "facts": "Facts · ", "documents": "Documents · ", "brief": "Key points · "}.items():
        for prefix, collection in {MAIN: COMMON.main_collection, LETTERS: "письма"}.items():
            text = owner.get(f"{prefix}/{page}", headers={"Accept-Language": "en"}).text
            assert f"<title>{name}{collection} · {COMMON.title}</title>" in text
    assert f" · письма · {COMMON.title}</title>" in owner.get(f"{LETTERS}/documents/moon.txt").text


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_offers_the_same_page_of_the_others(owner: httpx.Client, page: str) -> None:
    text = owner.get(f"{LETTERS}/{page}").text
    assert f'href="{MAIN}/{page}" dir="auto">Main collection</a>' in text
    assert f'href="{LETTERS}/{page}" aria-current="true" dir="auto">письма</a>' in text
    assert 'aria-label="Collection: письма"' in text
    assert "Коллекция: письма" in owner.get(f"{LETTERS}/{page}", headers={"Accept-Language": "ru"}).text


def test_a_document_offers_the_others(owner: httpx.Client) -> None:
    for name in ("moon.txt", "gone.txt"):
        assert f'href="{MAIN}/" dir="auto">Main collection</a>' in owner.get(f"{LETTERS}/documents/{name}").text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("empty", "the collection empty has no index yet; build it with `rag index --collection empty`"),
        ("damaged", "is missing or altered; run `rag index` to build it anew, with --collection damaged"),
    ],
)
def test_an_index_that_cannot_be_opened_is_told_in_its_place(owner: httpx.Client, name: str, said: str) -> None:
    for page in ("documents", "facts"):
        answer = owner.get(f"/collections/{name}/{page}")
        assert answer.status_code == 404
        assert said in answer.text
        assert f'href="{LETTERS}/{page}"' in answer.text
    for page in ("", "evaluation"):
        assert owner.get(f"/collections/{name}/{page}").status_code == 200
    for page in ("state", "check", "undo", "remove?id=moon.txt", "upload?name=a.txt"):
        method = "GET" if page == "state" else "POST"
        answer = owner.request(
            method, f"/collections/{name}/documents/{page}", content=FILES, headers={"Accept": "*/*"}
        )
        assert answer.status_code in (404, 409)
    assert owner.get(f"{LETTERS}/documents").status_code == 200


# Who may do what


def test_nobody_is_told_anything_before_logging_in(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False) as stranger:
        for path in (
            "/",
            "/collections/x/",
            LETTERS,
            *(f"{LETTERS}/{page}" for page in (*PAGES, "documents/moon.txt")),
        ):
            answer = stranger.get(path, headers=PAGE)
            assert answer.status_code == 401
            assert "письма" not in answer.text
            assert quote(path, safe="") in answer.text or path == "/"


@pytest.mark.parametrize("prefix", [MAIN, LETTERS, "/collections/empty"])
def test_a_reader_reads_and_does_no_more_in_any_collection(reader: httpx.Client, prefix: str) -> None:
    for page in ("documents", "documents/state", "evaluation"):
        assert reader.get(f"{prefix}/{page}").status_code == 403
    for page in ("documents/upload?name=a.txt", "documents/remove?id=moon.txt", "documents/index", "evaluation/run"):
        assert reader.post(f"{prefix}/{page}", content=b"words").status_code == 403
    assert reader.get(f"{prefix}/").status_code == 200
    assert "/documents" not in reader.get(f"{prefix}/facts").text.partition("<main>")[0]


@pytest.mark.parametrize("prefix", ["", MAIN, LETTERS, "/collections/empty", "/collections/nothing"])
def test_other_sites_and_names_are_refused_in_any_collection(owner: httpx.Client, prefix: str) -> None:
    foreign = owner.post(f"{prefix}/documents/index", content=b"", headers={"Origin": "https://example.com"})
    assert foreign.status_code == 403
    assert owner.get(f"{prefix}/facts", headers={"Host": "example.com"}).status_code == 421


@pytest.mark.parametrize(
    "path", ["/gradio_api/info", "/docs", "/collections/~/facts", "/gradio_api/file=/etc/hostname"]
)
def test_what_the_pages_do_not_use_is_closed_in_a_collection(owner: httpx.Client, path: str) -> None:
    assert owner.get(f"{LETTERS}{path}").status_code == 404


def test_the_owner_changes_the_collection_that_is_chosen(owner: httpx.Client, folder: Path) -> None:
    before = settings_in(folder, "").index.joinpath("generations").stat().st_mtime_ns
    sent = owner.post(f"{LETTERS}/documents/upload?name=new.txt", content=b"The lease ends in May 2027.")
    assert sent.status_code == 200
    assert (settings_in(folder, "письма").documents / "new.txt").exists()
    assert not (settings_in(folder, "").documents / "new.txt").exists()
    assert owner.post(f"{LETTERS}/documents/index", content=b"").status_code == 200
    deadline = time.monotonic() + 60
    while (found := owner.get(f"{LETTERS}/documents/new.txt")).status_code == 404 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "The lease ends" in found.text
    assert owner.get(f"{MAIN}/documents/new.txt").status_code == 404
    assert settings_in(folder, "").index.joinpath("generations").stat().st_mtime_ns == before


# Conversations


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History.open(tmp_path / "history.sqlite3") as opened:
        yield opened


def held(history: History, collection: str | None, question: str) -> Chat:
    chats = Chats(BOOK, history, collection)
    return chats.keep(Chat(None, (finish(chats.ask(Chat(), question, {})),)), "")


def test_a_conversation_goes_on_where_it_was_held(history: History) -> None:
    known = {name: held(history, name, f"Moon {name}").id or "" for name in ("", "letters", None)}
    opened = {each: Chats(BOOK, history, each) for each in ("", "letters", None)}
    assert opened["letters"].open(known["letters"], "").id == known["letters"]
    assert opened["letters"].open(known[None], "").id == known[None], "from before it was known"
    assert opened[None].open(known[""], "").id == known[""]
    for each, other in (("letters", ""), ("", "letters"), (None, "letters")):
        with pytest.raises(UnknownConversation):
            opened[each].open(known[other], "")


def test_the_list_leads_to_the_collection_that_each_was_held_with(history: History) -> None:
    known = {name: held(history, name, f"Moon {name}").id for name in ("", "letters", "<b>", None)}
    collections = Collections(("", "letters"), "letters")
    html = chat_view.conversations(history.conversations(""), None, Keeping(), ENGLISH, COMMON, collections)
    assert f'href="./?c={known["letters"]}" data-action="open"' in html
    assert f'href="./?c={known[None]}" data-action="open"' in html
    assert f'href="/collections/~/?c={known[""]}" dir' in html, "without an action: the page is another one"
    assert f'href="/collections/~/conversations/{known[""]}.md"' in html
    assert f"?c={known['<b>']}" not in html
    assert "<bdi>&lt;b&gt;</bdi> <span>(not open here now)</span>" in html
    assert f'href="./conversations/{known["<b>"]}.md"' in html, "it can be taken away all the same"
    alone = chat_view.conversations(history.conversations("")[-1:], None, Keeping(), ENGLISH, COMMON)
    assert 'class="held"' not in alone


# Which are served


CONFIG = "[collections.minutes]\ndocuments = 'm'\n[collections.letters]\ndocuments = 'l'\n"


def served(tmp_path: Path, text: str, **flags: object) -> list[tuple[str | None, Path]]:
    from rag.cli import _served

    file = tmp_path / "rag.toml"
    file.write_text(text)
    found, _ = _served(lambda **instead: load_settings({**flags, **instead}, file=file, environ={}))
    return [(each.collection, each.index) for each in found]


def test_all_collections_are_served_and_the_named_one_is_chosen_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where there is no index
    minutes, letters = ("minutes", Path("index-minutes")), ("letters", Path("index-letters"))
    assert served(tmp_path, CONFIG) == [minutes, letters]
    assert served(tmp_path, CONFIG, collection="letters") == [letters, minutes]
    own = "documents = 'd'\nindex = 'i'\n"
    main, minutes, letters = ("", Path("i")), ("minutes", Path("i-minutes")), ("letters", Path("i-letters"))
    assert served(tmp_path, own + CONFIG) == [main, minutes, letters]
    assert served(tmp_path, own + CONFIG, collection="letters") == [letters, main, minutes]
    assert served(tmp_path, "collection = 'letters'\n" + own + CONFIG) == [letters, main, minutes]
    assert served(tmp_path, own) == [(None, Path("i"))]


@pytest.mark.parametrize(
    "flags", [{"index": Path("x")}, {"documents": Path("y")}, {"index": Path("x"), "collection": "letters"}]
)
def test_a_folder_that_is_named_is_served_alone(tmp_path: Path, flags: Mapping[str, object]) -> None:
    assert len(served(tmp_path, CONFIG, **flags)) == 1


def test_collections_share_what_is_loaded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag import pipeline
    from tests.fakes import HashEncoder

    loaded: list[Settings] = []
    monkeypatch.setattr(pipeline, "load_encoder", lambda settings: (loaded.append(settings), HashEncoder())[1])
    shared = dict(zip(NAMES, pipeline.share([settings_in(folder, name) for name in NAMES]), strict=True))
    assert len(loaded) == 1
    assert (
        len({id(each.encoder) for each in shared.values()})
        == len({id(each._answerers) for each in shared.values()})
        == 1
    )
    assert "green cheese" in shared["письма"].ask("What is the Moon made of?").text
    with pytest.raises(MissingIndex, match="rag index --collection empty"):
        shared["empty"].documents()


# In a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("#turn-1 .foot")).to_be_visible()


@pytest.mark.browser
def test_a_collection_is_chosen_by_keys_and_a_conversation_returns_to_its_own(browser: Browser, url: str) -> None:
    with browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB") as context:
        page = watched(context.new_page(), but="status of 401")  # who has not logged in is asked to
        page.goto(f"{url}/")
        page.get_by_label("Name").fill("Иван")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}{MAIN}/")
        expect(page.locator(".welcome")).to_be_visible()
        opener, choice = page.get_by_role("button", name="Collection: Main collection"), page.locator("#collections")
        opener.focus()
        page.keyboard.press("Enter")
        expect(choice).to_be_visible()
        page.keyboard.press("Escape")
        expect(choice).to_be_hidden()
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}{LETTERS}/")
        ask(page, "How much is the rent?")
        expect(page.locator("#turn-1 .answer")).to_contain_text("700 euros")
        page.wait_for_url(f"{url}{LETTERS}/?c=*")
        with context.expect_page() as opened:
            page.locator("#turn-1 .open").first.click()
        document = opened.value
        expect(document.locator("mark")).to_contain_text("700 euros")
        assert document.url.startswith(f"{url}{LETTERS}/documents/moon.txt?cite=")
        assert document.evaluate("document.documentElement.scrollWidth") <= 390
        document.close()
        page.goto(f"{url}{MAIN}/")
        page.locator(".opener").click()
        page.locator("#conversations a.title").first.click()
        page.wait_for_url(f"{url}{LETTERS}/?c=*")
        expect(page.locator("#turn-1 .answer")).to_contain_text("700 euros")
        with page.expect_download() as download:
            page.locator(".opener").click()
            page.locator("#conversations a", has_text="Markdown").first.click()
        assert f"{url}{LETTERS}/cite/moon.txt" in Path(download.value.path()).read_text("utf-8")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
