"""Who is logged in: a table of sessions in memory. A session is known by a random token that only its browser has."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from rag.users import User, Users, key

HOUR = 3600.0
IDLE_SECONDS, LONGEST_SECONDS = 12 * HOUR, 7 * 24 * HOUR
TOKEN_BYTES = 32
MAX_SESSIONS = 10_000
MAX_SESSIONS_OF_USER = 20

Clock = Callable[[], float]


@dataclass(slots=True)
class _Session:
    user: User  # as it was at log-in
    begun: float
    used: float


class Sessions:
    """Begins, finds and ends sessions. Used from the server's event loop only."""

    def __init__(
        self, clock: Clock = time.time, idle_seconds: float = IDLE_SECONDS, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._clock = clock
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()  # the least recently used first

    def __len__(self) -> int:
        return len(self._sessions)

    def begin(self, user: User) -> str:
        """Begin a session and return its token. The least recently used session makes room where there are too many."""
        self._remove_ended()
        own = [each for each, session in self._sessions.items() if key(session.user.name) == key(user.name)]
        if len(own) >= MAX_SESSIONS_OF_USER:
            del self._sessions[own[0]]
        if len(self._sessions) >= MAX_SESSIONS:
            self._sessions.popitem(last=False)
        token, now = secrets.token_urlsafe(TOKEN_BYTES), self._clock()
        self._sessions[_digest(token)] = _Session(user, now, now)
        return token

    def find(self, token: str, users: Users, *, keep: bool = True) -> User | None:
        """Return the user of a session as the users file has it now, or None if the session has ended.

        It ends by itself, and when its user is removed or given another password. Unless `keep`, this is no use of it.
        """
        digest = _digest(token)
        session = self._sessions.get(digest)
        if session is None:
            return None
        user = users.get(key(session.user.name))
        if self._has_ended(session) or user is None or user.password != session.user.password:
            del self._sessions[digest]
            return None
        if keep:
            session.used = self._clock()
            self._sessions.move_to_end(digest)
        return user

    def end(self, token: str) -> None:
        """End a session, if there is one."""
        self._sessions.pop(_digest(token), None)

    def _has_ended(self, session: _Session) -> bool:
        now = self._clock()
        return now - session.used >= self._idle or now - session.begun >= self._longest

    def _remove_ended(self) -> None:
        for digest in [each for each, session in self._sessions.items() if self._has_ended(session)]:
            del self._sessions[digest]


def _digest(token: str) -> bytes:
    """Return what a token is looked up by; how long that takes tells nothing about the token."""
    return hashlib.sha256(token.encode(errors="replace")).digest()
