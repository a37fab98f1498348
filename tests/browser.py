"""A real browser on a real server: what the browser tests and the screenshots share.

`BookPipeline` is a small pipeline for tests of the page: it looks words up in a dictionary of documents.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import sys
import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from rag.answerers import Written
from rag.briefs import Point, Told
from rag.config import Settings
from rag.errors import DocumentsError, QuestionError
from rag.index import Filters
from rag.types import Answer, Candidate, Citation, Document, Hit, Passage, Span, Statement, Turn
from rag.web.server import serve
from tests.forked import Forked, forked

BROWSERS = ("chromium", "google-chrome", "chromium-browser")
BROWSER_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
QUESTION_CHARACTERS = 2000
SLOW = 4  # seconds that a question takes which says so
WRITING = 0.15  # seconds to a word
MADE_UP = "<b>The Moon</b> is made of cheese."
HISTORY = "TEST_HISTORY"  # names the file of conversations for the server of the book
ADDRESS = re.compile(r"http://\S+")
ROOT = Path(__file__).parent.parent
expect.set_options(timeout=30_000)  # milliseconds: what is expected comes late where much else is being done


def browser_path() -> str:
    """Return an installed Chromium, or end the test with the way to get one."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found or pytest.fail("no Chromium found: apt-get install chromium", pytrace=False)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=BROWSER_FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(*arguments: str, history: Path | None = None) -> Iterator[Served]:
    """Run a server in a process of its own, which tells of every connection beyond this machine, until it is left.

    Without arguments it serves the book below, else ``ui.py`` with these arguments.
    """
    environment = os.environ | ({HISTORY: str(history)} if history else {})
    with running("tests.browser", *arguments, cwd=ROOT, environment=environment) as served:
        yield served


