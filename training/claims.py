"""Puts statements to texts that support them or do not: what the check of composed answers asks the reader.

A statement is what an answer makes of its question or, across languages, a sentence of the parallel paragraph. The
answer is to be found in a text that supports it; in others there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

from rag.types import Span
from training.data import Pair
from training.entities import answer_kind, holds_any, mentions, names, numbers, years
from training.exchange import exchanged
from training.negatives import Maker, answered, cut, retrieved, same_article, same_type
from training.windows import Draft
from training.wording import denied, statement

_SENTENCES = (
    0.5  # share of statements that are sentences of the paragraph, where question and paragraph differ in language
)
_LONGEST = 300  # characters of a sentence that is taken
_ELSEWHERE: tuple[Maker, ...] = (cut, same_type, same_article, retrieved)


def supported(pair: Pair, rng: Random) -> Draft:
    """Put a true statement to the paragraph that supports it."""
    return answered(pair, rng)._replace(question=_true(pair, rng), kind="supported")


def unsupported(pair: Pair, rng: Random) -> Draft | None:
    """Put a statement to a paragraph that does not support it, or says the contrary."""
    makers = [_wrong_answer, _other_question, _changed, _turned_round, _elsewhere]
    rng.shuffle(makers)
    return next(filter(None, (maker(pair, rng) for maker in makers)), None)


def _true(pair: Pair, rng: Random) -> str:
    sentence = _sentence(pair)
    if sentence and rng.random() < _SENTENCES:
        return sentence
    return _stated(pair, rng.choice(pair.asked_in.answers(pair.asked)))


def _stated(pair: Pair, answer: str) -> str:
    return statement(pair.asked.question, answer, pair.asked_in.language)


def _sentence(pair: Pair) -> str | None:
    """Return the sentence of the parallel paragraph that has the answer; in the same language it would be a copy."""
    if pair.asked_in is pair.read_in:
        return None
    text, answer = pair.asked_in.paragraphs[pair.asked.paragraph].text, pair.asked.answers[0]
    spans = pair.asked_in.sentences(pair.asked.paragraph)
    span = next((span for span in spans if span.start <= answer.start and answer.end <= span.end), None)
    return text[span.start : span.end] if span and span.end - span.start <= _LONGEST else None


def _against(pair: Pair, claim: str | None, kind: str, rng: Random) -> Draft | None:
    """Put what is not so to the paragraph, whose window keeps what is so instead."""
    if claim is None:
        return None
    return answered(pair, rng)._replace(question=claim, answer=None, kind=kind)


def _wrong_answer(pair: Pair, rng: Random) -> Draft | None:
    """State another thing of the answer's kind that the paragraph has."""
    right = pair.asked_in.answers(pair.asked)
    kind = answer_kind(right[0])
    rows = pair.asked_in.questions_on[pair.asked.paragraph]
    others = {answer for row in rows for answer in pair.asked_in.answers(row)}
    text = pair.asked_in.paragraphs[pair.asked.paragraph].text
    finders = {"date": years, "number": numbers, "name": names}
    if kind in finders:
        others |= {text[start:end] for start, end in finders[kind](text)}
    fitting = sorted(other for other in others if answer_kind(other) == kind and _is_other(pair, other, right))
    return _against(pair, _stated(pair, rng.choice(fitting)) if fitting else None, "wrong answer", rng)


def _is_other(pair: Pair, other: str, right: Sequence[str]) -> bool:
    """Tell whether a text shares no word with the right answers, nor with the question."""
    known = (*right, pair.asked.question)
    return not any(mentions(text, other) or mentions(other, text) for text in known)


def _other_question(pair: Pair, rng: Random) -> Draft | None:
    """State the answer of a question in which something was exchanged."""
    draft = exchanged(pair, rng)
    answer = rng.choice(pair.asked_in.answers(pair.asked))
    return draft and draft._replace(
        question=statement(draft.question, answer, pair.asked_in.language), kind="other question"
    )


def _changed(pair: Pair, rng: Random) -> Draft | None:
    """Change a name, year or number of a sentence of the parallel paragraph, or of a statement, for another of it."""
    claim = _true(pair, rng)
    text = pair.asked_in.paragraphs[pair.asked.paragraph].text
    finders: list[Callable[[str], list[Span]]] = [names, years, numbers]
    rng.shuffle(finders)
    for find in finders:
        others = sorted({other for other in _found(text, find) if not mentions(claim, other)})
        spans = find(claim)
        if spans and others:
            start, end = rng.choice(spans)
            return _against(pair, claim[:start] + rng.choice(others) + claim[end:], "changed", rng)
    return None


def _found(text: str, find: Callable[[str], list[Span]]) -> Iterator[str]:
    yield from (text[start:end] for start, end in find(text))


def _turned_round(pair: Pair, rng: Random) -> Draft | None:
    """Deny a true statement."""
    return _against(pair, denied(_true(pair, rng), pair.asked_in.language, rng), "turned round", rng)


def _elsewhere(pair: Pair, rng: Random) -> Draft | None:
    """Put a true statement to another paragraph, or to its own without the answer."""
    claim = _true(pair, rng)
    maker = rng.choice(_ELSEWHERE)
    draft = maker(pair, rng)
    if draft is None or holds_any(draft.text, [claim]):
        return None
    return draft._replace(question=claim, kind="elsewhere")
