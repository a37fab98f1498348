"""What documents tell of themselves: front matter, files beside them, properties; filters by it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import documents, formats
from rag.building import build_index
from rag.config import Settings
from rag.generations import current_generation
from rag.index import Filters, Index
from rag.metadata import Metadata, of_front_matter, of_sidecar, says_something
from rag.types import Document
from tests.fakes import HashEncoder, write_documents

LETTER = "The ferry leaves the old harbour at noon. It takes ninety passengers and two cars."
HUGE = "0x" + "f" * 5000  # more digits than Python writes in decimal
BOMB = "---\na: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nauthor: *c\n---\n"


@pytest.mark.parametrize(
    ("block", "author", "tags"),
    [
        ("---\nauthor: Ada Lovelace\ntags: [sea, Ships]\n---", "Ada Lovelace", ("sea", "Ships")),
        ("---\nAuthors:\n  - Ada\n  - Bo\nkeywords: sea; ships, sea\n---", "Ada, Bo", ("sea", "ships")),
        ('+++\nauthor = "Ada"\ntags = ["#sea"]\n+++', "Ada", ("sea",)),
        ("---\nauthor: {name: Ada}\ntags: 5\n---", "", ("5",)),
        ("---\nauthor: [unclosed\n---", "", ()),
        ("---\n- a list\n---", "", ()),
        (BOMB.strip(), "", ()),
        ("---\nauthor: !!python/object/apply:os.system ['true']\n---", "", ()),
        ("+++\nauthor = \n+++", "", ()),
        ("---\n" + "[" * 5000 + "\n---", "", ()),
        *((f"---\nauthor: {value}\n---", "", ()) for value in ('!!int ""', '!!timestamp "x"', '!!bool "x"', HUGE)),
        (f"+++\nauthor = {HUGE}\n+++", "", ()),
    ],
)
def test_front_matter(block: str, author: str, tags: tuple[str, ...]) -> None:
    assert of_front_matter(block) == Metadata(author=author, tags=tags)


@given(st.text(), st.sampled_from(["---", "+++"]))
def test_front_matter_of_anything_is_read_or_not(text: str, rule: str) -> None:
    told = of_front_matter(f"{rule}\n{text}\n{rule}")
    assert all("\n" not in each for each in (told.author, *told.tags))


def test_a_sidecar() -> None:
    data = b'title = "A letter"\nauthor = ["Ada", "Bo"]\ndate = 2020-02-03\ntags = ["sea"]\n'
    assert of_sidecar(data) == Metadata("A letter", "Ada, Bo", dt.date(2020, 2, 3), ("sea",))
    assert of_sidecar(b'date = "3 February 2020"').date == dt.date(2020, 2, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"title = ", "Invalid value"),
        (b"title = " + b"[" * 50_000, "nested too deeply"),
        (b'titel = "x"', "unknown key 'titel'; known are: title, author, date, tags"),
        (b'date = "soon"', "'soon' is not a date like 2026-01-31"),
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_a_wrong_sidecar_says_what_is_wrong(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        of_sidecar(data)


def indexed(settings: Settings) -> dict[str, Document]:
    return dict(Index.load(current_generation(settings.index), settings).documents)


def test_what_stands_beside_a_file_goes_before_what_it_says_and_is_followed(small: Settings) -> None:
    write_documents(small.documents, {"a.md": f"---\ntitle: Inside\nauthor: Bo\n---\n\n{LETTER}\n", "b.txt": LETTER})
    build_index(small.documents, small, HashEncoder)
    assert indexed(small)["a.md"].author == "Bo"
    beside = small.documents / "a.md.meta.toml"
    beside.write_text('author = "Ada"\ntags = ["sea"]\n')
    encoder = HashEncoder()
    report = build_index(small.documents, small, lambda: encoder)
    assert (report.changed, report.unchanged, encoder.embedded) == (("a.md",), 1, [])
    beside.write_text('title = "Beside"\nauthor = "Ada"\ntags = ["sea"]\n')
    report = build_index(small.documents, small, lambda: encoder)
    assert (report.changed, encoder.embedded) == (("a.md",), [f"Beside\n{LETTER}"])
    found = indexed(small)["a.md"]
    assert (found.title, found.author, found.tags) == ("Beside", "Ada", ("sea",))
    assert build_index(small.documents, small, HashEncoder).unchanged == 2
    beside.write_text("title = \n")
    report = build_index(small.documents, small, HashEncoder)
    assert [str(problem).partition(" (")[0] for problem in report.unread] == [
        "a.md: a.md.meta.toml cannot be read: Invalid value"
    ]
    beside.unlink()
    build_index(small.documents, small, HashEncoder)
    assert indexed(small)["a.md"].title == "Inside"


def test_properties_of_files_are_told(tmp_path: Path) -> None:
    page = (
        "<html><head><title>Harbours</title><meta name='author' content='Ada Lovelace'>"
        "<meta name='keywords' content='sea, ships'></head>"
        f"<body><article><p>{LETTER} {LETTER}</p></article></body></html>"
    )
    head = "From: Ada <ada@example.org>\nSubject: Harbours\nKeywords: sea, ships\nDate: Mon, 3 Feb 2020 10:00:00 +0000"
    mail = f"{head}\n\n{LETTER}\n"
    for name, data in {"page.html": page, "letter.eml": mail}.items():
        (tmp_path / name).write_text(data)
        found = documents.read_document(tmp_path, tmp_path / name, max_bytes=10**6, extract=formats.extract)
        assert "Ada" in found.author
        assert found.tags == ("sea", "ships"), name


@pytest.mark.parametrize(
    ("title", "file_name", "expected"),
    [
        ("Microsoft Word - x.docx", "y.pdf", False),
        ("Microsoft Word - Annual report", "y.pdf", True),
        ("untitled", "y.pdf", False),
        ("Untitled Document 3", "y.html", False),
        ("Document1", "y.docx", False),
        ("Layout 1", "y.pdf", False),
        ("Uten tittel", "y.odt", False),
        ("Презентация PowerPoint", "y.pptx", False),
        ("无标题文档", "y.docx", True),  # as one word it is not known
        ("无标题", "y.docx", False),
        ("scan-0001", "y.pdf", False),
        ("2024-01-05", "y.pdf", False),
        ("", "y.pdf", False),
        ("…", "y.pdf", False),
        ("C:\\reports\\final", "y.pdf", False),
        ("file:///tmp/x.html", "y.html", False),
        ("q3_final", "Q3_final.pdf", False),
        ("q3_final.pdf", "q3_final.pdf", False),
        ("Annual report 2024", "annual-report-2024.pdf", True),
        ("Apollo 11", "y.html", True),
        ("Москва", "y.html", True),
        ("Document retention", "y.html", True),
        ("AC/DC live", "y.html", True),
    ],
)
def test_titles_that_say_something(title: str, file_name: str, expected: bool) -> None:
    assert says_something(title, file_name) is expected


@pytest.mark.parametrize(
    ("name", "text", "beside", "expected"),
    [
        ("a.txt", LETTER, "", False),
        ("a.txt", LETTER, 'title = "Harbours"', True),
        ("a.txt", LETTER, 'title = "a"', False),
        ("a.txt", f"Harbours\n\n{LETTER}", "", False),
        ("a.md", f"---\ntitle: Harbours\n---\n\n{LETTER}", "", True),
        ("a.md", f"# Harbours\n\n{LETTER}", "", True),
        ("a.md", f"{LETTER}\n\n# Harbours\n\n{LETTER}", "", False),
        ("a.html", f"<title>Harbours</title><p>{LETTER}</p>", "", True),
        ("a.html", f"<title>Untitled document</title><p>{LETTER}</p>", "", False),
        ("a.json", f'{{"title": "Harbours", "text": "{LETTER}"}}', "", True),
    ],
)
def test_a_title_that_is_told_is_known_from_one_that_is_not(
    tmp_path: Path, name: str, text: str, beside: str, expected: bool
) -> None:
    (tmp_path / name).write_text(text)
    if beside:
        (tmp_path / f"{name}.meta.toml").write_text(beside)
    found = documents.read_document(tmp_path, tmp_path / name, max_bytes=10**6, extract=formats.extract)
    assert found.is_titled is expected
    assert found.title


def test_filters() -> None:
    document = Document("a", "A", None, "en", "", Path("a"), "", author="Ada Lovelace", tags=("Sea", "ships"))
    for author, tag, expected in [
        ("ada", None, True),
        ("LOVELACE ada", None, True),
        ("bo", None, False),
        (None, "sea", True),
        (None, "se", False),
        ("ada", "ships", True),
    ]:
        assert Filters(author=author, tag=tag).match(document) is expected
