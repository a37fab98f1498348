"""Language detection on short questions and on text without any."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from rag import languages
from rag.languages import UNKNOWN, detect, detect_part, stemmer_language

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
    "en": [
        "Who?",
        "How much?",
        "What is AI?",
        "hello",
        "Nvidia H200 price",
        "ByteDance CEO?",
        "Who owns TikTok?",
        "And Google?",
        "And Samsung?",
    ],
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


def test_of_what_the_model_knows_nothing_the_widely_used_and_the_near_are_likelier() -> None:
    assert detect("I 2025?", {"no"}) == "no"
    assert detect("Wie?", {"de"}) == "de"
    assert detect("in 2025?") == "en"


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


# A paragraph each.
PARTS = {
    "en": "The new ferry was launched on a cold morning, and most of the town had come to see it. The mayor spoke for "
    "an hour, the band played badly, and nobody minded.",
    "no": "Den nye ferja ble sjøsatt en kald morgen, og det meste av byen hadde kommet for å se på. Ordføreren talte i "
    "en time, korpset spilte dårlig, og ingen brydde seg om det.",
    "ru": "Новый паром спустили на воду холодным утром, и посмотреть на это пришёл почти весь город. Мэр говорил целый "
    "час, оркестр играл плохо, и никого это не огорчало.",
    "de": "Die neue Fähre lief an einem kalten Morgen vom Stapel, und fast die ganze Stadt war gekommen. Der "
    "Bürgermeister sprach eine Stunde lang, die Kapelle spielte schlecht, und niemand nahm es übel.",
    "zh": "新渡轮在一个寒冷的早晨下水，镇上大部分人都来观看。市长讲了一个小时的话，"
    "乐队演奏得很糟糕，但没有人介意这件事。第二天早上，船第一次开往对岸，船上有三十名乘客、两匹马和一位摄影师。"
    "从那以后它每天往返四次，只有在冬天河水结冰的时候才停航。",
    "ja": "新しいフェリーは寒い朝に進水し、町のほとんどの人が見に来た。市長は一時間も話し、楽団の演奏はひどかったが、"
    "誰も気にしなかった。",
    "th": "เรือข้ามฟากลำใหม่ถูกปล่อยลงน้ำในเช้าวันที่อากาศหนาวเย็น และคนส่วนใหญ่ในเมืองมาดู นายกเทศมนตรีพูดอยู่หนึ่งชั่วโมง",
    "ar": "أُنزلت العبّارة الجديدة إلى الماء في صباح بارد، وجاء معظم أهل المدينة لمشاهدتها. "
    "تحدث رئيس البلدية ساعة كاملة، وعزفت الفرقة بشكل سيئ، ولم يهتم أحد.",
}
IN_NO_LANGUAGE = [
    "apt-get install debian-handbook\napt-cache search language\ndpkg -i package.deb\nsystemctl restart apache2",
    'int main(void) { return printf("hello\\n"); }\nfor (i = 0; i < 10; i++) { total += values[i] * weights[i]; }',
    "Nvidia; Samsung; TSMC; Huawei; ByteDance; Alibaba; Tencent; Baidu; Moonshot; Foxconn; Micron; Broadcom; Marvell",
    "John Smith, Anne Dupont, Karl Müller, Per Hansen, Ole Olsen, Maria Rossi, Ivan Petrov, Jan Kowalski, Li Wei",
    "Sagt ist gesagt.",
    "",
]


@pytest.mark.parametrize("whole", PARTS)
def test_a_part_is_in_another_language_only_where_that_is_plain(whole: str) -> None:
    assert {code: detect_part(text, whole) for code, text in PARTS.items()} == {code: code for code in PARTS}
    assert [detect_part(text, whole) for text in IN_NO_LANGUAGE] == [whole] * len(IN_NO_LANGUAGE)


def test_a_part_in_a_close_relative_is_in_the_language_of_the_whole() -> None:
    danish = (
        "Den nye færge blev søsat en kold morgen, og det meste af byen var kommet for at se på. Ingen brød sig om det."
    )
    assert (detect(danish), detect_part(danish, "no")) == ("da", "no")


def test_japanese_without_kana_is_japanese_in_a_japanese_document() -> None:
    names = "東京都千代田区永田町一丁目七番一号国会議事堂前駅出口二番地下鉄千代田線丸ノ内線"
    assert detect_part(names, "ja") == "ja"


@given(st.text(), st.sampled_from([*PARTS, UNKNOWN]))
def test_any_part_has_a_code(text: str, whole: str) -> None:
    code = detect_part(text, whole)
    assert code == whole or (len(code) == 2 and code.islower())


@given(st.text())
def test_any_text_has_a_code(text: str) -> None:
    code = detect(text)
    assert code == UNKNOWN or (len(code) == 2 and code.islower())
    assert code not in {"nb", "nn"}


def test_every_stemmer_exists() -> None:
    codes = [a + b for a in "abcdefghijklmnopqrstuvwxyz" for b in "abcdefghijklmnopqrstuvwxyz"]
    names = {name for code in codes if (name := stemmer_language(code))}
    assert names == set(Stemmer.algorithms()) - {"porter", "dutch_porter"}  # older ones beside those of today
    assert stemmer_language("zh") is stemmer_language(UNKNOWN) is None


def test_threads_agree() -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(detect("Hvem eier selskapet?"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["no"] * 8


def test_the_model_is_what_the_library_itself_loads() -> None:
    whole, ours = LanguageIdentifier.from_model_file(MODEL_FILE), languages._identifier()
    assert len(ours.nb_classes) < len(whole.nb_classes)
    for text in ("Hvem eier selskapet?", "Кто владеет компанией?", "Ποιος;", "🙂"):
        theirs = dict(whole.rank(text))
        assert dict(ours.rank(text)) == pytest.approx({name: theirs[name] for name in ours.nb_classes}, rel=1e-5)


def test_importing_loads_no_model() -> None:
    code = "import sys, rag.languages; sys.exit('numpy' in sys.modules or 'py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
