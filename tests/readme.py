"""Writes the generated parts of the README: ``python -m tests.readme``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
from click.testing import CliRunner

from rag.cli import cli
from rag.config import Settings

README = Path(__file__).parent.parent / "README.md"


def with_generated_parts(text: str) -> str:
    """Return the README with the help texts and the table of settings as they are now."""
    for name, content in (("help", _help()), ("settings", _settings())):
        pattern = re.compile(f"(<!-- {name}: [^>]*-->\n).*?(<!-- /{name} -->)", re.DOTALL)
        text, count = pattern.subn(lambda match, content=content: f"{match[1]}\n{content}\n{match[2]}", text)
        assert count == 1, f"the README has no place for {name}"
    return text


def _help() -> str:
    return "\n".join(_command_help(*words) for words in _commands())


def _commands() -> Iterator[tuple[str, ...]]:
    yield ()
    for name, command in cli.commands.items():
        names = command.commands if isinstance(command, click.Group) else {}
        yield from ((name, inner) for inner in names)
        yield from [(name,)] * (not names)


def _command_help(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "--help"], prog_name="rag", terminal_width=100)
    return f"```text\n{result.output.strip()}\n```\n"


def _settings() -> str:
    rows = [f"| `{name}` | `{field.default}` | {field.description} |" for name, field in Settings.model_fields.items()]
    return "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows]) + "\n"


if __name__ == "__main__":
    README.write_text(with_generated_parts(README.read_text("utf-8")), "utf-8")
