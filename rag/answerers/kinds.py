"""Whether a span is of the kind that a question asks for, how much or when, and of the year that it asks about."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, NamedTuple

from babel import Locale, UnknownLocaleError

from rag import facts
from rag.facts import Period
from rag.facts.lexicon import lexicon
from rag.languages import UNSPACED
from rag.types import Span

Kind = Literal["figure", "time"]


class Asked(NamedTuple):
    """What a question asks for: how much, in a currency perhaps (ISO 4217), or when."""

    kind: Kind
    currency: str | None = None


_EN = "percentage|percent|proportion|share|number|amount|sum|price|cost|population|area|height|length|depth|weight"
_RU = (
    "процент|дол[яюи]|сумм[аыу]|цен[аыу]|стоимость|числ[оа]|количеств[оа]|численность|населени[ея]|площадь|высот[аыу]"
    "|длин[аыу]|глубин[аыу]|вес|возраст|температур[аыу]|скорость|бюджет|прибыль|выручк[аиу]"
)
_WHICH_RU = "как(?:ой|ая|ую|ое|им|ого|ом|ова|ово|овы|ов)"
# What asks how much, and what asks when, each as a regular expression.
_FIGURE = {
    "ar": "كم",
    "bg": "колко",
    "bn": "কত",
    "cs": "kolik",
    "da": "hvor (?:mange|meget|længe|gammel|langt?|høj|stor|ofte)",
    "de": "wie ?(?:viele?|lange|alt|weit|hoch|groß|oft|schwer|tief|schnell)",
    "el": "πόσ(?:οι|ες|α|ο|η|ους|ων|ος)",
    "en": f"how (?:many|much|long|old|far|tall|high|deep|big|large|often|wide|heavy|fast)|(?:what|which) (?:{_EN})",
    "es": "cuánt[oa]s?|qué (?:porcentaje|cantidad|número|altura|edad)",
    "fi": "(?:kuinka|miten) (?:monta|moni|paljon|kauan|vanha|pitkä|korkea|suuri)|montako|paljonko",
    "fr": "combien|quel(?:le)? (?:pourcentage|somme|nombre|prix|âge|hauteur|population|superficie)",
    "hi": "कितन",
    "hu": "hány|mennyi",
    "id": "berapa",
    "it": "quant[oaie]",
    "ja": "何[人個年月日歳回%]|いくつ|いくら|どのくらい|どれくらい",
    "ko": "몇|얼마",
    "nl": "hoeveel|hoe (?:lang|oud|ver|hoog|groot)",
    "no": "hvor (?:mange|mye|lenge|langt?|gam(?:mel|le)|høyt?|stort?|store|dyp|ofte|bred|tung|fort)"
    "|hvilke[nt]? (?:(?:prosent)?andel|sum|beløp|pris|antall)",
    "pl": "ile|ilu",
    "pt": "quant[oa]s?",
    "ro": "câ[țtţ][eiă]?",
    "ru": rf"сколько|скольки(?:х|ми?)|{_WHICH_RU} (?:{_RU})",
    "sv": "hur (?:många|mycket|länge|gammal|långt?|högt?|stort?|ofta)",
    "sw": "ngapi|kiasi gani",
    "te": "ఎన్ని|ఎంత",
    "th": "กี่|เท่าไ",
    "tr": "kaç|ne kadar",
    "uk": "скільк(?:и|ох|ом)",
    "vi": "bao nhiêu|mấy|bao lâu|bao xa",
    "zh": "多少|(?<![近前后後这這好])几[个個位名人次家所座条种]|多[大高长長远遠久重深快]|百分之几",
}
_TIME = {
    "ar": "متى",
    "bg": "кога",
    "bn": "কবে|কখন",
    "cs": "kdy|kterém roce",
    "da": "hvornår|hvilket år",
    "de": "wann|welche[msnr]? (?:jahr|monat|tag|datum|jahrhundert)",
    "el": "πότε|ποι[αο] (?:χρονιά|έτος)",
    "en": "when|(?:what|which) (?:year|month|day|date|century|decade)",
    "es": "cuándo|qué (?:año|mes|día|fecha|siglo)",
    "fi": "milloin|koska|minä vuonna",
    "fr": "quand|quelle (?:année|date)|quel (?:mois|jour|siècle)",
    "hi": "कब",
    "hu": "mikor",
    "id": "kapan(?:kah)?|tahun berapa",
    "it": "quando|quale? anno",
    "ja": "いつ|何[年月]",
    "ko": "언제",
    "nl": "wanneer|welk jaar",
    "no": "når|hvilke[nt]? (?:år|måned|dag|dato|århundre|tiår)",
    "pl": "kiedy|którym roku",
    "pt": "quando|que ano",
    "ro": "când|ce an",
    "ru": "когда|как(?:ом|ой|ого|ое|ую) (?:год[уа]?|месяц[еа]?|числ[оае]|век[еа]?|день|дня|дат[аыу]|десятилети[ие])",
    "sv": "när|vilket (?:år|datum)",
    "sw": "lini|mwaka gani",
    "te": "ఎప్పుడు",
    "th": "เมื่อไ",
    "tr": "ne zaman|hangi (?:yıl|tarih)",
    "uk": "коли|якому році",
    "vi": "khi nào|bao giờ|năm nào",
    "zh": "什么时候|什麼時候|何时|何時|哪一?[年月天日]|(?<![近前后後这這好])几[年月]",
}
_TABLES: tuple[tuple[Kind, dict[str, str]], ...] = (("time", _TIME), ("figure", _FIGURE))
# In languages that part words, what asks stands first, but for a word or two: «when» may be no question further on.
_BEFORE = {"time": r"\W*(?:\w+\W+)?", "figure": r"\W*(?:\w+\W+){0,2}?"}
_PARTED = frozenset(_FIGURE) - {"ja", "th", "zh", "hi", "bn", "te", "ko", "sw", "id", "vi", "tr"}
_SENTENCE = re.compile(r"(?<=[.?!…？])\s*")
YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]{3}|20[0-9]{2})(?!\d|[.,]\d)")  # four digits that are no part of another number
# What languages put behind a year, in the case that its sentence wants. None of these goes with thousands of years.
_WORD_FOR_YEAR = {
    "be": "год|года|годзе|годам|г",
    "bg": "година|г",
    "mk": "година|г",
    "pl": "rok|roku|rokiem|r",
    "ru": "год|года|году|годом|г",
    "tr": "yılı|yılında|yılından|yılına|yılının|yıllarında",
    "uk": "рік|року|році|роком|р",
}
# What says how much beside numerals, and when beside dates.
_AMOUNTS = {
    "en": "half|none|both|once|twice|thrice|several|many|few|dozens|hundreds|thousands|most|majority",
    "no": "halvparten|halve?|ingen|begge|flere|mange|mye|få|dusinvis|hundrevis|tusenvis|flertallet",
    "ru": r"половин\w*|ни|оба|обе|дважды|трижды|однажды|несколько|много|мало|десятки|сотни|тысячи|большинств\w*"
    "|(?:пят|шест|сем|восьм|девят|десят)еро",
}
_TIMES = {
    "en": "ago|yesterday|today|tomorrow|tonight",
    "no": "siden|i går|i dag|i morgen|i kveld|i natt",
    "ru": "назад|вчера|сегодня|завтра",
}
_ARTICLES = frozenset(("a", "an", "ei", "ein", "eit", "en", "et"))  # which are numerals too
_ANY_DAY = dt.date(2000, 1, 1)  # «next year» says when, whatever the date
_CLAUSE = 40  # characters that the end of a clause counts as
_DIGIT = re.compile(rf"(?:^|[^\w]|[{UNSPACED}])\d")  # that is no part of a name such as H200


@lru_cache(maxsize=256)
def asked(question: str, language: str) -> Asked | None:
    """Return what kind of thing a question asks for, the last of several; None where that cannot be told.

    >>> asked("Hvor mye er det i yuan?", "no"), asked("What happened when it rained?", "en")
    (Asked(kind='figure', currency='CNY'), None)
    """
    for sentence in reversed(_SENTENCE.split(question)):
        for kind, table in _TABLES:
            opening = table.get(language)
            if opening and language in _PARTED:
                opening = rf"^{_BEFORE[kind]}(?:{opening})(?!\w)"
            if opening and re.search(opening, sentence.casefold()):
                return Asked(kind, _currency(sentence, language) if kind == "figure" else None)
    return None


def _currency(question: str, language: str) -> str | None:
    """Return the currency that a question wants its answer in; beside figures of its own, a currency is theirs."""
    if any(character.isdigit() for character in question):
        return None
    words = lexicon(language)
    forms = words.forms(words.tokenise(question))
    found = (words.currencies.at(forms, place) for place in range(len(forms)))
    return next((currency for currency, _ in filter(None, found)), None)


def is_of(wanted: Asked, text: str, language: str) -> bool:
    """Tell whether a text says how much, or when, in digits or in words of its language."""
    if wanted.currency:
        return any(fact.unit == wanted.currency for fact in facts.find(text, language))
    if _DIGIT.search(text):
        return True
    found = facts.find(text, language, _ANY_DAY)
    if wanted.kind == "figure":
        return bool(found) or _has(_AMOUNTS, text, language) or _has_numeral(text, language)
    dated = any(isinstance(fact.value, Period) for fact in found)
    return dated or _has(_TIMES, text, language) or _has_day_or_month(text, language)


def _has(words: Mapping[str, str], text: str, language: str) -> bool:
    return language in words and bool(re.search(rf"(?<!\w)(?:{words[language]})(?!\w)", text.casefold()))


def _has_numeral(text: str, language: str) -> bool:
    words = lexicon(language)
    tokens = words.tokenise(text)
    forms = words.forms(tokens)
    if any(words.multipliers.at(forms, place) for place in range(len(forms))):
        return True
    return any(token.text in words.numerals and token.text not in _ARTICLES for token in tokens)


def _has_day_or_month(text: str, language: str) -> bool:
    """Tell whether a text has the name of a day or a month of its language, as CLDR has them, inflected perhaps."""
    pattern = _days_and_months(language)
    return bool(pattern and re.search(pattern, text.casefold()))


@lru_cache(maxsize=64)
def _days_and_months(language: str) -> str:
    """Return a pattern for them («søndagens», «субботу»); an empty one for a language that CLDR does not know."""
    try:
        locale = Locale.parse("nb" if language == "no" else language)
    except (UnknownLocaleError, ValueError):
        return ""
    names = [name.casefold() for part in (locale.days, locale.months) for name in part["format"]["wide"].values()]
    ends = [rf"{re.escape(name)}\w{{0,4}}" for name in names]
    changed = [rf"{re.escape(name[:-1])}\w{{0,2}}" for name in names if len(name) > 4]
    return rf"(?<!\w)(?:{'|'.join(ends + changed)})(?!\w)"


def bare_year(text: str, language: str) -> str:
    """Return a year without the word for it, whose case is its sentence's and not an answer's; other texts as they are.

    >>> bare_year("1946 году", "ru"), bare_year("20 июля 1946 года", "ru"), bare_year("1980-х годов", "ru")
    ('1946', '20 июля 1946 года', '1980-х годов')
    """
    year = YEAR.match(text)
    word = re.fullmatch(r"\s+(\w+)\.?", text[year.end() :]) if year else None
    is_word_for_year = word and re.fullmatch(_WORD_FOR_YEAR.get(language, ""), word[1].casefold())
    return year[0] if year and is_word_for_year else text


def is_of_another_year(question: str, sentence: str, span: Span) -> bool:
    """Tell whether a span of a sentence stands nearest to a year other than the question names; it may be none's.

    >>> sentence = "Det ble solgt 40 hus i 1988 og 55 i 1989."
    >>> [is_of_another_year("Hvor mange hus i 1989?", sentence, span) for span in (Span(14, 16), Span(31, 33))]
    [True, False]
    """
    wanted = years(question)
    told = list(YEAR.finditer(sentence)) if wanted else []
    if not told:
        return False
    nearest = min(told, key=lambda year: _distance(sentence, Span(*year.span()), span))
    return nearest.group() not in wanted


@lru_cache(maxsize=256)
def years(question: str) -> frozenset[str]:
    """Return the years that a question asks about: those of its last sentence that has any."""
    each = (YEAR.findall(sentence) for sentence in reversed(_SENTENCE.split(question)))
    return frozenset(next(filter(None, each), ()))


def _distance(sentence: str, one: Span, other: Span) -> int:
    """Return how many characters lie between two spans, and more where a clause ends there."""
    between = sentence[min(one.end, other.end) : max(one.start, other.start)]
    return len(between) + _CLAUSE * sum(character in ",;:—–，；：、" for character in between)
