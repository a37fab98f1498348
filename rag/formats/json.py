"""JSON and JSON lines: an element of the outermost list is a record, told as the paths of its values.

A record, or the whole, is called what it calls itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rag.formats.draft import Draft, Unreadable, decoded

_TITLES = ("title", "headline", "subject", "name")
_LONGEST = 100  # characters: what is longer is no name


def read(data: bytes, draft: Draft) -> None:
    """Read one value, or one a line. Raises Unreadable, naming the line that is wrong."""
    text = decoded(data)
    try:
        value = json.loads(text)
    except RecursionError:
        raise Unreadable("the values are nested too deeply") from None
    except ValueError as error:
        _lines(text, draft, error)
        return
    if isinstance(value, list):
        for number, record in enumerate(value, 1):
            _record(number, record, draft)
    else:
        draft.describe(_title(value))
        _write(value, draft)


def _lines(text: str, draft: Draft, whole: ValueError) -> None:
    """Read JSON lines; the first line tells whether the file is that, or one value with a mistake in it."""
    read = 0
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            if not read:
                raise Unreadable(f"it is no valid JSON: {_flaw(whole)}; save it anew") from None
            draft.leave_out(f"line {number} is no valid JSON ({_flaw(error)}); mend it")
            continue
        read += 1
        _record(number, record, draft)


def _flaw(error: Exception) -> str:
    """Say what is wrong; of numbers with thousands of digits and of deep nesting Python says what nobody can use."""
    return str(error) if isinstance(error, json.JSONDecodeError) else "a number in it is too long, or a value too deep"


def _record(number: int, record: Any, draft: Draft) -> None:
    with draft.place("record", number, _title(record)):
        _write(record, draft)


def _title(value: Any) -> str:
    """Return what a value says that it is called, empty where it does not.

    >>> _title({"id": 7, "Name": "Screw"})
    'Screw'
    """
    told = {key.casefold(): each for key, each in value.items()} if isinstance(value, dict) else {}
    names = (" ".join(told[key].split()) for key in _TITLES if isinstance(told.get(key), str))
    return next((name for name in names if 0 < len(name) <= _LONGEST), "")


def _write(value: Any, draft: Draft) -> None:
    try:
        for line in _told(value, ""):
            draft.add(line)
    except RecursionError:
        raise Unreadable("the values are nested too deeply") from None


def _told(value: Any, path: str) -> Iterator[str]:
    """Yield the values in a value with the paths to them.

    >>> list(_told({"name": "Screw", "sizes": [3, 4], "maker": {"city": "Bergen"}}, ""))
    ['name: Screw', 'sizes: 3, 4', 'maker.city: Bergen']
    """
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _told(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(inner, dict | list) for inner in value):
        for inner in value:
            yield from _told(inner, path)
    else:
        text = ", ".join(map(_scalar, value)) if isinstance(value, list) else _scalar(value)
        if text:
            yield f"{path}: {text}" if path else text


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
