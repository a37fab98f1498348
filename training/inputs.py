"""Token ids of question and window, with the answer as token positions: ``<s> question </s></s> window </s>``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer

from rag.types import Span

if TYPE_CHECKING:
    import torch

QUESTION_TOKENS = 96  # of a longer question the rest is not read
NULL = 0  # the position that stands for «no answer»: the first token
UNTAUGHT = -1  # no answer either, but the span learns nothing of it

Words = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]  # token ids -> their embeddings


class Features(NamedTuple):
    """One input; `first` is the position of the window's first token, `start` and `end` (inclusive) the answer's.

    These two are NULL or UNTAUGHT where there is no answer.
    """

    ids: list[int]
    first: int
    start: int
    end: int


class Batch(NamedTuple):
    """Padded inputs: (rows, tokens) or (rows,)."""

    words: torch.Tensor  # (rows, tokens, hidden)
    mask: torch.Tensor  # which positions are tokens
    candidates: torch.Tensor  # which positions may begin or end an answer, NULL among them
    starts: torch.Tensor
    ends: torch.Tensor


class Composer:
    """Puts questions and windows together."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.tokenizer = tokenizer
        self.bos, self.eos = tokenizer.encode("").ids

    def features(
        self, questions: Sequence[str], windows: Sequence[str], answers: Sequence[Span | None]
    ) -> list[Features]:
        """Tokenise; an answer of None is at NULL."""
        asked = self.encode(questions)
        read = self.encode(windows)
        return [self._features(*item) for item in zip(asked, read, answers, strict=True)]

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        """Tokenise without special tokens."""
        return list(self.tokenizer.encode_batch(list(texts), add_special_tokens=False))

    def compose(self, question: Sequence[int], window: Sequence[int]) -> tuple[list[int], int]:
        """Return the ids of the input and the position of the window's first token."""
        head = [self.bos, *question[:QUESTION_TOKENS], self.eos, self.eos]
        return [*head, *window, self.eos], len(head)

    def _features(self, question: Encoding, window: Encoding, answer: Span | None) -> Features:
        ids, first = self.compose(question.ids, window.ids)
        if answer is None:
            return Features(ids, first, NULL, NULL)
        start, end = token_range(window.offsets, answer)
        return Features(ids, first, first + start, first + end)


def token_range(offsets: Sequence[tuple[int, int]], span: Span) -> tuple[int, int]:
    """Return the first and last token that have some of a span."""
    touched = [n for n, (start, end) in enumerate(offsets) if start < span.end and end > span.start]
    if not touched:
        raise ValueError(f"no token at characters {span.start} to {span.end}")
    return touched[0], touched[-1]


def batches(items: Sequence[Features], tokens: int, rng: Random) -> list[list[Features]]:
    """Group inputs of like length into batches of at most `tokens` with padding, in random order."""
    ordered = sorted(items, key=lambda item: len(item.ids))
    grouped = list(_grouped(ordered, tokens))
    rng.shuffle(grouped)
    return grouped


def _grouped(ordered: Sequence[Features], tokens: int) -> Iterator[list[Features]]:
    group: list[Features] = []
    for item in ordered:
        if group and (len(group) + 1) * len(item.ids) > tokens:
            yield group
            group = []
        group.append(item)
    if group:
        yield group


def collate(items: Sequence[Features], words: Words, device: str = "cpu") -> Batch:
    """Pad to the longest input and look the embeddings up."""
    import torch

    longest = max(len(item.ids) for item in items)
    mask = np.zeros((len(items), longest), bool)
    candidates = mask.copy()
    for row, item in enumerate(items):
        mask[row, : len(item.ids)] = True
        candidates[row, item.first : len(item.ids) - 1] = True
    candidates[:, NULL] = True
    vectors = words(np.array([token for item in items for token in item.ids], np.int64))
    padded = np.zeros((*mask.shape, vectors.shape[1]), np.float32)
    padded[mask] = vectors
    starts, ends = ([getattr(item, name) for item in items] for name in ("start", "end"))
    arrays = (padded, mask, candidates, np.array(starts, np.int64), np.array(ends, np.int64))
    return Batch(*(torch.from_numpy(array).to(device) for array in arrays))
