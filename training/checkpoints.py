"""Writes and reads the state of a run: one safetensors file, replaced atomically, and nothing pickled."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

FILE = "checkpoint.safetensors"


class Progress(NamedTuple):
    """Where a run is: steps and examples done, and the next batch to read."""

    steps: int = 0
    examples: int = 0
    block: int = 0
    batch: int = 0


class Checkpoint(NamedTuple):
    """A run's state: groups of tensors («weights», «average», …) and what it was started with."""

    groups: dict[str, dict[str, Tensor]]
    progress: Progress
    recipe: dict[str, Any]


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write aside, then rename: a crash leaves the checkpoint before."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"{FILE}.part"
    metadata = {"progress": json.dumps(checkpoint.progress._asdict()), "recipe": json.dumps(checkpoint.recipe)}
    save_file(dict(_flat(checkpoint.groups)), aside, metadata=metadata)
    with aside.open("rb+") as file:
        os.fsync(file.fileno())
    aside.replace(folder / FILE)


def _flat(groups: Mapping[str, Mapping[str, Tensor]]) -> Iterator[tuple[str, Tensor]]:
    for group, tensors in groups.items():
        for name, tensor in tensors.items():
            yield f"{group}/{name}", tensor.detach().contiguous()


def load(folder: Path, *only: str) -> Checkpoint:
    """Read the checkpoint in a folder, all groups or only some. Raises FileNotFoundError where there is none."""
    path = folder / FILE
    if not path.is_file():
        raise FileNotFoundError(f"{folder} has no {FILE}: run `python -m training.train` first")
    groups: dict[str, dict[str, Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        for key in file.keys():  # noqa: SIM118 - it is no mapping
            group, _, name = key.partition("/")
            if not only or group in only:
                groups.setdefault(group, {})[name] = file.get_tensor(key)
    return Checkpoint(groups, Progress(**json.loads(metadata["progress"])), json.loads(metadata["recipe"]))


def optimiser_groups(optimiser: torch.optim.Optimizer, names: Mapping[Tensor, str]) -> dict[str, dict[str, Tensor]]:
    """Return the optimiser's state by kind («exp_avg», …) and parameter name."""
    groups: dict[str, dict[str, Tensor]] = {}
    for parameter, state in optimiser.state.items():
        for kind, value in state.items():
            groups.setdefault(f"optimiser.{kind}", {})[names[parameter]] = value
    return groups


def restore_optimiser(
    optimiser: torch.optim.Optimizer, parameters: Mapping[str, Tensor], groups: Mapping[str, Mapping[str, Tensor]]
) -> None:
    """Put the state back that `optimiser_groups` returned."""
    for group, tensors in groups.items():
        scope, _, kind = group.partition(".")
        if scope == "optimiser":
            for name, tensor in tensors.items():
                parameter = parameters[name]
                device = tensor.device if kind == "step" and not parameter.is_cuda else parameter.device
                optimiser.state[parameter][kind] = tensor.to(device)
