"""A server whose documents change: a small real index, with a build that waits for as long as a file exists."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI
from starlette.routing import Route

from rag.config import Settings
from rag.encoder import Encoded
from rag.pipeline import Pipeline
from rag.types import Span
from rag.web import documents_page, server
from rag.web.access import Access
from rag.web.guard import Guard
from rag.web.library import Library
from tests.browser import ROOT, Served, running, tell_of_connections
from tests.fakes import HashEncoder, build

TEXTS = {
    "moon.txt": "# The Moon\n\nThe Moon is the only natural satellite of the Earth. Its distance is 384,400 km.\n",
    "fjord.txt": "# Fjorden\n\n2025-06-01\n\nSognefjorden er Norges lengste fjord. Den er 205 kilometer lang.\n",
    "tayga.md": "# Тайга\n\nТайга — это хвойный лес. Она покрывает огромные пространства Сибири и Канады.\n",
}
ZOO = "# The zoo\n\nThe zoo of Bergen was opened in 1907. It keeps forty penguins and three walruses.\n"


class HeldEncoder(HashEncoder):
    """Waits with passages while the file ``hold`` exists."""

    def __init__(self, hold: Path) -> None:
        super().__init__()
        self._hold = hold

    def embed_passages(
        self,
        texts: Sequence[str],
        sentences: Sequence[Sequence[Span]],
        progress: Callable[[int], None] = lambda _: None,
    ) -> Encoded:
        while self._hold.exists():
            progress(0)
            time.sleep(0.01)
        return super().embed_passages(texts, sentences, progress)


def settings_in(folder: Path) -> Settings:
    return Settings(
        documents=folder / "documents",
        index=folder / "index",
        answerer="sentence",
        abstain_below=0.0,
        max_file_megabytes=0.2,
        port=0,
        requests_per_minute=10_000,
    )


def prepare(folder: Path) -> Settings:
    """Write the documents and index them."""
    settings = settings_in(folder)
    build(settings, TEXTS)
    return settings


@contextmanager
def serving_here(library: Library, settings: Settings) -> Iterator[str]:
    """Serve the page, guarded and without the chat, in a thread, so that a test can reach what is behind it."""
    limits = {documents_page.UPLOAD: library.max_bytes}
    with serving_routes(documents_page.routes(library), settings, limits) as url:
        yield url


@contextmanager
def serving_routes(
    routes: Sequence[Route], settings: Settings, limits: Mapping[str, int] = MappingProxyType({})
) -> Iterator[str]:
    """Serve some routes, guarded, in a thread."""
    ready = threading.Event()
    app = FastAPI()
    app.router.routes.extend(routes)
    app.add_middleware(Guard, access=Access(settings), own_page=lambda page, _: page, limits=limits)
    with server.listen(settings) as listener:
        running_server = server._Server(app, ready.set, ())
        thread = threading.Thread(target=running_server.run, args=([listener],), daemon=True)
        thread.start()
        assert ready.wait(60)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            running_server.should_exit = True
            thread.join(20)


@contextmanager
def serving_documents(folder: Path) -> Iterator[Served]:
    """Serve what `prepare` made of a folder, in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with running("tests.documents", cwd=folder, environment=environment) as served:
        yield served


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    with suppress(KeyboardInterrupt):
        here = Path.cwd()
        server.serve(settings_in(here), Pipeline(settings_in(here), HeldEncoder(here / "hold")))
