"""The names and numbers of a question, and whether they stand near an answer: if not, it may be about somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rag.facts import context as facts
from rag.languages import UNSPACED
from rag.types import Span

NEAR = 400  # characters on either side of an answer
# Without the scripts that do not part words: there names cannot be told, and what stands among them is no part of them.
_WORD = re.compile(rf"[^\W_{UNSPACED}]+(?:[-'’][^\W_{UNSPACED}]+)*")
_OPENING = re.compile(r"(?:^|[.?!…])[\W_]*$")  # what stands before the first word of a sentence
_ENDING, _STEM = 2, 3  # letters that inflection may change, and that are left at least


def names(question: str) -> Iterator[str]:
    """Yield words with a digit or a capital letter, but for the capital that opens a sentence.

    >>> list(names("Сколько чипов H200 купит ByteDance в 2026 году?"))
    ['H200', 'ByteDance', '2026']
    """
    for match in _WORD.finditer(question):
        word = match.group()
        capitals = sum(letter.isupper() for letter in word)
        opens = capitals == 1 and word[0].isupper() and _OPENING.search(question, 0, match.start())
        if (capitals and not opens) or any(letter.isdigit() for letter in word):
            yield word


def absent(question: str, text: str, span: Span) -> float:
    """Return the share of the question's names that stand nowhere near a span of a text, 0 without any.

    A name may be written in the text's own letters («Самсунг», “Samsung”).
    """
    near = text[max(0, span.start - NEAR) : span.end + NEAR]
    folded = near.casefold()
    asked = list(names(question))
    missing = [name for name in asked if _stem(name) not in folded]
    if missing:
        words = [match.group() for match in _WORD.finditer(near)]
        missing = [name for name in missing if not any(_is_transliterated(name, word) for word in words)]
    return len(missing) / len(asked) if missing else 0.0


def _is_transliterated(name: str, word: str) -> bool:
    """Tell whether a word in other letters is the name; in the same ones `_stem` is the stricter test."""
    return name.isascii() != word.isascii() and _key(name) == _key(word)


@lru_cache(maxsize=1 << 16)
def _key(word: str) -> str:
    return facts.key(word)


def _stem(name: str) -> str:
    """Return the part of a name that its endings leave alone."""
    folded = name.casefold()
    is_inflected = len(folded) >= _STEM + _ENDING and not any(letter.isdigit() for letter in folded)
    return folded[:-_ENDING] if is_inflected else folded
