"""Places from the file to the citation: kept in the index, and shown wherever a citation is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from rag import generations, terminal
from rag.building import build_index
from rag.citations import cite, look_up, verify
from rag.config import Settings
from rag.exports import answer_markdown, answer_plain
from rag.index import Index
from rag.places import label
from rag.records import answer_record, look_up_record
from rag.types import Answer, Span
from rag.web import render
from rag.web.labels import NORWEGIAN
from tests import made_files as made
from tests.answers import an_answer
from tests.fakes import HashEncoder

PRICES = [["Item", "Price in kroner. Without tax"], *([f"Screw no. {number}", number * 5] for number in range(1, 40))]
PAGES = [made.paragraph(f"Chapter {number} of the manual is about valve number {number}.") for number in range(1, 31)]
STEEL = "Item: Screw no. 17; Price in kroner. Without tax: 85"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("places")
    settings = Settings(documents=folder / "documents", index=folder / "index")
    settings.documents.mkdir()
    (settings.documents / "manual.pdf").write_bytes(made.pdf(PAGES))
    (settings.documents / "prices.xlsx").write_bytes(made.workbook({"Prices": PRICES}))
    (settings.documents / "plain.txt").write_text("Valves are described in the manual.")
    build_index(settings.documents, settings, HashEncoder)
    return Index.load(generations.current_generation(settings.index), settings)


def span_of(index: Index, document_id: str, words: str) -> Span:
    start = index.documents[document_id].text.index(words)
    return Span(start, start + len(words))


def cited(index: Index, document_id: str, words: str) -> Answer:
    document = index.documents[document_id]
    citation = verify(cite(document, span_of(index, document_id, words)), document)
    return replace(an_answer(), citations=(citation,), hits=())


def test_a_citation_knows_its_page_and_its_row(index: Index) -> None:
    page = cited(index, "manual.pdf", "valve number 12").citations[0]
    row = cited(index, "prices.xlsx", "no. 17").citations[0]
    assert page.verified
    assert row.verified
    assert [label(each.places) for each in (page, row)] == ["page 12", "sheet Prices, row 18"]
    assert cited(index, "plain.txt", "Valves").citations[0].places == ()


def test_a_row_is_one_passage_and_one_sentence_with_the_names_of_its_columns(index: Index) -> None:
    contents = index.contents
    rows = [contents.passage(number) for number in range(len(contents.passages))]
    rows = [passage for passage in rows if passage.document_id == "prices.xlsx"]
    assert len(rows) == 39
    assert rows[16].text == STEEL
    assert all(passage.sentences == (Span(passage.start, passage.end),) for passage in rows)


def test_what_is_looked_up_tells_its_place(index: Index, capsys: pytest.CaptureFixture[str]) -> None:
    citation = cited(index, "manual.pdf", "valve number 12").citations[0]
    found = look_up(citation.id, index.documents)
    assert (found.status, look_up_record(found)["places"]) == ("verified", [{"kind": "page", "number": 12}])
    terminal.print_look_up(found, index.documents["manual.pdf"])
    assert "page 12" in capsys.readouterr().out


def test_a_place_is_not_told_of_a_file_that_has_changed(index: Index, tmp_path: Path) -> None:
    path = tmp_path / "manual.pdf"
    path.write_bytes(made.pdf([[], *PAGES]))
    document = replace(index.documents["manual.pdf"], path=path)
    citation = cite(document, span_of(index, "manual.pdf", "valve number 12"))
    found = look_up(citation.id, {document.id: document})
    assert found.status == "verified"  # the text is the same, only a page later
    path.write_bytes(made.pdf([made.paragraph("A foreword."), *PAGES]))
    found = look_up(citation.id, {document.id: document})
    assert (found.status, found.places) == ("moved", ())
    assert "places" not in look_up_record(found)


def test_places_are_in_what_is_taken_along(index: Index) -> None:
    answer = cited(index, "prices.xlsx", STEEL)
    assert answer_record(answer)["citations"][0]["places"] == [
        {"kind": "sheet", "name": "Prices"},
        {"kind": "row", "number": 18},
    ]
    assert ", sheet Prices, row 18, characters " in answer_plain(answer, index.documents)
    assert ", sheet Prices, row 18, characters " in answer_markdown(answer, index.documents)
    assert "places" not in answer_record(an_answer())["citations"][0]
    assert json.dumps(answer_record(answer))


def test_places_are_on_the_cards_of_the_page_in_its_language(index: Index) -> None:
    shown = render.answered_turn(1, cited(index, "prices.xlsx", STEEL), index.documents.__getitem__, NORWEGIAN)
    assert "<span>ark Prices, rad 18</span>" in shown
