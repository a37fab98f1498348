"""Headings and code of Markdown: cases by hand, and properties that hold for any text."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.documents import read_folder
from rag.markdown import structure


def headings(text: str) -> list[tuple[str, str]]:
    """Return each heading's path and the end of its section."""
    places = structure(text).places
    paths: list[str] = []
    for place in places:
        paths.append(f"{paths[place.within]}/{place.name}" if place.within >= 0 else place.name)
    return [(path, text[: place.end].split()[-1]) for path, place in zip(paths, places, strict=True)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "# One\na\n## Two\nb\n## Three\nc\n# Four\nd\n",
            [("One", "c"), ("One/Two", "b"), ("One/Three", "c"), ("Four", "d")],
        ),
        ("Title\n=====\n\na\n\nPart\n----\nb", [("Title", "b"), ("Title/Part", "b")]),
        ("### **Deep** [link](x) ##\na\n# `Top`", [("Deep link", "a"), ("Top", "`Top`")]),
        ("```sh\n# a comment\n```\n# One", [("One", "One")]),
        ("~~~\n# a comment\n```\n# another", []),
        ("a\nnot a title\n---\n- item\n---\n#hashtag\n    # code", []),
        ("| a | b |\n---", []),
        ("#", []),
    ],
)
def test_headings(text: str, expected: list[tuple[str, str]]) -> None:
    assert headings(text) == expected


def test_code() -> None:
    text = "a\n```sh\nrun\n~~~\n```\nb\n   ~~~~\nx\n~~~\n~~~~\n```\nopen \n"
    assert [text[start:end] for start, end in structure(text).code] == [
        "```sh\nrun\n~~~\n```",
        "   ~~~~\nx\n~~~\n~~~~",
        "```\nopen",
    ]


def test_front_matter_is_passed_over() -> None:
    text = "---\n# a comment\ntitle: x\n---\n# One\n"
    assert [place.name for place in structure(text, text.index("# One")).places] == ["One"]


@given(
    st.lists(
        st.sampled_from(["# ", "## ", "### ", "a", " ", "\n", "\n\n", "```", "~~~", "===", "---", "|", "é", "字"])
    ).map("".join)
)
@example("```")
@example("# a\n\n\n")
def test_places_and_code_lie_in_the_text(text: str) -> None:
    marked = structure(text)
    for number, place in enumerate(marked.places):
        assert 0 <= place.start < place.end <= len(text)
        assert text[place.start : place.end].rstrip() == text[place.start : place.end]
        around = marked.places[place.within] if place.within >= 0 else None
        assert place.within < number
        assert around is None or around.start < place.start < place.end <= around.end
    for before, after in pairwise(marked.places):
        assert before.start < after.start
    for span in marked.code:
        assert text[slice(*span)].strip()[:3] in ("```", "~~~")
    for one, other in pairwise(marked.code):
        assert one.end <= other.start


@pytest.mark.parametrize(("line", "name"), [("# a # #", "a"), ("#  C# ", "C"), ("# a\t##\t", "a"), ("# #", "")])
def test_marks_that_close_a_heading_are_no_part_of_it(line: str, name: str) -> None:
    assert [place.name for place in structure(f"{line}\n").places] == ([name] if name else [])


@pytest.mark.parametrize(
    "line", ["# a" + " " * 50_000 + "b", "# a " + "# " * 25_000 + "b", "---\ntitle: a" + " " * 50_000 + "b\n---"]
)
def test_time_is_linear(line: str, tmp_path: Path) -> None:
    started = time.process_time()
    assert structure(line) is not None
    (tmp_path / "a.md").write_text(f"{line}\n\nSome text.\n", "utf-8")
    (document,) = read_folder(tmp_path, max_bytes=1_000_000).documents
    assert document.title.startswith("a")
    assert time.process_time() - started < 5  # the cube of the length took days
