"""Spans of short answers: their edges, the sentences around them, and whether two say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.languages import OF_A_WORD
from rag.normalisation import normalise
from rag.types import Span

LONGEST_WORD = 100  # characters; what goes on for longer is not words
ABBREVIATED = 4  # letters that a word before a full stop may have and be an abbreviation

_OF_A_WORD = re.compile(OF_A_WORD)
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_BEFORE, _AFTER = ",.;:!?)]}»”…-–—", ",;:!?([{«„…-–—"  # what no answer begins, and none ends with
_PAIRS = {"«": "»", "“": "”", "„": "“", '"': '"', "(": ")", "[": "]", "{": "}"}


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
    return Span(start, end)


def _is_within_a_word(text: str, place: int) -> bool:
    return 0 < place < len(text) and _OF_A_WORD.fullmatch(text, place - 1, place + 1) is not None


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
        while start < end and (text[start].isspace() or text[start] in _BEFORE):
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
    is_abbreviation = "." in bare or (bare.isalpha() and bare.islower() and len(bare) <= ABBREVIATED)
    return word.endswith(".") and not is_abbreviation


def sentences_of(span: Span, sentences: Sequence[Span]) -> Span:
    """Return the sentence of a span, or from the first to the last that it touches."""
    touched = [one for one in sentences if one.start < span.end and span.start < one.end]
    return Span(min([span.start, *(one.start for one in touched)]), max([span.end, *(one.end for one in touched)]))


def says_the_same(one: str, other: str) -> bool:
    """Tell whether two answers have a number in common, or, where neither has any, most words of the shorter one."""
    first, second = normalise(one), normalise(other)
    numbers, others = set(_NUMBER.findall(first)), set(_NUMBER.findall(second))
    if numbers or others:
        return bool(numbers & others)
    words, their = set(first.split()), set(second.split())
    return 2 * len(words & their) > min(len(words), len(their))
