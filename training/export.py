"""Writes the trained weights as they are shipped: matrices in 8 bits, the rest in float16.

    python -m training.export --work DIR --out FILE [--last] [--mean-with FILE]

A matrix ``name`` is stored as int8 with a float32 ``name.scale`` for each of its rows (outputs): the weight is their
product. The metadata names the format, the trunk whose word embeddings belong to it, and the recipe. --mean-with takes
the mean with weights exported before, which a run that began with them may have left in one place to gain in another
(Wortsman et al. 2022, «Model soups»).
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from training import checkpoints

FORMAT = "extractive-reader-2"
NOTICE = "CC BY-SA 4.0; trained on TyDi QA, NorQuAD, XQuAD, SQuADShifts and CMRC 2018: see training/README.md"
_SCALE = ".scale"
_LARGE = 65_536  # weights from which a matrix is quantised
_KEPT = frozenset({"positions"})  # added to the input once, so their error would run through all layers


class Exported(NamedTuple):
    """Weights in float32 and what is known about them."""

    weights: dict[str, Tensor]
    metadata: dict[str, str]


def quantise(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """Return int8 weights and the scale of each row: symmetric, so that the largest weight of a row is 127.

    >>> quantise(torch.tensor([[0.5, -1.27]]))[0].tolist()
    [[50, -127]]
    """
    scale = matrix.abs().amax(1).clamp_min(1e-12) / 127
    return torch.round(matrix / scale[:, None]).to(torch.int8), scale


def export(weights: Mapping[str, Tensor], recipe: Mapping[str, Any], path: Path) -> None:
    """Write the file."""
    metadata = {"format": FORMAT, "licence": NOTICE, "trunk": str(recipe["trunk"]), "recipe": json.dumps(recipe)}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(dict(_stored(weights)), path, metadata=metadata)


def _stored(weights: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in weights.items():
        if tensor.ndim == 2 and tensor.numel() >= _LARGE and name not in _KEPT:
            yield name, (quantised := quantise(tensor.float()))[0]
            yield name + _SCALE, quantised[1]
        else:
            yield name, tensor.to(torch.float16)


def mean(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the mean of two weights of one shape."""
    return {name: (tensor.float() + other[name].float()) / 2 for name, tensor in one.items()}


def load(path: Path) -> Exported:
    """Read the file back. Raises ValueError when it is none of ours."""
    with safe_open(path, framework="pt") as file:
        metadata = dict(file.metadata() or {})
        stored = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} has the format {metadata.get('format')!r} instead of {FORMAT!r}")
    weights = {name: _restored(name, stored) for name in stored if not name.endswith(_SCALE)}
    return Exported(weights, metadata)


def _restored(name: str, stored: Mapping[str, Tensor]) -> Tensor:
    scale = stored.get(name + _SCALE)
    return stored[name].float() if scale is None else stored[name].float() * scale[:, None]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder of the checkpoint")
    options.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
    options.add_argument("--last", action="store_true", help="take the last weights rather than their average")
    options.add_argument("--mean-with", type=Path, metavar="FILE", help="exported weights to take the mean with")
    arguments = options.parse_args()
    group = "weights" if arguments.last else "average"
    checkpoint = checkpoints.load(arguments.work, group)
    recipe = {**checkpoint.recipe, "examples done": checkpoint.progress.examples, "weights": group}
    weights = checkpoint.groups[group]
    if arguments.mean_with:
        weights = mean(weights, load(arguments.mean_with).weights)
        recipe["mean with"] = hashlib.sha256(arguments.mean_with.read_bytes()).hexdigest()
    export(weights, recipe, arguments.out)
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
