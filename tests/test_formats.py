"""Every format's text and places, of files made by real libraries; and that places always lie as they ought to."""

from __future__ import annotations

import datetime as dt
import io
import json
import warnings
import zipfile
from email.message import Message
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import places
from rag.documents import read_document
from rag.formats import Extract, Limits, Processes, ocr
from rag.formats.draft import Draft, Unreadable
from rag.formats.reading import extract
from rag.types import Document, Place, Span
from tests import made_files as made
from tests.made_files import SENTENCE, good

LIMITS = Limits()
WORDS = st.text("aå é́\u0301\n\t.\x00\u00ad\ud83dБ中", min_size=1, max_size=12)


def read(name: str, data: bytes | str) -> Extract:
    return extract(data.encode() if isinstance(data, str) else data, name, LIMITS)


def told(found: Extract) -> list[tuple[str, str]]:
    """Return what the places of a text are called, from the outermost in, with what stands there."""
    document = _document(found)
    spans = [Span(place.start, place.end) for place in found.places]
    return [(places.label(_chain(document, number)), found.text[slice(*span)]) for number, span in enumerate(spans)]


def _chain(document: Document, number: int) -> list[Place]:
    chain: list[Place] = []
    while number >= 0:
        chain.insert(0, document.places[number])
        number = document.places[number].within
    return chain


def _document(found: Extract) -> Document:
    return Document("a", "", None, "en", found.text, Path("a"), "", places=found.places)


def assert_sound(found: Extract) -> None:
    """Check that places lie in the text, in order, apart or one in another, and are found again from within."""
    document = _document(found)
    spans = [Span(place.start, place.end) for place in found.places]
    assert spans == sorted(spans, key=lambda span: (span.start, -span.end))
    for number, place in enumerate(found.places):
        assert 0 <= place.start < place.end <= len(found.text)
        assert found.text[place.start : place.end] == found.text[place.start : place.end].strip()
        assert place.within < number
        if place.within >= 0:
            around = found.places[place.within]
            assert around.start <= place.start
            assert place.end <= around.end
        for other in found.places[number + 1 :]:
            apart = other.start >= place.end
            assert apart or (other.end <= place.end and other.within >= number)
    for offset in range(len(found.text)):
        slowly = [place for place in found.places if place.start <= offset < place.end]
        assert list(places.place_of(document, Span(offset, offset + 1))) == slowly


@pytest.mark.parametrize("name", sorted(good()))
def test_every_format_is_read_and_its_places_are_sound(name: str) -> None:
    found = read(name, good()[name])
    assert SENTENCE in found.text
    assert not found.unread
    assert_sound(found)


def test_a_process_of_its_own_reads_the_same() -> None:
    with Processes() as processes:
        for name, data in good().items():
            assert processes.extract(data, name) == read(name, data)


# --- drafts -----------------------------------------------------------------------------------------------------------

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), WORDS),
        st.tuples(st.just("heading"), st.integers(1, 3), WORDS),
        st.tuples(st.just("open"), st.sampled_from(["page", "slide", "row"])),
        st.just(("close",)),
    ),
    max_size=25,
)


@given(steps=STEPS)
def test_places_of_any_draft_are_sound(steps: list[tuple]) -> None:
    draft = Draft()
    opened = []
    for step in [*steps, *[("close",)] * len(steps)]:
        match step:
            case ("add", text):
                draft.add(text, apart=len(text) % 2 == 0)
            case ("heading", level, text):
                draft.heading(level, text)
            case ("open", kind):
                opened.append(draft.place(kind))
                opened[-1].__enter__()
            case ("close",) if opened:
                opened.pop().__exit__(None, None, None)
    try:
        found = draft.extract()
    except Unreadable:
        return
    assert_sound(found)
    assert found.text == found.text.encode("utf-8").decode()  # no half of a character


@given(blocks=st.lists(WORDS, min_size=1, max_size=6))
def test_a_draft_is_normalised_as_a_whole(blocks: list[str]) -> None:
    from rag.decoding import normalised

    draft = Draft()
    for block in blocks:
        draft.add(block)
    text = "".join(draft._parts)
    assert normalised(text) == text


