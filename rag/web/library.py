"""What is behind the Documents page: the folder held against the index, what is added and removed, and indexing."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from rag import documents, formats
from rag.config import Settings
from rag.documents import Listing, Signature
from rag.errors import DocumentsError, MissingIndex, UnreadableDocument
from rag.models import sha256_of
from rag.types import Document
from rag.web import uploads
from rag.web.chats import Pipeline
from rag.web.runs import Busy, Notify, Run, Runs
from rag.web.shelf import Row, State
from rag.web.uploads import Aside, Choice, Refused, disk

if TYPE_CHECKING:
    from rag.building import Progress, Report
    from rag.index import Index
    from rag.pipeline import Pipeline as IndexedPipeline

REMOVED = ".removed"  # hidden folders hold no documents
READING_SECONDS = 1.0  # the page does not wait longer for files that nobody has read yet


class NothingLeft(DocumentsError):
    """The folder is empty, so that there is nothing to index."""


class Added(NamedTuple):
    """A document that was sent: its id, and its title as it will be indexed."""

    id: str
    title: str


class Removed(NamedTuple):
    """A file that was moved out of the documents, and where it is kept."""

    id: str
    path: Path
    kept: Path

    @property
    def key(self) -> str:
        """Return what tells it from all others that were removed: the folder that was made to keep it."""
        return self.kept.parents[len(PurePosixPath(self.id).parts) - 1].name


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a file if it were sent. Without a reason it would be taken."""

    name: str
    reason: uploads.Reason | None = None
    detail: str = ""


class _Seen(NamedTuple):
    """What is known of a file as it is. `description` is a document without its text, None until it was read."""

    signature: Signature
    sha256: str
    description: Document | None = None
    reason: str = ""


