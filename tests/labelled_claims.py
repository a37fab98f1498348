"""Sentences labelled by hand with whether the passages that they cite support them, as `tests/claims/README.md` tells.

``python -m tests.labelled_claims`` counts them anew there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

Label = Literal["supported", "partly", "unsupported", "contradicted"]
Split = Literal["develop", "final"]

FOLDER = Path(__file__).parent / "claims"
README = FOLDER / "README.md"
SPLITS: tuple[Split, ...] = ("develop", "final")
LABELS: Mapping[str, Label] = {"+": "supported", "~": "partly", "?": "unsupported", "!": "contradicted"}
FORMS = {"en": "English", "ru": "Russian", "no": "bokmål", "nn": "nynorsk", "zh": "Chinese"}
_PASSAGE = re.compile(r"(\w\w): (.+)")
_CLAIM = re.compile(r"([+~?!]) (\w\w) ([\d,]+) ([a-z]+) \| (.+)")


class Text(NamedTuple):
    """Some words and how they are written: ``no`` is bokmål, ``nn`` nynorsk."""

    text: str
    form: str

    @property
    def language(self) -> str:
        """Return the code that `rag` has for the language: one for both forms of Norwegian."""
        return "no" if self.form == "nn" else self.form


class Claim(NamedTuple):
    """A sentence as a model might write it, the passages it cites, and whether they support it."""

    id: str
    claim: Text
    passages: tuple[Text, ...]
    label: Label
    kind: str
    topic: str
    domain: str
    split: Split

    @property
    def is_cross_lingual(self) -> bool:
        return all(passage.language != self.claim.language for passage in self.passages)


def read(split: Split) -> list[Claim]:
    """Return the claims of one part, in the order of the file."""
    text = (FOLDER / f"{split}.txt").read_text("utf-8")
    return [claim for topic in text.split("\n== ")[1:] for claim in _topic(topic.splitlines(), split)]


def _topic(lines: Sequence[str], split: Split) -> Iterator[Claim]:
    topic, domain = lines[0].split(" | ")
    passages = [Text(match[2], match[1]) for match in map(_PASSAGE.fullmatch, lines) if match]
    rest = [line for line in lines[1:] if line and not line.startswith("#") and not _PASSAGE.fullmatch(line)]
    for number, line in enumerate(rest, 1):
        match = _CLAIM.fullmatch(line)
        assert match, line
        mark, form, cited, kind, text = match.groups()
        chosen = tuple(passages[int(place) - 1] for place in cited.split(","))
        identity = f"{topic.replace(',', '').replace(' ', '-')}-{number}"
        yield Claim(identity, Text(text, form), chosen, LABELS[mark], kind, topic, domain, split)


def with_counts(readme: str) -> str:
    """Return the README with how many claims there are now."""
    pattern = re.compile("(<!-- counts: [^>]*-->\n).*?(<!-- /counts -->)", re.DOTALL)
    return pattern.sub(lambda match: f"{match[1]}\n{_counts()}\n{match[2]}", readme)


def _counts() -> str:
    columns = [read(split) for split in SPLITS]
    rows = [("topics", [len({claim.topic for claim in column}) for column in columns])]
    rows += [(name, [sum(map(is_counted, column)) for column in columns]) for name, is_counted in _COUNTED.items()]
    lines = [f"| {name} | {' | '.join(map(str, numbers))} |" for name, numbers in rows]
    return "\n".join([f"| | {' | '.join(SPLITS)} |", "| --- | ---: | ---: |", *lines]) + "\n"


def _is(label: Label) -> Callable[[Claim], bool]:
    return lambda claim: claim.label == label


def _in(form: str) -> Callable[[Claim], bool]:
    return lambda claim: claim.claim.form == form


_COUNTED: Mapping[str, Callable[[Claim], bool]] = {
    "claims": lambda _: True,
    **{label: _is(label) for label in LABELS.values()},
    "across languages": lambda claim: claim.is_cross_lingual,
    **{f"in {name}": _in(form) for form, name in FORMS.items()},
}


if __name__ == "__main__":
    README.write_text(with_counts(README.read_text("utf-8")), "utf-8")