def test_what_a_place_is_called() -> None:
    chain = [Place("member", 0, 9, name="prices.xlsx"), Place("sheet", 0, 9, name="Prices"), Place("row", 0, 9, 17)]
    assert [places.label(chain, language) for language in ("en", "no", "ru", "xx")] == [
        "prices.xlsx, sheet Prices, row 17",
        "prices.xlsx, ark Prices, rad 17",
        "prices.xlsx, лист Prices, строка 17",
        "prices.xlsx, sheet Prices, row 17",
    ]
    slide = [Place("slide", 0, 9, 3, "Budget"), Place("notes", 0, 9)]
    assert places.label(slide, "no") == "lysbilde 3 (Budget), notater"
    assert places.label([Place("page", 0, 9, 412)], "ru") == "стр. 412"
    assert places.label([Place("heading", 0, 9, name="x" * 100)]) == "x" * 59 + "…"


# --- PDF --------------------------------------------------------------------------------------------------------------

LEFT = [f"The left column, line {number}, is about whales" for number in ["one", "two", "three", "four", "five", "six"]]
RIGHT = [
    f"The right column, line {number}, is about birds" for number in ["one", "two", "three", "four", "five", "six"]
]


def test_pages_are_numbered() -> None:
    pages = [made.paragraph(f"This is what page number {number} has to say.") for number in range(1, 13)]
    found = read("a.pdf", made.pdf([*pages[:5], [], *pages[5:]], title="Whales and birds"))
    expected = [n for n in range(1, 14) if n != 6]
    assert told(found) == [
        (f"page {number}", f"This is what page number {shown} has to say.") for shown, number in enumerate(expected, 1)
    ]
    assert found.title == "Whales and birds"


@pytest.mark.parametrize("across", [True, False])
def test_columns_of_prose_are_read_one_after_the_other(across: bool) -> None:
    left, right = made.paragraph(*LEFT, x=40, top=700), made.paragraph(*RIGHT, x=320, top=700)
    drawn = [line for pair in zip(left, right, strict=True) for line in pair] if across else [*left, *right]
    title, foot = (
        (40.0, 740.0, "A headline over both of the columns of this page, " * 2),
        (40.0, 500.0, "The end " * 12),
    )
    text = read("a.pdf", made.pdf([[title, *drawn, foot]])).text
    places_of_words = [text.index(words) for words in ("A headline", *LEFT, *RIGHT, "The end")]
    assert places_of_words == sorted(places_of_words)


def test_a_table_is_read_along_its_rows() -> None:
    rows = [
        ("Whale", "12 t"),
        ("Seal", "300 kg"),
        ("Otter", "9 kg"),
        ("Bear", "400 kg"),
        ("Fox", "6 kg"),
        ("Elk", "1 t"),
    ]
    drawn = [
        line
        for n, (name, value) in enumerate(rows)
        for line in ((60.0, 700.0 - 14 * n, name), (300.0, 700.0 - 14 * n, value))
    ]
    lines = read("a.pdf", made.pdf([drawn])).text.split("\n")
    assert [line.split() for line in lines if line] == [[name, *value.split()] for name, value in rows]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pages_that_are_shown_turned(rotation: int) -> None:
    lines = made.paragraph("A landscape page has a sentence", "that goes on in its second line.", x=0, top=0)
    found = read("a.pdf", made.turned_pdf(lines, rotation))
    assert found.text == "A landscape page has a sentence that goes on in its second line."


def test_characters_beyond_the_first_plane() -> None:
    assert read("a.pdf", made.drawing("The set 𝔸 is open")).text == "The set 𝔸 is open"


def test_lines_become_paragraphs_and_hyphens_go() -> None:
    lines = made.paragraph(
        "Китобойный промысел в Норвегии был изве-",
        "стен давно, а кто-",
        "то помнит его и сейчас. Кто-то помнит.",
        "The well-known har-",
        "bour of Bergen, a well-",
        "known place, is long.",
    )
    second = made.paragraph("Another paragraph stands apart.", top=600)
    found = read("a.pdf", made.pdf([[*lines, *second]]))
    assert "был известен давно, а кто-то помнит его" in found.text
    assert "The well-known harbour of Bergen, a well-known place, is long.\n\nAnother paragraph" in found.text
    assert told(found) == [("page 1", found.text)]


