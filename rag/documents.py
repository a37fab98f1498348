"""A folder of files as documents: found, read, dated, titled.

The text of a document is normalised once, on reading, before any offset exists: line ends become ``\\n``, the
characters NFC. Of a text file nothing is stripped; the text of any other is what its format extracts, with the places
in it. What cannot be read is told file by file and stops nothing.
"""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import os
import re
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from rag import dates, formats, markdown, metadata
from rag.boilerplate import boilerplate, front_matter, metadata_date_at
from rag.config import Settings
from rag.decoding import decode
from rag.errors import DocumentsError, UnreadableDocument
from rag.formats import LISTED, Extract, Limits
from rag.languages import detect
from rag.metadata import Metadata
from rag.sentences import split
from rag.types import Document, Span

Extractor = Callable[[bytes, str], Extract]  # the bytes of a file and its name -> its text; raises Unreadable

KINDS = ".txt, .md, .html, .pdf, .docx or other document"  # some of the suffixes, for messages
ONLY_BOILERPLATE = "holds nothing but boilerplate"

SETTLED = 2_000_000_000  # nanoseconds: the coarsest clock of a file system that is in use

_DATE_LINES = 10  # a line that is only a date is the date of publication when it is among the first so many
_TITLE_LENGTH = 90
_LARGEST_SIDECAR = 100_000  # bytes
_HEAD = 2000  # characters in which a title is looked for


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder that are to be read, in order, and those that cannot be."""

    files: tuple[Path, ...]
    problems: tuple[UnreadableDocument, ...]
    signatures: tuple[Signature, ...] = ()  # of the files, as they were found


@dataclass(frozen=True, slots=True)
class FolderReading:
    """The documents of a folder in the order of their ids, and the files that cannot be read."""

    documents: tuple[Document, ...]
    problems: tuple[UnreadableDocument, ...]


def limits(settings: Settings) -> Limits:
    """Return what reading one file may take."""
    return Limits(settings.max_read_seconds, settings.max_read_megabytes, settings.max_unpacked_megabytes)


def read_folder(folder: Path, *, max_bytes: int, within: Limits | None = None) -> FolderReading:
    """Read every document below `folder`.

    Raises DocumentsError when the folder itself cannot be used; a file that cannot be read is one of the `problems`.
    """
    listing = list_folder(folder)
    documents, problems = [], list(listing.problems)
    with formats.Processes(within) as processes:
        for path in listing.files:
            try:
                documents.append(read_document(folder, path, max_bytes=max_bytes, extract=processes.extract))
            except UnreadableDocument as problem:
                problems.append(problem)
    return FolderReading(tuple(documents), tuple(problems))


# --- finding ----------------------------------------------------------------------------------------------------------


def list_files(folder: Path) -> list[Path]:
    """Return the documents' files below `folder`, sorted by id. Raises DocumentsError when there is none to read."""
    return list(list_folder(folder).files)


def list_folder(folder: Path) -> Listing:
    """Find the files below `folder` whose names are those of documents, sorted by id.

    Hidden files and folders are passed over, linked folders are not entered, and a link to a file outside is a problem.
    Raises DocumentsError when `folder` is missing, is no folder, cannot be listed or holds no such file.
    """
    check_folder(folder)
    problems: list[UnreadableDocument] = []
    files: dict[str, tuple[Path, Signature]] = {}
    for path in _walk(folder, problems):
        name = document_id(folder, path)
        found = _examined(folder, path)
        if name in files and isinstance(found, Signature):
            found = "another file has the same name in another spelling"
        if isinstance(found, Signature):
            files[name] = path, found
        else:
            problems.append(UnreadableDocument(name, found))
    if not files and not problems:
        raise DocumentsError(f"{folder} holds no document; put {KINDS} files there or name another folder")
    in_order = [files[name] for name in sorted(files)]
    return Listing(tuple(path for path, _ in in_order), tuple(problems), tuple(found for _, found in in_order))


def document_id(folder: Path, path: Path) -> str:
    """Return the POSIX path of `path` below `folder` in NFC, with bytes that are not UTF-8 replaced."""
    name = "/".join(path.parts[len(folder.parts) :])  # which takes a fifth of the time of `relative_to`
    if name.isascii():
        return name
    return unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def check_folder(folder: Path) -> None:
    """Raise DocumentsError where there is no folder that can be listed."""
    try:
        mode = folder.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(folder).close()
    except FileNotFoundError:
        raise DocumentsError(f"there is no folder {folder}; make it and put documents there") from None
    except OSError as error:
        raise DocumentsError(f"cannot read the folder {folder}: {_reason(error)}; check its permissions") from None
    if not stat.S_ISDIR(mode):
        raise DocumentsError(f"{folder} is not a folder; name the folder that holds the documents")


