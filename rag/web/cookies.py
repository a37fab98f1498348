"""What a browser remembers for us: choices, no secrets."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import cookie_parser


def choice(headers: Mapping[str, str], name: str) -> str:
    """Return what was chosen in a browser, "" if nothing was.

    >>> choice({"cookie": "keep=no; language=ru"}, "language")
    'ru'
    """
    return cookie_parser(headers.get("cookie") or "").get(name, "")
