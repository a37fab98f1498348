"""Pairs of figures labelled by hand with how they stand to each other, and how well the comparison agrees with them."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.facts import Mention, Relation, Verdict, compare, read
from tests.labelled import FOLDER

_RELATIONS: dict[str, Relation] = {"=": "agree", "~": "compatible", "!": "differ", "x": "not comparable"}
_LINE = re.compile(r"([=~!x]) (\w\w)(?: (\d{4}-\d\d-\d\d))? \| (.+)")


class Pair(NamedTuple):
    """Two figures and what they are to each other."""

    one: Mention
    other: Mention
    relation: Relation
    texts: tuple[str, str]


class Differ(NamedTuple):
    """How often «differ» was said rightly, said at all, and is right."""

    right: int
    said: int
    labelled: int

    @property
    def precision(self) -> float:
        return self.right / max(self.said, 1)

    @property
    def recall(self) -> float:
        return self.right / self.labelled


def pairs(topics: slice = slice(None)) -> list[Pair]:
    """Return the pairs of some topics: every line marked = with every other line of its topic."""
    return [pair for topic in _topics()[topics] for pair in _pairs(topic)]


def _topics() -> list[list[str]]:
    text = (FOLDER / "pairs.txt").read_text("utf-8")
    return [topic.splitlines()[1:] for topic in text.split("\n== ")[1:]]


def _pairs(lines: Sequence[str]) -> Iterator[Pair]:
    told = [(mark, mention, text) for line in lines if line for mark, mention, text in [_mention(line)]]
    for number, (mark, one, text) in enumerate(told):
        for other_mark, other, other_text in told[number + 1 :]:
            if mark == "=":
                yield Pair(one, other, _RELATIONS[other_mark], (text, other_text))


def _mention(line: str) -> tuple[str, Mention, str]:
    match = _LINE.fullmatch(line)
    assert match, line
    mark, language, date, marked = match.groups()
    start = marked.index("⟦")
    text = marked.replace("⟦", "").replace("⟧", "")
    mentions = read(text, language, dt.date.fromisoformat(date) if date else None)
    found = [mention for mention in mentions if mention.fact.start == start]
    assert found, f"nothing is found at the bracket of: {line}"
    return mark, found[0], text


def verdict(pair: Pair) -> Verdict:
    return compare(pair.one, pair.other)


def differ(chosen: Sequence[Pair]) -> Differ:
    said = [pair for pair in chosen if verdict(pair).relation == "differ"]
    return Differ(
        sum(pair.relation == "differ" for pair in said), len(said), sum(pair.relation == "differ" for pair in chosen)
    )


def accuracy(chosen: Sequence[Pair]) -> float:
    """Return the share of pairs that are rightly told; «agree» and «compatible», shown together, are one."""
    return sum(_shown(verdict(pair).relation) == _shown(pair.relation) for pair in chosen) / len(chosen)


def _shown(relation: Relation) -> str:
    return "same" if relation in {"agree", "compatible"} else relation


if __name__ == "__main__":
    half = {"first": slice(0, None, 2), "second": slice(1, None, 2), "all": slice(None)}[sys.argv[1]]
    chosen = pairs(half)
    for pair in chosen if "-v" in sys.argv else ():
        if _shown(verdict(pair).relation) != _shown(pair.relation):
            print(*pair.texts, f"    {verdict(pair)} instead of {pair.relation}", sep="\n")
    print(len(chosen), differ(chosen), differ(chosen).precision, differ(chosen).recall, accuracy(chosen))
