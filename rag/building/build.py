"""The building of one generation, from the folder to the switch."""

from __future__ import annotations

import datetime as dt
import gc
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag import copies, documents, generations, index, languages, models
from rag.building import assembling
from rag.building.feeding import BATCH, Feed
from rag.building.known import Known
from rag.building.parts import Fresh, Part
from rag.building.salvage import Salvage
from rag.config import Settings
from rag.documents import Listing
from rag.encoder import Encoder
from rag.errors import DamagedIndex, DocumentsError, IncompatibleIndex, MissingIndex, UnreadableDocument
from rag.index import Generation
from rag.passages import split_document
from rag.types import Document, Passage, Span

# (stage, done, total): "reading" counts files and, beside it, "embedding" passages; "writing" is one step at the end.
# How many passages there are is estimated until all files are read. Called from two threads.
Progress = Callable[[str, int, int], None]


class Moved(NamedTuple):
    """A file that stands elsewhere now, or under another name."""

    before: str
    now: str


class Copied(NamedTuple):
    """A document that is a near-duplicate of another."""

    document: str
    original: str
    likeness: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a build did; documents by their ids."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[Moved, ...]
    removed: tuple[str, ...]
    unchanged: int
    passages: int
    embedded: int  # passages whose vectors were made, not taken over
    copies: tuple[Copied, ...]
    problems: tuple[UnreadableDocument, ...]
    unread: tuple[UnreadableDocument, ...]  # parts of documents that were read otherwise
    folder: Path  # the generation that is now current

    @property
    def documents(self) -> int:
        return self.unchanged + len(self.added) + len(self.changed) + len(self.moved)


def build_index(
    folder: Path,
    settings: Settings,
    load_encoder: Callable[[], Encoder],
    progress: Progress = lambda *_: None,
    *,
    strict: bool = False,
) -> Report:
    """Index a folder of documents into `settings.index`; writes nothing when nothing has changed.

    Raises DocumentsError when there is nothing to index (or, if `strict`, when any file cannot be read) and
    IndexNotWritable; the index from before then stays. What was embedded until then is kept for the next build.
    """
    folder = folder.absolute()  # citations are verified against the files from any working folder
    listing = documents.list_folder(folder)
    with generations.building(settings.index):
        made_by = index.recipe(settings)
        salvage = Salvage(settings.index, made_by)
        encoder = _Ahead(load_encoder)
        with _uncollected(), _loading_ahead(settings, listing, encoder):
            previous = _previous(settings)
            work = _Work(settings, Known(previous), salvage, encoder, progress)
            files = work.look(folder, listing)
        work.read(folder, files)
        if not work.parts or (strict and (work.problems or _unread(work.parts))):
            raise DocumentsError(_explain(folder, [*work.problems, *_unread(work.parts)]))
        with _uncollected():
            parts, copied = _with_originals(work.parts, work.known.copies(work.parts))
            report = _compare(parts, copied, work, previous)
            if not previous or previous.contents.documents != tuple(part.document for part in parts):
                progress("writing", 0, 1)
                salvage.drop_all_but(work.salvaged_rows())
                published = generations.publish(
                    settings.index, lambda aside: assembling.write(aside, parts, previous, salvage, made_by)
                )
                progress("writing", 1, 1)
                report = replace(report, folder=published)
        salvage.remove()
    return report


@contextmanager
def _uncollected() -> Iterator[None]:
    """Hold the garbage collector back: it would look through ten thousand records again and again as they are made."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class _Ahead:
    """An encoder that is loaded when it is first needed, or beside the rest once it is known that it will be."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._load = load
        self._loading: Future[Encoder] | None = None
        self._beginning = threading.Lock()

    def begin(self) -> Future[Encoder]:
        """Begin to load it, if nobody has. No daemon: the process must not end while libraries are being loaded."""
        with self._beginning:
            if self._loading is None:
                beside = ThreadPoolExecutor(1, "loading-encoder")
                self._loading = beside.submit(self._load)
                beside.shutdown(wait=False)
            return self._loading

    def __call__(self) -> Encoder:
        """Return the encoder, once it is loaded. Raises what loading it did."""
        return self.begin().result()


