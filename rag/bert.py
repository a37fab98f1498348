"""BERT on torch alone, over texts of all lengths laid end to end without padding; attention stays within each text.

The encoder and the reader are two sets of weights of this network over the same frozen word embeddings, which stay
packed in the wheel's file: a text needs few of their 250,037 rows.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

# Threads that wait for each other sleep: by default they spin, and on a busy machine each of the hundred times a pass
# in which they wait then costs a time slice. Torch reads this when it is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

Words = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]  # token ids -> their embeddings
Norm = tuple["torch.Tensor", "torch.Tensor"]  # weight, bias
Dense = Callable[["torch.Tensor"], "torch.Tensor"]  # (tokens, inputs) -> (tokens, outputs), float32


class Layer(NamedTuple):
    """One layer: attention and feed-forward, each with a residual and a norm after it."""

    qkv: Dense
    attention: Dense
    attention_norm: Norm
    inner: Dense
    outer: Dense
    norm: Norm


class Bert(NamedTuple):
    """The network."""

    words: Words
    positions: torch.Tensor  # (positions, hidden), with the (only) token type added
    norm: Norm
    layers: Sequence[Layer]
    heads: int
    epsilon: float


def dense(weight: torch.Tensor, bias: torch.Tensor, dtype: torch.dtype) -> Dense:
    """Return a layer of a matrix (outputs, inputs), computed in `dtype`."""
    import torch

    bias, transposed = bias.to(dtype), weight.to(dtype).T.contiguous()  # a tenth faster for a question than torch's own

    def apply(state: torch.Tensor) -> torch.Tensor:
        return torch.addmm(bias, state.to(dtype), transposed)

    return apply


def run(bert: Bert, texts: Sequence[Sequence[int]]) -> torch.Tensor:
    """Return the last states of all tokens of all texts, (tokens, hidden), in their order."""
    import torch
    from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

    lengths = [len(ids) for ids in texts]
    size = bert.positions.shape[1:]
    with torch.inference_mode():
        words = torch.from_numpy(bert.words(np.fromiter(chain.from_iterable(texts), np.int64, sum(lengths))))
        positions = torch.cat([bert.positions[:length] for length in lengths])
        state = layer_norm(words + positions, size, *bert.norm, bert.epsilon)
        for layer in bert.layers:
            qkv = layer.qkv(state)
            heads = qkv.view(len(state), 3, bert.heads, -1).permute(1, 2, 0, 3)  # (3, heads, tokens, size of a head)
            parts = [scaled_dot_product_attention(*part.unsqueeze(1))[0] for part in torch.split(heads, lengths, dim=2)]
            mixed = torch.cat([part.transpose(0, 1) for part in parts])
            state = layer_norm(
                state + layer.attention(mixed.reshape(-1, *size)), size, *layer.attention_norm, bert.epsilon
            )
            state = layer_norm(state + layer.outer(gelu(layer.inner(state))), size, *layer.norm, bert.epsilon)
        return state


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 matrices faster than float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


@contextmanager
def threads(count: int, afterwards: int) -> Iterator[None]:
    """Use so many threads, and then `afterwards`, whatever another question left behind."""
    import torch

    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(afterwards)
