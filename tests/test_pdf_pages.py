"""The words of a PDF's text, found on its pages: held against the pixels of the picture, on pages of many makings."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from rag.formats import ocr, pdf, pdf_boxes, pdf_page
from rag.formats.draft import Draft, Extract, Limits
from rag.formats.pdf_boxes import Area, Leaf, Row
from rag.types import Span
from tests.made_files import drawing, paragraph, scanned_pdf
from tests.made_files import pdf as made_pdf

WIDTH = 800  # pixels of the pictures
LETTERS = "bcdfghjklmnprstvwz"


class Word(NamedTuple):
    """A run of letters that is drawn in one piece. None is a part of others: each begins with q alone."""

    number: int
    is_parted: bool = False  # by a hyphen behind it, from the rest of its word on the next line

    @property
    def letters(self) -> str:
        number, base = self.number, len(LETTERS)
        return "q" + "".join(LETTERS[number // base**power % base] for power in (2, 1, 0))


class Making(NamedTuple):
    """How a page is made."""

    lines: tuple[int, ...]  # the words in each line of a column
    parted: frozenset[int]  # lines that end in a hyphen
    columns: int
    rotation: int
    offset: float  # of what is shown from where the file counts from
    size: float  # of the letters, in points


makings = st.builds(
    Making,
    st.lists(st.integers(4, 6), min_size=5, max_size=9).map(tuple),
    st.frozensets(st.integers(0, 8)),
    st.sampled_from([1, 2]),
    st.sampled_from([0, 90, 180, 270]),
    st.sampled_from([0.0, 37.5, -20.0]),
    st.sampled_from([7.0, 9.0]),
)


def lines_of(making: Making) -> list[list[list[Word]]]:
    """Return the words of each line of each column."""
    number, columns = 0, []
    for _ in range(making.columns):
        column = []
        for place, count in enumerate(making.lines):
            is_parted = place in making.parted and place + 1 < len(making.lines)
            column.append([Word(number + each, is_parted and each == count - 1) for each in range(count)])
            number += count
        columns.append(column)
    return columns


def made(making: Making, black: frozenset[int] = frozenset()) -> bytes:
    """Make a page, some of its words black and the others pale; columns are drawn line by line across both."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(500, 500))
    canvas.setCropBox((making.offset, making.offset, 500 + making.offset, 500 + making.offset))
    canvas._pagesize = (500 + making.offset, 500 + making.offset)
    canvas.setPageRotation(making.rotation)
    columns = lines_of(making)
    for place in range(len(making.lines)):
        for side, column in enumerate(columns):
            text = canvas.beginText(60 + side * 200, 440 - 14 * place)
            text.setFont("Helvetica", making.size)
            for word in column[place]:
                text.setFillGray(0 if word.number in black else 0.85)
                text.textOut(word.letters)
                text.setFillGray(0.85)
                text.textOut("-" if word.is_parted else " ")
            canvas.drawText(text)
    canvas.save()
    return file.getvalue()


def extracted(data: bytes) -> Extract:
    draft = Draft(Limits())
    pdf.read(data, draft)
    return draft.extract()


def leaf_of(data: bytes, page: int = 1) -> Leaf:
    found = pdf_page.answer(data, {"page": page}, Limits())["leaf"]
    return Leaf(found["pages"], found["width"], found["height"], found["rows"])


def picture_of(data: bytes, page: int = 1) -> Image.Image:
    document = pdf.opened(data)
    return Image.open(io.BytesIO(pdf_page.drawn(document[page - 1], WIDTH)[1])).convert("L")


