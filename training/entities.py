"""Finds years, numbers and names in a text, and tells which kind of answer a text is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from rag.answerers.kinds import YEAR
from rag.types import Span

_NUMBER = re.compile(r"(?<![\d.,])\d+(?:[.,]\d+)*")
_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")
_SENTENCE_END = ".!?…:;\"'«“‘¿¡(—–-"
_LONG_ANSWER = 60  # characters
_STEM = 5  # letters of a name that inflection leaves alone


def fold(text: str) -> str:
    """Return a text as it is compared: NFKC, no case, ё as е, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("ё", "е").split())


def holds_any(text: str, strings: Iterable[str]) -> bool:
    """Tell whether a text has one of the strings anywhere, also inside a word."""
    folded = fold(text)
    return any(fold(string) in folded for string in strings)


def mentions(text: str, name: str) -> bool:
    """Tell whether a text has any word of a name, whatever its ending."""
    folded = fold(text)
    return any(stem(word) in folded for word in name.split())


def stem(word: str) -> str:
    """Return the part of a name's word that stays when it is inflected."""
    folded = fold(word)
    return folded if len(folded) <= 3 else folded[: min(_STEM, len(folded) - 1)]


def years(text: str) -> list[Span]:
    """Return the spans of four-digit years."""
    return [Span(*match.span()) for match in YEAR.finditer(text)]


def numbers(text: str) -> list[Span]:
    """Return the spans of numbers that are no years."""
    dates = set(years(text))
    return [span for span in (Span(*match.span()) for match in _NUMBER.finditer(text)) if span not in dates]


def names(text: str) -> list[Span]:
    """Return the spans of capitalised words in a run that do not open a sentence.

    >>> [text[a:b] for text in ["How many chips did Acme Corp buy from Intel?"] for a, b in names(text)]
    ['Acme Corp', 'Intel']
    """
    return list(_runs(text))


def _runs(text: str) -> Iterator[Span]:
    start = end = -1
    for match in _WORD.finditer(text):
        capital = match.group()[0].isupper() and (len(match.group()) > 1 or end == match.start() - 1)
        if capital and start >= 0 and text[end : match.start()] == " ":
            end = match.end()
            continue
        if start >= 0:
            yield Span(start, end)
            start = -1
        if capital and not opens_sentence(text, match.start()):
            start, end = match.span()
    if start >= 0:
        yield Span(start, end)


def opens_sentence(text: str, position: int) -> bool:
    """Tell whether a sentence begins at a position, as far as the character before tells."""
    before = text[:position].rstrip()
    return not before or before[-1] in _SENTENCE_END


def answer_kind(text: str) -> str:
    """Return "date", "number", "name", "long" or "other"."""
    if len(text) > _LONG_ANSWER:
        return "long"
    if years(text):
        return "date"
    if any(character.isdigit() for character in text):
        return "number"
    return "name" if text[:1].isupper() else "other"


def has_kind(text: str, kind: str) -> bool:
    """Tell whether a text has something that could be an answer of this kind."""
    if kind == "date":
        return bool(years(text))
    if kind == "number":
        return any(character.isdigit() for character in text)
    return kind == "name" and bool(names(text))
