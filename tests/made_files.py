"""Files of every format, made by the libraries that people's programs are made with, or by hand where there is none."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from email.message import EmailMessage
from functools import cache

import docx
import pptx
import xlsxwriter
from matplotlib import get_data_path, rc_context
from matplotlib.figure import Figure
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

SENTENCE = "The library of Bergen lends four hundred books a day."
Line = tuple[float, float, str]  # x and y in points from the lower left corner, and what is written there


def pdf(pages: Iterable[Sequence[Line]], *, password: str | None = None, title: str = "") -> bytes:
    """Make a PDF, each page of which is drawn line by line in the order given."""
    file = io.BytesIO()
    encryption = StandardEncryption(password, canPrint=0) if password else None
    canvas = Canvas(file, encrypt=encryption)
    if title:
        canvas.setTitle(title)
    for page in pages:
        canvas.setFont(_font(), 11)
        for x, y, text in page:
            canvas.drawString(x, y, text)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def paragraph(*texts: str, x: float = 60, top: float = 750) -> list[Line]:
    """Lay lines out one below the other."""
    return [(x, top - 14 * number, text) for number, text in enumerate(texts)]


def titled_pdf(pages: Iterable[Sequence[tuple[float, str]]], bookmarks: Sequence[tuple[int, int, str]] = ()) -> bytes:
    """Make a PDF of lines, each with the size of its type; bookmarks are of a page, both from 0, a level and a name."""
    file = io.BytesIO()
    canvas = Canvas(file)
    for number, page in enumerate(pages):
        y = 780.0
        for size, text in page:
            y -= 1.3 * size
            canvas.setFont(_font(), size)
            canvas.drawString(60, y, text)
        for _, level, name in (each for each in bookmarks if each[0] == number):
            canvas.bookmarkPage(name)
            canvas.addOutlineEntry(name, name, level)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def turned_pdf(lines: Sequence[Line], rotation: int) -> bytes:
    """Make a PDF of one page that is turned when it is shown, and drawn so that its lines are then upright."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(600, 600))
    canvas.setPageRotation(rotation)
    canvas.translate(300, 300)
    canvas.rotate(rotation)
    for x, y, text in lines:
        canvas.drawString(x - 200, y, text)
    canvas.save()
    return file.getvalue()


def drawing(text: str) -> bytes:
    """Make a PDF of a drawing, in fonts that have letters beyond the first 65,536 characters."""
    file = io.BytesIO()
    figure = Figure()
    figure.text(0.1, 0.5, text)
    with rc_context({"pdf.fonttype": 42}):
        figure.savefig(file, format="pdf")
    return file.getvalue()


def scanned_pdf(pages: int, *, texts: Mapping[int, str] | None = None) -> bytes:
    """Make a PDF of pictures, some pages (from 0) with text instead."""
    file = io.BytesIO()
    canvas = Canvas(file)
    picture = ImageReader(Image.new("L", (60, 80), 200))
    for number in range(pages):
        if texts and number in texts:
            canvas.drawString(60, 750, texts[number])
        else:
            canvas.drawImage(picture, 0, 0, 595, 842)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


@cache
def _font() -> str:
    """Return the name of a font with Cyrillic letters."""
    pdfmetrics.registerFont(TTFont("DejaVu", f"{get_data_path()}/fonts/ttf/DejaVuSans.ttf"))
    return "DejaVu"


def word(*paragraphs: str | tuple[str, str] | list[Sequence[str]]) -> bytes:
    """Make a Word file of paragraphs: a text, a (style, text), or a table as a list of rows."""
    document = docx.Document()
    for each in paragraphs:
        if isinstance(each, list):
            table = document.add_table(len(each), len(each[0]))
            for row, cells in zip(table.rows, each, strict=True):
                for cell, text in zip(row.cells, cells, strict=True):
                    cell.text = text
        elif isinstance(each, tuple):
            document.add_paragraph(each[1], style=each[0])
        else:
            document.add_paragraph(each)
    return _saved(document)


def slides(*texts: tuple[str, str, str]) -> bytes:
    """Make a presentation: a slide for each title, body and notes."""
    presentation = pptx.Presentation()
    for title, body, notes in texts:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, body
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    return _saved(presentation)


def workbook(sheets: Mapping[str, Sequence[Sequence[object]]], *, first_row: int = 0, hidden: str = "") -> bytes:
    """Make a workbook of sheets, whose rows begin at `first_row`, counted from 0."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name == hidden:
                sheet.hide()
            for number, row in enumerate(rows, first_row):
                sheet.write_row(number, 0, row)
    return file.getvalue()


def _saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def zipped(members: Mapping[str, bytes | str], *, stored: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def rezipped(data: bytes, changes: Mapping[str, bytes | None]) -> bytes:
    """Return a zip with members replaced, added or, where the change is None, left out."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    return zipped({name: content for name, content in (members | dict(changes)).items() if content is not None})