WRAPPED = {
    "an accent makes a letter higher": (
        "ÅPEN: The door of the old harbour stood open all the night",
        "and the lantern was lit.",
    ),
    "a date within a sentence": (
        "The ferry of the old harbour board left the islands on the",
        "17. mai and came back.",
    ),
    "a word too long for the line": (
        "The ferry left the old harbour.",
        "Kraftstasjonsbetjeningsmannskapet came, and all was well.",
    ),
    "half a word before another": (
        "The ferry of the old harbour goes to the towns in Sør-",
        "og Nord-Norge every day.",
    ),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_lines_of_one_paragraph(kind: str) -> None:
    found = read("a.pdf", made.pdf([made.paragraph(*WRAPPED[kind])]))
    assert found.text == " ".join(WRAPPED[kind])


def test_the_number_of_a_page_is_no_content_where_pages_are_few() -> None:
    pages = [[*made.paragraph(*LEFT), (300.0, 30.0, number)] for number in ("– 1 –", "2 / 2")]
    found = read("a.pdf", made.pdf(pages))
    assert [found.text[slice(*span)] for span in found.boilerplate or ()] == ["– 1 –", "2 / 2"]
    others = [[*made.paragraph(*LEFT), (300.0, 30.0, number)] for number in ("7", "2 / 3")]
    assert not read("a.pdf", made.pdf(others)).boilerplate


def test_running_heads_are_no_content() -> None:
    pages = [
        [(60.0, 800.0, "Annual report"), *made.paragraph(*LEFT[n : n + 4]), (300.0, 30.0, f"– {n + 7} –")]
        for n in range(3)
    ]
    found = read("a.pdf", made.pdf(pages))
    assert [found.text[slice(*span)] for span in found.boilerplate or ()] == [
        text for n in range(3) for text in ("Annual report", f"– {n + 7} –")
    ]
    assert_sound(found)


def test_scanned_pages_are_told_of() -> None:
    found = read("a.pdf", made.scanned_pdf(6, texts={0: SENTENCE, 3: SENTENCE}))
    assert [label for label, _ in told(found)] == ["page 1", "page 4"]
    assert found.unread == (f"scanned, without text: pages 2–3, 5–6; {ocr.ADVICE}",)


def test_scanned_pages_are_read_where_tesseract_is(tesseract: Path) -> None:
    found = read("a.pdf", made.scanned_pdf(2, texts={0: SENTENCE}))
    assert told(found) == [("page 1", SENTENCE), ("page 2", "Read with eng+nor+chi.\n\nTwice.")]
    assert not found.unread


def test_tesseract_that_fails(tesseract: Path) -> None:
    tesseract.write_text("#!/bin/sh\nexit 1\n")
    found = read("a.pdf", made.scanned_pdf(2, texts={0: SENTENCE}))
    assert found.unread == ("scanned, without text: page 2; Tesseract reads nothing in them",)


# --- office -----------------------------------------------------------------------------------------------------------


def test_word_headings_lists_and_tables() -> None:
    data = made.word(
        ("Title", "Annual report"),
        ("Heading 1", "Chips"),
        "They are small.",
        ("Heading 2", "Delivery"),
        ("List Bullet", "In May"),
        [("Name", "Price"), ("Screw", "5 kr"), ("Nut", "")],
        ("Heading 1", "Staff"),
        "Ten people.",
    )
    found = read("a.docx", data)
    assert found.title == "Annual report"
    assert found.text.split("\n\n", 1)[1] == (
        "Chips\n\nThey are small.\n\nDelivery\n- In May\nName: Screw; Price: 5 kr\nName: Nut\n\nStaff\n\nTen people."
    )
    assert [label for label, _ in told(found)] == ["Chips", "Chips › Delivery", "Staff"]
    assert places.label(places.place_of(_document(found), Span(found.text.index("5 kr"), 0))) == "Chips › Delivery"
    assert_sound(found)


def test_word_reads_what_was_inserted_and_not_what_was_deleted() -> None:
    data = made.word("Before KEPT after.")
    xml = made.member(data, "word/document.xml").decode()
    run = "<w:r><w:t>{}</w:t></w:r>"
    changed = xml.replace(
        "</w:p>",
        f'<w:ins w:id="1" w:author="x">{run.format(" New.")}</w:ins>'
        f'<w:del w:id="2" w:author="x"><w:r><w:delText>Old.</w:delText></w:r></w:del>'
        f"<w:sdt><w:sdtContent>{run.format(' Chosen.')}</w:sdtContent></w:sdt></w:p>",
        1,
    )
    found = read("a.docx", made.rezipped(data, {"word/document.xml": changed.encode()}))
    assert found.text == "Before KEPT after. New. Chosen."


def word_cell(text: str, across: int = 1) -> str:
    return f'<w:tc><w:tcPr><w:gridSpan w:val="{across}"/></w:tcPr><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>'


def word_control(content: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{content}</w:sdtContent></w:sdt>"


def word_box(text: str) -> str:
    box = f"<w:txbxContent><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:txbxContent>"
    return (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    )


def test_word_tables_with_content_controls_and_wide_cells() -> None:
    left_out = '<w:trPr><w:gridBefore w:val="1"/></w:trPr>'
    controlled = word_control(f"<w:tr>{word_cell('Bo')}{word_cell('Moss')}{word_cell('40')}</w:tr>")
    rows = (
        f"<w:tr>{word_cell('Name')}{word_cell('City')}{word_cell('Age')}</w:tr>"
        f"<w:tr>{word_control(word_cell('Anna'))}{word_cell('Oslo')}{word_cell('30')}</w:tr>"
        f"{controlled}<w:tr>{word_cell('Total', 2)}{word_cell('70')}</w:tr><w:tr>{left_out}{word_cell('Bodø')}</w:tr>"
        f"<w:tr>{word_cell('Cy')}<w:tc><w:p><w:r>{word_box('Vadsø')}</w:r></w:p></w:tc></w:tr>"
    )
    data = made.word("Before.")
    xml = made.member(data, "word/document.xml").decode().replace("</w:p>", f"</w:p><w:tbl>{rows}</w:tbl>", 1)
    found = read("a.docx", made.rezipped(data, {"word/document.xml": xml.encode()}))
    assert found.text.split("\n") == [
        "Before.",
        "Name: Anna; City: Oslo; Age: 30",
        "Name: Bo; City: Moss; Age: 40",
        "Name: Total; Age: 70",
        "City: Bodø",
        "Name: Cy; City: Vadsø",
    ]


def test_slides_and_notes() -> None:
    data = made.slides(("Budget", "It grows.\nA lot.", "Smile"), ("", "", ""), ("End", "Thanks.", ""))
    found = read("a.pptx", data)
    assert told(found) == [
        ("slide 1 (Budget)", "Budget\n\nIt grows.\nA lot.\n\nSmile"),
        ("slide 1 (Budget), notes", "Smile"),
        ("slide 3 (End)", "End\n\nThanks."),
    ]


def test_rows_have_the_numbers_of_the_sheet_and_the_names_of_the_columns() -> None:
    day = dt.date(2025, 3, 4)
    rows = [["Item", "Price", "Since"], ["Screw", 5, day], ["", "", ""], ["Nut", 7.25, ""]]
    data = made.workbook(
        {"Prices": rows, "Hidden": [["secret"]], "Notes": [["Only a note"]]}, first_row=3, hidden="Hidden"
    )
    found = read("a.xlsx", data)
    assert told(found)[1:3] == [
        ("sheet Prices, row 5", "Item: Screw; Price: 5; Since: 2025-03-04"),
        ("sheet Prices, row 7", "Item: Nut; Price: 7.25"),
    ]
    assert told(found)[-1] == ("sheet Notes, row 4", "Only a note")
    assert "secret" not in found.text
    assert_sound(found)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16"])
def test_csv(delimiter: str, encoding: str) -> None:
    lines = ["Товар{0}Цена", "Винт{0}5", '"Гайка{0}большая"{0}7', "", "Шайба{0}"]
    found = read("a.csv", "\r\n".join(lines).format(delimiter).encode(encoding))
    assert told(found) == [
        ("row 2", "Товар: Винт; Цена: 5"),
        ("row 3", f"Товар: Гайка{' ' if delimiter == chr(9) else delimiter}большая; Цена: 7"),
        ("row 5", "Товар: Шайба"),
    ]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["Цена, руб.;Вес, кг", "1,5;2,5"], "Цена, руб.: 1,5; Вес, кг: 2,5"),
        (["Oslo;1,5;2,5", "Moss;3,5;4,5"], "Oslo; 1,5; 2,5"),
        (["id,year,kinds", "1,1995,Action|Crime|War"], "id: 1; year: 1995; kinds: Action|Crime|War"),
        (["1,2,3", "4,5,6"], "1; 2; 3"),
    ],
)
def test_commas_of_numbers_part_no_cells_where_something_else_does(lines: list[str], expected: str) -> None:
    assert told(read("a.csv", "\n".join(lines)))[0][1] == expected