def dark(picture: Image.Image, areas: Sequence[Area], leaf: Leaf) -> tuple[int, int]:
    """Count the dark pixels within areas and without."""
    scale = picture.width / leaf.width
    mask = Image.new("L", picture.size, 0)
    for area in areas:
        left, top, right, bottom = (each * scale for each in area)
        mask.paste(255, (int(left) - 1, int(top) - 1, int(right) + 2, int(bottom) + 2))
    all_dark = picture.point(lambda value: 255 if value < 120 else 0)
    total = all_dark.histogram()[255]
    outside = Image.composite(Image.new("L", picture.size, 0), all_dark, mask).histogram()[255]
    return total - outside, outside


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(makings, st.data())
def test_each_box_is_around_its_words_and_no_others(making: Making, data: st.DataObject) -> None:
    """Of a page on which only the cited words are black, all that is black is in the boxes, and nothing else."""
    found = extracted(made(making))
    text = found.text[found.places[0].start : found.places[0].end]
    tokens = [match.span() for match in re.finditer(r"\S*q\S*", text)]  # upside down, a hyphen is a word
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, min(first + 12, len(tokens) - 1)))
    span = Span(tokens[first][0], tokens[last][1])
    words = [word for column in lines_of(making) for line in column for word in line]
    cited = frozenset(word.number for word in words if word.letters in text[slice(*span)])
    page = made(making, cited)
    leaf, picture = leaf_of(page), picture_of(page)
    areas = pdf_boxes.find(leaf, text, [span])
    assert areas is not None
    within, without = dark(picture, areas[0], leaf)
    assert within > 10 * len(cited)
    assert without == 0
    others = frozenset(word.number for word in words) - cited
    opposite = made(making, others)
    assert dark(picture_of(opposite), areas[0], leaf)[0] <= 12 * (len(areas[0]) + 1)  # what the next letters lap over


def test_hyphens_that_the_text_leaves_out_and_those_that_it_keeps() -> None:
    lines = paragraph("The word-play of the biblio-", "theque is a word-", "play, nothing else at all.")
    data = made_pdf([lines])
    text = extracted(data).text
    assert text == "The word-play of the bibliotheque is a word-play, nothing else at all."
    leaf = leaf_of(data)
    for quote, rows in (("bibliotheque", ["biblio", "theque"]), ("a word-play,", ["aword-", "play,"])):
        start = text.index(quote)
        (areas,) = pdf_boxes.find(leaf, text, [Span(start, start + len(quote))]) or [[]]
        assert [_letters_in(leaf, area) for area in areas] == rows


def _letters_in(leaf: Leaf, within: Area) -> str:
    """Return the letters whose middle lies in an area."""
    middles = (
        (letter, (a.left + a.right) / 2, (a.top + a.bottom) / 2)
        for row in leaf.rows
        for letter, a in zip(*row, strict=True)
    )
    return "".join(
        letter for letter, x, y in middles if within.left < x < within.right and within.top < y < within.bottom
    )


def test_two_columns_drawn_across_are_boxed_in_the_order_of_the_text() -> None:
    left = [f"The left column runs on in line {word}" for word in ("one", "two", "three", "four", "five")]
    right = [f"the right column follows with line {word}" for word in ("six", "seven", "eight", "nine", "ten")]
    lines = [each for pair in zip(paragraph(*left), paragraph(*right, x=320), strict=True) for each in pair]
    data = made_pdf([lines])
    text = extracted(data).text
    quote = "line five the right column follows with line six"
    start = text.index(quote)
    (areas,) = pdf_boxes.find(leaf_of(data), text, [Span(start, start + len(quote))]) or [[]]
    assert [_letters_in(leaf_of(data), area) for area in areas] == ["linefive", "therightcolumnfollowswithlinesix"]
    assert areas[0].right < 300 < areas[1].left


def test_nothing_is_boxed_where_the_page_says_something_else() -> None:
    leaf = leaf_of(made_pdf([paragraph("The lease ends on 1 May.")]))
    span = [Span(4, 9)]
    assert pdf_boxes.find(leaf, "The lease ends on 1 May.", span)
    for other in ("The lease ends on 2 May.", "The lease ends on 1 May. And more.", "The lease ends on", ""):
        assert pdf_boxes.find(leaf, other, span) is None


def test_a_scan_has_no_letters_to_box() -> None:
    leaf = leaf_of(scanned_pdf(1))
    assert leaf.is_there
    assert pdf_boxes.find(leaf, "What Tesseract read.", [Span(0, 4)]) is None


