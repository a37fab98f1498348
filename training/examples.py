"""The endless stream of training examples: a function of the seed and the position in it, and of nothing else.

    python -m training.examples --data DIR [--show N]

prints the mixture that a thousand examples have, and N examples.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import NamedTuple

from tokenizers import Tokenizer

from rag.config import load_settings
from rag.models import bundled_tokenizer
from rag.types import Span
from training.data import Collection, Pair, pair, training_sets
from training.entities import answer_kind
from training.exchange import EXCHANGED, exchanged
from training.lexicon import Lexicon
from training.negatives import Maker, answered, cut, retrieved, same_article, same_type
from training.switching import switched
from training.windows import Draft, Ruler, crop

BLOCK = 960  # examples in which the shares below are kept exactly; also what is sorted by length at once

# Share of examples by source, in the order in which rounding favours them. XQuAD stands for all its languages.
SOURCES = {
    "xquad": 0.20,
    "norquad": 0.15,
    "tydiqa-en": 0.14,
    "squadshifts-new-wiki": 0.13,
    "tydiqa-ar": 0.06,
    "tydiqa-fi": 0.05,
    "tydiqa-ko": 0.05,
    "squadshifts-reddit": 0.04,
    "cmrc2018": 0.04,
    "tydiqa-sw": 0.04,
    "tydiqa-id": 0.04,
    "tydiqa-te": 0.03,
    "squadshifts-amazon-reviews": 0.02,
    "tydiqa-bn": 0.01,
}
# Languages of XQuAD; those not named share the rest evenly.
PARAGRAPH_LANGUAGES = {"ru": 0.46, "en": 0.20, "zh": 0.08}
QUESTION_LANGUAGES = {"en": 0.40, "ru": 0.28, "zh": 0.10}
SWITCHED = 0.5  # share of the others' examples, in languages that have a lexicon, with words of another one
SWITCHED_TO = {"ru": 0.5, "en": 0.35, "no": 0.15}
SAME_LANGUAGE = 0.25  # share of XQuAD's examples asked in the language of the paragraph; the table is for the others

NEGATIVES = 0.37  # share of examples without an answer
# How these are made, by share of them. What cannot be made of a question is made of the next kind that can.
KINDS: dict[str, tuple[Maker, float]] = {
    EXCHANGED: (exchanged, 0.55),
    "same article": (same_article, 0.12),
    "same type": (same_type, 0.12),
    "cut": (cut, 0.06),
    "retrieved": (retrieved, 0.15),
}
_FALLBACKS: tuple[Maker, ...] = (same_article, cut, exchanged, retrieved)


class Example(NamedTuple):
    """A question, the window it is put to, and the answer in it if there is one."""

    question: str
    context: str
    answer: Span | None
    question_language: str
    context_language: str
    source: str
    kind: str


class Slot(NamedTuple):
    """What the n-th example is made of: the source, and the how-manieth of its answered or other questions."""

    source: str
    negative: bool
    draw: int


class Stream:
    """Examples by position. Every source goes through all its questions before it repeats one."""

    def __init__(
        self, sets: Mapping[str, Collection], tokenizer: Tokenizer, seed: int, lexicon: Lexicon | None = None
    ) -> None:
        self._sets = sets
        self._lexicon = lexicon or {}
        self._seed = seed
        self._ruler = Ruler(tokenizer)
        self._counts = _counts([name for name in SOURCES if _collection_name(name) in sets])
        self._order = cache(self._shuffled)

    def block(self, number: int) -> list[Example]:
        """Return the examples at positions number * BLOCK and after."""
        return [
            self._example(slot, Random(f"{self._seed}/{number}/{position}"))
            for position, slot in enumerate(self._slots(number))
        ]

    def _slots(self, block: int) -> list[Slot]:
        slots = [
            Slot(source, negative, block * count + rank)
            for (source, negative), count in self._counts.items()
            for rank in range(count)
        ]
        Random(f"{self._seed}/{block}").shuffle(slots)
        return slots

    def _example(self, slot: Slot, rng: Random) -> Example:
        asked = self._pair(slot, rng)
        draft = _negative(asked, rng) if slot.negative else answered(asked, rng)
        window = crop(draft, self._ruler, rng)
        languages = asked.asked_in.language, asked.read_in.language
        example = Example(draft.question, *window, *languages, slot.source, draft.kind)
        return self._switched(example, rng)

    def _switched(self, example: Example, rng: Random) -> Example:
        """Exchange words of an example for another language's, now and then; XQuAD's are crossed already."""
        targets = self._lexicon.get(example.question_language, {})
        if not targets or example.source == "xquad" or rng.random() >= SWITCHED:
            return example
        (target,) = rng.choices(list(targets), [SWITCHED_TO[target] for target in targets])
        question, context, answer = switched(example.question, example.context, example.answer, targets[target], rng)
        return example._replace(question=question, context=context, answer=answer)

    def _pair(self, slot: Slot, rng: Random) -> Pair:
        rows = self._sets[_collection_name(slot.source)].rows
        epoch, rank = divmod(slot.draw, len(rows))
        row = rows[self._order(slot.source, slot.negative, epoch)[rank]]
        if slot.source != "xquad":
            return pair(self._sets, slot.source, slot.source, row.id)
        read_in = _draw(PARAGRAPH_LANGUAGES, self._languages(), rng)
        asked_in = read_in if rng.random() < SAME_LANGUAGE else _draw(QUESTION_LANGUAGES, self._languages(), rng)
        return pair(self._sets, f"xquad-{asked_in}", f"xquad-{read_in}", row.id)

    def _languages(self) -> list[str]:
        return [name.removeprefix("xquad-") for name in self._sets if name.startswith("xquad-")]

    def _shuffled(self, source: str, negative: bool, epoch: int) -> list[int]:
        """Return the order of a source's rows in an epoch: all of them, rarer kinds of answer rather sooner."""
        rng = Random(f"{self._seed}/{source}/{negative}/{epoch}")
        collection = self._sets[_collection_name(source)]
        weights = _type_weights(collection)
        keys = [rng.random() ** (1 / weight) for weight in weights]
        return sorted(range(len(keys)), key=lambda row: -keys[row])