def test_a_table_without_a_header_keeps_its_first_row() -> None:
    assert told(read("a.csv", "Screw,5\nNut,7\n")) == [("row 1", "Screw; 5"), ("row 2", "Nut; 7")]
    assert told(read("a.csv", "Name,Price\n")) == [("row 1", "Name; Price")]


@settings(max_examples=30)
@given(cells=st.lists(st.lists(st.text("abc1 å", max_size=4), min_size=2, max_size=4), min_size=1, max_size=8))
def test_every_cell_is_found_in_its_row(cells: list[list[str]]) -> None:
    import csv

    file = io.StringIO()
    csv.writer(file).writerows([["Aa", "Bb", "Cc", "Dd"], *cells])
    try:
        found = read("a.csv", file.getvalue())
    except Unreadable:
        assert not any(cell.strip() for row in cells for cell in row)
        return
    by_number = {place.number: found.text[place.start : place.end] for place in found.places}
    for number, row in enumerate(cells, 2):
        for name, cell in zip(["Aa", "Bb", "Cc", "Dd"], row, strict=False):
            if cell.strip():
                assert f"{name}: {' '.join(cell.split())}" in by_number[number]
    assert_sound(found)


def test_opendocument() -> None:
    table = "".join(
        "<table:table-row>"
        + "".join(f"<table:table-cell><text:p>{cell}</text:p></table:table-cell>" for cell in row)
        + "</table:table-row>"
        for row in (("Navn", "Pris"), ("Skrue", "5"))
    )
    body = (
        '<office:text><text:h text:outline-level="1">Innledning</text:h><text:p>Én<text:s text:c="2"/>to.</text:p>'
        f"<text:list><text:list-item><text:p>Punkt</text:p></text:list-item></text:list>"
        f"<table:table>{table}</table:table></office:text>"
    )
    found = read("a.odt", made.opendocument(body))
    assert found.text == "Innledning\n\nÉn  to.\n- Punkt\nNavn: Skrue; Pris: 5"
    assert [label for label, _ in told(found)] == ["Innledning"]
    pages = "".join(f"<draw:page><text:p>Slide {n}.</text:p></draw:page>" for n in (1, 2))
    slides = read("a.odp", made.opendocument(f"<office:presentation>{pages}</office:presentation>", made.ODP))
    assert told(slides) == [("slide 1", "Slide 1."), ("slide 2", "Slide 2.")]


