"""PDF, by PDFium: a page is a place, numbered from 1 as viewers do.

Text is read where a page has any. A page that is a picture is read by Tesseract if that is installed, and else told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, islice, pairwise
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rag.formats import ocr
from rag.formats.draft import Draft, Unreadable, keywords
from rag.formats.pdf_headings import Title, headings
from rag.formats.pdf_layout import Box, Line, Word, lines
from rag.formats.pdf_text import Paragraph, paragraphs

_FEW_LETTERS = 12  # a page with no more than these and a large picture is a scan with a stamp on it
_LARGE = 0.3  # of the page
_UNKNOWN = 0.3  # of the characters: if it is not known what so many mean, the text is worthless
_DPI = 300
_MOST_PIXELS = 40_000_000
_MOST_BOOKMARKS = 10_000
_SPACES = frozenset({9, 32, 0xA0})
_PARTED = frozenset({0x02, 0xFFFE})  # what PDFium makes of a hyphen at the end of a line and of that end
_ENDS = _SPACES | _PARTED | {10, 13}  # of words
_LINE_END = Word("\n", None)


class _Page(NamedTuple):
    """A page as it was read: its lines, or what Tesseract finds in its picture."""

    lines: Sequence[Line] = ()
    is_scan: bool = False
    recognised: Sequence[ocr.Word] = ()
    is_damaged: bool = False


def read(data: bytes, draft: Draft) -> None:
    """Read every page."""
    document = opened(data)
    author, words = (str(document.get_metadata_value(name)) for name in ("Author", "Keywords"))
    draft.describe(_title(document), author=author, tags=keywords(words))
    pages = [_page(document, index) for index in range(len(document))]
    _write(pages, _outline(document), draft)
    _tell(pages, draft)


def opened(data: bytes) -> pdfium.PdfDocument:
    """Return a PDF that has pages. Raises Unreadable."""
    try:
        document = pdfium.PdfDocument(data)
        count = len(document)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise Unreadable("it is encrypted; save a copy of it without a password") from None
        raise Unreadable("the PDF is damaged or cut off; open it, save it anew or fetch it again") from None
    if not count:
        raise Unreadable("the PDF has no pages; fetch it again")
    return document


def _title(document: pdfium.PdfDocument) -> str:
    """Return the title that the file has, unless it is the name of the file it was made of."""
    title = str(document.get_metadata_value("Title")).strip()
    is_name = title.lower().startswith(("microsoft word", "untitled")) or "." in title[-5:]
    return "" if is_name or len(title) < 4 else title


def _page(document: pdfium.PdfDocument, index: int) -> _Page:
    try:
        page = document[index]
        words = words_on(page)
        if is_picture(page, words):
            return _Page(is_scan=True, recognised=recognised(page) if ocr.program() else ())
        return _Page(lines(words))
    except pdfium.PdfiumError:
        return _Page(is_damaged=True)


def is_picture(page: pdfium.PdfPage, words: Sequence[Word]) -> bool:
    """Tell whether the words of a page are only in its picture: it has none, or of most letters nobody knows which."""
    letters = "".join(word.text for word in words if word.box)
    unknown = sum(letter == "\ufffd" or "\ue000" <= letter <= "\uf8ff" for letter in letters)
    is_scan = len(letters) <= _FEW_LETTERS and _has_large_picture(page)
    return is_scan or unknown > _UNKNOWN * max(len(letters), _FEW_LETTERS)


def words_on(page: pdfium.PdfPage) -> list[Word]:
    """Return the words and the line ends of a page in the order of drawing, with boxes as the page is shown."""
    text_page = page.get_textpage()
    rotation = page.get_rotation()
    words = list(_drawn(text_page, is_on_its_side=rotation in (90, 270)))
    text_page.close()
    if not rotation:
        return words
    width, height = page.get_size()
    return [word._replace(box=_turned(word.box, rotation, width, height)) if word.box else word for word in words]


def _turned(box: Box, rotation: int, width: float, height: float) -> Box:
    """Return a box on a page that is shown turned by 90, 180 or 270 degrees, and is then so wide and high."""
    left, bottom, right, top = box
    if rotation == 90:
        return bottom, height - right, top, height - left
    if rotation == 180:
        return width - right, height - top, width - left, height - bottom
    return width - top, left, width - bottom, right


def _drawn(text_page: pdfium.PdfTextPage, *, is_on_its_side: bool) -> Iterator[Word]:
    """Yield the words and the line ends of a page.

    The functions of PDFium are called directly, and for boxes of the first and last letters only: a thousand pages are
    millions of characters.
    """
    pointer, first = text_page.raw, 0
    letters: list[str] = []
    for i in range(text_page.count_chars()):
        code = raw.FPDFText_GetUnicode(pointer, i)
        if code not in _ENDS:
            first = first if letters else i
            letters.append(chr(code) if 0 < code < 0x110000 else "\ufffd")
            continue
        if letters:
            hyphen = "-" if code in _PARTED else ""
            box, size = _box(pointer, first, i - 1, is_on_its_side)
            yield Word(_joined(letters) + hyphen, box, first, size)
            letters = []
        if code not in _SPACES:
            yield _LINE_END
    if letters:
        box, size = _box(pointer, first, first + len(letters) - 1, is_on_its_side)
        yield Word(_joined(letters), box, first, size)


def _joined(letters: Sequence[str]) -> str:
    """Return letters as a word; those beyond the first 65,536 characters come in halves."""
    word = "".join(letters)
    try:
        word.encode()
    except UnicodeEncodeError:
        return word.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return word


def _box(pointer: object, first: int, last: int, is_on_its_side: bool) -> tuple[Box, float]:
    """Return the box around the characters of a word, by the height of their font, and the size of their type.

    That is the height of the lower of two: an accent on a capital letter makes its box higher.
    """
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(pointer, first, box)
    left, bottom, right, top = box.left, box.bottom, box.right, box.top
    size = right - left if is_on_its_side else top - bottom
    if last > first and raw.FPDFText_GetLooseCharBox(pointer, last, box):
        size = min(size, box.right - box.left if is_on_its_side else box.top - box.bottom)
        left, right = min(left, box.left), max(right, box.right)
        bottom, top = min(bottom, box.bottom), max(top, box.top)
    return (left, bottom, right, top), size


def _has_large_picture(page: pdfium.PdfPage) -> bool:
    width, height = page.get_size()
    pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3)
    areas = ((right - left) * (top - bottom) for left, bottom, right, top in (each.get_bounds() for each in pictures))
    return bool(sum(areas) > _LARGE * width * height)


def recognised(page: pdfium.PdfPage, seconds: float | None = None) -> list[ocr.Word]:
    """Return what Tesseract reads on a page, boxes in points from the upper left corner; nothing where it fails."""
    width, height = page.get_size()
    scale = min(_DPI / 72, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)
    rows, buffer = bitmap.height, memoryview(bitmap.buffer).cast("B")
    pixels = b"".join(bytes(buffer[row * bitmap.stride : row * bitmap.stride + bitmap.width]) for row in range(rows))
    try:
        words = ocr.read(b"P5 %d %d 255\n" % (bitmap.width, rows) + pixels, seconds)
    except OSError:
        return []
    return [_scaled(word, 1 / scale) for word in words]


def _scaled(word: ocr.Word, by: float) -> ocr.Word:
    return word._replace(left=word.left * by, top=word.top * by, right=word.right * by, bottom=word.bottom * by)


def _outline(document: pdfium.PdfDocument) -> list[Title]:
    """Return what the bookmarks of a PDF name, and the pages they lead to."""
    titles = []
    for bookmark in islice(document.get_toc(), _MOST_BOOKMARKS):
        target = bookmark.get_dest()
        page = target.get_index() if target else None
        if page is not None:
            titles.append(Title(page, bookmark.level + 1, bookmark.get_title()))
    return titles


def _write(pages: Sequence[_Page], outline: Sequence[Title], draft: Draft) -> None:
    """Write the paragraphs of each page; a section that goes on over the end of one is begun again on the next."""
    drawn = [page.lines for page in pages]
    sections: list[Paragraph] = []
    for number, (page, text) in enumerate(zip(pages, paragraphs(drawn, headings(drawn, outline)), strict=True), 1):
        runs = groupby(page.recognised, key=lambda word: word.paragraph)
        read_in_picture = [Paragraph(" ".join(word.text for word in run)) for _, run in runs]
        with draft.place("page", number):
            for section in sections:
                draft.section(section.level, section.text)
            for paragraph in [*text, *read_in_picture]:
                if paragraph.level:
                    sections = [*(each for each in sections if each.level < paragraph.level), paragraph]
                    draft.heading(paragraph.level, paragraph.text)
                else:
                    draft.add(paragraph.text, apart=True, boilerplate=paragraph.is_running)


def _tell(pages: Sequence[_Page], draft: Draft) -> None:
    """Tell which pages could not be read, and what to do."""
    numbered = list(enumerate(pages, 1))
    if damaged := [number for number, page in numbered if page.is_damaged]:
        draft.leave_out(f"damaged: {_said(damaged, len(pages))}; open the PDF and save it anew")
    if unread := [number for number, page in numbered if page.is_scan and not page.recognised]:
        advice = "Tesseract reads nothing in them" if ocr.program() else ocr.ADVICE
        draft.leave_out(f"scanned, without text: {_said(unread, len(pages))}; {advice}")


def _said(numbers: Sequence[int], count: int) -> str:
    """Say which pages, runs of them in short.

    >>> _said([2, 4, 5, 6], 9), _said([3], 9), _said([1, 2], 2)
    ('pages 2, 4–6', 'page 3', 'all 2 pages')
    """
    if len(numbers) == count > 1:
        return f"all {count} pages"
    if len(numbers) == 1:
        return f"page {numbers[0]}"
    starts = [number for before, number in pairwise((-1, *numbers)) if number != before + 1]
    ends = [number for number, after in pairwise((*numbers, -1)) if after != number + 1]
    runs = (str(start) if start == end else f"{start}–{end}" for start, end in zip(starts, ends, strict=True))
    return f"pages {', '.join(runs)}"
