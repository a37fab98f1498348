"""A process that shows pages of PDFs to another, which can end it: ``python -m rag.formats.pdf_page``.

It answers as `rag.formats.worker` does: what stands where on a page, or the picture of one.
"""

from __future__ import annotations

import base64
import io
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from ctypes import byref, c_double
from itertools import groupby
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rag.formats import ocr, pdf, worker
from rag.formats.draft import Limits, cleaned
from rag.formats.pdf_boxes import Area, Leaf, Row
from rag.formats.pdf_layout import Line, Word, lines

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 16_000_000  # of a picture
_LONGEST_SIDE = 16_000  # pixels: WebP knows no more than 16,383
_RECOGNISING = 7.0  # seconds: whoever looks at a page waits
_FINE = 1 << 16  # parts of a page's side, to place its corners exactly

Placed = Callable[[float, float], tuple[float, float]]  # a point as the file counts -> as the page is shown


def answer(data: bytes, request: Mapping[str, Any], _: Limits) -> Mapping[str, Any]:
    """Answer a request, which names a page from 1 and, if its picture is wanted, how wide that is to be in pixels.

    Else it says whether the letters of a page that is a picture are wanted, too: reading them takes a second or more.
    """
    document = pdf.opened(data)
    number = request["page"]
    page = _page(document, number) if 1 <= number <= len(document) else None
    if "width" in request:
        if page is None:
            return {"is_missing": not 1 <= number <= len(document)}
        kind, picture = drawn(page, request["width"])
        return {"kind": kind, "picture": base64.b64encode(picture).decode()}
    recognise = request.get("recognise", False)
    found = leaf(page, len(document), recognise=recognise) if page else Leaf(len(document))
    return {"leaf": {"pages": found.pages, "width": found.width, "height": found.height, "rows": found.rows}}


def _page(document: pdfium.PdfDocument, number: int) -> pdfium.PdfPage | None:
    try:
        return document[number - 1]
    except pdfium.PdfiumError:
        return None


# What stands where


def leaf(page: pdfium.PdfPage, pages: int, *, recognise: bool = False) -> Leaf:
    """Return what stands where on a page, in the order in which `rag.formats.pdf` reads it."""
    width, height = page.get_size()
    words = pdf.words_on(page)
    if pdf.is_picture(page, words):
        return Leaf(pages, width, height, tuple(_recognised(page)) if recognise and ocr.program() else ())
    text_page = page.get_textpage()
    placed = _placed(page, width, height)
    rows = tuple(Row(*_row(text_page, line, words, placed, (width, height))) for line in lines(words))
    return Leaf(pages, width, height, rows)


def _recognised(page: pdfium.PdfPage) -> Iterator[Row]:
    """Yield the letters of each line that Tesseract reads in the picture of a page; those of a word share its box."""
    for _, words in groupby(pdf.recognised(page, _RECOGNISING), key=lambda word: word.line):
        found = [pair for word in words for pair in _normalised(word.text, list(_shares(word)))]
        yield Row("".join(letter for letter, _ in found), tuple(area for _, area in found))


def _shares(word: ocr.Word) -> Iterator[Area]:
    """Yield an area for each letter of a word: all are as wide."""
    share = (word.right - word.left) / len(word.text)
    for number in range(len(word.text)):
        left = word.left + number * share
        yield Area(*(round(each, 2) for each in (left, word.top, left + share, word.bottom)))


def _placed(page: pdfium.PdfPage, width: float, height: float) -> Placed:
    """Return how points come to lie on the page as it is shown: cropped, turned, and counted from above."""
    (x, y), right, below = (_corner(page, *corner) for corner in ((0, 0), (_FINE, 0), (0, _FINE)))
    across, down = (right[0] - x, right[1] - y), (below[0] - x, below[1] - y)

    def along(side: tuple[float, float], point: tuple[float, float]) -> float:
        return (side[0] * (point[0] - x) + side[1] * (point[1] - y)) / (side[0] ** 2 + side[1] ** 2 or 1.0)

    return lambda x, y: (width * along(across, (x, y)), height * along(down, (x, y)))


