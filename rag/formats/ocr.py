"""Letters in a picture, by the program Tesseract where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

ADVICE = "install Tesseract (https://tesseract-ocr.github.io) and run `rag index` again"
_PREFERRED = ("eng", "rus", "nor", "deu", "fra", "spa")  # each more takes more time
_MOST_LANGUAGES = 4
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}  # a page is too little for more, which wait for one another
_PARAGRAPH, _LINE, _WORD = "3", "4", "5"  # levels of what Tesseract tells apart
_COLUMNS = 12  # of its table: level, five numbers, left, top, width, height, how sure it is, text


class Word(NamedTuple):
    """A word in a picture, and the box around it, as high as its line, from the upper left corner."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    paragraph: int  # both are counted in the order of reading
    line: int


@cache
def program() -> str | None:
    return shutil.which("tesseract")


def read(picture: bytes, seconds: float | None = None) -> list[Word]:
    """Return the words in a picture (PGM, PNG, TIFF), their boxes in pixels.

    Raises OSError when Tesseract cannot read it, or not in so many seconds.
    """
    command = [program() or "tesseract", "stdin", "stdout", "-l", "+".join(_languages()), "--dpi", "300", "tsv"]
    try:
        result = subprocess.run(
            command, input=picture, capture_output=True, check=False, timeout=seconds, env=os.environ | _ONE_THREAD
        )
    except subprocess.TimeoutExpired:
        raise OSError(f"Tesseract takes longer than {seconds:g} s") from None
    if result.returncode:
        raise OSError(result.stderr.decode("utf-8", "replace").strip().partition("\n")[0] or "Tesseract failed")
    return list(_words(result.stdout.decode("utf-8", "replace")))


def _words(table: str) -> Iterator[Word]:
    """Yield the words of Tesseract's table, in which a paragraph and a line have rows before those of their words."""
    paragraph = line = 0
    top = bottom = 0
    for row in table.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) < _COLUMNS:
            continue
        level, text = cells[0], cells[11].strip()
        left, above, width, height = map(int, cells[6:10])
        if level == _PARAGRAPH:
            paragraph += 1
        elif level == _LINE:
            line, top, bottom = line + 1, above, above + height
        elif level == _WORD and text:
            yield Word(text, left, top, left + width, bottom, paragraph, line)


@cache
def _languages() -> tuple[str, ...]:
    """Return what Tesseract is to expect: the languages people are most likely to have, of those it has data for."""
    result = subprocess.run([program() or "tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    installed = [line.strip() for line in result.stdout.splitlines()[1:] if line.strip() not in ("", "osd")]
    preferred = [language for language in _PREFERRED if language in installed]
    return tuple((preferred + [each for each in installed if each not in preferred])[:_MOST_LANGUAGES]) or ("eng",)
