"""Texts in many scripts for tests of the encoder."""

from __future__ import annotations

from rag.sentences import split
from tests.conftest import SEEDS

# Five sentences a script; some with digits, punctuation and marks of their own.
SCRIPTS = {
    "Latin": [
        "The company plans to spend $14 billion on accelerators in 2026.",
        "Selskapet kjøpte brikker på øya for 5,7 milliarder kroner – bl.a. fra Ålesund.",
        "Où est passée la « souveraineté » technologique ? À l'étranger.",
        "Die Maßnahmen überträfen alle Erwartungen; größer geht’s kaum.",
        "Tiếng Việt có rất nhiều dấu: ă, â, đ, ê, ô, ơ, ư.",
    ],
    "Cyrillic": [
        "Компания намерена увеличить капитальные затраты до ¥160 млрд ($23 млрд).",
        "Съешь же ещё этих мягких французских булок, да выпей чаю.",
        "У лісі росте їжак, а під ґанком — кішка.",
        "Најбоље вести стижу из Београда.",
        "«Ёлка» — т.ч. она лучше защищена, чем №5.",
    ],
    "Greek": [
        "Η εταιρεία σχεδιάζει να δαπανήσει 14 δισεκατομμύρια δολάρια.",
        "Ο πρωθυπουργός ανακοίνωσε νέα μέτρα για την οικονομία.",
        "Πού βρίσκεται η Ακρόπολη; Στην Αθήνα.",
        "Ἐν ἀρχῇ ἦν ὁ λόγος.",
        "Το παιδί έφαγε ένα μήλο.",
    ],
    "Arabic": [
        "تخطط الشركة لإنفاق 14 مليار دولار على الرقائق في عام 2026.",
        "أين تقع العاصمة؟ تقع في وسط البلاد.",
        "وُلد النبي محمد ﷺ في مكة المكرمة.",
        "این شرکت تراشه‌های خود را می‌سازد.",
        "پاکستان کا دارالحکومت اسلام آباد ہے۔",
    ],
    "Hebrew": [
        "החברה מתכננת להוציא 14 מיליארד דולר על שבבים.",
        "בְּרֵאשִׁית בָּרָא אֱלֹהִים אֵת הַשָּׁמַיִם וְאֵת הָאָרֶץ.",
        "איפה נמצאת ירושלים?",
        "צה״ל הודיע על כך אתמול.",
        "הילדים שיחקו בגן עד הערב.",
    ],
    "Devanagari": [
        "कंपनी 2026 में चिप्स पर 14 अरब डॉलर खर्च करने की योजना बना रही है।",
        "दिल्ली भारत की राजधानी है।",
        "क्या आप हिन्दी बोलते हैं?",
        "मुंबई हे महाराष्ट्राचे सर्वात मोठे शहर आहे.",
        "नेपालको राजधानी काठमाडौं हो।",
    ],
    "Thai": [
        "บริษัทวางแผนใช้เงิน 14 พันล้านดอลลาร์เพื่อซื้อชิป",
        "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย",
        "คุณพูดภาษาอังกฤษได้ไหม",
        "น้ำท่วมใหญ่เมื่อปี พ.ศ. ๒๕๕๔",
        "เด็ก ๆ เล่นอยู่ในสวน",
    ],
    "Han": [
        "该公司计划在2026年花费140亿美元购买芯片。",
        "北京是中华人民共和国的首都。",
        "你會說中文嗎？我會一點。",
        "他說：「價格太高了！」然後離開。",
        "華為昇騰910C的性能明顯落後。",
    ],
    "Kana": [
        "同社は2026年にチップへ140億ドルを投じる計画だ。",
        "トウキョウはニホンのシュトです。",
        "ｶﾀｶﾅは半角でも書けます。",
        "きのう、ともだちとえいがをみました。",
        "「がんばって！」と彼女は言った。",
    ],
    "Hangul": [
        "이 회사는 2026년에 칩에 140억 달러를 쓸 계획이다.",
        "서울은 대한민국의 수도이다.",
        "한국어를 할 수 있습니까?",
        "그는 “가격이 너무 높다”고 말했다.",
        "아이들은 공원에서 놀았다.",
    ],
    "Others": [
        "কোম্পানিটি চিপের জন্য ১৪ বিলিয়ন ডলার ব্যয় করবে।",
        "நிறுவனம் சில்லுகளுக்காக செலவிட திட்டமிட்டுள்ளது.",
        "კომპანია გეგმავს ჩიპების ყიდვას.",
        "Ընկերությունը նախատեսում է գնել չիպեր։",
        "ኩባንያው ቺፖችን ለመግዛት አቅዷል።",
    ],
    "Symbols": [
        "🙂 👨‍👩‍👧 🇳🇴 ok",
        "x² + ½ ≈ ∞ → ℃ ™ ﬁ Ⅷ ①",
        "a\tb  c\u00a0d\u200be\u3000f\u2028g\ufeffh",
        "<script>alert('x')</script> [1](javascript:x) `code`",
        "…«–—»„“”‚‘’ ¥ € £ ₽ 5\u202f000,50 %",
    ],
}


def texts() -> list[str]:
    """Return more than 200 different texts in more than ten scripts, from a few characters to a long sentence."""
    sentences = [sentence for group in SCRIPTS.values() for sentence in group]
    thirds = [part for text in sentences for part in (text[: len(text) // 3], text[len(text) // 2 :])]
    return list(dict.fromkeys([*sentences, *thirds, *seed_sentences()]))


def seed_sentences() -> list[str]:
    """Return some sentences of the given documents."""
    articles = [(path, path.read_text("utf-8")) for path in sorted(SEEDS.glob("*.txt"))]
    return [text[a:b] for path, text in articles for a, b in split(text, "no" if "004_" in path.name else "ru")[2:8]]
