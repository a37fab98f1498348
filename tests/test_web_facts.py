"""What is behind the Facts page, without a browser: the list, what is written of it, the timeline, the routes."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import building
from rag.facts import Amount, Period, find, tables
from rag.facts.periods import century_of, decade_of, part_of
from rag.pipeline import Pipeline
from rag.sentences import split
from rag.types import Document
from rag.web import (
    facts_labels,
    facts_list,
    facts_page,
    facts_view,
    facts_words,
    labels,
    ledger_worker,
    timeline,
    timeline_view,
)
from rag.web.facts_list import COLUMNS, KINDS, ROWS, STANDINGS, Catalogue, Entry, Query
from rag.web.facts_words import Words
from rag.web.ledger import Ledger
from tests.browser import document
from tests.documents import prepare, serving_routes
from tests.fakes import HashEncoder, write_documents

WORDS = Words(facts_labels.ENGLISH, labels.ENGLISH)
NASTY = '<img src=x onerror="alert(1)">\u202e${x}'
TEXTS = {
    "new.txt": "Acme will spend 23 billion dollars on chips in 2026. It has more than 100 customers.",
    "old.txt": "In 2026, Acme will spend about $23bn on chips. Acme was founded in 1999 by 3 engineers.",
    "odd.txt": "Acme will spend 22 million dollars on chips in 2026. A third was paid, 12% of it in May 2025.",
    "no.txt": "Acme skal bruke 23 milliarder dollar på brikker i 2026. Acme har over 100 kunder.",
}
DAYS = {"new.txt": dt.date(2026, 1, 2), "old.txt": dt.date(2025, 12, 1), "no.txt": dt.date(2025, 11, 5)}


def documents(texts: Mapping[str, str]) -> dict[str, Document]:
    return {
        name: document(name, text, title=name[:-4], language="no" if name == "no.txt" else "en", day=DAYS.get(name))
        for name, text in texts.items()
    }


def made(texts: Mapping[str, str]) -> Catalogue:
    found = documents(texts)
    return Catalogue(tables.table(found, {name: split(each.text, each.language) for name, each in found.items()}))


CATALOGUE = made(TEXTS)
LARGE = made({f"{number}.txt": f"Firm{number} sold {number * 7 + 3} cars in {1950 + number}." for number in range(70)})


def quotes(entries: Any) -> list[str]:
    return [entry.fact.text for entry in entries]


# The list


def test_what_differs_is_first_and_told_in_camps() -> None:
    first = CATALOGUE.select(Query()).entries[0]
    assert first.standing == "differ"
    assert first.row.group
    camps = CATALOGUE.camps(first.row.group)
    assert [(camp.documents, camp.voice.fact.text) for camp in camps] == [
        (3, "23 billion dollars"),
        (1, "22 million dollars"),
    ]
    assert facts_list.factor(CATALOGUE.group(first.row.group)) == 1000
    order = [entry.standing for entry in CATALOGUE.select(Query()).found]
    assert order == sorted(order, key=STANDINGS.index)
    assert CATALOGUE.standings["differ"] == 1


def test_a_group_is_listed_newest_first_and_undated_last() -> None:
    group = CATALOGUE.select(Query()).entries[0].row.group or 0
    assert [entry.document.id for entry in CATALOGUE.members(group)] == ["new.txt", "old.txt", "no.txt", "odd.txt"]


def test_forms_of_one_amount_in_one_document_are_no_agreement() -> None:
    alone = made({"a.txt": "The contract is worth ¥40 billion (about $5.7 billion)."})
    assert {entry.standing for entry in alone.entries} == {"alone"}
    assert alone.entries[0].row.group == 1, "as `rag facts` has it"


def test_copies_are_no_second_source_as_rag_facts_has_it() -> None:
    found = documents(TEXTS)
    found["copy.txt"] = replace(found["old.txt"], id="copy.txt", copy_of="old.txt")
    spans = {name: split(each.text, each.language) for name, each in found.items()}
    requests = io.StringIO("".join(ledger_worker.request(each, spans[name]) for name, each in found.items()))
    answers = io.StringIO()
    ledger_worker.main(requests, answers)
    told = json.loads(answers.getvalue().splitlines()[-1])
    assert tuple(map(ledger_worker.group, told)) == tables.table(found, spans).groups


QUERIES = st.builds(
    Query,
    about=st.sampled_from(["", "Acme", "kunder", "14 zebras"]),
    kind=st.sampled_from(["", *KINDS]),
    document=st.sampled_from(["", "odd.txt", "o", "OLD", "none"]),
    unit=st.sampled_from(["", facts_list.COUNT, "USD", "percent"]),
    language=st.sampled_from(["", "no", "en"]),
    standing=st.sampled_from(["", *STANDINGS]),
    group=st.integers(0, 3),
    days=st.sampled_from([None, (dt.date(2026, 1, 1), dt.date(2026, 12, 31))]),
    sort=st.sampled_from(COLUMNS),
    page=st.integers(1, 5),
    at=st.none() | st.integers(0, 20),
    descending=st.just(False),
)


@cache
def about(words: str) -> frozenset[tuple[str, int]]:
    """Return what `rag facts --about` finds: documents, and where in them."""
    found = documents(TEXTS)
    spans = {name: split(each.text, each.language) for name, each in found.items()}
    rows = tables.table(found, spans, about=words or None).rows
    return frozenset((row.document.id, row.mention.fact.start) for row in rows)


def wanted(entry: Entry, query: Query, about: frozenset[tuple[str, int]]) -> bool:
    """What `select` does, told once more, one condition a line."""
    fact, name = entry.fact, entry.document.id
    is_exact = query.document in TEXTS
    conditions = [
        not query.about or (name, fact.start) in about,
        not query.kind or fact.kind == query.kind,
        not query.document or (name == query.document if is_exact else query.document.lower() in name),
        not query.unit or (isinstance(fact.value, Amount) and (fact.unit or "-") == query.unit),
        not query.language or entry.document.language == query.language,
        not query.standing or entry.standing == query.standing,
        not query.group or entry.row.group == query.group,
        not query.days or (entry.days and query.days[0] <= entry.days[0] and entry.days[1] <= query.days[1]),
    ]
    return all(conditions)


@given(QUERIES)
@settings(deadline=None, max_examples=50)  # the first time loads the words of a language
def test_filters_find_what_each_of_them_allows(query: Query) -> None:
    expected = {entry.number for entry in CATALOGUE.entries if wanted(entry, query, about(query.about))}
    assert {entry.number for entry in CATALOGUE.select(query).found} == expected


@given(QUERIES)
def test_an_address_is_read_as_it_was_written(query: Query) -> None:
    assert Query.of(dict(httpx.QueryParams(query.address))) == query
    backwards = query._replace(sort="date", descending=True)
    assert Query.of(dict(httpx.QueryParams(backwards.address))) == backwards


@pytest.mark.parametrize("parameters", [{"sort": "-standing"}, {"sort": "x"}, {"kind": "x", "standing": "x"}])
def test_what_an_address_cannot_mean_is_left_out(parameters: Mapping[str, str]) -> None:
    assert Query.of(parameters) == Query()
    nonsense = {"group": "-1", "page": "²", "at": "9" * 50, "days": "2026-02-31/x", "about": " "}
    assert Query.of(nonsense | {"document": "  "}) == Query()
    assert Query.of({"document": " a.txt"}).document == " a.txt"
    assert Query.of({"days": "2026-12-31/2026-01-01"}).days is None


@pytest.mark.parametrize("sort", COLUMNS)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_partition_what_is_found_in_any_order(sort: Any, descending: bool) -> None:
    query = Query(sort=sort, descending=descending and sort != "standing")
    views = [LARGE.select(query._replace(page=page)) for page in (1, 2, 3)]
    listed = [entry.number for view in views for entry in view.entries]
    assert sorted(listed) == list(range(len(LARGE.entries)))
    assert [len(view.entries) for view in views] == [ROWS, ROWS, len(LARGE.entries) - 2 * ROWS]
    assert LARGE.select(query._replace(page=99)).page == 3
    for number in (0, 60, 139):
        assert number in {entry.number for entry in LARGE.select(query._replace(at=number)).entries}


def test_values_are_in_order_within_their_unit_and_undated_documents_last() -> None:
    rows = CATALOGUE.select(Query(sort="value", descending=True)).found
    dollars = [entry.fact.number for entry in rows if entry.fact.unit == "USD"]
    assert dollars == sorted(dollars, key=lambda number: -(number or 0))
    for descending in (False, True):
        dates = [entry.document.date for entry in CATALOGUE.select(Query(sort="date", descending=descending)).found]
        known = [date for date in dates if date]
        assert known == sorted(known, reverse=descending)
        assert dates[len(known) :] == [None] * (len(dates) - len(known))


# Words


AMOUNTS: tuple[tuple[str, str, tuple[str, str, str]], ...] = (
    (
        "en",
        "$5.7 billion",
        ("5.7 billion US dollars", "5,7 milliarder amerikanske dollar", "5,7 миллиарда долларов США"),
    ),
    ("no", "50 billioner", ("50 trillion", "50 billioner", "50 триллионов")),
    ("en", "more than 250 %", ("more than 250%", "mer enn 250 %", "> 250 %")),
    ("en", "384,400 km", ("384,400 kilometers", "384 400 kilometer", "384 400 километров")),
    ("en", "2.5 million tonnes", ("2.5 million metric tons", "2,5 millioner tonn", "2,5 миллиона тонн")),
    ("en", "1,234,567.89 euros", ("1,234,567.89 euros", "1 234 567,89 euro", "1 234 567,89 евро")),
    ("no", "3 TWh", ("3 terawatt-hours", "3 terawattimer", "3 ТВт·ч")),
    ("en", "up to 21 percentage points", ("up to 21 percentage points", "opptil 21 prosentpoeng", None)),
    ("no", "12 kroner", None),
)  # type: ignore[assignment]


@pytest.mark.parametrize(("language", "text", "written"), [each for each in AMOUNTS if each[2]])
def test_amounts_are_written_in_each_language(language: str, text: str, written: tuple[str, ...]) -> None:
    (fact,) = find(text, language)
    for code, expected in zip(("en", "no", "ru"), written, strict=True):
        said = facts_words.figure(fact, facts_labels.BY_LANGUAGE[code], labels.BY_LANGUAGE[code])
        assert expected is None or said.replace("\xa0", " ") == expected


@pytest.mark.parametrize(
    ("period", "written"),
    [
        (Period("2026-02", None, None), ("February 2026", "februar 2026", "февраль 2026")),
        (Period("2026-02-03", None, None), ("3 February 2026", "3. februar 2026", "3 февраля 2026")),
        (Period("XXXX-10", None, None), ("October", "oktober", "октябрь")),
        (Period("XXXX-05-17", None, None), ("17 May", "17. mai", "17 мая")),
        (part_of(2026, "Q", 3), ("3rd quarter 2026", "3. kvartal 2026", "3-й квартал 2026")),
        (part_of(2026, "H", 1), ("first half 2026", "første halvår 2026", "первое полугодие 2026")),
        (decade_of(1990), ("1990s", "1990-årene", "1990-е годы")),
        (century_of(1900), ("20th century", "1900-tallet", "XX век")),
        (Period("-0332", None, None), ("333 BC", "333 f.Kr.", "333 до н. э.")),
        (Period("2020/2025", None, None), ("2020–2025", "2020–2025", "2020–2025")),
        (Period("2025-11/2026-01", None, None), ("November 2025 – January 2026", None, None)),
        (Period("what/ever", None, None), ("what – ever", None, None)),
    ],
)
def test_times_are_written_in_each_language(period: Period, written: tuple[str | None, ...]) -> None:
    for code, expected in zip(("en", "no", "ru"), written, strict=True):
        said = facts_words.period(period, facts_labels.BY_LANGUAGE[code], labels.BY_LANGUAGE[code])
        assert expected is None or said == expected


@given(st.decimals(allow_nan=False, allow_infinity=False), st.sampled_from(["en", "no", "ru"]))
def test_any_number_is_written_shortly(value: Decimal, language: str) -> None:
    assert 0 < len(facts_words.number(value, language)) < 45


@given(st.integers(-(10**12), 10**12), st.integers(0, 3))
def test_no_digit_of_a_number_is_lost(whole: int, digits: int) -> None:
    value = Decimal(whole).scaleb(-digits)
    said = facts_words.number(value, "en")
    words = {"million": 10**6, "billion": 10**9, "trillion": 10**12}
    number, _, word = said.partition(" ")
    assert Decimal(number.replace(",", "")) * words.get(word, 1) == value


def test_every_language_has_every_word() -> None:
    for own in facts_labels.BY_LANGUAGE.values():
        for field in fields(own):
            value, english = getattr(own, field.name), getattr(facts_labels.ENGLISH, field.name)
            assert value or field.name == "percent_space", field.name
            if isinstance(value, dict) and "other" not in value:
                assert value.keys() == english.keys(), field.name
        for unit in {"USD", "XXX", "percent", "kilometer", *own.units}:
            assert facts_words.unit_name(unit, own, "no" if own is facts_labels.NORWEGIAN else "en")


# The timeline


DATES = st.dates(dt.date(1, 1, 1), dt.date(9999, 12, 31))


@given(DATES, DATES)
def test_cells_cover_the_time_from_the_first_day_to_the_last(one: dt.date, other: dt.date) -> None:
    first, last = sorted((one, other))
    starts, _ = timeline.scale(first, last)
    assert 1 <= len(starts) <= timeline.CELLS
    assert starts == sorted(set(starts))
    assert starts[0] <= first
    assert starts[-1] <= last


def entry(number: int, days: facts_list.Days | None, kind: str = "money", standing: Any = "alone") -> Entry:
    row = CATALOGUE.table.rows[0]
    fact = replace(row.mention.fact, kind=kind)
    return Entry(number, row._replace(mention=replace(row.mention, fact=fact)), standing, days, number % 2 == 0)


NEAR = st.dates(dt.date(2024, 1, 1), dt.date(2026, 12, 31))
ENTRIES = st.lists(
    st.tuples(st.none() | st.tuples(NEAR, NEAR), st.sampled_from(["money", "quantity", "date"])), max_size=80
).map(lambda drawn: [entry(n, (min(d), max(d)) if d else None, kind) for n, (d, kind) in enumerate(drawn)])


@given(ENTRIES)
def test_marks_do_not_overlap_and_no_figure_is_lost(entries: list[Entry]) -> None:
    drawn = timeline.draw(entries)
    shown = [each.number for mark in drawn.marks for each in mark.entries]
    assert len(shown) == len(set(shown)) == len(entries) - drawn.undated - drawn.left_out
    assert drawn.undated == sum(each.days is None for each in entries)
    taken = set()
    for mark in drawn.marks:
        assert 0 <= mark.first <= mark.last < drawn.cells
        assert 0 <= mark.row < timeline.ROWS
        for cell in range(mark.first, mark.last + 1):
            assert (mark.lane, mark.row, cell) not in taken
            taken.add((mark.lane, mark.row, cell))
        assert len({each.told for each in mark.entries}) == 1


def test_a_mark_stands_at_the_time_told_or_else_at_the_date_of_the_document() -> None:
    found = {each.fact.text: each for each in CATALOGUE.entries}
    assert (found["23 billion dollars"].days, found["23 billion dollars"].told) == (
        (dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        True,
    )
    (customers,) = [each for each in CATALOGUE.entries if each.fact.text == "100" and each.document.id == "new.txt"]
    assert (customers.days, customers.told) == ((dt.date(2026, 1, 2), dt.date(2026, 1, 2)), False)


def test_marks_lead_to_rows_and_those_of_several_figures_to_a_list() -> None:
    day = (dt.date(2026, 1, 5), dt.date(2026, 1, 5))
    few = timeline.draw([entry(0, day), entry(2, (dt.date(2026, 1, 1), dt.date(2026, 12, 31)), standing="differ")])
    html = timeline_view.picture(few, [entry(0, day)], Query(kind="money"), WORDS)
    assert 'href="#figure-0"' in html, "it is listed on this page"
    assert 'href="./facts?kind=money&amp;at=2#figure-2"' in html
    many = timeline.draw([entry(2 * number, day) for number in range(timeline.SINGLE + 1)])
    html = timeline_view.picture(many, [], Query(), WORDS)
    assert 'href="./facts?kind=money&amp;days=2026-01-05%2F2026-01-05"' in html
    assert f'aria-label="{timeline.SINGLE + 1} figures: 5 January 2026"' in html
    assert timeline_view.picture(timeline.draw([entry(1, None)]), [], Query(), WORDS) == ""


# The page


def test_everything_from_documents_is_escaped() -> None:
    nasty = document(f"{NASTY}.txt", f"Acme {NASTY} paid <b>5 euros</b> {NASTY}.", title=NASTY, day=dt.date(2026, 1, 1))
    catalogue = Catalogue(tables.table({nasty.id: nasty}, {nasty.id: split(nasty.text, "en")}))
    html = facts_view.page(catalogue, None, Query(about="5 euros", document=nasty.id), WORDS)
    assert "<mark>5 euros</mark>" in html
    assert "<img" not in html
    assert "<b>" not in html
    shown = re.sub(r' value="[^"]*"', "", html)  # a name is sent back as it is
    assert "\u202e" not in shown
    assert facts_view.page(catalogue, None, Query(document=NASTY, about=NASTY), WORDS).count("<img") == 0


@pytest.mark.parametrize("code", ["en", "no", "ru"])
def test_the_page_is_whole_in_every_language_and_order(code: str) -> None:
    words = Words(facts_labels.BY_LANGUAGE[code], labels.BY_LANGUAGE[code])
    for sort in COLUMNS:
        html = facts_view.page(CATALOGUE, None, Query(sort=sort), words)
        rows = re.findall(r'<tr id="figure-(\d+)"', html)
        assert len(rows) == len(set(rows)) == len(CATALOGUE.entries)
        assert not re.search(r"[{}]", re.sub(r"<[^>]*>", "", html)), "a label that was not filled"
    nothing = facts_view.page(Catalogue(tables.Table((), ())), None, Query(), words)
    assert words.own.none in nothing
    assert "<table" not in nothing


def test_a_group_says_how_its_documents_stand_to_each_other() -> None:
    html = facts_view.content(CATALOGUE, None, Query(), WORDS)
    assert "Documents differ by a factor of 1,000" in html
    assert "<strong>23 billion US dollars</strong> in 3 documents, the newest of 2 January 2026" in html
    assert "<strong>22 million US dollars</strong> in 1 document, undated" in html
    assert html.index("Documents differ by") < html.index("Documents agree") < html.index("Told by one document only")
    part = facts_view.content(CATALOGUE, None, Query(document="odd.txt", kind="money"), WORDS)
    assert "Show all 4 figures" in part, "the others are filtered out"


def test_a_very_long_sentence_is_shown_around_its_figure() -> None:
    text = f"{'word ' * 500}cost 15 euros {'more ' * 500}."
    catalogue = made({"long.txt": text})
    html = facts_view.content(catalogue, None, Query(), WORDS)
    (sentence,) = re.findall(r'dir="auto">(…[^<]*<mark>15 euros</mark>[^<]*…)</span>', html)
    assert len(sentence) < 500


# The routes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("facts")


@pytest.fixture(scope="module")
def pipeline(folder: Path) -> Pipeline:
    return Pipeline(prepare(folder), HashEncoder())


@pytest.fixture(scope="module")
def ledger(pipeline: Pipeline) -> Iterator[Ledger]:
    with Ledger(pipeline) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def client(ledger: Ledger, pipeline: Pipeline) -> Iterator[httpx.Client]:
    with (
        serving_routes(facts_page.routes(ledger), pipeline.settings) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=30) as client,
    ):
        yield client


def ready(client: httpx.Client) -> dict[str, Any]:
    """Wait for the figures to be found, and return the state then."""
    deadline = time.monotonic() + 60
    while (state := client.get("/facts/state").json())["active"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return dict(state)


def test_the_figures_are_found_aside_and_are_those_of_the_command_line(client: httpx.Client, ledger: Ledger) -> None:
    assert client.get("/facts/figures.csv").status_code == 503
    assert WORDS.own.reading in client.get("/facts").text
    assert "mark" in ready(client)["html"]
    catalogue, index = ledger.catalogue(), ledger._index()
    assert catalogue
    table = tables.table(index.documents, index.contents.sentences_by_document())
    assert [(row.document.id, row.mention.fact, row.group) for row in catalogue.table.rows] == [
        (row.document.id, row.mention.fact, row.group) for row in table.rows
    ]
    assert catalogue.table.groups == table.groups
    assert client.get("/facts/figures.csv").text == tables.to_csv(table.rows)
    assert client.get("/facts/figures.json").json() == tables.records(table.rows)


def test_files_hold_what_is_filtered_and_no_formula(client: httpx.Client) -> None:
    ready(client)
    answer = client.get("/facts/figures.csv", params={"document": "fjord.txt", "sort": "-value", "page": "7"})
    assert answer.headers["content-disposition"] == 'attachment; filename="facts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["document"] for row in rows} == {"fjord.txt"}
    assert "205 kilometer" in {row["quote"] for row in rows}


def test_the_state_is_short_where_nothing_changed(client: httpx.Client) -> None:
    state = ready(client)
    again = client.get("/facts/state", params={"known": state["key"]}).json()
    assert again == {"key": state["key"], "active": False}
    other = client.get("/facts/state", params={"known": state["key"], "kind": "date"}).json()
    assert other["key"] != state["key"]


def test_a_page_that_was_just_rendered_is_known_by_its_key(client: httpx.Client) -> None:
    ready(client)
    asked = {"kind": "quantity", "sort": "-value"}
    (key,) = re.findall('data-key="([^"]*)"', client.get("/facts", params=asked).text)
    assert "html" not in client.get("/facts/state", params=asked | {"known": unescape(key)}).json()


def test_the_page_carries_a_strict_policy_and_links_to_the_place(client: httpx.Client) -> None:
    ready(client)
    page = client.get("/facts", params={"about": "Moon"}, headers={"Accept-Language": "nb"})
    policy = page.headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "style=" not in page.text
    assert 'lang="no"' in page.text
    assert re.search(r'href="\./cite/moon\.txt%23\d+-\d+~[0-9a-f]{10}"', page.text)
    assert client.post("/facts").status_code in (404, 405, 411)
    assert client.get("/facts/other").status_code == 404


def test_another_generation_is_read_anew(folder: Path, tmp_path: Path) -> None:
    settings = prepare(tmp_path)
    pipeline = Pipeline(settings, HashEncoder())
    with Ledger(pipeline) as ledger:
        first = found(ledger)
        assert ledger.catalogue() is first
        write_documents(settings.documents, {"zoo.md": "# Zoo\n\nThe zoo has 40 penguins and sold 3,000 tickets.\n"})
        building.build_index(settings.documents, settings, HashEncoder)
        assert ledger.catalogue() is None
        assert {each.document.id for each in found(ledger).entries} == {"zoo.md"}


def found(ledger: Ledger) -> Catalogue:
    deadline = time.monotonic() + 60
    while (catalogue := ledger.catalogue()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return catalogue


def test_a_process_that_fails_is_told_and_begun_again_only_when_asked(pipeline: Pipeline) -> None:
    with Ledger(pipeline, worker="rag.web.no_such_module") as ledger:
        assert ledger.catalogue() is None
        ledger.runs.wait()
        failed = ledger.runs.latest
        assert failed
        assert failed.phase == "failed"
        assert ledger.catalogue() is None
        assert ledger.runs.latest is failed
        assert WORDS.own.failed in facts_view.content(None, failed, Query(), WORDS)
        assert ledger.catalogue(again=True) is None
        assert ledger.runs.latest is not failed


def test_leaving_ends_what_is_under_way(pipeline: Pipeline) -> None:
    with Ledger(pipeline, worker="tests.hostile_ledger") as ledger:
        ledger.catalogue()
        started = time.monotonic()
    assert time.monotonic() - started < 4
    assert ledger.runs.latest
    assert ledger.runs.latest.phase == "stopped"
