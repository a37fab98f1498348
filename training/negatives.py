"""Puts a question to a text that does not answer it: another paragraph, or its own without the answer's sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from rag.lexical import tokenize
from rag.types import Span
from training.data import Collection, Pair
from training.entities import answer_kind, has_kind, holds_any
from training.windows import Draft

Maker = Callable[[Pair, Random], Draft | None]

_TRIED = 4  # candidates looked at, best first; those far down are easy
_FOCUSED = 0.6  # share of negatives whose window is the part most like the question, as at inference


def answered(pair: Pair, rng: Random) -> Draft:
    """Put the question to its own paragraph."""
    text = pair.read_in.paragraphs[pair.read.paragraph].text
    answer = rng.choice(pair.read.answers)
    return Draft(pair.asked.question, text, pair.read_in.sentences(pair.read.paragraph), answer, answer, "answered")


def same_article(pair: Pair, rng: Random) -> Draft | None:
    """Put the question to another paragraph of the article, one of those nearest to it."""
    return _first_without_answer(pair, _shuffled_head(pair.same_article(), rng), "same article", rng)


def same_type(pair: Pair, rng: Random) -> Draft | None:
    """Put the question to another paragraph of the article that has something of the answer's kind."""
    kind = answer_kind(pair.answers[-1])
    texts = pair.read_in.paragraphs
    fitting = [number for number in pair.same_article() if has_kind(texts[number].text, kind)]
    return _first_without_answer(pair, _shuffled_head(fitting, rng), "same type", rng)


def retrieved(pair: Pair, rng: Random) -> Draft | None:
    """Put the question to a wrong paragraph that BM25 ranks high."""
    return _first_without_answer(pair, _shuffled_head(pair.near(), rng), "retrieved", rng)


def cut(pair: Pair, rng: Random) -> Draft | None:
    """Put the question to its own paragraph without the sentences that hold an accepted answer."""
    paragraph = pair.read.paragraph
    text = pair.read_in.paragraphs[paragraph].text
    sentences = pair.read_in.sentences(paragraph)
    kept = [text[start:end] for start, end in sentences if not _touches(start, end, pair.read.answers)]
    kept = [sentence for sentence in kept if not holds_any(sentence, pair.answers)]
    if len(kept) < 2 or len(kept) == len(sentences):
        return None
    joint = "" if pair.read_in.language in ("zh", "th") else " "
    rest, spans = _joined(kept, joint)
    if holds_any(rest, pair.answers):  # one that stands over a joint
        return None
    return Draft(pair.asked.question, rest, spans, None, _focus(pair, rest, spans, rng), "cut")


def _touches(start: int, end: int, spans: Iterable[Span]) -> bool:
    return any(span.start < end and span.end > start for span in spans)


def _joined(sentences: list[str], joint: str) -> tuple[str, list[Span]]:
    spans = []
    position = 0
    for sentence in sentences:
        spans.append(Span(position, position + len(sentence)))
        position += len(sentence) + len(joint)
    return joint.join(sentences), spans


def _shuffled_head(numbers: list[int], rng: Random) -> list[int]:
    head = numbers[:_TRIED]
    rng.shuffle(head)
    return head


def _first_without_answer(pair: Pair, paragraphs: Iterable[int], kind: str, rng: Random) -> Draft | None:
    for number in paragraphs:
        text = pair.read_in.paragraphs[number].text
        sentences = pair.read_in.sentences(number)
        if sentences and not holds_any(text, pair.answers) and not _is_asked_there(pair.read_in, number, pair):
            return Draft(pair.asked.question, text, sentences, None, _focus(pair, text, sentences, rng), kind)
    return None


def _is_asked_there(collection: Collection, paragraph: int, pair: Pair) -> bool:
    """Tell whether the very same question is also put to that paragraph, with another answer."""
    return any(row.question == pair.read.question for row in collection.questions_on.get(paragraph, []))


def _focus(pair: Pair, text: str, sentences: list[Span], rng: Random) -> Span | None:
    """Return the sentence with most of the question's words, or None for any."""
    if rng.random() > _FOCUSED:
        return None
    language = pair.read_in.language
    terms = set(tokenize(pair.read.question, language))
    shared = [len(terms & set(tokenize(text[start:end], language))) for start, end in sentences]
    return sentences[shared.index(max(shared))] if any(shared) else None
