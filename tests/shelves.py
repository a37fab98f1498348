"""Several collections behind one server, in a process of its own: two have an index, one has none, one is damaged."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.answerers import Answerers
from rag.config import Settings
from rag.generations import current_generation
from rag.pipeline import Pipeline
from rag.users import add_user
from rag.web import server
from rag.web.served import Served
from tests.access import PASSWORD, PEOPLE
from tests.browser import ROOT, running, tell_of_connections
from tests.browser import Served as Running
from tests.fakes import HashEncoder, build

TEXTS = {
    "": {"moon.txt": "The Moon is 384,400 kilometres from the Earth.\nThe Moon shines at night."},
    "письма": {
        "moon.txt": "Dear Anna, the Moon is made of green cheese.\nDear Anna, the rent is 700 euros a month.",
        "harbour.txt": "---\nauthor: Ola Nordmann\n---\nThe harbour is open until nine o'clock.",
    },
}
BROKEN = ("empty", "damaged")
NAMES = (*TEXTS, *BROKEN)


def settings_in(folder: Path, name: str) -> Settings:
    """Return the settings of one collection."""
    users = folder / "users.jsonl"
    return Settings(
        documents=folder / f"documents-{name}",
        index=folder / f"index-{name}",
        evaluation=folder / "evaluation",
        history=folder / "history.sqlite3",
        collection=name,
        answerer="sentence",
        abstain_below=0.0,
        auth=users if users.exists() else None,
        port=0,
        requests_per_minute=10_000,
    )


def prepare(folder: Path, *, with_log_in: bool = False) -> None:
    """Index the collections, and spoil the last."""
    for name, texts in TEXTS.items():
        build(settings_in(folder, name), texts)
    damaged = settings_in(folder, "damaged")
    build(damaged, TEXTS[""])
    for path in current_generation(damaged.index).glob("*.npz"):
        path.write_bytes(b"")
    for name, role in PEOPLE.items() if with_log_in else ():
        add_user(folder / "users.jsonl", name, role, PASSWORD)


@contextmanager
def serving_shelves(folder: Path) -> Iterator[Running]:
    """Serve what `prepare` made of a folder, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with running("tests.shelves", cwd=folder, environment=environment) as served:
        yield served


def _serve(folder: Path) -> None:
    encoder = HashEncoder()
    collections = [settings_in(folder, name) for name in NAMES]
    answerers = Answerers(collections[0], encoder)
    served = [Served(each, Pipeline(each, encoder, answerers, opened=False)) for each in collections]
    with server.listen(collections[0]) as listener:
        server.serve_on(listener, served)


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    with suppress(KeyboardInterrupt):
        _serve(Path.cwd())
