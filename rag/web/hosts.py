"""Under which names this server answers. A page of somebody else can have its own name point at this machine
(DNS rebinding), and its scripts would then pass for ours: so a name counts only if its owner has allowed it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

HOST = re.compile(r"(?:\[(?P<v6>[\da-fA-F:.]+)\]|(?P<name>[\w.-]+))(?::\d+)?")


def is_loopback(host: str) -> bool:
    """Tell whether a name or address is of this machine and reached from nowhere else.

    >>> is_loopback("localhost"), is_loopback("127.9.9.9"), is_loopback("::1"), is_loopback("127.0.0.1.example.com")
    (True, True, True, False)
    """
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def host_name(header: str) -> str:
    """Return the name in a Host header, without port, in lower case; "" for what is none.

    >>> host_name("Example.com:7860"), host_name("[::1]:7860"), host_name("a:b")
    ('example.com', '::1', '')
    """
    found = HOST.fullmatch(header)
    return (found["v6"] or found["name"]).lower().removesuffix(".") if found else ""


def is_own_name(name: str, reached_at: str, allowed: Collection[str]) -> bool:
    """Tell whether this server answers to a name: this machine's own, an allowed one, or the address it was reached at.

    >>> is_own_name("192.168.1.5", "192.168.1.5", ()), is_own_name("chat.lan", "192.168.1.5", ("chat.lan",))
    (True, True)
    """
    address = _address(name)
    return bool(name) and (
        is_loopback(name) or name in allowed or (address is not None and address == _address(reached_at))
    )


def is_own_origin(origin: str, host: str, scheme: str) -> bool:
    """Tell whether a page's origin is this server under the name that was asked for.

    A server that is reached by http may stand behind one that speaks https for it; the reverse does not happen.

    >>> is_own_origin("https://chat.lan", "chat.lan", "http"), is_own_origin("http://chat.lan", "chat.lan", "https")
    (True, False)
    """
    return origin == f"https://{host}" or (scheme == "http" and origin == f"http://{host}")


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
