"""Trains the reader, or goes on where it was stopped.

    python -m training.train --data DIR --work DIR [--begin-with FILE] [--examples N] [--minutes M] [--lr 3e-4]

Run it again with the same --work to resume from the last checkpoint: batches, schedule, dropout and optimiser go on as
if it had never stopped. SIGTERM and Ctrl-C write a checkpoint first. --examples may be changed between starts; the
learning rate then follows the new plan. --begin-with starts from weights that `training.export` wrote instead of the
bundled encoder's, as when no checkpoint is left to resume.
"""

from __future__ import annotations

import os

# Threads that wait for each other sleep; torch reads this when it is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import hashlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import torch
from torch import Tensor

from rag.config import load_settings
from rag.models import PACKED_SHA256, bundled_tokenizer, packed_model
from training import checkpoints, export
from training import lexicon as lexicons
from training.checkpoints import Checkpoint, Progress
from training.data import fingerprint, training_sets
from training.examples import BLOCK, Example, Stream, parser
from training.exchange import EXCHANGED
from training.inputs import UNTAUGHT, Composer, Features, Words, batches, collate
from training.model import Losses, Reader, from_trunk, losses
from training.reading import precision

USUAL_EXAMPLES = 24  # in a batch: the loss is divided by it, so that every example weighs the same in all batches
AVERAGE_DECAY = 0.998
CLIP = 1.0
_CHECKPOINT_SECONDS = 300
_LOG_STEPS = 50


class Plan(NamedTuple):
    """What a run is to be."""

    examples: int = 60_000
    learning_rate: float = 3e-4
    warm_up: float = 0.06  # share of the examples
    weight_decay: float = 0.01
    dropout: float = 0.0  # it costs about a tenth of the speed
    batch_tokens: int = 3072
    hold_out_articles: int = 6
    seed: int = 1
    frozen_layers: int = 4  # the lowest, and all below them: they settle first, and cost a quarter of the time
    freeze_after: int = 20_000  # examples
    lexicon: str | None = None  # the SHA-256 of the one by which words are exchanged for another language's
    begun_with: str | None = None  # the SHA-256 of the weights that it started from, if not the encoder's

    def rate(self, done: int) -> float:
        """Return the learning rate after so many examples: up in a line, then down in a line to nothing."""
        warm_up = self.examples * self.warm_up
        shape = min(done / warm_up, (self.examples - done) / (self.examples - warm_up))
        return self.learning_rate * max(shape, 0.01)


Blocks = Callable[[int], list[Features]]


