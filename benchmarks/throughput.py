"""How much of the encoder's own speed is left of the whole way from files to an index, and with formats to be parsed.

    python -m benchmarks.throughput [--documents 48] [--rounds 3] [--json FILE]

The same texts are indexed as plain text, and as a folder of eight formats mixed. After each build the encoder, which
stays loaded, embeds the very passages of it again, all at once and with nothing beside. So both take turns, and what
else the machine does slows both. The ratios are of medians over the rounds:

- whole: the encoder alone, of the whole build; in seconds, and in seconds of processor time of all its processes
- beside: the encoder alone, of what it took while files were read beside it
"""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

from benchmarks.common import parser, show, show_machine, write
from benchmarks.formats import MAKERS
from benchmarks.texts import document
from rag.building import build_index
from rag.config import Settings
from rag.encoder import Encoded, Encoder, load_encoder
from rag.types import Span
from tests.made_files import book, mail, opendocument, slides

CHARACTERS = 3000
T = TypeVar("T")
PLAIN, MIXED = "plain text", "eight formats"


class Took(NamedTuple):
    """Seconds on the clock, and of processor time in this process and in those that it began and that have ended."""

    seconds: float
    processor: float


class Round(NamedTuple):
    """What one build took, what of it embedding did, and what the encoder took for the same passages alone."""

    whole: Took
    embedding: float  # seconds
    alone: Took


class Listening:
    """An encoder that keeps what it was given, and how long it took."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.name, self.dimension, self.capacity = encoder.name, encoder.dimension, encoder.capacity
        self.count_tokens, self.embed_queries = encoder.count_tokens, encoder.embed_queries
        self.seconds = 0.0
        self._texts: list[str] = []
        self._sentences: list[Sequence[Span]] = []

    def embed_passages(
        self,
        texts: Sequence[str],
        sentences: Sequence[Sequence[Span]],
        progress: Callable[[int], None] = lambda _: None,
    ) -> Encoded:
        self._texts += texts
        self._sentences += sentences
        started = time.perf_counter()
        encoded = self._encoder.embed_passages(texts, sentences, progress)
        self.seconds += time.perf_counter() - started
        return encoded

    def again(self) -> Encoded:
        return self._encoder.embed_passages(self._texts, self._sentences)


def _as_slides(paragraphs: Sequence[str]) -> bytes:
    return slides(*(("", each, "") for each in paragraphs))


def _as_opendocument(paragraphs: Sequence[str]) -> bytes:
    return opendocument(f"<office:text>{_tagged('text:p', paragraphs)}</office:text>")


def _as_book(paragraphs: Sequence[str]) -> bytes:
    return book(_tagged("p", paragraphs))


def _as_mail(paragraphs: Sequence[str]) -> bytes:
    return mail("A letter", "\n\n".join(paragraphs)).as_bytes()


def _tagged(tag: str, paragraphs: Sequence[str]) -> str:
    return "".join(f"<{tag}>{html.escape(each)}</{tag}>" for each in paragraphs)


EIGHT: Mapping[str, Callable[[Sequence[str]], bytes]] = {
    **MAKERS,
    "pptx": _as_slides,
    "odt": _as_opendocument,
    "epub": _as_book,
    "eml": _as_mail,
}


def write_folder(folder: Path, count: int, formats: Sequence[str]) -> None:
    """Write so many texts, the formats by turns."""
    folder.mkdir(parents=True)
    for number, suffix in zip(range(count), cycle(formats), strict=False):
        paragraphs = document(number, CHARACTERS).split("\n\n")
        (folder / f"{number:05}.{suffix}").write_bytes(EIGHT[suffix](paragraphs))


def measure(count: int, rounds: int, threads: int) -> dict[str, Any]:
    """Index both folders by turns, after one round that does not count."""
    encoder = load_encoder(Settings(threads=threads))
    found: dict[str, list[Round]] = {PLAIN: [], MIXED: []}
    passages = {}
    with TemporaryDirectory() as work:
        for name, formats in {PLAIN: ["txt"], MIXED: list(EIGHT)}.items():
            write_folder(Path(work, name), count, formats)
        for number in range(rounds + 1):
            for name, took in found.items():
                settings = Settings(index=Path(work, f"index {number} {name}"), threads=threads)
                one, passages[name] = _one(Path(work, name), settings, encoder)
                took += [one] if number else []
    return {name: {"passages": passages[name], **_ratios(took)} for name, took in found.items()}


def _one(folder: Path, settings: Settings, encoder: Encoder) -> tuple[Round, int]:
    listening = Listening(encoder)
    whole, report = _timed(lambda: build_index(folder, settings, lambda: listening, strict=True))
    alone, _ = _timed(listening.again)
    return Round(whole, listening.seconds, alone), report.embedded


def _timed(call: Callable[[], T]) -> tuple[Took, T]:
    seconds, before = time.perf_counter(), os.times()
    result = call()
    after = os.times()
    processor = sum(after[:4]) - sum(before[:4])
    return Took(time.perf_counter() - seconds, processor), result


def _ratios(rounds: Sequence[Round]) -> dict[str, float]:
    def share(part: Callable[[Round], float], of: Callable[[Round], float]) -> float:
        return round(median(map(part, rounds)) / median(map(of, rounds)), 3)

    return {
        "whole": share(lambda each: each.alone.seconds, lambda each: each.whole.seconds),
        "whole, processor": share(lambda each: each.alone.processor, lambda each: each.whole.processor),
        "beside": share(lambda each: each.alone.seconds, lambda each: each.embedding),
        "build_s": round(median(each.whole.seconds for each in rounds), 2),
        "build_processor_s": round(median(each.whole.processor for each in rounds), 2),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--documents", type=int, default=48, metavar="N")
    options.add_argument("--rounds", type=int, default=3, metavar="N")
    options.add_argument("--threads", type=int, default=2, metavar="N")
    given = options.parse_args(arguments)
    show_machine()
    results = measure(given.documents, given.rounds, given.threads)
    columns = list(next(iter(results.values())))
    title = (
        f"Indexing {given.documents} texts of {CHARACTERS} characters beside the encoder alone, {given.threads} threads"
    )
    show(title, ["folder", *columns], ([name, *row.values()] for name, row in results.items()))
    write(given.json, results)


if __name__ == "__main__":
    main()
