"""Files as they should not be: each gets one line that says what to do, and keeps nobody from the rest."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from rag import documents
from rag.building import build_index
from rag.config import Settings
from rag.errors import DocumentsError, UnreadableDocument
from rag.formats import Limits, Processes, Unreadable
from tests.broken_files import UNPACKED_MEGABYTES, Broken, broken_files
from tests.fakes import HashEncoder
from tests.made_files import SENTENCE, good, paragraph, pdf, word

LIMITS = Limits(seconds=120, unpacked_megabytes=UNPACKED_MEGABYTES)


@pytest.fixture(scope="module")
def corpus() -> list[Broken]:
    return broken_files()


@pytest.fixture(scope="module")
def processes() -> Iterator[Processes]:
    with Processes(LIMITS) as processes:
        yield processes


def said_of(broken: Broken, processes: Processes) -> tuple[str, str]:
    """Return the text of a file and what is said of it."""
    try:
        extract = processes.extract(broken.data, broken.name)
    except Unreadable as problem:
        return "", str(problem)
    return extract.text, "; ".join(extract.unread)


def test_every_broken_file_is_told_of_or_read(corpus: list[Broken], processes: Processes) -> None:
    assert len({broken.name for broken in corpus}) == len(corpus) >= 80
    wrong = {}
    for broken in corpus:
        text, said = said_of(broken, processes)
        holds = SENTENCE in text if broken.message is None else broken.message in said
        if not holds or "\n" in said or "root:" in text or text.count("ha") > 100:
            wrong[broken.name] = (said, text[:100])
    assert not wrong


def test_a_folder_of_them_is_indexed_with_what_is_good_in_it(tmp_path: Path, corpus: list[Broken]) -> None:
    settings = Settings(
        documents=tmp_path / "documents", index=tmp_path / "index", max_unpacked_megabytes=UNPACKED_MEGABYTES
    )
    settings.documents.mkdir()
    for name, data in [*good().items(), *((broken.name, broken.data) for broken in corpus)]:
        (settings.documents / name).write_bytes(data)
    (settings.documents / "loop.pdf.txt").symlink_to(settings.documents / "loop.pdf.txt")
    (settings.documents / "round").symlink_to(settings.documents)
    report = build_index(settings.documents, settings, HashEncoder)
    said = {problem.document_id: problem.reason for problem in (*report.unread, *report.problems)}
    assert said["loop.pdf.txt"] == "a link that leads to itself"
    assert not any("\n" in reason for reason in said.values())
    read = {*good(), *(broken.name for broken in corpus if broken.message is None)}
    assert read <= set(report.added)
    told = {broken.name: broken.message for broken in corpus if broken.message}
    assert {name: said.get(name) for name, message in told.items() if message not in said.get(name, "")} == {}


@pytest.mark.model
def test_one_command_indexes_every_format_and_three_languages_and_tells_of_what_is_broken(
    tmp_path: Path, corpus: list[Broken]
) -> None:
    from tests.test_cli import rag

    folder, index = tmp_path / "documents", tmp_path / "index"
    folder.mkdir()
    languages = {
        "ferge.txt": "Ferga fra Lærvik går klokka tolv. Den tar nitti passasjerer.",
        "паром.txt": "Паром из Лервика отходит в полдень. Он берёт девяносто пассажиров.",
        "ferry.txt": "The ferry from Larvik leaves at noon. It takes ninety passengers.",
    }
    broken = [each for each in corpus if each.message][::4][:20]
    files = {name: text.encode() for name, text in languages.items()} | good()
    for name, data in [*files.items(), *((each.name, each.data) for each in broken)]:
        (folder / name).write_bytes(data)
    (folder / "manual.pdf").write_bytes(
        pdf(
            [paragraph(f"This is sheet {number} of it.") for number in range(411)]
            + [paragraph("The valve of the boiler is opened by a green lever.")]
        )
    )
    result = rag("index", folder, "--index", index, env={"RAG_MAX_UNPACKED_MEGABYTES": str(UNPACKED_MEGABYTES)})
    assert result.returncode == 0
    told = result.stderr.splitlines()
    assert len(broken) == 20
    for each in broken:
        (line,) = [line for line in told if line.startswith((f"skipped {each.name}:", f"read in part {each.name}:"))]
        assert str(each.message) in line
    assert result.stdout.splitlines()[-1].startswith(f"{len(files) + 1} documents")
    answer = json.loads(rag("ask", "What opens the valve of the boiler?", "--index", index, "--json").stdout)
    cited = answer["citations"][0]
    assert (cited["document"], cited["places"]) == ("manual.pdf", [{"kind": "page", "number": 412}])
    assert cited["verified"]


def test_strict_takes_nothing_that_is_read_in_part(tmp_path: Path, corpus: list[Broken]) -> None:
    settings = Settings(documents=tmp_path / "documents", index=tmp_path / "index")
    settings.documents.mkdir()
    mixed = next(broken for broken in corpus if broken.name == "mixed.zip")
    (settings.documents / mixed.name).write_bytes(mixed.data)
    with pytest.raises(DocumentsError, match=r"mixed\.zip: bad\.pdf: .* and 1 more; the index is as it was"):
        build_index(settings.documents, settings, HashEncoder, strict=True)


def test_what_could_not_be_read_for_want_of_a_program_is_tried_again(tmp_path: Path, corpus: list[Broken]) -> None:
    settings = Settings(documents=tmp_path / "documents", index=tmp_path / "index")
    settings.documents.mkdir()
    mixed = next(broken for broken in corpus if broken.name == "mixed.zip")
    (settings.documents / mixed.name).write_bytes(mixed.data)
    first = build_index(settings.documents, settings, HashEncoder)
    again = build_index(settings.documents, settings, HashEncoder)
    assert (first.added, len(first.unread)) == (("mixed.zip",), 2)
    assert (again.unchanged, again.embedded) == (1, 0)
    assert list(map(str, again.unread)) == list(map(str, first.unread))


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.docx"
    path.write_bytes(word("Before."))
    real = os.fstat

    def grow(descriptor: int) -> os.stat_result:
        found = real(descriptor)
        with path.open("ab") as file:
            file.write(b"more")
        return found

    monkeypatch.setattr(os, "fstat", grow)
    with pytest.raises(UnreadableDocument, match="the file changed while it was read; index again when it is complete"):
        documents.read_document(tmp_path, path, max_bytes=10**6)


# --- processes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    """Processes whose parser does what the file says."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    with Processes(Limits(seconds=20), worker="tests.hostile_worker") as processes:
        yield processes


