"""The reader as a trainable module: the bundled encoder's BERT, and on top of it scores of tokens, spans and texts.

A span's score is that of its start, of its end, and of the two together (Fajcik et al. 2021, «Rethinking the objectives
of extractive question answering»): starts and ends that are each good for another mention make no answer together.

Word embeddings are no part of the module: they stay in the encoder's packed file, frozen, and are looked up outside.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, dropout, gelu
from torch.nn.functional import scaled_dot_product_attention as attend

from rag.packed import PackedModel, Shape
from rag.reader import LONGEST, span_scores
from training.inputs import NULL, UNTAUGHT, Batch

ANSWERABILITY_WEIGHT = 1.0  # of its loss, beside that of the span
MEETING = 64  # numbers by which a span's first and last token know each other


class Scores(NamedTuple):
    """What the reader says: logits of starts, ends and whole spans, and of «the window answers the question»."""

    starts: Tensor  # (rows, tokens); positions outside the window, but for NULL, have minus infinity
    ends: Tensor
    spans: Tensor  # (rows, first token, last token); minus infinity where that is no span of the window, nor NULL twice
    answerable: Tensor  # (rows,)


class Losses(NamedTuple):
    """Sums over the rows of a batch."""

    span: Tensor
    answerable: Tensor

    @property
    def total(self) -> Tensor:
        return self.span + ANSWERABILITY_WEIGHT * self.answerable


class Layer(nn.Module):
    """One layer of BERT: attention and feed-forward, each with a residual and a norm after it."""

    def __init__(self, shape: Shape, drop: float) -> None:
        super().__init__()
        hidden, inner = shape.hidden, shape.inner
        self.heads = shape.heads
        self.drop = drop
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.attention = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, shape.epsilon)
        self.inner = nn.Linear(hidden, inner)
        self.outer = nn.Linear(inner, hidden)
        self.norm = nn.LayerNorm(hidden, shape.epsilon)

    def forward(self, state: Tensor, mask: Tensor) -> Tensor:
        """Map (rows, tokens, hidden) to the same; `mask` is (rows, 1, 1, tokens)."""
        rows, tokens, hidden = state.shape
        queries, keys, values = self.qkv(state).view(rows, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = attend(queries, keys, values, attn_mask=mask).transpose(1, 2).reshape(rows, tokens, hidden)
        state = self.attention_norm(state + self._dropped(self.attention(mixed)))
        after: Tensor = self.norm(state + self._dropped(self.outer(gelu(self.inner(state)))))
        return after

    def _dropped(self, state: Tensor) -> Tensor:
        return dropout(state, self.drop, self.training) if self.drop else state


class Reader(nn.Module):
    """The trunk without word embeddings, and the heads."""

    def __init__(self, shape: Shape, drop: float = 0.0) -> None:
        super().__init__()
        self.positions = nn.Parameter(torch.zeros(shape.positions, shape.hidden))  # with the (only) token type added
        self.norm = nn.LayerNorm(shape.hidden, shape.epsilon)
        self.layers = nn.ModuleList(Layer(shape, drop) for _ in range(shape.layers))
        self.span = nn.Linear(shape.hidden, 2)
        self.ends_meet = nn.Linear(shape.hidden, 2 * MEETING)
        self.lengths = nn.Parameter(torch.zeros(LONGEST))
        self.answerable = nn.Linear(shape.hidden, 1)

    def freeze(self, layers: int) -> None:
        """Train the lowest layers no further, nor what is below them."""
        self.positions.requires_grad_(False)
        for module in (self.norm, *self.layers[:layers]):
            module.requires_grad_(False)

    def forward(self, batch: Batch) -> Scores:
        """Read a batch."""
        mask = batch.mask[:, None, None, :]
        state = self.norm(batch.words + self.positions[: batch.words.shape[1]])
        for layer in self.layers:
            state = layer(state, mask)
        edges = self.span(state).float().masked_fill(~batch.candidates[..., None], -torch.inf)
        spans = span_scores(edges, self.ends_meet(state).float(), self.lengths)
        spans = spans.masked_fill(~_are_spans(batch.mask.shape[1], state.device), -torch.inf)
        return Scores(*edges.unbind(-1), spans, self.answerable(state[:, NULL]).float().squeeze(-1))


def _are_spans(tokens: int, device: torch.device) -> Tensor:
    """Tell which first and last tokens make a span: in this order, and NULL with itself alone."""
    places = torch.arange(tokens, device=device)
    found = places[:, None] <= places
    found[NULL, NULL + 1 :] = False
    return found


def losses(scores: Scores, batch: Batch) -> Losses:
    """Return the cross entropy of the span (NULL: no answer; UNTAUGHT: left out) and of answerability.

    That of the span is the mean of the whole span's and of its start's and end's.
    """
    starts = cross_entropy(scores.starts, batch.starts, reduction="sum", ignore_index=UNTAUGHT)
    ends = cross_entropy(scores.ends, batch.ends, reduction="sum", ignore_index=UNTAUGHT)
    tokens = scores.spans.shape[1]
    places = (batch.starts * tokens + batch.ends).masked_fill(batch.starts == UNTAUGHT, UNTAUGHT)
    spans = cross_entropy(scores.spans.flatten(1), places, reduction="sum", ignore_index=UNTAUGHT)
    has_answer = (batch.starts > NULL).float()
    answerable = binary_cross_entropy_with_logits(scores.answerable, has_answer, reduction="sum")
    return Losses((starts + ends + spans) / 4, answerable)


def from_trunk(model: PackedModel, seed: int, drop: float) -> Reader:
    """Build the reader with the encoder's weights and small random heads."""
    torch.manual_seed(seed)
    reader = Reader(model.shape, drop)
    for head in (reader.span, reader.ends_meet, reader.answerable):
        nn.init.normal_(head.weight, std=0.02)
        nn.init.zeros_(head.bias)
    reader.load_state_dict(_trunk(model), strict=False)
    return reader


_LAYER_PARTS = {
    "attention": "attention.output.dense",
    "attention_norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "norm": "output.LayerNorm",
}


def _trunk(model: PackedModel) -> dict[str, Tensor]:
    """Return the encoder's tensors under the reader's names."""

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(model.tensor(name).copy())

    tensors = {
        "positions": tensor("embeddings.position_embeddings.weight")
        + tensor("embeddings.token_type_embeddings.weight")[0],
        "norm.weight": tensor("embeddings.LayerNorm.weight"),
        "norm.bias": tensor("embeddings.LayerNorm.bias"),
    }
    for number in range(model.shape.layers):
        source = f"encoder.layer.{number}"
        for part in ("weight", "bias"):
            parts = [tensor(f"{source}.attention.self.{name}.{part}") for name in ("query", "key", "value")]
            tensors[f"layers.{number}.qkv.{part}"] = torch.cat(parts)
            for own, theirs in _LAYER_PARTS.items():
                tensors[f"layers.{number}.{own}.{part}"] = tensor(f"{source}.{theirs}.{part}")
    return tensors
