"""How well the check of composed answers tells what passages support: ``python -m benchmarks.checking [PART]``.

`develop` is what its thresholds were taken from, `final` what is reported. A claim that is supported is also held
against the passages of another topic, as something that was made up is about something else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rag.answerers.check import Checker, Source
from rag.config import Settings
from rag.encoder import load_encoder
from tests.labelled_claims import Claim, read

RESAMPLES = 1000


class Result(NamedTuple):
    """What was claimed, as the table groups it, and whether the check took it out."""

    group: str
    is_removed: bool
    is_rule: bool  # by a figure or a name


def results(checker: Checker, claims: Sequence[Claim]) -> Iterator[Result]:
    """Yield a result for each claim, and one more for each supported claim, held against another topic."""
    for claim in claims:
        yield _held(checker, claim, claim, claim.label)
        if claim.label == "supported":
            other = next(each for each in reversed(claims) if each.topic != claim.topic)
            yield _held(checker, claim, other, "of another topic")


def _held(checker: Checker, claim: Claim, cited: Claim, group: str) -> Result:
    sources = [Source(passage.text, passage.language) for passage in cited.passages]
    verdict = checker.check(claim.claim.text, claim.claim.language, sources)
    return Result(group, not verdict.is_supported, bool(verdict.missing))


def share(removed: Sequence[bool]) -> str:
    """Return the share in percent with its 95 % bootstrap interval."""
    values = np.array(removed, float)
    draws = np.random.default_rng(0).choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"{values.mean():.0%} ({low:.0%} to {high:.0%})"


def main() -> None:
    part = sys.argv[1] if len(sys.argv) > 1 else "develop"
    found = list(results(Checker(load_encoder(Settings(threads=1))), read(part)))  # type: ignore[arg-type]
    print(f"| {part} | claims | taken out | by figures and names |\n| --- | ---: | ---: | ---: |")
    for group in dict.fromkeys(result.group for result in found):
        rows = [result for result in found if result.group == group]
        removed, ruled = share([row.is_removed for row in rows]), share([row.is_rule for row in rows])
        print(f"| {group} | {len(rows)} | {removed} | {ruled} |")


if __name__ == "__main__":
    main()
