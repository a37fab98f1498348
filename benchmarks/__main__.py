"""Runs the benchmarks that need nothing but the project; `--json DIR` keeps what they measure."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import asking, encoding, scale

RUNS = {"encoding": (encoding.main, []), "asking": (asking.main, []), "scale": (scale.main, ["--documents", "100"])}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", type=Path, metavar="DIR", help="write one file a benchmark there")
    folder = options.parse_args().json
    for name, (run, arguments) in RUNS.items():
        run([*arguments, *(["--json", str(folder / f"{name}.json")] if folder else [])])


if __name__ == "__main__":
    main()
