"""A folder of text files as documents: found, decoded, dated, titled.

The text of a document is normalised once, here, before any offset exists: line ends become ``\\n``, the characters NFC,
a byte order mark goes; nothing is stripped. What cannot be read is told file by file and stops nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rag import dates
from rag.boilerplate import boilerplate, front_matter, metadata_date_at
from rag.errors import DocumentsError, UnreadableDocument
from rag.languages import detect
from rag.sentences import split
from rag.types import Document, Span

SUFFIXES = frozenset({".md", ".txt"})
ONLY_BOILERPLATE = "holds nothing but boilerplate"

_DATE_LINES = 10  # a line that is only a date is the date of publication when it is among the first so many
_TITLE_LENGTH = 90
_HEAD = 2000  # characters in which a title is looked for


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder that are to be read, in order, and those that cannot be."""

    files: tuple[Path, ...]
    problems: tuple[UnreadableDocument, ...]


@dataclass(frozen=True, slots=True)
class FolderReading:
    """The documents of a folder in the order of their ids, and the files that cannot be read."""

    documents: tuple[Document, ...]
    problems: tuple[UnreadableDocument, ...]


def read_folder(folder: Path, *, max_bytes: int) -> FolderReading:
    """Read every text file below `folder`.

    Raises DocumentsError when the folder itself cannot be used; a file that cannot be read is one of the `problems`.
    """
    listing = list_folder(folder)
    documents, problems = [], list(listing.problems)
    for path in listing.files:
        try:
            documents.append(read_document(folder, path, max_bytes=max_bytes))
        except UnreadableDocument as problem:
            problems.append(problem)
    return FolderReading(tuple(documents), tuple(problems))


# --- finding ----------------------------------------------------------------------------------------------------------


def list_files(folder: Path) -> list[Path]:
    """Return the text files below `folder`, sorted by id. Raises DocumentsError when there is none to read."""
    return list(list_folder(folder).files)


def list_folder(folder: Path) -> Listing:
    """Find the ``.txt`` and ``.md`` files below `folder`, sorted by id.

    Hidden files and folders are passed over, linked folders are not entered, and a link to a file outside is a problem.
    Raises DocumentsError when `folder` is missing, is no folder, cannot be listed or holds no such file.
    """
    _check_folder(folder)
    problems: list[UnreadableDocument] = []
    files: dict[str, Path] = {}
    for path in _walk(folder, problems):
        name = document_id(folder, path)
        problem = _refusal(folder, path) or (
            "another file has the same name in another spelling" if name in files else None
        )
        if problem:
            problems.append(UnreadableDocument(name, problem))
        else:
            files[name] = path
    if not files and not problems:
        raise DocumentsError(f"{folder} holds no .txt or .md file; put documents there or name another folder")
    return Listing(tuple(files[name] for name in sorted(files)), tuple(problems))


def document_id(folder: Path, path: Path) -> str:
    """Return the POSIX path of `path` below `folder` in NFC, with bytes that are not UTF-8 replaced."""
    name = path.relative_to(folder).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", name)


def _check_folder(folder: Path) -> None:
    try:
        mode = folder.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(folder).close()
    except FileNotFoundError:
        raise DocumentsError(f"there is no folder {folder}; make it and put .txt or .md files there") from None
    except OSError as error:
        raise DocumentsError(f"cannot read the folder {folder}: {_reason(error)}; check its permissions") from None
    if not stat.S_ISDIR(mode):
        raise DocumentsError(f"{folder} is not a folder; name the folder that holds the documents")


def _walk(folder: Path, problems: list[UnreadableDocument]) -> Iterator[Path]:
    def report(error: OSError) -> None:
        problems.append(
            UnreadableDocument(document_id(folder, Path(error.filename)), f"{_reason(error)}; nothing in it is read")
        )

    for root, names, files in os.walk(folder, onerror=report):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES:
                yield Path(root, name)


def _refusal(folder: Path, path: Path) -> str | None:
    """Return why a file is not even opened, None when it may be."""
    try:
        if path.is_symlink() and not path.resolve(strict=True).is_relative_to(folder.resolve()):
            return "a link that leads out of the documents folder is not followed"
        mode = path.stat().st_mode
    except FileNotFoundError:
        return "a link that leads nowhere" if path.is_symlink() else "the file vanished while it was read"
    except OSError as error:
        return _reason(error)
    return None if stat.S_ISREG(mode) else "not a regular file"


