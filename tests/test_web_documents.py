"""What is behind the Documents page, without a browser: the list, files sent, removed and brought back, indexing."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from rag import building, generations
from rag.config import Settings
from rag.errors import IndexNotWritable
from rag.pipeline import Pipeline
from rag.web import documents_labels, documents_page, documents_view
from rag.web.access import Access
from rag.web.labels import BY_LANGUAGE, ENGLISH
from rag.web.library import REMOVED, Library
from rag.web.roles import Visitor
from rag.web.runs import Run
from rag.web.shelf import ROWS, Query, Row, select, totals
from rag.web.uploads import ASIDE, Aside, Refused, safe_name
from tests.documents import TEXTS, ZOO, HeldEncoder, prepare, serving_here
from tests.fakes import write_documents

WORDS = documents_labels.ENGLISH
NASTY = '<img src=x onerror="alert(1)">\u202e${x}'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return prepare(tmp_path)


@pytest.fixture
def hold(tmp_path: Path) -> Path:
    """A file that keeps a build waiting while it exists."""
    return tmp_path / "hold"


@pytest.fixture
def library(settings: Settings, hold: Path) -> Iterator[Library]:
    with Library(Pipeline(settings, HeldEncoder(hold)), settings) as library:
        yield library
        hold.unlink(missing_ok=True)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def at(library: Library) -> str:
    """Return the stage of the build that is under way."""
    return library.runs.latest.stage if library.runs.latest else ""


def ended(library: Library) -> Run[Any]:
    """Wait for the build to end and return it."""
    wait_for(lambda: library.runs.latest is not None and not library.runs.latest.active)
    assert library.runs.latest
    return library.runs.latest


def states(library: Library) -> dict[str, tuple[str, str]]:
    return {row.id: (row.state, row.reason) for row in library.rows()}


def send(library: Library, name: str, content: bytes, choice: Any = "ask") -> str:
    with library.receive() as aside:
        aside.write(content)
        return library.add(aside, name, choice).id


def leftovers(folder: Path) -> list[Path]:
    return [*folder.glob(f"{ASIDE}*")]


# The list


def test_every_file_is_held_against_the_index(library: Library, settings: Settings) -> None:
    folder = settings.documents
    assert states(library) == dict.fromkeys(TEXTS, ("indexed", ""))
    (folder / "moon.txt").write_text("Something else stands here now, and it is English.\n")
    (folder / "fjord.txt").unlink()
    (folder / "zoo.md").write_text(ZOO)
    (folder / "empty.txt").touch()
    (folder / "blank.txt").write_text(" \n")
    (folder / "photo.txt").write_bytes(bytes(range(256)))
    (folder / "away.txt").symlink_to("/etc/hostname")
    (folder / "large.txt").write_bytes(b"word " * 50_000)
    (folder / ".hidden.txt").write_text(ZOO)
    assert states(library) == {
        "moon.txt": ("changed", ""),
        "fjord.txt": ("removed", ""),
        "tayga.md": ("indexed", ""),
        "zoo.md": ("new", ""),
        "empty.txt": ("unreadable", "the file is empty"),
        "blank.txt": ("unreadable", "the file holds no text"),
        "photo.txt": ("unreadable", "the file is binary, not text"),
        "away.txt": ("unreadable", "a link that leads out of the documents folder is not followed"),
        "large.txt": (
            "unreadable",
            "0.25 MB is over the limit of 0.2 MB; split the file or raise the setting max_file_megabytes",
        ),
    }
    rows = {row.id: row for row in library.rows()}
    assert rows["zoo.md"].title == "The zoo"
    assert rows["tayga.md"] == Row("tayga.md", "Тайга", "ru", None, len(TEXTS["tayga.md"].encode()), 1, "indexed")
    assert not rows["fjord.txt"].removable


def test_the_reasons_are_those_of_indexing(library: Library, settings: Settings) -> None:
    (settings.documents / "empty.txt").touch()
    (settings.documents / "photo.txt").write_bytes(bytes(range(256)))
    (settings.documents / "notice.txt").write_text("---\ntitle: Nothing\n---\n")
    (settings.documents / "away.txt").symlink_to("/etc/hostname")
    library.reindex()
    report = ended(library).result
    assert {problem.document_id: problem.reason for problem in report.problems} == {
        name: reason for name, (state, reason) in states(library).items() if state == "unreadable"
    }


def test_a_file_that_may_not_be_read_is_a_problem(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings.documents / "secret.txt").write_text(ZOO)
    real = Path.open

    def refuse(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "secret.txt":
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert states(library)["secret.txt"] == ("unreadable", "permission denied")


def test_the_folder_is_the_one_the_index_was_built_from(settings: Settings, tmp_path: Path) -> None:
    (settings.documents / "deep" / "er").mkdir(parents=True)
    (settings.documents / "deep" / "er" / "zoo.md").write_text(ZOO)
    encoder = HeldEncoder(tmp_path / "hold")
    building.build_index(settings.documents, settings, lambda: encoder)
    others = settings.model_copy(update={"documents": tmp_path / "seeds"})
    library = Library(Pipeline(settings, encoder), others)
    assert library.folder == settings.documents.absolute()


def test_a_folder_that_is_gone_is_said(library: Library, settings: Settings) -> None:
    settings.documents.rename(settings.documents.with_name("elsewhere"))
    with pytest.raises(Exception, match="there is no folder"):
        library.rows()


def rows_of(count: int) -> list[Row]:
    return [Row(f"{n:04}.txt", f"Title {n}", "en", None, n, n % 7, "indexed") for n in range(count)]


def test_two_thousand_rows_are_paged_sorted_and_filtered() -> None:
    rows = rows_of(2000)
    view = select(rows, Query(sort="size", descending=True, page=2))
    assert [row.size for row in view.rows] == [*range(1949, 1949 - ROWS, -1)]
    assert (view.first, view.total, view.pages) == (51, 2000, 40)
    assert select(rows, Query(page=10**6)).page == 40
    assert [row.id for row in select(rows, Query(words="TITLE 199 txt")).rows] == [
        "0199.txt",
        "1199.txt",
        *(f"{n}.txt" for n in range(1990, 2000)),
    ]
    assert select(rows, Query(words="nothing")).total == 0
    assert select(rows, Query(attention=True)).total == 0
    assert totals(rows).documents == 2000


def test_what_is_unknown_comes_last_in_either_direction() -> None:
    rows = [Row(name, name, "en", None, size, None, "new") for name, size in (("a", None), ("b", 2), ("c", 1))]
    assert [row.id for row in select(rows, Query(sort="size")).rows] == ["c", "b", "a"]
    assert [row.id for row in select(rows, Query(sort="size", descending=True)).rows] == ["b", "c", "a"]


@pytest.mark.slow
def test_two_thousand_files_are_listed(settings: Settings, tmp_path: Path) -> None:
    texts = {f"{n}.txt": f"# Letter {n}\n\nThis is what letter {n} says of matter {n * 7}.\n" for n in range(2000)}
    write_documents(settings.documents, texts)
    encoder = HeldEncoder(tmp_path / "hold")
    building.build_index(settings.documents, settings, lambda: encoder)
    with Library(Pipeline(settings, encoder), settings) as library:
        rows = library.rows()
        html = documents_view.page(library, rows, "", Query(), WORDS, ENGLISH)
    assert len(rows) == 2000
    assert html.count("<tr>") == ROWS + 1
    assert "2,000" in html


# Names


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("a.txt", "a.txt"),
        ("Мои заметки.MD", "Мои заметки.MD"),
        ("folder/a.txt", "a.txt"),
        ("a\x00\x1b[31m.txt", "a[31m.txt"),
        ("a\u202etxt.md", "atxt.md"),
        ("a\u200b.txt", "a.txt"),
        (" .hidden.txt", "hidden.txt"),
        ("con.txt", "con_.txt"),
        ("falcon.txt", "falcon.txt"),
        ("LPT1.notes.txt", "LPT1_.notes.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("%2e%2e%2fa.txt", "%2e%2e%2fa.txt"),
        (unicodedata.normalize("NFD", "блокнотй.txt"), "блокнотй.txt"),
    ],
)
def test_a_name_is_made_safe(sent: str, stored: str) -> None:
    assert safe_name(sent) == stored
    assert safe_name(stored) == stored


def test_a_long_name_keeps_its_suffix() -> None:
    name = safe_name("ж" * 500 + ".txt")
    assert name.endswith("ж.txt")
    assert len(name.encode()) <= 200


@pytest.mark.parametrize("name", ["../a.txt", "a/../../b.txt", "..\\a.txt", "/etc/a.txt", "C:\\a.txt", "\\\\x\\a.txt"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refused:
        safe_name(name)
    assert refused.value.reason == "name"


@pytest.mark.parametrize(
    "name", ["", "a", "a.exe", "a.doc", "a.txt.exe", ".txt", "...", "a.txt\x00.exe", "a.txt/", "..txt"]
)
def test_only_what_is_read_is_taken(name: str) -> None:
    with pytest.raises(Refused) as refused:
        safe_name(name)
    assert refused.value.reason == "type"


# Sending


def test_a_file_is_added_whole_and_nothing_is_left_aside(library: Library, settings: Settings) -> None:
    assert send(library, "zoo.md", ZOO.encode()) == "zoo.md"
    path = settings.documents / "zoo.md"
    assert path.read_text() == ZOO
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    assert not leftovers(settings.documents)


def test_nothing_is_seen_of_a_file_while_it_comes(library: Library, settings: Settings) -> None:
    with library.receive() as aside:
        aside.write(ZOO.encode())
        assert len(leftovers(settings.documents)) == 1
        assert set(states(library)) == set(TEXTS)
    assert not leftovers(settings.documents)


@pytest.mark.parametrize("name", ["moon.txt", "MOON.TXT"])
def test_the_same_name_is_never_overwritten_unasked(library: Library, settings: Settings, name: str) -> None:
    with pytest.raises(Refused) as refused:
        send(library, name, ZOO.encode())
    assert (refused.value.reason, refused.value.detail) == ("exists", "moon.txt")
    assert (settings.documents / "moon.txt").read_text() == TEXTS["moon.txt"]
    stem, _, suffix = name.partition(".")
    assert send(library, name, ZOO.encode(), "both") == f"{stem} (2).{suffix}"
    assert send(library, name, ZOO.encode(), "both") == f"{stem} (3).{suffix}"
    assert send(library, name, ZOO.encode(), "replace") == "moon.txt"
    assert (settings.documents / "moon.txt").read_text() == ZOO
    assert not leftovers(settings.documents)


def test_a_link_is_not_written_through(library: Library, settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("precious")
    (settings.documents / "link.txt").symlink_to(outside)
    (settings.documents / "folder.txt").mkdir()
    for name in ("link.txt", "folder.txt"):
        with pytest.raises(Refused) as refused:
            send(library, name, ZOO.encode(), "replace")
        assert refused.value.reason == "link"
    assert outside.read_text() == "precious"
    assert not leftovers(settings.documents)


def test_two_at_once_do_not_overwrite_each_other(library: Library, settings: Settings) -> None:
    with library.receive() as first, library.receive() as second:
        first.write(ZOO.encode())
        second.write(ZOO.upper().encode())
        assert library.add(first, "zoo.md", "ask").id == "zoo.md"
        with pytest.raises(Refused):
            library.add(second, "zoo.md", "ask")
    assert (settings.documents / "zoo.md").read_text() == ZOO


def test_a_file_system_without_links_does_as_well(
    library: Library, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert send(library, "zoo.md", ZOO.encode()) == "zoo.md"
    assert (settings.documents / "zoo.md").read_text() == ZOO


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file holds no text"),
        (bytes(range(256)), "the file is binary, not text"),
        ("нет".encode() * 50 + b"\xff", "the bytes are not valid UTF-8 from byte 300 on; save it as UTF-8"),
        (b"---\ntitle: Nothing\n---\n", "holds nothing but boilerplate"),
    ],
)
def test_what_cannot_be_read_is_not_kept(library: Library, settings: Settings, content: bytes, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        send(library, "x.txt", content)
    assert (refused.value.reason, refused.value.detail) == ("unreadable", reason)
    assert {path.name for path in settings.documents.iterdir()} == set(TEXTS)


def test_what_a_killed_server_left_is_cleaned_up(library: Library, settings: Settings) -> None:
    old, young = (settings.documents / f"{ASIDE}{name}" for name in ("old", "young"))
    for path in (old, young):
        path.touch()
    os.utime(old, (0, 0))
    send(library, "zoo.md", ZOO.encode())
    assert leftovers(settings.documents) == [young]


# Removing


def test_a_removed_file_can_be_brought_back(library: Library, settings: Settings) -> None:
    folder = settings.documents
    (folder / "deep").mkdir()
    (folder / "deep" / "zoo.md").write_text(ZOO)
    assert library.last_removed is None
    library.remove("deep/zoo.md")
    removed = library.remove("moon.txt")
    assert set(states(library)) == set(TEXTS)
    assert removed.kept.is_relative_to(folder / REMOVED)
    assert removed.kept.read_text() == TEXTS["moon.txt"]
    assert library.undo().id == "moon.txt"
    (folder / "deep").rmdir()
    assert library.undo().id == "deep/zoo.md"
    assert (folder / "deep" / "zoo.md").read_text() == ZOO
    assert not (folder / REMOVED).exists()
    with pytest.raises(KeyError):
        library.undo()


def test_the_notice_names_what_undoing_brings_back(library: Library, settings: Settings) -> None:
    (settings.documents / "deep").mkdir()
    for name in ("one.md", "two.md"):
        (settings.documents / "deep" / name).write_text(ZOO)
    known = ""
    for name in ("deep/one.md", "deep/two.md", "moon.txt"):
        library.remove(name)
        told = documents_view.state(library, lambda: ([], ""), Query(), {"notice_key": known}, WORDS, ENGLISH)["notice"]
        assert name in told["html"]
        known = told["key"]


def test_what_is_gone_already_cannot_be_removed_again(library: Library, settings: Settings) -> None:
    (settings.documents / "fjord.txt").unlink()
    page = documents_view.page(library, library.rows(), "", Query(), WORDS, ENGLISH)
    assert page.count('class="remove"') == len(TEXTS) - 1
    assert 'data-id="fjord.txt"' not in page


def test_bringing_back_overwrites_nothing(library: Library, settings: Settings) -> None:
    library.remove("moon.txt")
    send(library, "moon.txt", ZOO.encode())
    with pytest.raises(Refused) as refused:
        library.undo()
    assert refused.value.reason == "exists"
    assert (settings.documents / "moon.txt").read_text() == ZOO
    library.remove("moon.txt")
    assert library.undo().id == "moon.txt"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../outside.txt", "/etc/hostname", ".hidden.txt", "nothing.txt", "deep", "moon.txt/"]
)
def test_only_what_is_listed_can_be_removed(library: Library, settings: Settings, name: str, tmp_path: Path) -> None:
    for path in (tmp_path / "outside.txt", settings.documents / ".hidden.txt"):
        path.write_text("precious")
    (settings.documents / "deep").mkdir()
    with pytest.raises(KeyError):
        library.remove(name)
    assert (tmp_path / "outside.txt").exists()
    assert (settings.documents / ".hidden.txt").exists()


def test_a_link_that_leads_out_is_removed_and_not_what_it_leads_to(
    library: Library, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("precious")
    (settings.documents / "link.txt").symlink_to(tmp_path / "outside.txt")
    library.remove("link.txt")
    assert "link.txt" not in states(library)
    assert (tmp_path / "outside.txt").read_text() == "precious"
    (settings.documents / REMOVED).rename(tmp_path / "trash")
    (settings.documents / REMOVED).symlink_to(tmp_path / "trash")
    with pytest.raises(Refused):
        library.remove("moon.txt")


# Indexing


def test_only_what_changed_is_embedded_by_the_encoder_that_answers(library: Library, settings: Settings) -> None:
    pipeline = library._indexed_pipeline()
    send(library, "zoo.md", ZOO.encode())
    library.remove("moon.txt")
    library.reindex()
    report = ended(library).result
    assert (report.added, report.removed, report.unchanged) == (("zoo.md",), ("moon.txt",), 2)
    assert isinstance(pipeline.encoder, HeldEncoder)
    assert len(pipeline.encoder.embedded) == 1
    assert {row.state for row in library.rows()} == {"indexed"}
    assert pipeline.ask("When was the zoo of Bergen opened?").citations[0].document_id == "zoo.md"


def test_the_chat_answers_from_before_until_the_new_index_is_there(library: Library, hold: Path) -> None:
    pipeline = library._indexed_pipeline()
    send(library, "zoo.md", ZOO.encode())
    hold.touch()
    library.reindex()
    wait_for(lambda: at(library) == "embedding")
    before = pipeline.ask("How far is the Moon from the Earth?")
    assert before.citations[0].document_id == "moon.txt"
    assert "zoo.md" not in pipeline.index.documents
    hold.unlink()
    assert ended(library).phase == "done"
    assert "zoo.md" in pipeline.index.documents


def test_a_build_can_be_stopped_and_leaves_the_index_as_it_was(
    library: Library, settings: Settings, hold: Path
) -> None:
    before = generations.current_generation(settings.index)
    send(library, "zoo.md", ZOO.encode())
    hold.touch()
    run = library.reindex()
    wait_for(lambda: at(library) == "embedding")
    library.runs.stop(run.id)
    assert ended(library).phase == "stopped"
    assert generations.current_generation(settings.index) == before
    hold.unlink()
    library.reindex()
    assert ended(library).phase == "done"


def test_what_changes_during_a_build_is_indexed_after_it(library: Library, hold: Path) -> None:
    send(library, "zoo.md", ZOO.encode())
    hold.touch()
    library.reindex_after_change()
    wait_for(lambda: at(library) == "embedding")
    send(library, "late.md", ZOO.replace("zoo", "museum").encode())
    library.reindex_after_change()
    hold.unlink()
    state = partial(documents_view.state, library, lambda: ([], ""), Query(), {}, WORDS, ENGLISH)
    while state()["active"]:
        pass  # the page may ask at any moment, also between the build and the one after it
    assert ended(library).phase == "done"
    assert {row.state for row in library.rows()} == {"indexed"}


def test_the_outcome_names_what_has_changed(library: Library, settings: Settings) -> None:
    folder = settings.documents
    (folder / "zoo.md").write_text(ZOO)
    (folder / f"copy {NASTY[:5]}.md").write_text(ZOO.upper())
    (folder / "empty.txt").touch()
    (folder / "moon.txt").rename(folder / "luna.txt")
    (folder / "fjord.txt").unlink()
    library.reindex()
    ended(library)
    rows = library.rows()
    html = documents_view.page(library, rows, "", Query(), WORDS, ENGLISH)
    told = html[html.index('<details class="changes">') : html.index("</details>")]
    assert "copy <img" not in html
    assert [" ".join(re.sub("<[^>]*>", " ", each).split()) for each in re.findall("<d[td]>.*?</d[td]>", told)] == [
        *("New: 2", "copy &lt;img .md", "zoo.md"),
        *("Moved: 1", "moon.txt → luna.txt"),
        *("Removed: 1", "fjord.txt"),
        *("Near-duplicates: 1", "zoo.md ≈ copy &lt;img .md"),
        *("Could not be read: 1", "empty.txt the file is empty"),
    ]
    assert {row.id: row.copy_of for row in rows if row.copy_of} == {"zoo.md": f"copy {NASTY[:5]}.md"}
    assert 'Near-duplicate of <bdi class="path">copy &lt;img .md</bdi>' in html


def test_an_empty_folder_leaves_the_last_index(library: Library, settings: Settings) -> None:
    for name in TEXTS:
        library.remove(name)
    library.reindex()
    run = ended(library)
    assert documents_view._why(run.error, WORDS, ENGLISH) == WORDS.nothing_left  # type: ignore[arg-type]
    html = documents_view.page(library, library.rows(), "", Query(), WORDS, ENGLISH)
    assert WORDS.none in html
    assert WORDS.none_left_note in html
    library.undo()
    library.reindex()
    assert ended(library).phase == "done"


def test_a_build_of_another_process_is_told(library: Library, settings: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from rag.generations import building\n"
        "with building(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(settings.index)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        library.reindex()
        run = ended(library)
        assert isinstance(run.error, IndexNotWritable)
        assert "another `rag index`" in documents_view._why(run.error, WORDS, ENGLISH)
        other.communicate()
    library.reindex()
    assert ended(library).phase == "done"


# Words


def test_every_label_is_translated() -> None:
    same = {"units", "thousands", "decimal_point", "stages", "span"}
    for field in fields(WORDS):
        values = [getattr(words, field.name) for words in documents_labels.BY_LANGUAGE.values()]
        assert all(values)
        assert field.name in same or len({str(value) for value in values}) == 3, field.name
        if isinstance(values[0], dict):
            assert all(set(value) == set(values[0]) for value in values)


@pytest.mark.parametrize("language", BY_LANGUAGE)
def test_nothing_from_outside_becomes_markup(library: Library, language: str) -> None:
    labels = BY_LANGUAGE[language]
    words = documents_labels.BY_LANGUAGE[labels.language]
    row = Row(NASTY, NASTY, NASTY, None, 1, 1, "unreadable", NASTY)
    for html in (
        documents_view.page(library, [row], "", Query(words=NASTY), words, labels),
        documents_view.page(library, [], NASTY, Query(), words, labels),
    ):
        assert "<img" not in html
        assert 'alert(1)">' not in html
        assert html.count("\u202e") == html.count('data-id="&lt;img')  # the address of a button is not shown


# The routes


@pytest.fixture
def client(library: Library, settings: Settings) -> Iterator[httpx.Client]:
    with (
        serving_here(library, settings) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield client


def upload(client: httpx.Client, name: str, content: bytes = ZOO.encode(), **more: str) -> httpx.Response:
    return client.post("/documents/upload", params={"name": name, **more}, content=content)


def test_a_file_is_sent_indexed_asked_about_removed_and_brought_back(client: httpx.Client, library: Library) -> None:
    page = client.get("/documents", headers={"Accept-Language": "nb"})
    assert '<html lang="no">' in page.text
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=|https?:", page.text)
    assert str(library.folder) in page.text
    checked = client.post("/documents/check", json=[{"name": "zoo.md", "size": 9}, {"name": "moon.txt", "size": 9}])
    assert [file["exists"] for file in checked.json()["files"]] == [False, True]
    assert upload(client, "zoo.md").json() == {"id": "zoo.md", "title": "The zoo", "message": "Added"}
    assert "Not indexed yet" in client.get("/documents/state").json()["list"]["html"]
    assert client.post("/documents/index", params={"after": "change"}).status_code == 200
    ended(library)
    state = client.get("/documents/state").json()
    assert not state["active"]
    assert "New: 1" in state["run"]["html"]
    assert 'href="./documents/zoo.md"' in state["list"]["html"]
    known = {f"{name}_key": state[name]["key"] for name in ("run", "notice", "list")}
    again = client.get("/documents/state", params=known).json()
    assert not any("html" in again[name] for name in ("run", "notice", "list"))
    removed = client.post("/documents/remove", params={"id": "zoo.md"})
    assert removed.json() == {"id": "zoo.md", "message": "zoo.md was removed."}
    again = client.get("/documents/state", params=known).json()
    assert 'id="undo"' in again["notice"]["html"]
    assert "Removed since indexing" in again["list"]["html"]
    assert client.post("/documents/remove", params={"id": "zoo.md"}).status_code == 404
    assert client.post("/documents/undo").json()["message"] == "zoo.md is back."
    assert client.post("/documents/undo").json() == {"message": WORDS.gone}


@pytest.mark.parametrize(
    ("name", "content", "status", "message"),
    [
        ("a.exe", b"MZ", 415, WORDS.refused["type"]),
        ("../a.txt", b"x", 400, WORDS.refused["name"]),
        ("", b"x", 415, WORDS.refused["type"]),
        ("moon.txt", ZOO.encode(), 409, WORDS.refused["exists"]),
        ("link.txt", ZOO.encode(), 409, WORDS.refused["exists"]),
        ("x.txt", bytes(range(256)), 422, "It cannot be read: the file is binary, not text."),
        ("x.txt", b"", 422, "It cannot be read: the file is empty."),
    ],
)
def test_each_refusal_has_one_reason(
    client: httpx.Client, settings: Settings, name: str, content: bytes, status: int, message: str
) -> None:
    (settings.documents / "link.txt").symlink_to("/etc/hostname")
    before = {path.name for path in settings.documents.iterdir()}
    answer = upload(client, name, content)
    assert (answer.status_code, answer.json()["message"]) == (status, message)
    assert {path.name for path in settings.documents.iterdir()} == before


def test_what_is_too_large_is_refused(client: httpx.Client, settings: Settings) -> None:
    assert upload(client, "x.txt", b"word " * 41_000).status_code == 413
    assert client.post("/documents/upload?name=x.txt", content=iter([b"x"])).status_code == 411
    checked = client.post("/documents/check", json=[{"name": "x.txt", "size": 200_001}]).json()
    assert checked["files"][0]["message"] == WORDS.refused["size"]
    many = [{"name": f"{n}.txt", "size": 1} for n in range(documents_page.MAX_FILES + 1)]
    assert client.post("/documents/check", json=many).status_code == 413
    for nonsense in (b"", b"{}", b'[{"name": 1}]', b'[{"name": "x.txt", "size": -1}]', b"\xff"):
        assert client.post("/documents/check", content=nonsense).status_code == 400
    assert not leftovers(settings.documents)


def test_bytes_are_counted_as_they_come(settings: Settings) -> None:
    with Aside(settings.documents, 10) as aside:
        aside.write(b"123456789")
        with pytest.raises(Refused) as refused:
            aside.write(b"10")
    assert refused.value.reason == "size"
    assert not leftovers(settings.documents)


@pytest.mark.parametrize(
    ("code", "message"),
    [(errno.ENOSPC, WORDS.refused["full"]), (errno.EROFS, "The folder cannot be written: Read-only file system.")],
)
def test_a_disk_that_takes_nothing_is_said(
    client: httpx.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, code: int, message: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)
    answer = upload(client, "zoo.md")
    assert (answer.status_code, answer.json()["message"]) == (507, message)
    assert {path.name for path in settings.documents.iterdir()} == set(TEXTS)


def test_an_upload_that_breaks_off_leaves_nothing(client: httpx.Client, settings: Settings) -> None:
    import socket

    host, port = str(client.base_url.host), int(client.base_url.port or 0)
    with socket.create_connection((host, port)) as connection:
        head = f"POST /documents/upload?name=x.txt HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 1000\r\n\r\nhalf"
        connection.sendall(head.encode())
        wait_for(lambda: bool(leftovers(settings.documents)))
    wait_for(lambda: not leftovers(settings.documents))
    assert {path.name for path in settings.documents.iterdir()} == set(TEXTS)


def test_one_build_at_a_time(client: httpx.Client, library: Library, hold: Path) -> None:
    upload(client, "zoo.md")
    hold.touch()
    run = client.post("/documents/index").json()
    assert run["active"]
    second = client.post("/documents/index")
    assert (second.status_code, second.json()["message"]) == (409, WORDS.busy)
    assert client.post("/documents/index", params={"after": "change"}).status_code == 200
    assert client.post("/documents/stop", params={"run": "another"}).json()["active"]
    latest = library.runs.latest
    assert latest
    wait_for(lambda: at(library) == "embedding")
    client.post("/documents/stop", params={"run": latest.id})
    assert ended(library).phase == "stopped"


def test_another_page_and_another_name_can_do_nothing(client: httpx.Client, library: Library) -> None:
    for path in ("upload?name=zoo.md", "remove?id=moon.txt", "undo", "index", "stop", "check"):
        for origin in ("https://example.com", "null"):
            answer = client.post(f"/documents/{path}", content=ZOO.encode(), headers={"Origin": origin})
            assert answer.status_code == 403
        assert client.get(f"/documents/{path.partition('?')[0]}").status_code in (404, 405)
    assert client.get("/documents", headers={"Host": "example.com"}).status_code == 421
    assert set(states(library)) == set(TEXTS)


def test_only_the_owner_is_let_in(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Access, "visitor", lambda *_: Visitor("nils", "reader"))
    assert client.get("/documents").status_code == 403
    assert client.get("/documents/state").status_code == 403
    for path in ("upload?name=zoo.md", "remove?id=moon.txt", "undo", "index", "stop", "check"):
        assert client.post(f"/documents/{path}").status_code == 403


def test_a_question_about_a_removed_document_says_that_its_words_are_gone(library: Library) -> None:
    pipeline = library._indexed_pipeline()
    library.remove("moon.txt")
    answer = pipeline.ask("How far is the Moon from the Earth?")
    assert [citation.verified for citation in answer.citations if citation.document_id == "moon.txt"] == [False]
