"""Pages of PDFs as they are asked for: bounded, ended when they take too long, and never of another file."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rag.config import Settings
from rag.types import Document
from rag.web import pages as pages_module
from rag.web.pages import NoSuchPage, NotShown, Outdated, Overloaded, Pages, Picture, Undrawable, _Recent
from tests.made_files import paragraph, pdf

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals and no limits")


def indexed(folder: Path, name: str, data: bytes) -> Document:
    """Return a document as if its file had been indexed."""
    (folder / name).write_bytes(data)
    return Document(name, name, None, "en", "ab", folder / name, hashlib.sha256(data).hexdigest())


Make = Callable[[str], Document]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a file that says what is to be done with it."""
    return lambda what: indexed(tmp_path, f"{what}.pdf", f"%PDF-1.7 {what}".encode())


@pytest.fixture(scope="module")
def hostile() -> Iterator[Pages]:
    """Pages drawn by a process that does what the file says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
        with Pages(Settings(), seconds=3, worker="tests.hostile_pages") as pages:
            yield pages


@pytest.mark.parametrize("what", ["hang", "crash", "greedy", "nonsense", "uneven"])
def test_a_page_that_cannot_be_drawn_is_said_once_and_for_all(hostile: Pages, make: Make, what: str) -> None:
    document = make(what)
    for _ in range(2):  # the second time nothing is tried, so nobody waits
        with pytest.raises(Undrawable):
            hostile.leaf(document, 1)
    if what == "uneven":
        with pytest.raises(Undrawable):
            hostile.picture(document, 1, 800, document.sha256)
    assert hostile.leaf(make("good"), 1).pages == 3


def test_who_finds_all_processes_busy_is_told_and_may_ask_again(
    hostile: Pages, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, good = make("slow"), make("fine")
    threads = [
        threading.Thread(target=hostile.leaf, args=(slow, number)) for number in range(1, 1 + pages_module.COUNT)
    ]
    for thread in threads:
        thread.start()
    monkeypatch.setattr(pages_module, "SECONDS", 0.05)
    while not hostile._processes._idle.empty():
        time.sleep(0.01)
    with pytest.raises(Overloaded):
        hostile.leaf(good, 1)
    for thread in threads:
        thread.join()
    assert hostile.leaf(good, 1).is_there


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    with Pages(Settings(max_file_megabytes=0.5)) as pages:
        yield pages


def test_a_page_and_its_picture(pages: Pages, tmp_path: Path) -> None:
    document = indexed(tmp_path, "a.pdf", pdf([paragraph("One two."), paragraph("Three.")]))
    leaf = pages.leaf(document, 2)
    assert (leaf.pages, [row.letters for row in leaf.rows]) == (2, ["Three."])
    kind, picture = pages.picture(document, 2, 800, document.sha256[:16])
    assert (kind, picture[:4]) == ("image/png", b"\x89PNG")
    assert not pages.leaf(document, 3).is_there
    with pytest.raises(NoSuchPage):
        pages.picture(document, 3, 800, document.sha256[:16])


def test_only_the_file_that_is_meant_is_shown(pages: Pages, tmp_path: Path) -> None:
    document = indexed(tmp_path, "a.pdf", pdf([paragraph("One.")]))
    document.path.write_bytes(pdf([paragraph("Two.")]))
    refused(pages, document, Outdated)
    document.path.write_bytes(b"%PDF-" + bytes(600_000))
    refused(pages, document, Outdated)
    document.path.unlink()
    refused(pages, document, Outdated)
    outside = tmp_path.parent / "outside.pdf"
    outside.write_bytes(pdf([paragraph("Secret.")]))
    document.path.symlink_to(outside)
    refused(pages, indexed_as(document, outside), Outdated)


def indexed_as(document: Document, path: Path) -> Document:
    return Document(document.id, "", None, "en", "", document.path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(("name", "data"), [("a.txt", b"text"), ("a.pdf", b"PK\x03\x04"), ("b.pdf", b"words")])
def test_what_is_no_pdf_has_no_pages(pages: Pages, tmp_path: Path, name: str, data: bytes) -> None:
    refused(pages, indexed(tmp_path, name, data), NoSuchPage)


def refused(pages: Pages, document: Document, reason: type[NotShown]) -> None:
    with pytest.raises(reason):
        pages.leaf(document, 1)
    with pytest.raises(reason):
        pages.picture(document, 1, 800, document.sha256[:16])
    with pytest.raises(reason):
        pages.check(document, document.sha256[:16])


def test_what_is_kept_is_bounded() -> None:
    recent: _Recent[Picture] = _Recent(100, lambda each: len(each.data))
    made: list[int] = []

    def get(number: int) -> bytes:
        return recent.get(number, lambda: made.append(number) or Picture("image/png", bytes(30))).data  # type: ignore[func-returns-value]

    for number in (1, 2, 3, 1, 4, 1, 2):
        assert get(number) == bytes(30)
    assert made == [1, 2, 3, 4, 2]  # of 1, 2, 3, the one that was not used for longest went for 4
    assert recent.get(9, lambda: Picture("image/png", bytes(500))).data == bytes(500)
    assert not recent._kept
