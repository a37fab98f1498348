"""Finding, decoding, dating and titling documents; what cannot be read is told, file by file."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import dates, documents
from rag.documents import decode, document_id, list_files, list_folder, read_document, read_folder, signature
from rag.errors import DocumentsError, UnreadableDocument
from rag.models import sha256_of
from rag.types import Document

SEEDS = Path(__file__).parent.parent / "seeds"
LIMIT = 1_000_000

SENTENCES = {
    "ru": [
        "Компания планирует потратить около двадцати миллионов долларов на новые чипы.",
        "Привет, как дела?",
        "Ёлка в лесу",
        "Nvidia H200 стоит $5 млн",
        "СРОЧНО: КОМПАНИЯ КУПИЛА ЧИПЫ",
    ],
    "no": [
        "Selskapet planlegger å bruke omtrent fjorten milliarder kroner på nye brikker i år.",
        "Blåbær på øya",
        "Ærlig talt, nå blåser det på Sørlandet",
    ],
    "en": ["The café owner gave no comment about the price: it was £5.", "Résumé of the naïve façade"],
}
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
LEGACY = {"ru": ["cp1251", "koi8_r", "cp866"], "no": ["cp1252", "latin_1"], "en": ["cp1252", "latin_1"]}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(folder: Path, content: str | bytes, name: str = "a.txt") -> Document:
    return read_document(folder, write(folder, name, content), max_bytes=LIMIT)


# --- finding ----------------------------------------------------------------------------------------------------------


def test_files_are_found_in_the_order_of_their_ids(tmp_path: Path) -> None:
    for name in ["b.txt", "A.MD", "sub/c.Txt", "sub.md", "x.png", "README", ".hidden.txt", ".git/d.txt", "sub/.e/f.md"]:
        write(tmp_path, name, "Text.")
    ids = [document_id(tmp_path, path) for path in list_files(tmp_path)]
    assert ids == ["A.MD", "b.txt", "sub.md", "sub/c.Txt"]


def test_ids_are_nfc(tmp_path: Path) -> None:
    name = unicodedata.normalize("NFD", "blåbær й.txt")
    path = write(tmp_path, name, "Text.")
    assert document_id(tmp_path, path) == unicodedata.normalize("NFC", name)
    assert read_document(tmp_path, path, max_bytes=LIMIT).path == path


def test_two_spellings_of_one_name_are_a_problem(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        write(tmp_path, unicodedata.normalize(form, "å.txt"), "Text.")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("the file system normalises names itself")
    listing = list_folder(tmp_path)
    assert len(listing.files) == len(listing.problems) == 1


def test_files_are_listed_with_their_signatures(tmp_path: Path) -> None:
    inside = write(tmp_path, "b.txt", "Text.")
    (tmp_path / "a.txt").symlink_to(inside)
    write(tmp_path, "c.txt", "More.")
    listing = list_folder(tmp_path)
    assert listing.signatures == tuple(map(signature, listing.files))
    assert listing.signatures[0] == listing.signatures[1] != listing.signatures[2]


def test_links_do_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/secret.txt", "Secret.")
    folder = tmp_path / "docs"
    inside = write(folder, "inside.txt", "Text.")
    (folder / "leak.txt").symlink_to(outside)
    (folder / "leak").symlink_to(outside.parent)
    (folder / "lost.txt").symlink_to(folder / "nothing.txt")
    (folder / "again.txt").symlink_to(inside)
    reading = read_folder(folder, max_bytes=LIMIT)
    assert [document.id for document in reading.documents] == ["again.txt", "inside.txt"]
    assert {problem.document_id: problem.reason for problem in reading.problems} == {
        "leak.txt": "a link that leads out of the documents folder is not followed",
        "lost.txt": "a link that leads nowhere",
    }


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert [problem.reason for problem in list_folder(tmp_path).problems] == ["not a regular file"]


def test_unusable_folders_name_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DocumentsError, match=r"there is no folder .*missing; make it and put"):
        list_files(tmp_path / "missing")
    with pytest.raises(DocumentsError, match=r"a\.txt is not a folder; name the folder"):
        list_files(write(tmp_path, "a.txt", "Text."))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentsError, match=r"empty holds no document; put \.txt, \.md, \.html, \.pdf, .* there"):
        list_files(tmp_path / "empty")


def test_denied_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", deny)
    with pytest.raises(DocumentsError, match=r"cannot read the folder .*: permission denied; check its permissions"):
        list_files(tmp_path)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n\t\r\n", "the file holds no text"),
        (b"\xef\xbb\xbf", "the file holds no text"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "the file is binary, not text"),
        (b"PK\x03\x04" + bytes(40), "the file is binary, not text"),
        (bytes(range(1, 256)) * 3, "the file is binary, not text"),
        ("Привет, ".encode() + b"\xff" + "мир".encode(), "not valid UTF-8 from byte 14 on; save it as UTF-8"),
        (b"\xff\xfeA\0B", "not valid UTF-16 from byte 4 on; save it as UTF-8"),
        (b"x" * (LIMIT + 1), r"1 MB is over the limit of 1 MB; split the file or raise the setting max_file_megabytes"),
    ],
)
def test_unreadable_files_say_why(tmp_path: Path, content: bytes, reason: str) -> None:
    write(tmp_path, "good.txt", "Teksten er god.")
    write(tmp_path, "bad.txt", content)
    reading = read_folder(tmp_path, max_bytes=LIMIT)
    assert [document.id for document in reading.documents] == ["good.txt"]
    (problem,) = reading.problems
    assert problem.document_id == "bad.txt"
    assert reason in problem.reason
    assert "\n" not in str(problem)


def test_a_stray_zero_byte_is_not_taken_for_utf16() -> None:
    for text in ("Повтор записи.\n" * 20, "The same line again.\n" * 20, "日本語のログ。\n" * 20):
        for cut in (text + "\0", text + ".\0"):
            assert decode(cut.encode()) == cut


def test_vanished_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "Text.")
    path.unlink()
    with pytest.raises(UnreadableDocument, match=r"^a\.txt: the file vanished while it was read$"):
        read_document(tmp_path, path, max_bytes=LIMIT)


def test_denied_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = write(tmp_path, "a.txt", "Text.")
    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(UnreadableDocument, match=r"^a\.txt: permission denied$"):
        read_document(tmp_path, path, max_bytes=LIMIT)


def test_file_that_grows_is_not_read_beyond_the_limit(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "x" * 11)
    with pytest.raises(UnreadableDocument, match="over the limit"):
        read_document(tmp_path, path, max_bytes=10)
    assert len(read_document(tmp_path, path, max_bytes=11).text) == 11


def test_hash_is_of_the_bytes(tmp_path: Path) -> None:
    content = "Цена\r\n".encode("cp1251")
    document = read(tmp_path, content)
    assert document.sha256 == sha256_of(document.path) == hashlib.sha256(content).hexdigest()


# --- decoding ---------------------------------------------------------------------------------------------------------

ROUND_TRIPS = [(s, e) for code, sentences in SENTENCES.items() for s in sentences for e in UNICODE + LEGACY[code]]


@pytest.mark.parametrize("copies", [1, 5])
@pytest.mark.parametrize(("sentence", "encoding"), ROUND_TRIPS)
def test_encodings_come_back(sentence: str, encoding: str, copies: int) -> None:
    text = "\n".join([sentence] * copies)
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Хто заснував компанію? Скільки це коштує, їжак?"),
        ("iso8859_5", "Компания планирует потратить около двадцати миллионов"),
        ("cp1250", "Příliš žluťoučký kůň úpěl ďábelské ódy. Kolik to stojí?"),
        ("cp1253", "Ποιος ίδρυσε την εταιρεία; Πόσο κοστίζει;"),
        ("gb18030", "谁是公司的首席执行官？价格是多少？公司计划明年投资。"),
        ("shift_jis", "東京はどこにありますか。価格はいくらですか。"),
        ("euc_kr", "누가 회사를 설립했나요? 가격은 얼마입니까?"),
    ],
)
def test_other_legacy_encodings(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_large_legacy_file() -> None:
    text = "Компания планирует потратить около двадцати миллионов. " * 20_000
    assert decode(text.encode("koi8_r")) == text


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
)
def test_any_text_in_unicode_comes_back(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == unicodedata.normalize("NFC", text.removeprefix("\ufeff"))


@given(st.binary())
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except ValueError:
        return
    assert "\r" not in text
    assert unicodedata.is_normalized("NFC", text)
    text.encode()


def test_text_is_normalised_once_and_nothing_is_stripped() -> None:
    assert decode("\ufeff  a\r\nb\rc\n\n e\u0301 ".encode()) == "  a\nb\nc\n\n \u00e9 "


# --- date -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "date"),
    [
        ("---\ndate: 2025-12-25\n---\nThe text.", "a.md", dt.date(2025, 12, 25)),
        ('---\ntitle: A\npublished: "December 25, 2025"\n---\nThe text.', "a.md", dt.date(2025, 12, 25)),
        (" date 2025-12-25 Владеющая TikTok компания.", "a.txt", dt.date(2025, 12, 25)),
        ("Дата: 25 декабря 2025 г.\nТекст.", "a.txt", dt.date(2025, 12, 25)),
        ("Overskrift\nPublisert: 25. desember 2025 kl. 10.30\nTekst.", "a.txt", dt.date(2025, 12, 25)),
        ("Title\n25.12.2025\nText.", "a.txt", dt.date(2025, 12, 25)),
        ("标题\n2025年12月25日\n正文。", "a.txt", dt.date(2025, 12, 25)),
        ("The text.", "news/2025-12-25-title.txt", dt.date(2025, 12, 25)),
        ("The text.", "000_d379d92143d0a808.txt", None),
        ("It happened on 2025-12-25 in Oslo.", "a.txt", None),
        ("В 2025 году, 25 декабря 2025, это было.", "a.txt", None),
        ("date 2025-02-30 No such day.", "a.txt", None),
        ("01/02/2025\nText.", "a.txt", None),
        ("\n".join(["Line."] * 30 + ["2025-12-25"]), "a.txt", None),
    ],
)
def test_date(tmp_path: Path, text: str, name: str, date: dt.date | None) -> None:
    assert read(tmp_path, text, name).date == date


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_written_dates_come_back(date: dt.date) -> None:
    assert dates.parse(date.isoformat()) == date
    assert dates.parse(f"{date.day:02}.{date.month:02}.{date.year}") == date
    assert dates.in_name(f"news_{date:%Y%m%d}_a") == date


# --- title and language -----------------------------------------------------------------------------------------------

LONG = "The company that owns a social network said on Monday that it would spend more on chips than ever before."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\ntitle: 'Chips: a history'\n---\n# Other\nText.", "Chips: a history"),
        ("# Chips **in** [Oslo](https://example.com) #\n\nText.", "Chips in Oslo"),
        ("Intro text here.\n\n## A heading\n\nText.", "A heading"),
        ("A title\n=======\n\nText.", "A title"),
        ("Бюджет на чипы растёт\n\nКомпания сообщила о росте.", "Бюджет на чипы растёт"),
        ("Hvem eier brikkene?\nSelskapet svarer ikke.", "Hvem eier brikkene?"),
        ("![]() |\nSelskapet vokser. Mer senere.", "Selskapet vokser."),
        (" date 2025-12-25 Компания выросла. Цена неизвестна.", "Компания выросла."),
        (
            "The company said on Monday that it would\nspend more. Next.",
            "The company said on Monday that it would spend more.",
        ),
        ("25.12.2025\nTittelen\n\nTekst.", "Tittelen"),
        (LONG, "The company that owns a social network said on Monday that it would spend more on chips…"),
        ("字" * 200 + "。", "字" * 89 + "…"),
        ("```\n# a comment\n```\n# Title\n", "Title"),
        ("---\n", "a"),
    ],
)
def test_title(tmp_path: Path, text: str, title: str) -> None:
    assert read(tmp_path, text).title == title


def test_language_is_that_of_the_content(tmp_path: Path) -> None:
    assert (
        read(tmp_path, "---\ntitle: News in English about everything\n---\nSelskapet kjøper brikker.").language == "no"
    )
    assert read(tmp_path, "2026 🙂").language == "und"


@given(text=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_makes_a_document(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    document = read(tmp_path_factory.mktemp("any"), f"x{text}")
    assert document.title
    assert "\n" not in document.title
    assert len(document.title) <= documents._TITLE_LENGTH
    assert document.text == unicodedata.normalize("NFC", f"x{text}")


# --- the given documents ----------------------------------------------------------------------------------------------


def test_seeds() -> None:
    reading = read_folder(SEEDS, max_bytes=LIMIT)
    assert not reading.problems
    assert [document.language for document in reading.documents] == ["ru", "ru", "ru", "ru", "no"]
    found = [document.date for document in reading.documents]
    assert found == [dt.date(2025, 12, 25), dt.date(2025, 12, 31), dt.date(2026, 1, 2), None, None]
    for document in reading.documents:
        assert "date" not in document.title
        assert document.text == document.path.read_bytes().decode()


def test_boilerplate_of_the_seeds() -> None:
    found = {
        document.id[:3]: [document.text[start:end] for start, end in document.boilerplate]
        for document in read_folder(SEEDS, max_bytes=LIMIT).documents
    }
    assert [part[:20] for part in found["000"]] == ["date 2025-12-25", "Если вы заметили оши", "Источник:"]
    assert found["001"] == ["date 2025-12-31"]
    assert found["002"] == ["date 2026-01-02"]
    assert found["003"] == []
    assert found["004"] == ["![]() |", "![]() |", "Kommentar (0)"]
