"""`rag facts` on the given documents."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from rag.documents import read_document
from rag.facts.tables import table, to_csv
from rag.sentences import split
from rag.types import Span
from tests.test_cli import SEEDS, rag, refused

pytestmark = pytest.mark.model


@pytest.fixture
def index(seeds_index: Path) -> Path:
    return seeds_index


def facts(index: Path, *arguments: str) -> list[dict[str, Any]]:
    result = rag("facts", "--index", index, "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return list(json.loads(result.stdout))


def test_every_figure_has_its_place_and_value(index: Path) -> None:
    found = facts(index)
    documents = {path.name: read_document(SEEDS, path, max_bytes=10**6).text for path in sorted(SEEDS.glob("*.txt"))}
    for fact in found:
        assert {"document", "start", "end", "quote", "kind", "value", "unit", "date", "group"} <= fact.keys()
        assert documents[fact["document"]][fact["start"] : fact["end"]] == fact["quote"]
    (contract,) = [fact for fact in found if fact["quote"] == "¥40 млрд"]
    assert (contract["kind"], contract["value"], contract["unit"]) == ("money", 40_000_000_000, "CNY")
    assert contract["date"] == "2026-01-02"


def test_the_sources_of_the_spending_stand_together_with_the_odd_one(index: Path) -> None:
    spending = {fact["quote"]: fact["group"] for fact in facts(index) if fact["unit"] == "USD"}
    odd = spending["22 миллионов долларов"]
    assert odd is not None
    assert {quote for quote, group in spending.items() if group == odd} == {
        "$23 млрд",
        "23 milliarder dollar",
        "22 миллионов долларов",
    }


def test_forms_of_one_amount_agree_across_languages(index: Path) -> None:
    groups = {fact["quote"]: fact["group"] for fact in facts(index)}
    assert groups["¥40 млрд"] == groups["$5,7 млрд"] == groups["5,7 milliarder dollar"] is not None
    assert groups["¥85 млрд"] == groups["85 milliarder yuan"]


def test_about_words_in_any_form_and_language(index: Path) -> None:
    assert {fact["quote"] for fact in facts(index, "--about", "показатель Google")} == {"43 трлн"}
    assert "50 billioner" in {fact["quote"] for fact in facts(index, "--about", "tokens")}
    assert facts(index, "--about", "zebra") == []


def test_about_a_figure_finds_its_forms(index: Path) -> None:
    found = facts(index, "--about", "14 milliarder dollar")
    assert {fact["quote"] for fact in found} == {"$14 млрд", "14 milliarder dollar"}


def test_about_a_year_finds_what_is_told_of_it(index: Path) -> None:
    found = {fact["quote"] for fact in facts(index, "--about", "ByteDance 2026")}
    assert {"¥160 млрд", "23 milliarder dollar"} <= found
    assert not {"50 billioner", "85 milliarder yuan"} & found


def test_what_is_printed(index: Path) -> None:
    assert "These differ, by a factor of 1000:" in rag("facts", "--index", index).stdout
    assert "No such figure" in rag("facts", "--index", index, "--about", "zebra").stdout


def test_csv_is_safe_and_whole(index: Path) -> None:
    result = rag("facts", "--index", index, "--csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) == len(facts(index))
    assert {row["kind"] for row in rows} >= {"money", "percent", "quantity", "date"}


def test_no_cell_of_csv_is_a_formula(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("=HYPERLINK(1) cost −15 kroner, -15 kroner or 5 kroner at -10 to -5 degrees.")
    document = read_document(tmp_path, tmp_path / "a.txt", max_bytes=1000)
    written = to_csv(table({"a.txt": document}, {"a.txt": split(document.text, "en")}).rows)
    for row in csv.reader(io.StringIO(written)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t")), row
            assert not cell.startswith("-") or cell[1:].isdigit()


def test_full_width_signs_begin_no_formula_either(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("－7度，＋5度", "utf-8")
    document = read_document(tmp_path, tmp_path / "a.txt", max_bytes=1000)
    written = to_csv(table({"a.txt": document}, {"a.txt": [Span(0, len(document.text))]}).rows)
    assert not [cell for row in csv.reader(io.StringIO(written)) for cell in row if cell.startswith(("－", "＋"))]


def test_wrong_use(index: Path) -> None:
    assert "exclude each other" in refused(rag("facts", "--index", index, "--json", "--csv"))
    assert "rag index" in refused(rag("facts", "--index", index / "none"))
