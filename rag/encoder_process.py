"""The bundled encoder with its network in a process of its own: ``python -m rag.encoder_process``.

While torch is imported, more than a second, no other thread of a process gets on, and a process that has imported it
takes half a second to end. `rag index` needs torch for nothing but vectors: another process loads it meanwhile, and is
ended with the build.

Both sides trust each other, as both are this program. A request is a line of JSON, the first with what to load, the
others with tokens; an answer is the vectors' bytes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import BinaryIO

import numpy as np

from rag import models, workers
from rag.config import Settings
from rag.encoder import BundledEncoder, Encoder, OwnNetwork, Part, Vectors, load_encoder
from rag.errors import ModelError
from rag.types import Span


@contextmanager
def loading(settings: Settings) -> Iterator[Callable[[], Encoder]]:
    """Give what loads the encoder that the settings name, with a process of its own where that is the bundled one.

    The process is begun when it is called, and ends with the context.
    """
    if not models.is_bundled(settings):
        yield partial(load_encoder, settings)
        return
    apart = _Apart(settings)
    try:
        yield apart.load
    finally:
        apart.end()


class _Apart:
    """A `Network` in another process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._running: subprocess.Popen[bytes] | None = None
        self._asking = threading.Lock()
        self._ended = False

    def load(self) -> Encoder:
        """Return an encoder whose network it is. Raises ModelError."""
        self.begin()
        return BundledEncoder(self._settings, self)

    def begin(self) -> None:
        """Start the process, and have it load the network. Raises ModelError when it cannot be started."""
        with self._asking:
            if self._running or self._ended:
                return
            try:
                self._running = workers.start(__name__)
            except OSError as error:
                raise ModelError(f"cannot start a process for the encoder: {error.strerror or error}") from error
            with suppress(BrokenPipeError):  # it has ended, which is told when it is asked
                _send(self._running, {"threads": self._settings.threads, "bfloat16": self._settings.bfloat16})

    def means(self, parts: Sequence[Part], *, few: bool) -> Vectors:
        """Return what `OwnNetwork.means` does. Raises ModelError when the process has ended."""
        dimension = models.packed_model().shape.hidden
        size = sum(len(part.pools) for part in parts) * dimension * np.dtype(np.float32).itemsize
        with self._asking:
            running = self._running
            assert running is not None
            assert running.stdout is not None
            answer = b""
            with suppress(BrokenPipeError):
                _send(running, {"parts": [(part.ids, part.pools) for part in parts], "few": few})
                answer = running.stdout.read(size)
            if len(answer) != size:
                why = _why(running.wait())
                raise ModelError(f"the process that makes vectors has ended ({why}); run the command again to go on")
        return np.frombuffer(answer, np.float32).reshape(-1, dimension)

    def end(self) -> None:
        """End the process, if it runs, without waiting for what it has in hand."""
        with self._asking:
            self._ended, running = True, self._running
        if running is None:
            return
        running.kill()
        running.wait()
        workers.close_pipes(running)


def _send(running: subprocess.Popen[bytes], request: object) -> None:
    assert running.stdin is not None
    running.stdin.write(json.dumps(request).encode() + b"\n")
    running.stdin.flush()


def _why(code: int) -> str:
    return f"signal {-code}: is there enough memory?" if code < 0 else f"exit code {code}"


def main() -> None:
    """Answer requests until there are no more."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints is no answer
    with suppress(ModelError, BrokenPipeError):  # the one who asks looks at the same file, and tells; or has gone
        serve(requests, answers)


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Load the network that the first request names, and answer the others."""
    first = requests.readline()
    if not first:
        return
    network = OwnNetwork(Settings(**json.loads(first)))
    for line in requests:
        request = json.loads(line)
        parts = [Part(0, ids, [Span(*pool) for pool in pools]) for ids, pools in request["parts"]]
        answers.write(np.ascontiguousarray(network.means(parts, few=request["few"]), np.float32).tobytes())
        answers.flush()


if __name__ == "__main__":
    main()
