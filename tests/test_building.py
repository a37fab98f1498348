"""Building an index: what is taken over, what is removed, and what survives when it goes wrong."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import citations, documents, languages
from rag.building import build_index
from rag.config import Settings
from rag.errors import DamagedIndex, DocumentsError, IncompatibleIndex, IndexNotWritable, MissingIndex, ModelError
from rag.generations import building, current_generation
from rag.index import Index, hashes_of_documents, load_traces, products_of
from rag.models import sha256_of
from rag.pipeline import Pipeline
from rag.types import Citation, Document
from tests.fakes import HashEncoder, build, write_documents

ROOT = Path(__file__).parent.parent
BEFORE = {
    "a.txt": "Samsung produces chips in Seoul. They are very fast.",
    "b.txt": "The city council met on Monday. It decided nothing.",
    "c.txt": "Компания купила новые чипы. Цена неизвестна.",
}
AFTER = BEFORE | {"b.txt": "The city council met on Friday. It decided to build a bridge."}


class Loads:
    """Loads an encoder, and tells how often it has been asked to."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Event()

    def __call__(self) -> HashEncoder:
        self.count += 1
        self.begun.set()
        return HashEncoder()


def load(settings: Settings) -> Index:
    return Index.load(current_generation(settings.index), settings)


def texts(index: Index) -> dict[str, str]:
    return {document.id: document.text for document in index.contents.documents}


def found(index: Index, question: str) -> str:
    """Return the best passage for a question."""
    query = HashEncoder().embed_queries([question])[0]
    return index.search(question, query, 1, lexical_weight=0.3)[0].passage.text


# --- taking over ------------------------------------------------------------------------------------------------------


def test_the_first_build_embeds_everything(small: Settings) -> None:
    encoder = HashEncoder()
    report = build(small, BEFORE, encoder)
    assert report.added == ("a.txt", "b.txt", "c.txt")
    assert (report.changed, report.removed, report.unchanged, report.problems) == ((), (), 0, ())
    assert (report.passages, report.embedded) == (3, 3)
    assert sorted(encoder.embedded) == sorted(BEFORE.values())
    assert report.folder == current_generation(small.index)
    assert texts(load(small)) == BEFORE


def test_building_again_changes_nothing_and_loads_no_encoder(small: Settings) -> None:
    first = build(small, BEFORE)
    files = {path: path.stat().st_mtime_ns for path in small.index.rglob("*") if path.is_file()}
    loads = Loads()
    report = build_index(small.documents, small, loads)
    assert not loads.begun.is_set()
    assert (report.added, report.changed, report.removed, report.unchanged, report.embedded) == ((), (), (), 3, 0)
    assert report.folder == first.folder
    assert {path: path.stat().st_mtime_ns for path in small.index.rglob("*") if path.is_file()} == files


@pytest.mark.parametrize("write", [os.utime, lambda path: path.unlink()], ids=["touched", "removed"])
def test_no_encoder_is_loaded_where_nothing_new_is_to_be_read(small: Settings, write: Callable[[Path], None]) -> None:
    build(small, BEFORE)
    time.sleep(0.05)
    write(small.documents / "b.txt")
    loads = Loads()
    build_index(small.documents, small, loads)
    assert not loads.begun.is_set()


