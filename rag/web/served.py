"""The collections that are served, and where the pages of each are.

A single one has its pages at the root. Of several, each has them below an address of its own, and all else leads to the
one that is chosen at first. Nothing of an address is ever used as a path.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import quote

from rag.config import Settings
from rag.web.chats import Pipeline
from rag.web.roles import AnyRequest, scope_of

SCOPE_KEY = "rag.collections"
FOLDER = "/collections"
MAIN = "~"  # stands in addresses for the folder that the settings name themselves: no collection can be called so


class Served(NamedTuple):
    """A collection that is served: `settings` say which, and `pipeline` answers from it."""

    settings: Settings
    pipeline: Pipeline

    @property
    def name(self) -> str:
        """Return its name in the settings, "" for the folder that they name themselves."""
        return self.settings.collection or ""


class Offered(NamedTuple):
    """A collection to choose: its name, the address of the page in it, and whether it is the one that is shown."""

    name: str
    address: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Collections:
    """The names of all that are served, the one that is chosen at first before the others, and the one shown."""

    names: tuple[str, ...] = ("",)
    current: str = ""

    def seen_from(self, name: str) -> Collections:
        """Return the same collections with another one shown."""
        return replace(self, current=name)

    def prefix(self, name: str) -> str:
        """Return what the addresses of a collection's pages begin with, as a browser sends it to us, decoded.

        >>> Collections(("", "notes")).prefix("notes"), Collections(("notes",)).prefix("notes")
        ('/collections/notes', '')
        """
        return f"{FOLDER}/{name or MAIN}" if len(self.names) > 1 else ""

    def address(self, name: str, page: str = "") -> str:
        """Return the address of a page of a collection.

        >>> Collections(("", "notes")).address("", "facts")
        '/collections/~/facts'
        """
        return f"{quote(self.prefix(name))}/{page}"

    def offer(self, page: str = "") -> Iterator[Offered]:
        """Yield all that can be chosen on a page; nothing where there is no choice."""
        if len(self.names) > 1:
            yield from (Offered(name, self.address(name, page), name == self.current) for name in self.names)


ONE = Collections()


def collections_of(request: AnyRequest) -> Collections:
    """Return the collections as the guard told them to a request."""
    found: Any = scope_of(request).get(SCOPE_KEY)
    return found if isinstance(found, Collections) else ONE


def base_of(request: AnyRequest) -> str:
    """Return the address below which the pages are that a request came to.

    >>> base_of({"root_path": "/collections/пісьма"})
    '/collections/%D0%BF%D1%96%D1%81%D1%8C%D0%BC%D0%B0/'
    """
    return quote(str(scope_of(request).get("root_path", ""))) + "/"


def own_path(scope: Mapping[str, Any]) -> str:
    """Return the path of a request below the address of its collection.

    >>> own_path({"root_path": "/collections/notes", "path": "/collections/notes/facts"})
    '/facts'
    """
    return str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
