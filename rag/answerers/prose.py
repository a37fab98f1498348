"""What all that a language model writes freely holds to: the rules of a grammar (GBNF) for its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answerers.verbatim import quoted

_FIGURE = re.compile(r"[^\s\[\]<>|`{}/\\]*\d[^\s\[\]<>|`{}/\\]*")
_AROUND = ".,;:!?()«»„“”\"'…"


def rules(sources: Sequence[str]) -> list[str]:
    r"""Return the rules for `word`: without the marks of any markup, and with no figures but those of the sources.

    >>> print(*rules(["It cost 5,7 mill. kr in 1999."]), sep="\n")
    word ::= piece ([.:,] piece)* [,;:]? | quote? figure [%,;:)»”]*
    piece ::= [^\x00-\x20\[\]<>|`{}/\\0-9.:,;!?。]+
    quote ::= [(«“]
    figure ::= "1999" | "5,7"
    """
    known = sorted({figure for source in sources for figure in figures(source)})
    word, piece = r"piece ([.:,] piece)* [,;:]?", r"piece ::= [^\x00-\x20\[\]<>|`{}/\\0-9.:,;!?。]+"
    if not known:
        return [f"word ::= {word}", piece]
    chosen = " | ".join(map(quoted, known))
    return [f"word ::= {word} | quote? figure [%,;:)»”]*", piece, "quote ::= [(«“]", f"figure ::= {chosen}"]


def figures(source: str) -> Iterator[str]:
    """Yield the words of a text that hold digits, as they stand there.

    >>> list(figures("It cost (¥160 bn) in 2026."))
    ['¥160', '2026']
    """
    for match in _FIGURE.finditer(source):
        yield match.group().strip(_AROUND)
