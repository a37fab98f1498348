"""How often somebody may ask, and try to log in. All tables are bounded; who came longest ago is forgotten first."""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

MAX_KEYS = 10_000
FREE_ATTEMPTS = 5
FIRST_WAIT = 2.0  # seconds, after the free attempts; doubled with each further one
FORGOTTEN_AFTER = 3600.0
LONGEST_WAIT = {"address": 900.0, "name": 60.0}  # a name less: or anybody could lock anybody out

Clock = Callable[[], float]
Key = tuple[str, Hashable]  # what it is, such as "address", and which one


def client_key(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the network of an IPv6 one.

    >>> client_key("2001:db8::1") == client_key("2001:db8::2"), client_key("::ffff:192.0.2.1")
    (True, '192.0.2.1')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed), 64), strict=False))


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float  # when


class Buckets:
    """A token bucket a client: so many requests at once, and as many again in each minute."""

    def __init__(self, per_minute: int, clock: Clock = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._capacity = per_minute
        self._rate = per_minute / 60
        self._clock = clock
        self._max_keys = max_keys
        self._buckets: OrderedDict[Key, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: Key) -> float:
        """Take a token and return 0, or return the seconds until there is one."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(self._capacity, now))
        self._buckets.move_to_end(key)
        bucket.tokens = min(self._capacity, bucket.tokens + (now - bucket.filled) * self._rate)
        bucket.filled = now
        _forget(self._buckets, self._max_keys)
        if bucket.tokens < 1:
            return (1 - bucket.tokens) / self._rate
        bucket.tokens -= 1
        return 0


@dataclass(slots=True)
class _Failures:
    count: int
    last: float  # when


class Throttle:
    """Makes whoever fails to log in wait, longer each time: by the client's address and by the name that is tried."""

    def __init__(self, clock: Clock = time.monotonic, max_keys: int = MAX_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._failures: OrderedDict[Key, _Failures] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failures)

    def begin(self, keys: Sequence[Key]) -> int:
        """Count an attempt and return 0, or return the seconds to wait before the next.

        It counts as failed until `succeed` is called: attempts at the same time do not slip through together.
        """
        wait = max(map(self._wait, keys))
        if wait > 0:
            return math.ceil(wait)
        for key in keys:
            failures = self._failures.setdefault(key, _Failures(0, 0))
            self._failures.move_to_end(key)
            failures.count += 1
            failures.last = self._clock()
        _forget(self._failures, self._max_keys)
        return 0

    def succeed(self, address: Key, name: Key) -> None:
        """Forget the failures of a name, and of an address this attempt only: it may be trying other names, too."""
        self._failures.pop(name, None)
        failures = self._failures.get(address)
        if failures:
            failures.count -= 1
            if failures.count <= 0:
                del self._failures[address]

    def _wait(self, key: Key) -> float:
        failures = self._failures.get(key)
        if failures is None:
            return 0
        since = self._clock() - failures.last
        if since > FORGOTTEN_AFTER:
            del self._failures[key]
            return 0
        beyond = failures.count - FREE_ATTEMPTS
        if beyond < 0:
            return 0
        return min(FIRST_WAIT * 2.0 ** min(beyond, 30), LONGEST_WAIT[key[0]]) - since


def _forget(table: OrderedDict[Key, Any], max_keys: int) -> None:
    while len(table) > max_keys:
        table.popitem(last=False)