# --- reading ----------------------------------------------------------------------------------------------------------


def read_document(folder: Path, path: Path, *, max_bytes: int) -> Document:
    """Read one file below `folder`. Raises UnreadableDocument when it cannot be read as text."""
    name = document_id(folder, path)
    try:
        data = _read(path, max_bytes)
        text = decode(data)
    except (OSError, ValueError) as error:
        reason = _reason(error) if isinstance(error, OSError) else str(error)
        raise UnreadableDocument(name, reason) from None
    if not text.strip():
        raise UnreadableDocument(name, "the file holds no text")
    spans = boilerplate(text)
    content = _blank(text, spans)
    language = detect(content)
    return Document(
        id=name,
        title=_title(text, content, language) or Path(name).stem,
        date=_date(text, name),
        language=language,
        text=text,
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        boilerplate=spans,
    )


def _read(path: Path, max_bytes: int) -> bytes:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(max_bytes + 1) if size <= max_bytes else b""
    if max(size, len(data)) > max_bytes:
        limit = f"{max(size, len(data)) / 1e6:.3g} MB is over the limit of {max_bytes / 1e6:.3g} MB"
        raise ValueError(f"{limit}; split the file or raise the setting max_file_megabytes")
    if not data:
        raise ValueError("the file is empty")
    return data


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the file vanished while it was read"
    return (error.strerror or type(error).__name__).lower()


def _blank(text: str, spans: tuple[Span, ...]) -> str:
    """Return `text` with boilerplate as spaces, so that offsets stay."""
    parts, end = [], 0
    for span in spans:
        parts += [text[end : span.start], " " * (span.end - span.start)]
        end = span.end
    return "".join([*parts, text[end:]])


# --- decoding ---------------------------------------------------------------------------------------------------------

_MARKS = {  # longest first: the mark of UTF-32 begins with that of UTF-16
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_CYRILLIC = ["cp1251", "koi8_r", "cp866", "iso8859_5"]
_OTHER_LEGACY = ["gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp850"]
_OTHER_LEGACY += ["cp1250", "cp1253", "cp1254", "cp1255", "cp1256"]
_COMMON_LETTERS = "оеаинтср"  # more than half of the letters of Russian, Ukrainian, Bulgarian and Serbian
_LEAST_COMMON = 0.3
_SAMPLE = 50_000  # bytes by which an encoding is recognised
_BLANK = re.compile(rb"[\n ]")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROL = 0.01  # a larger share of control characters is no text
_BROKEN_WORD = re.compile("[A-Za-zÀ-ɏ][Ѐ-ӿ]|[Ѐ-ӿ][A-Za-zÀ-ɏ]|[а-яё][А-ЯЁ]")


def decode(data: bytes) -> str:
    """Return the text of `data`, normalised: line ends as ``\\n``, NFC, no byte order mark.

    UTF-8, UTF-16 and UTF-32 with a mark, UTF-8 and UTF-16 without one, then legacy encodings as they are recognised.
    Raises ValueError with the reason when the bytes are no text.

    >>> decode("Цена\\r\\n5 €".encode("cp1251"))
    'Цена\\n5 €'
    """
    return normalised(_decode(data).removeprefix("\ufeff"))


def normalised(text: str) -> str:
    """Return text as offsets count it: line ends as ``\\n``, the characters in NFC."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decode(data: bytes) -> str:
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    if marked:
        return _strictly(data, marked)
    if b"\0" in data:
        return _utf16(data)
    if len(_CONTROL.findall(data)) > _MOST_CONTROL * len(data):
        raise ValueError("the file is binary, not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_mostly_utf8(data):
            raise ValueError(f"the bytes are not valid UTF-8 from byte {error.start} on; save it as UTF-8") from None
    return _legacy(data)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise ValueError(f"the bytes are not valid {name} from byte {error.start} on; save it as UTF-8") from None


def _utf16(data: bytes) -> str:
    """Decode UTF-16 without a mark: in the right byte order it has more spaces and line ends and nothing unassigned."""
    texts = []
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            texts.append(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    texts = [text for text in texts if _is_text(text)]
    if not texts:
        raise ValueError("the file is binary, not text")
    return max(texts, key=lambda text: sum(text.count(mark) for mark in " \n,.eаo"))


def _is_text(text: str) -> bool:
    """Tell whether `text` has letters and next to no control, private or unassigned characters."""
    sample = text[:_SAMPLE]
    strange = sum(unicodedata.category(character) in {"Cc", "Cn", "Co", "Cs"} for character in sample)
    strange -= sum(sample.count(space) for space in "\t\n\r\f\v")
    return strange <= _MOST_CONTROL * len(sample) and any(character.isalnum() for character in sample)


def _is_mostly_utf8(data: bytes) -> bool:
    """Tell damaged UTF-8 from a legacy encoding, in whose text a valid sequence of bytes is an accident."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    return sum(character > "\x7f" for character in text) - broken > broken


def _legacy(data: bytes) -> str:
    from charset_normalizer import from_bytes

    blank = _BLANK.search(data, _SAMPLE)
    sample = data[: blank.end() if blank else _SAMPLE] if len(data) > _SAMPLE else data
    for encodings in ([*_CYRILLIC, "cp1252"], _OTHER_LEGACY):
        for match in from_bytes(sample, cp_isolation=encodings):
            encoding = _best_cyrillic(sample) if match.encoding in _CYRILLIC else match.encoding
            if encoding and _is_text(text := sample.decode(encoding, "replace")) and not _is_garbled(text):
                return _strictly(data, encoding)
    raise ValueError("the encoding of the file is not recognised; save it as UTF-8")


def _best_cyrillic(sample: bytes) -> str | None:
    """Return the Cyrillic encoding that gives most of the commonest letters, None if none gives many."""
    scores = {encoding: _commonness(sample.decode(encoding, "replace")) for encoding in _CYRILLIC}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] >= _LEAST_COMMON else None


