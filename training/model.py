"""The reader as a trainable module: the bundled encoder's BERT, and three numbers a token or a text on top of it.

Word embeddings are no part of the module: they stay in the encoder's packed file, frozen, and are looked up outside.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, dropout, gelu
from torch.nn.functional import scaled_dot_product_attention as attend

from rag.packed import PackedModel, Shape
from training.inputs import NULL, UNTAUGHT, Batch

ANSWERABILITY_WEIGHT = 1.0  # of its loss, beside that of the span


class Scores(NamedTuple):
    """What the reader says: logits of each position as start and end, and of «the window answers the question»."""

    starts: Tensor  # (rows, tokens); positions outside the window, but for NULL, have minus infinity
    ends: Tensor
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
        starts, ends = self.span(state).float().masked_fill(~batch.candidates[..., None], -torch.inf).unbind(-1)
        return Scores(starts, ends, self.answerable(state[:, NULL]).float().squeeze(-1))


def losses(scores: Scores, batch: Batch) -> Losses:
    """Return the cross entropy of start and end (NULL: no answer; UNTAUGHT: left out) and of answerability."""
    starts = cross_entropy(scores.starts, batch.starts, reduction="sum", ignore_index=UNTAUGHT)
    ends = cross_entropy(scores.ends, batch.ends, reduction="sum", ignore_index=UNTAUGHT)
    has_answer = (batch.starts > NULL).float()
    answerable = binary_cross_entropy_with_logits(scores.answerable, has_answer, reduction="sum")
    return Losses((starts + ends) / 2, answerable)


def from_trunk(model: PackedModel, seed: int, drop: float) -> Reader:
    """Build the reader with the encoder's weights and small random heads."""
    torch.manual_seed(seed)
    reader = Reader(model.shape, drop)
    for head in (reader.span, reader.answerable):
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
