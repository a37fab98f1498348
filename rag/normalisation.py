"""How short answers are compared, in any language."""

from __future__ import annotations

import re
import unicodedata

_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:([ .,])\d{3})(?:\1\d{3})*(?!\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_POINT_IN_NUMBER = re.compile(r"(?<=\d)\.(?=\d)")
# Han with its iteration mark and zero, kana, Thai: no spaces part their words, so each character counts as one.
_WORDS_OF_THEIR_OWN = re.compile(
    "([\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u3040-\u30ff\u31f0-\u31ff\u0e01-\u0e5b])"
)
_ARTICLES = frozenset({"a", "an", "the"})
_POINT = "\ue000"  # stands for the point of a number while punctuation is dropped


def normalise(text: str) -> str:
    """Return `text` as answers are compared: words with one space between them.

    NFKC, lower case; digits grouped in threes by spaces, dots or commas are joined and a decimal comma becomes a point;
    punctuation goes, except ``%`` and the point of a number; a currency sign is a word, and so is each Han, kana and
    Thai character; English articles go.

    >>> normalise("«The ¥350 000,5»")
    '¥ 350000.5'
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = _GROUPED.sub(lambda match: re.sub(r"\D", "", match.group()), text)
    text = _POINT_IN_NUMBER.sub(_POINT, _DECIMAL_COMMA.sub(".", text))
    text = _WORDS_OF_THEIR_OWN.sub(r" \1 ", "".join(map(_character, text)))
    return " ".join(word for word in text.replace(_POINT, ".").split() if word not in _ARTICLES)


def _character(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("P") and character != "%":
        return ""
    return f" {character} " if category == "Sc" else character
