"""Edits a conversation again and again, killed one statement later each time: ``python -m tests.killed_writes FOLDER``.

FOLDER holds `base.sqlite3`. The edit that is killed before its statement n is made in a copy, `killed-n.sqlite3`.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from itertools import count
from pathlib import Path

from rag.history import History
from tests.answers import an_answer

EDITED = "What was it, again?"


def edit_and_die(path: Path, step: int) -> bool:
    """Edit the second turn in a process of its own, and tell whether it was killed."""
    child = os.fork()
    if not child:
        with History.open(path) as history:
            (conversation,) = history.conversations("")
            statements = count(1)

            def die(_: str) -> None:
                if next(statements) == step:
                    os.kill(os.getpid(), signal.SIGKILL)

            history._connection.set_trace_callback(die)
            history.replace_from("", conversation.id, 2, an_answer(EDITED))
            history._connection.set_trace_callback(None)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False


def main(folder: Path) -> None:
    for step in count(1):
        path = folder / f"killed-{step:03}.sqlite3"
        shutil.copy(folder / "base.sqlite3", path)
        if not edit_and_die(path, step):
            break


if __name__ == "__main__":
    main(Path(sys.argv[1]))
