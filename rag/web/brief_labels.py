"""The words of the page of key points, and of what leads there, in English, Norwegian and Russian."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefLabels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    title: str
    verbatim: str
    told: str
    of_document: str  # {} a title
    about: str
    topic: str
    show: str
    none: str
    by_model: str
    by_words: str
    open: str
    struck: str
    on_this: str


ENGLISH = BriefLabels(
    title="Key points",
    verbatim="Sentences of the documents, word for word, each with its source.",
    told="Said by the language model, each sentence checked against the one below it, which is the document’s own. "
    "What does not stand is struck out.",
    of_document="Of “{}”",
    about="About",
    topic="A topic",
    show="Show",
    none="The documents say nothing of that.",
    by_model="Say them in English, with the language model",
    by_words="Show the documents’ words alone",
    open="Open in the document",
    struck="The language model wrote this, and the document does not say it",
    on_this="Key points on this",
)

NORWEGIAN = BriefLabels(
    title="Hovedpunkter",
    verbatim="Setninger fra dokumentene, ord for ord, hver med sin kilde.",
    told="Sagt av språkmodellen; hver setning er holdt opp mot den under, som er dokumentets egen. Det som ikke "
    "holder, er strøket ut.",
    of_document="Fra «{}»",
    about="Om",
    topic="Et emne",
    show="Vis",
    none="Dokumentene sier ingenting om det.",
    by_model="Si dem på norsk, med språkmodellen",
    by_words="Vis bare dokumentenes ord",
    open="Åpne i dokumentet",
    struck="Dette skrev språkmodellen, og dokumentet sier det ikke",
    on_this="Hovedpunkter om dette",
)

RUSSIAN = BriefLabels(
    title="Главное",
    verbatim="Предложения документов слово в слово, каждое со ссылкой на источник.",
    told="Пересказано языковой моделью; каждое предложение сверено с тем, что под ним, — оно из документа. "
    "Что не подтвердилось, зачёркнуто.",
    of_document="Из «{}»",
    about="О чём",
    topic="Тема",
    show="Показать",
    none="В документах об этом ничего нет.",
    by_model="Пересказать по-русски языковой моделью",
    by_words="Показать только слова документов",
    open="Открыть в документе",
    struck="Это написала языковая модель, а в документе этого нет",
    on_this="Главное об этом",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
