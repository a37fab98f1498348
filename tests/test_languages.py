"""Language detection on short questions and on text without any."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st

from rag.languages import UNKNOWN, detect, stemmer_language

QUESTIONS = {
    "ru": [
        "Кто это?",
        "Какова длина моста?",
        "Что такое ИИ?",
        "Где Samsung?",
        "Цена H200",
        "Кто CEO ByteDance?",
        "TikTok купит Nvidia?",
        "а в долларах?",
        "Когда ByteDance получит первые прототипы от Samsung?",
    ],
    "no": [
        "Hvem er han?",
        "Hva koster det?",
        "Når ble selskapet grunnlagt?",
        "Hvem eier TikTok?",
        "Og i 2025?",
        "Pris på H200",
        "Hvorfor er brikkene dyre?",
        "Kva heiter ho?",
        "Kor mange brikkar har dei kjøpt?",
        "Kven eig TikTok?",
    ],
    "en": ["Who?", "How much?", "What is AI?", "hello", "Nvidia H200 price", "ByteDance CEO?", "Who owns TikTok?"],
    "zh": [
        "多少钱？",
        "谁是字节跳动的首席执行官？",
        "價格是多少？",
        "ByteDance有多少芯片?",
        "Nvidia H200 的价格是多少",
    ],
    "uk": ["Хто це?", "Що таке ШІ?", "Скільки коштує підписка?", "Де знаходиться Київ?"],
    "be": ["Дзе знаходзіцца Мінск?"],
    "bg": ["Колко струва абонаментът?"],
    "da": ["Hvad koster det?", "Hvornår blev virksomheden oprettet?", "Hvad hedder direktøren?"],
    "sv": ["Vad kostar det?", "Vem äger TikTok?", "Hur mycket kostar det?"],
    "de": ["Was kostet das?", "Wer besitzt TikTok?"],
    "es": ["¿Cuánto cuesta?", "¿Quién fundó ByteDance?"],
    "fr": ["Combien ça coûte ?", "Qui possède TikTok ?"],
    "ja": ["価格は？", "ByteDanceのCEOは誰ですか"],
    "ko": ["얼마예요?", "누가 ByteDance를 설립했나요?"],
    "ar": ["كم السعر؟", "أين تقع القاهرة؟"],
    "fa": ["قیمت چقدر است؟"],
    "he": ["מי ייסד את ByteDance?"],
    "el": ["Ποιος ίδρυσε τη ByteDance;"],
    "hi": ["बाइटडांस की स्थापना किसने की?"],
    "th": ["ใครเป็นผู้ก่อตั้ง ByteDance?"],
    "tr": ["ByteDance ne zaman kuruldu?"],
    "fi": ["Kuka omistaa TikTokin?"],
}


@pytest.mark.parametrize(
    ("language", "question"), [(code, text) for code, texts in QUESTIONS.items() for text in texts]
)
def test_short_questions(language: str, question: str) -> None:
    assert detect(question) == language


def test_between_relatives_the_language_of_the_documents_is_likelier() -> None:
    question = "Hvor var Ronaldo under kampen i Seoul?"
    assert detect(question) == detect(question, {"da", "ru"}) == "da"
    assert detect(question, {"no", "ru"}) == "no"
    assert detect("Where was Ronaldo during the match?", {"no", "ru"}) == "en"


@pytest.mark.parametrize("text", ["", " ", "🙂", "2026", "123 + 4 = ?", "!!!", "\n\u200b", "https://example.com/page"])
def test_without_letters_it_is_unknown(text: str) -> None:
    assert detect(text) == UNKNOWN


def test_long_document_is_judged_by_its_prose() -> None:
    russian = "Компания Nvidia объявила о начале поставок ускорителей H200 в страны Азии. " * 500
    assert detect("title: News from ByteDance\n" + russian) == "ru"


@given(st.text())
def test_any_text_has_a_code(text: str) -> None:
    code = detect(text)
    assert code == UNKNOWN or (len(code) == 2 and code.islower())
    assert code not in {"nb", "nn"}


def test_every_stemmer_exists() -> None:
    codes = [a + b for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    names = {name for code in codes if (name := stemmer_language(code))}
    assert {"russian", "norwegian", "english"} <= names <= set(Stemmer.algorithms())
    assert stemmer_language("zh") is stemmer_language(UNKNOWN) is None


def test_threads_agree() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(detect("Hvem eier selskapet?"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["no"] * 8


def test_importing_loads_no_model() -> None:
    code = "import sys, rag.languages; sys.exit('numpy' in sys.modules or 'py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
