"""What the readers of dates and of amounts share: looking at the tokens around a place."""

from __future__ import annotations

from collections.abc import Sequence

from rag.facts.lexicon import Lexicon, Token

DASHES = "-–—~～"


class Reading:
    """A text with its tokens; asking for what stands beyond its ends is allowed."""

    def __init__(self, text: str, lexicon: Lexicon, tokens: Sequence[Token], forms: Sequence[str]) -> None:
        self._text = text
        self._lexicon = lexicon
        self._tokens = tokens
        self._forms = forms

    def _text_at(self, place: int) -> str:
        return self._tokens[place].text if 0 <= place < len(self._tokens) else ""

    def _form(self, place: int) -> str:
        return self._forms[place] if 0 <= place < len(self._forms) else ""

    def _touches(self, place: int) -> bool:
        """Tell whether nothing stands between a token and the one before it."""
        return 0 <= place < len(self._tokens) and self._tokens[place].glued

    def _is_dash(self, place: int) -> bool:
        return self._text_at(place) != "" and self._text_at(place) in DASHES


def is_han(text: str) -> bool:
    """Tell whether a word is Chinese: its letters may touch numbers."""
    return "\u3400" <= text[:1] <= "\u9fff"
