"""Letters in a picture, by the program Tesseract where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

ADVICE = "install Tesseract (https://tesseract-ocr.github.io) and run `rag index` again"
_PREFERRED = ("eng", "rus", "nor", "deu", "fra", "spa")  # each more takes more time
_MOST_LANGUAGES = 4


@cache
def program() -> str | None:
    return shutil.which("tesseract")


def read(picture: bytes) -> str:
    """Return the text in a picture (PGM, PNG, TIFF). Raises OSError when Tesseract cannot read it."""
    command = [program() or "tesseract", "stdin", "stdout", "-l", "+".join(_languages()), "--dpi", "300"]
    result = subprocess.run(command, input=picture, capture_output=True, check=False)
    if result.returncode:
        raise OSError(result.stderr.decode("utf-8", "replace").strip().partition("\n")[0] or "Tesseract failed")
    return result.stdout.decode("utf-8", "replace")


@cache
def _languages() -> tuple[str, ...]:
    """Return what Tesseract is to expect: the languages people are most likely to have, of those it has data for."""
    result = subprocess.run([program() or "tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    installed = [line.strip() for line in result.stdout.splitlines()[1:] if line.strip() not in ("", "osd")]
    preferred = [language for language in _PREFERRED if language in installed]
    return tuple((preferred + [each for each in installed if each not in preferred])[:_MOST_LANGUAGES]) or ("eng",)
