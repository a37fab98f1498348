"""What is taken along: Markdown that shows hostile text as it is, JSON, plain text, and questions that can be asked."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from rag.evaluation.questions import NEAR, read_lines, unlocated, unsound
from rag.exports import (
    TAG_TO_COMPLETE,
    TO_COMPLETE,
    answer_markdown,
    answer_plain,
    conversation_json,
    conversation_markdown,
    escaped,
    question_file,
)
from rag.history import Conversation, Rating, StoredTurn
from rag.records import answer_record
from rag.types import Answer, Citation, Place, Statement
from rag.untrusted import disarm
from tests.answers import DOCUMENTS, LEASE, a_disputed_answer, an_answer, answers, no_answer

NOON = dt.datetime(2026, 2, 1, 12, tzinfo=dt.UTC)
PLACE = "characters 0–44: “The lease of the flat ends on 31 March 2027.”"
MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = [
    "# heading",
    "1. list",
    "7) list",
    "- list",
    "+ list",
    "> quote",
    "a [link](javascript:alert(1)) and ![picture](http://x)",
    "<script>alert(1)</script> <http://x> &lt; &#60;",
    "*a* _b_ **c** ~~d~~ `e` $f$ ==g==",
    "[^1]: footnote [^2]",
    "[ref]: http://x",
    "| a | b |\n| - | - |\n| c | d |",
    "--- \n***",
    "title\n===",
    "    indented",
    "```\nfenced\n```",
    "~~~",
    "back\\slash \\* end\\",
    "line  \nbreak",
    ": definition",
    "@somebody fixes #12",
]


def conversation(turns: int = 1, title: str = "When does the lease end?", identity: str = "cabc") -> Conversation:
    return Conversation(identity, title, NOON, turns)


def turn(answer: Answer, number: int = 1, rating: Rating | None = None, reason: str | None = None) -> StoredTurn:
    return StoredTurn(number, answer, rating, reason, NOON)


def shown(markdown: str) -> list[tuple[str, str]]:
    """Return the blocks of a text as they are rendered, each with the words of it; fails on any mark-up inside."""
    tokens = MARKDOWN.parse(markdown)
    assert all(child.type == "text" for token in tokens for child in token.children or ()), tokens
    blocks = [token.type for token in tokens if token.nesting == 1]
    words = ["".join(child.content for child in token.children or ()) for token in tokens if token.type == "inline"]
    assert len(blocks) == len(words), tokens
    return list(zip(blocks, words, strict=True))


def in_one_line(text: str) -> str:
    return " ".join(disarm(text).split())


# --- Markdown ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    assert shown(escaped(text)) == [("paragraph_open", in_one_line(text))]
    assert shown(f"## {escaped(text)}") == [("heading_open", in_one_line(text))]


@given(st.text(alphabet=st.sampled_from("ab1 \n\\`*_{}[]()<>#+-.!|~&$^=:;/@\"'\t") | st.characters(codec="utf-8")))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    expected = in_one_line(text)
    assert shown(escaped(text)) == ([("paragraph_open", expected)] if expected else [])


@pytest.mark.parametrize("text", ["https://evil.example/x", "www.evil.example", "WWW.evil.example", "me@evil.example"])
def test_addresses_are_no_links(text: str) -> None:
    """As where addresses become links by themselves: each way of writing one is broken by a backslash."""
    assert re.search(r"\\[:.@]", escaped(text))
    assert shown(escaped(text)) == [("paragraph_open", text)]


def test_an_answer_as_markdown() -> None:
    assert answer_markdown(an_answer(), DOCUMENTS) == (
        "The lease of the flat ends on 31 March 2027. [^1]\n\n"
        f"[^1]: **Lease**, 2026-01-31, `letters/lease.md`, {PLACE}\n"
    )
    assert answer_markdown(no_answer(), DOCUMENTS) == "The documents do not say.\n"


def test_an_answer_as_plain_text() -> None:
    assert answer_plain(an_answer(), DOCUMENTS) == (
        f"The lease of the flat ends on 31 March 2027. [1]\n\n[1] Lease, 2026-01-31, letters/lease.md, {PLACE}\n"
    )
    assert answer_plain(no_answer(), DOCUMENTS) == "The documents do not say.\n"


def test_links_to_where_a_citation_can_be_opened() -> None:
    def link(citation: Citation) -> str:
        return f"http://127.0.0.1/d/{citation.document_id}#{citation.start} <x>"

    assert "**[Lease](<http://127.0.0.1/d/letters/lease.md#0%20%3Cx%3E>)**" in answer_markdown(
        an_answer(), DOCUMENTS, link
    )
    assert answer_plain(an_answer(), DOCUMENTS, link).endswith(" http://127.0.0.1/d/letters/lease.md#0 <x>\n")


def test_documents_that_are_gone_go_by_their_names() -> None:
    stale = replace(an_answer(), citations=(replace(an_answer().citations[0], verified=False),))
    line = answer_plain(stale, {}).splitlines()[-1]
    assert line == f"[1] letters/lease.md, undated, letters/lease.md, {PLACE} (no longer in the file)"


def test_hostile_documents_stay_within_their_footnote() -> None:
    name = "`evil``` <b>.md"
    places = (Place("sheet", 0, 9, name="**S** [x](y) \u202e"),)
    citation = Citation(name, 0, 9, "[x](y)\n\n# z \x1b\u202e", "", verified=True, places=places)
    document = replace(LEASE, id=name, title="*T*\n[^9]: x", date=None)
    answer = replace(an_answer(), statements=(Statement("<i>a</i>", (1,)),), citations=(citation,))
    lines = answer_markdown(answer, {name: document}).splitlines()
    assert lines[0] == r"\<i\>a\</i\> [^1]"
    assert lines[1:2] == [""]
    assert len(lines) == 3
    tokens = MARKDOWN.parse(lines[2].removeprefix("[^1]: "))
    kinds = Counter(child.type for token in tokens for child in token.children or ())
    assert kinds == {"strong_open": 1, "strong_close": 1, "code_inline": 1, "text": kinds["text"]}
    (code,) = [child.content for child in tokens[1].children or () if child.type == "code_inline"]
    assert code == name
    assert not {"\x1b", "\u202e"} & set(lines[2])
    assert not {"\x1b", "\u202e"} & set(answer_plain(answer, {name: document}))


def test_a_conversation_as_markdown() -> None:
    turns = [
        turn(an_answer()),
        turn(no_answer(), 2, "down", "it *does*"),
        turn(an_answer("And the rent?", completed="When does the lease end? And the rent?"), 3, "up"),
    ]
    assert conversation_markdown(conversation(3, "My <flat>"), turns, DOCUMENTS) == (
        r"# My \<flat\>" + "\n\n"
        "## When does the lease end?\n\n"
        "The lease of the flat ends on 31 March 2027. [^1]\n\n"
        "## How tall is Everest?\n\n"
        "The documents do not say.\n\n"
        r"Rated down: it \*does\*" + "\n\n"
        "## And the rent?\n\n"
        "*Understood as: When does the lease end? And the rent?*\n\n"
        "The lease of the flat ends on 31 March 2027. [^2]\n\n"
        "Rated up\n\n"
        f"[^1]: **Lease**, 2026-01-31, `letters/lease.md`, {PLACE}\n\n"
        f"[^2]: **Lease**, 2026-01-31, `letters/lease.md`, {PLACE}\n"
    )


@settings(deadline=None)
@given(st.lists(answers, max_size=3))
def test_every_footnote_that_is_made_has_a_number_of_its_own(some: list[Answer]) -> None:
    text = conversation_markdown(conversation(), [turn(answer, number) for number, answer in enumerate(some, 1)], {})
    notes = re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE)
    assert notes == [str(number + 1) for number in range(sum(len(answer.citations) for answer in some))]


def test_a_conversation_as_json() -> None:
    record = conversation_json(conversation()._replace(collection="letters"), [turn(an_answer(), 1, "up", "right")])
    assert json.loads(json.dumps(record)) == {
        "title": "When does the lease end?",
        "collection": "letters",
        "updated": "2026-02-01T12:00:00+00:00",
        "turns": [
            {
                "number": 1,
                "asked": "2026-02-01T12:00:00+00:00",
                "rating": "up",
                "reason": "right",
                **answer_record(an_answer()),
            }
        ],
    }


# --- questions --------------------------------------------------------------------------------------------------------


def test_what_was_right_is_expected_again(tmp_path: Path) -> None:
    turns = [
        turn(an_answer(), 1, "up"),
        turn(no_answer(), 2, "up", "true"),
        turn(an_answer("And the flat?", completed="When does the lease end? And the flat?"), 3, "up"),
        turn(an_answer("Who pays?"), 4),
    ]
    path = tmp_path / "rated.jsonl"
    path.write_text(question_file([(conversation(4), turns)]), "utf-8")
    lines = read_lines(path)
    first, second, third = (line.question for line in lines)
    assert (first.answers, first.language, first.history, first.tags) == (["31 March 2027"], "en", [], [])
    assert [piece.model_dump() for piece in first.evidence] == [
        {"document": LEASE.id, "quote": LEASE.text[:44], "start": 0}
    ]
    assert (second.question, second.answers, second.evidence) == ("How tall is Everest?", [], [])
    assert second.expected["reason"] == "true"
    assert [(each.question, each.answer) for each in third.turns] == [
        ("When does the lease end?", an_answer().text),
        ("How tall is Everest?", ""),
    ]
    assert list(unlocated(lines, DOCUMENTS)) == list(unsound(lines, DOCUMENTS)) == []
    assert len(LEASE.text) < NEAR


@pytest.mark.parametrize("answer", [an_answer(), no_answer()])
def test_what_was_wrong_is_to_be_completed(tmp_path: Path, answer: Answer) -> None:
    path = tmp_path / "rated.jsonl"
    path.write_text(question_file([(conversation(), [turn(answer, 1, "down", "no")])]), "utf-8")
    ((_, question),) = read_lines(path)
    assert (question.answers, question.evidence, question.tags) == ([TO_COMPLETE], [], [TAG_TO_COMPLETE])
    extra = {name: question.expected[name] for name in ("rating", "reason", "given")}
    assert extra == {"rating": "down", "reason": "no", "given": answer.text}


def test_the_last_rating_of_a_question_counts() -> None:
    older = (conversation(identity="cold"), [turn(an_answer(), 1, "down"), turn(no_answer(), 2, "up")])
    newer = (conversation(identity="cnew"), [turn(an_answer("when does the LEASE end"), 1, "up")])
    entries = [json.loads(line) for line in question_file([newer, older]).splitlines()]
    assert [(entry["question"], entry["rating"]) for entry in entries] == [
        ("How tall is Everest?", "up"),
        ("when does the LEASE end", "up"),
    ]


def test_nothing_rated_gives_nothing() -> None:
    assert question_file([]) == ""
    assert question_file([(conversation(), [turn(an_answer())])]) == ""


_ratings = st.sampled_from([None, "up", "down"])
_turns = st.lists(st.tuples(answers, _ratings, st.none() | st.text(min_size=1)), min_size=1, max_size=3)


@settings(deadline=None)
@given(st.lists(_turns, min_size=1, max_size=3))
def test_every_file_of_rated_questions_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, conversations: list[list[tuple[Answer, Rating | None, str | None]]]
) -> None:
    stored = [
        (
            conversation(identity=f"c{place}"),
            [turn(answer, number, rating, reason) for number, (answer, rating, reason) in enumerate(turns, 1)],
        )
        for place, turns in enumerate(conversations)
    ]
    text = question_file(stored)
    rated = {each.answer.question for _, turns in stored for each in turns if each.rating}
    if rated:
        path = tmp_path_factory.getbasetemp() / "rated.jsonl"
        path.write_text(text, "utf-8")
        assert {line.question.question for line in read_lines(path)} <= rated
    else:
        assert text == ""


def test_what_sources_differ_on_is_taken_along() -> None:
    answer = a_disputed_answer()
    plain = answer_plain(answer, DOCUMENTS)
    assert plain.startswith(
        "Omtrent 23 milliarder dollar. [1]\n"
        "Our rendering: about $23 billion\n"
        "\n"
        "The sources differ, by a factor of 1,000: probably a slip.\n"
        "- 23 milliarder dollar (our rendering: about $23 billion): 2026-01-31 [1]\n"
        "- 22 mill. dollar (our rendering: $22 million; off by a factor of 1,000?): undated [2]\n"
        "\n[1] "
    )
    markdown = answer_markdown(answer, DOCUMENTS)
    assert "*Our rendering: about \\$23 billion*" in markdown
    assert "- 22 mill. dollar (our rendering: \\$22 million; off by a factor of 1,000?): undated[^2]\n" in markdown
    assert MARKDOWN.render(markdown).count("<li>") == 2


def test_records_tell_our_renderings_and_slips() -> None:
    record = answer_record(a_disputed_answer())
    assert record["renderings"] == [
        {"citation": 1, "start": 8, "end": 28, "quote": "23 milliarder dollar", "text": "about $23 billion"}
    ]
    (conflict,) = record["conflicts"]
    assert [value.get("off_by") for value in conflict["values"]] == [None, 1000]
    assert [value["dates"] for value in conflict["values"]] == [["2026-01-31"], [None]]
    assert "renderings" not in answer_record(an_answer())
