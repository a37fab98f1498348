"""Files read in processes of their own: one that hangs, crashes or takes too much is ended, and the rest goes on."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rag import workers
from rag.formats.draft import Extract, Limits, Unreadable

WORKER = "rag.formats.worker"


class Busy(Exception):
    """No process became idle in time."""


class Processes:
    """As many processes as are asked for, each begun when it is first needed. Safe to share between threads."""

    def __init__(self, limits: Limits | None = None, count: int = 1, *, worker: str = WORKER) -> None:
        self.limits = limits or Limits()
        self.count = count
        self._left = False
        self._all = [_Process(self.limits, worker) for _ in range(count)]
        self._idle: queue.LifoQueue[_Process] = queue.LifoQueue()  # last in, first out: one that runs is taken first
        for process in self._all:
            self._idle.put(process)

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, *_: object) -> None:
        self._left = True
        for process in self._all:
            process.end()

    def begin(self) -> None:
        """Start a process ahead of the first request, if one is idle."""
        with contextlib.suppress(queue.Empty):
            process = self._idle.get_nowait()
            process.begin()
            self._idle.put(process)

    def extract(self, data: bytes, name: str) -> Extract:
        """Return the text of a file; waits for a process that is idle. Raises Unreadable."""
        return _extract(self.ask(data, {"name": name.encode("utf-8", "replace").decode()}))

    def ask(self, data: bytes, request: Mapping[str, Any], patience: float | None = None) -> dict[str, Any]:
        """Return the answer to a request, as it came, from a process that is idle or becomes so within `patience`.

        Raises Unreadable, and Busy when no process became idle in so many seconds.
        """
        try:
            process = self._idle.get(timeout=patience)
        except queue.Empty:
            raise Busy(f"no process became idle in {patience:g} s") from None
        try:
            if self._left:
                raise RuntimeError("these processes were left")
            return process.ask(data, request)
        finally:
            self._idle.put(process)


def extract(data: bytes, name: str, limits: Limits | None = None) -> Extract:
    """Return the text of one file, read in a process that ends with it. Raises Unreadable."""
    with Processes(limits) as processes:
        return processes.extract(data, name)


class _Process:
    """One process, begun again after its end."""

    def __init__(self, limits: Limits, worker: str) -> None:
        self._limits = limits
        self._worker = worker
        self._running: subprocess.Popen[bytes] | None = None
        self._late = threading.Event()

    def ask(self, data: bytes, request: Mapping[str, Any]) -> dict[str, Any]:
        running = self.begin()
        self._late.clear()
        timer = threading.Timer(self._limits.seconds, self._end_late)
        timer.start()
        try:
            answer = _ask(running, data, request, self._limits)
        except BaseException:  # Ctrl-C above all: half an answer must not be taken for that to the next question
            self.end()
            raise
        finally:
            timer.cancel()
        if answer is None:
            raise Unreadable(self._why_it_ended(running))
        if answer.get("exhausted") or self._late.is_set():  # it ends, or is being ended
            self.end()
        if "unreadable" in answer:
            raise Unreadable(str(answer["unreadable"]))
        return answer

    def end(self) -> None:
        """End the process, and what it started, if it runs."""
        running, self._running = self._running, None
        if running is None:
            return
        _kill(running)
        workers.close_pipes(running)
        running.wait()

    def begin(self) -> subprocess.Popen[bytes]:
        """Return the process, running."""
        if self._running is None or self._running.poll() is not None:
            self.end()
            self._running = workers.start(self._worker, stderr=subprocess.DEVNULL)
        return self._running

    def _end_late(self) -> None:
        self._late.set()
        if self._running:
            _kill(self._running)

    def _why_it_ended(self, running: subprocess.Popen[bytes]) -> str:
        self.end()
        if self._late.is_set():
            return (
                f"reading it takes longer than {self._limits.seconds:g} s; split the file or raise the setting "
                "max_read_seconds"
            )
        code = running.wait()
        cause = signal.Signals(-code).name if code < 0 and -code in set(signal.Signals) else f"exit code {code}"
        return f"reading it made the parser crash ({cause}), so it may be damaged; open it and save it anew"


def _ask(
    running: subprocess.Popen[bytes], data: bytes, request: Mapping[str, Any], limits: Limits
) -> dict[str, Any] | None:
    """Send a request and return the answer, None if the process ended before it gave one."""
    assert running.stdin is not None
    assert running.stdout is not None
    line = {**request, "size": len(data), "limits": asdict(limits)}
    try:
        running.stdin.write(json.dumps(line).encode() + b"\n")
        running.stdin.write(data)
        running.stdin.flush()
        answer = running.stdout.readline()
        return dict(json.loads(answer)) if answer.endswith(b"\n") else None
    except (BrokenPipeError, ConnectionResetError, ValueError):
        return None


def _kill(running: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "nt" or running.poll() is not None:
            running.kill()
        else:
            os.killpg(running.pid, signal.SIGKILL)


def _extract(answer: dict[str, Any]) -> Extract:
    """Read an answer, without trust. Raises Unreadable."""
    try:
        return _adapter().validate_python(answer.get("extract"))
    except ValidationError as error:
        raise Unreadable(f"its parser gave an answer that makes no sense ({error.error_count()} flaws)") from None


@cache
def _adapter() -> TypeAdapter[Extract]:
    return TypeAdapter(Extract)
