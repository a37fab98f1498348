"""Who asks, and what that one may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from rag.users import Role

SCOPE_KEY = "rag.visitor"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who a request comes from; without log-in, nobody by name."""

    name: str
    role: Role


class HasScope(Protocol):
    """A request of Starlette or FastAPI."""

    @property
    def scope(self) -> Mapping[str, Any]: ...


class Wrapped(Protocol):
    """The request that Gradio gives to an event handler, around the one it stands for."""

    @property
    def request(self) -> Any: ...


AnyRequest = HasScope | Wrapped | Mapping[str, Any]


def is_owner(request: AnyRequest) -> bool:
    """Tell whether a request, or its ASGI scope, may do more than ask and look up, such as run an evaluation.

    Without log-in the server answers this machine only, so whoever reaches it is the owner.
    """
    visitor = _visitor(request)
    return visitor is not None and visitor.role == "owner"


def user_name(request: AnyRequest) -> str:
    """Return who is logged in, or "" where there is no log-in."""
    visitor = _visitor(request)
    return visitor.name if visitor else ""


def _visitor(request: AnyRequest) -> Visitor | None:
    """Return who the guard found a request to come from; None if it has not passed the guard."""
    visitor = scope_of(request).get(SCOPE_KEY)
    return visitor if isinstance(visitor, Visitor) else None


def scope_of(request: AnyRequest) -> Mapping[str, Any]:
    """Return the ASGI scope of a request, in which the guard tells the pages what they need to know."""
    wrapped = getattr(request, "request", request)  # Gradio's own way to the scope would turn it into JSON
    scope = getattr(wrapped, "scope", wrapped)
    return scope if isinstance(scope, Mapping) else {}
