"""Who may do what."""

from __future__ import annotations

from collections.abc import Mapping


def is_owner(headers: Mapping[str, str]) -> bool:
    """Tell whether a request may do more than ask and look up, such as run an evaluation.

    The server listens on a loopback address only, so whoever reaches it is the owner. Log-ins will be told apart here.
    """
    return True