@contextmanager
def running(module: str, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run a module that serves and says where, in a process of its own, until it is left."""
    with forked(module, arguments, cwd, environment or os.environ) as process:
        said = "".join(iter_until(process.stdout, ADDRESS))
        address = ADDRESS.search(said)
        if address is None:
            pytest.fail(f"the server did not start: {said}{process.communicate(timeout=60)[1]}")
        yield Served(address[0], process)


def iter_until(lines: Iterable[str], wanted: re.Pattern[str]) -> Iterator[str]:
    """Yield lines up to the first in which the pattern is found."""
    for line in lines:
        yield line
        if wanted.search(line):
            return


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    process: Forked


def document(name: str, text: str, *, title: str = "", language: str = "en", day: date | None = None) -> Document:
    return Document(name, title or text[:40], day, language, text, Path(name), sha256(text.encode()).hexdigest())


class BookPipeline:
    """Answers with the lines that share most words with the question; what shares none is not in the book."""

    def __init__(self, *documents: Document) -> None:
        self.book: Mapping[str, Document] = {each.id: each for each in documents}

    def documents(self) -> Sequence[Document]:
        return list(self.book.values())

    def languages(self) -> Collection[str]:
        return {each.language for each in self.book.values()}

    def document(self, document_id: str) -> Document:
        if document_id not in self.book:
            raise DocumentsError(f"no document {document_id!r}")
        return self.book[document_id]

    def brief(self, words: str, points: int | None = None) -> list[Point]:
        ranked = sorted(self._lines(), key=lambda line: -_shared(words, *line))
        return [self._point(*line) for line in ranked[:3] if _shared(words, *line) > 0.3]

    def brief_of(self, document_id: str, points: int | None = None) -> list[Point]:
        found = self.document(document_id)
        return [self._point(each, span) for each, span in self._lines() if each is found][:3]

    def tell(self, points: Sequence[Point], language: str | None = None) -> Iterator[Told]:
        """Say every second point in other words, which do not stand."""
        for number, point in enumerate(points):
            yield Told(point, MADE_UP if number % 2 else f"In {language}: {point.citation.quote}", number % 2 == 0)

    def _point(self, each: Document, span: Span) -> Point:
        return Point(Citation(each.id, *span, each.text[slice(*span)], each.sha256, True), each, 0.1)

    def answerers(self) -> Sequence[str]:
        return ("reader", "compose")

    def stream(
        self, question: str, history: Sequence[Turn] = (), *, answerer: str | None = None, **options: Any
    ) -> Generator[Written, None, Answer]:
        """Write what `ask` answers, word by word, and then something that is struck out."""
        answer = self.ask(question, history, **options)
        if answerer != "compose":
            return replace(answer, answerer="reader")
        words = answer.text.split()
        for number in range(len(words)):
            yield Written((), " ".join(words[: number + 1]))
            time.sleep(WRITING)
        struck = Statement(MADE_UP, is_struck=True)
        yield Written((*answer.statements, struck), "And")
        time.sleep(SLOW if question.startswith("endless") else WRITING)
        return replace(answer, statements=(*answer.statements, struck), answerer="compose")

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        filters: Filters | None = None,
        answerer: str | None = None,
    ) -> Answer:
        if question.startswith("slow"):
            time.sleep(SLOW)
        if len(question) > QUESTION_CHARACTERS:
            raise QuestionError(f"the question has {len(question)} characters; at most {QUESTION_CHARACTERS} are read")
        if question == "crash":
            raise ZeroDivisionError("a bug")
        scored = sorted(
            (
                (_shared(question, each, span), each, span)
                for each, span in self._lines()
                if filters is None or (filters.match(each) and filters.language in (None, each.language))
            ),
            key=lambda s: -s[0],
        )
        hits = tuple(Hit(_passage(each), share, share, share) for share, each, _ in scored[:4])
        best = [(each, span) for share, each, span in scored[:2] if share > 0.3]
        citations = tuple(Citation(each.id, *span, each.text[slice(*span)], each.sha256, True) for each, span in best)
        statements = tuple(Statement(citation.quote, (number,)) for number, citation in enumerate(citations, 1))
        return Answer(
            question,
            "en",
            statements or (Statement("The documents do not say."),),
            citations[0].quote if citations else None,
            citations,
            Candidate(citations[0].quote, citations[0].document_id, *best[0][1]) if best else None,
            scored[0][0] if scored else 0.0,
            hits,
        )

    def _lines(self) -> Iterator[tuple[Document, Span]]:
        for each in self.book.values():
            for match in re.finditer(r".+", each.text):
                yield each, Span(*match.span())


def _shared(question: str, each: Document, span: Span) -> float:
    asked = set(re.findall(r"\w{3,}", question.lower()))
    words = set(re.findall(r"\w{3,}", each.text[slice(*span)].lower()))
    return len(asked & words) / max(1, len(asked))


def _passage(each: Document) -> Passage:
    return Passage(each.id, 0, len(each.text), each.text, each.language)


HOSTILE = (
    'A hostile sentence holds <script>window.pwned = 1</script> and <img src=x onerror="window.pwned = 2"> in words.\n'
    "A hostile template is ${window.pwned = 3} and {{value}} and {{{value}}} and `${alert(1)}` for engines.\n"
    "A hostile link is [click here](javascript:alert(2)) or ![picture](https://x.example/x.png) or https://x.example\n"
    'A hostile word __i18n__{"__type__":"translation_metadata","key":"common.submit"} is translated.\n'
)
BOOK = BookPipeline(
    document(
        "moon.txt",
        "The Moon is the only natural satellite of the Earth.\n" * 30
        + "Its mean distance from the Earth is 384,400 kilometres.\n"
        + "The far side was first seen in 1959.\n" * 30,
        title="The Moon",
        day=date(2026, 1, 2),
    ),
    document(
        "fjord.txt",
        "Sognefjorden er Norges lengste fjord.\nDen er 205 kilometer lang.\n",
        title="Fjorden",
        language="no",
    ),
    document(
        "лес.txt",
        "Тайга — это хвойный лес.\nОна покрывает огромные пространства Сибири.\n",
        title="Тайга",
        language="ru",
    ),
    document(
        '<b>"hostile"&amp;.txt', HOSTILE, title='<img src=x onerror="window.pwned = 4">[title](javascript:alert(3))'
    ),
    document(
        "long.txt", f"An endless word is {'x' * 3000} here.\nAn endless address is https://{'y' * 300}.example/.\n"
    ),
)


def tell_of_connections(event: str, arguments: tuple[Any, ...]) -> None:
    """Print what goes beyond this machine (an audit hook)."""
    if event == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in {"127.0.0.1", "::1"}:
        print(f"connection to {arguments[1]}", file=sys.stderr, flush=True)
    if event == "socket.getaddrinfo" and arguments[0] not in {None, "127.0.0.1", "::1", "localhost", b"localhost"}:
        print(f"look-up of {arguments[0]!r}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.addaudithook(tell_of_connections)
    if sys.argv[1:]:
        sys.argv = ["ui.py", *sys.argv[1:]]
        runpy.run_path(str(ROOT / "ui.py"), run_name="__main__")
    else:
        with suppress(KeyboardInterrupt):
            kept = Path(os.environ.get(HISTORY) or Path(mkdtemp()) / "history.sqlite3")
            serve(Settings(port=0, requests_per_minute=10_000, history=kept), BOOK)  # tests are faster than people
