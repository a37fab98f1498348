r"""Which language a question or a document is in, and which stemmer suits it.

The writing system settles many languages outright. The others go to `py3langid`, a naive Bayes model over byte n-grams.
On short questions two things it does not know are added to its log-probabilities: how likely a language is to be used
at all, and the everyday words and letters that set close relatives apart.

>>> detect("Сколько стоит подписка на Doubao?")
'ru'
>>> detect("Hvem er han?")
'no'
>>> detect("🙂 2026")
'und'
"""

from __future__ import annotations

import io
import lzma
import re
from array import array
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

UNKNOWN = "und"

_SCRIPTS: Mapping[str, str] = {
    "Kana": r"\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "Hangul": r"\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3",
    "Han": r"\u3005\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "Cyrillic": r"\u0400-\u052f\u1c80-\u1c88\ua640-\ua69f",
    "Greek": r"\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": r"\u0620-\u065f\u066e-\u06ef\u06fa-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc",
    "Hebrew": r"\u0591-\u05f4\ufb1d-\ufb4f",
    "Thai": r"\u0e01-\u0e3a\u0e40-\u0e4e",
    "Devanagari": r"\u0900-\u0963\u0971-\u097f",
    "Bengali": r"\u0980-\u09e3\u09f0-\u09fe",
    "Gurmukhi": r"\u0a01-\u0a5e\u0a70-\u0a76",
    "Gujarati": r"\u0a81-\u0ae3",
    "Oriya": r"\u0b01-\u0b63",
    "Tamil": r"\u0b82-\u0bd7",
    "Telugu": r"\u0c00-\u0c63",
    "Kannada": r"\u0c80-\u0ce3",
    "Malayalam": r"\u0d00-\u0d63",
    "Sinhala": r"\u0d81-\u0df3",
    "Lao": r"\u0e81-\u0ecd",
    "Burmese": r"\u1000-\u103f\u1050-\u108f",
    "Khmer": r"\u1780-\u17d3",
    "Ethiopic": r"\u1200-\u135f",
    "Georgian": r"\u10a0-\u10ff\u1c90-\u1cbf",
    "Armenian": r"\u0531-\u0587",
    "Latin": r"A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0300-\u036f\u1e00-\u1eff\uff21-\uff5a",
}
# Letters of scripts that write words without spaces between them, for a character class.
UNSPACED = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Of a word, accents put on it included, or of a number, in scripts that part words and write no particles on to them.
_WHOLE = "Cyrillic", "Greek", "Georgian", "Armenian", "Latin"
OF_A_WORD = "|".join((*(rf"[{_SCRIPTS[name]}\u0300-\u036f]+" for name in _WHOLE), r"\d+"))
_WORD = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, letters in _SCRIPTS.items()))
_ADDRESS = re.compile(r"(?:https?://|www\.)\S{1,2000}|\S{1,64}@\S{1,255}")

# Scripts that one widely written language uses. Those missing here are shared and left to the model.
_LANGUAGE_OF_SCRIPT = {
    "Kana": "ja",
    "Hangul": "ko",
    "Han": "zh",
    "Greek": "el",
    "Hebrew": "he",
    "Thai": "th",
    "Gurmukhi": "pa",
    "Gujarati": "gu",
    "Oriya": "or",
    "Tamil": "ta",
    "Telugu": "te",
    "Kannada": "kn",
    "Malayalam": "ml",
    "Sinhala": "si",
    "Lao": "lo",
    "Burmese": "my",
    "Khmer": "km",
    "Ethiopic": "am",
    "Georgian": "ka",
    "Armenian": "hy",
}
# Languages the bundled encoder was trained on: the model's other ones would only take short questions away from them.
_CANDIDATES = {
    script: frozenset(languages.split())
    for script, languages in {
        "Latin": "af az br bs ca cs cy da de en eo es et eu fi fr fy ga gd gl ha hr hu id is it jv ku la lt lv mg ms "
        "nl nn no om pl pt ro sk sl so sq sr sv sw tl tr uz vi xh",
        "Cyrillic": "be bg kk ky mk mn ru sr uk",
        "Arabic": "ar fa ku ps ug ur",
        "Devanagari": "hi mr ne sa",
        "Bengali": "as bn",
    }.items()
}
_UNSPACED = frozenset({"Kana", "Han", "Thai", "Lao", "Burmese", "Khmer"})  # a run of letters is many words
_LETTERS_A_WORD = 3
_SAME = {"nn": "no", "nb": "no"}

