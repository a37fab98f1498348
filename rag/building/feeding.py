"""Reading ahead: files are read and split in threads and processes while what was read before is embedded."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from rag import documents, formats
from rag.building.parts import Fresh, Part, hash_beside
from rag.config import Settings
from rag.documents import Signature
from rag.errors import UnreadableDocument
from rag.types import Document, Passage

MOST_READERS = 8  # processes that read files, each of which may take as much memory as the settings allow
BATCH = 256  # passages handed over at a time: what an interruption may cost
LEAST = 32  # passages handed over to an encoder that waits
MOST_FILES = 1000  # handed over at a time
STOPPING_SECONDS = 1.0

Split = Callable[[Document], Sequence[Passage]]
Batch = Sequence[Part | Fresh | UnreadableDocument]


class Feed:
    """Hands files over in their order, in batches. At most one batch waits while the next is being read.

    `told` is called in the thread that reads, with the number of files that are through.
    """

    def __init__(
        self,
        folder: Path,
        files: Sequence[Part | Path],
        settings: Settings,
        split: Split,
        told: Callable[[int], None],
    ) -> None:
        self._files = files
        self._told = told
        self._reading = _Reading(folder, settings, split)
        self._batches: queue.Queue[Batch | BaseException | None] = queue.Queue(1)
        self._stopped = threading.Event()
        self._waited_for = threading.Event()
        # No daemon: the process must not end while it loads what the encoder needs, or the libraries in it abort.
        self._thread = threading.Thread(target=self._read, name="reading")

    def __enter__(self) -> Feed:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._reading.end()
        with suppress(queue.Empty):  # so that whoever waits to hand over goes on
            self._batches.get_nowait()
        self._thread.join(STOPPING_SECONDS)  # it may be in the middle of a long text, and will stop after that

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches. Raises whatever reading, or telling of it, does."""
        while True:
            self._waited_for.set()
            batch = self._batches.get()
            self._waited_for.clear()
            if isinstance(batch, BaseException):
                raise batch
            if batch is None:
                return
            yield batch

    def _read(self) -> None:
        try:
            for batch in self._gathered():
                self._hand_over(batch)
            self._hand_over(None)
        except BaseException as error:  # whatever it is, it is for the one who waits
            self._hand_over(error)

    def _hand_over(self, batch: Batch | BaseException | None) -> None:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._batches.put(batch, timeout=0.1)
                return

    def _gathered(self) -> Iterator[Batch]:
        batch: list[Part | Fresh | UnreadableDocument] = []
        passages = 0
        for number, read in enumerate(self._reading.each(self._files)):
            self._told(number)
            if self._stopped.is_set():
                return
            try:
                batch.append(read())
            except UnreadableDocument as problem:
                batch.append(problem)
            passages += len(batch[-1].passages) if isinstance(batch[-1], Fresh) else 0
            enough = LEAST if self._waited_for.is_set() else BATCH
            if passages >= enough or len(batch) >= MOST_FILES:
                yield batch
                batch, passages = [], 0
        self._told(len(self._files))
        yield batch


class _Reading:
    """Reads files some way ahead of whoever takes them, by as many processes as there are processors."""

    def __init__(self, folder: Path, settings: Settings, split: Split) -> None:
        self._folder = folder
        self._split = split
        self._max_bytes = int(settings.max_file_megabytes * 1_000_000)
        count = min(os.cpu_count() or 1, MOST_READERS)
        self._processes = formats.Processes(documents.limits(settings), count)
        self._threads = ThreadPoolExecutor(count)

    def end(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._processes.__exit__()  # which ends what threads wait for

    def each(self, files: Sequence[Part | Path]) -> Iterator[Callable[[], Part | Fresh]]:
        """Yield for each file, in order, what waits until it is read.

        Twice as many files as there are processes are read ahead at most: what is read waits in memory.
        """
        ahead: deque[Callable[[], Part | Fresh]] = deque()
        for file in files:
            ahead.append(
                self._threads.submit(self._one, file).result if isinstance(file, Path) else partial(_as_is, file)
            )
            if len(ahead) > 2 * self._processes.count:
                yield ahead.popleft()
        yield from ahead

    def _one(self, path: Path) -> Fresh:
        signature, sidecar = _known_by(path)  # before it is read, so that what changes meanwhile shows
        document = documents.read_document(
            self._folder, path, max_bytes=self._max_bytes, extract=self._processes.extract
        )
        passages = self._split(document)
        if not passages:
            raise UnreadableDocument(document.id, documents.ONLY_BOILERPLATE)
        return Fresh.of(document, passages, signature, sidecar)


def _as_is(known: Part) -> Part:
    return known


def _known_by(path: Path) -> tuple[Signature | None, int]:
    try:
        found = documents.signature(path)
        return found if found.settled else None, hash_beside(path)
    except OSError:  # reading it will say why
        return None, 0
