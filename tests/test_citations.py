"""Citations: their ids, and whether they still hold against the file as it is now."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.citations import cite, verify
from rag.documents import read_document
from rag.types import Citation, Document, Span

TEXT = "Første linje.\r\nСтоимость контракта — ¥40 млрд.\r\nКонец."
QUOTE = "Стоимость контракта — ¥40 млрд."


def document(folder: Path, content: bytes = TEXT.encode()) -> Document:
    path = folder / "a.txt"
    path.write_bytes(content)
    return read_document(folder, path, max_bytes=10**6)


def citation_of(item: Document) -> Citation:
    start = item.text.index(QUOTE)
    return cite(item, Span(start, start + len(QUOTE)))


def test_a_citation_is_a_span_with_the_hash_of_its_file(tmp_path: Path) -> None:
    item = document(tmp_path)
    citation = citation_of(item)
    assert citation.quote == QUOTE == item.text[citation.start : citation.end]
    assert citation.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert not citation.verified
    assert verify(citation, item).verified


@pytest.mark.parametrize(
    ("content", "holds"),
    [
        (TEXT + " И ещё.", True),
        (TEXT.replace("\r\n", "\n"), True),
        ("\ufeff" + TEXT, True),
        (unicodedata.normalize("NFD", TEXT), True),
        (TEXT.replace("Конец", "Начало"), True),
        (TEXT.replace("40", "41"), False),
        ("Ny " + TEXT, False),
        (TEXT[:20], False),
        ("", False),
    ],
)
def test_a_citation_holds_while_its_words_stand_at_their_place(tmp_path: Path, content: str, holds: bool) -> None:
    item = document(tmp_path)
    item.path.write_bytes(content.encode())
    assert verify(citation_of(item), item).verified is holds


def test_the_file_may_change_its_encoding(tmp_path: Path) -> None:
    item = document(tmp_path)
    item.path.write_bytes(TEXT.encode("utf-16"))
    assert verify(citation_of(item), item).verified


def test_a_file_that_is_gone_or_no_text_verifies_nothing(tmp_path: Path) -> None:
    item = document(tmp_path)
    citation = verify(citation_of(item), item)
    item.path.write_bytes(bytes(range(256)) * 9)
    assert not verify(citation, item).verified
    item.path.unlink()
    assert not verify(citation, item).verified
    item.path.mkdir()
    assert not verify(citation, item).verified


def test_a_wrong_quote_is_never_verified(tmp_path: Path) -> None:
    item = document(tmp_path)
    assert not verify(Citation(item.id, 0, 5, "Other", item.sha256, verified=True), item).verified


# --- ids --------------------------------------------------------------------------------------------------------------


def test_the_id_is_that_of_the_contract() -> None:
    quote = "на сумму ¥40 млрд (около $5,7 млрд)"
    assert len(quote) == 264 - 229
    digits = hashlib.sha256(quote.encode()).hexdigest()[:10]
    citation = Citation("002_4ce4ffdd64dc1e36.txt", 229, 264, quote, "")
    assert citation.id == f"002_4ce4ffdd64dc1e36.txt#229-264~{digits}" == "002_4ce4ffdd64dc1e36.txt#229-264~4c443e54e0"


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("a#b.txt", "a%23b.txt"),
        ("a~1.txt", "a%7E1.txt"),
        ("100%.txt", "100%25.txt"),
        ("%23.txt", "%2523.txt"),
        ("дом/Ålesund 索引 (1).txt", "дом/Ålesund 索引 (1).txt"),
        ("a&b=c?d+e.txt", "a&b=c?d+e.txt"),
    ],
)
def test_only_what_would_be_ambiguous_is_encoded(name: str, encoded: str) -> None:
    assert Citation(name, 0, 2, "Hi", "").id == f"{encoded}#0-2~3639efcd08"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.integers(0, 10**6), st.integers(1, 10**6))
def test_the_document_can_be_read_from_the_id(name: str, start: int, length: int) -> None:
    citation_id = Citation(name, start, start + length, "quote", "").id
    encoded, _, rest = citation_id.partition("#")
    assert unquote(encoded) == name
    assert rest == f"{start}-{start + length}~{hashlib.sha256(b'quote').hexdigest()[:10]}"
    assert (citation_id.count("#"), citation_id.count("~")) == (1, 1)