def test_words_that_tesseract_reads_are_boxed_as_high_as_their_lines(tesseract: Path) -> None:
    data = scanned_pdf(1)
    text = extracted(data).text
    found = pdf_page.answer(data, {"page": 1, "recognise": True}, Limits())["leaf"]
    leaf = Leaf(found["pages"], found["width"], found["height"], found["rows"])
    spans = [Span(text.index(word), text.index(word) + len(word)) for word in ("with", "Twice.")]
    (line,), (below,) = pdf_boxes.find(leaf, text, spans) or [[], []]
    points = 72 / 300
    assert line == pytest.approx((900 * points, 900 * points, 1100 * points, 1000 * points))
    assert below == pytest.approx((600 * points, 1100 * points, 900 * points, 1150 * points))
    assert not leaf_of(data).rows  # unless asked for: it takes long


def test_tesseract_that_takes_too_long_is_ended(tesseract: Path) -> None:
    tesseract.write_text("#!/bin/sh\n[ $1 = --list-langs ] || exec sleep 60\n")
    with pytest.raises(OSError, match=r"longer than 0\.2 s"):
        ocr.read(b"P5 1 1 255\n\0", 0.2)


def test_letters_beyond_the_first_plane_have_boxes_of_their_own() -> None:
    data = drawing("a 𝔸𝔹 b")
    text = extracted(data).text
    assert text == "a 𝔸𝔹 b"
    (x, y, b) = pdf_boxes.find(leaf_of(data), text, [Span(2, 3), Span(3, 4), Span(5, 6)]) or [[], [], []]
    assert x[0].left < x[0].right <= y[0].left + 1 < y[0].right <= b[0].left


@pytest.mark.parametrize("word", ["cafe\u0301s", "\u1112\u1161\u11abx", "a\u00adb\ufeffc", "a\u0327\u0301b"])
def test_letters_are_normalised_as_the_text_is(word: str) -> None:
    areas = [Area(float(number), 0, number + 1.0, 1) for number in range(len(word))]
    found = list(pdf_page._normalised(word, areas))
    assert "".join(letter for letter, _ in found) == pdf_page.cleaned(word)
    assert found[0][1].left == 0
    assert found[-1][1].right == len(word)


visible = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C", "M"]), min_size=1, max_size=8)


@given(st.lists(visible, min_size=1, max_size=5), st.data())
def test_letters_are_found_by_counting(rows: list[str], data: st.DataObject) -> None:
    """Whatever white space is between the rows, the letter at an offset is the one that stands there."""
    areas = [
        tuple(Area(place, row, place + 1.0, row + 1.0) for place in range(len(each))) for row, each in enumerate(rows)
    ]
    leaf = Leaf(1, 99.0, 99.0, tuple(map(Row, rows, areas)))
    text = "".join(each + data.draw(st.sampled_from(["", " ", "\n\n", " \t"])) for each in rows)
    start = data.draw(st.integers(0, len(text) - 1))
    (found,) = pdf_boxes.find(leaf, text, [Span(start, len(text))]) or [[]]
    expected = "".join(text[start:].split())
    assert sum(round(area.right - area.left) for area in found) == len(expected)


def test_pages_that_are_not_there() -> None:
    data = made_pdf([paragraph("One."), paragraph("Two.")])
    for number in (0, -1, 3, 10**9):
        assert not leaf_of(data, number).is_there
        assert leaf_of(data, number).pages == 2
        assert "picture" not in pdf_page.answer(data, {"page": number, "width": 800}, Limits())


@pytest.mark.parametrize("size", [(3, 3), (14_400, 20), (20, 14_400), (14_400, 14_400)])
def test_pictures_are_bounded(size: tuple[float, float]) -> None:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=size)
    canvas.setFillColorRGB(1, 0, 0)
    canvas.rect(0, 0, *size, fill=1)
    canvas.save()
    kind, picture = pdf_page.drawn(pdf.opened(file.getvalue())[0], 3200)
    image = Image.open(io.BytesIO(picture))
    assert kind == "image/webp"
    assert image.width * image.height <= 16_200_000
    assert max(image.size) <= 16_001