def test_covered_and_repeated_cells_of_opendocument_keep_the_others_below_their_columns() -> None:
    def cell(text: str, attribute: str = "") -> str:
        return f"<table:table-cell {attribute}><text:p>{text}</text:p></table:table-cell>"

    rows = [
        [cell("Region"), cell("City"), cell("Sales")],
        [cell("East", 'table:number-rows-spanned="2"'), cell("Oslo"), cell("5")],
        ["<table:covered-table-cell/>", cell("Moss"), cell("7")],
        [cell("Total", 'table:number-columns-spanned="2"'), "<table:covered-table-cell/>", cell("12")],
        ['<table:table-cell table:number-columns-repeated="2"/>', cell("9")],
    ]
    table = "".join(f"<table:table-row>{''.join(row)}</table:table-row>" for row in rows)
    found = read("a.odt", made.opendocument(f"<office:text><table:table>{table}</table:table></office:text>"))
    expected = ["Region: East; City: Oslo; Sales: 5", "City: Moss; Sales: 7", "Region: Total; Sales: 12", "Sales: 9"]
    assert found.text.split("\n") == expected


def test_rich_text() -> None:
    text = rb"{\rtf1\ansi\ansicpg1251 {\b " + "Привет".encode("cp1251").hex(" ").replace(" ", r"\'").encode()
    found = read("a.rtf", text.replace(rb"{\b ", rb"{\b \'") + rb"}, \u1084?\u1080?\u1088?!\par Second.\par}")
    assert found.text == "Привет, мир!\nSecond."


