"""Nothing leaves this machine: indexing and asking open no connection and look up no name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SEEDS

ROOT = Path(__file__).parent.parent

WATCHED = """
import sys
from pathlib import Path

seen = []

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        seen.append((event, arguments[0]))
        raise OSError(f"{event}: {arguments}")
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg") and isinstance(arguments[1], tuple):
        if arguments[1][0] not in ("127.0.0.1", "::1"):
            seen.append((event, arguments[1]))
            raise OSError(f"{event}: {arguments}")

sys.addaudithook(watch)
"""
ASKING = """
from rag.building import build_index
from rag.config import Settings
from rag.encoder import load_encoder
from rag.pipeline import Pipeline

documents, index = map(Path, sys.argv[1:])
settings = Settings(documents=documents, index=index)
encoder = load_encoder(settings)
report = build_index(documents, settings, lambda: encoder)
answer = Pipeline(settings, encoder).ask("Hvem er styreleder i Volcano Engine?")
print(report.passages, answer.hits[0].passage.document_id, seen)
"""
WATCHFUL = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except OSError:
    print(seen)
"""


def run(script: str, *arguments: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
    command = [sys.executable, "-c", WATCHED + script, *map(str, arguments)]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


@pytest.mark.model
def test_indexing_and_asking_need_no_network(tmp_path: Path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    shutil.copy(next(SEEDS.glob("004_*")), documents)
    assert run(ASKING, documents, tmp_path / "index") == "4 004_955dc46795f2f120.txt []"


def test_the_watch_sees_a_connection() -> None:
    assert "192.0.2.1" in run(WATCHFUL)
