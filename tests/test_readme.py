"""The README is true: its commands run, its generated parts are current, its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from rag.config import load_settings
from tests.readme import README, with_generated_parts
from tests.test_cli import rag

ROOT = README.parent
TEXT = README.read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
COMMANDS = [line for kind, block in BLOCKS if kind == "console" for line in block.splitlines()]


def test_it_opens_with_the_two_commands() -> None:
    assert COMMANDS[:2] == ["make run", "make test"]
    assert TEXT.index("make run") < TEXT.index("\n## ")


@pytest.mark.parametrize("target", ["run", "test", "lint", "eval", "bench"])
def test_make_has_the_targets(target: str) -> None:
    result = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_help_and_settings_are_current() -> None:
    assert with_generated_parts(TEXT) == TEXT, "run: python -m tests.readme"


@pytest.mark.parametrize("link", re.findall(r"\]\((?!https?:)([^)#]+)", TEXT))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.model
def test_the_commands_on_own_documents_run(tmp_path: Path) -> None:
    """Every `rag` command of the README, as it stands there, in a home folder of its own."""
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "lease.md").write_text(
        "# Lease\n\nThe lease of the flat ends on 31 March 2027. The rent is due monthly.\n"
    )
    commands = [shlex.split(line) for line in COMMANDS if line.startswith("rag ")]
    assert {command[1] for command in commands} == {"index", "ask", "cite", "facts", "brief", "serve", "doctor", "user"}
    for command in commands:
        arguments = [word.replace("~", str(tmp_path)) for word in command[1:]]
        if arguments[0] != "serve":  # the browser tests serve
            result = rag(*arguments, said="correct horse battery staple\n")  # the password of `rag user add`
            assert result.returncode == 0, result.stderr
            if arguments[0] == "ask":
                assert "31 March 2027" in result.stdout


def test_the_example_of_settings_is_valid(tmp_path: Path) -> None:
    (example,) = [block for kind, block in BLOCKS if kind == "toml"]
    (tmp_path / "rag.toml").write_text(example, "utf-8")
    settings, origins = load_settings(file=tmp_path / "rag.toml", environ={})
    for name in tomllib.loads(example):
        assert origins[name] == str(tmp_path / "rag.toml")
    assert settings.passage_style == "manual"