class Run:
    """A reader in training, with its optimiser and the moving average of its weights."""

    def __init__(self, reader: Reader, plan: Plan, blocks: Blocks, words: Words) -> None:
        self.plan = plan
        self.progress = Progress()
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self._reader = reader.to(self.device).train()
        self._blocks = blocks
        self._words = words
        self._names = dict(reader.named_parameters())
        self._average = {name: parameter.detach().clone() for name, parameter in self._names.items()}
        self._optimiser = _optimiser(self._names, plan)

    def steps(self) -> Iterator[tuple[int, Losses]]:
        """Train until the plan is done; yield the number of examples and the losses of each step."""
        while self.progress.examples < self.plan.examples:
            block = self._batches(self.progress.block)
            for number in range(self.progress.batch, len(block)):
                sums = self._step(block[number])
                steps, examples, *_ = self.progress
                last = number + 1 == len(block)
                place = (self.progress.block + 1, 0) if last else (self.progress.block, number + 1)
                self.progress = Progress(steps + 1, examples + len(block[number]), *place)
                yield len(block[number]), sums
                if self.progress.examples >= self.plan.examples:
                    return

    def _batches(self, block: int) -> list[list[Features]]:
        return batches(self._blocks(block), self.plan.batch_tokens, Random(f"{self.plan.seed}/batches/{block}"))

    def _step(self, items: list[Features]) -> Losses:
        torch.manual_seed(self.plan.seed * 1_000_003 + self.progress.steps)  # dropout is the same after a resumption
        for group in self._optimiser.param_groups:
            group["lr"] = self.plan.rate(self.progress.examples)
        if self.progress.examples >= self.plan.freeze_after:
            self._reader.freeze(self.plan.frozen_layers)
        batch = collate(items, self._words, self.device)
        with precision(self.device):
            scores = self._reader(batch)
        sums = losses(scores, batch)
        self._optimiser.zero_grad(set_to_none=True)
        (sums.total / USUAL_EXAMPLES).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._names.values(), CLIP)
        self._optimiser.step()
        self._update_average()
        return Losses(sums.span.detach(), sums.answerable.detach())

    @torch.no_grad()
    def _update_average(self) -> None:
        """Move the average towards the weights, at first in larger steps, since it begins at the untrained ones."""
        decay = min(AVERAGE_DECAY, (1 + self.progress.steps) / (10 + self.progress.steps))
        torch._foreach_lerp_(list(self._average.values()), list(self._names.values()), 1 - decay)

    def save(self, folder: Path, recipe: dict[str, Any]) -> None:
        """Write a checkpoint."""
        names: dict[Tensor, str] = {parameter: name for name, parameter in self._names.items()}
        groups = {"weights": dict(self._reader.state_dict()), "average": self._average}
        groups |= checkpoints.optimiser_groups(self._optimiser, names)
        checkpoints.save(folder, Checkpoint(groups, self.progress, recipe))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint."""
        self._reader.load_state_dict(checkpoint.groups["weights"])
        average = checkpoint.groups["average"]
        self._average = {name: average[name].to(self.device) for name in self._names}
        checkpoints.restore_optimiser(self._optimiser, self._names, checkpoint.groups)
        self.progress = checkpoint.progress


def _optimiser(parameters: dict[str, torch.nn.Parameter], plan: Plan) -> torch.optim.AdamW:
    """Return AdamW without decay on norms and biases."""
    matrices = [parameter for parameter in parameters.values() if parameter.ndim > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.ndim == 1]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, plan.learning_rate, (0.9, 0.98), weight_decay=plan.weight_decay, fused=True)


def feature_blocks(stream: Stream, composer: Composer, positions: int) -> Blocks:
    """Return the function that makes the inputs of a block of examples, less the few too long to be read."""

    def block(number: int) -> list[Features]:
        examples = stream.block(number)
        questions, windows, answers, *_ = zip(*examples, strict=True)
        made = zip(examples, composer.features(questions, windows, answers), strict=True)
        return [_taught(example, item) for example, item in made if len(item.ids) <= positions]

    return block


def _taught(example: Example, item: Features) -> Features:
    """Keep exchanged questions from the span: of where something of their kind stands they teach nothing."""
    return item._replace(start=UNTAUGHT, end=UNTAUGHT) if example.kind == EXCHANGED else item


def recipe(plan: Plan, data: Path) -> dict[str, Any]:
    """Return what a checkpoint records of its run and compares before it goes on."""
    return {**plan._asdict(), "block": BLOCK, "data": fingerprint(data), "trunk": PACKED_SHA256}


def _resume(run: Run, work: Path, wanted: dict[str, Any]) -> None:
    try:
        checkpoint = checkpoints.load(work)
    except FileNotFoundError:
        return
    found = checkpoint.recipe
    different = [name for name in wanted if name != "examples" and found.get(name) != wanted[name]]
    if different:
        changes = ", ".join(f"{name} is {wanted[name]!r}, was {found.get(name)!r}" for name in different)
        raise SystemExit(f"{work} holds a run of another recipe ({changes}): name another --work, or the same recipe")
    run.restore(checkpoint)
    print(f"going on after {run.progress.examples} examples", flush=True)


class _Stop:
    """Remembers that a signal asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True


