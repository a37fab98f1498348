"""The words of what can be done with chats and answers, in English, Norwegian and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLabels:
    """What the chat page says of chats and answers. `{}` in a label is filled by the one who shows it."""

    conversations: str
    no_conversations: str
    close: str
    rename: str
    title: str
    save: str
    cancel: str
    delete: str
    really_delete: str
    export: str
    erase: str
    really_erase: str
    rated_questions: str
    kept_in: str  # {} a path
    kept_elsewhere: str
    not_kept: str
    keep: str
    unavailable: str  # {} why
    unknown: str
    not_served: str
    actions: str
    again: str
    edit: str
    edited: str
    ask_edited: str
    copy: str
    copy_markdown: str
    copied: str
    not_copied: str
    good: str
    bad: str
    reason: str
    send_reason: str
    reasons: tuple[str, ...]
    stop: str
    stopped: str
    filters: str
    all_documents: str
    document: str
    all_languages: str
    document_language: str
    author: str
    anyone: str
    tag: str
    any_tag: str
    since: str
    until: str
    clear_filters: str
    answerer: str
    answerer_means: str
    answerers: Mapping[str, str]
    sure_means: str  # {} of 10
    page_language: str


ENGLISH = ChatLabels(
    conversations="Conversations",
    no_conversations="Nothing yet. What you ask is kept here, to go on with later.",
    close="Close",
    rename="Rename",
    title="Title",
    save="Save",
    cancel="Cancel",
    delete="Delete",
    really_delete="Delete for good?",
    export="Export",
    erase="Erase all",
    really_erase="Erase all for good?",
    rated_questions="Rated answers as a question file",
    kept_in="Kept in {} on this machine, and nowhere else.",
    kept_elsewhere="Kept on the machine that serves this page. Nobody else sees yours here.",
    not_kept="Conversations are not kept: the setting “keep_history” is off.",
    keep="Keep my conversations",
    unavailable="Conversations are not kept now: {}",
    unknown="This conversation is no longer there.",
    not_served="(not open here now)",
    actions="What to do with this answer",
    again="Ask again",
    edit="Edit the question",
    edited="The question",
    ask_edited="Ask",
    copy="Copy",
    copy_markdown="Copy as Markdown",
    copied="Copied",
    not_copied="Not copied",
    good="Good answer",
    bad="Bad answer",
    reason="What is wrong with it? (optional)",
    send_reason="Send",
    reasons=("Wrong answer", "Wrong source", "The documents do say it", "Incomplete"),
    stop="Stop",
    stopped="Stopped.",
    filters="Filters",
    all_documents="All documents",
    document="Document",
    all_languages="All languages",
    document_language="Language",
    author="Author",
    anyone="Anyone",
    tag="Tag",
    any_tag="All tags",
    since="Dated from",
    until="to",
    clear_filters="No filters",
    answerer="Answer with",
    answerer_means="What a language model writes is checked against the documents, sentence by sentence.",
    answerers={
        "reader": "the documents’ words",
        "sentence": "whole sentences",
        "quote": "a model’s quotation",
        "compose": "a model’s sentences",
    },
    sure_means="Of answers this sure, about {} in 10 were right when it was measured.",
    page_language="Language of this page",
)

NORWEGIAN = ChatLabels(
    conversations="Samtaler",
    no_conversations="Ingenting ennå. Det du spør om, blir tatt vare på her, så du kan fortsette senere.",
    close="Lukk",
    rename="Gi nytt navn",
    title="Tittel",
    save="Lagre",
    cancel="Avbryt",
    delete="Slett",
    really_delete="Slette for godt?",
    export="Eksporter",
    erase="Slett alt",
    really_erase="Slette alt for godt?",
    rated_questions="Vurderte svar som spørsmålsfil",
    kept_in="Ligger i {} på denne maskinen, og ingen andre steder.",
    kept_elsewhere="Ligger på maskinen som viser denne siden. Ingen andre ser dine her.",
    not_kept="Samtaler blir ikke tatt vare på: innstillingen «keep_history» er av.",
    keep="Ta vare på samtalene mine",
    unavailable="Samtaler blir ikke tatt vare på nå: {}",
    unknown="Denne samtalen finnes ikke lenger.",
    not_served="(ikke tilgjengelig her nå)",
    actions="Hva du kan gjøre med svaret",
    again="Spør på nytt",
    edit="Endre spørsmålet",
    edited="Spørsmålet",
    ask_edited="Spør",
    copy="Kopier",
    copy_markdown="Kopier som Markdown",
    copied="Kopiert",
    not_copied="Ikke kopiert",
    good="Godt svar",
    bad="Dårlig svar",
    reason="Hva er galt med det? (valgfritt)",
    send_reason="Send",
    reasons=("Feil svar", "Feil kilde", "Det står i dokumentene", "Ufullstendig"),
    stop="Stopp",
    stopped="Stoppet.",
    filters="Filtre",
    all_documents="Alle dokumenter",
    document="Dokument",
    all_languages="Alle språk",
    document_language="Språk",
    author="Forfatter",
    anyone="Alle",
    tag="Emneord",
    any_tag="Alle emneord",
    since="Datert fra",
    until="til",
    clear_filters="Ingen filtre",
    answerer="Svar med",
    answerer_means="Det en språkmodell skriver, holdes opp mot dokumentene, setning for setning.",
    answerers={
        "reader": "dokumentenes ord",
        "sentence": "hele setninger",
        "quote": "et sitat valgt av modellen",
        "compose": "setninger fra modellen",
    },
    sure_means="Av så sikre svar var omtrent {} av 10 riktige da det ble målt.",
    page_language="Språket på denne siden",
)

RUSSIAN = ChatLabels(
    conversations="Разговоры",
    no_conversations="Пока пусто. То, что вы спросите, сохранится здесь, чтобы продолжить позже.",
    close="Закрыть",
    rename="Переименовать",
    title="Название",
    save="Сохранить",
    cancel="Отмена",
    delete="Удалить",
    really_delete="Удалить навсегда?",
    export="Выгрузить",
    erase="Стереть всё",
    really_erase="Стереть всё навсегда?",
    rated_questions="Оценённые ответы как файл вопросов",
    kept_in="Хранятся в {} на этой машине и больше нигде.",
    kept_elsewhere="Хранятся на машине, которая показывает эту страницу. Ваши здесь не видит никто другой.",
    not_kept="Разговоры не сохраняются: настройка «keep_history» выключена.",
    keep="Сохранять мои разговоры",
    unavailable="Сейчас разговоры не сохраняются: {}",
    unknown="Этого разговора больше нет.",
    not_served="(сейчас здесь не открыта)",
    actions="Что сделать с ответом",
    again="Спросить снова",
    edit="Изменить вопрос",
    edited="Вопрос",
    ask_edited="Спросить",
    copy="Копировать",
    copy_markdown="Копировать как Markdown",
    copied="Скопировано",
    not_copied="Не скопировано",
    good="Хороший ответ",
    bad="Плохой ответ",
    reason="Что в нём не так? (необязательно)",
    send_reason="Отправить",
    reasons=("Неверный ответ", "Не тот источник", "В документах это есть", "Неполный ответ"),
    stop="Стоп",
    stopped="Остановлено.",
    filters="Фильтры",
    all_documents="Все документы",
    document="Документ",
    all_languages="Все языки",
    document_language="Язык",
    author="Автор",
    anyone="Любой",
    tag="Тег",
    any_tag="Все теги",
    since="С даты",
    until="по",
    clear_filters="Без фильтров",
    answerer="Отвечать",
    answerer_means="То, что пишет языковая модель, сверяется с документами предложение за предложением.",
    answerers={
        "reader": "словами документов",
        "sentence": "целыми предложениями",
        "quote": "цитатой по выбору модели",
        "compose": "предложениями модели",
    },
    sure_means="Среди ответов с такой уверенностью верны были примерно {} из 10, когда это измеряли.",
    page_language="Язык этой страницы",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
