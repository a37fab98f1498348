"""What all that a language model writes freely holds to: the rules of a grammar (GBNF) for its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answerers.verbatim import quoted

_FIGURE = re.compile(r"[^\s\[\]<>|`{}/\\]*\d[^\s\[\]<>|`{}/\\]*")
_DIGITS = re.compile(r"[0-9](?:[0-9.,]*[0-9])?")
_OTHER_MARK = str.maketrans(",.", ".,")
_SPACES = (
    r"\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"  # besides the plain one, and what is not seen
)
# Digits that look otherwise. Those of other scripts are left to the check, which reads them.
_OTHER_DIGITS = (
    r"\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209f\u2150-\u218f\u2460-\u24ff\u2776-\u2793"  # ², ½, Ⅸ, ⑨
    r"\uff10-\uff19\U00010000-\U0010ffff"  # full-width ones, and those for formulas with all beyond the first plane
)
_AROUND = ".,;:!?()«»„“”\"'…"


def rules(sources: Sequence[str], *, but: str = "") -> list[str]:
    r"""Return the rules for `word`: without the marks of any markup, and with no figures but those of the sources.

    They may do without what is written onto them, and have the other decimal mark. Those of `but` are left out. No word
    runs on and on, holds a full stop, or a space of another kind: a sentence that has to go on would otherwise end
    where it seems not to.

    >>> lines = "\n".join(rules(["It cost 5,7 mill. kr in 1999."], but="1999"))
    >>> print(lines.replace(_SPACES, "SPACES ").replace(_OTHER_DIGITS, "OTHER_DIGITS"))
    word ::= piece [,;:]? | quote? figure [%,;:)»”]{0,2}
    piece ::= [^\x00-\x20\[\]<>|`{}/\\0-9.:,;!?。SPACES OTHER_DIGITS]{1,24}
    quote ::= [(«“]
    figure ::= "5,7" | "5.7"
    """
    known = sorted({way for source in sources for way in _ways(source)} - {*_ways(but)})
    of_figures = ["quote ::= [(«“]", f"figure ::= {' | '.join(map(quoted, known))}"] if known else []
    word = f"word ::= piece [,;:]?{' | quote? figure [%,;:)»”]{0,2}' if known else ''}"
    piece = rf"piece ::= [^\x00-\x20\[\]<>|`{{}}/\\0-9.:,;!?。{_SPACES}{_OTHER_DIGITS}]{{1,24}}"
    return [word, piece, *of_figures]


def _ways(source: str) -> Iterator[str]:
    """Yield the figures of a text in all ways in which they may be written.

    >>> list(_ways("$5,7 bn"))
    ['$5,7', '5,7', '5.7']
    """
    for figure in figures(source):
        yield figure
        for match in _DIGITS.finditer(figure):
            yield match.group()
            yield match.group().translate(_OTHER_MARK)


def figures(source: str) -> Iterator[str]:
    """Yield the words of a text that hold digits, as they stand there.

    >>> list(figures("It cost (¥160 bn) in 2026."))
    ['¥160', '2026']
    """
    for match in _FIGURE.finditer(source):
        yield match.group().strip(_AROUND)
