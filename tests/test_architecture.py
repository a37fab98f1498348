"""The shape of the package: imports go one way, and importing it loads nothing heavy."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "rag"

# A module imports from earlier steps only. Siblings in a step do not import each other; packages are one unit.
STEPS = (
    {"types", "errors", "dates", "untrusted", "normalisation", "bert", "decoding", "workers"},
    {
        "config",
        "packed",
        "languages",
        "boilerplate",
        "sentences",
        "users",
        "formats",
        "metadata",
        "places",
        "markdown",
        "structure",
    },
    {"models", "documents", "lexical", "facts", "copies", "generations"},
    {"encoder", "reader", "passages", "stores", "figures", "llm"},
    {"index", "encoder_process"},
    {"building", "citations", "followup"},
    {"answerers", "phrases", "briefs"},
    {"comparison", "renderings"},
    {"pipeline", "records"},
    {"history"},
    {"exports"},
    {"terminal"},
    {"conversation", "watching"},
    {"evaluation"},
    {"web"},
    {"cli"},
    {"__main__"},
)
STEP = {name: number for number, names in enumerate(STEPS) for name in names}
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def unit(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_units(path: Path) -> Iterator[str]:
    """Yield the top-level units of `rag` that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "rag":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rag."):
            yield str(node.module).split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("rag."))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(path: Path) -> None:
    own = unit(path)
    for other in imported_units(path):
        if other not in ("__version__", own):
            assert STEP[other] < STEP[own], f"{path.name} may not import rag.{other}"


def test_no_relative_imports() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.level), path


def loaded_by(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(result.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_by("import rag") & {"torch", "faiss", "gradio", "transformers", "numpy", "pydantic"}


def test_the_command_line_loads_nothing_heavy_before_a_command() -> None:
    assert not loaded_by("import rag.cli") & {"torch", "faiss", "gradio", "transformers", "numpy", "pydantic", "rich"}


def test_asking_loads_neither_gradio_nor_transformers() -> None:
    """They take seconds to import, more than the whole of `rag ask` may."""
    assert not loaded_by("import rag.pipeline, rag.terminal") & {"gradio", "transformers", "sentence_transformers"}


def test_nothing_is_pickled() -> None:
    for path in MODULES:
        names = {name for node in ast.walk(ast.parse(path.read_text("utf-8"))) for name in _names(node)}
        assert not names & {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}, path


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield (node.module or "").split(".")[0]
