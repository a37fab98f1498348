"""What a figure is about, told without any model: names, measures and words around it, and the time it is told of."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from bisect import bisect_left
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

from babel import Locale

from rag.facts.finding import find
from rag.facts.lexicon import Lexicon, lexicon, sizes, stem
from rag.facts.records import Amount, Fact, Period
from rag.sentences import split
from rag.types import Span

_WORD = re.compile(r"[^\W\d_]+(?:\d[\w]*)?")
_HAN = re.compile("[\u3400-\u9fff]")
_CONVERTED = re.compile(
    r"(?:\s?[(（[]|,?\s(?:or|eller|или|i\.e\.)\s|\s?[/=≈]|[,，]?(?:约合|合|约))\s?[^\d()（）;.!?]{0,24}$", re.IGNORECASE
)
_LETTERS = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            [*"abvgdee", "zh", *"ziiklmnoprstufk", "ts", "ch", "sh", "sh", "", "i", "", *"e", "iu", "ia"],
            strict=True,
        )
    )
    | {"c": "k", "y": "i", "w": "v", "q": "k", "ø": "o", "å": "a", "æ": "e", "é": "e", "ö": "o", "ä": "a"}
)
_KEY = 5  # letters by which names and words of different languages and inflections are held to be the same
_NEIGHBOURS = 2  # sentences before one without a name, in which its subject is looked for
_COUNTED = 3  # words behind a number, among which is what it counts


class Named(NamedTuple):
    """The names of a sentence by their keys: those beyond doubt, and those that only open the sentence."""

    sure: frozenset[str]
    unsure: frozenset[str]

    @property
    def every(self) -> frozenset[str]:
        return self.sure | self.unsure


_NAMELESS = Named(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Mention:
    """A figure in its sentence, and what tells what it is about."""

    fact: Fact
    sentence: Span
    language: str
    document: str = ""
    published: dt.date | None = None
    forms: tuple[Fact, ...] = ()  # the same amount in other units: «¥40 млрд (около $5,7 млрд)»
    time: Period | None = None
    names: Named = _NAMELESS
    near_names: frozenset[str] = frozenset()  # of the sentences before
    measure: frozenset[str] = frozenset()  # what of `measures.toml` stands nearest
    measures: frozenset[str] = frozenset()  # all of it in the sentence
    words: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()


def read(
    text: str,
    language: str,
    date: dt.date | None = None,
    *,
    document: str = "",
    sentences: Sequence[Span] | None = None,
    found: Sequence[Fact] | None = None,
    among: Container[Span] | None = None,
) -> list[Mention]:
    """Return the figures of a text in their sentences, ready to be compared; for the rest see `find`.

    `sentences` are its sentences and `found` its figures, both ascending, if they are known already; of these sentences
    only those `among` some are looked at, if these are given. Offsets are those of `text`.
    """
    words = lexicon(language)
    every = find(text, language, date) if found is None else found
    spans = split(text, language) if sentences is None else sentences
    views = [_Sentence(text, span, words, every) for span in spans]
    return [
        replace(mention, document=document, published=date, near_names=_names_before(views, place))
        for place, view in enumerate(views)
        if among is None or view.span in among
        for mention in view.mentions()
    ]


def names(text: str, language: str) -> Named:
    """Return the names of one sentence, as they are compared across languages; figures are none."""
    return _Sentence(text, Span(0, len(text)), lexicon(language), find(text, language)).names


def _names_before(views: Sequence[_Sentence], place: int) -> frozenset[str]:
    """Return the names of the sentences before one."""
    return frozenset().union(*(view.names.sure for view in views[max(0, place - _NEIGHBOURS) : place]))


def inside(found: Sequence[Fact], span: Span) -> list[Fact]:
    """Return those of ascending figures that lie in a span."""
    first, last = (bisect_left(found, edge, key=lambda fact: fact.start) for edge in span)
    return [fact for fact in found[first:last] if fact.end <= span.end]


class _Sentence:
    """One sentence and its figures; what tells what they are about is looked for when it is asked for."""

    def __init__(self, text: str, span: Span, words: Lexicon, every: Sequence[Fact]) -> None:
        self.span = span
        self._text = text
        self._lexicon = words
        self._found = inside(every, span)

    @cached_property
    def _words(self) -> list[re.Match[str]]:
        outside = _outside(self.span, self._found)
        return [match for part in outside for match in _WORD.finditer(self._text, part.start, part.end)]

    @cached_property
    def measures(self) -> list[tuple[str, Span]]:
        return list(self._find_measures())

    def mentions(self) -> list[Mention]:
        """Return the figures of the sentence with all that is known of them."""
        return [self._mention(fact) for fact in self._found]

    def _mention(self, fact: Fact) -> Mention:
        return Mention(
            fact,
            self.span,
            self._lexicon.language,
            forms=self._forms(fact),
            time=self._time(fact),
            names=self.names,
            measure=self._nearest_measure(fact),
            measures=frozenset(name for name, _ in self.measures) & _fitting(fact),
            words=frozenset(self._content()),
            counted=frozenset(self._counted(fact)),
        )

    @cached_property
    def names(self) -> Named:
        """Return the names: words with a capital letter or a digit; the capital that opens a sentence is unsure."""
        sure: set[str] = set()
        unsure: set[str] = set()
        for match in self._words:
            word = match.group()
            if word == word.lower() or len(word) < 2 or self._is_stop(word):
                continue
            if measure_of(word.lower(), self._lexicon.language) or self._bounds(word):
                continue
            foreign = word.isascii() and self._lexicon.language in {"ru", "zh"}
            opens = match.start() == self.span.start or not self._text[self.span.start : match.start()].strip(
                "«\"'“ –—-"
            )
            inner = any(letter.isupper() or letter.isdigit() for letter in word[1:])
            (unsure if opens and not foreign and not inner else sure).add(self._name(word))
        if self._lexicon.language == "zh":
            sure.update(_countries_in(self._text[self.span.start : self.span.end]))
        return Named(frozenset(sure), frozenset(unsure))

    def _name(self, word: str) -> str:
        """Return a name as it is compared: the code of a country in any language, else its key."""
        language = self._lexicon.language
        return _countries(language).get(stem(word.lower(), language)) or key(word)

    def _content(self) -> Iterator[str]:
        for match in self._words:
            word = match.group()
            if _HAN.match(word):
                yield from (word[place : place + 2] for place in range(len(word) - 1))
            elif len(word) > 2 and not self._is_stop(word):
                yield key(stem(word.lower(), self._lexicon.language))

    def _counted(self, fact: Fact) -> Iterator[str]:
        """Yield the words behind a plain number that may be what it counts."""
        if fact.unit is not None or not isinstance(fact.value, Amount):
            return
        behind = [match for match in self._words if match.start() >= fact.end][:_COUNTED]
        for match in behind:
            word = match.group()
            if self._is_stop(word):
                return
            if _HAN.match(word):
                yield from (word[place : place + 2] for place in range(min(3, len(word) - 1)))
                return
            yield key(stem(word.lower(), self._lexicon.language))

    def _is_stop(self, word: str) -> bool:
        return stem(word.lower(), self._lexicon.language) in self._lexicon.stop

    def _bounds(self, word: str) -> bool:
        """Tell whether a word says how exact a number is: «Rundt 40 personer»."""
        return self._lexicon.before.at([stem(word.lower(), self._lexicon.language)], 0) is not None

    def _forms(self, fact: Fact) -> tuple[Fact, ...]:
        """Return the figures of the sentence that give the same amount in another unit."""
        place = self._found.index(fact)
        return tuple(
            other
            for other in [*self._found[max(0, place - 1) : place], *self._found[place + 1 : place + 2]]
            if self._is_converted(*sorted((fact, other), key=lambda each: each.start))
        )

    def _is_converted(self, first: Fact, second: Fact) -> bool:
        if first.kind != second.kind or first.unit == second.unit or first.kind not in {"money", "quantity"}:
            return False
        if first.kind == "quantity" and not _same_dimension(first, second):
            return False
        return bool(_CONVERTED.match(self._text[first.end : second.start])) and second.start - first.end <= 32

    def _time(self, fact: Fact) -> Period | None:
        """Return the nearest time that the sentence tells; one behind another figure is that one's."""
        times = [
            other
            for other in self._found
            if isinstance(other.value, Period) and other is not fact and not self._is_of_another(other, fact)
        ]
        nearest = min(times, key=lambda each: self._distance(fact, each.start, each.end), default=None)
        return nearest.value if nearest and isinstance(nearest.value, Period) else None

    def _is_of_another(self, time: Fact, fact: Fact) -> bool:
        between = inside(self._found, Span(fact.end, time.start))
        return any(other.kind == fact.kind and other not in self._forms(fact) for other in between)

    def _distance(self, fact: Fact, start: int, end: int) -> int:
        """Return how far a stretch is from a figure; what stands behind another figure is farther."""
        between = (fact.end, start) if start >= fact.end else (end, fact.start)
        others = sum(
            between[0] <= other.start < between[1] and other.kind == fact.kind and other not in self._forms(fact)
            for other in self._found
        )
        return between[1] - between[0] + 40 * others

    def _find_measures(self) -> Iterator[tuple[str, Span]]:
        if self._lexicon.language == "zh":
            text = self._text[self.span.start : self.span.end]
            for name, pattern in _han_measures().items():
                for match in pattern.finditer(text):
                    yield name, Span(self.span.start + match.start(), self.span.start + match.end())
            return
        for match in self._words:
            for name in measure_of(match.group().lower(), self._lexicon.language):
                yield name, Span(*match.span())

    def _nearest_measure(self, fact: Fact) -> frozenset[str]:
        """Return the measure that stands nearest to a figure, all those of that word."""
        found = [(name, self._distance(fact, *span)) for name, span in self.measures if name in _fitting(fact)]
        nearest = min((distance for _, distance in found), default=0)
        return frozenset(name for name, distance in found if distance == nearest)