@pytest.mark.parametrize("name", ["b.txt", "d.txt"])
def test_the_encoder_is_loaded_before_what_is_new_is_read(
    small: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    build(small, BEFORE)
    time.sleep(0.05)
    (small.documents / name).write_text("New words about whales.")
    loads, read = Loads(), documents.read_document

    def read_once_begun(*arguments: Any, **options: Any) -> Document:
        assert loads.begun.wait(30)
        return read(*arguments, **options)

    monkeypatch.setattr(documents, "read_document", read_once_begun)
    report = build_index(small.documents, small, loads)
    assert (*report.added, *report.changed) == (name,)
    assert loads.count == 1


def test_an_encoder_that_cannot_be_loaded_is_told_once_it_is_needed(small: Settings) -> None:
    def fail() -> HashEncoder:
        raise ModelError("there is no such model")

    first = build(small, BEFORE)
    write_documents(small.documents, AFTER)
    with pytest.raises(ModelError, match="there is no such model"):
        build_index(small.documents, small, fail)
    assert current_generation(small.index) == first.folder
    write_documents(small.documents, BEFORE)
    assert build_index(small.documents, small, fail).unchanged == 3


def test_hashes_at_a_glance_are_those_of_documents_alone(small: Settings) -> None:
    report = build(small, BEFORE | {"d.txt": f'A record of {{"sha256": "{"0" * 64}"}} and no more.'})
    assert hashes_of_documents(report.folder) == {sha256_of(path) for path in small.documents.iterdir()}


def test_one_changed_file_embeds_only_its_passages(small: Settings) -> None:
    build(small, BEFORE)
    before, encoder = load(small), HashEncoder()
    report = build(small, AFTER, encoder)
    assert encoder.embedded == [AFTER["b.txt"]]
    assert (report.changed, report.embedded, report.unchanged) == (("b.txt",), 1, 2)
    after = load(small)
    assert texts(after) == AFTER
    for row in (0, 2):
        assert np.array_equal(after.store.vectors(np.array([row])), before.store.vectors(np.array([row])))
    assert "Friday" in found(after, "When did the council meet, on Friday?")


def test_removed_added_and_renamed_files(small: Settings) -> None:
    build(small, BEFORE)
    encoder = HashEncoder()
    renamed = {"a.txt": BEFORE["a.txt"], "z.txt": BEFORE["b.txt"], "d.txt": "New words about whales."}
    report = build(small, renamed, encoder)
    assert (report.added, report.removed, report.unchanged) == (("d.txt",), ("c.txt",), 1)
    assert report.moved == (("b.txt", "z.txt"),)
    assert encoder.embedded == ["New words about whales."]
    assert texts(load(small)) == renamed


def test_a_folder_that_is_renamed_is_not_even_read(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write_documents(small.documents / "2024" / "letters", BEFORE)
    build_index(small.documents, small, HashEncoder)
    (small.documents / "2024" / "letters").rename(small.documents / "archive")

    def never(*_: object, **__: object) -> None:
        raise AssertionError("nothing is read")

    monkeypatch.setattr(documents, "read_document", never)
    report = build_index(small.documents, small, HashEncoder)
    assert report.moved == tuple((f"2024/letters/{name}", f"archive/{name}") for name in BEFORE)
    assert (report.added, report.removed, report.unchanged, report.embedded) == ((), (), 0, 0)
    assert texts(load(small)) == {f"archive/{name}": text for name, text in BEFORE.items()}


def test_a_name_that_tells_something_is_read_again(small: Settings) -> None:
    (small.documents / "2024-01-01").mkdir(parents=True)
    (small.documents / "2024-01-01" / "a.txt").write_text(BEFORE["a.txt"])
    build_index(small.documents, small, HashEncoder)
    (small.documents / "2024-01-01").rename(small.documents / "2025-02-02")
    encoder = HashEncoder()
    report = build_index(small.documents, small, lambda: encoder)
    assert report.moved == (("2024-01-01/a.txt", "2025-02-02/a.txt"),)
    assert encoder.embedded == []
    assert str(load(small).documents["2025-02-02/a.txt"].date) == "2025-02-02"


def test_only_the_new_passages_of_a_changed_file_are_embedded(small: Settings) -> None:
    rows = "name,price\n" + "".join(f"Part number {number} of the old engine,{number * 7}\n" for number in range(40))
    write_documents(small.documents, {"parts.csv": rows})
    build_index(small.documents, small, HashEncoder)
    write_documents(small.documents, {"parts.csv": rows.replace("number 17 of", "number 17b of")})
    encoder = HashEncoder()
    report = build_index(small.documents, small, lambda: encoder)
    assert (report.changed, report.passages, report.embedded) == (("parts.csv",), 40, 1)
    assert ["17b" in text for text in encoder.embedded] == [True]
    fresh = small.model_copy(update={"index": small.index.with_name("fresh")})
    build_index(small.documents, fresh, HashEncoder)
    assert same_vectors(load(small), load(fresh))


def test_a_file_is_hashed_only_when_it_may_have_been_written(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write_documents(small.documents, BEFORE)
    monkeypatch.setattr(documents, "SETTLED", 0)  # as if the files had been there for a while
    time.sleep(0.02)
    build_index(small.documents, small, HashEncoder)
    hashed: list[str] = []
    monkeypatch.setattr("rag.building.known.sha256_of", lambda path: hashed.append(path.name) or sha256_of(path))
    build_index(small.documents, small, HashEncoder)
    assert hashed == []
    path = small.documents / "b.txt"
    before = path.stat()
    path.write_text(BEFORE["b.txt"].replace("Monday", "Sunday"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # same size, same time of writing
    assert build_index(small.documents, small, HashEncoder).changed == ("b.txt",)
    assert hashed == ["b.txt"]


def test_a_file_that_was_just_written_is_hashed_next_time(small: Settings) -> None:
    """A change within the same tick of the file system's clock would not show."""
    build(small, BEFORE)
    assert (load_traces(current_generation(small.index)).signatures == -1).all()


def test_near_duplicates_are_told_and_kept_with_the_index(small: Settings) -> None:
    article = " ".join(f"Sentence {number} speaks of matter {number * 13} in the town." for number in range(30))
    contents = {"a.txt": article, "b.txt": f"2020-05-05\n\n# Title\n\n{article.upper()}\n", "c.txt": BEFORE["a.txt"]}
    report = build(small, contents)
    assert [(copy.document, copy.original) for copy in report.copies] == [("a.txt", "b.txt")], "the dated one is first"
    assert report.copies[0].likeness > 0.9
    assert {name: each.copy_of for name, each in load(small).documents.items()} == {
        "a.txt": "b.txt",
        "b.txt": "",
        "c.txt": "",
    }
    again = build(small, contents)
    assert (again.folder, again.copies) == (report.folder, report.copies)
    encoder = HashEncoder()
    report = build(small, {name: text for name, text in contents.items() if name != "b.txt"}, encoder)
    assert (report.copies, report.unchanged, encoder.embedded) == ((), 2, [])
    assert load(small).documents["a.txt"].copy_of == ""


def test_what_was_embedded_before_an_interruption_is_not_embedded_again(small: Settings) -> None:
    build(small, BEFORE)
    letters = {f"{number}.txt": f"Letter {number} says that {number * 7} ships came." for number in range(700)}
    contents = BEFORE | letters
    write_documents(small.documents, contents)
    first, second = HashEncoder(), HashEncoder()

    def interrupt(stage: str, done: int, _: int) -> None:
        if stage == "embedding" and done > 600:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_index(small.documents, small, lambda: first, interrupt)
    assert texts(load(small)) == BEFORE
    kept = sorted((small.index / "embedded").iterdir())
    kept[0].write_bytes(kept[0].read_bytes()[:-1])  # as if the machine had gone down
    report = build_index(small.documents, small, lambda: second)
    assert len(first.embedded) + len(second.embedded) < 700 + 2 * 256 + 40
    assert report.embedded == len(second.embedded) < 700
    assert texts(load(small)) == contents
    assert {path.name for path in small.index.iterdir()} == {"CURRENT", "generations", ".lock"}
    fresh = small.model_copy(update={"index": small.index.with_name("fresh")})
    build_index(small.documents, fresh, HashEncoder)
    assert same_vectors(load(small), load(fresh))


def same_vectors(one: Index, other: Index) -> bool:
    rows = np.arange(len(one.contents.passages))
    return (
        one.contents.documents == other.contents.documents
        and np.array_equal(one.contents.passages, other.contents.passages)
        and np.array_equal(one.contents.sentences, other.contents.sentences)
        and np.array_equal(one.contents.sentence_vectors, other.contents.sentence_vectors)
        and np.array_equal(one.store.vectors(rows), other.store.vectors(rows))
    )


def test_taking_over_gives_what_building_anew_gives(small: Settings, tmp_path: Path) -> None:
    for contents in [BEFORE, {"0.txt": "First of all. Then more."} | AFTER, {"0.txt": "x y z."} | BEFORE, AFTER]:
        build(small, contents)
    fresh = Settings(documents=small.documents, index=tmp_path / "fresh")
    build(fresh, AFTER)
    one, other = load(small), load(fresh)
    assert same_vectors(one, other)


ARTICLE = " ".join(
    f"In {year} the harbour of Ashford took {year * 7} ships and {year / 10} tons." for year in range(1990, 2002)
)
TEXTS = [
    *BEFORE.values(),
    "# Prices\n\nThe ship cost $14 million in 2025.\n\n- It left on 3 May.\n- It had 250 containers.\n",
    "date: 2025-03-04\n\nSelskapet sier følgende. “We have spent 3 billion dollars on chips, and on ships.”",
    ARTICLE,
    ARTICLE.replace("1995", "1895"),
    f"date: 2020-01-02\n\n{ARTICLE}",
    f"---\ntitle: a\n---\n\n{ARTICLE}",  # which says nothing of a file that has that name, and something of others
]
NAMES = ["a.txt", "b.txt", "b.md", "one/a.txt", "two/a.txt", "two/2024-05-06 c.txt"]
STATES = st.lists(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(TEXTS), min_size=1), min_size=2, max_size=4)


@given(STATES)
@hypothesis.settings(max_examples=20, deadline=None)
def test_bringing_up_to_date_gives_what_building_anew_gives(states: list[dict[str, str]]) -> None:
    """Files come, go, change, move, and are the same as others, or nearly."""
    with tempfile.TemporaryDirectory() as work:
        kept, anew = (Settings(documents=Path(work, "documents"), index=Path(work, name)) for name in ("kept", "anew"))
        for contents in states:
            hold(kept.documents, contents)
            report = build_index(kept.documents, kept, HashEncoder)
        fresh = build_index(anew.documents, anew, HashEncoder)
        assert (report.copies, report.documents, report.passages) == (fresh.copies, fresh.documents, fresh.passages)
        assert_same(load(kept), load(anew))


def test_what_reading_needs_is_loaded_ahead_where_a_file_is_newer(
    small: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(languages, "load", lambda: loaded.append("languages"))
    build(small, BEFORE)
    assert build_index(small.documents, small, HashEncoder).unchanged == 3
    assert len(loaded) == 1
    soon = time.time() + 10
    os.utime(small.documents / "a.txt", (soon, soon))
    assert build_index(small.documents, small, HashEncoder).unchanged == 3
    assert len(loaded) == 2


def test_one_change_among_many_works_nothing_else_out_again(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = {f"{number:02}.txt": f"{text} It is number {number}." for number, text in enumerate(TEXTS * 3)}
    build(small, contents)
    lengths = []
    monkeypatch.setattr("rag.index.products_of", lambda rows: lengths.append(len(rows)) or products_of(rows))
    del contents["05.txt"]
    build(small, contents | {"03.txt": "Another text altogether.", "99.txt": contents["00.txt"]})
    fresh = small.model_copy(update={"index": small.index.with_name("fresh")})
    assert 0 < sum(lengths) < 20 < len(load(small).contents.passages)
    build_index(fresh.documents, fresh, HashEncoder)
    assert_same(load(small), load(fresh))


def hold(folder: Path, contents: dict[str, str]) -> None:
    """Make a folder hold these files and no others, those that stay what they are untouched."""
    folder.mkdir(exist_ok=True)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        if contents.get(path.relative_to(folder).as_posix()) != path.read_text("utf-8"):
            path.unlink()
    for name, text in contents.items():
        path = folder / name
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")


def assert_same(one: Index, other: Index) -> None:
    """Check that two indexes hold the same and answer the same."""
    assert same_vectors(one, other)
    assert one.contents.languages.tolist() == other.contents.languages.tolist()
    assert np.array_equal(load_traces(one.folder).sketches, load_traces(other.folder).sketches)
    for name in (
        "documents.jsonl",
        "figures/found.jsonl",
        "figures/values.json",
        "figures/firsts.npy",
        "figures/rows.npy",
    ):
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes(), name
    for name in ("moments.npz", "vectors.faiss", "passages.npy", "sentences.npy"):
        assert (one.folder / name).read_bytes() == (other.folder / name).read_bytes(), name
    for question in ("Which ships came in 1995?", "Цена чипов", "Who spent $14 million on 250 containers?"):
        query = HashEncoder().embed_queries([question])[0]
        assert one.search(question, query, 9, lexical_weight=1) == other.search(question, query, 9, lexical_weight=1)


def test_a_folder_that_moved_is_followed_without_embedding(small: Settings, tmp_path: Path) -> None:
    build(small, BEFORE)
    small.documents.rename(tmp_path / "moved")
    encoder = HashEncoder()
    build_index(tmp_path / "moved", small, lambda: encoder)
    assert encoder.embedded == []
    assert {document.path.parent for document in load(small).contents.documents} == {tmp_path / "moved"}


def test_the_index_does_not_depend_on_the_working_folder(small: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write_documents(small.documents, BEFORE)
    monkeypatch.chdir(small.documents.parent)
    build_index(Path(small.documents.name), small, HashEncoder)
    assert all(document.path.is_absolute() for document in load(small).contents.documents)


def test_documents_without_words_are_indexed(small: Settings) -> None:
    build(small, {"a.txt": "🙂🙂 … 🙂"})
    assert found(load(small), "🙂") == "🙂🙂 … 🙂"


def test_stages_are_told_in_order(small: Settings) -> None:
    write_documents(small.documents, BEFORE)
    seen: list[tuple[str, int, int]] = []
    build_index(small.documents, small, HashEncoder, lambda *step: seen.append(step))
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == ["reading", "embedding", "writing"]
    for stage, total in [("reading", 3), ("embedding", 3), ("writing", 1)]:
        steps = [(done, of) for name, done, of in seen if name == stage]
        assert steps[0][0] == 0
        assert steps[-1] == (total, total)
        assert steps == sorted(steps)


# --- documents that cannot be read ------------------------------------------------------------------------------------


def test_what_cannot_be_read_is_told_and_the_rest_is_indexed(small: Settings) -> None:
    write_documents(small.documents, BEFORE)
    (small.documents / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (small.documents / "empty.txt").touch()
    report = build_index(small.documents, small, HashEncoder)
    assert sorted(problem.document_id for problem in report.problems) == ["binary.txt", "empty.txt"]
    assert texts(load(small)) == BEFORE


def test_names_that_are_not_utf_8_are_indexed_and_known_again(small: Settings) -> None:
    write_documents(small.documents, BEFORE)
    odd = os.path.join(os.fsencode(small.documents), b"caf\xe9 \xff\xfe.txt")  # noqa: PTH118 -- paths hold no bytes
    try:
        Path(os.fsdecode(odd)).write_text("The ferry leaves at noon.")
    except OSError:
        pytest.skip("the file system takes no such names")
    report = build_index(small.documents, small, HashEncoder)
    assert (report.added, report.problems) == (("a.txt", "b.txt", "c.txt", "caf\ufffd \ufffd\ufffd.txt"), ())
    document = load(small).documents["caf\ufffd \ufffd\ufffd.txt"]
    assert os.fsencode(document.path) == odd
    assert citations.verify(Citation(document.id, 4, 9, "ferry", document.sha256), document).verified
    (report.folder / "documents.jsonl").read_text("utf-8")
    assert build_index(small.documents, small, HashEncoder).unchanged == 4


def test_strict_stops_at_what_cannot_be_read(small: Settings) -> None:
    build(small, BEFORE)
    (small.documents / "empty.txt").touch()
    (small.documents / "a.txt").write_text("Something new.")
    with pytest.raises(DocumentsError, match=r"empty\.txt: the file is empty; the index is as it was"):
        build_index(small.documents, small, HashEncoder, strict=True)
    assert texts(load(small)) == BEFORE


def test_nothing_to_index_leaves_the_index_as_it_was(small: Settings) -> None:
    build(small, BEFORE)
    for contents in [{}, {"a.txt": "  \n"}]:
        write_documents(small.documents, contents)
        with pytest.raises(DocumentsError):
            build_index(small.documents, small, HashEncoder)
    with pytest.raises(DocumentsError, match="there is no folder"):
        build_index(small.documents / "nowhere", small, HashEncoder)
    assert texts(load(small)) == BEFORE


# --- other settings and versions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"model": "another/model"}, "encoder .* instead of another/model"),
        ({"passage_tokens": 100}, "passage_tokens 320 instead of 100"),
        ({"passage_style": "manual"}, "passage_overlap 0 instead of 60"),
    ],
)
def test_an_index_built_with_other_settings_is_refused(small: Settings, changed: dict, words: str) -> None:
    build(small, BEFORE)
    other = small.model_copy(update=changed)
    with pytest.raises(IncompatibleIndex, match=rf"other settings: .*{words}.*run `rag index`"):
        load(other)
    with pytest.raises(IncompatibleIndex):
        Pipeline(other, HashEncoder())
    encoder = HashEncoder()
    build(other, BEFORE, encoder)
    assert len(encoder.embedded) == 3  # nothing of the old one is taken over
    assert texts(load(other)) == BEFORE


@pytest.mark.parametrize("older", [{"format": 0}, {"format": None}, {}])
def test_an_index_of_another_version_is_refused_and_rebuilt(small: Settings, older: dict) -> None:
    folder = build(small, BEFORE).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    recipe = {name: value for name, value in manifest["recipe"].items() if name != "format"} | older
    (folder / "manifest.json").write_text(json.dumps(manifest | {"recipe": recipe, "version": "0.0.1"}))
    with pytest.raises(IncompatibleIndex, match=r"another version of this program .*0\.0\.1.*run `rag index`"):
        load(small)
    build(small, BEFORE)
    assert texts(load(small)) == BEFORE


# --- damage -----------------------------------------------------------------------------------------------------------


def index_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def test_every_damaged_file_is_recognised(small: Settings) -> None:
    folder = build(small, BEFORE).folder
    names = [path.relative_to(folder) for path in index_files(folder)]
    assert len(names) >= 12
    for name in names:
        content = (folder / name).read_bytes()
        damages = [content[:-1], content[: len(content) // 2], b""]
        if name.name != "manifest.json":
            damages += [
                content + b"\0",
                bytes([content[0] ^ 1]) + content[1:],
                content[:-1] + bytes([content[-1] ^ 128]),
            ]
        for damaged in damages:
            (folder / name).write_bytes(damaged)
            with pytest.raises(DamagedIndex, match=f"{name.name}.*run `rag index`"):
                load(small)
        (folder / name).unlink()
        with pytest.raises(DamagedIndex, match=f"{name.name}.*run `rag index`"):
            load(small)
        (folder / name).write_bytes(content)
    assert texts(load(small)) == BEFORE


@pytest.mark.parametrize(
    "content", ["null", "[]", "3", '"recipe version files"', '{"recipe": 1, "version": 1, "files": 1}']
)
def test_a_manifest_of_another_form_is_recognised(small: Settings, content: str) -> None:
    (build(small, BEFORE).folder / "manifest.json").write_text(content)
    with pytest.raises(DamagedIndex, match="rag index"):
        load(small)


def test_any_byte_of_the_manifest_may_be_wrong(small: Settings) -> None:
    path = build(small, BEFORE).folder / "manifest.json"
    content = path.read_bytes()
    for at in range(0, len(content), 17):
        path.write_bytes(content[:at] + bytes([content[at] ^ 5]) + content[at + 1 :])
        # Nothing depends on the date of the build and the counts; anything else is told.
        with suppress(DamagedIndex, IncompatibleIndex):
            assert texts(load(small)) == BEFORE


def test_a_damaged_index_is_built_anew(small: Settings) -> None:
    folder = build(small, BEFORE).folder
    (folder / "vectors.faiss").write_bytes(b"")
    encoder = HashEncoder()
    build(small, BEFORE, encoder)
    assert len(encoder.embedded) == 3
    assert texts(load(small)) == BEFORE


# --- crashes ----------------------------------------------------------------------------------------------------------


ENGLISH_BEFORE = {name: text for name, text in BEFORE.items() if name != "c.txt"}
ENGLISH_AFTER = {name: AFTER[name] for name in ENGLISH_BEFORE}


@pytest.fixture
def in_memory() -> Iterator[Path]:
    """A folder in memory where there is such a thing: hundreds of builds need not wait for a disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be killed")
def test_killed_at_any_step_the_index_from_before_still_answers(in_memory: Path) -> None:
    base = Settings(documents=in_memory / "documents", index=in_memory / "base")
    build(base, ENGLISH_BEFORE | {"b.txt": "Something older."})
    build(base, ENGLISH_BEFORE)
    write_documents(base.documents, ENGLISH_AFTER)
    subprocess.run([sys.executable, "-m", "tests.killed_builds", in_memory], cwd=ROOT, check=True, timeout=300)
    indexes = sorted(in_memory.glob("index-*"))
    states = [state_and_recovery(Settings(documents=base.documents, index=index)) for index in indexes]
    switched = states.index(ENGLISH_AFTER)
    assert switched > 30
    assert states == [ENGLISH_BEFORE] * switched + [ENGLISH_AFTER] * (len(states) - switched)


def state_and_recovery(settings: Settings) -> dict[str, str]:
    """Return what the index of a killed build holds, after checking that the next builds work and clean up."""
    index = load(settings)
    state = texts(index)
    assert found(index, "The city council met on") == state["b.txt"]
    report = build(settings, ENGLISH_AFTER)
    assert report.unchanged == (2 if state == ENGLISH_AFTER else 1)
    assert texts(load(settings)) == ENGLISH_AFTER
    build(settings, ENGLISH_AFTER | {"d.txt": "One more."})
    assert {path.name for path in settings.index.iterdir()} <= {"CURRENT", "generations", ".lock"}
    names = {path.name for path in (settings.index / "generations").iterdir()}
    assert names == {report.folder.name, current_generation(settings.index).name}
    write_documents(settings.documents, ENGLISH_AFTER)
    return state


def test_two_builds_at_once_are_told_apart(small: Settings) -> None:
    build(small, BEFORE)
    script = f"""
import sys
from pathlib import Path
from rag.building import build_index
from rag.config import Settings
from tests.fakes import HashEncoder
def wait(stage, done, total):
    if (stage, done) == ("writing", 0):
        print("writing", flush=True)
        sys.stdin.readline()
build_index(Path({str(small.documents)!r}), Settings(index=Path({str(small.index)!r})), HashEncoder, wait)
"""
    write_documents(small.documents, AFTER)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(IndexNotWritable, match="another `rag index`, or the Documents page"):
            build_index(small.documents, small, HashEncoder)
        assert texts(load(small)) == BEFORE
        other.communicate("\n", timeout=60)
    assert other.returncode == 0
    assert texts(load(small)) == AFTER


# --- disks ------------------------------------------------------------------------------------------------------------


def test_a_place_that_cannot_be_written_is_told(small: Settings, tmp_path: Path) -> None:
    write_documents(small.documents, BEFORE)
    (tmp_path / "file").touch()
    for index in [tmp_path / "file", tmp_path / "file" / "index", Path("/proc/index")]:
        with pytest.raises(IndexNotWritable, match=f"cannot write the index to {index}"):
            build_index(small.documents, small.model_copy(update={"index": index}), HashEncoder)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_files_that_cannot_grow_leave_the_old_index(small: Settings) -> None:
    build(small, BEFORE)
    write_documents(small.documents, AFTER)
    script = f"""
import resource
from pathlib import Path
from rag.building import build_index
from rag.config import Settings
from rag.errors import IndexNotWritable
from tests.fakes import HashEncoder
for limit in (0, 30, 150, 400, 800, 1500):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        build_index(Path({str(small.documents)!r}), Settings(index=Path({str(small.index)!r})), HashEncoder)
    except IndexNotWritable as error:
        print(error)
"""
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    messages = result.stdout.splitlines()
    assert len(messages) == 6
    assert all("free some space. The index from before is unharmed" in message for message in messages)
    assert texts(load(small)) == BEFORE
    assert len(list((small.index / "generations").iterdir())) == 1


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 400 kB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=400k", "tmpfs", disk], check=False).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the right to mount file systems")
def test_a_full_disk_leaves_the_old_index(small: Settings, tiny_disk: Path) -> None:
    settings = small.model_copy(update={"index": tiny_disk / "index"})
    build(settings, BEFORE)
    large = {f"{number}.txt": f"Sentence number {number} of many. " * 60 for number in range(60)}
    with pytest.raises(IndexNotWritable, match=r"free some space\. The index from before is unharmed"):
        build(settings, large)
    assert texts(load(settings)) == BEFORE
    build(settings, AFTER)
    assert texts(load(settings)) == AFTER


def test_no_index_is_told(small: Settings) -> None:
    with pytest.raises(MissingIndex, match="rag index"):
        Pipeline(small, HashEncoder())


def test_the_lock_is_free_after_a_failed_build(small: Settings) -> None:
    with pytest.raises(DocumentsError):
        build_index(small.documents, small, HashEncoder)
    build(small, BEFORE)
    (small.documents / "bad.txt").touch()
    with pytest.raises(DocumentsError):
        build_index(small.documents, small, HashEncoder, strict=True)
    with building(small.index):
        pass


def test_the_package_uses_no_pickle() -> None:
    for path in (ROOT / "rag").rglob("*.py"):
        words = path.read_text("utf-8").replace("allow_pickle=False", "")
        assert "pickle" not in words, path
        assert "joblib" not in words, path
        assert "torch.load" not in words, path
