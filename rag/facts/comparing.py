"""Whether two figures say the same: first whether they are about the same at all, then what their values tell.

A false «sources differ» is worse than a missed one, so `differ` needs more evidence than `agree`, and what speaks
against a common subject (other names, another measure, another time) outweighs all that speaks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rag.facts.context import Mention
from rag.facts.lexicon import sizes
from rag.facts.records import Amount, Fact, Period, Verdict

REASONS = (
    "kind",  # money against a percentage, a figure against a date
    "unit",  # nothing converts one into the other
    "time",  # they are told of different times
    "subject",  # nothing shows that they are about the same
    "same value",
    "rounding",  # one is the other, less exactly
    "bound",  # «more than 100» against «120»
    "range",
    "value",
)
_APPROXIMATELY = Decimal("0.1")  # what «about» may be off by
_LEEWAY = Decimal(2)  # «more than 100» may be 200, hardly 5,000
_SLIP = Decimal("0.05")  # how exact a power of a thousand is
_STALE = 400  # days between two publications from which a figure without a time may be another one's
_ENOUGH, _ENOUGH_IF_INEXACT, _ENOUGH_TO_DIFFER, _ENOUGH_FOR_A_SLIP = 2, 3, 4, 3
_ROUNDED = Decimal("0.005")  # what a figure may be off by that was rounded or converted
_SAME_WORDS, _SAME_SHARE = 3, 0.7
SIMILAR, VERY_SIMILAR = 0.5, 0.8


def compare(a: Mention, b: Mention, similarity: float | None = None) -> Verdict:
    """Tell how two figures stand to each other, and why.

    `similarity` (0 to 1), if the caller knows it, is how sure it is that the two sentences are about the same, as by
    their embeddings. The order of the two makes no difference.
    """
    pair = _comparable(a, b)
    if pair is None:
        return Verdict("not comparable", "kind" if a.fact.kind != b.fact.kind else "unit")
    if _times_exclude(a, b):
        return Verdict("not comparable", "time")
    evidence = _evidence(a, b, similarity)
    if evidence < _ENOUGH:
        return Verdict("not comparable", "subject")
    verdict = _values(*pair)
    if verdict.relation == "compatible" and evidence < _ENOUGH_IF_INEXACT:
        return Verdict("not comparable", "subject")
    if verdict.relation == "differ" and not _may_differ(a, b, verdict, evidence, similarity):
        return Verdict("not comparable", "time" if evidence >= _ENOUGH_TO_DIFFER else "subject")
    return verdict


def same_value(one: Fact, other: Fact) -> bool:
    """Tell whether two amounts have one value, but for rounding, whatever they are about and however bounded."""
    if not (isinstance(one.value, Amount) and isinstance(other.value, Amount) and _have_one_unit(one, other)):
        return False
    first, second = _amount(one, other), _amount(other, one)
    return max(abs(first.low - second.low), abs(first.high - second.high)) <= _leeway(first, second)


# --- units ------------------------------------------------------------------------------------------------------------


def _comparable(a: Mention, b: Mention) -> tuple[Fact, Fact] | None:
    """Return the two figures, or other forms of them, in the first unit that both have."""
    for one in (a.fact, *a.forms):
        for other in (b.fact, *b.forms):
            if _have_one_unit(one, other):
                return one, other
    return None


def _have_one_unit(one: Fact, other: Fact) -> bool:
    if one.kind != other.kind:
        return {one.kind, other.kind} == {"date", "period"}
    if one.unit == other.unit:
        return True
    first, second = sizes().get(one.unit or ""), sizes().get(other.unit or "")
    return bool(first and second and first[0] == second[0] and first[1] and second[1])


def _amount(fact: Fact, other: Fact) -> Amount:
    """Return the amount of a figure, converted where the other one has another unit."""
    assert isinstance(fact.value, Amount)
    if fact.unit == other.unit:
        return fact.value
    return Amount(*(number * sizes()[fact.unit or ""][1] for number in fact.value))


# --- what they are about ----------------------------------------------------------------------------------------------


def _times_exclude(a: Mention, b: Mention) -> bool:
    if a.time and b.time and a.time.first and b.time.first and a.time.last and b.time.last:
        return a.time.last < b.time.first or b.time.last < a.time.first
    if a.time or b.time or not a.published or not b.published:
        return False
    return abs((a.published - b.published).days) > _STALE


def _evidence(a: Mention, b: Mention, similarity: float | None) -> int:
    """Return how much speaks for a common subject; 0 where something speaks against it."""
    if _is_contradicted(a, b):
        return 0
    points = _shared_names(a, b) + _shared_measures(a, b) + _shared_words(a, b)
    points += bool(a.counted & b.counted)
    if similarity is not None:
        points += (similarity >= SIMILAR) + (similarity >= VERY_SIMILAR)
    return points


def _is_contradicted(a: Mention, b: Mention) -> bool:
    names, others = a.names.sure, b.names.sure
    if a.names.every and b.names.every and (names or others or a.language == b.language):
        if not a.names.every & b.names.every and a.language == b.language:
            return True
        if names and others and not a.names.every & b.names.every:
            return True
    if a.measure and b.measure and not (a.measure & b.measures or b.measure & a.measures):
        return True
    both = a.measures & b.measures  # «revenue was 5, profit 1» against «profit 1, revenue 5»
    if a.measure & both and b.measure & both and not a.measure & b.measure:
        return True
    return bool(a.language == b.language and a.counted and b.counted and not a.counted & b.counted)


def _shared_names(a: Mention, b: Mention) -> int:
    if a.names.every & b.names.every:
        return 2 - _have_others(a, b)
    return int(bool(_subjects(a) & _subjects(b)))


def _subjects(mention: Mention) -> frozenset[str]:
    """Return the names of a sentence, or where it has none beyond doubt, also those of the sentences before."""
    return mention.names.every if mention.names.sure else mention.names.every | mention.near_names


def _have_others(a: Mention, b: Mention) -> int:
    """Return what counts against a common subject: that each sentence has names that the other one lacks."""
    if not (a.names.every - b.names.every and b.names.every - a.names.every):
        return 0
    return 2 if a.language == b.language else 1


def _shared_measures(a: Mention, b: Mention) -> int:
    if a.measure & b.measure:
        return 2
    return int(bool(a.measures & b.measures))


def _shared_words(a: Mention, b: Mention) -> int:
    shared = len((a.words & b.words) - a.names.sure)
    share = shared / max(1, min(len(a.words - a.names.sure), len(b.words - b.names.sure)))
    if a.language != b.language:
        return int(shared >= 2)
    return 2 if share >= 0.5 and shared >= 2 else int(share >= 0.25 and shared >= 1)


def _may_differ(a: Mention, b: Mention, verdict: Verdict, evidence: int, similarity: float | None) -> bool:
    """Tell whether there is enough to say that two sources differ."""
    is_slip = verdict.reason.startswith("factor")
    if _have_others(a, b) == 2 and not is_slip and (similarity or 0) < VERY_SIMILAR:
        return False
    if not _is_one_subject(a, b, is_slip, similarity or 0) or not _is_one_measure(a, b):
        return False
    if bool(a.time) != bool(b.time) and not is_slip:
        return False
    if a.time and b.time and a.time.name != b.time.name:
        return False
    return evidence >= (_ENOUGH_FOR_A_SLIP if is_slip else _ENOUGH_TO_DIFFER)


def _is_one_subject(a: Mention, b: Mention, is_slip: bool, similarity: float) -> bool:
    """Tell whether a name ties two figures together; a country alone does not, nor one of an earlier sentence."""
    if similarity >= VERY_SIMILAR or _is_one_sentence(a, b):
        return True
    shared = _subjects(a) & _subjects(b) if is_slip else a.names.every & b.names.every
    is_told = any(not name.startswith("country ") for name in shared)
    return is_told or (bool(shared) and bool(_shared_measures(a, b) or _shared_words(a, b) == 2))


def _is_one_sentence(a: Mention, b: Mention) -> bool:
    """Tell whether two sentences say the same in nearly the same words, so that no name is needed."""
    shared, fewest = len(a.words & b.words), min(len(a.words), len(b.words))
    return shared >= _SAME_WORDS and shared >= _SAME_SHARE * fewest and not _have_others(a, b)


def _is_one_measure(a: Mention, b: Mention) -> bool:
    return bool(_shared_measures(a, b) or a.counted & b.counted) or _shared_words(a, b) == 2


# --- values -----------------------------------------------------------------------------------------------------------


def _values(one: Fact, other: Fact) -> Verdict:
    if isinstance(one.value, Period) and isinstance(other.value, Period):
        return _periods(one.value, other.value)
    first, second = _amount(one, other), _amount(other, one)
    for verdict in _shared_values(one, other, first, second):
        return verdict
    slip = _slip(first, second)
    if slip is None and (_allows(one, first, second) or _allows(other, second, first)):
        return Verdict("not comparable", "bound")
    return Verdict("differ", slip or "value")


def _periods(one: Period, other: Period) -> Verdict:
    if one.name == other.name:
        return Verdict("agree", "same value")
    if not (one.first and one.last and other.first and other.last):
        parts = (one.name.removeprefix("XXXX"), other.name.removeprefix("XXXX"))
        agree = parts[0].endswith(parts[1]) or parts[1].endswith(parts[0])
        return Verdict("compatible", "rounding") if agree else Verdict("differ", "value")
    inside = (other.first <= one.first and one.last <= other.last) or (
        one.first <= other.first and other.last <= one.last
    )
    return Verdict("compatible", "rounding") if inside else Verdict("differ", "value")


def _shared_values(one: Fact, other: Fact, first: Amount, second: Amount) -> Iterator[Verdict]:
    """Yield in what way two amounts may be the same one, the best first."""
    if (first.low, first.high) == (second.low, second.high):
        exact = one.bound == other.bound or {one.bound, other.bound} <= {"=", "~"}
        yield Verdict("agree", "same value") if exact else Verdict("compatible", "bound")
    if first.is_range or second.is_range:
        if first.low <= second.high and second.low <= first.high:
            yield Verdict("compatible", "range")
    elif abs(first.low - second.low) <= _leeway(first, second) and first.low * second.low > 0:
        yield Verdict("compatible", "rounding")
    if "~" in (one.bound, other.bound) and _is_near(first, second):
        yield Verdict("compatible", "rounding")
    lower, upper = {">", ">="}, {"<", "<="}
    if {one.bound, other.bound} <= lower or {one.bound, other.bound} <= upper:
        return  # «more than 30» and «more than 50»: perhaps, but nothing shows it
    if _within(one, first, second) or _within(other, second, first):
        yield Verdict("compatible", "bound")


def _leeway(first: Amount, second: Amount) -> Decimal:
    """Return by how much two forms of one number may be apart: half a last place, or what converting costs."""
    return max(first.step / 2, second.step / 2, _ROUNDED * min(abs(first.low), abs(second.low)))


def _is_near(first: Amount, second: Amount) -> bool:
    return abs(first.low - second.high) <= _APPROXIMATELY * max(abs(first.low), abs(second.high))


def _within(bounded: Fact, amount: Amount, other: Amount) -> bool:
    """Tell whether a figure is what another one's bound allows, and not far from it."""
    if bounded.bound in {">", ">="}:
        return amount.low <= other.high <= _LEEWAY * amount.low
    return bounded.bound in {"<", "<="} and amount.high / _LEEWAY <= other.low <= amount.high


def _allows(bounded: Fact, amount: Amount, other: Amount) -> bool:
    """Tell whether a bound leaves room for another figure, however far: «more than 30» says nothing against 5,000."""
    return (bounded.bound in {">", ">="} and other.high >= amount.low) or (
        bounded.bound in {"<", "<="} and other.low <= amount.high
    )


def _slip(first: Amount, second: Amount) -> str | None:
    """Return ``factor 1000`` and the like when one value is the other but for a power of a thousand."""
    low, high = sorted((abs(first.low), abs(second.low)))
    if first.low * second.low <= 0:
        return None
    for factor in (10**3, 10**6, 10**9, 10**4):  # the last one: 万 against 亿
        if abs(high / low / factor - 1) <= _SLIP:
            return f"factor {factor}"
    return None
