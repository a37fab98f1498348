"""What is told of a document beside its text: title, author, date and tags, in front matter or in a file beside it.

Front matter is YAML between ``---`` or TOML between ``+++``. A file ``NAME.meta.toml`` beside NAME tells of any format,
and goes before what the file says itself.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Mapping
from typing import Any, NamedTuple

from rag import dates

SIDECAR = ".meta.toml"
MOST_TAGS = 100
MOST_CHARACTERS = 300  # of an author or a tag

_AUTHOR = ("author", "authors", "by", "byline", "creator", "forfatter", "автор", "作者")
_TAGS = ("tags", "tag", "keywords", "categories", "category", "emner", "теги", "标签")
_KEYS = ("title", "author", "date", "tags")


class Metadata(NamedTuple):
    """What is told; empty and None where nothing is."""

    title: str = ""
    author: str = ""
    date: dt.date | None = None
    tags: tuple[str, ...] = ()


def of_front_matter(block: str) -> Metadata:
    """Read a block of front matter with the rules around it; one that is not what it seems tells nothing.

    >>> of_front_matter("---\\nauthor: [Ada, Bo]\\ntags: sea, ships\\n---")
    Metadata(title='', author='Ada, Bo', date=None, tags=('sea', 'ships'))
    """
    body = block.strip()[3:-3]
    try:
        found = tomllib.loads(body) if block.lstrip().startswith("+++") else _yaml(body)
    except (ValueError, RecursionError):
        return Metadata()
    if not isinstance(found, Mapping):
        return Metadata()
    told = {str(key).casefold(): value for key, value in found.items()}
    author = next((told[key] for key in _AUTHOR if key in told), None)
    tags = next((told[key] for key in _TAGS if key in told), None)
    return Metadata(author=", ".join(_texts(author)), tags=_tags(tags))


def of_sidecar(data: bytes) -> Metadata:
    """Read a file that stands beside a document. Raises ValueError, which says what is wrong with it."""
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if unknown := sorted(set(found) - set(_KEYS)):
        raise ValueError(f"unknown key {unknown[0]!r}; known are: {', '.join(_KEYS)}")
    date = found.get("date")
    parsed = date.date() if isinstance(date, dt.datetime) else date if isinstance(date, dt.date) else None
    if date is not None and parsed is None:
        parsed = dates.parse(str(date))
        if parsed is None:
            raise ValueError(f"{date!r} is not a date like 2026-01-31")
    title, author = (_texts(found.get(key)) for key in ("title", "author"))
    return Metadata(" ".join(title), ", ".join(author), parsed, _tags(found.get("tags")))


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.load(text, yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _texts(value: Any) -> list[str]:
    """Return a value or a list of values as texts of one line; what is neither text nor number is left out."""
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values[:MOST_TAGS] if isinstance(each, str | int | float)]
    return [line for each in texts if (line := " ".join(str(each).split())[:MOST_CHARACTERS])]


def _tags(value: Any) -> tuple[str, ...]:
    """Return tags of a list, or of a text in which commas part them."""
    texts = _texts(value.replace(";", ",").split(",") if isinstance(value, str) else value)
    return tuple(dict.fromkeys(text.removeprefix("#") for text in texts))
