"""Builds an index again and again, killed one step later each time: ``python -m tests.killed_builds FOLDER``.

FOLDER holds `documents` and `base`, an index of what the documents were before. Step n is killed in a copy, `index-n`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from rag.building import build_index
from rag.config import Settings
from tests.fakes import HashEncoder


class Death:
    """Kills the process at the n-th of all steps: what is written, renamed or removed, and every call of progress."""

    def __init__(self, step: int, index: Path) -> None:
        self._left = step
        self._index = str(index)
        sys.addaudithook(self._watch)

    def step(self, *_: object) -> None:
        self._left -= 1
        if not self._left:
            os.kill(os.getpid(), signal.SIGKILL)

    def _watch(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in {"os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate"}:
            self.step()
        elif event == "open" and str(arguments[0]).startswith(self._index):
            mode = arguments[1]
            if mode is None or set(mode) & set("wxa+"):  # None is os.open, which flushes
                self.step()


def build_and_die(documents: Path, index: Path, step: int) -> bool:
    """Build in a process of its own, and tell whether it was killed."""
    child = os.fork()
    if not child:
        death = Death(step, index)
        build_index(documents, Settings(index=index), HashEncoder, death.step)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def main(folder: Path) -> None:
    shutil.copytree(folder / "base", folder / "warm")
    build_index(folder / "documents", Settings(index=folder / "warm"), HashEncoder)  # loads what each child needs
    for step in count(1):
        index = folder / f"index-{step:03}"
        shutil.copytree(folder / "base", index)
        if not build_and_die(folder / "documents", index, step):
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