class Topic(NamedTuple):
    """What a question is about, as far as it tells: names, what is measured, times."""

    names: frozenset[str]
    measures: frozenset[str]
    times: tuple[Period, ...]


def topic(question: str, language: str) -> Topic:
    """Return what a question is about."""
    found = find(question, language)
    view = _Sentence(question, Span(0, len(question)), lexicon(language), found)
    times = tuple(fact.value for fact in found if isinstance(fact.value, Period))
    return Topic(view.names.every, frozenset(name for name, _ in view.measures), times)


def is_about(mention: Mention, asked: Topic) -> bool:
    """Tell whether a figure may be what is asked for: of a shared name, measure and time, as far as both tell."""
    names = mention.names.every | mention.near_names
    if asked.names and not asked.names & names:
        return False
    if asked.measures and not asked.measures & mention.measures:
        return False
    if mention.time is None or not asked.times:
        return True
    return any(_overlap(mention.time, time) for time in asked.times)


def _overlap(one: Period, other: Period) -> bool:
    """Tell whether two times have a day in common, as far as both are told."""
    if one.first and one.last and other.first and other.last:
        return one.first <= other.last and other.first <= one.last
    return True


def key(word: str) -> str:
    """Return what inflections and transliterations of a word share: its beginning in plain Latin letters.

    >>> key("Москве") == key("Moscow"), key("ByteDances") == key("Bytedance"), key("токен") == key("token")
    (True, True, True)
    """
    plain = word.lower().translate(_LETTERS)
    return plain if any(letter.isdigit() for letter in plain) else plain[: _KEY if len(plain) > _KEY + 1 else _KEY - 1]


