"""Success@1, @5, @10 and RR@10 on the same text as plain text, web page, Word file and PDF.

    rag questions squad SET.jsonl.gz --out FOLDER --leave-out 6
    python -m benchmarks.formats FOLDER [--work DIR] [--json FILE]

Each line of a text becomes a paragraph: of a page with menu and footer, of a Word file, and of a PDF whose lines are
broken at the width of the page and whose pages are numbered. The evidence of each question is looked for in the text
that is read from the file, white space aside; where it is not there, the question counts as missed.
`--work` keeps the files, with a question file for each format that `rag eval` takes.
"""

from __future__ import annotations

import html
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from matplotlib import get_data_path
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

from benchmarks.common import parser, show, show_machine, write
from benchmarks.reading import index_folder, workplace
from rag import documents as files
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.evaluation import measures
from rag.evaluation.questions import Question, locate, read_lines
from rag.index import Index
from rag.types import Document, Hit, Span
from tests.made_files import page, word

QUESTIONS, DOCUMENTS = "questions.jsonl", "documents"
DEPTH = 10
FONT = "DejaVuSans"


class Found(NamedTuple):
    """What came of one format: the scores of each question, and how many have lost their evidence."""

    scores: list[dict[str, float]]
    lost: int

    def means(self) -> dict[str, float]:
        """Return the mean of each measure, in per cent."""
        return {name: 100 * sum(each[name] for each in self.scores) / len(self.scores) for name in measures.RANKINGS}


def as_text(paragraphs: Sequence[str]) -> bytes:
    return "\n".join(paragraphs).encode()


def as_page(paragraphs: Sequence[str]) -> bytes:
    article = "".join(f"<p>{html.escape(each)}</p>" for each in paragraphs)
    return page(article, title=html.escape(paragraphs[0])).encode()


def as_word(paragraphs: Sequence[str]) -> bytes:
    return word(*paragraphs)


def as_pdf(paragraphs: Sequence[str]) -> bytes:
    """Make a PDF of numbered pages."""
    pdfmetrics.registerFont(TTFont(FONT, f"{get_data_path()}/fonts/ttf/{FONT}.ttf"))
    style = ParagraphStyle("text", fontName=FONT, fontSize=10, leading=13, spaceAfter=6)
    file = io.BytesIO()
    document = SimpleDocTemplate(file, pagesize=A4)
    content = [Paragraph(html.escape(each), style) for each in paragraphs]
    document.build(content, onFirstPage=_numbered, onLaterPages=_numbered)
    return file.getvalue()


def _numbered(canvas: Canvas, _: object) -> None:
    canvas.drawCentredString(A4[0] / 2, 30, f"– {canvas.getPageNumber()} –")


MAKERS = {"txt": as_text, "html": as_page, "docx": as_word, "pdf": as_pdf}


def convert(texts: Mapping[str, str], questions: Sequence[Question], suffix: str, folder: Path) -> int:
    """Write the texts in one format, and the questions on them; return how many of these have lost their evidence."""
    documents = folder / DOCUMENTS
    documents.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        paragraphs = [line for line in text.split("\n") if line.strip()]
        (documents / _renamed(name, suffix)).write_bytes(MAKERS[suffix](paragraphs))
    read = {each.id: each for each in files.read_folder(documents, max_bytes=10**8).documents}
    records = [_record(question, texts, read, suffix) for question in questions]
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    (folder / QUESTIONS).write_text("".join(lines), "utf-8")
    return sum(not record["evidence"] for record in records)


def _renamed(name: str, suffix: str) -> str:
    return f"{Path(name).with_suffix('')}.{suffix}"


def _record(question: Question, texts: Mapping[str, str], read: Mapping[str, Document], suffix: str) -> dict[str, Any]:
    """Return a question with its evidence as it stands in the files of a format."""
    evidence = []
    for each in question.evidence:
        document = read.get(_renamed(each.document, suffix))
        start = texts[each.document].index(each.quote) if each.start is None else each.start
        before = texts[each.document][:start]
        if document and (span := counterpart(document.text, each.quote, before)):
            quote = document.text[slice(*span)]
            evidence.append({"document": document.id, "quote": quote, "start": span.start})
    return {**question.model_dump(exclude_defaults=True), "answers": question.answers, "evidence": evidence}


def counterpart(text: str, quote: str, before: str) -> Span | None:
    """Return where a quote stands in a text that may have other white space, given what stands before it in the first.

    >>> counterpart("A cat.  A\\ncat.", "A cat", "A cat. ")
    Span(start=8, end=13)
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    squeezed, wanted = _squeezed(text), _squeezed(quote)
    found = -1
    for _ in range(_squeezed(before).count(wanted) + 1):
        found = squeezed.find(wanted, found + 1)
    return Span(places[found], places[found + len(wanted) - 1] + 1) if found >= 0 else None


def _squeezed(text: str) -> str:
    return "".join(text.split())


def scores(index: Index, questions: Sequence[Question], encoder: Encoder) -> list[dict[str, float]]:
    """Ask questions, each as it stands."""
    queries = encoder.embed_queries([question.question for question in questions])
    weight = Settings().lexical_weight
    found = (
        index.search(question.question, query, DEPTH, lexical_weight=weight)
        for question, query in zip(questions, queries, strict=True)
    )
    return measures.ranking_scores(
        [_ranking(hits, locate(question, index.documents)) for question, hits in zip(questions, found, strict=True)]
    )


def _ranking(hits: Sequence[Hit], evidence: Sequence[tuple[str, Span]]) -> list[bool]:
    return [
        any(
            hit.passage.document_id == document and measures.covers_half(Span(hit.passage.start, hit.passage.end), span)
            for document, span in evidence
        )
        for hit in hits
    ]


def measure(folder: Path, work: Path, encoder: Encoder) -> dict[str, Found]:
    """Write the documents of a folder in every format, index them and ask the questions that they answer."""
    texts = {each.id: each.text for each in files.read_folder(folder / DOCUMENTS, max_bytes=10**8).documents}
    questions = [line.question for line in read_lines(folder / QUESTIONS) if line.question.evidence]
    results = {}
    for suffix in MAKERS:
        lost = convert(texts, questions, suffix, work / suffix)
        index = index_folder(work / suffix / DOCUMENTS, work / suffix / "index", encoder)
        asked = [line.question for line in read_lines(work / suffix / QUESTIONS)]
        results[suffix] = Found(scores(index, asked, encoder), lost)
    return results


def rows(results: Mapping[str, Found]) -> Iterator[list[str]]:
    """Yield a line for each format: each mean, and by how much it differs from that of plain text."""
    plain = results["txt"].means()
    for suffix, found in results.items():
        pairs = ((value, value - plain[name]) for name, value in found.means().items())
        said = (f"{value:.1f}" if suffix == "txt" else f"{value:.1f} ({change:+.1f})" for value, change in pairs)
        yield [suffix, *said, str(found.lost)]


def main() -> None:
    options = parser(__doc__)
    options.add_argument("folder", type=Path, metavar="FOLDER", help="what `rag questions squad --out` wrote")
    options.add_argument("--work", type=Path, metavar="DIR", help="keep documents, questions and indexes there")
    given = options.parse_args()
    show_machine()
    with workplace(given.work) as work:
        results = measure(given.folder, work, load_encoder(Settings()))
    asked = len(results["txt"].scores)
    show(f"{asked} questions, in %, and the difference to txt", ["format", *measures.RANKINGS, "lost"], rows(results))
    write(given.json, {"questions": asked, "formats": {name: found.means() for name, found in results.items()}})


if __name__ == "__main__":
    main()
