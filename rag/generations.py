"""Generations: each build of the index is a folder that never changes, and one small file names the current one.

A build is written aside, flushed to disk, renamed into place, and becomes current in one atomic step. Whatever
kills it before leaves the generation that was current; what it leaves behind, the next build removes.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.errors import IndexNotWritable, MissingIndex

CURRENT, FOLDER, LOCK = "CURRENT", "generations", ".lock"
_ASIDE = "building-"
_OURS = re.compile(rf"({_ASIDE})?[0-9a-f]{{12}}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, None)  # numpy says only how many bytes it could not write


def current_generation(index: Path) -> Path:
    """Return the folder of the current generation. Raises MissingIndex."""
    name = _current_name(index)
    folder = index / FOLDER / name
    if not name or not folder.is_dir():
        raise MissingIndex(f"there is no index in {index} yet; build it with `rag index DOCUMENTS --index {index}`")
    return folder


def publish(index: Path, write: Callable[[Path], None]) -> Path:
    """Let `write` fill a new generation, and make it the current one. Returns its folder.

    Raises IndexNotWritable; the generation that was current then still is.
    """
    name = uuid.uuid4().hex[:12]
    aside = index / FOLDER / f"{_ASIDE}{name}"
    with writable(index):
        before = _current_name(index)
        _remove(_all_but(index, before))  # what killed builds left, where that is not yet gone
        aside.mkdir(parents=True)
        try:
            write(aside)
            _flush(aside)
            folder = aside.rename(index / FOLDER / name)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        _switch(index, name)
    _remove(_all_but(index, before, name))  # the one before stays for readers that were about to open it
    return folder


@contextmanager
def building(index: Path) -> Iterator[None]:
    """Hold the right to build in this folder. Raises IndexNotWritable when another process holds it.

    What no reader needs any more is removed meanwhile, so that its room is free once a generation is written.
    """
    from filelock import FileLock, Timeout

    with writable(index):
        index.mkdir(parents=True, exist_ok=True)
        lock = FileLock(index / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise IndexNotWritable(
                f"another `rag index`, or the Documents page of a running `rag serve`, is building in {index}; "
                "wait for it to end"
            ) from None
    try:
        with ThreadPoolExecutor(1, "clearing") as beside:
            beside.submit(_remove, _all_but(index, _current_name(index)))  # listed now: what this build makes stays
            yield
    finally:
        lock.release()


@contextmanager
def writable(index: Path) -> Iterator[None]:
    """Translate what a full or read-only disk raises."""
    try:
        yield
    except OSError as error:
        remedy = (
            "free some space" if error.errno in _FULL else "check its permissions or name another folder with --index"
        )
        raise IndexNotWritable(
            f"cannot write the index to {index}: {error.strerror or error}; {remedy}. The index from before is unharmed"
        ) from error


def _flush(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        flush(path)


def _switch(index: Path, name: str) -> None:
    pointer = index / f"{CURRENT}.{name}"
    pointer.write_text(f"{name}\n", "utf-8")
    flush(pointer)
    flush(index / FOLDER)
    pointer.replace(index / CURRENT)
    flush(index)


def flush(path: Path) -> None:
    """Have a file or a folder written to disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows cannot flush folders
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() or os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _current_name(index: Path) -> str:
    """Return the name of the current generation, empty when there is none."""
    try:
        name = (index / CURRENT).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
    return name if _OURS.fullmatch(name) else ""


def _all_but(index: Path, *names: str) -> list[Path]:
    """Return other generations, finished or not, and pointers never switched to."""
    others = [path for path in (index / FOLDER).glob("*") if path.name not in names and _OURS.fullmatch(path.name)]
    return [*others, *index.glob(f"{CURRENT}.*")]


def _remove(paths: Iterable[Path]) -> None:
    """Remove folders and files; what resists goes next time."""
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()