def _walk(folder: Path, problems: list[UnreadableDocument]) -> Iterator[Path]:
    def report(error: OSError) -> None:
        problems.append(
            UnreadableDocument(document_id(folder, Path(error.filename)), f"{_reason(error)}; nothing in it is read")
        )

    suffixes = tuple(LISTED)
    for root, names, files in os.walk(folder, onerror=report):
        names[:] = sorted(name for name in names if not name.startswith("."))
        within = Path(root)
        for name in sorted(files):
            if not name.startswith(".") and name.lower().endswith(suffixes):
                yield within / name


def _examined(folder: Path, path: Path) -> Signature | str:
    """Return the signature of a file that may be opened, or why it is not."""
    try:
        state = path.lstat()
        if stat.S_ISLNK(state.st_mode):
            if not path.resolve(strict=True).is_relative_to(folder.resolve()):
                return "a link that leads out of the documents folder is not followed"
            state = path.stat()
    except FileNotFoundError:
        return "a link that leads nowhere" if path.is_symlink() else "the file vanished while it was read"
    except RuntimeError:  # pathlib's word for it until Python 3.13
        return "a link that leads to itself"
    except OSError as error:
        return "a link that leads to itself" if error.errno == errno.ELOOP else _reason(error)
    return Signature.of(state) if stat.S_ISREG(state.st_mode) else "not a regular file"


# --- knowing again ----------------------------------------------------------------------------------------------------


class Signature(NamedTuple):
    """By this a file is known not to have been written since."""

    size: int
    modified: int
    changed: int  # also by what lets it be read or not
    inode: int

    @classmethod
    def of(cls, state: os.stat_result) -> Signature:
        return cls(state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino & (2**63 - 1))

    @property
    def settled(self) -> bool:
        """Tell whether a change from now on shows: one within the same tick of the file system's clock would not."""
        return max(self.modified, self.changed) + SETTLED < time.time_ns()


def signature(path: Path) -> Signature:
    """Return what tells a file from what it is when it has been written. Raises OSError."""
    return Signature.of(path.stat())


def relocated(document: Document, folder: Path, path: Path) -> Document | None:
    """Return a document as it is at another place, None where its name may have told something that is not so there."""
    name = document_id(folder, path)
    same_name = Path(name).name == Path(document.id).name
    if not same_name or dates.in_name(name) != dates.in_name(document.id):
        return None
    return replace(document, id=name, path=path)


# --- reading ----------------------------------------------------------------------------------------------------------


