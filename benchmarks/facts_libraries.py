"""What well-kept libraries read of the labelled cases in `tests/facts`, beside `rag.facts`.

    pip install recognizers-text-number-with-unit recognizers-text-date-time quantulum3 number-parser price-parser \
        dateparser cn2an "emoji<2"
    python -m benchmarks.facts_libraries

They need not be installed for anything else, and one that is missing is left out; put them in an environment of their
own, since some of them hold other packages back. To be fair to those that give no offsets, only values count here: the
number of an amount, whatever its unit, and what is told of a date (year, month, day).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from rag import facts
from rag.facts import Amount, Period
from tests import labelled
from tests.labelled import TODAY, Labelled

LANGUAGES = ("ru", "no", "en", "zh")
Reader = Callable[[str, str], Iterable[Any]]  # text and language -> values
_PLAIN = re.compile(r"\d+(?:\.\d+)?")
_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}|XXXX-\d\d(?:-\d\d)?")


def ours_amounts(text: str, language: str) -> Iterator[Decimal]:
    for fact in facts.find(text, language, TODAY):
        if isinstance(fact.value, Amount):
            yield from {fact.value.low, fact.value.high}


def ours_dates(text: str, language: str) -> Iterator[str]:
    names = (fact.value.name for fact in facts.find(text, language, TODAY) if isinstance(fact.value, Period))
    yield from (name for name in names if _DATE.fullmatch(name))


def recognizers(text: str, language: str) -> Iterator[Decimal]:
    from recognizers_number import recognize_number, recognize_percentage
    from recognizers_number_with_unit import recognize_currency, recognize_dimension
    from recognizers_text import Culture

    culture = {"en": Culture.English, "zh": Culture.Chinese}[language]
    found: dict[int, Decimal] = {}
    for recognise in (recognize_number, recognize_percentage, recognize_dimension, recognize_currency):
        for each in recognise(text, culture):
            if each.resolution and (value := _decimal(str(each.resolution.get("value")).rstrip("%"))) is not None:
                found[each.start] = value
    yield from found.values()


def recognizers_dates(text: str, language: str) -> Iterator[str]:
    import datetime as dt

    from recognizers_date_time import recognize_datetime
    from recognizers_text import Culture

    culture = {"en": Culture.English, "zh": Culture.Chinese}[language]
    for each in recognize_datetime(text, culture, reference=dt.datetime.combine(TODAY, dt.time())):
        yield from {str(value.get("timex")) for value in (each.resolution or {}).get("values", [])[:1]}


def quantulum(text: str, language: str) -> Iterator[Decimal]:
    from quantulum3 import parser

    assert language == "en"
    yield from filter(None, (_decimal(str(each.value)) for each in parser.parse(text)))


def number_parser(text: str, language: str) -> Iterator[Decimal]:
    from number_parser import parse

    yield from (Decimal(each) for each in _PLAIN.findall(parse(text, language={"en": "en", "ru": "ru"}[language])))


def price_parser(text: str, language: str) -> Iterator[Decimal]:
    from price_parser import Price

    yield from filter(None, [Price.fromstring(text).amount])


def cn2an(text: str, language: str) -> Iterator[Decimal]:
    import cn2an

    assert language == "zh"
    yield from (Decimal(each) for each in _PLAIN.findall(cn2an.transform(text, "cn2an")))


def dateparser(text: str, language: str) -> Iterator[str]:
    import datetime as dt

    from dateparser.search import search_dates

    code = {"no": "nb"}.get(language, language)
    base = dt.datetime.combine(TODAY, dt.time())
    for _, found in search_dates(text, languages=[code], settings={"RELATIVE_BASE": base}) or []:
        yield found.date().isoformat()


AMOUNTS: dict[str, Reader] = {
    "rag.facts": ours_amounts,
    "recognizers-text": recognizers,
    "quantulum3": quantulum,
    "number-parser": number_parser,
    "price-parser": price_parser,
    "cn2an": cn2an,
}
DATES: dict[str, Reader] = {
    "rag.facts": ours_dates,
    "dateparser": dateparser,
    "recognizers-text": recognizers_dates,
}


def f1(read: Reader, cases: list[Labelled], language: str, wanted: Callable[[Labelled], Iterable[Any]]) -> float:
    """Return F1 of the values read; a library that fails on a text has read nothing in it."""
    right = found = labelled_ = 0
    for case in cases:
        values, expected = Counter(_read(read, case.text, language)), Counter(wanted(case))
        if read is dateparser:  # it always answers with a whole day
            expected = Counter({day: count for day, count in expected.items() if len(day) == 10 and day[0] != "X"})
        right += sum((values & expected).values())
        found += values.total()
        labelled_ += expected.total()
    return 2 * right / max(found + labelled_, 1)


def _read(read: Reader, text: str, language: str) -> list[Any]:
    try:
        return list(read(text, language))
    except (ImportError, KeyError, AssertionError):
        raise  # missing, or another language
    except Exception:
        return []


def amounts_of(case: Labelled) -> Iterator[Decimal]:
    for label in case.labels:
        if not isinstance(label.value, str):
            yield from set(label.value)


def dates_of(case: Labelled) -> Iterator[str]:
    yield from (str(label.value) for label in case.labels if _DATE.fullmatch(str(label.value)))


def _decimal(written: str) -> Decimal | None:
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def main() -> None:
    for title, readers, wanted in (("Amounts", AMOUNTS, amounts_of), ("Dates", DATES, dates_of)):
        print(f"\n## {title}: F1 of values\n\n| | {' | '.join(LANGUAGES)} |\n| --- {'| --- ' * len(LANGUAGES)}|")
        for name, read in readers.items():
            cells = [_cell(read, labelled.read(f"{language}.cases"), language, wanted) for language in LANGUAGES]
            print(f"| {name} | {' | '.join(cells)} |")


def _cell(read: Reader, cases: list[Labelled], language: str, wanted: Callable[[Labelled], Iterable[Any]]) -> str:
    try:
        return f"{f1(read, cases, language, wanted):.3f}"
    except ImportError:
        return "not installed"
    except (KeyError, AssertionError):
        return "–"


if __name__ == "__main__":
    main()
