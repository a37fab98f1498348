"""What is said beside the words of the documents, in the language of the question."""

from __future__ import annotations

from collections.abc import Sequence

from babel.numbers import format_decimal

from rag.answerers import Draft
from rag.types import Candidate, Hit, Statement

NOT_IN_THE_DOCUMENTS = {
    "en": "The documents do not say.",
    "no": "Det står ikke i dokumentene.",
    "ru": "В документах этого нет.",
    "zh": "文档中没有相关内容。",
    "de": "Das steht nicht in den Dokumenten.",
    "fr": "Les documents ne le disent pas.",
    "es": "Los documentos no lo dicen.",
    "uk": "У документах цього немає.",
    "sv": "Det står inte i dokumenten.",
    "da": "Det står ikke i dokumenterne.",
}

SOURCES_DIFFER = {
    "en": (
        "The sources differ.",
        "The sources differ, by a factor of {}: probably a slip.",
        "Another figure may be meant.",
    ),
    "no": (
        "Kildene er uenige.",
        "Kildene er uenige, med en faktor på {}: trolig en feilskrift.",
        "Et annet tall kan være ment.",
    ),
    "ru": (
        "Источники расходятся.",
        "Источники расходятся в {} раз: вероятно, описка.",
        "Возможно, речь о другой цифре.",
    ),
    "zh": ("各来源说法不一。", "各来源相差{}倍，可能是笔误。", "也可能是指另一个数字。"),
    "de": (
        "Die Quellen widersprechen sich.",
        "Die Quellen weichen um den Faktor {} ab: wohl ein Versehen.",
        "Vielleicht ist eine andere Zahl gemeint.",
    ),
    "fr": (
        "Les sources divergent.",
        "Les sources divergent d’un facteur {} : sans doute une erreur.",
        "Il s’agit peut-être d’un autre chiffre.",
    ),
    "es": (
        "Las fuentes difieren.",
        "Las fuentes difieren en un factor de {}: probablemente un error.",
        "Quizá se trate de otra cifra.",
    ),
    "uk": (
        "Джерела розходяться.",
        "Джерела розходяться в {} разів: імовірно, описка.",
        "Можливо, йдеться про інше число.",
    ),
    "sv": (
        "Källorna är oense.",
        "Källorna skiljer sig med en faktor {}: troligen ett skrivfel.",
        "En annan siffra kan avses.",
    ),
    "da": (
        "Kilderne er uenige.",
        "Kilderne er uenige, med en faktor {}: sandsynligvis en fejl.",
        "Et andet tal kan være ment.",
    ),
}

NOTHING_STOOD = {
    "en": "What the language model wrote is left out: it is not in the documents.",
    "no": "Det språkmodellen skrev, er utelatt: det står ikke i dokumentene.",
    "ru": "То, что написала языковая модель, опущено: в документах этого нет.",
    "zh": "语言模型所写的内容已略去:文档中没有这些内容。",
    "de": "Was das Sprachmodell schrieb, ist weggelassen: Es steht nicht in den Dokumenten.",
    "fr": "Ce que le modèle de langage a écrit est omis : les documents ne le disent pas.",
    "es": "Se omite lo que escribió el modelo de lenguaje: no está en los documentos.",
    "uk": "Те, що написала мовна модель, опущено: у документах цього немає.",
    "sv": "Det språkmodellen skrev är utelämnat: det står inte i dokumenten.",
    "da": "Det sprogmodellen skrev, er udeladt: det står ikke i dokumenterne.",
}


def nothing_stood(language: str) -> str:
    """Return what is said behind an extractive answer that takes the place of one a model wrote."""
    return NOTHING_STOOD.get(language, NOTHING_STOOD["en"])


def not_in_the_documents(language: str) -> str:
    """Return the reply in a language, in English where we have no words for it."""
    return NOT_IN_THE_DOCUMENTS.get(language, NOT_IN_THE_DOCUMENTS["en"])


def sources_differ(language: str, factor: int | None, *, is_answer: bool = True) -> str:
    """Say that sources differ, and where it is by a power of a thousand, that one of them has probably made a slip.

    `is_answer` is false where it is on another figure that the question may mean.

    >>> sources_differ("en", 1000)
    'The sources differ, by a factor of 1,000: probably a slip.'
    """
    known = language if language in SOURCES_DIFFER else "en"
    plain, slip, other = SOURCES_DIFFER[known]
    note = slip.format(format_decimal(factor, locale="nb" if known == "no" else known)) if factor else plain
    return note if is_answer else f"{other} {note}"


def abstain(language: str, candidate: Candidate | None, confidence: float, hits: Sequence[Hit]) -> Draft:
    """Return the draft of a reply without an answer; the candidate is kept."""
    statements = (Statement(not_in_the_documents(language)),)
    return Draft(statements, None, (), candidate, confidence, tuple(hits))
