"""Makes a statement of a question and its answer, and turns statements round, by tables of words."""

from __future__ import annotations

import re
from random import Random

from training.attributes import UNSPACED

# What an answer may be put in the place of, longer ones first.
_ASKING = {
    "en": "how (?:many|much|long|old|far|often)|(?:what|which) year|who|whom|whose|which|what|when|where|why|how",
    "ru": "сколько|каком году|какого числа|как (?:долго|часто|давно|зовут)|"
    "как(?:ой|ая|ое|ие|ом|ую|их|им|ого|ому|ими)|котор(?:ый|ая|ое|ые|ом|ую|ых|ым|ого)|"
    "кто|кого|кому|кем|ком|что|чего|чем|чему|чём|чей|чья|чьё|чьи|когда|где|куда|откуда|почему|зачем|как",
    "no": "hvor (?:mange|mye|lenge|gammelt?|langt?|ofte|stort?)|hvilket år|hvilke[nt]?|hva slags|hvem|"
    "hva|når|hvorfor|hvordan|hvor",
    "zh": "哪一年|什么时候|多少|多久|何时|何地|哪里|哪儿|哪些|哪个|哪位|哪种|哪|几|谁|"
    "什么|为什么|为何|如何|怎么|怎样|何",
    "de": "wie (?:viele?|lange|alt|oft)|welchem jahr|welche[rsmn]?|"
    "wer|wen|wem|wessen|wann|wo|wohin|woher|warum|wie|was",
    "es": "cuánt[oa]s?|qué año|quién(?:es)?|cuál(?:es)?|cuándo|dónde|por qué|cómo|qué",
}
_ASKED = {
    language: re.compile(words if language in UNSPACED else rf"\b(?:{words})\b", re.IGNORECASE)
    for language, words in _ASKING.items()
}

# A verb, and the statement's denial: behind it («is not») or before it («не был»).
_DENIED = {
    "en": (r"\b(is|are|was|were|has|have|had|can|could|will|would|did|does|do|may|must|should)\b", r"\1 not"),
    "no": (r"\b(er|var|har|hadde|kan|kunne|vil|ville|skal|skulle|ble|blir|må|får|fikk)\b", r"\1 ikke"),
    "ru": (r"\b(был[аои]?|будет|будут|стал[аои]?|может|могут|могла?|имеет|имел[аи]?|является)\b", r"не \1"),
    "zh": ("(是|能|会|在)", r"不\1"),
    "de": (r"\b(ist|sind|war|waren|hat|haben|hatte|hatten|kann|konnte|wird|wurde|wurden)\b", r"\1 nicht"),
    "es": (r"\b(es|son|era|eran|fue|fueron|ha|han|había|puede|pueden|tiene|tenía)\b", r"no \1"),
}
_DENYING = {
    "en": r"\b(?:not?|never|without)\b|n't\b",
    "no": r"\b(?:ikke|ingen|intet|aldri|uten)\b",
    "ru": r"\b(?:не|ни|нет|без|никогда)\b",
    "zh": r"不|没|無|无|未|非",
    "de": r"\b(?:nicht|kein\w*|nie|ohne)\b",
    "es": r"\b(?:no|nunca|ningun\w*|sin)\b",
}


def statement(question: str, answer: str, language: str) -> str:
    """Return the statement that an answer makes of a question: in the place of the word that asks, or else behind it.

    >>> statement("Who wrote «Emma»?", "Jane Austen", "en")
    'Jane Austen wrote «Emma».'
    """
    asked = question.strip().rstrip("?？¿؟ ").lstrip("¿ ")
    answer = answer.strip().rstrip(".。")
    stop = "。" if language in UNSPACED else "."
    pattern = _ASKED.get(language)
    match = pattern.search(asked) if pattern else None
    if match is None:
        return f"{asked}: {answer}{stop}"
    told = asked[: match.start()] + answer + asked[match.end() :]
    return told[:1].upper() + told[1:] + stop


def denied(text: str, language: str, rng: Random) -> str | None:
    """Return a statement turned round by a word such as «not», or None where no place for it is known."""
    if language not in _DENIED or re.search(_DENYING[language], text, re.IGNORECASE):
        return None
    verb, put = _DENIED[language]
    places = list(re.finditer(verb, text, re.IGNORECASE))
    if not places:
        return None
    match = rng.choice(places)
    return text[: match.start()] + match.expand(put) + text[match.end() :]
