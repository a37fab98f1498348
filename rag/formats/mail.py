"""Mail: messages with their heads, text and attachments; in a mailbox, a message is a place."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from typing import Any, TypeAlias

from rag.formats import reading
from rag.formats.draft import Draft, Unreadable, keywords

Part: TypeAlias = "MIMEPart[Any, Any]"

_HEADS = ("From", "To", "Cc", "Date")
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
    _body(message, draft)
    for number, part in enumerate(message.iter_attachments(), 1):
        _attachment(part, number, draft)


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


def _body(message: EmailMessage, draft: Draft) -> None:
    """Write the text of a message, its HTML only where there is no other."""
    body = message.get_body(("plain", "html"))
    if body is None:
        return
    if body.get_content_subtype() == "html":
        reading.nested(draft, _payload(body), "body.html")
        return
    for paragraph in re.split(r"\n[^\S\n]*\n", _text(body)):
        draft.add(_reflowed(paragraph), apart=True)


def _text(part: Part) -> str:
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except _MALFORMED:  # an unknown or a wrong encoding
        return _payload(part).decode("utf-8", "replace")


def _payload(part: Part) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _reflowed(paragraph: str) -> str:
    """Join the lines of a paragraph that were wrapped, so that sentences stay whole; lists stay as they are."""
    lines = paragraph.strip("\n").split("\n")
    is_prose = all(len(line) >= _WRAPPED for line in lines[:-1]) and not any(map(_ITEM.match, lines))
    return " ".join(line.strip() for line in lines) if is_prose else paragraph


def _attachment(part: Part, number: int, draft: Draft) -> None:
    try:
        name = part.get_filename() or ""
    except _MALFORMED:
        name = ""
    if part.get_content_type() == "message/rfc822":
        inner = part.get_content()
        data, name = inner.as_bytes() if isinstance(inner, EmailMessage) else b"", name or "message.eml"
    else:
        data = _payload(part)
    if reading.is_known(name):
        with draft.place("attachment", number, name):
            reading.nested(draft, data, name)
