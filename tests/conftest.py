"""What many tests share: the given documents, and the real encoder, loaded once."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from rag.building import build_index
from rag.config import Settings
from rag.encoder import BundledEncoder
from rag.llm import LanguageModel, open_model
from rag.pipeline import Pipeline

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

os.environ["HF_HUB_OFFLINE"] = "1"  # before anything imports huggingface_hub: no test needs the hub
# What tests ask is kept with them, and not among the conversations of whoever runs them.
os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="rag-tests-")

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


@pytest.fixture
def small(tmp_path: Path) -> Settings:
    """Settings for a folder of one's own documents."""
    return Settings(documents=tmp_path / "documents", index=tmp_path / "index")
