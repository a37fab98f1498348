"""Texts labelled by hand with their figures and dates, and how well what is found agrees with them.

A line is a text; a label is ``⟦words|value unit⟧``. A value may be bounded (``>5e6``), a range (``5e6..7e6``) or,
behind ``@``, a date as `rag.facts` names it (``@2026-Q3``). Relative dates are those of a text of 25 December 2025.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from rag import facts
from rag.facts import Amount, Fact

FOLDER = Path(__file__).parent / "facts"
TODAY = dt.date(2025, 12, 25)
_LABEL = re.compile("⟦([^|⟧]+)\\|([^⟧]+)⟧")
_VALUE = re.compile(r"(?P<bound>>=|<=|[<>~]?)(?P<low>-?[\d.e]+)(?:\.\.(?P<high>-?[\d.e]+))?(?: (?P<unit>\S+))?")


class Label(NamedTuple):
    """What stands in a text: where, with which value (a number, two of a range, or the name of a date) and unit."""

    start: int
    end: int
    value: tuple[Decimal, Decimal] | str
    unit: str | None


class Labelled(NamedTuple):
    """A text, its labels, and for each how its value is bounded."""

    text: str
    labels: tuple[Label, ...]
    bounds: tuple[str, ...]


class Score(NamedTuple):
    """How many figures were found rightly, found at all, and are there."""

    right: int
    found: int
    labelled: int

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.found + self.labelled)


def read(name: str) -> list[Labelled]:
    """Read a file of `tests/facts`, but for its comments."""
    lines = (FOLDER / f"{name}.txt").read_text("utf-8").splitlines()
    return [_read(line) for line in lines if line and not line.startswith("#")]


def _read(line: str) -> Labelled:
    text, labels, bounds, end = "", [], [], 0
    for match in _LABEL.finditer(line):
        text += line[end : match.start()]
        value, unit, bound = _value(match[2])
        labels.append(Label(len(text), len(text) + len(match[1]), value, unit))
        bounds.append(bound)
        text += match[1]
        end = match.end()
    return Labelled(text + line[end:], tuple(labels), tuple(bounds))


def _value(written: str) -> tuple[tuple[Decimal, Decimal] | str, str | None, str]:
    if written.startswith("@"):
        return written[1:], None, "="
    match = _VALUE.fullmatch(written)
    assert match, written
    # `..` is greedy in neither number: «5..7» is not «5.» and «.7»
    low, _, high = written[match.end("bound") :].split(" ")[0].partition("..")
    first = Decimal(low)
    return (first, Decimal(high) if high else first), match["unit"], match["bound"] or "="


def seeds() -> dict[str, list[tuple[str, tuple[Decimal, Decimal] | str, str | None, str]]]:
    """Return what the given documents say: the words, value, unit and bound of each figure, by document."""
    found: dict[str, list[tuple[str, tuple[Decimal, Decimal] | str, str | None, str]]] = {}
    for line in (FOLDER / "seeds.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            document = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            words, written = line.split("|")
            document.append((words, *_value(written)))
    return found


def as_label(fact: Fact) -> Label:
    """Return what was found as it would be labelled."""
    value = (fact.value.low, fact.value.high) if isinstance(fact.value, Amount) else fact.value.name
    return Label(fact.start, fact.end, value, fact.unit)


def score(examples: list[Labelled], language: str) -> Score:
    """Return how many figures of labelled texts are found with exactly their span, value and unit."""
    counts = [(set(map(as_label, find(example, language))), set(example.labels)) for example in examples]
    return Score(
        sum(len(found & labels) for found, labels in counts),
        sum(len(found) for found, _ in counts),
        sum(len(labels) for _, labels in counts),
    )


def bounds_right(examples: list[Labelled], language: str) -> float:
    """Return the share of bounds that are right, of the figures whose span, value and unit are."""
    right = total = 0
    for example in examples:
        expected = dict(zip(example.labels, example.bounds, strict=True))
        for fact in find(example, language):
            if as_label(fact) in expected:
                total += 1
                right += fact.bound == expected[as_label(fact)]
    return right / total


def find(example: Labelled, language: str) -> list[Fact]:
    return facts.find(example.text, language, TODAY)


def _mistakes(examples: list[Labelled], language: str) -> Iterator[str]:
    for example in examples:
        found = {as_label(fact): fact.bound for fact in find(example, language)}
        expected = dict(zip(example.labels, example.bounds, strict=True))
        if found != expected:
            show = [
                f"{example.text[each.start : each.end]} = {bound}{each.value} {each.unit}"
                for each, bound in found.items()
            ]
            want = [
                f"{example.text[each.start : each.end]} = {bound}{each.value} {each.unit}"
                for each, bound in expected.items()
            ]
            only = [each for each in show if each not in want], [each for each in want if each not in show]
            yield f"{example.text}\n    found {only[0]}\n    wants {only[1]}"


if __name__ == "__main__":
    for name in sys.argv[1:]:
        language, examples = name[:2], read(name)
        print(*_mistakes(examples, language), sep="\n")
        print(name, score(examples, language), round(score(examples, language).f1, 4), bounds_right(examples, language))