def _outside(span: Span, found: Sequence[Fact]) -> Iterator[Span]:
    start = span.start
    for fact in found:
        yield Span(start, fact.start)
        start = fact.end
    yield Span(start, span.end)


def _same_dimension(first: Fact, second: Fact) -> bool:
    one, other = sizes().get(first.unit or ""), sizes().get(second.unit or "")
    return one is not None and other is not None and one[0] == other[0]


@cache
def _countries(language: str) -> dict[str, str]:
    """Return the code of each country by its stemmed name."""
    locale = Locale.parse("nb" if language == "no" else language if language in {"ru", "en", "zh"} else "en")
    names = ((name, code) for code, name in locale.territories.items() if len(code) == 2 and " " not in name)
    return {stem(name.lower(), language): f"country {code}" for name, code in names}


def _countries_in(text: str) -> Iterator[str]:
    yield from (code for name, code in _countries("zh").items() if name in text)


@cache
def _sections() -> dict[str, dict[str, str]]:
    return tomllib.loads((Path(__file__).parent / "words" / "measures.toml").read_text("utf-8"))


@cache
def _measures() -> dict[str, list[str]]:
    tables = _sections().values()
    return {name: [word.strip() for word in words.split(",")] for table in tables for name, words in table.items()}


def _fitting(fact: Fact) -> frozenset[str]:
    """Return the measures that a figure of its unit may be of."""
    is_count = fact.kind == "quantity" and fact.unit is None
    is_rate = fact.kind == "percent" or fact.unit == "times"
    sections = ["any"] + ["counts"] * is_count + ["rates"] * is_rate
    return _measures_of(tuple(sections))


@cache
def _measures_of(sections: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for section in sections for name in _sections()[section])


@cache
def _han_measures() -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(
            "|".join(sorted((word for word in words if _HAN.match(word)), key=len, reverse=True)) or "(?!)"
        )
        for name, words in _measures().items()
    }


@cache
def _measure_words(language: str) -> tuple[dict[str, set[str]], list[tuple[str, str]]]:
    """Return measures by stemmed word, and the beginnings of words that stand for one."""
    whole: dict[str, set[str]] = {}
    beginnings = []
    for name, words in _measures().items():
        for word in words:
            if word.endswith("*"):
                beginnings.append((word[:-1], name))
            else:
                whole.setdefault(stem(word, language), set()).add(name)
    return whole, beginnings


@lru_cache(maxsize=50_000)
def measure_of(word: str, language: str) -> frozenset[str]:
    """Return the measures that a word in lower case may stand for."""
    whole, beginnings = _measure_words(language)
    return frozenset(whole.get(stem(word, language), set())) | {
        name for beginning, name in beginnings if word.startswith(beginning)
    }
