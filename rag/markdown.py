"""What the marks of Markdown say of a text: its headings, with the sections below them, and its fenced code.

>>> marked = structure("# Chips\\n\\nPrices.\\n\\n## Memory\\n\\nMore prices.\\n")
>>> [(place.name, place.start, place.end) for place in marked.places]
[('Chips', 0, 41), ('Memory', 18, 41)]
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.types import Place, Span

SUFFIXES = (".md",)

_LINE = re.compile(r"[^\n]*\n?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")  # of the line above
_NO_TITLE = re.compile(r"\s*(?:$|[-*+>|#]|\d+[.)]\s)")  # what a heading that is underlined does not begin with
_MARKUP = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)|(\*\*|__|`)(?=\S)")


class Marked(NamedTuple):
    """The headings of a text as places, and its code."""

    places: tuple[Place, ...]
    code: tuple[Span, ...]


class _Heading(NamedTuple):
    start: int
    level: int
    name: str


def structure(text: str, start: int = 0) -> Marked:
    """Read the marks of a text from `start` on, where the front matter ends."""
    headings: list[_Heading] = []
    code: list[Span] = []
    fence, opened = "", 0
    above: tuple[str, str] = ("", "")  # the two lines before
    for match in _LINE.finditer(text, start):
        line, at = match.group().rstrip("\n"), match.start()
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                code.append(Span(opened, at + len(line)))
                fence = ""
        elif mark:
            fence, opened = mark[1], at
        elif atx := _ATX.match(line):
            headings.append(_Heading(at, len(atx[1]), plain(atx[2])))
        elif (underline := _UNDERLINE.match(line)) and not above[0].strip() and not _NO_TITLE.match(above[1]):
            headings.append(_Heading(at - len(above[1]) - 1, 1 if underline[1][0] == "=" else 2, plain(above[1])))
        above = (above[1], "" if fence else line)
    if fence:
        code.append(Span(opened, _without_space(text, len(text))))
    return Marked(tuple(_sections(text, [heading for heading in headings if heading.name])), tuple(code))


def _sections(text: str, headings: Sequence[_Heading]) -> list[Place]:
    """Return headings as places: each lasts until the next that is no deeper."""
    places: list[Place] = []
    around: list[int] = []
    for number, heading in enumerate(headings):
        while around and headings[around[-1]].level >= heading.level:
            ended = around.pop()
            places[ended] = places[ended]._replace(end=_without_space(text, heading.start))
        within = around[-1] if around else -1
        places.append(
            Place("heading", heading.start, _without_space(text, len(text)), name=heading.name, within=within)
        )
        around.append(number)
    return places


def _without_space(text: str, end: int) -> int:
    while end and text[end - 1].isspace():
        end -= 1
    return end


def plain(line: str) -> str:
    """Return one line without links, emphasis, markers of lists and repeated spaces."""
    text = _MARKUP.sub(r"\1", line).replace("**", "").replace("__", "").replace("`", "")
    return " ".join(text.strip("|#>*+ \t").split())
