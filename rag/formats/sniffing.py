"""Which format the bytes of a file are in. Content decides; the name does where content cannot."""

from __future__ import annotations

import lzma
import re
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import PurePosixPath

from rag.formats.draft import Unreadable

TEXT = "text"
# The formats by the suffixes of their files' names, each a module of this package.
BY_SUFFIX = {
    **dict.fromkeys([".txt", ".md"], TEXT),
    **dict.fromkeys([".html", ".htm", ".xhtml"], "html"),
    ".pdf": "pdf",
    **dict.fromkeys([".docx", ".docm", ".dotx"], "docx"),
    **dict.fromkeys([".pptx", ".pptm", ".ppsx"], "pptx"),
    **dict.fromkeys([".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"], "sheets"),
    **dict.fromkeys([".csv", ".tsv"], "csv"),
    **dict.fromkeys([".odt", ".odp", ".ott"], "opendocument"),
    ".epub": "epub",
    ".rtf": "rtf",
    **dict.fromkeys([".eml", ".mbox"], "mail"),
    **dict.fromkeys([".json", ".jsonl", ".ndjson"], "json"),
    **dict.fromkeys([".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz"], "archive"),
}
# Files that people take for documents and that are not read: told of, rather than passed over.
UNREAD = {
    ".doc": "the old Word format is not read; save it as .docx",
    ".ppt": "the old PowerPoint format is not read; save it as .pptx",
    ".msg": "Outlook's own format is not read; save the message as .eml",
    ".rar": "a RAR archive is not read; pack the files as .zip",
    ".7z": "a 7-Zip archive is not read; pack the files as .zip",
}
_TEXTUAL = frozenset({TEXT, "html", "csv", "mail", "json"})
_ZIPPED = {  # by a member that such a file must have
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "sheets",
    "xl/workbook.bin": "sheets",
    "META-INF/container.xml": "epub",
}
_MIMETYPES = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.spreadsheet": "sheets",
    b"application/vnd.oasis.opendocument.text": "opendocument",
    b"application/vnd.oasis.opendocument.text-template": "opendocument",
    b"application/vnd.oasis.opendocument.presentation": "opendocument",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_STREAMS = (  # the first that is found says what the file is
    ("EncryptedPackage", None),
    ("WordDocument", ".doc"),
    ("PowerPoint Document", ".ppt"),
    ("__nameid_version1.0", ".msg"),
)
_FOREIGN = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a program"),
    (b"Rar!", "a RAR archive; pack its files as .zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; pack its files as .zip"),
    (b"SQLite format 3\0", "a database"),
)
_COMPRESSED = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0")
_HTML = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_MAIL = re.compile(rb"(?:From [^\n]*\n)?(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\n)*){2,}")
_HEAD = 4096  # bytes in which the content of a file shows


def suffix_of(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def is_plain_text(data: bytes, name: str) -> bool:
    """Tell whether a file is text, to be read as it stands: by its name, and by its first bytes not something else."""
    signatures = (b"PK\x03\x04", b"%PDF-", b"{\\rtf", _OLE, *_COMPRESSED)
    return BY_SUFFIX.get(suffix_of(name)) == TEXT and not data.startswith(signatures) and data[257:262] != b"ustar"


def recognise(data: bytes, name: str) -> str:
    """Return the format of a file. Raises Unreadable when it is none that can be read.

    >>> recognise(b"%PDF-1.7 ...", "notes.txt")
    'pdf'
    """
    if not data:
        raise Unreadable("the file is empty")
    suffix = suffix_of(name)
    by_name = BY_SUFFIX.get(suffix, TEXT)
    found = _by_signature(data, by_name)
    if found:
        return found
    if suffix in UNREAD:
        raise Unreadable(UNREAD[suffix])
    if by_name in _TEXTUAL:
        return by_name
    return _text_by_content(data, suffix)


def _by_signature(data: bytes, by_name: str) -> str | None:
    """Return what the first bytes, or the members of a zip, leave no doubt of."""
    if data.startswith(b"PK\x03\x04") and zipfile.is_zipfile(BytesIO(data)):
        return _zipped(data)
    if data.startswith(_OLE):
        return _ole(data)
    if data.startswith(b"{\\rtf"):
        return "rtf"
    if b"%PDF-" in data[: _HEAD if by_name == "pdf" else 5]:
        return "pdf"
    if data.startswith(_COMPRESSED) or data[257:262] == b"ustar":
        return "archive"
    return None


def _zipped(data: bytes) -> str:
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            names = set(packed.namelist())
            # Its size as declared may be a lie, and it should be the first member and is not always.
            mimetype = packed.open("mimetype").read(100).strip() if "mimetype" in names else b""
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, ValueError, RuntimeError):
        return "archive"  # which tells what is wrong with it
    if mimetype in _MIMETYPES:
        return _MIMETYPES[mimetype]
    return next((kind for member, kind in _ZIPPED.items() if member in names), "archive")


def _ole(data: bytes) -> str:
    """Tell the formats in Microsoft's old container apart by the names of their streams."""
    for stream, suffix in _OLE_STREAMS:
        if stream.encode("utf-16-le") in data:
            raise Unreadable(UNREAD[suffix] if suffix else "it is encrypted; save a copy of it without a password")
    return "sheets"


def _text_by_content(data: bytes, suffix: str) -> str:
    """Return the format of a file whose name promises another than text, and which is none of those."""
    foreign = next((name for start, name in _FOREIGN if data.startswith(start)), None)
    if foreign:
        remedy = "" if ";" in foreign else "; replace it by the document itself"
        raise Unreadable(f"it is no {suffix} file but {foreign}{remedy}")
    if data.startswith(b"PK") or b"\0" in data[:_HEAD] or (suffix in {".zip", ".pdf"} and not _is_plain(data)):
        raise Unreadable(f"it is no {suffix} file, or damaged or cut off; open it, save it anew or fetch it again")
    if _HTML.match(data[:_HEAD]):
        return "html"
    if _MAIL.match(data[:_HEAD]):
        return "mail"
    return TEXT


def _is_plain(data: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in data[:_HEAD])
