"""Bytes -> text: any common encoding, normalised once, before any offset exists.

Line ends become ``\\n``, the characters NFC, a byte order mark goes; nothing is stripped.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress

_MARKS = {  # longest first: the mark of UTF-32 begins with that of UTF-16
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
# What programs mean that name these: Windows' own encodings, which have letters and signs where the others have none.
_MEANT = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
}
_SEVEN_BITS = ("iso2022", "hz", "utf-7")  # whose bytes would pass for UTF-8
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


def decode_named(data: bytes, name: str) -> str:
    """Return the text of `data` that is said to be in an encoding: in UTF-8 if it is, else in that, else as recognised.

    Raises ValueError with the reason when the bytes are no text.

    >>> decode_named("5 € – “nå”".encode("cp1252"), "ISO-8859-1")
    '5 € – “nå”'
    """
    try:
        named = codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError):  # no such encoding, or no name at all
        return decode(data)
    meant = _MEANT.get(named, named)
    is_told_apart = not named.startswith(_SEVEN_BITS) and b"\0" not in data
    for encoding in ["utf-8", meant] if is_told_apart else [meant]:
        with suppress(LookupError, UnicodeError):  # it is no encoding of text, or another
            return normalised(data.decode(encoding).removeprefix("\ufeff"))
    return decode(data)


def normalised(text: str) -> str:
    """Return text as offsets count it: line ends as ``\\n``, the characters in NFC."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _decode(data: bytes) -> str:
    marked = next((encoding for mark, encoding in _MARKS.items() if data.startswith(mark)), None)
    if marked:
        return _strictly(data, marked)
    is_binary = len(_CONTROL.findall(data)) > _MOST_CONTROL * len(data)
    if not is_binary:
        with suppress(UnicodeDecodeError):
            return data.decode("utf-8")  # though it holds a stray zero byte, as a log does that was cut off
    if b"\0" in data:
        return _utf16(data)
    if is_binary:
        raise ValueError("the file is binary, not text")
    if _is_mostly_utf8(data):
        return _strictly(data, "utf-8")
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
