"""Who may come in: the users file, who is logged in, and how often each may ask."""

from __future__ import annotations

import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import anyio
from starlette.requests import HTTPConnection

from rag.config import Settings
from rag.errors import UsersError
from rag.untrusted import disarm
from rag.users import User, Users, decoy, key, read_users, verify
from rag.web.hosts import host_name, is_own_name
from rag.web.limits import MAX_KEYS, Buckets, Throttle, client_key
from rag.web.roles import Visitor
from rag.web.served import own_path
from rag.web.sessions import Sessions

NOBODY_BY_NAME = Visitor("", "owner")  # without log-in: this machine, which is the only one to reach us
BACKGROUND = frozenset({"/evaluation/state", "/documents/state"})  # asked by open pages: it keeps no session going
AT_ONCE = 2  # passwords verified at the same time; each takes 64 MiB
TOLD_NAMES = 20
MAX_NAME = 64
UNSPECIFIED = {"0.0.0.0", "::"}  # where to listen, but not what to ask for

Clock = Callable[[], float]


def complain(line: str) -> None:
    """Print a line for the one who runs the server."""
    print(f"rag: {disarm(line)}", file=sys.stderr, flush=True)


class UsersFile:
    """The users as the file has them now: it is read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] = ()
        self._users: Users = {}

    def read(self) -> Users:
        """Return the users. Raises UsersError when the file has become unusable."""
        stamp = self._now()
        if not stamp or stamp != self._stamp:
            self._users = read_users(self._path)
            self._stamp = stamp
        return self._users

    def _now(self) -> tuple[int, ...]:
        try:
            status = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return ()
        return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size)


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds until the next attempt to log in."""

    seconds: int


class Access:
    """What the guard and the log-in page know of visitors. Used from the server's event loop only."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock = time.time,
        ticks: Clock = time.monotonic,
        complain: Callable[[str], None] = complain,
    ) -> None:
        self._users = UsersFile(settings.auth) if settings.auth else None
        self._allowed = {*settings.allowed_hosts, settings.host.lower()} - UNSPECIFIED if settings.auth else set()
        self._sessions = Sessions(clock)
        self._throttle = Throttle(ticks)
        self._buckets = Buckets(settings.requests_per_minute, ticks)
        self._conversations: OrderedDict[str, str] = OrderedDict()
        self._verifying = anyio.CapacityLimiter(AT_ONCE)
        self._complain = complain
        self._told: set[str] = set()
        if self._users:
            self._users.read()
            decoy()

    @property
    def with_log_in(self) -> bool:
        """Tell whether visitors have to log in."""
        return self._users is not None

    def is_own_name(self, request: HTTPConnection) -> bool:
        """Tell whether the name that was asked for is ours; if not, tell the one who runs the server, once a name."""
        name = host_name(request.headers.get("host", ""))
        own = is_own_name(name, _reached_at(request) if self._users else "", self._allowed)
        if self._users and name and not own and name not in self._told and len(self._told) < TOLD_NAMES:
            self._told.add(name)
            self._complain(f'refused under the name {name}; if it is yours, set allowed_hosts = ["{name}"] in rag.toml')
        return own

    def visitor(self, request: HTTPConnection) -> Visitor | None:
        """Return who is asking, or None where nobody is logged in. Raises UsersError."""
        if self._users is None:
            return NOBODY_BY_NAME
        token = request.cookies.get(cookie_name(request))
        users = self._users_or_complaint(self._users)
        user = self._sessions.find(token, users, keep=own_path(request.scope) not in BACKGROUND) if token else None
        return Visitor(user.name, user.role) if user else None

    def take_request(self, request: HTTPConnection, visitor: Visitor) -> float:
        """Count a request of somebody and return 0, or return the seconds to wait."""
        who = ("user", key(visitor.name)) if visitor.name else ("address", _client(request))
        return self._buckets.take(who)

    def may_hear(self, conversation: str, visitor: Visitor) -> bool:
        """Tell whether a conversation of Gradio's is this visitor's: it belongs to whoever hears it first."""
        owner = self._conversations.setdefault(conversation, visitor.name)
        self._conversations.move_to_end(conversation)
        while len(self._conversations) > MAX_KEYS:
            self._conversations.popitem(last=False)
        return owner == visitor.name

    async def log_in(self, request: HTTPConnection, name: str, password: str) -> str | Wait | None:
        """Return the token of a new session, how long to wait, or None for a wrong name or password.

        Raises UsersError.
        """
        if self._users is None:
            return None
        users = self._users_or_complaint(self._users)
        address, tried = ("address", _client(request)), ("name", key(name[:MAX_NAME]))
        if wait := self._throttle.begin([address, tried]):
            return Wait(wait)
        user = await self._verify(users, name, password)
        if user is None:
            self._complain(f"a log-in from {address[1]} failed")  # not the name: some type their password there
            return None
        self._throttle.succeed(address, tried)
        self.log_out(request)  # whoever had this browser before
        return self._sessions.begin(user)

    def log_out(self, request: HTTPConnection) -> None:
        """End the session of a request."""
        if token := request.cookies.get(cookie_name(request)):
            self._sessions.end(token)

    async def _verify(self, users: Users, name: str, password: str) -> User | None:
        return await anyio.to_thread.run_sync(verify, users, name, password, limiter=self._verifying)

    def _users_or_complaint(self, users: UsersFile) -> Users:
        try:
            return users.read()
        except UsersError as error:
            if str(error) not in self._told:
                self._told.add(str(error))
                self._complain(str(error))
            raise


def cookie_name(request: HTTPConnection) -> str:
    """Return what the session's cookie is called: browsers do not tell the ports of a host apart, so its name does."""
    server = request.scope.get("server")
    return f"rag_session_{server[1]}" if server else "rag_session"


def came_by_https(request: HTTPConnection) -> bool:
    """Tell whether a browser speaks https, if not to us then to a proxy before us, as the origin of its page shows."""
    return bool(request.scope["scheme"] == "https") or request.headers.get("origin", "").startswith("https://")


def _reached_at(request: HTTPConnection) -> str:
    server = request.scope.get("server")
    return str(server[0]) if server else ""


def _client(request: HTTPConnection) -> str:
    return client_key(request.client.host) if request.client else ""
