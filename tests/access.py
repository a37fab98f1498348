"""A server with a log-in, in a process of its own, whose clocks the test sets: they are files."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rag.config import Settings
from rag.users import Role, add_user
from rag.web.access import Access
from rag.web.served import Served
from rag.web.server import listen, serve_on
from tests.browser import BOOK, ROOT, running, tell_of_connections

PASSWORD = "correct horse battery staple"
PEOPLE: dict[str, Role] = {"anna": "owner", "Øyvind": "reader", "Иван": "reader"}
PAGE = {"Accept": "text/html,*/*;q=0.8"}


class Hands:
    """The hands of a clock, in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        if not file.exists():
            self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    @property
    def now(self) -> float:
        return float(self._file.read_text())

    @now.setter
    def now(self, value: float) -> None:
        aside = self._file.with_suffix(".new")
        aside.write_text(repr(value))
        aside.replace(self._file)


@dataclass(frozen=True)
class Guarded:
    """A running server with a log-in."""

    url: str
    folder: Path
    users: Path
    wall: Hands
    ticks: Hands

    @property
    def complaints(self) -> list[str]:
        """What the server said to the one who runs it."""
        file = self.folder / "complaints"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=20, **options)

    def log_in(
        self, client: httpx.Client, name: str, password: str = PASSWORD, *, headers: Any = (), **fields: str
    ) -> httpx.Response:
        """Send the form as a browser does."""
        sent = {"Origin": self.url, **PAGE, **dict(headers)}
        return client.post("/login", data={"name": name, "password": password, **fields}, headers=sent)


def users_file(folder: Path) -> Path:
    """Write a users file with everybody in it."""
    file = folder / "users.jsonl"
    for name, role in PEOPLE.items():
        add_user(file, name, role, PASSWORD)
    return file


@contextmanager
def guarded(folder: Path, **options: Any) -> Iterator[Guarded]:
    """Serve the book to who logs in, until it is left."""
    users = users_file(folder)
    settings = Settings(auth=users, evaluation=folder / "evaluation", index=folder / "index", port=0, **options)
    (folder / "settings.json").write_text(settings.model_dump_json(), "utf-8")
    wall, ticks = Hands(folder / "wall"), Hands(folder / "ticks")
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
    with running("tests.access", cwd=folder, environment=environment) as served:
        yield Guarded(served.url, folder, users, wall, ticks)


def _serve(folder: Path) -> None:
    settings = Settings(**json.loads((folder / "settings.json").read_text("utf-8")))

    def complain(line: str) -> None:
        with (folder / "complaints").open("a", encoding="utf-8") as complaints:
            complaints.write(f"{line}\n")

    access = Access(settings, clock=Hands(folder / "wall"), ticks=Hands(folder / "ticks"), complain=complain)
    with listen(settings) as listener:
        serve_on(listener, [Served(settings, BOOK)], access=access)


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    with suppress(KeyboardInterrupt):
        _serve(Path.cwd())