# --- the web, books, mail, data ---------------------------------------------------------------------------------------

ARTICLE = (
    "<h1>Whales are back</h1><p>The whales that left the fjord in 1960 have come back, and nobody knows exactly why "
    "they did.</p><h2>What they eat</h2><p>Mostly herring, of which there has been plenty since the quota was lowered "
    "in the year 2010.</p><ul><li>Herring</li><li>Krill</li></ul><table><tr><th>Year</th><th>Whales</th></tr>"
    "<tr><td>2020</td><td>12</td></tr></table><p>Researchers will count them again next year, they say.</p>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "utf-16", "utf-16-le"])
def test_web_pages_without_their_menus(encoding: str) -> None:
    head = f'<meta charset="{encoding}"><meta property="article:published_time" content="2025-03-04T10:00:00Z">'
    article = ARTICLE.replace("Krill", "Криль")
    found = read("a.html", made.page(article, title="Whales are back | News", head=head).encode(encoding))
    assert (found.title, found.date) == ("Whales are back", dt.date(2025, 3, 4))
    assert "Weather" not in found.text
    assert "Cookie" not in found.text
    assert "- Herring\n- Криль\nYear: 2020; Whales: 12" in found.text
    labels = [label for label, _ in told(found)]
    assert labels == ["Whales are back", "Whales are back › What they eat"]


def test_short_pages_keep_their_structure() -> None:
    found = read("a.html", made.page("<h1>Closed</h1><p>We are on holiday.</p>"))
    assert found.text == "Closed\n\nWe are on holiday."


def test_cells_that_reach_over_others_leave_these_below_their_columns() -> None:
    table = (
        "<table><caption>Sales in 2024</caption><thead><tr><th rowspan=2>Region<th>City<th>Sales</tr></thead>"
        "<tr><td rowspan=2>East<td>Oslo<td>5</tr><tr><td>Moss<td>7</tr><tr><td colspan=2>Total<td>12</tr></table>"
    )
    expected = [
        "Sales in 2024",
        "Region: East; City: Oslo; Sales: 5",
        "City: Moss; Sales: 7",
        "Region: Total; Sales: 12",
    ]
    assert read("a.html", made.page(table)).text.split("\n") == expected
    assert read("a.epub", made.book(table)).text.split("\n") == expected


def test_books_are_read_in_the_order_of_their_spine() -> None:
    found = read("a.epub", made.book("<h1>Two</h1><p>B.</p>", "<h1>One</h1><p>A.</p>", title="Two parts", spine=[1, 0]))
    assert (found.title, found.date) == ("Two parts", dt.date(2024, 5, 6))
    assert told(found) == [("One", "One\n\nA."), ("Two", "Two\n\nB.")]


def test_mail_with_attachments() -> None:
    wrapped = "Dette er en lang linje som programmet har brutt midt i en setning\nfordi den ble for lang.\n\n- a\n- b\n"
    message = made.mail("Priser på skruer", wrapped, files={"priser.csv": b"Navn,Pris\nSkrue,5\n", "logo.png": b"x"})
    found = read("a.eml", message.as_bytes())
    assert (found.title, found.date) == ("Priser på skruer", dt.date(2025, 3, 3))
    assert "midt i en setning fordi den ble for lang.\n\n- a\n- b" in found.text
    assert told(found)[-1] == ("priser.csv, row 2", "Navn: Skrue; Pris: 5")
    assert_sound(found)


DOCBOOK = """<html><head><title>Manual</title></head><body><p id="title">Manual</p><div class="section">
<div class="titlepage"><div><div><h2 class="title"><a id="x"></a>2.1. Pumps</h2></div></div></div>
<div class="para">{prose}</div><p class="title">Example</p><pre class="screen"># pump --start
# pump --stop</pre><div class="section"><div class="titlepage"><div><div><h3>2.1.1. Valves</h3></div></div></div>
<div class="para">{prose}</div></div></div></body></html>"""


def test_manuals_made_by_docbook_keep_their_headings() -> None:
    found = read("a.html", DOCBOOK.format(prose=f"{SENTENCE} " * 8))
    assert_sound(found)
    assert [label for label, _ in told(found)] == ["2.1. Pumps", "2.1. Pumps › 2.1.1. Valves"]
    assert [found.text[slice(*span)] for span in found.code] == ["# pump --start\n# pump --stop"]


def test_permalinks_are_no_part_of_a_heading() -> None:
    page = f'<body><article><h1>Pumps<a href="#pumps">¶</a></h1><p>{SENTENCE * 9}</p></article></body>'
    assert told(read("a.html", page))[0][0] == "Pumps"


def test_html_mail() -> None:
    found = read("a.eml", made.mail("Hei", "", html="<p>Bare <b>HTML</b>.</p>").as_bytes())
    assert found.text.endswith("Bare HTML.")
    both = made.mail("Hei", "Ren tekst.", html="<p>Pyntet tekst.</p>").as_bytes()
    assert "Pyntet" not in read("a.eml", both).text


def mail_of(kind: str, *parts: Message) -> MIMEMultipart:
    message = MIMEMultipart(kind, _subparts=parts)
    message["Subject"] = "Screws"
    return message


def prices() -> MIMEText:
    part = MIMEText("Name,Price\nScrew,5\n", "csv")
    part.add_header("Content-Disposition", "attachment", filename="prices.csv")
    return part


PRICES = "Name: Screw; Price: 5"
PLAIN, FANCY = MIMEText("Plain."), MIMEText("<p>Fancy.</p>", "html")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        # As Apple Mail writes it: what is attached lies within one of two forms of the text.
        (mail_of("alternative", PLAIN, mail_of("mixed", FANCY, prices())), f"Plain. {PRICES}"),
        (mail_of("signed", mail_of("mixed", PLAIN, prices()), MIMEText("x", "pgp")), f"Plain. {PRICES}"),
        (mail_of("mixed", PLAIN, prices(), MIMEText("It goes on.")), f"Plain. {PRICES} It goes on."),
        (mail_of("mixed", mail_of("mixed", PLAIN, prices()), MIMEText("A list.")), f"Plain. {PRICES} A list."),
        (mail_of("mixed", FANCY, MIMEText("A list.")), "Fancy. A list."),
        (mail_of("alternative", MIMEText(" \n"), FANCY), "Fancy."),
        (
            mail_of("mixed", mail_of("alternative", PLAIN, FANCY), MIMEMessage(mail_of("mixed", PLAIN))),
            "Plain. Screws Plain.",
        ),
    ],
)
def test_all_text_and_attachments_of_a_message_are_read_once(message: Message, expected: str) -> None:
    found = read("a.eml", message.as_bytes())
    assert_sound(found)
    assert " ".join(found.text.split()) == f"Screws {expected}"


