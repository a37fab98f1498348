"""What is known of a folder from the index before: which files are as they were, which have moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from rag import copies, documents, index
from rag.building.parts import Part, hash_beside
from rag.documents import Signature
from rag.index import Generation
from rag.models import sha256_of
from rag.types import Passage


class Known:
    """The documents of the index before, by their ids and by their bytes."""

    def __init__(self, previous: Generation | None) -> None:
        self.passages = len(previous.contents.passages) if previous else 0
        self._previous = previous
        parts = list(_parts(previous)) if previous else []
        self._by_id = {part.document.id: part for part in parts}
        self._by_sha256: dict[str, list[Part]] = {}
        for part in parts:
            self._by_sha256.setdefault(part.document.sha256, []).append(part)
        self._left = set(self._by_id)  # those that are not as they were, so far
        self._alike: set[str] = set()  # those whose bytes stand under another name, too

    def look(self, folder: Path, path: Path, now: Signature) -> Part | Path:
        """Return what a file was and still is, at another place perhaps, or its path if it has to be read."""
        part = self._by_id.get(documents.document_id(folder, path))
        try:
            if part is None or now != part.signature:
                now = documents.signature(path)  # what changes from when its bytes are looked at has to show
                part = self._same_bytes(folder, path, part) if self._by_id else None
            if part and part.sidecar != hash_beside(path):
                return path
        except OSError:  # reading it will say why
            return path
        if part is None or part.document.unread:  # what could not be read for want of a program may be readable now
            return path
        self._left.discard(part.document.id)
        signature = now if now.settled else None
        if part.document.path != path:
            part = part._replace(document=replace(part.document, path=path))
        return part if part.signature == signature else part._replace(signature=signature)

    def _same_bytes(self, folder: Path, path: Path, part: Part | None) -> Part | None:
        sha256 = sha256_of(path)
        if part and part.document.sha256 == sha256:
            return part
        for other in self._by_sha256.get(sha256, ()):
            if document := documents.relocated(other.document, folder, path):
                return other._replace(document=document)
            self._alike.add(other.document.id)
        return None

    def unchanged(self, part: Part) -> Part:
        """Return a document that was read again with the rows that it had, if it is what it was."""
        before = self._by_id.get(part.document.id)
        if before and replace(before.document, path=part.document.path, copy_of="") == part.document:
            return before._replace(document=part.document, signature=part.signature, sidecar=part.sidecar)
        return part

    def copies(self, parts: Sequence[Part]) -> copies.Earlier | None:
        """Return which near-duplicates there were, by the places of their documents among those of now."""
        if self._previous is None:
            return None
        numbers = {part.document.id: number for number, part in enumerate(parts) if self._stands_as_before(part)}
        sources = {number: numbers.get(self._by_id[name].document.source, -1) for name, number in numbers.items()}
        gone = [part.sketch for name, part in self._by_id.items() if name not in numbers]
        return copies.Earlier(sources, np.array(gone, np.uint32).reshape(-1, copies.HASHES))

    def _stands_as_before(self, part: Part) -> bool:
        """Tell whether a document has the text that it had, and its place among those that may be its original."""
        before = self._by_id.get(part.document.id)
        return before is not None and before.sketch is part.sketch and before.document.date == part.document.date

    def rows_left(self, digest: Callable[[Passage], bytes]) -> dict[bytes, int]:
        """Return the rows of passages that may stand in the files that are to be read, by their digests."""
        if self._previous is None:
            return {}
        passage = self._previous.contents.passage
        left = (self._by_id[name] for name in self._left | self._alike)
        return {digest(passage(row)): row for part in left for row in part.origins.tolist()}


def _parts(previous: Generation) -> Iterator[Part]:
    contents, traces = previous.contents, index.load_traces(previous.folder)
    firsts = np.searchsorted(contents.passages[:, 0], np.arange(len(contents.documents) + 1)).tolist()
    ends = np.append(contents.passages[:, 3], len(contents.sentences))[firsts].tolist()
    passages = contents.passages.copy()
    passages[:, 0] = 0
    passages[:, 3] -= np.repeat(ends[:-1], np.diff(firsts)).astype(np.int32)
    signatures: Sequence[Sequence[int]] = traces.signatures.tolist()
    for number, document in enumerate(contents.documents):
        first, last = firsts[number], firsts[number + 1]
        known = signatures[number]
        yield Part(
            document,
            passages[first:last],
            contents.languages[first:last],
            contents.sentences[ends[number] : ends[number + 1]],
            np.arange(first, last),
            traces.sketches[number],
            Signature(*known) if known[0] >= 0 else None,
            int(traces.sidecars[number]),
        )
