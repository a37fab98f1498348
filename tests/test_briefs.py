"""Briefs: the choice against the best possible one, whole sentences with their citations, and topics."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rag import briefs, cli
from rag.config import Settings
from rag.errors import QuestionError
from rag.pipeline import Pipeline, open_index
from tests.fakes import build

FERRY = "The ferry to the island of Moss sails twice a day in summer."
RENT = "The rent of the harbour office is 900 euros a month."
REPORT = f"""Report of the harbour

{FERRY} In summer the ferry to the island sails twice a day. The ferry sails to Moss. Does it sail in winter?

{RENT} The office pays a rent of 900 euros each month. The rent is due monthly.

A bear was seen near the old lighthouse yesterday evening.
"""


@pytest.fixture
def indexed(small: Settings) -> Settings:
    build(small, {"report.txt": REPORT, "other.txt": "The mayor of the town likes to read poems by the sea."})
    return small


def test_a_document_is_found_however_its_letters_are_composed(small: Settings) -> None:
    build(small, {"på.txt": REPORT})
    (point,) = briefs.of_document(open_index(small), "pa\u030a.txt", 1)
    assert point.document.id == "på.txt"


def test_a_brief_says_each_thing_once_verbatim_and_in_order(indexed: Settings) -> None:
    points = briefs.of_document(open_index(indexed), "report.txt", 3)
    assert len(points) == 3
    quotes = [point.citation.quote for point in points]
    assert all(REPORT[point.citation.start : point.citation.end] == point.citation.quote for point in points)
    assert all(point.citation.verified for point in points)
    assert quotes == sorted(quotes, key=REPORT.index)
    for topic in ("ferry", "rent", "bear"):
        assert sum(topic in quote for quote in quotes) == 1, quotes


def test_headings_and_questions_are_no_points(indexed: Settings) -> None:
    quotes = [point.citation.quote for point in briefs.of_document(open_index(indexed), "report.txt", 50)]
    assert "Report of the harbour" not in quotes
    assert not any(quote.endswith("?") for quote in quotes)


def test_a_document_that_is_not_there_is_told_with_the_nearest_names(indexed: Settings) -> None:
    with pytest.raises(QuestionError, match=r"no document 'reprot.txt' is indexed; the nearest names are: report.txt"):
        briefs.of_document(open_index(indexed), "reprot.txt")


@given(arrays.arrays(np.float32, (6, 5), elements=st.floats(0, 1, width=32)), st.integers(1, 4))
def test_the_choice_covers_at_least_63_percent_of_the_best(near: np.ndarray, wanted: int) -> None:
    weights = np.full(5, 0.2, np.float32)
    chosen = list(briefs.cover(near, weights, wanted))
    reached = float(near[[number for number, _ in chosen]].max(axis=0, initial=0) @ weights)
    best = max(float(near[list(rows)].max(axis=0) @ weights) for rows in combinations(range(6), wanted))
    assert reached >= (1 - 1 / np.e) * best - 1e-5
    assert sum(share for _, share in chosen) == pytest.approx(reached, abs=1e-5)
    assert len({number for number, _ in chosen}) == len(chosen)


def test_very_long_texts_are_thinned(monkeypatch: pytest.MonkeyPatch, indexed: Settings) -> None:
    monkeypatch.setattr(briefs, "CANDIDATES", 3)
    monkeypatch.setattr(briefs, "COVERED", 4)
    assert 1 <= len(briefs.of_document(open_index(indexed), "report.txt", 5)) <= 3


@pytest.mark.model
def test_a_topic_is_told_of_by_several_documents_and_nothing_else(seeds_pipeline: Pipeline) -> None:
    points = seeds_pipeline.brief("ускорители H200", 4)
    assert len(points) == 4
    assert len({point.document.id for point in points}) >= 2
    assert all("H200" in point.citation.quote or "Nvidia" in point.citation.quote for point in points[:1])
    assert all(point.citation.verified for point in points)
    days = [point.document.date.toordinal() if point.document.date else 0 for point in points]
    assert days == sorted(days, reverse=True)


def test_the_command_prints_points_as_json(indexed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["brief", "report.txt", "--points", "2", "--json", "--index", str(indexed.index)])
    points = json.loads(capsys.readouterr().out)
    assert [set(point) >= {"id", "document", "start", "end", "quote", "verified"} for point in points] == [True, True]


@pytest.mark.parametrize("arguments", [["brief"], ["brief", "report.txt", "--about", "rent"]])
def test_either_a_document_or_a_topic(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(arguments)
    assert stopped.value.code == 2
    assert "either a document, or --about and words" in capsys.readouterr().err


def test_the_command_prints_points_with_their_citations(indexed: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["brief", "report.txt", "--points", "2", "--index", str(indexed.index)])
    printed = capsys.readouterr().out
    assert printed.count("report.txt#") == 2
    assert "verified" in printed