def _collection_name(source: str) -> str:
    return "xquad-en" if source == "xquad" else source


def _counts(sources: Sequence[str]) -> dict[tuple[str, bool], int]:
    """Return how many answered and other examples of each source a block has; they add up to BLOCK."""
    total = sum(SOURCES[source] for source in sources)
    counts = {}
    for source in sources:
        share = SOURCES[source] / total * BLOCK
        counts[source, True] = round(share * NEGATIVES)
        counts[source, False] = max(1, round(share) - counts[source, True])
    counts[sources[0], False] += BLOCK - sum(counts.values())
    return counts


def _type_weights(collection: Collection) -> list[float]:
    """Weigh each row by one over the square root of its answer kind's share."""
    kinds = [answer_kind(collection.answers(row)[0]) for row in collection.rows]
    counts = Counter(kinds)
    return [(len(kinds) / counts[kind]) ** 0.5 for kind in kinds]


def _draw(shares: Mapping[str, float], languages: Sequence[str], rng: Random) -> str:
    others = [language for language in languages if language not in shares]
    rest = (1 - sum(shares.values())) / max(1, len(others))
    return rng.choices(languages, [shares.get(language, rest) for language in languages])[0]


def _negative(asked: Pair, rng: Random) -> Draft:
    """Make a negative of one of the kinds, or give the question its answer if none can be made of it."""
    (first,) = rng.choices([maker for maker, _ in KINDS.values()], [share for _, share in KINDS.values()])
    drafts = (maker(asked, rng) for maker in (first, *(maker for maker in _FALLBACKS if maker is not first)))
    return next(filter(None, drafts), None) or answered(asked, rng)


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the arguments that name the data."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True, metavar="DIR", help="folder of train.* and dev.* files")
    options.add_argument(
        "--hold-out-articles", type=int, default=6, metavar="N", help="XQuAD articles kept out of training (default 6)"
    )
    return options


def _summary(examples: Sequence[Example], lengths: Sequence[int]) -> Iterator[str]:
    def table(title: str, values: Sequence[str]) -> str:
        shares = [f"{name} {count / len(values):.1%}" for name, count in Counter(values).most_common()]
        return f"{title}: " + ", ".join(shares)

    yield table("sources", [example.source for example in examples])
    yield table("kinds", [example.kind for example in examples])
    languages = [f"{example.question_language}→{example.context_language}" for example in examples]
    yield table("languages", languages)
    answers = [example.context[slice(*example.answer)] for example in examples if example.answer]
    yield table("answers", [answer_kind(answer) for answer in answers])
    yield f"tokens of window and question: {sum(lengths) / len(lengths):.0f} on average, {max(lengths)} at most"


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--show", type=int, default=0, metavar="N", help="examples to print")
    arguments = options.parse_args()
    tokenizer = bundled_tokenizer(load_settings()[0])
    examples = Stream(training_sets(arguments.data, arguments.hold_out_articles), tokenizer, arguments.seed).block(0)
    lengths = [len(tokenizer.encode(example.question, example.context).ids) for example in examples]
    print(*_summary(examples, lengths), sep="\n")
    for example in examples[: arguments.show]:
        answer = example.context[slice(*example.answer)] if example.answer else "—"
        print(f"\n[{example.source}, {example.kind}] {example.question}\n{example.context}\n→ {answer}")


if __name__ == "__main__":
    main()