def member(data: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return packed.read(name)


def tarred(members: Mapping[str, bytes | str], mode: str = "w:gz") -> bytes:
    """Make a tar; a text as the content is where a symbolic link leads."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as packed:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                packed.addfile(entry)
            else:
                entry.size = len(content)
                packed.addfile(entry, io.BytesIO(content))
    return file.getvalue()


ODT = "application/vnd.oasis.opendocument.text"
ODP = "application/vnd.oasis.opendocument.presentation"
_NAMESPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)


def opendocument(body: str, mimetype: str = ODT, **members: str) -> bytes:
    content = f"<office:document-content {_NAMESPACES}><office:body>{body}</office:body></office:document-content>"
    manifest = '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return zipped({"mimetype": mimetype, "content.xml": content, "META-INF/manifest.xml": manifest} | members)


def book(*chapters: str, title: str = "The book", spine: Sequence[int] | None = None) -> bytes:
    """Make an EPUB of the bodies of its chapters, read in the order of `spine`."""
    items = "".join(
        f'<item id="c{number}" href="text/c%20{number}.xhtml" media-type="application/xhtml+xml"/>'
        for number in range(len(chapters))
    )
    order = "".join(f'<itemref idref="c{number}"/>' for number in spine or range(len(chapters)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<metadata><dc:title>{title}</dc:title><dc:date>2024-05-06</dc:date></metadata>"
        f"<manifest>{items}</manifest><spine>{order}</spine></package>"
    )
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    pages = {
        f"OPS/text/c {number}.xhtml": f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html>'
        for number, body in enumerate(chapters)
    }
    return zipped(
        {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OPS/book.opf": package} | pages
    )


def mail(subject: str, text: str, *, html: str = "", files: Mapping[str, bytes] | None = None) -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "Kari <kari@example.org>", "ivan@example.org"
    message["Date"] = "Mon, 03 Mar 2025 23:30:00 +0100"
    if text:
        message.set_content(text)
    if html:
        (message.add_alternative if text else message.set_content)(html, subtype="html")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message


def mailbox(*messages: EmailMessage) -> bytes:
    starts = b"From kari@example.org Mon Mar  3 23:30:00 2025\n"
    quoted = (message.as_bytes().replace(b"\nFrom ", b"\n>From ") for message in messages)
    return b"".join(starts + message + b"\n\n" for message in quoted)


def page(article: str, *, title: str = "A page", head: str = "") -> str:
    """Make a web page with what surrounds articles."""
    menu = "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("Home", "News", "Sports", "Weather"))
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body><nav><ul>{menu}</ul></nav>"
        f"<main><article>{article}</article></main>"
        f"<footer><p>Copyright 2025 Example Media. All rights reserved. Cookie settings</p></footer></body></html>"
    )


@cache
def good() -> dict[str, bytes]:
    """Return one sound file of every format; each says the same sentence."""
    return {
        "a.docx": word(("Heading 1", "Lending"), SENTENCE),
        "a.pptx": slides(("Lending", SENTENCE, "")),
        "a.xlsx": workbook({"Lending": [["What", "Said"], ["books", SENTENCE]]}),
        "a.odt": opendocument(f"<office:text><text:p>{SENTENCE}</text:p></office:text>"),
        "a.epub": book(f"<h1>Lending</h1><p>{SENTENCE}</p>"),
        "a.pdf": pdf([paragraph(SENTENCE)]),
        "a.rtf": rb"{\rtf1\ansi " + SENTENCE.encode() + rb"\par}",
        "a.eml": mail("Lending", SENTENCE).as_bytes(),
        "a.mbox": mailbox(mail("Lending", SENTENCE)),
        "a.html": page(f"<h1>Lending</h1><p>{SENTENCE}</p>").encode(),
        "a.csv": f'What,Said\nbooks,"{SENTENCE}"\n'.encode(),
        "a.json": json.dumps([{"said": SENTENCE}]).encode(),
        "a.jsonl": f"{json.dumps({'said': SENTENCE})}\n".encode(),
        "a.zip": zipped({"inner/a.txt": SENTENCE}),
        "a.tar.gz": tarred({"a.txt": SENTENCE.encode()}),
        "a.txt.gz": gzip.compress(SENTENCE.encode()),
        "a.txt": SENTENCE.encode(),
        "a.md": f"# Lending\n\n{SENTENCE}\n".encode(),
    }
