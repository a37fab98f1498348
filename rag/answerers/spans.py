"""Spans of short answers: their edges, and the sentences around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rag.languages import OF_A_WORD
from rag.types import Span

LONGEST_WORD = 100  # characters; what goes on for longer is not words
ABBREVIATED = 4  # letters that a word before a full stop may have and be an abbreviation

_OF_A_WORD = re.compile(OF_A_WORD)
_MARKS = ("Mn", "Mc")  # categories of what is written on to a letter
# Digits that a mark parts, or a space in threes, if it does not break the line: others may part the columns of a table,
# but before «000». A year with a point and digits behind it ends a sentence that a footnote follows.
_NUMBER = re.compile(
    r"(?<![\d.,])[1-9]\d{0,2}(?:[\u00a0\u202f]\d{3}| 000)+(?!\d)(?:[.,]\d+)?"
    r"|(?<!\d)(?:1\d|20)\d\d(?=\.\d)|\d+(?:[.,:]\d+)*"
)
# What belongs to the number behind it: a minus, and the point of «.5»; but not the dash of «2019 –2020».
_SIGN = re.compile(r"(?<![^\s(\[«“„\"])(?<!\d\s)(?:[-−–](?=[$€£¥₽]?\d)|\.(?=\d))")
_PAIRS = {"«": "»", "“": "”", "„": "“", '"': '"', "(": ")", "[": "]", "{": "}"}
_WIDE_PAIRS = {"《": "》", "〈": "〉", "「": "」", "『": "』", "（": "）", "［": "］", "【": "】", "〔": "〕"}
_PAIRS |= _WIDE_PAIRS
_STOPS = "。．।॥။។።،؛؟，、；：！？"  # and commas and the like, of scripts that have their own
_BEFORE = ",.;:!?)]}»”…-–—" + _STOPS + "".join(_WIDE_PAIRS.values())  # what no answer begins with,
_AFTER = ",;:!?([{«„…-–—" + _STOPS + "".join(_WIDE_PAIRS)  # and what none ends with
_DOTTED = re.compile(rf"\W*(?:[^\W\d_]{{1,{ABBREVIATED}}}\.)+[^\W\d_]{{1,{ABBREVIATED}}}")  # «н. э», «U.S», «f.Kr»


def tidied(text: str, span: Span) -> Span:
    """Return the span of an answer that tokens give: whole words, without what a token brings along."""
    return trimmed(text, whole(text, span))


def whole(text: str, span: Span) -> Span:
    """Complete the words and numbers at the edges, which tokens may cut.

    >>> text = "Politiadvokat var hun 17-åring"
    >>> text[slice(*whole(text, Span(0, 6)))], text[slice(*whole(text, Span(22, 25)))]
    ('Politiadvokat', '17-åring')
    """
    start, end = span
    while span.start - start < LONGEST_WORD and _is_within_a_word(text, start):
        start -= 1
    if text[start:end].endswith("-") and _OF_A_WORD.match(text, end):
        end += 1  # a compound is cut at its hyphen
    while end - span.end < LONGEST_WORD and _is_within_a_word(text, end):
        end += 1
    return _with_whole_numbers(text, Span(start, end))


def _is_within_a_word(text: str, place: int) -> bool:
    """Tell whether a word goes on at a place, or a letter of whatever script, whose mark stands there."""
    if not 0 < place < len(text):
        return False
    if unicodedata.category(text[place]) in _MARKS:
        return text[place - 1].isalpha() or unicodedata.category(text[place - 1]) in _MARKS
    return _OF_A_WORD.fullmatch(text, place - 1, place + 1) is not None


def _with_whole_numbers(text: str, span: Span) -> Span:
    """Complete the numbers at the edges: «7 млрд» of «5,7 млрд», «000» of «350 000», «5 °C» of «-5 °C».

    >>> text = "Выручка 5,7 млрд, при -5 °C"
    >>> [text[slice(*_with_whole_numbers(text, span))] for span in (Span(10, 16), Span(23, 27))]
    ['5,7 млрд', '-5 °C']
    """
    start, end = span
    for match in _NUMBER.finditer(text, max(0, start - LONGEST_WORD), end + LONGEST_WORD):
        if match.start() < start < match.end():
            start = match.start()
        if match.start() < end < match.end():
            end = match.end()
    while start and start < end and _SIGN.match(text, start - 1):
        start -= 1
    return Span(start, end)


def trimmed(text: str, span: Span) -> Span:
    """Take off what a token brings along: spaces, punctuation beside words, half a pair of quotation marks.

    The other half of a pair that begins within is taken in where it comes next: «¥160 млрд ($23 млрд» and «)».

    >>> text = 'He paid (in all) «5,7 mill. kr».'
    >>> text[slice(*trimmed(text, Span(17, len(text))))]
    '5,7 mill. kr'
    """
    start, end = span.start, _with_the_other_half(text, span)
    while True:
        before = start, end
        while start < end and (text[start].isspace() or text[start] in _BEFORE) and not _SIGN.match(text, start, end):
            start += 1
        while start < end and (text[end - 1].isspace() or text[end - 1] in _AFTER):
            end -= 1
        start, end = _without_half_pairs(text, start, end)
        if _ends_a_sentence(text[start:end]):
            end -= 1
        if (start, end) == before:
            return Span(start, end)


def _with_the_other_half(text: str, span: Span) -> int:
    """Return the end of a span, behind the brackets and quotation marks that close what opens within it."""
    start, end = span
    while any(
        text.startswith(closing, end) and text.rfind(opening, start + 1, end) > text.rfind(closing, start, end)
        for opening, closing in _PAIRS.items()
        if opening != closing
    ):
        end += 1
    return end


def _without_half_pairs(text: str, start: int, end: int) -> tuple[int, int]:
    """Take off brackets and quotation marks at the edges: those without their other half, and those around it all."""
    for opening, closing in _PAIRS.items():
        inside = text[start:end]
        first, last = inside.startswith(opening), inside.endswith(closing) and len(inside) > 1
        if first and last and not {opening, closing} & set(inside[1:-1]):
            start, end = start + 1, end - 1
        elif first and closing not in inside[1:]:
            start += 1
        elif last and opening not in inside[:-1]:
            end -= 1
    return start, end


def _ends_a_sentence(answer: str) -> bool:
    """Tell whether there is a full stop at the end that is no part of an abbreviation («н. э.», «mill.», «U.S.»)."""
    word = (answer.split() or [""])[-1]
    bare = word.removesuffix(".")
    is_short = bare.isalpha() and bare.islower() and len(bare) <= ABBREVIATED
    is_abbreviation = is_short or _DOTTED.fullmatch(bare) is not None
    return word.endswith(".") and not is_abbreviation


def sentences_of(span: Span, sentences: Sequence[Span]) -> Span:
    """Return the sentence of a span, or from the first to the last that it touches."""
    touched = [one for one in sentences if one.start < span.end and span.start < one.end]
    return Span(min([span.start, *(one.start for one in touched)]), max([span.end, *(one.end for one in touched)]))
