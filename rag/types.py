"""The records that travel between modules: small, frozen, with derived properties only.

Every offset counts characters (Unicode code points) of `Document.text`, half open: ``text[start:end]``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

PlaceKind = Literal["member", "message", "attachment", "page", "slide", "notes", "sheet", "row", "record", "heading"]

_ENCODED = str.maketrans({character: f"%{ord(character):02X}" for character in "%#~"})


class Span(NamedTuple):
    """A half-open range of characters."""

    start: int
    end: int


class Place(NamedTuple):
    """A part of a file that has a name or a number of its own, and where its text lies.

    Places are listed in the order in which they begin, each before those within it; they lie apart or one in another.
    """

    kind: PlaceKind
    start: int
    end: int
    number: int | None = None  # as people count, from 1: of a page, a slide, a message, a row as the program shows it
    name: str = ""  # of a sheet, a heading, a file
    within: int = -1  # position in the list of the place around it, -1 where there is none


class Turn(NamedTuple):
    """An earlier question of a conversation and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it is indexed: its text, decoded or extracted, with line ends as ``\\n`` and in NFC."""

    id: str  # POSIX path below the documents folder
    title: str
    date: dt.date | None
    language: str  # ISO 639-1; "no" for both written forms of Norwegian, "und" when unknown
    text: str
    path: Path
    sha256: str  # of the file's bytes
    boilerplate: tuple[Span, ...] = ()  # ascending, disjoint; never part of a passage
    places: tuple[Place, ...] = field(default=(), repr=False)
    code: tuple[Span, ...] = field(default=(), repr=False)  # ascending, disjoint; its lines are what they are
    unread: tuple[str, ...] = ()  # what of the file could not be read, each with what to do
    author: str = ""
    tags: tuple[str, ...] = ()
    copy_of: str = ""  # id of the document that this one is a near-duplicate of
    is_titled: bool = False  # the title is told, and says something: it goes with every passage

    @property
    def source(self) -> str:
        """Return the document that this one counts as when sources are held against each other: its original."""
        return self.copy_of or self.id


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences that is embedded and retrieved; ``document.text[start:end] == text``."""

    document_id: str
    start: int
    end: int
    text: str = field(repr=False)
    language: str
    sentences: tuple[Span, ...] = field(default=(), repr=False)  # in the document's offsets
    context: str = field(default="", repr=False)  # what is said above it and holds for it; stands before it when read

    @property
    def id(self) -> str:
        return f"{self.document_id}#{self.start}-{self.end}"


class SentenceScore(NamedTuple):
    """How well one sentence of a hit answers the question; `score` orders sentences, also across hits."""

    score: float
    cosine: float  # of question and sentence
    overlap: float  # share of the question's terms (by rarity) that the sentence has


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage. `score` orders hits; the other two say where it comes from."""

    passage: Passage
    score: float
    dense_score: float  # cosine of question and passage
    lexical_score: float  # BM25, 0 when no term matches
    sentence_scores: tuple[SentenceScore, ...] = field(default=(), repr=False)  # one for each of passage.sentences


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim span of a document, with the hash of the file it was taken from."""

    document_id: str
    start: int
    end: int
    quote: str
    sha256: str
    verified: bool = False  # set by `citations.verify`: the span stands in the file as it is now
    places: tuple[Place, ...] = ()  # around its beginning, outermost first

    @property
    def id(self) -> str:
        """Return ``document#start-end~hash``, which together with the document decides what holds.

        >>> Citation("a#b.txt", 0, 2, "Hi", "").id
        'a%23b.txt#0-2~3639efcd08'
        """
        name = self.document_id.translate(_ENCODED)
        return f"{name}#{self.start}-{self.end}~{quote_hash(self.quote)}"


def quote_hash(quote: str) -> str:
    """Return the first ten hex digits of the SHA-256 of `quote` in UTF-8."""
    return hashlib.sha256(quote.encode(errors="surrogatepass")).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best short answer found, whether or not it was good enough to be given."""

    short: str
    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A piece of the reply and the numbers (from 1) of the citations that support it."""

    text: str
    citations: tuple[int, ...] = ()
    marked: Span | None = None  # the short answer in `text`
    is_struck: bool = False  # a language model wrote it, and the documents do not say so: no part of the reply

    def __str__(self) -> str:
        return " ".join([self.text, "".join(f"[{number}]" for number in self.citations)]).rstrip()


@dataclass(frozen=True, slots=True)
class Rendering:
    """A figure or a date of the answer in the language of the question: our words beside those of the document."""

    citation: int  # its number, from 1
    start: int
    end: int
    quote: str
    text: str


@dataclass(frozen=True, slots=True)
class ConflictValue:
    """One of several values that the documents give for the same fact."""

    text: str
    value: float
    unit: str
    date: dt.date | None  # of the newest of its sources
    citations: tuple[str, ...]  # newest first, undated last
    dates: tuple[dt.date | None, ...] = ()  # of their documents
    off_by: int | None = None  # the power of a thousand by which it is off, where that is probably a slip
    rendering: str | None = None  # in the language of the question, where that is another one


@dataclass(frozen=True, slots=True)
class Conflict:
    """A fact on which documents differ; values newest first, undated last."""

    note: str
    values: tuple[ConflictValue, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The reply to one question. Unanswered means: no citation, `short` is None, the candidate is kept."""

    question: str
    language: str
    statements: tuple[Statement, ...]
    short: str | None
    citations: tuple[Citation, ...]
    candidate: Candidate | None
    confidence: float  # probability that the candidate is right
    hits: tuple[Hit, ...]
    conflicts: tuple[Conflict, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    completed: str | None = None  # the question with the earlier ones that it leans on, if it does
    renderings: tuple[Rendering, ...] = ()
    answerer: str = ""  # its name, as in the settings; answers of before it was kept have none

    @property
    def answered(self) -> bool:
        return bool(self.citations)

    @property
    def turn(self) -> Turn:
        """Return what a later question may lean on; what was not found tells nothing of where to look next."""
        return Turn(self.question, self.text if self.answered else "")

    @property
    def text(self) -> str:
        """Return the reply with ``[n]`` behind each statement.

        Whoever renders it reads `statements` instead: a document may hold ``[1]`` itself.
        """
        return " ".join(str(statement) for statement in self.statements if not statement.is_struck)
