"""Text from documents, questions and file names, made safe to show on any surface."""

from __future__ import annotations

import json
import re

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# What reorders the characters around it, and the tag characters: letters that nobody sees and that are copied along.
_UNSEEN = re.compile("[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


def disarm(text: str) -> str:
    """Show control characters as U+FFFD and drop what reorders the characters around it or hides words.

    >>> disarm("\\x1b[31mred \\u202etxt.exe")
    '\ufffd[31mred txt.exe'
    """
    return _UNSEEN.sub("", _CONTROLS.sub("\ufffd", text.replace("\r\n", "\n")))


def encodable(text: str) -> str:
    """Join pairs of surrogates and replace single ones, which arguments and JSON may bring and nothing can encode.

    >>> encodable("\\ud83d\\ude42 \\ud83d")
    '\N{SLIGHTLY SMILING FACE} \ufffd'
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def to_json(record: object, *, indent: int | None = None) -> str:
    """Return JSON with escapes for what `disarm` would change: a terminal can show it, and it reads the same.

    >>> print(to_json({"name": "\\u202etxt.exe"}))
    {"name": "\\u202etxt.exe"}
    """
    written = json.dumps(record, ensure_ascii=False, indent=indent)
    return _UNSEEN.sub(_escape, _CONTROLS.sub(_escape, written))


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass").hex()
    return re.sub("....", r"\\u\g<0>", units)
