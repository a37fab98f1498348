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


ENGLISH = DocumentLabels(
    document="Document",
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
)

NORWEGIAN = DocumentLabels(
    document="Dokument",
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
)

RUSSIAN = DocumentLabels(
    document="Документ",
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
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
