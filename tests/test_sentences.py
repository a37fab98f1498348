"""Sentence boundaries: hand-written cases and properties that hold for any text."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.sentences import split

# ‖ marks each boundary.
CASES = {
    "ru": [
        "Компания купила чипы. ‖ Сумма не раскрыта.",
        "Она закупит 20 тыс. H200 в рамках заказа. ‖ Цена неизвестна.",
        "Акции не торгуются, т.ч. она лучше защищена.",
        "Контракт на $5,7 млрд. ‖ Это рекорд!",
        "Вложения составили ¥150 млрд. ‖ ¥85 млрд уйдут на чипы.",
        "Он живёт на ул. Ленина. ‖ Дом старый.",
        "Т. е. всё хорошо, т. к. чипы есть.",
        "В 2025 г. компания выросла.",
        "В 2025 г. Samsung выросла.",
        "Это было в 2025 г. ‖ Он ушёл позже.",
        "Продаются чипы, серверы и т. д. ‖ Они дороги.",
        "Роман написал А. С. Пушкин. ‖ Он жил в XIX в. в России.",
        "Письмо подписал А. И. Иванов.",
        "См. рис. 5 и табл. 2.",
        "По словам проф. Смирнова, цена выросла на 3.5 %.",
        "Кто там? ‖ Никто не ответил!",
        "«Привет. Как дела?» — сказал он. ‖ Потом он ушёл.",
        "Он спросил: «Кто там?» ‖ Никто не ответил.",
        "Что... ‖ Не знаю.",
        "Это стоит 100 руб. в месяц.",
        "Рост составил 12 %. ‖ В 2026 году ждут 15 %.",
    ],
    "no": [
        "Prisen steg. ‖ Kundene klaget.",
        "Møtet er kl. 12.30. ‖ Ta med kaffe.",
        "Det koster ca. 5,7 mill. kroner, dvs. mye.",
        "Det koster kr. 100 bl.a. i Oslo.",
        "Hun betalte 100 kr. ‖ Det var billig.",
        "Flere selskaper, f.eks. Nvidia, vokser.",
        "Vi møtte Dr. Hansen. ‖ Han var blid.",
        "Den 25. desember er det jul.",
        "Gjelden er 3 mrd. kroner.",
        "Boken ble skrevet av J. R. R. Tolkien. ‖ Den er lang.",
        "Kong Harald V. ble født i 1937.",
        "Hva skjer? ‖ Ingen vet!",
        "«De må samle data. Det haster», sa han. ‖ Så gikk han.",
        "Epler, pærer osv. ‖ Det var alt.",
        "Se kap. 3 og fig. 7.",
        "I følge nr. 5 er det slik.",
    ],
    "en": [
        "It grew. ‖ Nobody knew why.",
        "The U.S. government paid approx. 3.5 million.",
        "He left the U.S. ‖ It was late.",
        "Mr. Smith met Dr. Jones. ‖ They talked.",
        "Use a tool, e.g. Python, i.e. a language.",
        "See Fig. 3 and No. 5. ‖ Both matter.",
        "He said no. ‖ Then he left.",
        "It starts at 5 p.m. today.",
        "It starts at 5 p.m. ‖ The door is open.",
        "J. R. R. Tolkien wrote it.",
        "Version 2.0 of www.example.com is out.",
        '"Hi. How are you?" he asked. ‖ She smiled.',
        "Really?! ‖ Yes.",
        "1. First open the door. ‖ 2. Then close it.",
        "all in lower case. ‖ still two sentences",
        "Apples, pears, etc. ‖ They cost $3.50.",
    ],
    "zh": [
        "价格是多少？‖很高。",
        "价格是5.7元。‖真的！",
        "他说：“你好。怎么样？”‖然后走了。",
        "ByteDance购买了H200。‖价格不详。",
    ],
    "ja": [
        "これは文です。‖これは二つ目の文です。",
        "「そうですか。」と彼は言った。‖本当？‖はい！",
    ],
    "th": [
        "เรือข้ามฟากลำใหม่ถูกปล่อยลงน้ำในเช้าวันที่อากาศหนาวเย็น และคนส่วนใหญ่ในเมืองมาดู ‖ นายกเทศมนตรีพูดอยู่หนึ่งชั่วโมง "
        "วงดนตรีเล่นได้แย่มาก แต่ไม่มีใครสนใจ ในปี 2026 เรือวิ่ง 4 ครั้งต่อวัน",
        "ราคา 5 บาท ไม่แพง",
    ],
    "km": ["នេះជាប្រយោគ។ ‖ នេះជាប្រយោគទីពីរ។"],
    "hi": ["यह एक वाक्य है। ‖ यह दूसरा वाक्य है। ‖ क्या यह तीसरा है?"],
    "ar": ["هذه جملة. ‖ هل هذه جملة ثانية؟ ‖ نعم."],
    "ko": ["이것은 문장입니다. ‖ 이것은 두 번째 문장입니다."],
    "de": [
        "Am 25. Dezember kam z. B. Dr. Müller. ‖ Es kostet 3,5 Mio. Euro.",
        "Im 3. Quartal stieg der Umsatz. ‖ Das 21. Jahrhundert begann. ‖ Er feierte seinen 80. Geburtstag.",
        "Die 9. und 10. Klasse fehlt. ‖ Er kam am 3. ‖ Sie ging. ‖ Es waren 12. ‖ Danach war es still.",
    ],
    "xx": ["Unknown language. ‖ Still works."],
}


def sentences(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in split(text, language)]


@pytest.mark.parametrize(("language", "marked"), [(language, case) for language in CASES for case in CASES[language]])
def test_boundaries(language: str, marked: str) -> None:
    expected = [part.strip() for part in marked.split("‖")]
    assert sentences(marked.replace(" ‖", "").replace("‖", ""), language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A heading\n\nThe text. More.", ["A heading", "The text.", "More."]),
        ("A heading\nThe text. More.", ["A heading", "The text.", "More."]),
        ("- one\n- two\n* three", ["- one", "- two", "* three"]),
        ("1. one\n2. two", ["1. one", "2. two"]),
        ("A picture. Photo: Handout . |\nThe text.", ["A picture.", "Photo: Handout .", "The text."]),
        ("| a | b |\n| 1 | 2 |", ["a | b", "1 | 2"]),
        (
            "It was broken by hand in the middle\nof a sentence. Next.",
            ["It was broken by hand in the middle\nof a sentence.", "Next."],
        ),
        ("|\n \n", []),
        ("", []),
    ],
)
def test_lines(text: str, expected: list[str]) -> None:
    assert sentences(text, "en") == expected


def test_wrapped_paragraph_is_read_across_its_lines() -> None:
    lines = [
        "The company said on Monday that it would spend more on the chips that",
        "Nvidia makes for it, and that it had talked with other makers such as",
        "Samsung and Huawei. It did not say how much of that would be spent in",
        "China.",
    ]
    assert len(sentences("\n".join(lines), "en")) == 2


def test_lines_of_unequal_length_are_not_joined() -> None:
    text = (
        "Chips become dearer again\nPrices have risen since January of this year in all of Asia\nMarkets\nNothing else"
    )
    assert sentences(text, "en") == text.split("\n")


# --- properties -------------------------------------------------------------------------------------------------------

LANGUAGES = st.sampled_from(["ru", "no", "en", "zh", "ja", "th", "lo", "km", "hi", "ar", "am", "de", "und"])
PIECES = [
    " ",
    "\n",
    "\n\n",
    ". ",
    ".",
    "! ",
    "? ",
    "。",
    "«",
    "»",
    '"',
    "|",
    "г. ",
    "A. ",
    "Dr. ",
    "kr. ",
    "5",
    "слово",
    "Ord",
    "字",
    "「そう。」",
    "と",
    "ก" * 90,
    "ນີ້",
    "នេះ។",
    "वाक्य। ",
    "جملة؟ ",
    "ነው።",
]
TEXTS = st.text() | st.lists(st.sampled_from([*PIECES, "\u0301", "😀", "\u2028", "\x85", "\t"]), max_size=60).map(
    "".join
)


@given(TEXTS, LANGUAGES)
@example("\ud800. B", "en")
@example("a\u0301. \u0301B", "en")
def test_spans_are_exact(text: str, language: str) -> None:
    end = 0
    for span in split(text, language):
        assert end <= span.start < span.end <= len(text)
        assert text[span.start : span.end] == text[span.start : span.end].strip()
        assert not text[end : span.start].strip().replace("|", "").strip()
        end = span.end
    assert not text[end:].strip().replace("|", "").strip()


@given(st.lists(st.sampled_from(["Дом стоит.", "Кто там?", "Ура!", "Prisen steg.", "It is so."]), min_size=1))
def test_simple_sentences_come_back(given_sentences: list[str]) -> None:
    assert sentences(" ".join(given_sentences), "ru") == given_sentences


@given(st.text(max_size=200), st.sampled_from(["ru", "no", "en"]))
@settings(max_examples=50)
def test_blank_line_is_always_a_boundary(text: str, language: str) -> None:
    assert all("\n\n" not in sentence for sentence in sentences(f"{text}\n\n{text}", language))


@pytest.mark.parametrize("unit", ["слово ", "«слово. ", "a", "A. ", "a.b. ", "слово\n", "|", ". ", "。"])
def test_time_is_linear(unit: str) -> None:
    started = time.process_time()
    split(unit * (500_000 // len(unit)), "ru")
    assert time.process_time() - started < 15  # a quadratic one takes minutes


def test_long_line_without_punctuation_is_one_sentence() -> None:
    text = "слово " * 200_000
    assert split(text, "ru") == [(0, len(text) - 1)]
    assert split("a" * 1_000_000, "en") == [(0, 1_000_000)]


def test_windows_do_not_cut_sentences() -> None:
    sentence = "Компания потратила 5,7 млрд долларов на чипы для серверов. "
    assert sentences(sentence * 2_000, "ru") == [sentence.strip()] * 2_000
    assert len(split("x.y" * 100_000, "en")) == 1
