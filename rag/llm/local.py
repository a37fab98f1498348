"""A language model in this process: llama.cpp, of the package `xllamacpp`, with any GGUF file.

Its engine brings the same server as the program llama-server. It listens on loopback under a key that only this process
knows, so that one client serves both, and whatever is found out or goes wrong is told alike.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import threading
from pathlib import Path
from typing import Any

from rag.config import Settings
from rag.errors import ModelError
from rag.llm import Abilities, Piece, Prompt, Reply
from rag.llm.gemma import HOW
from rag.llm.gguf import architecture
from rag.llm.server import ServerModel

PATIENCE = 0.2  # seconds between signs of life while others are waited for


class LocalModel:
    """Replies to one at a time; whoever asks meanwhile waits, and the time a reply may take counts from its turn."""

    def __init__(self, path: Path, settings: Settings) -> None:
        """Load. Raises ModelError, which says what is missing or wrong with the file."""
        key = secrets.token_urlsafe(32)
        self._server = _start(path, settings, key)
        self._turn = threading.Lock()
        self._model = ServerModel(
            f"{self._server.listening_address}/v1",
            name=path.stem,
            key=key,
            context=settings.llm_context,
            seconds=settings.llm_seconds,
        )

    def abilities(self) -> Abilities:
        with self._turn:
            return self._model.abilities()

    def count(self, text: str) -> int:
        return self._model.count(text)

    def complete(self, prompt: Prompt, *, limit: int, grammar: str | None = None) -> Reply:
        while not self._turn.acquire(timeout=PATIENCE):
            yield Piece("")  # so that whoever no longer wants to wait can leave
        try:
            yield from self._model.complete(prompt, limit=limit, grammar=grammar)
        finally:
            self._turn.release()


def _start(path: Path, settings: Settings, key: str) -> Any:
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelError(f"a language model in this process needs the package xllamacpp: {HOW}")
    kind = architecture(path)
    import xllamacpp

    try:
        return xllamacpp.Server(_parameters(xllamacpp.CommonParams(), path, settings, key))
    except RuntimeError:
        raise ModelError(
            f"llama.cpp cannot load {path}: the file is damaged, its architecture {kind!r} is newer than the installed "
            f"xllamacpp {xllamacpp.__version__}, or there is too little memory; fetch it again, update xllamacpp, or "
            "name another file in the setting 'llm'"
        ) from None


def _parameters(parameters: Any, path: Path, settings: Settings, key: str) -> Any:
    parameters.model.path = str(path)
    parameters.model_alias = {path.stem}
    parameters.n_ctx = settings.llm_context
    parameters.n_parallel = 1
    parameters.swa_full = True  # or the examples that every prompt begins with would be read anew each time
    parameters.cache_ram_mib = 0
    parameters.warmup = False
    parameters.offline = True
    threads = settings.threads or os.cpu_count() or 1
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.api_keys = [key]
    parameters.ui = parameters.endpoint_slots = False
    parameters.verbosity = -1
    return parameters