def _commonness(text: str) -> float:
    """Return the share of the commonest Cyrillic letters among what is not ASCII; capitals count a little less."""
    foreign = [character for character in text if character > "\x7f"]
    lower = sum(character in _COMMON_LETTERS for character in foreign)
    upper = sum(character in _COMMON_LETTERS.upper() for character in foreign)
    return (lower + 0.9 * upper) / max(len(foreign), 1)


def _is_garbled(text: str) -> bool:
    """Tell whether words mix Latin and Cyrillic letters or turn to capitals, which shows a wrong encoding."""
    return len(_BROKEN_WORD.findall(text)) > _MOST_CONTROL * len(text)


# --- date and title ---------------------------------------------------------------------------------------------------

_DATE_KEYS = frozenset(
    [
        *["date", "published", "publish_date", "publishdate", "pubdate", "created"],
        *["dato", "publisert", "datum", "veröffentlicht", "fecha", "data"],
        *["дата", "опубликовано", "опубліковано", "日期"],
    ]
)
_KEY = re.compile(r"^[ \t]*([\w-]+)[ \t]*[:=][ \t]*(.+?)[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.MULTILINE | re.DOTALL)
_MARKUP = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)|(\*\*|__|`)(?=\S)")


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


def _title(text: str, content: str, language: str) -> str:
    """Return the title: of the front matter, a heading, or the first sentence, which a title line is too."""
    block = front_matter(text)
    for key, value in _KEY.findall(text[block.start : block.end] if block else ""):
        if key.lower() == "title" and (title := _plain(value.strip("\"'"))):
            return _shorten(title)
    head = content[:_HEAD]
    heading = _HEADING.search(_FENCE.sub("", head))
    if heading and (title := _plain(heading[1])):
        return _shorten(title)
    undated = "\n".join(line for line in head.split("\n") if not dates.parse(line))
    return next((_shorten(_plain(undated[start:end])) for start, end in split(undated, language)), "")


def _plain(markdown: str) -> str:
    """Return one line of Markdown without links, emphasis, markers of lists and repeated spaces."""
    text = _MARKUP.sub(r"\1", markdown).replace("**", "").replace("__", "").replace("`", "")
    return " ".join(text.strip("|#>*+ \t").split())


def _shorten(title: str) -> str:
    if len(title) <= _TITLE_LENGTH:
        return title
    cut = title.rfind(" ", _TITLE_LENGTH // 2, _TITLE_LENGTH)
    return title[: cut if cut > 0 else _TITLE_LENGTH - 1].rstrip(" ,;:–—-") + "…"
