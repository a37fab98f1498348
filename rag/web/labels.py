"""The words of the page in English, Norwegian and Russian."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from rag.web.cookies import choice

_LANGUAGES = {
    "ar": ("Arabic", "arabisk", "арабский"),
    "da": ("Danish", "dansk", "датский"),
    "de": ("German", "tysk", "немецкий"),
    "en": ("English", "engelsk", "английский"),
    "es": ("Spanish", "spansk", "испанский"),
    "fi": ("Finnish", "finsk", "финский"),
    "fr": ("French", "fransk", "французский"),
    "it": ("Italian", "italiensk", "итальянский"),
    "ja": ("Japanese", "japansk", "японский"),
    "ko": ("Korean", "koreansk", "корейский"),
    "no": ("Norwegian", "norsk", "норвежский"),
    "pl": ("Polish", "polsk", "польский"),
    "pt": ("Portuguese", "portugisisk", "португальский"),
    "ru": ("Russian", "russisk", "русский"),
    "sv": ("Swedish", "svensk", "шведский"),
    "uk": ("Ukrainian", "ukrainsk", "украинский"),
    "und": ("unknown language", "ukjent språk", "язык не определён"),
    "zh": ("Chinese", "kinesisk", "китайский"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    language: str
    title: str
    heading: str
    invitation: str
    placeholder: str
    ask: str
    new_chat: str
    pages: str
    chat: str
    facts: str
    evaluation: str
    log_out: str
    conversation: str
    examples: str
    documents: str
    collection: str
    main_collection: str
    more_documents: str  # {} a number
    searching: str
    writing: str
    understood: str  # {} a question
    struck: str
    sources: str
    show_sources: str  # {} a number
    nearest: str
    show_nearest: str  # {} a number
    nearest_note: str
    source: str  # {} a number
    whole: str
    back: str
    score: str  # {} a number
    undated: str
    stale: str
    rendering: str  # {} what is written
    rendering_means: str
    sources_differ: str
    off_by: str  # {} a number
    internal_error: str
    sure: tuple[tuple[float, str], ...]  # (from this confidence on, words), falling
    months: tuple[str, ...]
    date: str  # {day} {month} {year}
    decimal_point: str
    languages: Mapping[str, str]

    def confidence(self, value: float) -> str:
        """Say a probability in words.

        >>> ENGLISH.confidence(0.7)
        'Fairly sure'
        """
        return next(words for least, words in self.sure if value >= least or least == 0)

    def day(self, date: dt.date) -> str:
        """Write a date out.

        >>> RUSSIAN.day(dt.date(2026, 1, 2))
        '2 января 2026'
        """
        return self.date.format(day=date.day, month=self.months[date.month - 1], year=date.year)

    def number(self, value: float) -> str:
        """Write a number with two decimals.

        >>> NORWEGIAN.number(0.5)
        '0,50'
        """
        return f"{value:.2f}".replace(".", self.decimal_point)

    def whole_number(self, value: int) -> str:
        """Write a whole number with its thousands apart.

        >>> NORWEGIAN.whole_number(1000)
        '1\\xa0000'
        """
        return f"{value:,}".replace(",", "," if self.decimal_point == "." else "\u00a0")

    def language_name(self, code: str) -> str:
        """Name a language, or return its code where the page has no name for it."""
        return self.languages.get(code, code)


ENGLISH = Labels(
    language="en",
    title="Ask your documents",
    heading="What would you like to know?",
    invitation="Answers come word for word from your documents, each with its source.",
    placeholder="Ask in any language",
    ask="Ask",
    new_chat="New chat",
    pages="Pages",
    chat="Chat",
    facts="Facts",
    evaluation="Evaluation",
    log_out="Log out",
    conversation="Conversation",
    examples="For example",
    documents="Documents",
    collection="Collection",
    main_collection="Main collection",
    more_documents="and {} more",
    searching="Looking through the documents",
    writing="Writing, and checking each sentence against the documents",
    understood="Understood as: {}",
    struck="The language model wrote this, and the documents do not say it",
    sources="Sources",
    show_sources="Sources: {}",
    nearest="Nearest passages",
    show_nearest="Nearest passages: {}",
    nearest_note="They do not answer the question, but come closest to it.",
    source="Source {}",
    whole="Show the whole passage",
    back="Back to the answer",
    score="similarity {}",
    undated="undated",
    stale="These words are no longer in the file as it was indexed.",
    rendering="Our rendering: {}",
    rendering_means="Written by this program in the language of your question, beside the document’s own words.",
    sources_differ="Sources differ",
    off_by="off by a factor of {}?",
    internal_error="Something went wrong inside the program. The terminal it runs in shows the details.",
    sure=((0.9, "Very sure"), (0.65, "Fairly sure"), (0.4, "Not quite sure"), (0, "Unsure")),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    date="{day} {month} {year}",
    decimal_point=".",
    languages={code: names[0] for code, names in _LANGUAGES.items()},
)

NORWEGIAN = Labels(
    language="no",
    title="Spør dokumentene dine",
    heading="Hva vil du vite?",
    invitation="Svarene hentes ordrett fra dokumentene dine, hvert med sin kilde.",
    placeholder="Spør på hvilket som helst språk",
    ask="Spør",
    new_chat="Ny samtale",
    pages="Sider",
    chat="Samtale",
    facts="Fakta",
    evaluation="Evaluering",
    log_out="Logg ut",
    conversation="Samtale",
    examples="For eksempel",
    documents="Dokumenter",
    collection="Samling",
    main_collection="Hovedsamlingen",
    more_documents="og {} til",
    searching="Leter i dokumentene",
    writing="Skriver, og holder hver setning opp mot dokumentene",
    understood="Forstått som: {}",
    struck="Dette skrev språkmodellen, og dokumentene sier det ikke",
    sources="Kilder",
    show_sources="Kilder: {}",
    nearest="Nærmeste avsnitt",
    show_nearest="Nærmeste avsnitt: {}",
    nearest_note="De svarer ikke på spørsmålet, men kommer nærmest.",
    source="Kilde {}",
    whole="Vis hele avsnittet",
    back="Tilbake til svaret",
    score="likhet {}",
    undated="uten dato",
    stale="Disse ordene står ikke lenger i filen slik den ble indeksert.",
    rendering="Vår gjengivelse: {}",
    rendering_means="Skrevet av dette programmet på språket i spørsmålet; dokumentets egne ord står ved siden av.",
    sources_differ="Kildene er uenige",
    off_by="feil med en faktor på {}?",
    internal_error="Noe gikk galt inne i programmet. Terminalen det kjører i, viser detaljene.",
    sure=((0.9, "Svært sikkert"), (0.65, "Ganske sikkert"), (0.4, "Ikke helt sikkert"), (0, "Usikkert")),
    months=(
        *("januar", "februar", "mars", "april", "mai", "juni"),
        *("juli", "august", "september", "oktober", "november", "desember"),
    ),
    date="{day}. {month} {year}",
    decimal_point=",",
    languages={code: names[1] for code, names in _LANGUAGES.items()},
)

RUSSIAN = Labels(
    language="ru",
    title="Спросите свои документы",
    heading="Что вы хотите узнать?",
    invitation="Ответы — дословно из ваших документов, каждый со ссылкой на источник.",
    placeholder="Спросите на любом языке",
    ask="Спросить",
    new_chat="Новый разговор",
    pages="Страницы",
    chat="Чат",
    facts="Факты",
    evaluation="Оценка",
    log_out="Выйти",
    conversation="Разговор",
    examples="Например",
    documents="Документы",
    collection="Коллекция",
    main_collection="Основная коллекция",
    more_documents="и ещё {}",
    searching="Ищу в документах",
    writing="Пишу и сверяю каждое предложение с документами",
    understood="Понято так: {}",
    struck="Это написала языковая модель, а в документах этого нет",
    sources="Источники",
    show_sources="Источники: {}",
    nearest="Ближайшие отрывки",
    show_nearest="Ближайшие отрывки: {}",
    nearest_note="Ответа в них нет, но они ближе всего к вопросу.",
    source="Источник {}",
    whole="Показать весь отрывок",
    back="К ответу",
    score="близость {}",
    undated="без даты",
    stale="Этих слов больше нет в файле в том виде, в каком он проиндексирован.",
    rendering="Наша запись: {}",
    rendering_means="Записано этой программой на языке вопроса; рядом — слова самого документа.",
    sources_differ="Источники расходятся",
    off_by="ошибка в {} раз?",
    internal_error="Внутри программы что-то сломалось. Подробности — в терминале, где она запущена.",
    sure=((0.9, "Совершенно уверенно"), (0.65, "Довольно уверенно"), (0.4, "Не вполне уверенно"), (0, "Неуверенно")),
    months=(
        *("января", "февраля", "марта", "апреля", "мая", "июня"),
        *("июля", "августа", "сентября", "октября", "ноября", "декабря"),
    ),
    date="{day} {month} {year}",
    decimal_point=",",
    languages={code: names[2] for code, names in _LANGUAGES.items()},
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "nb": NORWEGIAN, "nn": NORWEGIAN, "ru": RUSSIAN}


def of(headers: Mapping[str, str]) -> Labels:
    """Return the labels for whoever asks: in the language chosen on the page, else in the browser's."""
    chosen = BY_LANGUAGE.get(choice(headers, "language"))
    return chosen or choose(headers.get("accept-language"))


def choose(accept_language: str | None) -> Labels:
    """Return the labels for an ``Accept-Language`` header; English where it names none of ours.

    >>> choose("nn-NO, ru;q=0.9").language
    'no'
    """
    return next((BY_LANGUAGE[code] for code in _preferences(accept_language or "") if code in BY_LANGUAGE), ENGLISH)


def _preferences(header: str) -> list[str]:
    ranked = []
    for entry in header.split(","):
        tag, _, weight = "".join(entry.lower().split()).partition(";q=")
        ranked.append((_quality(weight), tag.split("-")[0]))
    return [code for quality, code in sorted(ranked, key=lambda pair: -pair[0]) if quality > 0]


def _quality(weight: str) -> float:
    try:
        return float(weight or 1)
    except ValueError:
        return 0
