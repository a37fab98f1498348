"""What is behind the Facts page: every figure of the indexed documents, found once for each generation of the index.

That takes seconds in a large folder, so it is done aside: whoever asks for the figures meanwhile is told how far it is.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from rag import workers
from rag.errors import MissingIndex
from rag.facts import Row, Table
from rag.web import ledger_worker
from rag.web.chats import Pipeline
from rag.web.facts_list import Catalogue
from rag.web.runs import Busy, Notify, Runs, Stopped

if TYPE_CHECKING:
    from rag.index import Index

WORKER = "rag.web.ledger_worker"


class Ledger:
    """The figures of one index. Safe to share between threads, until it is left."""

    def __init__(self, pipeline: Pipeline, *, worker: str = WORKER) -> None:
        self.runs: Runs[Catalogue] = Runs()
        self._pipeline = pipeline
        self._worker = worker
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._left = False

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._left = True
            if self._process:
                self._process.kill()
        self.runs.close()

    @property
    def generation(self) -> str:
        """Return the name of the generation that answers. Raises MissingIndex where the page is served without one."""
        return self._index().folder.name

    def catalogue(self, *, again: bool = False) -> Catalogue | None:
        """Return the figures of the current generation, or None and begin to find them.

        What failed is begun anew only where that is asked for: `again`. Raises MissingIndex.
        """
        index = self._index()
        run = self.runs.latest
        if run and run.name == index.folder.name:
            if run.phase == "done":
                return run.result
            if run.active or (run.phase == "failed" and not again):
                return None
        if run and run.active:
            self.runs.stop(run.id)  # of a generation that is no longer the current one
        else:
            with suppress(Busy):  # another request was first
                self.runs.start(index.folder.name, lambda notify: self._find(index, notify))
        return None

    def _index(self) -> Index:
        from rag.pipeline import Pipeline  # here, so that a page without an index loads nothing that only this needs

        if not isinstance(self._pipeline, Pipeline):
            raise MissingIndex("what answers here has no index to show")
        return self._pipeline.index

    def _find(self, index: Index, notify: Notify) -> Catalogue:
        documents = index.contents.documents
        sentences = index.contents.sentences_by_document()
        found = []
        with self._working() as (requests, answers):
            for number, document in enumerate(documents):
                notify(number, len(documents))
                requests.write(ledger_worker.request(document, sentences[document.id]))
                requests.flush()
                found += [(document, ledger_worker.mention(each, document)) for each in json.loads(answers.readline())]
            notify(len(documents), len(documents))
            requests.close()
            groups = tuple(map(ledger_worker.group, json.loads(answers.readline())))
        numbers = {place: number for number, group in enumerate(groups, 1) for place in group.members}
        rows = (Row(document, each, numbers.get(place)) for place, (document, each) in enumerate(found))
        return Catalogue(Table(tuple(rows), groups))

    @contextmanager
    def _working(self) -> Iterator[tuple[IO[str], IO[str]]]:
        """Run the process, until it is through or no longer wanted."""
        with self._lock:
            if self._left:
                raise Stopped
            process = self._process = workers.start(self._worker, encoding="utf-8")
        assert process.stdin
        assert process.stdout
        with process:
            try:
                yield process.stdin, process.stdout
            except (ValueError, OSError):
                if self._left:  # it was ended in the middle of an answer
                    raise Stopped from None
                raise
            finally:
                process.kill()