def read_document(
    folder: Path, path: Path, *, max_bytes: int, extract: Extractor = formats.extract, called: str | None = None
) -> Document:
    """Read one file below `folder`; `extract` reads all but text. Raises UnreadableDocument when it cannot be read.

    `called` is the name by which its format is told where that is not its own.
    """
    name = document_id(folder, path)
    try:
        data = _read(path, max_bytes)
        found = extracted(data, called or name, extract)
        if not found.text.strip():
            raise ValueError("the file holds no text")
        beside, problem = _beside(path)
    except (OSError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        raise UnreadableDocument(name, reason) from None
    document = _described(found, name, path, hashlib.sha256(data).hexdigest(), beside)
    return replace(document, unread=(*document.unread, problem)) if problem else document


def sidecar(path: Path) -> bytes | None:
    """Return what stands beside a file about it, None where nothing does. Raises OSError."""
    try:
        with open(f"{path}{metadata.SIDECAR}", "rb") as file:  # noqa: PTH123 -- asked of every file, and twice as fast
            return file.read(_LARGEST_SIDECAR)
    except FileNotFoundError:
        return None


def _beside(path: Path) -> tuple[Metadata, str]:
    """Return what stands beside a file, and what is wrong with it."""
    try:
        data = sidecar(path)
        return (metadata.of_sidecar(data), "") if data is not None else (Metadata(), "")
    except (OSError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        return Metadata(), f"{path.name}{metadata.SIDECAR} cannot be read: {reason}"


def read_text(path: Path, *, extract: Extractor = formats.extract) -> str:
    """Return the text of a file as a document has it. Raises OSError and ValueError."""
    return extracted(path.read_bytes(), path.name, extract).text


def extracted(data: bytes, name: str, extract: Extractor = formats.extract) -> Extract:
    """Return what a file says; text is read here and now, everything else by a parser at arm's length."""
    return Extract(decode(data)) if formats.is_plain_text(data, name) else extract(data, name)


def _described(found: Extract, name: str, path: Path, sha256: str, beside: Metadata) -> Document:
    """Return a document with its date, title and language, as what stands `beside` it, it or its text tells."""
    text = found.text
    spans = boilerplate(text) if found.boilerplate is None else found.boilerplate
    content = _without(text, spans)
    language = detect(content)
    block = front_matter(text) if found.boilerplate is None else None
    inside = metadata.of_front_matter(text[slice(*block)]) if block else Metadata()
    is_markdown = found.boilerplate is None and name.lower().endswith(markdown.SUFFIXES)
    marked = markdown.structure(text, block.end if block else 0) if is_markdown else None
    told = beside.title or found.title or _told_title(text, content)
    return Document(
        id=name,
        title=_shorten(told or _title(content, language)) or Path(name).stem,
        date=beside.date or found.date or _date(text, name),
        language=language,
        text=text,
        path=path,
        sha256=sha256,
        boilerplate=spans,
        places=marked.places if marked else found.places,
        code=marked.code if marked else found.code,
        unread=found.unread,
        author=beside.author or found.author or inside.author,
        tags=beside.tags or found.tags or inside.tags,
        is_titled=metadata.says_something(told, Path(name).name),
    )


def _read(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        before = os.fstat(file.fileno())
        data = file.read(max_bytes + 1) if before.st_size <= max_bytes else b""
        after = os.fstat(file.fileno())
    size = max(after.st_size, len(data))
    if size > max_bytes:
        limit = f"{size / 1e6:.3g} MB is over the limit of {max_bytes / 1e6:.3g} MB"
        raise ValueError(f"{limit}; split the file or raise the setting max_file_megabytes")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns) or len(data) != after.st_size:
        raise ValueError("the file changed while it was read; index again when it is complete")
    if not data:
        raise ValueError("the file is empty")
    return data


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file vanished while it was read"
    return (error.strerror or type(error).__name__).lower()


def content(document: Document) -> str:
    """Return the text of a document with boilerplate as spaces, so that offsets stay."""
    return _without(document.text, document.boilerplate)


def _without(text: str, spans: tuple[Span, ...]) -> str:
    """Return `text` with spaces in place of spans."""
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], " " * (span.end - span.start)]
        end = span.end
    return "".join([*parts, text[end:]])


# --- date and title ---------------------------------------------------------------------------------------------------

_DATE_KEYS = frozenset(
    [
        *["date", "published", "publish_date", "publishdate", "pubdate", "created"],
        *["dato", "publisert", "datum", "veröffentlicht", "fecha", "data"],
        *["дата", "опубликовано", "опубліковано", "日期"],
    ]
)
_KEY = re.compile(r"^[ \t]*([\w-]+)[ \t]*[:=][ \t]*(\S.*)$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(\S.*)$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)


def _date(text: str, name: str) -> dt.date | None:
    """Return the date of publication: of the front matter, a key, a line of its own, the file name, or None."""
    block = front_matter(text)
    if block:
        for key, value in _KEY.findall(text[block.start : block.end]):
            if key.lower() in _DATE_KEYS and (date := dates.parse(value)):
                return date
    for line in text[block.end if block else 0 :][:_HEAD].strip().split("\n")[:_DATE_LINES]:
        metadata = metadata_date_at(line, 0)
        date = dates.parse(metadata[1] if metadata else line)
        if date:
            return date
    return dates.in_name(name)


def _told_title(text: str, content: str) -> str:
    """Return the title that a text tells of itself: in the front matter, or by the heading that it begins with."""
    block = front_matter(text)
    for key, value in _KEY.findall(text[block.start : block.end] if block else ""):
        if key.lower() == "title" and (title := markdown.plain(value.strip().strip("\"'"))):
            return title
    heading = _HEADING.match(content[:_HEAD].lstrip())
    return markdown.plain(heading[1]) if heading else ""


def _title(content: str, language: str) -> str:
    """Return what stands for a title: a heading further down, or the first sentence, which a title line is too."""
    head = content[:_HEAD]
    heading = _HEADING.search(_FENCE.sub("", head))
    if heading and (title := markdown.plain(heading[1])):
        return title
    undated = "\n".join(line for line in head.split("\n") if not dates.parse(line))
    return next((markdown.plain(undated[start:end]) for start, end in split(undated, language)), "")


def _shorten(title: str) -> str:
    if len(title) <= _TITLE_LENGTH:
        return title
    cut = title.rfind(" ", _TITLE_LENGTH // 2, _TITLE_LENGTH)
    return title[: cut if cut > 0 else _TITLE_LENGTH - 1].rstrip(" ,;:–—-") + "…"
