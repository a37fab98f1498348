"""Files as they should not be, each with what is to be said of it: cut off, mislabelled, encrypted, made to do harm.

What is to be said is a part of the message, or None where the file is to be read all the same.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from tests.made_files import (
    SENTENCE,
    book,
    good,
    mail,
    mailbox,
    member,
    opendocument,
    page,
    paragraph,
    pdf,
    rezipped,
    scanned_pdf,
    slides,
    tarred,
    word,
    workbook,
    zipped,
)

UNPACKED_MEGABYTES = 30  # the limit that the files here are made to break
DAMAGED = "damaged or cut off"
ENCRYPTED = "it is encrypted; save a copy of it without a password"
BOMB = "it unpacks to more than 30 MB, as a bomb would; unpack it yourself if you trust it"
NOT_TEXT = "the file is binary, not text"
ENTITIES = "declares XML entities, as attacks do; it is not read"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(40)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


_MAIN_PARTS = {  # of packages, one that says something
    "a.docx": "word/document.xml",
    "a.pptx": "ppt/slides/slide1.xml",
    "a.xlsx": "xl/sharedStrings.xml",
    "a.odt": "content.xml",
    "a.epub": "OPS/text/c 0.xhtml",
    "a.zip": "inner/a.txt",
}


class Broken(NamedTuple):
    name: str
    data: bytes
    message: str | None = None


def broken_files() -> list[Broken]:
    """Return all of them; their names differ."""
    return [*_cut_off(), *_mislabelled(), *_encrypted(), *_bombs(), *_xml(), *_packages(), *_archives(), *_others()]


def _cut_off() -> Iterator[Broken]:
    """Yield files of every binary format of which a part is missing or overwritten, or that are empty."""
    for name in good():
        yield Broken(f"empty-{name}", b"", "the file is empty")
    for name, part in _MAIN_PARTS.items():
        data, suffix = good()[name], name[1:]
        yield Broken(f"half{suffix}", data[: len(data) // 2], DAMAGED)
        yield Broken(f"garbled{suffix}", _garbled(data, part), "damaged")
        yield Broken(f"head-only{suffix}", data[:30], DAMAGED)
    yield Broken("half.tar.gz", good()["a.tar.gz"][:60], DAMAGED)
    yield Broken("half.txt.gz", good()["a.txt.gz"][:20], DAMAGED)
    yield Broken("half.pdf", good()["a.pdf"][:400], DAMAGED)
    yield Broken("zeros.pdf", bytes(2000), DAMAGED)
    yield Broken("zeros.docx", bytes(2000), DAMAGED)
    yield Broken("noise.pdf", random.Random(1).randbytes(2000), DAMAGED)
    yield Broken("noise.xlsx", random.Random(2).randbytes(2000), "damaged or cut off")
    yield Broken("noise.txt", random.Random(3).randbytes(2000), NOT_TEXT)
    yield Broken("half.json", good()["a.json"][:20], "it is no valid JSON")
    yield Broken("half.rtf", good()["a.rtf"][:30], "the end of the file is cut off")
    yield Broken("half.csv", b'a,b\n1,"2\n' + b"x" * 2_000_000, "a quotation mark may be missing")


def _garbled(data: bytes, name: str) -> bytes:
    """Overwrite bytes in a member of a zip, so that its checksum does not hold."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        member = packed.getinfo(name)
    middle = member.header_offset + 30 + len(name) + member.compress_size // 2
    return data[:middle] + bytes(byte ^ 255 for byte in data[middle : middle + 10]) + data[middle + 10 :]


