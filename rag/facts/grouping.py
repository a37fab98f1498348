"""Which figures of several documents belong together: those that agree, and those that differ on the same matter."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from rag.facts.comparing import compare
from rag.facts.context import Mention
from rag.facts.lexicon import sizes
from rag.facts.records import Amount, Fact, Verdict

_MOST = 200  # figures that may share a name or measure before it is too common to tell what they are about


class Link(NamedTuple):
    """Two figures, by their places among all, that are about the same, and how they stand to each other."""

    one: int
    other: int
    verdict: Verdict


class Group(NamedTuple):
    """Figures about the same, by their places among all, and what links them."""

    members: tuple[int, ...]
    links: tuple[Link, ...]

    @property
    def differs(self) -> bool:
        return any(link.verdict.relation == "differ" for link in self.links)


def group(mentions: Sequence[Mention], sources: Mapping[str, str] | None = None) -> list[Group]:
    """Return the groups of figures that agree or differ, each of two or more, in the order of their first figures.

    Figures of one document are linked only as forms of one amount: a document that repeats itself is no second source.
    Nor are copies two sources, which `sources` gives by document: what they agree on is said once.
    Dates are not grouped. Only figures that share a name or a measure are compared, so the time grows with the number
    of such pairs; what more than 200 figures share is passed over.
    """
    links = [*_forms(mentions), *_across(mentions, sources or {})]
    parents = list(range(len(mentions)))
    for link in links:
        parents[_root(parents, link.one)] = _root(parents, link.other)
    members: dict[int, list[int]] = defaultdict(list)
    for place in sorted({place for link in links for place in (link.one, link.other)}):
        members[_root(parents, place)].append(place)
    return [
        Group(tuple(places), tuple(link for link in links if _root(parents, link.one) == root))
        for root, places in sorted(members.items(), key=lambda each: each[1][0])
    ]


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def _forms(mentions: Sequence[Mention]) -> Iterator[Link]:
    """Yield the links between the forms of one amount: «¥40 млрд (около $5,7 млрд)»."""
    for place, (first, second) in enumerate(pairwise(mentions)):
        if second.fact in first.forms and first.document == second.document:
            yield Link(place, place + 1, Verdict("agree", "same value"))


def _across(mentions: Sequence[Mention], sources: Mapping[str, str]) -> Iterator[Link]:
    for one, other in sorted(_candidates(mentions)):
        verdict = compare(mentions[one], mentions[other])
        names = (mentions[place].document for place in (one, other))
        is_copy = len({sources.get(name, name) for name in names}) == 1
        if verdict.relation == "differ" or (verdict.relation != "not comparable" and not is_copy):
            yield Link(one, other, verdict)


def _candidates(mentions: Sequence[Mention]) -> set[tuple[int, int]]:
    """Return the pairs, of two documents, of amounts in one unit that share a name or a measure."""
    shared: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, mention in enumerate(mentions):
        if isinstance(mention.fact.value, Amount):
            for about in mention.names.every | mention.near_names | {f"measure {name}" for name in mention.measure}:
                shared[dimension(mention.fact), about].append(place)
    return {
        (one, other)
        for places in shared.values()
        if len(places) <= _MOST
        for number, one in enumerate(places)
        for other in places[number + 1 :]
        if mentions[one].document != mentions[other].document
    }


def dimension(fact: Fact) -> str:
    """Name what a figure can be converted within: lengths, dollars, percentages, plain counts."""
    known = sizes().get(fact.unit or "")
    return known[0] if known else f"{fact.kind} {fact.unit or ''}"
