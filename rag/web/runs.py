"""One run at a time in a thread of its own, and what there is to say of it meanwhile and afterwards."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Literal, Protocol, TypeVar

from rag.errors import RagError

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
Phase = Literal["beginning", "working", "ending", "stopping", "stopped", "failed", "done"]

PACE_STEPS = 16  # the last so many say how long the rest will take
CLOSING_SECONDS = 5.0


class Busy(Exception):
    """Another run is under way."""


class Stopped(Exception):
    """Raised in a job, where it tells of its progress, once it is to stop."""


class Notify(Protocol):
    """What a job tells its progress to: steps done, steps in all, and what it is at, if it does several things."""

    def __call__(self, done: int, total: int, stage: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Run(Generic[Result]):
    """A run at one moment. `beginning` and `ending` are its work before the first step and after the last."""

    id: str
    name: str
    phase: Phase = "beginning"
    done: int = 0
    total: int = 0
    stage: str = ""
    seconds_left: float | None = None
    result: Result | None = None
    error: Exception | None = None

    @property
    def active(self) -> bool:
        return self.phase in ("beginning", "working", "ending", "stopping")


class Runs(Generic[Result]):
    """Runs one job after another. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: Run[Result] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def latest(self) -> Run[Result] | None:
        """Return the run that is under way, or else the last one."""
        with self._lock:
            return self._latest

    def start(self, name: str, job: Callable[[Notify], Result]) -> Run[Result]:
        """Begin a run. The job is given what it tells its progress to. Raises Busy."""
        with self._lock:
            if self._latest and self._latest.active:
                raise Busy
            self._stopping.clear()
            run: Run[Result] = Run(secrets.token_hex(4), name)
            self._latest = run
            self._thread = threading.Thread(target=self._work, args=(job,), name="run", daemon=True)
            self._thread.start()
            return run

    def stop(self, run_id: str) -> None:
        """Ask a run to stop at its next step; one that has ended, or is past its last step, is left as it is."""
        with self._lock:
            if self._latest and self._latest.id == run_id and self._latest.phase in ("beginning", "working"):
                self._latest = replace(self._latest, phase="stopping", seconds_left=None)
                self._stopping.set()

    def wait(self) -> None:
        """Wait for what is under way to end."""
        if self._thread:
            self._thread.join()

    def close(self) -> None:
        """Stop what is under way and wait a moment for it."""
        self._stopping.set()
        if self._thread:
            self._thread.join(CLOSING_SECONDS)

    def _work(self, job: Callable[[Notify], Result]) -> None:
        pace = _Pace()
        try:
            result = job(lambda done, total, stage="": self._progress(done, total, stage, pace))
            self._end("done", result=result)
        except Stopped:
            self._end("stopped")
        except Exception as error:
            if not isinstance(error, RagError | OSError):  # a bug: its traceback belongs in the log
                logger.exception("the run failed")
            self._end("failed", error=error)

    def _progress(self, done: int, total: int, stage: str, pace: _Pace) -> None:
        with self._lock:
            assert self._latest
            if not self._stopping.is_set():
                phase: Phase = "ending" if done == total else "working"
                left = pace.seconds_left(done, total)
                self._latest = replace(
                    self._latest, phase=phase, done=done, total=total, stage=stage, seconds_left=left
                )
                return
            self._latest = replace(self._latest, done=done, total=total, stage=stage)
        raise Stopped

    def _end(self, phase: Phase, *, result: Result | None = None, error: Exception | None = None) -> None:
        with self._lock:
            assert self._latest
            self._latest = replace(self._latest, phase=phase, seconds_left=None, result=result, error=error)


class _Pace:
    """How long the rest will take, by the last steps; the first ones may have been done in an earlier run."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque(maxlen=PACE_STEPS)

    def seconds_left(self, done: int, total: int) -> float | None:
        if self._steps and done < self._steps[-1][1]:  # another stage, whose steps take another time
            self._steps.clear()
        now = time.monotonic()
        self._steps.append((now, done))
        since, before = self._steps[0]
        return (now - since) / (done - before) * (total - done) if done > before else None
