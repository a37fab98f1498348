"""A server on a folder of documents that a test edits, moves and deletes while it runs: `python -m tests.edited`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from rag.config import Settings
from rag.documents import read_folder
from rag.web.server import serve
from tests.browser import ROOT, BookPipeline, Served, running, tell_of_connections


def book(folder: Path) -> BookPipeline:
    """Return the documents of a folder as they are now, ready to be asked."""
    return BookPipeline(*read_folder(folder, max_bytes=10**8).documents)


def write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


@contextmanager
def serving_documents(folder: Path) -> Iterator[Served]:
    """Serve a folder as it is now, in a process of its own, until it is left."""
    with running("tests.edited", cwd=folder, environment=os.environ | {"PYTHONPATH": str(ROOT)}) as served:
        yield served


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    with suppress(KeyboardInterrupt):
        serve(Settings(port=0), book(Path.cwd()))
