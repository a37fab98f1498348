"""Runs of words of given sentences: the grammar (GBNF) that admits nothing else, and where a run stands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.types import Span

# A word is what stands between spaces; in scripts without them, a character.
_WORD = re.compile(
    "[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]|[^\\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+"
)


class Word(NamedTuple):
    """A word of a text; `glue` is what a model writes before it: a space where any stands there."""

    text: str
    span: Span
    glue: str


def words(text: str) -> list[Word]:
    """Return the words of a text with their places.

    >>> [(word.glue, word.text) for word in words("In 1999\\n北京.")]
    [('', 'In'), (' ', '1999'), (' ', '北'), ('', '京'), ('', '.')]
    """
    found = []
    end = 0
    for match in _WORD.finditer(text):
        found.append(Word(match.group(), Span(*match.span()), " " if match.start() > end else ""))
        end = match.end()
    return found


def grammar(sentences: Sequence[str], otherwise: str) -> str:
    """Return a grammar for one run of words of one of the sentences, or the words `otherwise`.

    Words are told apart by their first character first: of the many that a run may begin with, llama.cpp would hold
    each piece of its vocabulary against all. A rule is a word without that character, and what may follow.

    >>> print(grammar(["Oslo is old"], "no answer"))
    root ::= " "? (n | "O" (s0w0) | "i" (s0w1) | "o" (s0w2)) "\\n"?
    n ::= "no answer"
    s0w0 ::= "slo" (" i" s0w1)?
    s0w1 ::= "s" (" o" s0w2)?
    s0w2 ::= "ld"
    """
    starts: defaultdict[str, list[str]] = defaultdict(list)
    rules = []
    for number, sentence in enumerate(sentences):
        run = words(sentence)
        for place, word in enumerate(run):
            name = f"s{number}w{place}"
            starts[word.text[0]].append(name)
            rule = f"{name} ::= {quoted(word.text[1:])}"
            if place + 1 < len(run):
                following = run[place + 1]
                rule += f" ({quoted(following.glue + following.text[0])} s{number}w{place + 1})?"
            rules.append(rule)
    choices = " | ".join(["n", *(f"{quoted(first)} ({' | '.join(names)})" for first, names in starts.items())])
    return "\n".join([f'root ::= " "? ({choices}) "\\n"?', f"n ::= {quoted(otherwise)}", *rules])


def quoted(text: str) -> str:
    """Return a literal of the grammar; only what would end it is escaped."""
    escaped = "".join(f"\\x{ord(c):02X}" if c < " " or c in '"\\' else c for c in text)
    return f'"{escaped}"'


def places(run: str, text: str) -> Iterator[Span]:
    """Yield where a run of words stands in a text.

    >>> list(places("is cold", "It is  cold, is cold"))
    [Span(start=13, end=20)]
    """
    wanted, there = [word.text for word in words(run)], words(text)
    for first in range(len(there) - len(wanted) + 1 if wanted else 0):
        found = there[first : first + len(wanted)]
        if [word.text for word in found] == wanted:
            yield Span(found[0].span.start, found[-1].span.end)


def whole(run: str) -> str:
    """Return a run without its last word, which was cut off where a reply may be no longer.

    >>> whole("is very co")
    'is very'
    """
    found = words(run)
    return run[: found[-2].span.end] if len(found) > 1 else ""