class Library:
    """The documents of one index. Safe to share between threads; builds one generation at a time, until it is left."""

    def __init__(self, pipeline: Pipeline, settings: Settings) -> None:
        self.runs: Runs[Report] = Runs()
        self.max_bytes = int(settings.max_file_megabytes * 1_000_000)
        self._pipeline = pipeline
        self._settings = settings
        self._looking = threading.Lock()
        self._changing = threading.Lock()
        self._seen: dict[Path, _Seen] = {}
        self._removed: list[Removed] = []
        self._changes = 0
        self._building = threading.Lock()
        self._open = False  # whether the build under way will look again for what is asked of it meanwhile
        self._again = False

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.runs.close()

    @property
    def index(self) -> Index:
        """Return the index that answers. Raises MissingIndex where the page is served without one."""
        return self._indexed_pipeline().index

    @property
    def folder(self) -> Path:
        """Return the folder that the index was built from; the settings may name another by default."""
        first = self.index.contents.documents[0]
        return first.path.parents[len(PurePosixPath(first.id).parts) - 1]

    @property
    def version(self) -> str:
        """Return what changes whenever the list may have changed through this program."""
        return f"{self.index.folder.name}-{self._changes}"

    @property
    def last_removed(self) -> Removed | None:
        """Return the file that `undo` would bring back."""
        with self._changing:
            return self._removed[-1] if self._removed else None

    def _indexed_pipeline(self) -> IndexedPipeline:
        from rag.pipeline import Pipeline  # here, so that a page without an index loads nothing that only this needs

        if not isinstance(self._pipeline, Pipeline):
            raise MissingIndex("what answers here has no index to show")
        return self._pipeline

    # What there is

    def rows(self) -> list[Row]:
        """Hold the folder against the index, file by file. Raises MissingIndex and DocumentsError."""
        index, folder = self.index, self.folder
        listing = _list(folder)
        counts = _passage_counts(index)
        with self._looking:
            rows = self._file_rows(folder, listing, index.documents, counts)
        known = {row.id for row in rows}
        rows += [_problem_row(folder, problem, index.documents, counts, known) for problem in listing.problems]
        known |= {row.id for row in rows}
        gone = [document for document in index.contents.documents if document.id not in known]
        return rows + [_row(document, counts[document.id], None, "removed", removable=False) for document in gone]

    def _file_rows(
        self, folder: Path, listing: Listing, indexed: Mapping[str, Document], counts: Mapping[str, int]
    ) -> list[Row]:
        self._seen = {path: self._seen[path] for path in listing.files if path in self._seen}
        deadline = time.monotonic() + READING_SECONDS
        rows = []
        for path in listing.files:
            with suppress(OSError):  # it has gone since it was listed
                rows.append(self._file_row(folder, path, indexed, counts, time.monotonic() < deadline))
        return rows

    def _file_row(
        self, folder: Path, path: Path, indexed: Mapping[str, Document], counts: Mapping[str, int], may_read: bool
    ) -> Row:
        name = documents.document_id(folder, path)
        seen = self._look(path)
        document = indexed.get(name)
        if document and seen.sha256 == document.sha256:
            return _row(document, counts[name], seen.signature.size, "indexed", "; ".join(document.unread))
        if may_read and not seen.description and not seen.reason:
            seen = self._seen[path] = self._read(folder, path, seen)
        state: State = "unreadable" if seen.reason else "changed" if document else "new"
        described = seen.description or document or _undescribed(name, path)
        return _row(described, counts.get(name), seen.signature.size, state, seen.reason)

    def _look(self, path: Path) -> _Seen:
        signature = documents.signature(path)
        seen = self._seen.get(path)
        if seen is None or seen.signature != signature:
            seen = self._seen[path] = _Seen(signature, _sha256(path))
        return seen

    def _read(self, folder: Path, path: Path, seen: _Seen) -> _Seen:
        try:
            return seen._replace(description=self._readable(folder, path))
        except UnreadableDocument as problem:
            return seen._replace(reason=problem.reason)

    def _readable(self, folder: Path, path: Path, called: str | None = None) -> Document:
        """Read a file as indexing would, and return what it is, without its text. Raises UnreadableDocument."""
        extract = partial(formats.extract, limits=documents.limits(self._settings))
        document = documents.read_document(folder, path, max_bytes=self.max_bytes, extract=extract, called=called)
        if not _has_content(document):
            raise UnreadableDocument(document.id, documents.ONLY_BOILERPLATE)
        return replace(document, text="", boilerplate=(), places=())

    # What is added and removed

    def judge(self, name: str, size: int) -> Verdict:
        """Tell what would become of a file, so that nobody sends one in vain."""
        try:
            safe = uploads.safe_name(name)
            if size > self.max_bytes:
                return Verdict(safe, "size")
            with disk():
                existing = uploads.namesake(self.folder, safe)
        except Refused as refused:
            return Verdict(name, refused.reason, refused.detail)
        return Verdict(safe, "exists", existing.name) if existing else Verdict(safe)

    def receive(self) -> Aside:
        """Open a place for a file that is being sent. Raises Refused."""
        folder = self.folder
        uploads.clean_up(folder)
        return Aside(folder, self.max_bytes)

    def add(self, aside: Aside, name: str, choice: Choice) -> Added:
        """Put a file that was received among the documents, if it can be read. Raises Refused."""
        name = uploads.safe_name(name)
        folder = aside.path.parent
        aside.finish()
        try:
            document = self._readable(folder, aside.path, called=name)
        except UnreadableDocument as problem:
            raise Refused("unreadable", problem.reason) from None
        with self._changing, disk():
            path = uploads.place(aside.path, folder, name, choice)
            self._changes += 1
        title = document.title if document.title != aside.path.stem else path.stem
        return Added(documents.document_id(folder, path), title)

    def remove(self, document_id: str) -> Removed:
        """Move a file out of the documents, to where `undo` finds it. Raises KeyError and Refused."""
        folder = self.folder
        path = _removable_paths(folder)[document_id]
        bin_ = folder / REMOVED / f"{dt.datetime.now():%Y-%m-%d-%H%M%S}-{secrets.token_hex(3)}"
        if bin_.parent.is_symlink():
            raise Refused("link", REMOVED)
        removed = Removed(document_id, path, bin_ / path.relative_to(folder))
        with self._changing:
            _move(removed.path, removed.kept, document_id)
            self._removed.append(removed)
            self._changes += 1
        return removed

    def undo(self) -> Removed:
        """Bring the file that was removed last back to its place. Raises KeyError and Refused."""
        with self._changing:
            if not self._removed:
                raise KeyError
            removed = self._removed[-1]
            if os.path.lexists(removed.path):
                raise Refused("exists", removed.path.name)
            self._removed.pop()
            self._changes += 1
            try:
                _move(removed.kept, removed.path, removed.id)
            except Refused:
                self._removed.append(removed)
                raise
        for folder in removed.kept.parents:
            with suppress(OSError):  # others are kept in it
                folder.rmdir()
            if folder.name == REMOVED:
                break
        return removed

    # Indexing

    def reindex(self) -> Run[Report]:
        """Begin to build the index anew. Raises Busy."""
        with self._building:
            if self._open:
                raise Busy
            self._open, self._again = True, False
        self.runs.wait()  # for one that has built, and has only to say so
        return self.runs.start("", self._build)

    def reindex_after_change(self) -> None:
        """Begin to build, or have the build under way look again when it is through."""
        with self._building:
            if self._open:
                self._again = True
                return
        with suppress(Busy):
            self.reindex()

    def _build(self, notify: Notify) -> Report:
        try:
            return self._build_until_unchanged(self._indexed_pipeline(), self.folder, notify)
        finally:
            with self._building:
                self._open = False

    def _build_until_unchanged(self, pipeline: IndexedPipeline, folder: Path, notify: Notify) -> Report:
        from rag.building import build_index

        while True:
            try:
                report = build_index(folder, self._settings, lambda: pipeline.encoder, _told(notify))
            except DocumentsError as error:
                raise (NothingLeft(str(error)) if _is_empty(folder) else error) from None
            with self._building:
                if not self._again:
                    self._open = False
                    return report
                self._again = False


