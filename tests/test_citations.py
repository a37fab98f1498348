"""Citations: their ids, and whether they still hold against the file as it is now."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import citations
from rag.citations import HOLDS, cite, look_up, parse_id, verify
from rag.documents import read_document
from rag.errors import CitationError
from rag.phrases import NEARLY, find
from rag.sentences import split
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
    item.path.symlink_to(item.path)
    assert not verify(citation, item).verified
    assert look_up(citation.id, {item.id: item}).status == "gone"
    item.path.unlink()
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


# --- looking up -------------------------------------------------------------------------------------------------------


def indexed(folder: Path, text: str, name: str = "a.txt") -> dict[str, Document]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    document = read_document(folder, path, max_bytes=10**6)
    return {document.id: document}


BEFORE = "Первый абзац.\n\nСтоимость контракта — ¥40 млрд.\n\nКонец."


def cited(documents: dict[str, Document], quote: str = QUOTE) -> Citation:
    (document,) = documents.values()
    start = document.text.index(quote)
    return cite(document, Span(start, start + len(quote)))


@pytest.mark.parametrize("indexed_again", [False, True])
@pytest.mark.parametrize(
    ("now", "status", "start"),
    [
        (BEFORE, "verified", 15),
        (BEFORE + " И ещё.", "verified", 15),
        ("Новое начало. " + BEFORE, "moved", 29),
        (f"{QUOTE} {BEFORE.replace('Первый', 'Самый первый')} {QUOTE}", "moved", 0),  # the nearest place
        (BEFORE.replace("40", "41"), "changed", 15),
        ("Коротко.", "changed", 15),
        (None, "gone", 15),
    ],
)
def test_what_has_become_of_a_citation(
    tmp_path: Path, now: str | None, status: str, start: int, indexed_again: bool
) -> None:
    """Whether the index still knows the cited words, or has been built anew since: the id and the file decide."""
    documents = indexed(tmp_path, BEFORE)
    citation = cited(documents)
    if now is None:
        (tmp_path / "a.txt").unlink()
        documents = {} if indexed_again else documents
    else:
        fresh = indexed(tmp_path, now)
        documents = fresh if indexed_again else documents
    found = look_up(citation.id, documents)
    assert (found.status, found.start, found.document_id) == (status, start, "a.txt")
    if status in HOLDS:
        assert found.quote == QUOTE
        assert found.context is not None
        assert found.context[found.start - found.context_start : found.end - found.context_start] == QUOTE
    if status == "changed":
        assert now is not None
        assert found.found == now[15 : 15 + len(QUOTE)]
        assert found.quote == (None if indexed_again else QUOTE)
    if status == "gone":
        assert found.context is None


def test_a_file_that_is_no_text_any_more_has_changed(tmp_path: Path) -> None:
    documents = indexed(tmp_path, BEFORE)
    citation = cited(documents)
    (tmp_path / "a.txt").write_bytes(b"\x00\x01\x02" * 100)
    assert look_up(citation.id, documents).status == "changed"


def test_words_known_by_their_hash_alone_are_looked_for_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    citation = cited(indexed(tmp_path, BEFORE))
    fresh = indexed(tmp_path, "Новое начало. " * 5 + BEFORE)
    assert look_up(citation.id, fresh).status == "moved"
    monkeypatch.setattr(citations, "_MOST_HASHED", 2 * (len(QUOTE) + 100) * 60)
    assert look_up(citation.id, fresh).status == "changed"
    near = indexed(tmp_path, "Новое начало. " * 4 + BEFORE)
    assert look_up(citation.id, near).status == "moved"


def test_an_id_survives_indexing_again(tmp_path: Path) -> None:
    assert cited(indexed(tmp_path, BEFORE)).id == cited(indexed(tmp_path, BEFORE)).id


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.txt", "a.txt#1-2", "a.txt#1-2~short", "a.txt#2-1~0123456789", "a.txt#1-1~0123456789"),
        *("../a.txt#1-2~0123456789", "b/../a.txt#1-2~0123456789", "/etc/passwd#1-2~0123456789"),
        *("C:\\a.txt#1-2~0123456789", "..\\a.txt#1-2~0123456789", "b//a.txt#1-2~0123456789", "./a.txt#1-2~0123456789"),
        *("a%2e%2e.txt#1-2~0123456789", "%2Fetc#1-2~0123456789", "a.txt#-1-2~0123456789", "a.txt#1-2~0123456789#3"),
        *("a.txt#1-99999999999~0123456789", "a.txt#1-2~ABCDEF0123", "a.txt#١-٢~0123456789"),
    ],
)
def test_malformed_ids_are_refused(text: str) -> None:
    with pytest.raises(CitationError, match="is no citation id"):
        look_up(text, {})


@given(
    st.text(st.characters(exclude_characters="/\\:\0", exclude_categories=["Cs"]), min_size=1).filter(
        lambda name: name not in (".", "..") and name == name.strip()
    ),
    st.integers(0, 10**9),
    st.integers(1, 10**6),
    st.text(),
)
def test_an_id_is_taken_apart_as_it_was_made(name: str, start: int, length: int, quote: str) -> None:
    citation = Citation(name, start, start + length, quote, "")
    reference = parse_id(citation.id)
    assert (reference.document_id, reference.span) == (name, Span(start, start + length))


# --- phrases ----------------------------------------------------------------------------------------------------------


def sentences_of(documents: dict[str, Document]) -> dict[str, list[Span]]:
    return {name: split(document.text, document.language) for name, document in documents.items()}


LETTERS = (
    "Leien er 9000 kroner i måneden.\nHuset ble solgt  i fjor\nsommer. Katten heter Pus.\nСрок аренды истекает в марте."
)


@pytest.mark.parametrize(
    ("words", "quote", "similarity"),
    [
        ("9000 KRONER", "9000 kroner", 100),
        ("solgt i fjor sommer", "solgt  i fjor\nsommer", 100),
        ("leien var 9000 kroner i måneden", "Leien er 9000 kroner i måneden.", None),
        ("срок аренды истек в марте", "Срок аренды истекает в марте.", None),
        ("huset ble solgt i fjor sommer. katten het pus", "Huset ble solgt  i fjor\nsommer. Katten heter Pus.", None),
    ],
)
def test_phrases_are_found_to_the_letter_or_nearly(
    tmp_path: Path, words: str, quote: str, similarity: float | None
) -> None:
    documents = indexed(tmp_path, LETTERS)
    place, *_ = find(words, documents, sentences_of(documents))
    assert place.citation.quote == quote
    assert place.citation.verified
    assert place.similarity == similarity if similarity else NEARLY <= place.similarity < 100
    assert look_up(place.citation.id, documents).status == "verified"


def test_what_nobody_wrote_is_not_found(tmp_path: Path) -> None:
    documents = indexed(tmp_path, LETTERS)
    assert find("kvantemekanikk og relativitetsteori", documents, sentences_of(documents)) == []


@pytest.mark.parametrize("words", ["", "  ", "?!"])
def test_no_words_are_refused(words: str) -> None:
    with pytest.raises(CitationError, match="nothing to find"):
        find(words, {}, {})
