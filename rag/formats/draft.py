"""What a format writes into while it reads: the text, normalised once as it comes, and the places in it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rag.decoding import decode, decode_named, normalised
from rag.types import Place, PlaceKind, Span

DEPTH = 4  # archives in archives, mails in mails: more is a trap
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\ufeff\ufffe\uffff\u00ad]")  # control characters, marks, soft hyphens
_HALF = re.compile("[\ud800-\udfff]")  # half a character cannot be written as UTF-8
_BLANK_LINES = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


class Unreadable(ValueError):
    """A file cannot be read; the message says what is wrong with it and what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take before it is given up."""

    seconds: float = 300.0  # of wall time
    memory_megabytes: int = 2048  # of address space, where the system can limit it
    unpacked_megabytes: int = 512  # of what an archive or a compressed document unpacks to, all together
    characters: int = 50_000_000  # of text

    @property
    def unpacked_bytes(self) -> int:
        return self.unpacked_megabytes * 1_000_000


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a file, with line ends as ``\\n`` and in NFC, and what the file tells about it."""

    text: str
    places: tuple[Place, ...] = ()
    boilerplate: tuple[Span, ...] | None = None  # None where only the text itself can tell
    title: str = ""
    date: dt.date | None = None
    author: str = ""
    tags: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # parts that could not be read, each with what to do
    code: tuple[Span, ...] = ()


@dataclass(slots=True)
class _Open:
    """A place that has begun."""

    number: int  # in the list of places
    first_block: int
    level: int  # of a heading; 0 of anything else


@dataclass(slots=True)
class Draft:
    """A text that grows by blocks, between which line ends stand, and by the places around them."""

    limits: Limits = field(default_factory=Limits)
    name: str = ""  # of the file that is being read
    depth: int = 0  # how many files there are around that file
    unpacked: int = 0  # bytes
    exhausted: bool = False  # a limit is reached that counts for the file with all that is in it
    title: str = ""
    date: dt.date | None = None
    author: str = ""
    tags: tuple[str, ...] = ()
    _parts: list[str] = field(default_factory=list)
    _blocks: list[Span] = field(default_factory=list)
    _places: list[Place] = field(default_factory=list)
    _open: list[_Open] = field(default_factory=list)
    _boilerplate: list[Span] = field(default_factory=list)
    _code: list[Span] = field(default_factory=list)
    _unread: list[str] = field(default_factory=list)

    def add(self, text: str, *, apart: bool = False, boilerplate: bool = False, code: bool = False) -> None:
        """Write a block on lines of its own, with a blank line before it if it stands `apart`; blank ones are dropped.

        Raises Unreadable when the text grows beyond its limit.
        """
        block = cleaned(text)
        if not block:
            return
        end = self._blocks[-1].end if self._blocks else 0
        gap = ("\n\n" if apart else "\n") if end else ""
        span = Span(end + len(gap), end + len(gap) + len(block))
        if span.end > self.limits.characters:
            self.exhausted = True
            million = self.limits.characters / 1e6
            raise Unreadable(f"the text is longer than {million:g} million characters; split the file")
        self._parts += [gap, block]
        self._blocks.append(span)
        if boilerplate:
            self._boilerplate.append(span)
        if code:
            self._code.append(span)

    @contextmanager
    def place(self, kind: PlaceKind, number: int | None = None, name: str = "") -> Iterator[None]:
        """Keep the span of what is written meanwhile as a place; headings in it end with it."""
        height = len(self._open)
        self._begin(Place(kind, 0, 0, number, _line(name)), 0)
        try:
            yield
        finally:
            self._end_down_to(height)

    def heading(self, level: int, text: str) -> None:
        """Write a heading: the section of its name lasts until the next one that is no deeper (`level` from 1)."""
        if cleaned(text):
            self.section(level, text)
            self.add(text, apart=True)

    def section(self, level: int, name: str) -> None:
        """Begin a section whose heading is not written here: it stands on an earlier page."""
        height = len(self._open)
        while height and self._open[height - 1].level >= level:
            height -= 1
        self._end_down_to(height)
        self._begin(Place("heading", 0, 0, name=_line(name)), level)

    def describe(
        self, title: str = "", date: dt.date | None = None, author: str = "", tags: Iterable[str] = ()
    ) -> None:
        """Say what a file tells of itself; that of a file in a file is not that of the whole."""
        if not self.depth:
            self.title = self.title or _line(title)
            self.date = self.date or date
            self.author = self.author or _line(author)
            self.tags = self.tags or tuple(dict.fromkeys(filter(None, map(_line, tags))))

    def leave_out(self, what: str) -> None:
        """Tell of a part that could not be read, in one line."""
        self._unread.append(_line(what))

    def unpack(self, size: int) -> None:
        """Count bytes that were, or are about to be, unpacked. Raises Unreadable when they are too many."""
        self.unpacked += size
        if self.unpacked > self.limits.unpacked_bytes:
            self.exhausted = True
            raise Unreadable(
                f"it unpacks to more than {self.limits.unpacked_megabytes} MB, as a bomb would; "
                "unpack it yourself if you trust it, or raise the setting max_unpacked_megabytes"
            )

    def extract(self) -> Extract:
        """Return what was written. Raises Unreadable when that is nothing."""
        self._end_down_to(0)
        text = "".join(self._parts)
        if not text:
            raise Unreadable("; ".join(dict.fromkeys(self._unread)) or "the file holds no text")
        told = self.title, self.date, self.author, self.tags
        unread, code = tuple(self._unread), tuple(self._code)
        return Extract(text, tuple(self._places), tuple(self._boilerplate), *told, unread, code)

    def _begin(self, place: Place, level: int) -> None:
        within = self._open[-1].number if self._open else -1
        self._open.append(_Open(len(self._places), len(self._blocks), level))
        self._places.append(place._replace(within=within))

    def _end_down_to(self, height: int) -> None:
        """End the places that began last; one without text, and with it all in it, has never been."""
        while len(self._open) > height:
            ended = self._open.pop()
            blocks = self._blocks[ended.first_block :]
            if blocks:
                place = self._places[ended.number]
                self._places[ended.number] = place._replace(start=blocks[0].start, end=blocks[-1].end)
            else:
                del self._places[ended.number :]


def decoded(data: bytes, named: str = "") -> str:
    """Return the text of bytes in any common encoding, `named` perhaps. Raises Unreadable."""
    try:
        return decode_named(data, named) if named else decode(data)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def cleaned(text: str) -> str:
    """Return text without what nobody sees, halves of characters, white space around it and more than one blank line.

    Normalising block by block is normalising the whole: nothing composes with a line end.

    >>> cleaned(" e\\u0301\\r\\n \\n\\n\\x00b ")
    'é\\n\\nb'
    """
    text = normalised(_HALF.sub("\ufffd", _UNSEEN.sub("", _LINE_ENDS.sub("\n", text))))
    return _BLANK_LINES.sub("\n\n", text).strip()


def keywords(text: str) -> list[str]:
    """Return what a property that holds several words in one lists: apart by commas or semicolons.

    >>> keywords("ships; harbours, trade")
    ['ships', 'harbours', 'trade']
    """
    return [word.strip() for word in re.split(r"[,;]", text)]


def _line(text: str) -> str:
    return " ".join(cleaned(text).split())
