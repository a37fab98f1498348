"""How fast figures are found and read in their context, beside cutting the same text into sentences, in the same run.

    python -m benchmarks.facts [--rounds 5] [--json FILE]

The texts are the labelled sentences of `tests/facts` and the given documents; one processor core is used.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.common import SEEDS, parser, show, show_machine, write
from rag import facts
from rag.documents import read_folder
from rag.sentences import split
from tests import labelled

LANGUAGES = ("ru", "no", "en", "zh")


def texts() -> dict[str, list[str]]:
    """Return the texts of each language."""
    found = {
        language: [each.text for name in ("sentences", "held-out") for each in labelled.read(f"{language}.{name}")]
        for language in LANGUAGES
    }
    for document in read_folder(SEEDS, max_bytes=1_000_000).documents:
        found[document.language] += [document.text[start:end] for start, end in split(document.text, document.language)]
    return found


def measure(rounds: int) -> list[dict[str, Any]]:
    """Return for each language the sentences a second, and what finding takes as a multiple of splitting."""
    return [_measured(language, sentences, rounds) for language, sentences in texts().items()]


def _measured(language: str, sentences: Sequence[str], rounds: int) -> dict[str, Any]:
    find = _seconds(lambda text: facts.find(text, language), sentences, rounds)
    read = _seconds(lambda text: facts.read(text, language), sentences, rounds)
    cut = _seconds(lambda text: split(text, language), sentences, rounds)
    return {
        "language": language,
        "sentences": len(sentences),
        "found_a_second": round(len(sentences) / find),
        "read_a_second": round(len(sentences) / read),
        "find_to_split": round(find / cut, 2),
    }


def _seconds(call: Callable[[str], object], sentences: Sequence[str], rounds: int) -> float:
    """Return the processor seconds that all sentences take, the least of several rounds; the first warms up."""
    taken = []
    for _ in range(rounds + 1):
        started = time.process_time()
        for text in sentences:
            call(text)
        taken.append(time.process_time() - started)
    return min(taken[1:])


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5, metavar="N")
    given = options.parse_args(arguments)
    show_machine()
    results = measure(given.rounds)
    show("Figures of sentences", list(results[0]), [each.values() for each in results])
    write(given.json, {"languages": results})


if __name__ == "__main__":
    main()