@contextmanager
def _loading_ahead(settings: Settings, listing: Listing, encoder: _Ahead) -> Iterator[None]:
    """Load what reading needs beside the rest, where a file seems to have been written since the last build.

    The encoder, which takes longest, is loaded only if there are bytes that the index does not know.
    """
    with ThreadPoolExecutor(3, "loading") as beside:
        if written := _written_since(settings, listing):
            beside.submit(_begin_if_new, settings, written, encoder)
            for load in (languages.load, models.tokens):  # whatever either raises, reading will raise again
                beside.submit(load)
        yield


def _written_since(settings: Settings, listing: Listing) -> list[Path]:
    """Return the files that were written after the index, all where there is none; one that was only moved is not."""
    try:
        made = generations.current_generation(settings.index).stat().st_mtime_ns
    except (MissingIndex, OSError):
        return list(listing.files)
    found = zip(listing.files, listing.signatures, strict=True)
    return [path for path, signature in found if signature.modified > made]


def _begin_if_new(settings: Settings, written: Sequence[Path], encoder: _Ahead) -> None:
    """Begin to load the encoder where one of these files holds what no document in the index does.

    What is not told here, as of a file that was written long ago and came now, the build itself will find.
    """
    try:
        known = index.hashes_of_documents(generations.current_generation(settings.index))
    except (MissingIndex, OSError):
        encoder.begin()
        return
    if any(models.sha256_of(path) not in known for path in written):
        encoder.begin()


def _explain(folder: Path, problems: Sequence[UnreadableDocument]) -> str:
    if not problems:
        return f"no document in {folder} holds any text to index"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"cannot read {folder}/{problems[0]}{more}; the index is as it was"


def _previous(settings: Settings) -> Generation | None:
    """Load the current generation if its content can be taken over."""
    try:
        return Generation.load(generations.current_generation(settings.index), settings)
    except (MissingIndex, IncompatibleIndex, DamagedIndex):
        return None


class _Work:
    """What a build has read and embedded so far."""

    def __init__(self, settings: Settings, known: Known, salvage: Salvage, encoder: _Ahead, progress: Progress) -> None:
        self.parts: list[Part] = []
        self.problems: list[UnreadableDocument] = []
        self.known = known
        self.embedded = 0
        self._settings = settings
        self._salvage = salvage
        self._encoder = encoder
        self._progress = progress
        self._rows: dict[bytes, int] = {}
        self._to_read = 0
        self._read = 0
        self._to_embed = 0

    def look(self, folder: Path, listing: Listing) -> Sequence[Part | Path]:
        """Return what is known of the files of a folder, and the paths of those that have to be read."""
        self.problems += listing.problems
        found = zip(listing.files, listing.signatures, strict=True)
        return [self.known.look(folder, path, signature) for path, signature in found]

    def read(self, folder: Path, files: Sequence[Part | Path]) -> None:
        """Read files, and embed what passages are new."""
        self._to_read = sum(isinstance(file, Path) for file in files)
        self._rows = self.known.rows_left(self._salvage.digest) if self._to_read else {}
        with Feed(folder, files, self._settings, self._split, self._tell_of_files(len(files))) as feed:
            for batch in feed:
                self.problems += [each for each in batch if isinstance(each, UnreadableDocument)]
                fresh = [each for each in batch if isinstance(each, Fresh)]
                self._read += len(fresh)
                self._embed([passage for each in fresh for passage in each.passages])
                self.parts += [self._placed(each) for each in batch if not isinstance(each, UnreadableDocument)]
        if self.embedded:
            self._progress("embedding", self.embedded, self.embedded)

    def _tell_of_files(self, total: int) -> Callable[[int], None]:
        return lambda done: self._progress("reading", done, total)

    def _split(self, document: Document) -> Sequence[Passage]:
        size, overlap = self._settings.passage_size
        encoder = self._encoder()
        return split_document(
            document, size=size, overlap=overlap, capacity=encoder.capacity, count_tokens=encoder.count_tokens
        )

    def _embed(self, passages: Sequence[Passage]) -> None:
        """Embed those passages that have not been; each text once."""
        digests = {self._salvage.digest(passage): passage for passage in passages}
        new = [(digest, passage) for digest, passage in digests.items() if self._row(digest) is None]
        self._to_embed += len(new)
        for first in range(0, len(new), BATCH):
            names, chunk = zip(*new[first : first + BATCH], strict=True)
            self._tell_of_passages(0)
            done = self.embedded
            encoded = self._encoder().embed_passages(*_texts_and_sentences(chunk), self._tell_of_passages)
            self._salvage.keep(names, [len(passage.sentences) for passage in chunk], encoded)
            self.embedded = done + len(chunk)

    def _tell_of_passages(self, more: int) -> None:
        """Say how many passages are embedded, and how many there will be if the other files are like those read."""
        self.embedded += more
        unread = self._to_read - self._read
        expected = self._to_embed + round(self._to_embed / max(1, self._read) * unread)
        self._progress("embedding", self.embedded, max(expected, self.embedded))

    def _row(self, digest: bytes) -> int | None:
        salvaged = self._salvage.find(digest)
        return self._rows.get(digest) if salvaged is None else self.known.passages + salvaged

    def salvaged_rows(self) -> Iterator[int]:
        """Yield the rows of vectors that are in no index yet."""
        for part in self.parts:
            yield from (part.origins[part.origins >= self.known.passages] - self.known.passages).tolist()

    def _placed(self, each: Part | Fresh) -> Part:
        if isinstance(each, Part):
            return each
        rows = [self._row(self._salvage.digest(passage)) for passage in each.passages]
        return self.known.unchanged(each.laid_out([row for row in rows if row is not None]))


