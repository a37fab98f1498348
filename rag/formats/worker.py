"""A process that reads files for another, which can end it: ``python -m rag.formats.worker``.

It is given bytes, never paths, and may neither use the network nor take more memory than it was told. It answers a
request, a line of JSON and so many bytes, by a line of JSON: what reads hostile files may turn hostile itself.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

from rag.formats import reading
from rag.formats.draft import Extract, Limits, Unreadable

_NETWORK = frozenset({"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request"})


Extractor = Callable[[bytes, str, Limits], Extract]
Answerer = Callable[[bytes, Mapping[str, Any], Limits], Mapping[str, Any]]


def main(extract: Extractor = reading.extract) -> None:
    """Answer requests for the texts of files."""
    serve(lambda data, request, limits: {"extract": _record(extract(data, request["name"], limits))})


def serve(answer: Answerer) -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever a library prints is no answer
    sys.addaudithook(_refuse_network)
    while line := requests.readline():
        request = json.loads(line)
        given = _answer(answer, requests.read(request["size"]), request, Limits(**request["limits"]))
        _send(given, answers)
        if given.get("exhausted"):
            return  # memory that is in pieces is not good for the next file


def _refuse_network(event: str, _: object) -> None:
    if event in _NETWORK:
        raise PermissionError(f"a document is not to reach the network ({event})")


def _answer(answer: Answerer, data: bytes, request: Mapping[str, Any], limits: Limits) -> Mapping[str, Any]:
    try:
        _limit(limits)
        return answer(data, request, limits)
    except Unreadable as problem:
        return {"unreadable": str(problem)}
    except MemoryError:
        reason = f"reading it takes more than {limits.memory_megabytes} MB of memory; split the file"
        return {"unreadable": reason, "exhausted": True}
    except RecursionError:
        return {"unreadable": "it is nested too deeply, as a trap would be; save it anew", "exhausted": True}
    except Exception as error:  # of a parser that met what its authors did not think of
        return {"unreadable": reading.flaw(error)}


def _limit(limits: Limits) -> None:
    """Bound memory, and processor time in case that nobody is left to end this process; Windows has no such limits."""
    with suppress(ImportError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime + 2 * limits.seconds) + 1
        for kind, most in (
            (resource.RLIMIT_AS, limits.memory_megabytes * 1_000_000),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_CORE, 0),
        ):
            with suppress(ValueError, OSError):  # some systems know a limit and do not keep it
                resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def _record(extract: Extract) -> dict[str, Any]:
    date: dt.date | None = extract.date
    return {
        "text": extract.text,
        "places": extract.places,
        "boilerplate": extract.boilerplate,
        "title": extract.title,
        "date": date.isoformat() if date else None,
        "author": extract.author,
        "tags": extract.tags,
        "unread": extract.unread,
        "code": extract.code,
    }


def _send(answer: Mapping[str, Any], answers: BinaryIO) -> None:
    answers.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
