"""What stays together in passages, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import markdown
from rag.passages import context_of, split_document
from rag.types import Document, Passage, Place, Span

PROSE = "The ferry left the old harbour at dawn and came back late at night. "


def count(texts: Sequence[str]) -> list[int]:
    return [len(text) // 3 for text in texts]


def document(text: str, *, title: str = "") -> Document:
    marked = markdown.structure(text)
    item = Document("a.md", title, None, "en", text, Path("a.md"), "", places=marked.places, code=marked.code)
    return replace(item, is_titled=bool(title))


def split(item: Document, size: int = 80) -> list[Passage]:
    return split_document(item, size=size, overlap=0, capacity=500, count_tokens=count)


KEPT = {
    "a list with the line before it": "You need three:\n\n- a long rope\n- a lantern with oil\n  and a wick\n- bread",
    "a numbered list": "Do this:\n1. open the valve\n2. wait. Then wait more.\n3. close the valve",
    "code with the line before it": "Start it so:\n\n```sh\npump --start\n\npump --status\nif x; then\n  y\nfi\n```",
    "a table": "| part | price |\n| --- | --- |\n| screw | 5 |\n| nut | 3 |\n| bolt | 8 |",
    "a quotation": "> The sea was calm. Nobody spoke.\n> The lamp went out.\n> We waited.",
    "a heading with what follows": "## The engine room\n\nIt is below the deck.",
}


@pytest.mark.parametrize("kind", KEPT)
def test_what_belongs_together_stays_in_one_passage(kind: str) -> None:
    for sentences in range(1, 12):
        text = f"{PROSE * sentences}\n\n{KEPT[kind]}\n\n{PROSE * (9 - sentences % 7)}"
        passages = split(document(text))
        assert len(passages) > 1
        assert [kind for each in passages if KEPT[kind].strip("| ") in each.text] == [kind], sentences


def test_a_list_longer_than_a_passage_is_cut_between_its_items() -> None:
    items = [f"- item {number} is of some length. It has two sentences." for number in range(30)]
    passages = split(document("All of them:\n" + "\n".join(items)))
    assert len(passages) > 3
    assert all(each.text.startswith(("- ", "All")) and each.text.endswith("sentences.") for each in passages)


def test_a_passage_rather_ends_before_a_section_than_in_it() -> None:
    text = "\n\n".join(f"## Part {number}\n\n{PROSE * (7 + number % 3)}" for number in range(12))
    item = document(text)
    known, unknown = split(item, 160), split(replace(item, places=()), 160)
    begun = [sum(each.text.startswith("## Part") for each in passages) for passages in (known, unknown)]
    assert begun[0] > begun[1]
    assert len(known) <= len(unknown) + 2


def test_headings_go_with_their_passages_and_stay_out_of_their_text() -> None:
    text = f"# Ferries\n\n{PROSE * 9}\n\n## Winter\n\n{PROSE * 20}"
    item = document(text, title="A handbook")
    passages = split(item)
    assert [each.context for each in passages][:2] == ["A handbook\n", "A handbook › Ferries\n"]
    assert passages[-1].context == "A handbook › Ferries › Winter\n"
    assert "Winter" not in passages[-1].text
    assert all(item.text[each.start : each.end] == each.text for each in passages)
    assert all(each.context == context_of(item, Span(each.start, each.end)) for each in passages)


def test_a_name_is_said_once_and_a_long_path_is_cut_above() -> None:
    names = ["6.2. apt-get , and apt", "6.2. apt-get, and apt", *(f"{number} {'x' * 40}" for number in range(5))]
    places = [Place("heading", 0, 10, name=name, within=number - 1) for number, name in enumerate(names[1:])]
    item = Document("a", names[0], None, "en", "some text.", Path("a"), "", places=tuple(places), is_titled=True)
    assert context_of(item, Span(5, 10)) == f"3 {'x' * 40} › 4 {'x' * 40}\n"
    assert context_of(replace(item, places=tuple(places[:1])), Span(5, 10)) == "6.2. apt-get, and apt\n"


def test_a_title_goes_with_passages_where_there_are_no_headings() -> None:
    item = document(PROSE * 20, title="A handbook of ferries")
    passages = split(item)
    assert len(passages) > 2
    assert {each.context for each in passages} == {"A handbook of ferries\n"}
    assert {each.context for each in split(replace(item, is_titled=False))} == {""}
    begun = split(document(f"A handbook of ferries\n\n{PROSE * 20}", title="A handbook of ferries"))
    assert [each.context for each in begun[:2]] == ["", "A handbook of ferries\n"]


def test_a_title_that_was_not_told_stands_above_no_heading() -> None:
    item = document(f"Intro.\n\n# Ferries\n\n{PROSE * 9}\n\n# Winter\n\n{PROSE * 9}", title="Intro.")
    assert split(replace(item, is_titled=False))[-1].context == "Winter\n"


def test_the_name_of_a_record_goes_with_those_passages_that_do_not_have_it() -> None:
    texts = [f"id: {number}\n{PROSE * 9}name: Screw {number}\n{PROSE * 9}" for number in range(2)]
    ends = [len(texts[0]), len(texts[0] + texts[1])]
    places = [
        Place("record", start, end, number, f"Screw {number}")
        for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False))
    ]
    item = Document("a.json", "", None, "en", "".join(texts), Path("a.json"), "", places=tuple(places))
    for each in split(item):
        name = f"Screw {int(each.start >= ends[0])}"
        assert each.context == ("" if name in each.text else f"{name}\n")


LINES = st.lists(
    st.sampled_from(
        [
            "- one",
            "* two. Three.",
            "a = b. c",
            "if x:",
            "Text. More text.",
            "",
            "  indented",
            "| a | b |",
            "```",
            "> said",
            "# H",
            "字。字",
        ]
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None)
@given(LINES, st.integers(16, 60))
def test_no_line_of_code_is_cut_and_nothing_is_lost(lines: list[str], size: int) -> None:
    item = document("\n".join(lines))
    passages = split(item, size)
    covered = {at for each in passages for at in range(each.start, each.end)}
    assert all(at in covered or character.isspace() or character == "|" for at, character in enumerate(item.text))
    for code in item.code:
        for each in passages:
            for edge in (each.start, each.end):
                if code.start < edge < code.end:
                    around = item.text[:edge].rpartition("\n")[2], item.text[edge:].partition("\n")[0]
                    assert not all(half.strip() for half in around)
