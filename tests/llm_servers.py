"""Servers for the tests of language models: a stub that sends whatever a test wants, well formed or not."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[["Handler", Mapping[str, Any]], None]

MODELS = {"object": "list", "data": [{"id": "stub"}]}


class Handler(BaseHTTPRequestHandler):
    """Answers by the replies of its server, by path; another path is not there."""

    server: StubServer

    def do_GET(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        self._reply(json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}"))

    def _reply(self, body: Mapping[str, Any]) -> None:
        self.server.asked.append((self.path, body))
        reply = self.server.replies.get(self.path)
        try:
            if reply:
                reply(self, body)
            else:
                self.send(b'{"error": {"message": "there is nothing here"}}', status=404)
        except (BrokenPipeError, ConnectionResetError):
            self.server.left.set()

    def send(self, data: bytes, *, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class StubServer(ThreadingHTTPServer):
    """Remembers what it was asked, and whether a client left in the middle of a reply."""

    daemon_threads = True

    def __init__(self, replies: Mapping[str, Reply]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = dict(replies)
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.left = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


@contextmanager
def stub(replies: Mapping[str, Reply]) -> Iterator[StubServer]:
    """Serve these replies; a list of models is there unless it is among them."""
    with StubServer({"/v1/models": sends(MODELS)} | dict(replies)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def sends(value: object, *, status: int = 200) -> Reply:
    """Reply with a value as JSON, or with bytes as they are."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return lambda handler, _: handler.send(data, status=status)


def says(*words: str, finish: str = "stop") -> Reply:
    """Reply as a chat model that streams these words."""
    return lambda handler, _: handler.send(stream(*words, finish=finish), kind="text/event-stream")


def stream(*words: str, finish: str = "stop") -> bytes:
    """Return the events of a streamed chat reply."""
    choices = [*({"delta": {"content": word}, "finish_reason": None} for word in words), {"finish_reason": finish}]
    events = (json.dumps({"choices": [choice]}) for choice in choices)
    return b"".join(f"data: {event}\n\n".encode() for event in [*events, "[DONE]"])


def drips(data: bytes, seconds: float, *, before: bytes = b"") -> Reply:
    """Reply with the same bytes again and again, without end."""

    def reply(handler: Handler, _: Mapping[str, Any]) -> None:
        handler.send(before, kind="text/event-stream")
        while True:
            handler.wfile.write(data)
            time.sleep(seconds)

    return reply


def hangs(handler: Handler, _: Mapping[str, Any]) -> None:
    """Accept and say nothing for a while."""
    time.sleep(1.5)
