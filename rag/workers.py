"""Modules of this program run as processes of their own, which are asked and answer through pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import rag


def start(module: str, **how: Any) -> subprocess.Popen[Any]:
    """Start a module as a process; `how` goes to Popen. Raises OSError.

    It finds this package wherever the command was given, and imports nothing from the working folder. Ctrl-C is for
    the one who asks and ends it, with whatever it has started.
    """
    paths = [str(Path(rag.__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-P", "-m", module],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"},
        start_new_session=True,
        **how,
    )


def close_pipes(process: subprocess.Popen[Any]) -> None:
    """Close both pipes of a process that has ended, or is being ended."""
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            if pipe:
                pipe.close()
