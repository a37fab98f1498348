"""A process that shows pages as `rag.formats.pdf_page` does, and does what the file says instead."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from typing import Any

from rag.formats import worker
from rag.formats.draft import Limits

LEAF = {"pages": 3, "width": 100.0, "height": 100.0, "rows": [["ab", [[0, 0, 1, 1], [1, 0, 2, 1]]]]}


def answer(data: bytes, request: Mapping[str, Any], _: Limits) -> Mapping[str, Any]:
    match data.decode().removeprefix("%PDF-1.7 "):
        case "hang":
            time.sleep(600)
        case "slow":
            time.sleep(1.5)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "greedy":
            bytearray(100_000_000_000)
        case "nonsense":
            return {"leaf": {"pages": "many"}, "picture": "???"}
        case "uneven":
            return {"leaf": LEAF | {"rows": [["abc", [[0, 0, 1, 1]]]]}, "picture": "YQ==", "kind": "text/html"}
    return {"leaf": LEAF, "picture": "YQ==", "kind": "image/png"}


if __name__ == "__main__":
    worker.serve(answer)