@pytest.mark.parametrize("kind", ["plain", "html"])
@pytest.mark.parametrize(
    ("text", "encoding", "named"),
    [
        ("Письмо без кодировки, написанное в UTF-8.", "utf-8", None),
        ("Письмо без кодировки, которое написано давно и не в UTF-8.", "koi8-r", None),
        ("«Blåbær» koster 5 € – “nå”…", "cp1252", "iso-8859-1"),
        ("これは日本語のメールです。", "iso-2022-jp", "iso-2022-jp"),
        ("①の価格は五円です。", "cp932", "shift_jis"),
        ("Коротко.", "koi8-r", "koi8-r"),
        ("Koster 5 kr på øya.", "utf-8", "iso-8859-1"),
    ],
)
def test_mail_is_read_in_the_encoding_that_its_head_means(
    text: str, encoding: str, named: str | None, kind: str
) -> None:
    charset = f"; charset={named}" if named else ""
    head = f"Subject: x\nContent-Type: text/{kind}{charset}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    body = text if kind == "plain" else f"<p>{text}</p>"
    assert read("a.eml", head + body.encode(encoding)).text.split() == ["x", *text.split()]


def test_pages_that_say_latin_1_mean_the_encoding_of_windows() -> None:
    page = '<html><head><meta charset="ISO-8859-1"></head><body><p>5 € – “nå”…</p></body></html>'
    assert read("a.html", page.encode("cp1252")).text == "5 € – “nå”…"