@pytest.mark.skipif(sys.platform == "win32", reason="no signals and no limits")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("crash", r"made the parser crash \(SIGSEGV\), so it may be damaged; open it and save it anew"),
        ("exit", r"made the parser crash \(exit code 3\)"),
        ("greedy", r"takes more than 2048 MB of memory; split the file"),
        ("deep", r"it is nested too deeply, as a trap would be"),
        ("flaw", r"it is damaged, or a parser has a flaw \(KeyError\); open it and save it anew"),
        ("network", r"a parser has a flaw \(PermissionError\)"),
        ("nonsense", r"gave an answer that makes no sense \(1 flaws\)"),
    ],
)
def test_a_parser_that_fails_is_told_of_and_the_next_file_read(hostile: Processes, content: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        hostile.extract(content.encode(), "a.pdf")
    assert hostile.extract(b"good", "b.pdf").text.startswith("good ")


def test_a_parser_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    with (
        Processes(Limits(seconds=1.5), worker="tests.hostile_worker") as processes,
        pytest.raises(Unreadable, match=r"longer than 1\.5 s; split the file or raise the setting max_read_seconds"),
    ):
        processes.extract(b"hang", "a.pdf")


def test_what_a_parser_prints_is_no_answer(hostile: Processes) -> None:
    assert hostile.extract(b"print", "a.pdf").text.startswith("print ")


def test_one_process_reads_many_files(hostile: Processes) -> None:
    assert hostile.extract(b"one", "a").text.split()[1] == hostile.extract(b"two", "b").text.split()[1]


def test_no_process_stays_behind(hostile: Processes) -> None:
    number = int(hostile.extract(b"one", "a").text.split()[1])
    hostile.__exit__()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


@pytest.mark.parametrize("name", sorted(good()))
def test_files_with_any_bytes_altered_are_read_or_told_of(name: str, processes: Processes) -> None:
    """Nothing that altered bytes lead to is news to the module that reads the format."""
    random = Random(name)
    for _ in range(40):
        data = bytearray(good()[name])
        for _ in range(random.choice([1, 5, 25])):
            at = random.randrange(len(data))
            data[at : at + random.randrange(3)] = random.randbytes(random.randrange(3))
        _, said = said_of(Broken(name, bytes(data)), processes)
        assert "flaw" not in said, bytes(data)
        assert "crash" not in said, bytes(data)
