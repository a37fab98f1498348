"""Pages of PDFs as they are looked at: what stands where on one, and its picture.

PDFs are anybody's, and what draws them is a million lines of other people's code. It runs in processes that can be
ended, and is given bytes whose hash is that of the file meant. What was drawn lately is kept, so much and no more.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import b64decode
from binascii import Error as NotBase64
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter, ValidationError

from rag import documents
from rag.citations import current_bytes
from rag.config import Settings
from rag.formats import Processes, Unreadable, sniffing
from rag.formats.pdf_boxes import Leaf
from rag.formats.processes import Busy
from rag.types import Document

WORKER = "rag.formats.pdf_page"
WIDTHS = (800, 1600, 2400, 3200)  # pixels of pictures: few, so that those who look at one page share them
KINDS = frozenset({"image/png", "image/webp"})
COUNT = 2  # processes: a page that takes long keeps nobody from another
SECONDS = 10.0  # for one page, and to wait until a process is idle
MOST_LEAVES = 64
MOST_BYTES = 64_000_000  # of pictures


Value = TypeVar("Value")


class NotShown(Exception):
    """A page cannot be shown; for this reason."""


class Outdated(NotShown):
    """The file is gone, or no longer the one that was meant."""


class NoSuchPage(NotShown):
    """The file has no such page, or is no PDF."""


class Undrawable(NotShown):
    """The page, or the file, is damaged, or would take too long."""


class Overloaded(NotShown):
    """Too much is being drawn at the moment."""


class Picture(NamedTuple):
    """A page drawn, and the media type of that."""

    kind: str
    data: bytes


class Pages:
    """Shows pages. Safe to share between threads."""

    def __init__(self, settings: Settings, *, seconds: float = SECONDS, worker: str = WORKER) -> None:
        limits = documents.limits(settings)
        self._limits = replace(limits, seconds=min(seconds, limits.seconds))
        self._most_bytes = int(settings.max_file_megabytes * 1e6)
        self._processes = Processes(self._limits, COUNT, worker=worker)
        self._leaves: _Recent[Leaf | None] = _Recent(MOST_LEAVES, lambda _: 1)
        self._pictures: _Recent[Picture | None] = _Recent(MOST_BYTES, lambda each: len(each.data) if each else 1000)

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *_: object) -> None:
        self._processes.__exit__()

    def begin(self) -> None:
        """Start what draws ahead of the first page; that takes longer than to draw one."""
        self._processes.begin()

    def leaf(self, document: Document, number: int, *, recognise: bool = False) -> Leaf:
        """Return what stands where on a page, given the document as its file is now. Raises NotShown.

        With `recognise` also in a picture, if Tesseract is installed.
        """

        def read() -> Leaf | None:
            request = {"page": number, "recognise": recognise}
            return _leaf(self._ask(self._data(document, document.sha256), request))

        found = self._leaves.get((document.sha256, number, recognise), read)
        if found is None:
            raise Undrawable
        return found

    def check(self, document: Document, version: str) -> None:
        """Raise Outdated or NoSuchPage unless the file is a PDF with this hash, which may be shortened."""
        self._data(document, version)

    def picture(self, document: Document, number: int, width: int, version: str) -> Picture:
        """Return the picture of a page of the file with this hash, which may be shortened. Raises NotShown."""
        data = self._data(document, version)

        def draw() -> Picture | None:
            answer = self._ask(data, {"page": number, "width": width})
            if answer.get("is_missing"):
                raise NoSuchPage
            return _picture(answer)

        found = self._pictures.get((version, number, width), draw)
        if found is None:
            raise Undrawable
        return found

    def _data(self, document: Document, version: str) -> bytes:
        """Return the bytes of a PDF, if they have that hash. Raises Outdated and NoSuchPage."""
        try:
            too_large = document.path.stat().st_size > self._most_bytes
        except OSError:
            raise Outdated from None
        data = None if too_large else current_bytes(document)
        if data is None or not version or not hashlib.sha256(data).hexdigest().startswith(version):
            raise Outdated
        if not _is_pdf(data, document.path.name):
            raise NoSuchPage
        return data

    def _ask(self, data: bytes, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request, an empty one where this file leads to none. Raises Overloaded."""
        try:
            return self._processes.ask(data, request, SECONDS)
        except Unreadable:
            return {}
        except Busy:
            raise Overloaded from None


def _is_pdf(data: bytes, name: str) -> bool:
    try:
        return sniffing.recognise(data, name) == "pdf"
    except Unreadable:
        return False


def _leaf(answer: Mapping[str, Any]) -> Leaf | None:
    """Read an answer, without trust."""
    try:
        leaf = _adapter().validate_python(answer.get("leaf"))
    except ValidationError:
        return None
    return leaf if all(len(row.letters) == len(row.areas) for row in leaf.rows) else None


@cache
def _adapter() -> TypeAdapter[Leaf]:
    return TypeAdapter(Leaf)


def _picture(answer: Mapping[str, Any]) -> Picture | None:
    try:
        data = b64decode(str(answer.get("picture", "")), validate=True)
    except NotBase64:
        return None
    kind = str(answer.get("kind"))
    return Picture(kind, data) if kind in KINDS and data else None


class _Recent(Generic[Value]):
    """What was used last, as far as it weighs no more than `most` all together."""

    def __init__(self, most: int, weigh: Callable[[Value], int]) -> None:
        self._most = most
        self._weigh = weigh
        self._kept: OrderedDict[Hashable, Value] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Return what is kept under a key, made first where nothing is."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        value = make()
        with self._lock:
            if key not in self._kept:
                self._kept[key] = value
                self._weight += self._weigh(value)
            while self._weight > self._most:
                self._weight -= self._weigh(self._kept.popitem(last=False)[1])
        return value