class _Log:
    """Prints the means of the last steps."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self._since = time.monotonic()
        self._steps = self._examples = 0
        self._span = self._answerable = torch.zeros(())

    def add(self, run: Run, examples: int, sums: Losses) -> None:
        self._steps += 1
        self._examples += examples
        self._span = self._span + sums.span.cpu()
        self._answerable = self._answerable + sums.answerable.cpu()
        if self._steps == _LOG_STEPS:
            self.show(run)

    def show(self, run: Run) -> None:
        if self._steps:
            means = [float(total / self._examples) for total in (self._span, self._answerable)]
            rate = self._examples / (time.monotonic() - self._since)
            print(
                f"{run.progress.examples} examples, step {run.progress.steps}, {rate:.2f} examples/s, "
                f"span {means[0]:.3f}, answerable {means[1]:.3f}, rate {run.plan.rate(run.progress.examples):.1e}",
                flush=True,
            )
        self._start()


def train(run: Run, work: Path, wanted: dict[str, Any], minutes: float) -> None:
    """Train to the end of the plan, for so many minutes or until a signal, with checkpoints."""
    stop, log = _Stop(), _Log()
    started = saved = time.monotonic()
    for examples, sums in run.steps():
        log.add(run, examples, sums)
        now = time.monotonic()
        if now - saved > _CHECKPOINT_SECONDS:
            run.save(work, wanted)
            saved = now
        if stop.asked or now - started > 60 * minutes:
            break
    log.show(run)
    run.save(work, wanted)
    done = run.progress.examples >= run.plan.examples
    print("done" if done else "stopped; the same command goes on", flush=True)


def _arguments() -> argparse.Namespace:
    plan = Plan()
    options = parser(__doc__)
    options.add_argument("--work", type=Path, required=True, metavar="DIR", help="folder of the checkpoint")
    options.add_argument("--examples", type=int, default=plan.examples, metavar="N", help="examples to train on in all")
    options.add_argument("--minutes", type=float, default=float("inf"), metavar="M", help="stop this start after that")
    options.add_argument("--batch-tokens", type=int, default=plan.batch_tokens, metavar="T", help="padded, in a batch")
    options.add_argument("--lr", type=float, default=plan.learning_rate, help="highest learning rate")
    options.add_argument("--dropout", type=float, default=plan.dropout, help="of what each layer adds")
    options.add_argument("--seed", type=int, default=plan.seed)
    options.add_argument("--begin-with", type=Path, metavar="FILE", help="start from exported weights")
    options.add_argument("--lexicon", type=Path, metavar="FILE", help="what training.lexicon wrote: switch languages")
    options.add_argument(
        "--freeze-after", type=int, default=plan.freeze_after, metavar="N", help="examples until low layers stay fixed"
    )
    return options.parse_args()


def main() -> None:
    given = _arguments()
    plan = Plan(
        examples=given.examples,
        learning_rate=given.lr,
        dropout=given.dropout,
        batch_tokens=given.batch_tokens,
        hold_out_articles=given.hold_out_articles,
        seed=given.seed,
        freeze_after=given.freeze_after,
        lexicon=given.lexicon and hashlib.sha256(given.lexicon.read_bytes()).hexdigest(),
        begun_with=given.begin_with and hashlib.sha256(given.begin_with.read_bytes()).hexdigest(),
    )
    tokenizer = bundled_tokenizer(load_settings()[0])
    lexicon = lexicons.read(given.lexicon) if given.lexicon else None
    stream = Stream(training_sets(given.data, plan.hold_out_articles), tokenizer, plan.seed, lexicon)
    model = packed_model()
    reader = from_trunk(model, plan.seed, plan.dropout)
    if given.begin_with:
        reader.load_state_dict(export.load(given.begin_with).weights)
    run = Run(reader, plan, feature_blocks(stream, Composer(tokenizer), model.shape.positions), model.word_vectors)
    wanted = recipe(plan, given.data)
    _resume(run, given.work, wanted)
    train(run, given.work, wanted, given.minutes)


if __name__ == "__main__":
    main()
