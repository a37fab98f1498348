"""Generations: written aside, switched to at once, cleaned up after."""

from __future__ import annotations

import errno
import shutil
import threading
from pathlib import Path

import pytest

from rag.errors import IndexNotWritable, MissingIndex
from rag.generations import building, current_generation, publish, writable


def publish_text(index: Path, text: str) -> Path:
    return publish(index, lambda folder: (folder / "text").write_text(text) and None)


def current_text(index: Path) -> str:
    return (current_generation(index) / "text").read_text()


def names(index: Path) -> set[str]:
    return {path.name for path in (index / "generations").iterdir()}


def test_nothing_is_there_before_the_first_build(tmp_path: Path) -> None:
    with pytest.raises(MissingIndex, match=r"no index in .* yet; build it with `rag index DOCUMENTS"):
        current_generation(tmp_path / "index")


def test_the_last_published_is_current_and_the_one_before_stays(tmp_path: Path) -> None:
    folders = [publish_text(tmp_path, text) for text in "abcd"]
    assert current_text(tmp_path) == "d"
    assert current_generation(tmp_path) == folders[-1]
    assert names(tmp_path) == {folder.name for folder in folders[-2:]}
    assert {path.name for path in tmp_path.iterdir()} == {"CURRENT", "generations"}


def test_clearing_beside_a_build_leaves_what_it_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes to remove what an earlier build left: the pointer of this one is not taken for its."""
    publish_text(tmp_path, "a")
    left = tmp_path / "generations" / "building-0123456789ab"
    left.mkdir()
    remove, may_go_on = shutil.rmtree, threading.Event()

    def slowly(path: Path, **options: bool) -> None:
        may_go_on.wait(10)
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", slowly)
    with building(tmp_path):
        pointer = tmp_path / "CURRENT.ba9876543210"  # as a build writes it before it switches
        pointer.write_text("ba9876543210")
        may_go_on.set()
    assert not left.exists()
    assert pointer.exists()


def test_a_failing_build_leaves_nothing(tmp_path: Path) -> None:
    publish_text(tmp_path, "a")

    def fail(folder: Path) -> None:
        (folder / "half").write_text("h")
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        publish(tmp_path, fail)
    assert current_text(tmp_path) == "a"
    assert len(names(tmp_path)) == 1


def test_leftovers_of_killed_builds_are_removed(tmp_path: Path) -> None:
    first = publish_text(tmp_path, "a")
    (tmp_path / "generations" / "building-0123456789ab").mkdir()
    (tmp_path / "generations" / "0123456789ab").mkdir()  # killed between renaming and switching
    (tmp_path / "CURRENT.0123456789ab").write_text("0123456789ab\n")
    second = publish_text(tmp_path, "b")
    assert names(tmp_path) == {first.name, second.name}
    assert {path.name for path in tmp_path.iterdir()} == {"CURRENT", "generations"}


def test_beside_a_build_goes_what_no_reader_needs(tmp_path: Path) -> None:
    for text in "ab":
        current = publish_text(tmp_path, text)
    (tmp_path / "generations" / "building-0123456789ab").mkdir()
    with building(tmp_path):
        pass
    assert names(tmp_path) == {current.name}
    assert current_text(tmp_path) == "b"


def test_what_is_not_ours_stays(tmp_path: Path) -> None:
    for name in ["notes", "2026", "building-site"]:
        (tmp_path / "generations" / name).mkdir(parents=True)
    (tmp_path / "generations" / "poem.txt").write_text("p")
    for text in "abc":
        publish_text(tmp_path, text)
    assert names(tmp_path) >= {"notes", "2026", "building-site", "poem.txt"}


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"../..", b"/etc", b"..", b".", b"\xff\xfe", b"0123456789ab", b"nothing"]
)
def test_a_broken_pointer_means_no_index(tmp_path: Path, content: bytes) -> None:
    publish_text(tmp_path, "a")
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(MissingIndex):
        current_generation(tmp_path)
    publish_text(tmp_path, "b")
    assert current_text(tmp_path) == "b"


def test_only_one_may_build_at_a_time(tmp_path: Path) -> None:
    expected = pytest.raises(IndexNotWritable, match=r"another `rag index`.* is building in .*; wait for it to end")
    with building(tmp_path), expected, building(tmp_path):
        pass
    with building(tmp_path):
        pass


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device; free some space"),
        (OSError("1000 requested and 512 written"), "1000 requested and 512 written; free some space"),
        (PermissionError(errno.EACCES, "Permission denied"), "Permission denied; check its permissions"),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system; check its permissions"),
    ],
)
def test_the_reason_and_the_remedy_are_told(tmp_path: Path, error: OSError, remedy: str) -> None:
    with pytest.raises(IndexNotWritable) as caught, writable(tmp_path):
        raise error
    assert remedy in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_place_that_cannot_be_a_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for index in [file, file / "index"]:
        with pytest.raises(IndexNotWritable, match="cannot write the index"), building(index):
            pass
        with pytest.raises(MissingIndex):
            current_generation(index)
