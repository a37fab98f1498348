"""Exchanges a name, year, number or attribute of a question, so that its paragraph no longer answers it.

The paragraph keeps something of the right type, such as a sum of money, but it is another company's. What is put in
comes from paragraphs and questions near by. It does not stand in the paragraph at all, or else in a sentence that is
not the answer's and has nothing that could be an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from random import Random

from rag.types import Span
from training.attributes import ATTRIBUTES, UNSPACED
from training.data import Pair
from training.entities import answer_kind, fold, has_kind, holds_any, mentions, names, numbers, years
from training.windows import Draft

EXCHANGED = "exchanged"  # the kind of these examples
_SPREAD = 6  # paragraphs near by from which something is taken
_FROM_WITHIN = 0.35  # share of exchanges that first look for something elsewhere in the same paragraph
_INFLECTED = frozenset({"ru", "el", "fi", "tr", "ro", "ko"})  # a new name ends with the letter of the old
_POSSESSIVE = frozenset({"no", "de", "en"})  # or at least both or neither with an «s»

_Finder = Callable[[str], list[Span]]


def exchanged(pair: Pair, rng: Random) -> Draft | None:
    """Put a question with one thing exchanged to the paragraph, or return None where nothing fits."""
    exchanges = [_exchange_name, _exchange_year, _exchange_number, _exchange_attribute]
    rng.shuffle(exchanges)
    question = next(filter(None, (exchange(pair, rng) for exchange in exchanges)), None)
    if question is None or _is_asked(pair, question):
        return None
    number = pair.read.paragraph
    text = pair.read_in.paragraphs[number].text
    focus = rng.choice(pair.read.answers)  # the window keeps what would be answered by mistake
    return Draft(question, text, pair.read_in.sentences(number), None, focus, EXCHANGED)


def _is_asked(pair: Pair, question: str) -> bool:
    rows = pair.asked_in.questions_on[pair.asked.paragraph]
    return any(fold(row.question) == fold(question) for row in rows)


def _exchange_name(pair: Pair, rng: Random) -> str | None:
    return _exchange(pair, rng, names, _same_shape)


def _exchange_year(pair: Pair, rng: Random) -> str | None:
    return _exchange(pair, rng, years, lambda _pair, _old, _new: True)


def _exchange_number(pair: Pair, rng: Random) -> str | None:
    return _exchange(pair, rng, numbers, lambda _pair, old, new: len(old) == len(new))


def _same_shape(pair: Pair, old: str, new: str) -> bool:
    """Tell whether a name can stand where another did: about as many words, abbreviation for abbreviation, case."""
    if abs(len(old.split()) - len(new.split())) > 1 or old.isupper() != new.isupper():
        return False
    language = pair.asked_in.language
    if language in _POSSESSIVE:
        return old.endswith("s") == new.endswith("s")
    return language not in _INFLECTED or old[-1].lower() == new[-1].lower()


def _exchange(pair: Pair, rng: Random, find: _Finder, fits: Callable[[Pair, str, str], bool]) -> str | None:
    """Exchange one of what `find` finds in the question, if the paragraph has it too, for another that fits."""
    question, text = pair.asked.question, _asked_text(pair)
    spans = [span for span in find(question) if _is_in(text, question[span.start : span.end], find)]
    rng.shuffle(spans)
    for span in spans:
        old = question[span.start : span.end]
        pools = [_within(pair, find), _near_by(pair, find)]
        if rng.random() > _FROM_WITHIN:
            pools.reverse()
        for pool in pools:
            fitting = sorted({new for new in pool if _is_other(old, new, question, pair) and fits(pair, old, new)})
            if fitting:
                return question[: span.start] + rng.choice(fitting) + question[span.end :]
    return None


def _asked_text(pair: Pair) -> str:
    """Return the paragraph in the language of the question; what it has, its parallels have."""
    return pair.asked_in.paragraphs[pair.asked.paragraph].text


def _is_in(text: str, thing: str, find: _Finder) -> bool:
    return mentions(text, thing) if find is names else thing in _found(text, find)


def _found(text: str, find: _Finder) -> list[str]:
    return [text[start:end] for start, end in find(text)]


def _is_other(old: str, new: str, question: str, pair: Pair) -> bool:
    """Tell whether `new` is neither a form of the old thing, nor in the question, nor in an answer."""
    return not (mentions(old, new) or mentions(question, new) or any(mentions(answer, new) for answer in pair.answers))


def _near_by(pair: Pair, find: _Finder) -> Iterator[str]:
    """Yield what the questions and texts near by have and this paragraph has not."""
    paragraph = _asked_text(pair)
    numbers_near = dict.fromkeys(chain(pair.same_article()[:_SPREAD], pair.near()[:_SPREAD]))
    for number in numbers_near:
        rows = pair.asked_in.questions_on.get(number, [])
        for text in (*(row.question for row in rows), pair.asked_in.paragraphs[number].text):
            yield from (new for new in _found(text, find) if not mentions(paragraph, new))


def _within(pair: Pair, find: _Finder) -> Iterator[str]:
    """Yield what stands in the same paragraph, in sentences where nothing of the answer's kind is."""
    number, text = pair.asked.paragraph, _asked_text(pair)
    kind = answer_kind(pair.asked_in.answers(pair.asked)[0])
    if kind not in ("date", "number") or find is not names:  # a name itself would be something of its kind
        return
    usual = [text[start:end] for start, end in pair.asked_in.sentences(number)]
    answering = " ".join(
        sentence for sentence in usual if has_kind(sentence, kind) or holds_any(sentence, pair.answers)
    )
    for sentence in usual:
        yield from (new for new in _found(sentence, find) if not mentions(answering, new))


def _exchange_attribute(pair: Pair, rng: Random) -> str | None:
    """Exchange a word such as «largest» or «founded» for its counterpart, if the paragraph does not have that."""
    language, question = pair.asked_in.language, pair.asked.question
    words = _words(question, language)
    options = [
        (old, new)
        for group in ATTRIBUTES.get(language, ())
        for old in group
        if old in words
        for new in group
        if new != old and not mentions(_asked_text(pair), new) and new not in words
    ]
    if not options:
        return None
    old, new = rng.choice(options)
    return _replace(question, old, new, language)


def _words(question: str, language: str) -> set[str] | str:
    """Return the words and pairs of words of a question, or the question itself where words are not spaced."""
    if language in UNSPACED:
        return question
    words = [word.strip(".,?!:;\"'«»()¿¡“”") for word in fold(question).split()]
    return {*words, *(f"{a} {b}" for a, b in pairwise(words))}


def _replace(question: str, old: str, new: str, language: str) -> str | None:
    """Replace one word of a question, keeping a capital; None where its letters were folded."""
    position = question.lower().find(old) if language in UNSPACED else _word_position(question, old)
    if position < 0:
        return None
    put = new[:1].upper() + new[1:] if question[position].isupper() else new
    return question[:position] + put + question[position + len(old) :]


def _word_position(question: str, word: str) -> int:
    position = f" {question.lower()} ".find(f" {word}")
    while position >= 0 and question[position + len(word) : position + len(word) + 1].isalnum():
        position = f" {question.lower()} ".find(f" {word}", position + 1)
    return position if question.lower()[position : position + len(word)] == word else -1