# Natural-log odds, worth about one typical n-gram each. They decide three-word questions and vanish in a page of text.
_WIDELY_USED = "ar cs da de es fi fr hi hu id it nl pl pt ro sv sw tr uk vi"
_ODDS = dict.fromkeys(_WIDELY_USED.split(), 3.0) | {"en": 8.0, "no": 6.0, "ru": 6.0}
_NEAR_BONUS = 3.0
_WORD_BONUS = 4.0
_NOTHING = -1e30  # what the model gives for all languages where it knows no n-gram of a text, as of «Wie?», is less
_LETTER_PENALTY = 6.0

# Everyday words that a close relative spells otherwise; words that two relatives share say nothing and are left out.
_EVERYDAY = {
    "no": "hva kva når nå noe noen noko hvilke hvilket kven korleis kvifor kor av etter ble blei blitt mye opp ut "
    "hei mellom gjennom fram fikk hadde utgjør skjedde heter het heitte ikkje eg fler",
    "da": "hvad hvornår nu noget nogen nogle af efter blev blevet meget op ud mellem gennem hedder hed lavet "
    "havde fik udgør skete",
    "sv": "vad när vem vilken vilket vilka hur varför och av efter blev inte jag mycket heter hette många är",
    "nl": "wat wie waar wanneer hoe waarom welke het een niet van hoeveel",
    "de": "was wer wo wann wie warum welche welcher welches das ist nicht der die und wieviele viele",
    "en": "what who when where why how which whose whom is the was were did does of do are and",
    "es": "qué quién quiénes dónde cuándo cómo cuál cuáles cuánto cuántos cuántas el los las en del fue",
    "pt": "que quem onde quando como qual quais quanto quantos o os as em do da foi não",
    "it": "che chi dove quando come perché qual quale quali quanto quanti il gli di della è",
    "fr": "que qui où quand comment pourquoi quel quelle quels quelles combien le les des est du",
    "fi": "kuka mikä mitä missä milloin miten miksi paljonko montako on oli ja",
    "tr": "nedir kimdir ne kim nerede kaç hangi nasıl neden kimin",
    "id": "kapan kapankah bagaimana kenapa adalah bisa karena",
    "ms": "bila bilakah kerana boleh ialah",
    "ru": "кто что где когда как какой какая какое какие каких каков какова каково каковы сколько почему зачем это чем "
    "был была в и с",
    "uk": "хто що де коли як який яка яке які яких скільки чому навіщо це чим був була та й і з",
    "be": "хто што дзе калі як які якая якое якія колькі чаму гэта чым быў была і з",
    "bg": "кой коя кое кои какво къде кога как колко защо това какъв каква е са на от се",
    "mk": "кој која кое кои што каде кога како колку зошто тоа каков е се на од",
    "sr": "ко шта где када како колико зашто то какав је су се на од који која које",
}
_WORDS = {language: frozenset(words.split()) for language, words in _EVERYDAY.items()}

# Cyrillic letters that a language does not have.
_ABSENT = {
    "ru": frozenset("іїєґўјљњћђџѓќѕ"),
    "uk": frozenset("ыэъёўјљњћђџѓќѕ"),
    "be": frozenset("ищъїєґјљњћђџѓќѕ"),
    "bg": frozenset("ыэёіїєґўјљњћђџѓќѕ"),
    "mk": frozenset("ыэёъщьюяйіїєґўћђ"),
    "sr": frozenset("ыэёъщьюяйіїєґўѓќѕ"),
    "kk": frozenset("їєґўјљњћђџѓќѕ"),
    "ky": frozenset("іїєґўјљњћђџѓќѕ"),
    "mn": frozenset("іїєґўјљњћђџѓќѕ"),
}

_SAMPLE = 500  # characters of each of the three places that a long text is judged by

# What a part of a document has to show before it counts as being in another language than the whole. Of 300 characters
# in another language the model is sure by 0.5 a letter or more; of code, lists of names and a close relative by less.
_PART = 400  # characters that a part is judged by
_LETTERS = 100  # of words
_SHARE = 2 / 3  # of all letters that are in one script
_SURE = 0.5  # of log-probability a letter beside the language of the whole,
_SURE_OF_LATIN = 0.9  # or, where the whole is in another script, beside the mean: any document has names and commands
_IDEOGRAPHS = frozenset({"ja", "ko"})  # languages written in Chinese characters among others


def detect(text: str, near: Collection[str] = ()) -> str:
    """Return the ISO 639-1 code of the language of `text`; those of the documents `near` it are the likelier ones.

    Norwegian is "no" in both written forms, and text without letters is "und". A long text is judged by three stretches
    of it. Names in Latin letters do not make a question in another script one in a Latin-script language.
    """
    words = _words(_sample(text))
    script = _main_script(words)
    if script not in _CANDIDATES:
        return _LANGUAGE_OF_SCRIPT.get(script, UNKNOWN)
    scores = _scores([word for name, word in words if name == script], _CANDIDATES[script])
    bonus = dict.fromkeys(near, _NEAR_BONUS)
    return max(scores, key=lambda code: scores[code] + bonus.get(code, 0.0))