def _texts_and_sentences(passages: Sequence[Passage]) -> tuple[list[str], list[list[Span]]]:
    """Return what is to be read, each passage behind its context, and where its sentences then are."""
    firsts = [passage.start - len(passage.context) for passage in passages]
    spans = [[Span(a - at, b - at) for a, b in each.sentences] for at, each in zip(firsts, passages, strict=True)]
    return [passage.context + passage.text for passage in passages], spans


def _with_originals(parts: Sequence[Part], earlier: copies.Earlier | None) -> tuple[list[Part], list[Copied]]:
    """Say of each document whether it is a copy; of several the one with the earliest date is the original."""
    order = sorted(range(len(parts)), key=lambda number: (parts[number].document.date or dt.date.max, number))
    found = copies.originals(np.stack([part.sketch for part in parts]), order, earlier)
    copied = [
        Copied(parts[number].document.id, parts[original].document.id, likeness)
        for number, (original, likeness) in sorted(found.items())
    ]
    originals = {copy.document: copy.original for copy in copied}
    named = [originals.get(part.document.id, "") for part in parts]
    return [
        part if part.document.copy_of == name else part._replace(document=replace(part.document, copy_of=name))
        for part, name in zip(parts, named, strict=True)
    ], copied


def _compare(parts: Sequence[Part], copied: Sequence[Copied], work: _Work, previous: Generation | None) -> Report:
    before = {document.id: document for document in previous.contents.documents} if previous else {}
    now = {part.document.id: part.document for part in parts}
    gone = {document.sha256: name for name, document in before.items() if name not in now}
    new = [document for name, document in now.items() if name not in before]
    moved = []
    for document in new:
        if document.sha256 in gone:
            moved.append(Moved(gone.pop(document.sha256), document.id))
    changed = tuple(name for name, document in now.items() if name in before and not _same(document, before[name]))
    arrived = {move.now for move in moved}
    left = {move.before for move in moved}
    return Report(
        added=tuple(document.id for document in new if document.id not in arrived),
        changed=changed,
        moved=tuple(moved),
        removed=tuple(sorted(before.keys() - now.keys() - left)),
        unchanged=len(parts) - len(new) - len(changed),
        passages=sum(len(part.passages) for part in parts),
        embedded=work.embedded,
        copies=tuple(copied),
        problems=tuple(work.problems),
        unread=tuple(_unread(parts)),
        folder=previous.folder if previous else Path(),
    )


def _same(now: Document, before: Document) -> bool:
    """Tell whether a document is what it was, wherever the folder lies and whatever it is a copy of."""
    return now is before or replace(now, path=before.path, copy_of=before.copy_of) == before


def _unread(parts: Sequence[Part]) -> list[UnreadableDocument]:
    """Return what could not be read of documents that otherwise could."""
    return [UnreadableDocument(part.document.id, what) for part in parts for what in part.document.unread]
