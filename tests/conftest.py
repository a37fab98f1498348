"""What many tests share: the given documents, and the real encoder and reader, loaded once in each process of tests.

`make test` runs two such processes, each of which takes whole modules; those with a browser come first, so that none of
them is left to the end. What makes a test quick, without taking from what it proves:

- `settings`, `encoder`, `transformer`, `language_model`, `seeds_pipeline` and `seeds_index` are real and made once.
- Pipelines, and commands run in this process (`tests.test_cli.rag`), are lent the weights that were loaded before.
- Servers (`tests.browser.running`) are processes of their own, forked from one that has imported Gradio already.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from unittest import mock

import hypothesis
import pytest

from rag.building import build_index
from rag.config import Settings
from rag.encoder import BundledEncoder, load_encoder
from rag.formats import ocr
from rag.llm import LanguageModel, open_model
from rag.pipeline import Pipeline
from rag.reader import Reader
from tests.watching import complaints

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub: no test needs the hub
# What tests ask is kept with them, and not among the conversations of whoever runs them.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="rag-tests-")
if "PYTEST_XDIST_WORKER" in os.environ:  # the processors are shared out among processes already
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes depends on what else the machine does. `make test` tries the same examples each time, so
# that what fails there was broken by what was changed; a run in one process goes on looking for others.
hypothesis.settings.register_profile(
    "unhurried",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="PYTEST_XDIST_WORKER" in os.environ,
)
hypothesis.settings.load_profile("unhurried")

SEEDS = Path(__file__).parent.parent / "seeds"

Loaded = TypeVar("Loaded")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put modules that take long before those that do not: a browser's, then those with real weights."""
    marks = defaultdict[Path, set[str]](set)
    for item in items:
        marks[item.path].update(mark.name for mark in item.iter_markers())
    items.sort(key=lambda item: ("browser" not in marks[item.path], "model" not in marks[item.path]))


def once(load: Callable[[Settings], Loaded]) -> Callable[[Settings], Loaded]:
    """Return a loader of weights that keeps the last it loaded, by the settings that they depend on."""

    @lru_cache(maxsize=2)
    def kept(model: str, cache: Path | None, threads: int, bfloat16: bool) -> Loaded:
        return load(Settings(model=model, cache=cache, threads=threads, bfloat16=bfloat16))

    return lambda settings: kept(settings.model, settings.cache, settings.threads, settings.bfloat16)


@pytest.fixture(scope="session", autouse=True)
def _lent_weights() -> Iterator[None]:
    """Lend each pipeline and command of this process the weights that one before has loaded: all may share them."""
    encoders = once(load_encoder)
    with (
        mock.patch("rag.pipeline.load_encoder", encoders),
        mock.patch("rag.terminal.load_encoder", encoders),
        mock.patch("rag.answerers.reader.Reader", once(Reader)),
    ):
        yield


@pytest.fixture(autouse=True)
def _nothing_wrong_on_pages() -> Iterator[None]:
    yield
    assert not complaints()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for the given documents, with an index of their own."""
    return Settings(documents=SEEDS, index=tmp_path_factory.mktemp("seeds") / "index")


@pytest.fixture(scope="session")
def encoder(settings: Settings) -> BundledEncoder:
    """The real encoder."""
    return BundledEncoder(settings)


@pytest.fixture(scope="session")
def transformer(settings: Settings) -> SentenceTransformer:
    """The real encoder as a real SentenceTransformer."""
    from rag.models import sentence_transformer

    return sentence_transformer(settings)


@pytest.fixture(scope="session")
def seeds_pipeline(settings: Settings, encoder: BundledEncoder) -> Pipeline:
    """The given documents, indexed with the real encoder."""
    build_index(SEEDS, settings, lambda: encoder)
    return Pipeline(settings, encoder)


@pytest.fixture(scope="session")
def language_model() -> LanguageModel:
    """The bundled language model; on one thread, as its threads wait for each other where other tests want a core."""
    return open_model(Settings(threads=1))


@pytest.fixture(scope="session")
def seeds_index(seeds_pipeline: Pipeline) -> Path:
    """The folder of an index of the given documents, for commands that only read it."""
    return seeds_pipeline.settings.index


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """Settings for a folder of one's own documents."""
    return Settings(documents=tmp_path / "documents", index=tmp_path / "index")


@pytest.fixture
def tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program that knows Tesseract's options, checks what it is given, and says in a table what it was asked."""
    program = tmp_path / "tesseract"
    rows = [
        ("level", *range(10), "text"),
        (3, 1, 1, 1, 0, 0, 600, 900, 800, 100, -1, ""),
        (4, 1, 1, 1, 1, 0, 600, 900, 800, 100, -1, ""),
        (5, 1, 1, 1, 1, 1, 600, 930, 200, 40, 96.5, "Read"),
        (5, 1, 1, 1, 1, 2, 900, 930, 200, 40, 96.5, "with"),
        (5, 1, 1, 1, 1, 3, 1200, 900, 700, 100, 42, "$4."),
        (3, 1, 1, 2, 0, 0, 600, 1100, 300, 50, -1, ""),
        (4, 1, 1, 2, 1, 0, 600, 1100, 300, 50, -1, ""),
        (5, 1, 1, 2, 1, 1, 600, 1100, 300, 50, 95, "Twice."),
        (5, 1, 1, 2, 1, 2, 950, 1100, 5, 50, 95, " "),
    ]
    table = "\n".join("\t".join(map(str, row)) for row in rows)
    program.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --list-langs ]; then printf "List of languages\\nchi\\nosd\\nnor\\neng\\n"; exit; fi\n'
        f'[ "$7" = tsv ] && head -c 2 | grep -q P5 || exit 1\ncat <<TABLE\n{table}\nTABLE\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    for cached in (ocr.program, ocr._languages):
        cached.cache_clear()
    yield program
    for cached in (ocr.program, ocr._languages):
        cached.cache_clear()