def _told(notify: Notify) -> Progress:
    """Return what tells of a build's stages: of embedding, once it has begun, and not of the files read beside it."""
    telling = threading.Lock()
    embedding = False

    def progress(stage: str, done: int, total: int) -> None:
        nonlocal embedding
        with telling:
            if stage == "reading" and embedding:
                return
            embedding = stage == "embedding"
            if done < total:
                notify(done, total, stage)

    return progress


def _list(folder: Path) -> Listing:
    """List a folder; one that is there and holds nothing is no trouble."""
    try:
        return documents.list_folder(folder)
    except DocumentsError:
        if not _is_empty(folder):
            raise
        return Listing((), ())


def _is_empty(folder: Path) -> bool:
    """Tell whether a folder is there and may be read, and holds no document."""
    try:
        documents.list_folder(folder)
    except DocumentsError:
        return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    return False


def _passage_counts(index: Index) -> dict[str, int]:
    import numpy as np

    counts = np.bincount(index.contents.passages[:, 0], minlength=len(index.contents.documents))
    return dict(zip((document.id for document in index.contents.documents), counts.tolist(), strict=True))


def _row(
    document: Document,
    passages: int | None,
    size: int | None,
    state: State,
    reason: str = "",
    *,
    removable: bool = True,
) -> Row:
    title = document.title if document.title.strip() else document.id
    return Row(
        *(document.id, title, document.language, document.date, size, passages, state, reason, removable),
        author=document.author,
        tags=document.tags,
        copy_of=document.copy_of,
    )


def _problem_row(
    folder: Path,
    problem: UnreadableDocument,
    indexed: Mapping[str, Document],
    counts: Mapping[str, int],
    files: set[str],
) -> Row:
    name = problem.document_id
    path = _removable_path(folder, name) if name not in files else None
    described = indexed.get(name) or _undescribed(name, folder / name)
    return _row(described, counts.get(name), _size(path), "unreadable", problem.reason, removable=path is not None)


def _removable_paths(folder: Path) -> dict[str, Path]:
    """Return the files that may be removed, by id: the documents, and what stands among them and cannot be read."""
    listing = _list(folder)
    found = {documents.document_id(folder, path): path for path in listing.files}
    for problem in listing.problems:
        path = _removable_path(folder, problem.document_id)
        if path and problem.document_id not in found:
            found[problem.document_id] = path
    return found


def _removable_path(folder: Path, document_id: str) -> Path | None:
    """Return the file of an id that a listing of the folder gave, if it is there under that very name."""
    path = folder / document_id
    is_folder = path.is_dir() and not path.is_symlink()
    return path if os.path.lexists(path) and not is_folder else None


def _size(path: Path | None) -> int | None:
    try:
        return path.lstat().st_size if path else None
    except OSError:
        return None


def _undescribed(name: str, path: Path) -> Document:
    return Document(name, PurePosixPath(name).stem, None, "und", "", path, "")


def _has_content(document: Document) -> bool:
    """Tell whether anything is left of a document without its boilerplate."""
    start, parts = 0, []
    for span in document.boilerplate:
        parts.append(document.text[start : span.start])
        start = span.end
    return any(part.strip() for part in (*parts, document.text[start:]))


def _sha256(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return ""  # reading it will say why


def _move(path: Path, target: Path, document_id: str) -> None:
    """Move a file into a folder that is made if need be. Raises KeyError when it is gone already, and Refused."""
    with disk():
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except FileNotFoundError:
            with suppress(OSError):
                target.parent.rmdir()
            raise KeyError(document_id) from None
