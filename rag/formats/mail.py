"""Mail: messages with their heads, text and attachments; in a mailbox, a message is a place."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import Any, TypeAlias

from rag.decoding import decode_named
from rag.formats import reading
from rag.formats.draft import Draft, Unreadable, keywords

Part: TypeAlias = "MIMEPart[Any, Any]"

_HEADS = ("From", "To", "Cc", "Date")
_MESSAGE_TYPE = "message/rfc822"
_MAILBOX = b"From "
_MESSAGE = re.compile(rb"^From [^\n]*\d{4}[^\n]*\n", re.MULTILINE)  # the line that parts messages ends in a date
_QUOTED = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_WRAPPED = 50  # characters from which on a line ends because it was full
_ITEM = re.compile(r"\s*(?:[-–—•*>|]|\(?\w{1,3}[.)]\s|\s{2})")
# What the library raises on heads and bodies that are not what they say.
_MALFORMED = (ValueError, LookupError, AttributeError, TypeError)


def read(data: bytes, draft: Draft) -> None:
    """Read one message, or the messages of a mailbox."""
    if not data.startswith(_MAILBOX):
        _message(data, draft, alone=True)
        return
    messages = list(_parted(data))
    if not messages:
        raise Unreadable(
            "the mailbox has no message: none begins with a line «From …» that ends in a date; export it anew"
        )
    for number, message in enumerate(messages, 1):
        with draft.place("message", number, _subject(_parsed(message))):
            _message(message, draft, alone=False)


def _parted(mailbox: bytes) -> Iterator[bytes]:
    """Cut a mailbox at the lines that begin messages, which in a message's own text are quoted."""
    starts = [match for match in _MESSAGE.finditer(mailbox) if match.start() == 0 or _after_blank(mailbox, match)]
    ends = [*(each.start() for each in starts), len(mailbox)][1:]
    for match, end in zip(starts, ends, strict=True):
        yield _QUOTED.sub(b"", mailbox[match.end() : end])


def _after_blank(mailbox: bytes, match: re.Match[bytes]) -> bool:
    return mailbox[max(0, match.start() - 3) : match.start()].endswith((b"\n\n", b"\n\r\n"))


def _parsed(data: bytes) -> EmailMessage:
    return message_from_bytes(data, policy=policy.default)


def _message(data: bytes, draft: Draft, *, alone: bool) -> None:
    message = _parsed(data)
    if alone and not message.keys():
        raise Unreadable("it is no message: it has no head; save it anew as .eml")
    if alone:
        draft.describe(_subject(message), _date(message), _head(message, "From"), keywords(_head(message, "Keywords")))
    draft.add(_subject(message), apart=True)
    for name in _HEADS:
        if value := _head(message, name):
            draft.add(f"{name}: {value}")
    files = 0
    for part in _parts(message):
        if _is_text(part):
            _write_text(part, draft)
        elif _is_file(part):
            files += 1
            _write_file(part, files, draft)


def _parts(part: Part) -> Iterator[Part]:
    """Yield what a message is made of, in its order: its text, which may go on behind an attachment, and attachments.

    Of several forms of the same text one is enough, the plain one unless it is blank; attachments may lie within each.
    """
    if part.get_content_maintype() != "multipart":
        yield part
        return
    inner = [each for child in part.iter_parts() for each in _parts(child)]
    if part.get_content_subtype() != "alternative":
        yield from inner
        return
    plain = [each for each in inner if _is_text(each) and each.get_content_subtype() == "plain"]
    chosen = "plain" if any(_text(each).strip() for each in plain) else "html"
    yield from (each for each in inner if not _is_text(each) or each.get_content_subtype() == chosen)


def _is_text(part: Part) -> bool:
    """Tell whether a part is of the message's own text."""
    is_shown = part.get_content_type() in ("text/plain", "text/html") and not part.is_attachment()
    return is_shown and not reading.is_known(_file_name(part))


def _is_file(part: Part) -> bool:
    """Tell whether a part counts as an attachment; the pictures of a page do not."""
    is_known = reading.is_known(_file_name(part)) or part.get_content_type() == _MESSAGE_TYPE
    return is_known or part.is_attachment()


def _head(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except _MALFORMED:
        return ""


def _subject(message: EmailMessage) -> str:
    return _head(message, "Subject")


def _date(message: EmailMessage) -> dt.date | None:
    try:
        return message["Date"].datetime.date() if message["Date"] else None
    except _MALFORMED:
        return None


def _write_text(part: Part, draft: Draft) -> None:
    if part.get_content_subtype() == "html":
        reading.nested(draft, _text(part).encode("utf-8", "replace"), "body.html")
        return
    for paragraph in re.split(r"\n[^\S\n]*\n", _text(part)):
        draft.add(_reflowed(paragraph), apart=True)


def _text(part: Part) -> str:
    """Return the text of a part in the encoding that its head names, or in which it is."""
    data = _payload(part)
    try:
        return decode_named(data, part.get_content_charset() or "utf-8")
    except _MALFORMED:  # it is no text in any encoding
        return data.decode("utf-8", "replace")


def _payload(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _reflowed(paragraph: str) -> str:
    """Join the lines of a paragraph that were wrapped, so that sentences stay whole; lists stay as they are."""
    lines = paragraph.strip("\n").split("\n")
    is_prose = all(len(line) >= _WRAPPED for line in lines[:-1]) and not any(map(_ITEM.match, lines))
    return " ".join(line.strip() for line in lines) if is_prose else paragraph


def _file_name(part: Part) -> str:
    try:
        return part.get_filename() or ""
    except _MALFORMED:
        return ""


def _write_file(part: Part, number: int, draft: Draft) -> None:
    name = _file_name(part)
    if part.get_content_type() == _MESSAGE_TYPE:
        inner = part.get_content()
        data, name = inner.as_bytes() if isinstance(inner, EmailMessage) else b"", name or "message.eml"
    else:
        data = _payload(part)
    if reading.is_known(name):
        with draft.place("attachment", number, name):
            reading.nested(draft, data, name)
