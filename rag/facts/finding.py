"""Finding figures and dates in a text, in time linear in its length."""

from __future__ import annotations

import datetime as dt
import re

from rag.facts.amounts import Amounts, Found
from rag.facts.chinese import ChineseTimes
from rag.facts.lexicon import lexicon
from rag.facts.records import Fact
from rag.facts.times import Dated, Times

# Numbers that are names: telephone numbers, ISBNs, times of day, scores, sizes of screens, versions.
_NAMES = re.compile(
    r"""(?<![\w.,])(?:
        \+\d[\d\ \u00a0().-]{6,22}\d                              # +47 22 33 44 55
      | 8[\ \u00a0]?\(?\d{3,4}\)[\d\ \u00a0-]{5,12}\d             # 8 (495) 123-45-67
      | \(\d{2,5}\)[\ \u00a0]?\d{2,4}(?:[\ \u00a0-]\d{2,4}){1,3}  # (495) 123-45-67
      | (?:\d{2}[\ \u00a0]){3}\d{2}(?![\d.,])                     # 22 33 44 55
      | \d{3}[\ \u00a0]\d{2}[\ \u00a0]\d{3}(?![\d.,])             # 912 34 567
      | (?!(?:19|20)\d{2}-[01]?\d-[0-3]?\d(?!\d))\d{1,7}(?:-\d{1,7}){2,6}(?!\d)  # 978-82-02-12345-6
      | \d{3}-\d{4}(?![\d-])                                      # 555-1234
      | \d{1,3}:\d{1,3}(?::\d{2})?(?!\d)                          # 10:30, 2:1
      | \d{1,2}\ ?[–-]\ ?\d{1,2}(?=[-–,;:!?)\]]|\.(?!\ ?[a-zæøåа-яё]))(?![-–.,]\d)      # 3 – 1
      | \d{1,3}比\d{1,3}(?!\d)
      | \d{3,5}[x×х]\d{3,5}(?!\w)                                 # 1920x1080
      | 0\d{8,11}(?![\d.,])                                       # 0123456789
      | (?:97[89][\ -]?)?\d{9}[\dXx](?![\w.,])                    # an ISBN without hyphens
      | [vV]\.?\d+(?:\.\d+)*
    )""",
    re.VERBOSE,
)
_TIMES = {"zh": ChineseTimes}  # by language, where Times does not do


def find(text: str, language: str, date: dt.date | None = None) -> list[Fact]:
    """Return the quantities, money, percentages, dates and periods of a text, ascending and disjoint.

    `language` (ISO 639-1) decides on «billion» and on «1,234»; `date` is the text's own, by which «next year» is
    resolved, and without which it is passed over. Never raises, whatever the text.

    >>> [(fact.text, str(fact.value), fact.unit, fact.bound) for fact in find("до $14 млрд в 2026 году", "ru")]
    [('$14 млрд', '14000000000', 'USD', '<='), ('2026 году', '2026', None, '=')]
    """
    words = lexicon(language)
    tokens = words.tokenise(text)
    forms = words.forms(tokens)
    times = _TIMES.get(words.language, Times)(text, words, tokens, forms, date)
    amounts = Amounts(text, words, tokens, forms)
    facts: list[Fact] = []
    place, passed = 0, 0
    while place < len(tokens):
        start = tokens[place].start
        if start >= passed and tokens[place].kind in {"number", "sign"} and (name := _NAMES.match(text, start)):
            passed = name.end()
        if start < passed:
            place += 1
            continue
        found = times.at(place) or amounts.at(place)
        if found is None:
            place += 1
            continue
        facts.append(_fact(text, found, tokens[found.start].start, tokens[found.end - 1].end))
        place = max(found.end, place + 1)
    return facts


def _fact(text: str, found: Dated | Found, start: int, end: int) -> Fact:
    if isinstance(found, Dated):
        return Fact(start, end, text[start:end], "period" if found.is_range else "date", found.period)
    return Fact(start, end, text[start:end], found.kind, found.value, found.unit, found.bound)
