"""Watching a folder: the index is built again whenever documents in it have changed and come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from rag import documents, terminal
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.errors import IndexNotWritable, RagError

REST_MS = 1000  # a change is looked at once nothing has followed it for so long
LONGEST_MS = 30_000  # or after so long, where changes do not end
RETRY_SECONDS = 10.0  # after which a build that found the index in use by another is tried again

Told = tuple[Path, tuple[str, ...]]  # the generation, and what could not be read


def watch(settings: Settings) -> None:
    """Build the index, and again after every change, until interrupted. A build that fails is told of.

    Raises DocumentsError where there is no such folder to begin with.
    """
    folder = settings.documents.absolute()
    documents.check_folder(folder)
    load = cache(partial(load_encoder, settings))  # once for all builds
    terminal.print_problem(f"watching {folder} for changes; Ctrl-C ends it")
    last: Told | None = None
    for _ in _moments_to_build(folder, settings.index.absolute()):
        last = _build(settings, load, last)


def _build(settings: Settings, load: Callable[[], Encoder], last: Told | None) -> Told | None:
    """Build, and tell of it if that is news. Returns what is known now."""
    try:
        report = terminal.build_with_progress(settings, load=load)
    except IndexNotWritable as error:
        terminal.print_problem(f"{error}. Trying again in {RETRY_SECONDS:g} s")
        time.sleep(RETRY_SECONDS)
        return _build(settings, load, last)
    except RagError as error:
        terminal.print_problem(f"{error}. Watching on")
        return last
    told = report.folder, tuple(map(str, (*report.problems, *report.unread)))
    if told != last:
        terminal.print_report(report, settings)
    return told


def _moments_to_build(folder: Path, index: Path) -> Iterator[None]:
    """Yield when something has changed: at once too, as it may have before anybody watched."""
    from watchfiles import watch as changes

    while True:
        yield
        known = _identity(folder)
        if known is None:
            time.sleep(RETRY_SECONDS)  # there is no folder to watch for now, which the build has told
            continue
        found = changes(
            folder,
            watch_filter=lambda _, path: _may_matter(Path(path), folder, index),
            debounce=LONGEST_MS,
            step=REST_MS,
            rust_timeout=REST_MS,
            yield_on_timeout=True,
        )
        started = False
        for changed in found:
            if _identity(folder) != known:
                break  # another folder stands in its place, which this one does not watch
            if changed or not started:
                yield
            started = True


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _may_matter(path: Path, folder: Path, index: Path) -> bool:
    """Tell whether a change may be one of a document: hidden files and the index itself are none."""
    if not path.is_relative_to(folder) or path.is_relative_to(index):
        return False
    return not any(part.startswith(".") for part in path.relative_to(folder).parts)
