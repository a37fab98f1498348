"""The headings of PDFs, as their sections travel over pages and with passages; and lines that only look like one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import structure
from rag.documents import read_document
from rag.formats import Extract, Limits
from rag.formats.pdf_headings import Heading, Title, headings
from rag.formats.pdf_layout import Line
from rag.formats.reading import extract
from rag.passages import split_document
from rag.places import label, place_of
from rag.types import Document, Span
from tests import made_files as made
from tests.test_formats import assert_sound

TEXT = 11.0
PROSE = [
    (TEXT, "The ferry leaves the old harbour at dawn, and it comes back from the"),
    (TEXT, "islands late at night."),
]
MANUAL = [
    [(24.0, "The manual of the ferry"), (16.0, "Before the voyage"), *PROSE, (13.0, "Ropes"), *PROSE],
    [*PROSE, (13.0, "Lanterns and"), (13.0, "what they burn"), *PROSE],
    [(16.0, "At sea"), *PROSE],
]
SECTIONS = [
    "page 1, The manual of the ferry › Before the voyage",
    "page 1, The manual of the ferry › Before the voyage › Ropes",
    "page 2, The manual of the ferry › Before the voyage › Ropes",
    "page 2, The manual of the ferry › Before the voyage › Lanterns and what they burn",
    "page 3, The manual of the ferry › At sea",
]


def read(data: bytes) -> Extract:
    return extract(data, "a.pdf", Limits())


def document(found: Extract) -> Document:
    return Document("a.pdf", "", None, "en", found.text, Path("a.pdf"), "", places=found.places)


def sections(found: Extract) -> list[str]:
    """Return where each paragraph of prose stands, as people say it."""
    of = document(found)
    starts = [place for place in range(len(of.text)) if of.text.startswith("The ferry leaves", place)]
    return [label(place_of(of, Span(start, start + 1))) for start in starts]


def count(texts: Sequence[str]) -> list[int]:
    return [len(text) // 3 for text in texts]


def test_larger_lines_are_headings_whose_sections_go_on_over_pages() -> None:
    found = read(made.titled_pdf(MANUAL))
    assert sections(found) == SECTIONS
    assert_sound(found)


def test_bookmarks_name_headings_of_any_size() -> None:
    pages = [[(TEXT, text) for _, text in page] for page in MANUAL]
    bookmarks = [
        (0, 0, "The manual of the ferry"),
        (0, 1, "1 Before the voyage"),
        (0, 2, "1.1. ROPES"),
        (1, 2, "1.2 Lanterns and what they burn"),
        (2, 1, "At sea"),
        (2, 1, "An entry that names nothing there"),
    ]
    found = read(made.titled_pdf(pages, bookmarks))
    assert sections(found) == SECTIONS
    assert_sound(found)


def test_bookmarks_that_only_number_pages_are_no_headings() -> None:
    found = read(made.titled_pdf(MANUAL, [(number, 0, f"Page {number + 1}") for number in range(3)]))
    assert sections(found) == SECTIONS


def test_passages_know_the_headings_that_stand_on_an_earlier_page() -> None:
    pages = [[(16.0, "Ropes"), *PROSE], [*PROSE] * 20, [(16.0, "Lanterns"), *PROSE]]
    of = document(read(made.titled_pdf(pages)))
    passages = split_document(of, size=80, overlap=0, capacity=500, count_tokens=count)
    assert len(passages) > 3
    for passage in passages[1:-1]:
        assert passage.context == "Ropes\n"
    assert passages[-1].text.startswith("Lanterns")
    starts = [of.text.index("Ropes"), of.text.index("Lanterns")]
    assert structure.headings(of) == frozenset(starts)  # the second page begins with none


@pytest.mark.parametrize(
    "line",
    [
        (40.0, "T"),  # that a text begins with
        (30.0, "75 %"),
        (14.0, "A sentence that is set in larger type, to be read first."),
        (14.0, " ".join(["A long introduction in larger type that has"] * 5)),
        (12.0, "Hardly any larger"),
    ],
)
def test_what_is_large_and_no_heading(line: tuple[float, str]) -> None:
    found = read(made.titled_pdf([[line, *PROSE * 15]]))
    assert [place.kind for place in found.places] == ["page"]


def test_where_most_is_large_size_says_nothing() -> None:
    poster = [(60.0, "Come"), (30.0, "to the ferry"), (TEXT, "The board of the old harbour")]
    assert [place.kind for place in read(made.titled_pdf([poster])).places] == ["page"]


def test_a_scan_between_text_and_a_page_of_nothing() -> None:
    found = read(made.titled_pdf([MANUAL[0], [], MANUAL[1]]))
    assert sections(found)[2] == SECTIONS[2].replace("page 2", "page 3")
    assert_sound(found)


def test_documents_have_sections_of_pdfs(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(made.titled_pdf(MANUAL))
    read_back = read_document(tmp_path, path, max_bytes=10**6)
    assert [each.name for each in read_back.places if each.kind == "heading"][:3] == [
        "The manual of the ferry",
        "Before the voyage",
        "Ropes",
    ]


lines_drawn = st.lists(
    st.builds(
        lambda size, text, top: Line(text, 60, top - size, 300, top, (), size, 20),
        st.sampled_from([0.0, 8.0, 10.0, 12.0, 18.0]),
        st.sampled_from(["Ropes", "of", "", "12", "a long line of prose that goes on and on over the page", "–"]),
        st.floats(0, 800),
    ),
    max_size=12,
)
titles = st.lists(
    st.builds(Title, st.integers(0, 4), st.integers(1, 9), st.sampled_from(["Ropes", "", "1 Ropes of", "x"]))
)


@given(st.lists(lines_drawn, max_size=4), titles)
def test_headings_are_runs_of_lines_apart_and_in_order(pages: list[list[Line]], outline: list[Title]) -> None:
    found = headings(pages, outline)
    assert len(found) == len(pages)
    for page, own in zip(pages, found, strict=True):
        for heading, after in pairwise([*own, Heading(len(page), len(page), 1)]):
            assert 0 <= heading.first < heading.end <= after.first
            assert 1 <= heading.level <= 6
            assert any(map(str.isalnum, "".join(line.text for line in page[heading.first : heading.end])))
