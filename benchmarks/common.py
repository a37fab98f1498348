"""What the benchmarks share: tables, percentiles, the machine, JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
SEEDS = ROOT / "seeds"


def parser(module_docstring: str | None) -> argparse.ArgumentParser:
    """Make a parser with the option that every benchmark has."""
    arguments = argparse.ArgumentParser(
        description=module_docstring, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write what was measured there, too")
    return arguments


def show(title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n")
    print(_line(header))
    print(_line(["---"] * len(header)))
    for row in rows:
        print(_line(row), flush=True)


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def write(path: Path | None, results: dict[str, Any]) -> None:
    """Write results with the machine they were measured on, if a path is given."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": machine(), **results}, indent=1, ensure_ascii=False) + "\n", "utf-8")


def machine() -> dict[str, Any]:
    """Describe the machine and how busy it is."""
    import torch

    from rag.bert import has_bfloat16

    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "bfloat16": has_bfloat16(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "load": [round(load, 2) for load in os.getloadavg()],
    }


def show_machine() -> None:
    """Print the machine in one line."""
    print("Machine: " + ", ".join(f"{name} {value}" for name, value in machine().items()))


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.is_file() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def timed(call: Callable[..., object], *arguments: object) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    call(*arguments)
    return time.perf_counter() - started


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Return median and 95th percentile in milliseconds."""
    p50, p95 = np.percentile(seconds, [50, 95])
    return round(float(p50) * 1e3, 1), round(float(p95) * 1e3, 1)


def megabytes(maxrss: int) -> int:
    """Return `ru_maxrss` in MiB: Linux counts in KiB, macOS in bytes."""
    return round(maxrss / (1024**2 if sys.platform == "darwin" else 1024))
