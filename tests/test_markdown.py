"""Headings and code of Markdown: cases by hand, and properties that hold for any text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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
