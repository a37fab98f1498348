"""The words of the document page, and of what leads there, in English, Norwegian and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rag.citations import Status


class Standing(NamedTuple):
    """What has become of a citation, in a word and in a sentence."""

    name: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLabels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    document: str
    key_points: str
    figures: str
    back: str
    open: str
    copy_link: str
    copy_text: str
    copy_markdown: str
    copied: str
    not_copied: str
    standing: Mapping[Status, Standing]
    as_indexed: str
    as_now: str
    was: str
    now: str
    unknown_quote: str
    nothing_now: str
    citation: str
    citations: str
    step: str  # {} of {}
    previous: str
    next: str
    place: str  # {} to {}
    dimmed: str
    find: str
    find_previous: str
    find_next: str
    found: str  # {} of {}
    found_none: str
    text: str
    loading: str
    lost: str
    retry: str
    outdated: str
    no_script: str
    whole: str
    unknown: Standing
    malformed: Standing
    quote: str  # {} the words, in quotation marks
    shown_as: str
    page: str
    pages: str
    page_of: str  # {} of {}
    page_before: str
    page_after: str
    go_to_page: str
    of_pages: str  # of {}
    zoom: str
    zoom_in: str
    zoom_out: str
    page_as_now: str
    unplaced: str
    unmarked: str
    no_page: str
    undrawable: str
    overloaded: str
    page_lost: str


ENGLISH = DocumentLabels(
    document="Document",
    key_points="Key points",
    figures="Figures of this document",
    back="Back to the chat",
    open="Open in the document",
    copy_link="Copy link",
    copy_text="Copy citation",
    copy_markdown="Copy as Markdown",
    copied="Copied",
    not_copied="Not copied",
    standing={
        "verified": Standing("Verified", "The cited words stand in the file, at the place they were cited from."),
        "moved": Standing(
            "Moved", "The file has changed. The same words stand elsewhere in it now, where it is opened."
        ),
        "changed": Standing("Changed", "The file has changed, and the cited words no longer stand in it."),
        "gone": Standing("The document is gone", "It was removed, renamed or is no longer indexed."),
    },
    as_indexed="The file has changed since it was indexed. This is its text as it was indexed.",
    as_now="The file has changed since it was indexed. This is its text as it is now.",
    was="What was cited",
    now="What stands there now",
    unknown_quote="The index no longer has these words.",
    nothing_now="Nothing: the text ends before this place.",
    citation="Citation",
    citations="Citations of this answer",
    step="{} of {}",
    previous="Previous citation",
    next="Next citation",
    place="characters {}–{}",
    dimmed="Dimmed: menus and the like, which are not searched for answers.",
    find="Find in document",
    find_previous="Previous match",
    find_next="Next match",
    found="{} of {}",
    found_none="No match",
    text="Text",
    loading="Loading…",
    lost="The rest of the document could not be loaded.",
    retry="Try again",
    outdated="The document has changed meanwhile. Reload the page.",
    no_script="This document is long; here is the part around the place.",
    whole="Show all of it",
    unknown=Standing("No such document", "No indexed document has this name. It may have been removed or renamed."),
    malformed=Standing("Not a citation", "This address names no citation. A part of it may have been lost in copying."),
    quote="“{}”",
    shown_as="Shown as",
    page="Page",
    pages="Pages",
    page_of="Page {} of {}",
    page_before="Previous page",
    page_after="Next page",
    go_to_page="Go to page",
    of_pages="of {}",
    zoom="Zoom",
    zoom_in="Zoom in",
    zoom_out="Zoom out",
    page_as_now="The file has changed since it was indexed. This is its page as it is now.",
    unplaced="Where the cited words stand in the picture of this page is not known. The text has them marked.",
    unmarked="Nothing is marked here: the cited words no longer stand in the file.",
    no_page="There is no such page.",
    undrawable="This page cannot be shown: it is damaged, or would take too long to draw. Its text may still be read.",
    overloaded="Too many pages are being drawn at the moment. Try again in a little while.",
    page_lost="The page could not be loaded.",
)

NORWEGIAN = DocumentLabels(
    document="Dokument",
    key_points="Hovedpunkter",
    figures="Tall i dette dokumentet",
    back="Tilbake til samtalen",
    open="Åpne i dokumentet",
    copy_link="Kopier lenke",
    copy_text="Kopier sitat",
    copy_markdown="Kopier som Markdown",
    copied="Kopiert",
    not_copied="Ikke kopiert",
    standing={
        "verified": Standing("Bekreftet", "De siterte ordene står i filen, på stedet de ble sitert fra."),
        "moved": Standing(
            "Flyttet", "Filen er endret. De samme ordene står nå et annet sted i den, og der er den åpnet."
        ),
        "changed": Standing("Endret", "Filen er endret, og de siterte ordene står ikke lenger i den."),
        "gone": Standing("Dokumentet er borte", "Det er fjernet, har fått nytt navn eller er ikke lenger indeksert."),
    },
    as_indexed="Filen er endret siden den ble indeksert. Dette er teksten slik den ble indeksert.",
    as_now="Filen er endret siden den ble indeksert. Dette er teksten slik den er nå.",
    was="Det som ble sitert",
    now="Det som står der nå",
    unknown_quote="Indeksen har ikke lenger disse ordene.",
    nothing_now="Ingenting: teksten slutter før dette stedet.",
    citation="Sitat",
    citations="Sitatene i dette svaret",
    step="{} av {}",
    previous="Forrige sitat",
    next="Neste sitat",
    place="tegn {}–{}",
    dimmed="Dempet: menyer og lignende, som det ikke letes etter svar i.",
    find="Finn i dokumentet",
    find_previous="Forrige treff",
    find_next="Neste treff",
    found="{} av {}",
    found_none="Ingen treff",
    text="Tekst",
    loading="Laster …",
    lost="Resten av dokumentet kunne ikke lastes.",
    retry="Prøv igjen",
    outdated="Dokumentet er endret i mellomtiden. Last siden på nytt.",
    no_script="Dokumentet er langt; her er delen rundt stedet.",
    whole="Vis alt",
    unknown=Standing(
        "Ukjent dokument", "Intet indeksert dokument har dette navnet. Det kan være fjernet eller omdøpt."
    ),
    malformed=Standing(
        "Ikke et sitat", "Adressen viser ikke til noe sitat. En del av den kan ha falt ut ved kopiering."
    ),
    quote="«{}»",
    shown_as="Vist som",
    page="Side",
    pages="Sider",
    page_of="Side {} av {}",
    page_before="Forrige side",
    page_after="Neste side",
    go_to_page="Gå til side",
    of_pages="av {}",
    zoom="Forstørrelse",
    zoom_in="Større",
    zoom_out="Mindre",
    page_as_now="Filen er endret siden den ble indeksert. Dette er siden slik den er nå.",
    unplaced="Det er ukjent hvor på bildet av siden de siterte ordene står. I teksten er de merket.",
    unmarked="Ingenting er merket her: de siterte ordene står ikke lenger i filen.",
    no_page="Det finnes ingen slik side.",
    undrawable="Siden kan ikke vises: den er skadet eller tar for lang tid å tegne. Teksten kan kanskje leses.",
    overloaded="For mange sider tegnes akkurat nå. Prøv igjen om litt.",
    page_lost="Siden kunne ikke lastes.",
)

RUSSIAN = DocumentLabels(
    document="Документ",
    key_points="Главное",
    figures="Числа этого документа",
    back="Назад в чат",
    open="Открыть в документе",
    copy_link="Копировать ссылку",
    copy_text="Копировать цитату",
    copy_markdown="Копировать в Markdown",
    copied="Скопировано",
    not_copied="Не скопировано",
    standing={
        "verified": Standing("Подтверждено", "Процитированные слова стоят в файле на том же месте."),
        "moved": Standing("Перемещено", "Файл изменился. Те же слова теперь в другом месте — там он и открыт."),
        "changed": Standing("Изменено", "Файл изменился, процитированных слов в нём больше нет."),
        "gone": Standing("Документа больше нет", "Он удалён, переименован или больше не проиндексирован."),
    },
    as_indexed="Файл изменился после индексации. Показан текст в том виде, в каком он проиндексирован.",
    as_now="Файл изменился после индексации. Показан его текст в нынешнем виде.",
    was="Что было процитировано",
    now="Что стоит там теперь",
    unknown_quote="В индексе этих слов больше нет.",
    nothing_now="Ничего: текст кончается раньше.",
    citation="Цитата",
    citations="Цитаты этого ответа",
    step="{} из {}",
    previous="Предыдущая цитата",
    next="Следующая цитата",
    place="символы {}–{}",
    dimmed="Бледным показаны меню и тому подобное: ответы там не ищутся.",
    find="Найти в документе",
    find_previous="Предыдущее совпадение",
    find_next="Следующее совпадение",
    found="{} из {}",
    found_none="Не найдено",
    text="Текст",
    loading="Загрузка…",
    lost="Не удалось загрузить остальную часть документа.",
    retry="Повторить",
    outdated="Документ тем временем изменился. Обновите страницу.",
    no_script="Документ длинный; здесь часть вокруг нужного места.",
    whole="Показать целиком",
    unknown=Standing("Нет такого документа", "Под этим именем ничего не проиндексировано: удалено или переименовано."),
    malformed=Standing(
        "Это не цитата", "Адрес не указывает на цитату: возможно, часть его потерялась при копировании."
    ),
    quote="«{}»",
    shown_as="Показывать как",
    page="Страница",
    pages="Страницы",
    page_of="Страница {} из {}",
    page_before="Предыдущая страница",
    page_after="Следующая страница",
    go_to_page="Перейти к странице",
    of_pages="из {}",
    zoom="Масштаб",
    zoom_in="Крупнее",
    zoom_out="Мельче",
    page_as_now="Файл изменился после индексации. Показана его страница в нынешнем виде.",
    unplaced="Где на изображении страницы стоят процитированные слова, неизвестно. В тексте они отмечены.",
    unmarked="Здесь ничего не отмечено: процитированных слов в файле больше нет.",
    no_page="Такой страницы нет.",
    undrawable="Страницу не показать: она повреждена, или её слишком долго рисовать. Текст, возможно, читается.",
    overloaded="Сейчас рисуется слишком много страниц. Повторите немного позже.",
    page_lost="Не удалось загрузить страницу.",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