def _mislabelled() -> Iterator[Broken]:
    """Yield files whose names say another thing than their bytes; what can be read is read."""
    files = good()
    yield Broken("word.pdf", files["a.docx"])
    yield Broken("pdf.docx", files["a.pdf"])
    yield Broken("pdf.txt", files["a.pdf"])
    yield Broken("book.zip", files["a.epub"])
    yield Broken("web.pdf", files["a.html"])
    yield Broken("web.docx", files["a.html"])
    yield Broken("mail.pdf", files["a.eml"])
    yield Broken("words.pdf", files["a.txt"])
    yield Broken("words.zip", files["a.txt"])
    yield Broken("sheet.docx", files["a.xlsx"])
    yield Broken("slides.doc", files["a.pptx"])
    yield Broken("rich.doc", files["a.rtf"])
    yield Broken("picture.pdf", PNG, "it is no .pdf file but a PNG image")
    yield Broken("picture.docx", b"\xff\xd8\xff\xe0" + bytes(50), "it is no .docx file but a JPEG image")
    yield Broken("picture.txt", PNG, NOT_TEXT)
    yield Broken("program.pdf", b"MZ" + bytes(100), "it is no .pdf file but a Windows program")
    yield Broken("archive.zip", b"Rar!\x1a\x07\x00" + bytes(50), "a RAR archive; pack its files as .zip")
    yield Broken("archive.rar", b"Rar!\x1a\x07\x00" + bytes(50), "a RAR archive is not read; pack the files as .zip")
    yield Broken("old.doc", OLE + "WordDocument".encode("utf-16-le"), "save it as .docx")
    yield Broken("old.docx", OLE + "WordDocument".encode("utf-16-le"), "save it as .docx")
    yield Broken("old.ppt", OLE + "PowerPoint Document".encode("utf-16-le"), "save it as .pptx")
    yield Broken("old.msg", OLE + "__nameid_version1.0".encode("utf-16-le"), "save the message as .eml")
    yield Broken("old.xls", OLE + "Workbook".encode("utf-16-le"), "the workbook is damaged")


def _encrypted() -> Iterator[Broken]:
    locked = OLE + "EncryptedPackage".encode("utf-16-le")
    for suffix in ("docx", "pptx", "xlsx"):
        yield Broken(f"locked.{suffix}", locked, ENCRYPTED)
    yield Broken("locked.pdf", pdf([paragraph(SENTENCE)], password="secret"), ENCRYPTED)
    yield Broken("locked.zip", _flagged(zipped({"a.txt": SENTENCE}, stored=True)), ENCRYPTED)
    manifest = '<m:manifest xmlns:m="urn:x"><manifest:encryption-data xmlns:manifest="urn:x"/></m:manifest>'
    yield Broken("locked.odt", opendocument("", **{"META-INF/manifest.xml": manifest}), ENCRYPTED)
    rights = rezipped(good()["a.epub"], {"META-INF/rights.xml": b"<rights/>"})
    yield Broken("protected.epub", rights, "the book is protected against copying")


def _flagged(data: bytes) -> bytes:
    """Mark the members of a zip as encrypted, which makes whoever reads them ask for a password."""
    local = data.replace(b"PK\x03\x04\x14\0\0\0", b"PK\x03\x04\x14\0\1\0")
    return local.replace(b"PK\x01\x02\x14\x03\x14\0\0\0", b"PK\x01\x02\x14\x03\x14\0\1\0")


def _packed_in_an_unknown_way() -> bytes:
    """Make a zip whose member names a compression that there is not."""
    data = good()["a.zip"]
    central = data.index(b"PK\x01\x02")
    return data[: central + 10] + b"\x4d\0" + data[central + 12 :]


def _bombs() -> Iterator[Broken]:
    zeros = bytes(UNPACKED_MEGABYTES * 1_000_000 + 1_000_000)
    small = zipped({f"{number}.txt": b"a" * 7_000_000 for number in range(5)})
    inner = zipped({"a.txt": SENTENCE})
    for _ in range(6):
        inner = zipped({"inner.zip": inner})
    yield Broken("bomb.zip", zipped({"a.txt": zeros}), BOMB)
    yield Broken("bombs.zip", small, BOMB)
    yield Broken("bomb-in-bomb.zip", zipped({"one.zip": small}), BOMB)
    yield Broken("bomb.tar.gz", tarred({"a.txt": zeros}), BOMB)
    yield Broken("bomb.txt.gz", gzip.compress(zeros), BOMB)
    yield Broken("bomb.docx", rezipped(good()["a.docx"], {"word/document.xml": zeros}), BOMB)
    yield Broken("bomb.xlsx", rezipped(good()["a.xlsx"], {"xl/media/image1.png": zeros}), BOMB)
    yield Broken("bomb.epub", book(f"<p>{'a' * len(zeros)}</p>"), BOMB)
    yield Broken("lying.zip", _lying(zeros), "damaged")
    yield Broken("deep.zip", inner, "in too many archives, one in another")
    yield Broken("many.zip", zipped(dict.fromkeys(map(str, range(10_001)), b"")), "more than 10000 files")
    yield Broken("deep.json", b"[" * 200_000 + b"]" * 200_000, "nested too deeply")
    yield Broken("deep.html", b"<div>" * 50_000 + SENTENCE.encode(), "nested too deeply")
    yield Broken("bomb.pdf", _stream_bomb(), "the file holds no text")


