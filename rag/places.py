"""Where in its file a span stands, as people say it: «page 412», «sheet Prices, row 17»."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from operator import attrgetter

from rag.types import Document, Place, PlaceKind, Span

# What a place is called by its number, and by its name. `{}` is filled; a name alone needs no word beside it.
_ENGLISH: Mapping[PlaceKind, str] = {
    "message": "message {}",
    "page": "page {}",
    "slide": "slide {}",
    "notes": "notes",
    "sheet": "sheet {}",
    "row": "row {}",
    "record": "record {}",
}
_NORWEGIAN: Mapping[PlaceKind, str] = {
    "message": "melding {}",
    "page": "side {}",
    "slide": "lysbilde {}",
    "notes": "notater",
    "sheet": "ark {}",
    "row": "rad {}",
    "record": "post {}",
}
_RUSSIAN: Mapping[PlaceKind, str] = {
    "message": "сообщение {}",
    "page": "стр. {}",
    "slide": "слайд {}",
    "notes": "заметки",
    "sheet": "лист {}",
    "row": "строка {}",
    "record": "запись {}",
}
WORDS: Mapping[str, Mapping[PlaceKind, str]] = {"en": _ENGLISH, "no": _NORWEGIAN, "ru": _RUSSIAN}
_LONGEST_NAME = 60  # characters of a heading or a subject that are shown


def place_of(document: Document, span: Span) -> tuple[Place, ...]:
    """Return the places around the beginning of a span, outermost first, in O(log n).

    The last place that begins no later is the innermost one or lies, with it, in whatever else is around.
    """
    places = document.places
    number = bisect_right(places, span.start, key=attrgetter("start")) - 1
    around = []
    while number >= 0:
        if span.start < places[number].end:
            around.append(places[number])
        number = places[number].within
    return tuple(reversed(around))


def label(places: Sequence[Place], language: str = "en") -> str:
    """Say where something stands, from the outermost place to the innermost, in English, Norwegian or Russian.

    >>> label([Place("sheet", 0, 90, name="Prices"), Place("row", 40, 60, 17)])
    'sheet Prices, row 17'
    >>> label([Place("heading", 0, 90, name="Chips"), Place("heading", 9, 40, name="Delivery")])
    'Chips › Delivery'
    """
    words = WORDS.get(language, _ENGLISH)
    text = ""
    for before, place in zip((None, *places), places, strict=False):
        joint = " › " if before and before.kind == place.kind == "heading" else ", " if text else ""
        text += joint + _said(place, words)
    return text


def _said(place: Place, words: Mapping[PlaceKind, str]) -> str:
    """Say one place: by its word and number, by its name, or by both."""
    name = _shortened(place.name)
    if place.kind not in words:
        return name
    if place.number is None:
        return words[place.kind].format(name).rstrip()
    counted = words[place.kind].format(place.number)
    return f"{counted} ({name})" if name else counted


def _shortened(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _LONGEST_NAME else line[: _LONGEST_NAME - 1].rstrip() + "…"