def _corner(page: pdfium.PdfPage, x: int, y: int) -> tuple[float, float]:
    at_x, at_y = c_double(), c_double()
    raw.FPDF_DeviceToPage(page.raw, 0, 0, _FINE, _FINE, 0, x, y, byref(at_x), byref(at_y))
    return at_x.value, at_y.value


def _row(
    text_page: pdfium.PdfTextPage, line: Line, words: Sequence[Word], placed: Placed, size: tuple[float, float]
) -> tuple[str, tuple[Area, ...]]:
    """Return the letters of a line, and the area of each."""
    found = [
        (letter, area)
        for run in line.words
        for word in words[slice(*run)]
        for letter, area in _normalised(
            word.text, [_area(text_page, each, placed, size) for each in _numbers(text_page, word)]
        )
    ]
    return "".join(letter for letter, _ in found), tuple(area for _, area in found)


def _numbers(text_page: pdfium.PdfTextPage, word: Word) -> Iterator[int]:
    """Yield the number of each letter of a word on its page; some letters are two halves there."""
    number = word.first
    for letter in word.text:
        yield number
        is_half = letter > "\uffff" and raw.FPDFText_GetUnicode(text_page.raw, number) < 0x10000
        number += 2 if is_half else 1


def _area(text_page: pdfium.PdfTextPage, number: int, placed: Placed, size: tuple[float, float]) -> Area:
    """Return where a letter is shown, by the height of its font, as far as it lies on the page."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(text_page.raw, number, box):
        return Area(0.0, 0.0, 0.0, 0.0)
    one, other = placed(box.left, box.bottom), placed(box.right, box.top)
    (left, right), (top, bottom) = (sorted(side) for side in zip(one, other, strict=True))
    width, height = size
    return Area(
        *(
            round(min(max(each, 0.0), most), 2)
            for each, most in zip((left, top, right, bottom), (width, height) * 2, strict=True)
        )
    )


def _normalised(word: str, areas: Sequence[Area]) -> Iterator[tuple[str, Area]]:
    """Yield the letters of a word as its text has them, each with the area of what it was made of."""
    if cleaned(word) == word:
        yield from zip(word, areas, strict=True)
        return
    starts = [number for number, letter in enumerate(word) if not number or not unicodedata.combining(letter)]
    groups = [slice(start, end) for start, end in zip(starts, [*starts[1:], len(word)], strict=True)]
    if "".join(cleaned(word[each]) for each in groups) != "".join(cleaned(word).split()):
        groups = [slice(None)]  # letters that compose with others than marks: of them all, one area
    for each in groups:
        area = _around(areas[each])
        yield from ((letter, area) for letter in cleaned(word[each]) if not letter.isspace())


def _around(areas: Sequence[Area]) -> Area:
    seen = [area for area in areas if area.is_seen] or areas[:1]
    left, top, right, bottom = zip(*seen, strict=True)
    return Area(min(left), min(top), max(right), max(bottom))


# How it looks


def drawn(page: pdfium.PdfPage, width: int) -> tuple[str, bytes]:
    """Return the picture of a page and its media type: PNG of one without colours, else WebP."""
    size = page.get_size()
    most = min((_MOST_PIXELS / (size[0] * size[1])) ** 0.5, _LONGEST_SIDE / max(size))
    image = page.render(scale=min(width / size[0], most)).to_pil()
    file = io.BytesIO()
    if gray := _without_colours(image):
        gray.save(file, "PNG", compress_level=1)
        return "image/png", file.getvalue()
    image.save(file, "WEBP", quality=85, method=0)
    return "image/webp", file.getvalue()


def _without_colours(image: Image) -> Image | None:
    red, *others = image.split()
    return red if all(each.tobytes() == red.tobytes() for each in others) else None


if __name__ == "__main__":
    worker.serve(answer)
