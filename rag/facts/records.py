"""What is found in a text and what comparing tells: small frozen records."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["money", "percent", "quantity", "date", "period"]
Bound = Literal["=", "~", ">", ">=", "<", "<="]
Relation = Literal["agree", "compatible", "differ", "not comparable"]


class Amount(NamedTuple):
    """A number, or a range of numbers, and how exactly it is written."""

    low: Decimal
    high: Decimal  # equal to `low` unless a range is written
    step: Decimal  # the value of the last place that is written: 10⁸ of «5,7 млрд»

    @property
    def is_range(self) -> bool:
        return self.low != self.high

    def __str__(self) -> str:
        return plain(self.low) if self.low == self.high else f"{plain(self.low)}/{plain(self.high)}"


class Period(NamedTuple):
    """A day, month, quarter, year or any run of days.

    `name` is ISO 8601 with its extension for what is not told (EDTF): ``2026``, ``2026-02``, ``2026-Q3``, ``2026-H1``,
    ``199X`` (a decade), ``19XX`` (a century), ``XXXX-02`` (a February, of which year is not told), ``2020/2025``.
    """

    name: str
    first: dt.date | None  # None where the year is not told
    last: dt.date | None

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure or a date as a text writes it; ``text[start:end]`` of what was searched is `text`."""

    start: int
    end: int
    text: str
    kind: Kind
    value: Amount | Period
    unit: str | None = None  # ISO 4217, or the name of CLDR («kilometer»); None for counts and for dates
    bound: Bound = "="

    @property
    def number(self) -> Decimal | None:
        """Return the number, the middle of a range, or None of a date."""
        return (self.value.low + self.value.high) / 2 if isinstance(self.value, Amount) else None


class Verdict(NamedTuple):
    """How two figures stand to each other, and why."""

    relation: Relation
    reason: str  # one of `comparing.REASONS`, or ``factor 1000`` where they differ by a power of a thousand


def plain(number: Decimal) -> str:
    """Write a number without exponent and needless zeros.

    >>> plain(Decimal("5.70E+9"))
    '5700000000'
    """
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written
