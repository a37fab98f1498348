"""The neural reader: a question and windows of text -> the spans that answer it best, and whether any does.

The network is the encoder's, trained further on question and text read together (`training/`). Its matrices come in 8
bits and are multiplied out: torch's own 8-bit layers are on their way out, and only they were faster (0.6 of the time).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from rag import bert, models
from rag.bert import Bert, Dense, Layer
from rag.config import Settings
from rag.errors import ModelError
from rag.models import ReaderWeights
from rag.types import Span

if TYPE_CHECKING:
    import torch

QUESTION_TOKENS = 96  # of a longer question the rest is not read, as in training
LONGEST = 64  # tokens of an answer
SPANS = 4  # readings of a window
_NULL = 0  # the position that stands for «no answer»

Floats = npt.NDArray[np.float32]


class Text(NamedTuple):
    """Token ids of a stretch of text, the characters of each token, and its sentence: answers stay within one."""

    ids: Sequence[int]
    offsets: Sequence[Span]
    sentences: Sequence[int] = ()  # all are of the same where there are none


class Reading(NamedTuple):
    """A span that may answer the question."""

    span: Span  # of the characters that the offsets of its text count
    lead: float  # log-odds of the span over «no answer»


class Window(NamedTuple):
    """What was read in one text: readings, best first, and the logit of «this text answers the question»."""

    readings: tuple[Reading, ...]
    answerable: float


class Reader:
    """Loads the weights once; safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        """Load. Raises ModelError when weights are missing, damaged or of another trunk."""
        import torch

        self._threads = settings.threads or torch.get_num_threads()
        self._tokenizer = models.bundled_tokenizer(settings)
        self._bos, self._eos = self._tokenizer.encode("").ids
        self._unknown = self._tokenizer.encode("<unk>", add_special_tokens=False).ids[-1]
        weights = models.reader_weights()
        bfloat16 = settings.bfloat16 and bert.has_bfloat16()
        self._bert = _network(weights, torch.bfloat16 if bfloat16 else torch.float32)
        self._edges, self._meeting = _head(weights, "span"), _head(weights, "ends_meet")
        self._lengths = weights["lengths"].float()
        self._answerable = _head(weights, "answerable")

    def tokenize(self, texts: Sequence[str]) -> list[Text]:
        """Return the tokens of texts, with offsets into each. What looks like a token that separates texts is none."""
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        separators = {self._bos, self._eos}
        return [
            Text(
                [self._unknown if token in separators else token for token in encoding.ids],
                [Span(*offset) for offset in encoding.offsets],
            )
            for encoding in encodings
        ]

    def read(self, question: str, texts: Sequence[Text]) -> list[Window]:
        """Read each text with the question. Raises ModelError when the scores are no numbers."""
        if not texts:
            return []
        head = [self._bos, *self.tokenize([question])[0].ids[:QUESTION_TOKENS], self._eos, self._eos]
        inputs = [[*head, *text.ids, self._eos] for text in texts]
        firsts = [0, *accumulate(map(len, inputs))]
        with bert.threads(self._threads, self._threads):
            state = bert.run(self._bert, inputs)
            edges, meeting = self._edges(state), self._meeting(state)
            answerable = self._answerable(state[firsts[:-1]])[:, 0]
            if not all(scores.isfinite().all() for scores in (edges, meeting, answerable)):
                raise ModelError("the reader gives scores that are no numbers: its weights do not fit this processor")
            windows = []
            for first, text, logit in zip(firsts, texts, answerable.tolist(), strict=False):
                null, inside = (
                    span_scores(edges[place], meeting[place], self._lengths)
                    for place in (slice(first, first + 1), slice(first + len(head), first + len(head) + len(text.ids)))
                )
                windows.append(Window(_readings((inside - null).numpy(), text), logit))
        return windows


def _readings(leads: Floats, text: Text) -> tuple[Reading, ...]:
    """Return the best spans; `leads` (first token, last token) are over «no answer»."""
    return tuple(
        Reading(Span(text.offsets[start].start, text.offsets[end].end), lead)
        for start, end, lead in best_spans(leads, SPANS, text.sentences)
    )


def span_scores(edges: torch.Tensor, meeting: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Return the score of each span, (..., first token, last token): of its start, its end, both together, its length.

    `edges` (..., tokens, 2) are of start and end. The two halves of `meeting` (..., tokens, 2 * size) are what a token
    has as the first and as the last: their product, over the root of the size, is the score of two together. `lengths`
    (longest,) are of spans of 1, 2 ... tokens; what is longer has the last. Where the last comes before the first is no
    span.
    """
    import torch  # not numpy, whose threads still turn over their product when the next question is read

    first, last = meeting.chunk(2, dim=-1)
    places = torch.arange(edges.shape[-2], device=edges.device)
    steps = (places - places[:, None]).clamp(0, len(lengths) - 1)
    together: torch.Tensor = first @ last.transpose(-1, -2) / first.shape[-1] ** 0.5
    return edges[..., :1] + edges[..., None, :, 1] + together + lengths[steps]


def sentences_of_tokens(offsets: Sequence[tuple[int, int]], sentences: Sequence[Span]) -> list[int]:
    """Return for each token the number, from 1, of the sentence that it ends in: it takes in the space before it."""
    starts = [sentence.start for sentence in sentences]
    return [bisect_left(starts, end) for _, end in offsets]


def best_spans(scores: Floats, count: int, sentences: Sequence[int] = ()) -> list[tuple[int, int, float]]:
    """Return start, end (inclusive) and score of the best spans that do not overlap, of at most LONGEST tokens.

    `scores` (first token, last token) are of spans; `sentences` of each token keep a span within one.
    """
    length = np.arange(len(scores)) - np.arange(len(scores))[:, None] + 1  # of the span from row to column
    left = np.where((length < 1) | (length > LONGEST), -np.inf, scores)
    if sentences:
        left[np.not_equal.outer(sentences, sentences)] = -np.inf
    found: list[tuple[int, int, float]] = []
    while len(found) < count and left.size and np.isfinite(best := float(left.max())):
        start, end = map(int, np.unravel_index(int(left.argmax()), left.shape))
        found.append((start, end, best))
        left[: end + 1, start:] = -np.inf  # what overlaps it
    return found


def _network(weights: ReaderWeights, dtype: torch.dtype) -> Bert:
    packed = models.packed_model()
    layers = []
    for number in range(packed.shape.layers):
        prefix = f"layers.{number}"
        qkv, attention, inner, outer = (
            _matrix(weights, f"{prefix}.{name}", dtype) for name in ("qkv", "attention", "inner", "outer")
        )
        norms = _norm(weights, f"{prefix}.attention_norm"), _norm(weights, f"{prefix}.norm")
        layers.append(Layer(qkv, attention, norms[0], inner, outer, norms[1]))
    positions = weights["positions"].float()
    return Bert(
        packed.word_vectors, positions, _norm(weights, "norm"), layers, packed.shape.heads, packed.shape.epsilon
    )


def _norm(weights: ReaderWeights, name: str) -> bert.Norm:
    return weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float()


def _head(weights: ReaderWeights, name: str) -> Dense:
    import torch

    return bert.dense(weights[f"{name}.weight"].float(), weights[f"{name}.bias"].float(), torch.float32)


def _matrix(weights: ReaderWeights, name: str, dtype: torch.dtype) -> Dense:
    """Return a layer of 8-bit weights with a scale an output, which are multiplied out."""
    scale = weights[f"{name}.weight.scale"].float()
    return bert.dense(weights[f"{name}.weight"].float() * scale[:, None], weights[f"{name}.bias"].float(), dtype)