def load() -> None:
    """Load the model ahead of need."""
    _identifier()


def detect_part(text: str, whole: str) -> str:
    """Return the language of a part of a document in the language `whole`: another one only where that is plain.

    What is short, in doubt or in a close relative is in the language of the whole, so that it does not change from one
    part to the next for a few names or a line of code.

    >>> detect_part("apt-get install python3", "ru")
    'ru'
    """
    words = _words(text[:_PART])
    script = _main_script(words)
    own = [word for name, word in words if name == script or (script, name) == ("Kana", "Han")]
    letters = sum(map(len, own))
    if letters < max(_enough(script, whole), _SHARE * sum(len(word) for _, word in words)):
        return whole
    if script not in _CANDIDATES:
        return _LANGUAGE_OF_SCRIPT.get(script, whole)
    scores = _scores(own, _CANDIDATES[script])
    best = max(scores, key=lambda code: scores[code])
    if whole in scores:
        return best if scores[best] - scores[whole] >= _SURE * letters else whole
    mean = sum(scores.values()) / len(scores)
    return best if script != "Latin" or scores[best] - mean >= _SURE_OF_LATIN * letters else whole


def _enough(script: str, whole: str) -> float:
    """Return how many letters make a text. Names and titles in Chinese characters alone are Japanese, too."""
    is_long = script not in _UNSPACED or (script == "Han" and whole in _IDEOGRAPHS)
    return _LETTERS if is_long else _LETTERS / _LETTERS_A_WORD


def _words(text: str) -> list[tuple[str, str]]:
    """Return the words of a text, each behind the name of its script."""
    return [(match.lastgroup or "", match.group()) for match in _WORD.finditer(_ADDRESS.sub(" ", text))]


def _sample(text: str) -> str:
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = len(text) // 2
    return "\n".join([text[:_SAMPLE], text[middle : middle + _SAMPLE], text[-_SAMPLE:]])


def _main_script(words: list[tuple[str, str]]) -> str:
    """Return the script of most words, counting a Latin word only where it is hardly a name."""
    counts: Counter[str] = Counter()
    for number, (script, word) in enumerate(words):
        if script != "Latin" or number == 0 or word.islower():
            counts[script] += 1 + len(word) // _LETTERS_A_WORD if script in _UNSPACED else 1
    if counts["Kana"] and counts["Han"]:  # Japanese is written in both, Chinese in one
        counts["Kana"] += counts["Han"]
    order = list(_SCRIPTS)
    return max(counts, key=lambda script: (counts[script], -order.index(script)), default=words[0][0] if words else "")


def _scores(words: list[str], candidates: frozenset[str]) -> dict[str, float]:
    """Return how likely each language is, in log-odds."""
    text = " ".join(words)
    lowered = {word.lower() for word in words}
    letters = set().union(*lowered)
    scores: dict[str, float] = {}
    for language, score in _identifier().rank(text):
        if language in candidates:
            code = _SAME.get(language, language)
            told = score if score > _NOTHING else 0.0
            scores[code] = max(scores.get(code, told), told)
    return {code: score + _prior(code, lowered, letters) for code, score in scores.items()}


def _prior(language: str, words: set[str], letters: set[str]) -> float:
    everyday = _WORD_BONUS * len(words & _WORDS.get(language, frozenset()))
    foreign = _LETTER_PENALTY * len(letters & _ABSENT.get(language, frozenset()))
    return _ODDS.get(language, 0.0) + everyday - foreign


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    """Load the model once, cut down to the candidates: half a second and 60 MB.

    It is unpacked in one piece, beside which other threads can run; piece by piece, as the library itself does it, each
    piece would wait for them.
    """
    import numpy as np
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with np.load(io.BytesIO(lzma.decompress((MODEL_DIR / MODEL_FILE).read_bytes()))) as model:
        languages = model["classes"].tolist()
        wanted = frozenset().union(*_CANDIDATES.values())
        columns = [column for column, language in enumerate(languages) if language in wanted]
        states = model["nextmove"]
        moves = array(states.dtype.char)  # a list would take eight times the memory
        moves.frombytes(memoryview(states).cast("B"))
        return LanguageIdentifier(
            model["ptc"][:, columns],
            model["pc"][columns],
            [languages[column] for column in columns],
            moves,
            model["out_feat"].tolist(),
            tk_row=model["nextmove_row"].tolist(),
        )


_STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "st": "sesotho",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}


def stemmer_language(code: str) -> str | None:
    """Return the Snowball algorithm for an ISO 639-1 code, None where there is none.

    >>> stemmer_language("no"), stemmer_language("zh")
    ('norwegian', None)
    """
    return _STEMMERS.get(code)
