"""Makes sure that the browser which the tests drive is on this machine: ``python -m tests.requirements``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.browser import BROWSERS

HOW = "the browser tests need Chromium: apt-get install chromium (or: brew install --cask chromium)"


def main() -> None:
    """Install Debian's Chromium where that is possible, else say in one line how to."""
    if any(map(shutil.which, BROWSERS)):
        return
    if not (shutil.which("apt-get") and os.geteuid() == 0):
        sys.exit(HOW)
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "chromium"]):
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            sys.exit(HOW)


if __name__ == "__main__":
    main()
