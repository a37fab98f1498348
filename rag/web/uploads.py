"""Files that somebody sends: their names made safe, their bytes aside on disk, then among the documents in one step."""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from rag.formats import SUFFIXES

Reason = Literal["type", "name", "size", "unreadable", "exists", "link", "full", "disk", "many"]
Choice = Literal["ask", "replace", "both"]

ASIDE = ".upload-"  # hidden files are no documents
ABANDONED_SECONDS = 24 * 3600
STEM_BYTES = 180  # leaves room for a number and a suffix in the 255 that file systems allow

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNSEEN = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # Persian and Indian words need them
_FORBIDDEN = re.compile(r'[<>:"|?*]')  # on Windows
_DEVICE = re.compile(r"^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\s*(?:\.|$))", re.IGNORECASE)
_LEADS_OUT = re.compile(r"(?:^|[/\\])\.\.(?:[/\\]|$)|^[/\\]|^[A-Za-z]:[/\\]")


class Refused(Exception):
    """A file is not taken, or not moved; `detail` is what the reason speaks of."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def safe_name(name: str) -> str:
    """Return a file's name as every system can store it and nobody is misled by it. Raises Refused.

    >>> safe_name(" .my\\u202e<notes>\\n.TXT")
    'my_notes_.TXT'
    >>> safe_name("con.txt")
    'con_.txt'
    """
    name = unicodedata.normalize("NFC", name)
    if _LEADS_OUT.search(name):
        raise Refused("name")
    last = " ".join(re.split(r"[/\\]", name)[-1].split())
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in _UNSEEN or letter in _JOINERS)
    clean = _DEVICE.sub(r"\1_", _FORBIDDEN.sub("_", seen).strip().lstrip(". "), count=1)
    path = Path(clean)
    if path.suffix.lower() not in SUFFIXES:
        raise Refused("type", path.suffix)
    return path.stem.encode()[:STEM_BYTES].decode(errors="ignore").rstrip() + path.suffix


class Aside:
    """A file that is being received, hidden beside the documents. It is gone when it is left, unless it was placed."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Open it. Raises Refused when the folder cannot be written."""
        self.path = folder / f"{ASIDE}{secrets.token_hex(8)}"
        self._left = limit
        with disk():
            self._file = self.path.open("xb")

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # what could not be written before cannot be now
            self._file.close()
        with suppress(OSError):
            self.path.unlink(missing_ok=True)

    def write(self, part: bytes) -> None:
        """Take the next bytes. Raises Refused as soon as they are too many or the disk is full."""
        self._left -= len(part)
        if self._left < 0:
            raise Refused("size")
        with disk():
            self._file.write(part)

    def finish(self) -> None:
        """Have all of it on the disk."""
        with disk():
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def place(aside: Path, folder: Path, name: str, choice: Choice) -> Path:
    """Move a received file among the documents, where nothing is overwritten unasked. Raises Refused."""
    existing = namesake(folder, name)
    if existing is None or choice == "both":
        return _place_beside(aside, folder, name)
    if choice != "replace":
        raise Refused("exists", existing.name)
    if not stat.S_ISREG(existing.lstat().st_mode):
        raise Refused("link", existing.name)
    return aside.replace(existing)


def namesake(folder: Path, name: str) -> Path | None:
    """Return what has this name already, also where it differs in case or spelling only, as on some systems."""
    wanted = _folded(name)
    return next((path for path in folder.iterdir() if _folded(path.name) == wanted), None)


def clean_up(folder: Path) -> None:
    """Remove what was left behind by a server that was killed while it received."""
    for path in folder.glob(f"{ASIDE}*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > ABANDONED_SECONDS:
                path.unlink()


@contextmanager
def disk() -> Iterator[None]:
    """Translate what a full or read-only disk raises."""
    try:
        yield
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise Refused("full" if error.errno in _FULL else "disk", detail) from error


def _place_beside(aside: Path, folder: Path, name: str) -> Path:
    """Move under the first name that is free: as given, or with a number."""
    stem, suffix = Path(name).stem, Path(name).suffix
    taken = {_folded(path.name) for path in folder.iterdir()}
    number = 1
    while True:
        target = folder / (name if number == 1 else f"{stem} ({number}){suffix}")
        if _folded(target.name) not in taken:
            with suppress(FileExistsError):
                return _move_new(aside, target)
        number += 1


def _move_new(aside: Path, target: Path) -> Path:
    """Move without ever overwriting. Raises FileExistsError."""
    try:
        target.hardlink_to(aside)
    except FileExistsError:
        raise
    except OSError:  # a file system without such links
        if os.path.lexists(target):
            raise FileExistsError(target) from None
        return aside.rename(target)
    aside.unlink()
    return target


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
