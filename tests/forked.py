"""Modules run in processes of their own, forked from one that has imported what servers need: three seconds' work."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TextIO

IMPORTED = ["rag.building", "rag.web.server", "playwright.sync_api", "pytest"]  # what every server of the tests imports
STOPPING = 60  # seconds, at most


class Forked:
    """A running module, with what tests need of `subprocess.Popen`."""

    def __init__(self, process: multiprocessing.process.BaseProcess, stdout: TextIO, errors: Path) -> None:
        self.stdout = stdout
        self._process = process
        self._errors = errors

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self._process.is_alive() and self._process.pid:
            os.kill(self._process.pid, number)

    def wait(self, timeout: float) -> None:
        """Wait for its end. Raises TimeoutExpired."""
        self._process.join(timeout)
        if self._process.is_alive():
            raise subprocess.TimeoutExpired(self._process.name, timeout)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end and return what it had to say."""
        self.wait(timeout)
        return self.stdout.read(), self._errors.read_text("utf-8")

    def end(self) -> None:
        """Interrupt it as Ctrl-C does, and kill it when that is not heard."""
        self.send_signal(signal.SIGINT)
        try:
            self.wait(STOPPING)
        finally:
            self._process.kill()
            self._process.join()


@contextmanager
def forked(module: str, arguments: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Iterator[Forked]:
    """Run a module as ``python -m`` does, until it is left."""
    can_fork = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if can_fork else "spawn")
    if can_fork:
        context.set_forkserver_preload(IMPORTED)
    with tempfile.TemporaryDirectory() as folder:
        errors = Path(folder) / "errors"
        reading, writing = context.Pipe(duplex=False)
        call = (module, list(arguments), cwd, dict(environment), writing, errors)
        process = context.Process(target=_run, args=call, name=module, daemon=True)
        process.start()
        writing.close()
        with reading, os.fdopen(os.dup(reading.fileno()), encoding="utf-8") as stdout:
            running = Forked(process, stdout, errors)
            try:
                yield running
            finally:
                running.end()


def _run(
    module: str, arguments: list[str], cwd: Path, environment: dict[str, str], stdout: Connection, errors: Path
) -> None:
    os.dup2(stdout.fileno(), 1)
    stdout.close()
    with errors.open("wb") as file:
        os.dup2(file.fileno(), 2)
    sys.stdout = os.fdopen(1, "w", closefd=False)  # those that were inherited know what the tests were captured in
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # TMPDIR may be another now
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
