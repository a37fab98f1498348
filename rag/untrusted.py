"""Text from documents, questions and file names, made safe to show on any surface."""

from __future__ import annotations

import json
import re

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_DIRECTION_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")


def disarm(text: str) -> str:
    """Show control characters as U+FFFD and drop what reorders the characters around it.

    >>> disarm("\\x1b[31mred \\u202etxt.exe")
    '\ufffd[31mred txt.exe'
    """
    return _DIRECTION_OVERRIDES.sub("", _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n")))


def to_json(record: object, *, indent: int | None = None) -> str:
    """Return JSON with escapes for what `disarm` would change: a terminal can show it, and it reads the same.

    >>> print(to_json({"name": "\u202etxt.exe"}))
    {"name": "\\u202etxt.exe"}
    """
    written = json.dumps(record, ensure_ascii=False, indent=indent)
    return _DIRECTION_OVERRIDES.sub(_escape, _CONTROLS.sub(_escape, written))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
