"""A process that reads files as `rag.formats.worker` does, by a parser that does what the file says."""

from __future__ import annotations

import os
import signal
import socket
import time

from rag.formats import worker
from rag.formats.draft import Extract, Limits


def extract(data: bytes, name: str, limits: Limits) -> Extract:
    match data.decode():
        case "hang":
            time.sleep(600)
        case "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "exit":
            os._exit(3)
        case "greedy":
            bytearray(100_000_000_000)
        case "deep":
            return extract(data, name, limits)
        case "flaw":
            raise KeyError("w:val")
        case "print":
            print("nonsense", flush=True)
            os.write(1, b"nonsense\n")
        case "network":
            socket.create_connection(("127.0.0.1", 9), timeout=1)
        case "nonsense":
            return Extract("text", places="nowhere")  # type: ignore[arg-type]
    return Extract(f"{data.decode()} {os.getpid()}")


if __name__ == "__main__":
    worker.main(extract)
