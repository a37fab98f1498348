"""Reads whole paragraphs with a reader: windows over the long ones, and the best span over all windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from rag.answerers import kinds
from rag.answerers.reader import shown
from rag.bert import has_bfloat16
from rag.reader import best_spans, sentences_of_tokens
from rag.sentences import split
from rag.types import Span
from training.inputs import NULL, Composer, Features, Words, collate
from training.model import Reader

WINDOW = 224  # tokens of an input: longer ones are rare in training, where they have 120 on average
_OVERLAP = 112  # tokens that two windows of a paragraph share
_BATCH_TOKENS = 4096


class Task(NamedTuple):
    """A question and a text, and the language of each."""

    question: str
    text: str
    asked_in: str
    read_in: str


class Reading(NamedTuple):
    """The best span of a paragraph, the lead of its score over that of no answer, and the answerability logit."""

    answer: str
    lead: float
    answerable: float


class _Window(NamedTuple):
    """A window of the n-th text, with the offsets of its tokens, and the sentence of each."""

    number: int
    features: Features
    offsets: list[tuple[int, int]]
    sentences: list[int]


def precision(device: str) -> AbstractContextManager[Any]:
    """Return the context in which the reader runs: bfloat16 where the device is faster with it."""
    if device == "cuda" or has_bfloat16():
        return torch.autocast(device, torch.bfloat16)
    return nullcontext()


class Paragraphs:
    """A reader put to questions and paragraphs."""

    def __init__(self, reader: Reader, composer: Composer, words: Words) -> None:
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._reader = reader.to(self._device).eval()
        self._composer = composer
        self._words = words

    def read(self, tasks: Sequence[Task]) -> list[Reading]:
        """Return the best reading of each."""
        windows = sorted(self._windows(tasks), key=lambda window: len(window.features.ids))
        best: dict[int, Reading] = {}
        for batch in _batches(windows):
            for window, reading in zip(batch, self._readings(batch, tasks), strict=True):
                best[window.number] = _better(best.get(window.number), reading)
        return [best[number] for number in range(len(tasks))]

    def _windows(self, tasks: Sequence[Task]) -> Iterator[_Window]:
        asked = self._composer.encode([task.question for task in tasks])
        read = self._composer.encode([task.text for task in tasks])
        for number, (question, text) in enumerate(zip(asked, read, strict=True)):
            sentences = sentences_of_tokens(text.offsets, split(tasks[number].text, tasks[number].read_in))
            room = WINDOW - len(self._composer.compose(question.ids, [])[0])
            for start in _starts(len(text.ids), room):
                place = slice(start, start + room)
                ids, first = self._composer.compose(question.ids, text.ids[place])
                yield _Window(number, Features(ids, first, NULL, NULL), text.offsets[place], sentences[place])

    @torch.inference_mode()
    def _readings(self, windows: Sequence[_Window], tasks: Sequence[Task]) -> Iterator[Reading]:
        batch = collate([window.features for window in windows], self._words, self._device)
        with precision(self._device):
            scores = self._reader(batch)
        spans, answerable = scores.spans.cpu().numpy(), scores.answerable.tolist()
        for row, window in enumerate(windows):
            yield _decode(spans[row], answerable[row], window, tasks[window.number])


def _starts(tokens: int, room: int) -> range:
    return range(0, max(1, tokens - _OVERLAP), room - _OVERLAP)


def _batches(windows: Sequence[_Window]) -> Iterator[list[_Window]]:
    batch: list[_Window] = []
    for window in windows:
        if batch and (len(batch) + 1) * len(window.features.ids) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


def _better(one: Reading | None, other: Reading) -> Reading:
    """Take the better span, and the better answerability wherever it is."""
    if one is None:
        return other
    best = max(one, other, key=lambda reading: reading.lead)
    return best._replace(answerable=max(one.answerable, other.answerable))


def _decode(spans: npt.NDArray[np.float32], answerable: float, window: _Window, task: Task) -> Reading:
    """Return the best span of a window, within one sentence and as the answerer shows it."""
    first, size = window.features.first, len(window.offsets)
    ((start, end, score),) = best_spans(spans[first : first + size, first : first + size], 1, window.sentences)
    span = Span(window.offsets[start][0], window.offsets[end][1])
    place = shown(task.text, span, kinds.asked(task.question, task.asked_in), task.read_in)
    return Reading(task.text[slice(*place)], score - float(spans[NULL, NULL]), answerable)
