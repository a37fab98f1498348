"""Gradio, imported without the part that only its developers need.

As it is imported, Gradio parses the source of every component to rewrite the type stub beside it in site-packages.
That is half of the time its import takes, a second or two at each start; here it is left out.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


class _WithoutStubs(SourceFileLoader):
    """Loads ``gradio.component_meta`` and disarms its writing of stubs."""

    def exec_module(self, module: ModuleType) -> None:
        super().exec_module(module)
        vars(module)["create_or_modify_pyi"] = lambda *_: None


class _Finder:
    """Finds that one module."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == "gradio.component_meta" else None
        if spec is not None and spec.origin is not None:
            spec.loader = _WithoutStubs(name, spec.origin)
        return spec


sys.meta_path.insert(0, _Finder)
try:
    import gradio as gr
finally:
    sys.meta_path.remove(_Finder)

__all__ = ["gr"]