def test_two_files_of_one_name_in_an_archive_are_both_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        packed.writestr("a.txt", "First.")
        packed.writestr("a.txt", "Second.")
    assert told(read("a.zip", file.getvalue())) == [("a.txt", "First."), ("a.txt", "Second.")]


def test_messages_of_a_mailbox() -> None:
    first, second = made.mail("One", "From here to there.\n\nFrom A to B."), made.mail("Two", "Second.")
    found = read("a.mbox", made.mailbox(first, second))
    assert [label for label, _ in told(found)] == ["message 1 (One)", "message 2 (Two)"]
    assert "From A to B." in told(found)[0][1]
    assert_sound(found)


def test_json_records() -> None:
    records = [{"name": "Screw", "sizes": [3, 4], "maker": {"city": "Bergen", "since": None}}, "alone", {"ok": True}]
    expected = [
        ("record 1 (Screw)", "name: Screw\nsizes: 3, 4\nmaker.city: Bergen"),
        ("record 2", "alone"),
        ("record 3", "ok: true"),
    ]
    assert told(read("a.json", json.dumps(records))) == expected
    assert told(read("a.jsonl", "\n".join(map(json.dumps, records)))) == expected
    alone = read("a.json", json.dumps(records[0]))
    assert (alone.title, alone.places) == ("Screw", ())


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"name": "ferry-7", "Title": " The  ferry\n"}, "The ferry"),
        ({"subject": "Ferries", "headline": ["A list"], "title": None}, "Ferries"),
        ({"title": "x" * 101, "name": "x"}, "x"),
        ({"title": "", "about": {"title": "Deeper"}}, ""),
        ({"title": 7}, ""),
    ],
)
def test_records_are_called_what_they_call_themselves(record: dict[str, object], name: str) -> None:
    (place,) = read("a.jsonl", json.dumps(record | {"text": "Some text."}) + "\n{}").places
    assert place.name == name


def test_archives_in_archives() -> None:
    data = made.zipped(
        {
            "b/report.docx": good()["a.docx"],
            "mails.tar.gz": made.tarred({"a.eml": good()["a.eml"]}),
            "__MACOSX/x.txt": "x",
            ".hidden/y.txt": "y",
            "picture.png": b"png",
        }
    )
    found = read("a.zip", data)
    labels = [label for label, _ in told(found)]
    assert labels == ["b/report.docx", "b/report.docx, Lending", "mails.tar.gz", "mails.tar.gz, a.eml"]
    assert found.text.count(SENTENCE) == 2
    assert found.title == ""
    assert_sound(found)


# --- documents --------------------------------------------------------------------------------------------------------


def test_documents_keep_what_their_format_tells(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(
        made.pdf([made.paragraph("Первая страница рассказывает о китах и птицах Норвегии.")], title="Киты")
    )
    document = read_document(tmp_path, path, max_bytes=10**6)
    assert (document.title, document.language) == ("Киты", "ru")
    assert document.places == (Place("page", 0, len(document.text), 1),)


def test_the_same_text_from_every_format_of_prose(tmp_path: Path) -> None:
    text = ["The whales that left the fjord have come back.", "Nobody knows why they did, but many have a theory."]
    files = {
        "a.docx": made.word(*text),
        "a.odt": made.opendocument(
            "<office:text>" + "".join(f"<text:p>{each}</text:p>" for each in text) + "</office:text>"
        ),
        "a.html": made.page("".join(f"<p>{each}</p>" for each in text)).encode(),
        "a.epub": made.book("".join(f"<p>{each}</p>" for each in text)),
        "a.pdf": made.pdf([[*made.paragraph(text[0]), *made.paragraph(text[1], top=700)]]),
    }
    assert {name: read(name, data).text for name, data in files.items()} == dict.fromkeys(files, "\n\n".join(text))


def test_python_docx_agrees_on_plain_paragraphs() -> None:
    import io

    data = made.word("One.", "Two\twith a tab.", "Three.")
    expected = [paragraph.text for paragraph in docx.Document(io.BytesIO(data)).paragraphs]
    assert read("a.docx", data).text.split("\n\n") == expected
