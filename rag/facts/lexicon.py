"""The words of a language that make figures: those of CLDR, by Babel, and those of ``words/*.toml``.

Words are compared by their stems, so that «миллиардами» and «milliardane» need not be listed.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

from babel import Locale, UnknownLocaleError
from babel.dates import get_month_names
from babel.numbers import get_currency_name, get_decimal_symbol, get_group_symbol, list_currencies
from babel.units import UnknownUnitError, format_unit

from rag.languages import stemmer_language

_FOLDER = Path(__file__).parent / "words"
_LOCALES = {"no": ("nb", "nn"), "und": ("en",)}
_METALS = frozenset({"XAU", "XAG", "XPT", "XPD", "XXX", "XTS", "XDR", "XSU", "XUA"})  # and what is no money either
_CONTEXTS: tuple[Literal["format", "stand-alone"], ...] = ("format", "stand-alone")
_COUNTS = (1, 2, 5)  # enough for every plural form of the languages here
_LONGEST = 5  # words of a phrase
_LONG_ENOUGH = 3  # letters of a word for a magnitude in CLDR that can mean nothing else

HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
HAN_NUMERAL = "零〇一二两三四五六七八九十百千万亿兆萬億半"
_SPACE = r"[ \u00a0\u2009\u202f]"

Value = TypeVar("Value")


class Token(NamedTuple):
    """A number, a word, a run of Chinese numerals, an address, or one sign."""

    kind: str  # number, word, han, address, sign, or break: a blank line, over which nothing reaches
    text: str  # in NFKC and lower case
    start: int
    end: int
    glued: bool  # nothing stands between it and the token before
    opens: bool  # it is the first one of its line
    capital: bool


class Phrasebook(Generic[Value]):
    """What phrases mean, found at or before a place among the forms of the tokens."""

    def __init__(self, entries: Mapping[tuple[str, ...], Value]) -> None:
        self._entries = entries
        self._lengths = sorted({len(phrase) for phrase in entries if len(phrase) <= _LONGEST}, reverse=True)
        self._first = {phrase[0] for phrase in entries}
        self._last = {phrase[-1] for phrase in entries}

    def at(self, forms: Sequence[str], place: int) -> tuple[Value, int] | None:
        """Return the value of the longest phrase that begins at `place`, and where it ends."""
        if place >= len(forms) or forms[place] not in self._first:
            return None
        for length in self._lengths:
            phrase = tuple(forms[place : place + length])
            if phrase in self._entries:
                return self._entries[phrase], place + len(phrase)
        return None

    def before(self, forms: Sequence[str], place: int) -> tuple[Value, int] | None:
        """Return the value of the longest phrase that ends before `place`, and where it begins."""
        if place <= 0 or forms[place - 1] not in self._last:
            return None
        for length in self._lengths:
            phrase = tuple(forms[max(0, place - length) : place])
            if phrase in self._entries:
                return self._entries[phrase], place - len(phrase)
        return None


@dataclass(frozen=True)
class Lexicon:
    """Everything that is known of one language."""

    language: str
    decimal: str  # the decimal sign
    dot_groups: bool  # «1.234» is a thousand and more
    tokens: re.Pattern[str]
    numerals: Mapping[str, Decimal]
    hundreds: frozenset[str]
    one: frozenset[str]
    folds: Mapping[str, Decimal]
    multipliers: Phrasebook[Decimal]
    glued: frozenset[str]
    joins: frozenset[str]
    minus: frozenset[str]
    plus: frozenset[str]
    parts: frozenset[str]
    of_part: frozenset[str]
    halves: frozenset[str]
    half_articles: frozenset[str]
    and_a_half: Phrasebook[bool]
    lone: frozenset[str]
    lone_bounded: frozenset[str]
    lone_counted: frozenset[str]
    suffixes: frozenset[str]
    ordinal_suffixes: frozenset[str]
    glued_ordinals: frozenset[str]
    decade_suffixes: frozenset[str]
    century_suffixes: frozenset[str]
    abbreviations: frozenset[str]
    before: Phrasebook[str]
    after: Phrasebook[str]
    skips: frozenset[str]
    openers: frozenset[str]
    joiners: frozenset[str]
    opened_joiners: frozenset[str]
    span_openers: frozenset[str]
    span_joiners: frozenset[str]
    change: frozenset[str]
    up_to: frozenset[str]
    units: Phrasebook[str]
    currencies: Phrasebook[str]
    signs: Phrasebook[str]
    months: Mapping[str, int]
    month_stems: Mapping[str, int]
    short_months: frozenset[str]
    ambiguous_months: frozenset[str]
    before_month: frozenset[str]
    ordinals: Phrasebook[int]
    year: frozenset[str]
    quarter: frozenset[str]
    half: frozenset[str]
    half_of_something: frozenset[str]
    century: frozenset[str]
    century_dotted: frozenset[str]
    of: Phrasebook[bool]
    bc: Phrasebook[bool]
    before_year: frozenset[str]
    clock: Phrasebook[bool]
    relative: Phrasebook[str]
    labels: frozenset[str]
    definite: frozenset[str]
    vague: frozenset[str]
    measures: frozenset[str]
    stop: frozenset[str]
    not_counted: frozenset[str]

    def tokenise(self, text: str) -> list[Token]:
        """Cut a text into tokens; time and memory are linear in its length."""
        tokens: list[Token] = []
        end = 0
        for match in self.tokens.finditer(text):
            start = match.start()
            lines = text.count("\n", end, start)
            if lines > 1 and tokens:
                tokens.append(Token("break", "\n", end, end, False, True, False))
            opens = not tokens or lines > 0
            word = match.group()
            kind = match.lastgroup or "sign"
            tokens.append(
                Token(
                    kind,
                    _normal(word, kind),
                    start,
                    match.end(),
                    start == end and start > 0,
                    opens,
                    word != word.lower(),
                )
            )
            end = match.end()
        return tokens

    def forms(self, tokens: Sequence[Token]) -> list[str]:
        """Return the tokens as phrases are compared: stemmed."""
        return [stem(token.text, self.language) if token.kind == "word" else token.text for token in tokens]


@lru_cache(maxsize=50_000)
def stem(word: str, language: str) -> str:
    """Return the part of a word, in lower case, that inflection leaves alone."""
    stemmer = _stemmer(language)
    stemmed = str(stemmer.stemWord(word)) if stemmer and len(word) < 50 else word
    return stemmed if len(stemmed) > 1 else word


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    name = stemmer_language(language)
    return Stemmer.Stemmer(name) if name else None


@cache
def lexicon(language: str) -> Lexicon:
    """Return what is known of a language (ISO 639-1); of one without a file of words, what CLDR knows."""
    return _Reading(language).lexicon()


@cache
def sizes() -> Mapping[str, tuple[str, Decimal]]:
    """Return for each unit the kind of measure and its size, 0 where it is no multiple of others."""
    table = _toml("units")
    return {unit: (kind, Decimal(str(size))) for kind, units in table.items() for unit, size in units.items()}


@cache
def hints() -> Mapping[str, re.Pattern[str]]:
    """Return by currency what a text that writes «¥» speaks of when it means that one."""
    return {code: re.compile(words, re.IGNORECASE) for code, words in _toml("money")["hints"].items()}


@cache
def change_of() -> Mapping[str, str]:
    """Return the currency of each coin a hundred of which make one."""
    return {coin: code for code, coin in _toml("money")["change"].items()}


@cache
def codes() -> frozenset[str]:
    """Return the codes of ISO 4217 in lower case."""
    return frozenset(code.lower() for code in list_currencies())


@cache
def _toml(name: str) -> dict[str, Any]:
    file = _FOLDER / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


def _locales(language: str) -> list[Locale]:
    try:
        return [Locale.parse(code) for code in _LOCALES.get(language, (language,))]
    except (UnknownLocaleError, ValueError):
        return [Locale.parse("en")]


def _phrases(listed: str) -> Iterator[str]:
    yield from (phrase for part in listed.split(",") if (phrase := part.strip()))


class _Reading:
    """Reads the words of one language."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._table = _toml(language)
        self._locales = _locales(language)
        self._tokens = self._pattern()

    def lexicon(self) -> Lexicon:
        numbers = self._table.get("numbers", {})
        names = self._table.get("names", {})
        times = self._table.get("time", {})
        ranges = self._table.get("ranges", {})
        return Lexicon(
            language=self._language,
            decimal=get_decimal_symbol(self._locales[0]),
            dot_groups=numbers.get("dot_groups", get_group_symbol(self._locales[0]) == "."),
            tokens=self._tokens,
            numerals=self._decimals("numerals"),
            hundreds=_words(numbers.get("hundreds", "")),
            one=_words(numbers.get("one", "")),
            folds=self._decimals("folds"),
            multipliers=self._book([*self._section("multipliers", Decimal), *self._magnitudes()]),
            glued=_words(self._table.get("glued", {}).get("words", "")),
            joins=_words(numbers.get("joins", "")),
            minus=_words(numbers.get("minus", "")),
            plus=_words(numbers.get("plus", "")),
            parts=_words(numbers.get("parts", "")),
            of_part=_words(numbers.get("of_part", "")),
            halves=_words(numbers.get("halves", "")),
            half_articles=_words(numbers.get("half_articles", "")),
            and_a_half=self._flags(numbers.get("and_a_half", "")),
            lone=_words(numbers.get("lone", "")),
            lone_bounded=_words(numbers.get("lone_bounded", "")),
            lone_counted=_words(numbers.get("lone_counted", "")),
            suffixes=_words(numbers.get("suffixes", "")),
            glued_ordinals=_words(numbers.get("glued_ordinals", "")),
            ordinal_suffixes=_words(numbers.get("ordinal_suffixes", "")),
            decade_suffixes=_words(times.get("decade_suffix", "")) | {"s", "е", "er"},
            century_suffixes=_words(times.get("century_suffix", "")),
            abbreviations=_words(numbers.get("abbreviations", "")) | {word for word, _ in self._magnitudes()},
            before=self._book(self._section("before", str)),
            after=self._book(self._section("after", str)),
            skips=self._set(self._table.get("skips", {}).get("words", "")),
            openers=self._set(ranges.get("openers", "")),
            joiners=self._set(ranges.get("joiners", "")),
            opened_joiners=_listed(ranges.get("opened_joiners", "")),
            span_openers=self._set(ranges.get("span_openers", "")),
            span_joiners=self._set(ranges.get("span_joiners", "")),
            change=self._set(self._table.get("change", {}).get("verbs", "")),
            up_to=self._set(self._table.get("change", {}).get("to", "")),
            units=self._book(self._units()),
            currencies=self._book(self._currencies()),
            signs=self._book(self._signs()),
            months=dict(self._months(f"{times.get('months', '')},{times.get('month_forms', '')}")),
            month_stems=dict(self._month_stems()),
            short_months=self._short_months(),
            ambiguous_months=_listed(times.get("ambiguous_months", "")),
            before_month=_listed(times.get("before_month", "")),
            ordinals=self._book(self._section("ordinals", int)),
            year=self._set(times.get("year", "")) | self._set(times.get("years", "")),
            quarter=self._set(times.get("quarter", "")),
            half_of_something=_listed(times.get("half_of_something", "")),
            half=self._set(times.get("half", "")),
            century=self._set(times.get("century", "")),
            of=self._flags(times.get("of", "")),
            bc=self._flags(times.get("bc", "")),
            before_year=_listed(times.get("before_year", "")) | {"("},
            clock=self._flags(times.get("clock", "")),
            relative=Phrasebook({self._texts(phrase): rule for phrase, rule in self._section("relative", str)}),
            century_dotted=_words(times.get("century_dotted", "")),
            labels=_listed(names.get("labels", "")) | {"#", "no", "№", "§"},
            definite=_listed(names.get("definite", "")),
            vague=_words(names.get("vague", "")),
            measures=_words(names.get("measures", "")),
            stop=self._set(names.get("stop", "").replace(" ", ",")),
            not_counted=_words(names.get("not_counted", "")),
        )

    def _pattern(self) -> re.Pattern[str]:
        """Return the pattern of tokens; in Chinese the longest known word wins, else each character is one."""
        known = sorted(set(self._han_words()), key=len, reverse=True)
        words = "|".join([*map(re.escape, known), f"[{HAN}]"])
        numeric = "|".join(word for word in known if word[0] in HAN_NUMERAL) or r"(?!)"
        grouped = rf"[1-9]\d{{0,2}}(?:{_SPACE}\d{{3}})+(?!\d)(?:[.,]\d+(?![\d.,]\d))?"
        return re.compile(
            rf"(?P<address>(?:https?://|www\.)\S{{1,2000}}|[\w.+-]{{1,64}}@[\w.-]{{1,255}})"
            rf"|(?P<number>{grouped}|\d+(?:[.,'’]\d+)*)"
            rf"|(?P<word>(?:{numeric})|(?![{HAN_NUMERAL}])(?:[^\W\d_{HAN}]+|{words}))"
            rf"|(?P<han>[{HAN_NUMERAL}]+)"
            r"|(?P<sign>[^\w\s]|_)"
        )

    def _han_words(self) -> Iterator[str]:
        if self._language != "zh":
            return
        numeral = re.compile(f"[{HAN_NUMERAL}]+月?")
        for listed in self._strings(self._table):
            for word in re.split(r"[,\s]+", listed):
                if re.fullmatch(f"[{HAN}]{{2,}}", word) and not numeral.fullmatch(word):
                    yield word
        yield from (phrase for phrase, _ in self._currencies() if re.fullmatch(f"[{HAN}]{{2,}}", phrase))
        yield from (phrase for phrase, _ in self._units() if re.fullmatch(f"[{HAN}]{{2,}}", phrase))

    def _strings(self, table: Any) -> Iterator[str]:
        if isinstance(table, str):
            yield table
        elif isinstance(table, dict):
            for value in table.values():
                yield from self._strings(value)

    def _key(self, phrase: str) -> tuple[str, ...]:
        """Return a phrase as a text with it would be cut and stemmed."""
        return tuple(self._form(match.group(), match.lastgroup or "") for match in self._tokens.finditer(phrase))

    def _texts(self, phrase: str) -> tuple[str, ...]:
        return tuple(_normal(match.group(), match.lastgroup or "") for match in self._tokens.finditer(phrase))

    def _form(self, word: str, kind: str) -> str:
        normal = _normal(word, kind)
        return stem(normal, self._language) if kind == "word" else normal

    def _book(self, entries: Iterable[tuple[str, Value]]) -> Phrasebook[Value]:
        return Phrasebook({self._key(phrase): value for phrase, value in entries})

    def _flags(self, listed: str) -> Phrasebook[bool]:
        return self._book((phrase, True) for phrase in _phrases(listed))

    def _set(self, listed: str) -> frozenset[str]:
        return frozenset(word for phrase in _phrases(listed.replace(" ", ",")) for word in self._key(phrase))

    def _section(self, name: str, kind: type[Value]) -> Iterator[tuple[str, Value]]:
        for value, listed in self._table.get(name, {}).items():
            yield from ((phrase, kind(value)) for phrase in _phrases(listed))  # type: ignore[call-arg]

    def _magnitudes(self) -> Iterator[tuple[str, Decimal]]:
        """Yield what CLDR calls thousands and more in a language without a file: «Millionen», «Mrd», «करोड़»."""
        locale = self._locales[0]
        if self._table or locale.language != self._language:
            return
        for forms in locale.compact_decimal_formats.values():
            for size, pattern in ((size, each.pattern) for form in forms.values() for size, each in form.items()):
                word = re.sub(r"[0\s'.\u200f]+", " ", pattern).strip().lower()
                if (zeros := pattern.count("0")) and len(word) >= _LONG_ENOUGH:
                    yield word, Decimal(size).scaleb(1 - zeros)

    def _decimals(self, name: str) -> dict[str, Decimal]:
        table = self._table.get(name, {})
        return {word: Decimal(value) for value, words in table.items() for word in words.split()}

    def _units(self) -> Iterator[tuple[str, str]]:
        clashes = frozenset(self._table.get("clashes", {}).get("words", "").split())
        locales = [Locale.parse("en"), *self._locales]  # «km» is written in every language
        for kind, units in _toml("units").items():
            for unit in units:
                names = {name for locale in locales for name in _unit_names(f"{kind}-{unit}", locale)}
                yield from ((name, unit) for name in sorted(names) if name.lower() not in clashes)
        for unit, listed in self._table.get("units", {}).items():
            yield from ((phrase, unit) for phrase in _phrases(listed))
        yield from (("%", "percent"), ("‰", "permille"), ("°c", "celsius"), ("°f", "fahrenheit"))

    def _currencies(self) -> Iterator[tuple[str, str]]:
        for locale in self._locales:
            for code in sorted(list_currencies(locale) - _METALS):
                names = {get_currency_name(code, count, locale) for count in (None, *_COUNTS)}
                yield from ((name, code) for name in sorted(names) if len(name) > 1 and not re.search(r"[(\d]", name))
        for code, listed in self._table.get("currencies", {}).items():
            yield from ((phrase, code) for phrase in _phrases(listed))
        yield from self._signs()

    def _signs(self) -> Iterator[tuple[str, str]]:
        for code, listed in [*_toml("money")["signs"].items(), *self._table.get("before_number", {}).items()]:
            yield from ((sign, code) for sign in listed.split())

    def _months(self, listed: str) -> Iterator[tuple[str, int]]:
        for locale in self._locales:
            for width in ("wide", "abbreviated"):
                for context in _CONTEXTS:
                    for number, name in get_month_names(width, context, locale).items():
                        yield name.lower().rstrip("."), number
        known = dict(self._by_beginning())
        yield from ((word, known[word[:3]]) for word in _phrases(listed))

    def _month_stems(self) -> Iterator[tuple[str, int]]:
        for name, number in self._months("") if self._language == "ru" else ():
            if len(name) > 3:
                yield stem(name, self._language), number

    def _short_months(self) -> frozenset[str]:
        """Return the abbreviations of months that are no month's whole name («mai» is)."""
        names = (get_month_names("wide", context, locale) for locale in self._locales for context in _CONTEXTS)
        whole = {name.lower() for table in names for name in table.values()}
        short = {name for name, _ in self._months(self._table.get("time", {}).get("months", ""))}
        return frozenset(short - whole - _listed(self._table.get("time", {}).get("month_forms", "")))

    def _by_beginning(self) -> Iterator[tuple[str, int]]:
        for locale in self._locales:
            for context in _CONTEXTS:
                yield from (
                    (name.lower()[:3], number) for number, name in get_month_names("wide", context, locale).items()
                )
        if self._language == "ru":
            yield from (("мае", 5), ("маю", 5))


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


def _listed(listed: str) -> frozenset[str]:
    return frozenset(_phrases(listed))


def _normal(word: str, kind: str) -> str:
    """Return a token as it is compared: in lower case, signs and numbers in NFKC («％» as «%»)."""
    if kind != "word" and not word.isascii():
        word = unicodedata.normalize("NFKC", word)
    return word.lower()


def _unit_names(unit: str, locale: Locale) -> Iterator[str]:
    for length in ("long", "short"):
        for count in _COUNTS:
            try:
                written = format_unit(count, unit, length, locale=locale)
            except UnknownUnitError:
                return
            name = written.replace(str(count), "").strip()
            if name and name != unit and not re.search(r"\d", name):
                yield name