def _lying(content: bytes) -> bytes:
    """Make a zip that says that its member is small."""
    data = zipped({"a.txt": content})
    return data.replace(struct.pack("<I", len(content)), struct.pack("<I", 10))


def _stream_bomb() -> bytes:
    """Make a PDF with a page that is drawn by hundreds of megabytes of nothing."""
    packed = zlib.compress(zlib.compress(b" " * 100_000_000, 9), 9)
    return _pdf_of(b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>stream\n%s\nendstream" % (len(packed), packed))


def _pdf_of(content: bytes, catalog: bytes = b"", kids: bytes = b"[3 0 R]") -> bytes:
    """Write a PDF of one page by hand."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%s>>" % catalog,
        b"<</Type/Pages/Count 1/Kids%s>>" % kids,
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>",
        content,
    ]
    body, offsets = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    return body + head + table + b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(body)


def _xml() -> Iterator[Broken]:
    """Yield documents with entities that multiply, or that fetch what is none of theirs."""
    files = good()
    for kind, doctype in (("laughs", LAUGHS), ("outside", OUTSIDE)):
        for name, part in (
            ("a.docx", "word/document.xml"),
            ("a.pptx", "ppt/slides/slide1.xml"),
            ("a.odt", "content.xml"),
            ("a.epub", "OPS/book.opf"),
        ):
            text = member(files[name], part).decode()
            text = text[text.index("?>") + 2 :] if text.startswith("<?xml") else text
            text = text.replace(SENTENCE, "&e;" if kind == "outside" else "&j;")
            yield Broken(f"{kind}{name[1:]}", rezipped(files[name], {part: (doctype + text).encode()}), ENTITIES)
    wide = _with_laughs(member(files["a.docx"], "word/document.xml"), "utf-16")
    hidden = rezipped(files["a.docx"], {"word/document.xml": wide})
    yield Broken("laughs-wide.docx", hidden, "the part word/document.xml of the file is damaged")
    strings = _with_laughs(member(files["a.xlsx"], "xl/sharedStrings.xml"), "utf-8")
    yield Broken("laughs.xlsx", rezipped(files["a.xlsx"], {"xl/sharedStrings.xml": strings}), "the workbook is damaged")
    yield Broken("laughs.html", page(f"<p>{SENTENCE}</p>").replace("<!doctype html>", LAUGHS).encode())
    yield Broken("outside.html", page(f"<p>{SENTENCE} &e;</p>").replace("<!doctype html>", OUTSIDE).encode())


def _with_laughs(xml: bytes, encoding: str) -> bytes:
    body = xml.decode().partition("?>")[2].replace(SENTENCE, f"{SENTENCE} &j;")
    return f'<?xml version="1.0" encoding="{encoding}"?>{LAUGHS}{body}'.encode(encoding)


def _packages() -> Iterator[Broken]:
    """Yield packages with parts that are missing, that lead out, or that hold programs."""
    files = good()
    relations = "word/_rels/document.xml.rels"
    leading_out = member(files["a.docx"], relations).replace(
        b"</Relationships>",
        b'<Relationship Id="x1" Type="http://x/footnotes" Target="file:///etc/passwd" TargetMode="External"/>'
        b'<Relationship Id="x2" Type="http://x/endnotes" Target="../../../../etc/passwd"/>'
        b'<Relationship Id="x3" Type="http://x/attachedTemplate" Target="http://example.org/x.dotm" '
        b'TargetMode="External"/></Relationships>',
    )
    yield Broken("leading-out.docx", rezipped(files["a.docx"], {relations: leading_out}))
    macros = rezipped(files["a.docx"], {"word/vbaProject.bin": OLE})
    types = member(files["a.docx"], "[Content_Types].xml").replace(
        b"wordprocessingml.document.main+xml", b"ms-word.document.macroEnabled.main+xml"
    )
    yield Broken("macros.docm", rezipped(macros, {"[Content_Types].xml": types}))
    yield Broken("macros.xlsm", rezipped(files["a.xlsx"], {"xl/vbaProject.bin": OLE}))
    yield Broken("macros.pptm", rezipped(files["a.pptx"], {"ppt/vbaProject.bin": OLE}))
    yield Broken("no-main.docx", rezipped(files["a.docx"], {"_rels/.rels": None}), "names no main part")
    yield Broken("no-slide.pptx", rezipped(files["a.pptx"], {"ppt/slides/slide1.xml": None}), "slide 1 is missing")
    yield Broken("no-chapter.epub", rezipped(files["a.epub"], {"OPS/text/c 0.xhtml": None}), "is missing; fetch it")
    yield Broken(
        "no-content.odt", rezipped(files["a.odt"], {"content.xml": None}), "content.xml of the file is missing"
    )
    yield Broken("bad-xml.docx", rezipped(files["a.docx"], {"word/document.xml": b"<w:p>"}), "word/document.xml")
    yield Broken("bad-sheet.xlsx", rezipped(files["a.xlsx"], {"xl/worksheets/sheet1.xml": b"<s"}), "damaged")
    yield Broken("blank.docx", word(" "), "the file holds no text")
    yield Broken("blank.pptx", slides(("", "", "")), "the file holds no text")
    yield Broken("blank.xlsx", workbook({"Empty": []}), "the file holds no text")
    yield Broken(
        "script.pdf", _pdf_of(b"<</Length 0>>stream\n\nendstream", b"/OpenAction<</S/JavaScript/JS(x)>>"), "no text"
    )
    yield Broken("loop.pdf", _pdf_of(b"<</Length 0>>stream\n\nendstream", kids=b"[2 0 R]"), "PDF")
    yield Broken("scan.pdf", scanned_pdf(2), "scanned, without text: all 2 pages; install Tesseract")


def _archives() -> Iterator[Broken]:
    yield Broken("leading-out.zip", zipped({"../../../etc/evil.txt": SENTENCE, "/tmp/evil.txt": SENTENCE}))
    yield Broken("leading-out.tar", tarred({"link.txt": "/etc/passwd", "../a.txt": SENTENCE.encode()}, "w:"))
    yield Broken("only-links.tar", tarred({"link.txt": "/etc/passwd"}, "w:"), "the file holds no text")
    yield Broken("no-documents.zip", zipped({"a.png": PNG}), "it holds no file of a kind that is read")
    inner = zipped({"good.txt": SENTENCE, "bad.pdf": b"%PDF-1.4", "bad.docx": PNG})
    yield Broken("mixed.zip", inner)
    yield Broken("empty.zip", zipped({}), DAMAGED)


def _others() -> Iterator[Broken]:
    yield Broken("number.json", b"1" * 10_000, "it is no valid JSON")
    yield Broken("half-character.json", json.dumps({"said": SENTENCE + " \ud83d"}).encode())
    yield Broken("wrong.jsonl", f'{{"said": "{SENTENCE}"}}\nnonsense\n'.encode())
    yield Broken("nothing.json", b"{}", "the file holds no text")
    yield Broken("nothing.html", b"<html><body><script>1</script></body></html>", "the file holds no text")
    yield Broken("wrong-charset.eml", _with_charset(b"nonsense-8"))
    yield Broken("headless.mbox", b"From nobody\n\nnothing\n", "the mailbox has no message")
    yield Broken("unknown-packing.zip", _packed_in_an_unknown_way(), "it is packed in a way that is not known")
    yield Broken("headless.eml", b"\n\nnothing of a mail\n", "it has no head")
    message = mail("Lending", SENTENCE, files={"a.docx": PNG}).as_bytes()
    yield Broken("bad-attachment.eml", message)
    yield Broken("bad-message.mbox", mailbox(mail("Lending", SENTENCE)) + b"From x Mon Mar  3 23:30:00 2025\n\xff\xfe")
    yield Broken("binary.csv", PNG, NOT_TEXT)
    yield Broken("unending.rtf", rb"{\rtf1 " + b"{" * 100_000 + SENTENCE.encode())
    yield Broken("имя файла\nс переводом строки.txt", SENTENCE.encode())
    yield Broken("日本語 ‮fdp.docx", good()["a.docx"])


def _with_charset(charset: bytes) -> bytes:
    return mail("Lending", SENTENCE).as_bytes().replace(b"utf-8", charset)
