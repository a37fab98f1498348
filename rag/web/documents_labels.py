"""The words of the Documents page in English, Norwegian and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.web.shelf import Column, State
from rag.web.uploads import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsLabels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    lead: str
    folder: str
    add: str
    drop: str
    choose: str
    limits: str  # {} a number of megabytes
    waiting: str
    sending: str
    checking: str
    added: str
    added_as: str  # {} a name
    skipped: str
    exists: str
    replace: str
    both: str
    skip: str
    for_all: str
    refused: Mapping[Reason, str]  # {} what the reason speaks of, if anything
    folder_dropped: str
    interrupted: str
    clear: str
    announce: str  # {} added, {} not added
    indexing: str
    reindex: str
    automatic: str
    idle: str  # documents {}, passages {}; in words that fit any number
    meanwhile: str
    beginning: str
    working: str
    ending: str
    stopping: str
    stages: Mapping[str, str]  # {} of {}
    seconds_left: str  # {} a number
    minutes_left: str  # {} a number
    stop: str
    stopped: str
    stopped_note: str
    failed: str
    nothing_left: str
    disk: str  # {} the reason
    done: str
    unchanged: str
    changes: Mapping[str, str]  # {} a number
    details: str
    more: str  # {} a number
    copy_of: str  # {} a file
    busy: str
    documents: str
    passages: str
    size: str
    filter: str
    show: str
    everything: str
    attention: str
    sort: str
    columns: Mapping[Column, str]
    states: Mapping[State, str]
    counts: Mapping[State, str]  # {} a number
    actions: str
    none: str
    none_note: str
    none_left_note: str
    no_match: str
    span: str  # {} to {} of {}
    previous: str
    next: str
    ascending: str
    descending: str
    key_points: str
    remove: str
    remove_named: str  # {} a file
    confirm: str  # {} a file
    confirm_note: str
    cancel: str
    removed: str  # {} a file
    undo: str
    restored: str  # {} a file
    gone: str
    taken: str  # {} a file
    unreachable: str
    no_script: str
    units: tuple[str, ...]  # of bytes, thousands of them, and so on
    thousands: str
    decimal_point: str

    def left(self, seconds: float) -> str:
        """Say about how long something takes.

        >>> ENGLISH.left(200)
        'about 3 min left'
        """
        if seconds < 90:
            return self.seconds_left.format(max(1, round(seconds)))
        return self.minutes_left.format(round(seconds / 60))

    def count(self, number: int) -> str:
        """Write a whole number with its thousands apart.

        >>> ENGLISH.count(12345)
        '12,345'
        """
        return f"{number:,}".replace(",", self.thousands)

    def bytes(self, size: int) -> str:
        """Write a size with about two digits.

        >>> ENGLISH.bytes(1_234_567), NORWEGIAN.bytes(12_345), RUSSIAN.bytes(0)
        ('1.2\\xa0MB', '12\\xa0kB', '0\\xa0Б')
        """
        value, unit = float(size), 0
        while value >= 999.5 and unit + 1 < len(self.units):
            value, unit = value / 1000, unit + 1
        digits = 1 if unit and value < 9.95 else 0
        return f"{value:.{digits}f}".replace(".", self.decimal_point) + f"\xa0{self.units[unit]}"


ENGLISH = DocumentsLabels(
    lead="What the chat answers from. Add files, remove them, and see what could not be read.",
    folder="Folder",
    add="Add documents",
    drop="Drop files here",
    choose="Choose files",
    limits="Text, PDF, Word, web pages, tables, mail and more, up to {} MB each",
    waiting="Waiting",
    sending="Sending",
    checking="Checking",
    added="Added",
    added_as="Added as {}",
    skipped="Left out",
    exists="There is a file of this name already.",
    replace="Replace",
    both="Keep both",
    skip="Leave out",
    for_all="For all of them:",
    refused={
        "type": "Files of this kind are not read.",
        "name": "This name leads out of the folder. Rename the file.",
        "size": "The file is too large.",
        "unreadable": "It cannot be read: {}.",
        "exists": "There is a file of this name already.",
        "link": "A link or a folder has this name. Rename the file.",
        "full": "The disk is full. Free some space and try again.",
        "disk": "The folder cannot be written: {}.",
        "many": "Too many files at once. Add the rest afterwards.",
    },
    folder_dropped="This is a folder. Drop the files in it.",
    interrupted="The connection broke off. Try again.",
    clear="Clear the list",
    announce="Files added: {}. Not added: {}.",
    indexing="Index",
    reindex="Index again",
    automatic="Index after every change",
    idle="The chat answers from the index; documents: {}, passages: {}.",
    meanwhile="The chat goes on answering meanwhile, from the documents as they were.",
    beginning="Looking for changes",
    working="Indexing",
    ending="Writing the index",
    stopping="Stopping",
    stages={"reading": "File {} of {}", "embedding": "Passage {} of {}", "writing": ""},
    seconds_left="about {} s left",
    minutes_left="about {} min left",
    stop="Stop",
    stopped="Stopped",
    stopped_note="Nothing was changed: the chat answers from the index as it was. "
    "What was done is kept for the next time.",
    failed="The index could not be built",
    nothing_left="The folder holds no documents any more. The chat answers from the last index until you add some.",
    disk="Nothing could be written: {}. The chat answers from the index as it was.",
    done="The index is up to date",
    unchanged="Nothing had changed.",
    changes={
        "added": "New: {}",
        "changed": "Changed: {}",
        "moved": "Moved: {}",
        "removed": "Removed: {}",
        "unchanged": "Unchanged: {}",
        "copies": "Near-duplicates: {}",
        "problems": "Could not be read: {}",
    },
    details="What changed",
    more="and {} more",
    copy_of="Near-duplicate of {}",
    busy="Indexing is under way already, from this page or another tab.",
    documents="Documents",
    passages="Passages",
    size="Size",
    filter="Filter by title or file",
    show="Show",
    everything="All documents",
    attention="What needs attention",
    sort="Sort by",
    columns={
        "title": "Title",
        "file": "File",
        "language": "Language",
        "date": "Date",
        "size": "Size",
        "passages": "Passages",
        "state": "State",
    },
    states={
        "unreadable": "Cannot be read",
        "changed": "Changed since indexing",
        "new": "Not indexed yet",
        "removed": "Removed since indexing",
        "indexed": "Indexed",
    },
    counts={
        "unreadable": "cannot be read: {}",
        "changed": "changed since indexing: {}",
        "new": "not indexed yet: {}",
        "removed": "removed since indexing: {}",
    },
    actions="Actions",
    none="No documents yet",
    none_note="Drop files above, or put them into the folder. Then you can ask about them.",
    none_left_note="Until then the chat answers from what was indexed last.",
    no_match="No document matches.",
    span="{}–{} of {}",
    previous="Previous",
    next="Next",
    ascending="ascending",
    descending="descending",
    key_points="Key points",
    remove="Remove",
    remove_named="Remove {}",
    confirm="Remove {}?",
    confirm_note="The file moves to the hidden folder .removed beside the documents, and the chat no longer answers "
    "from it. You can undo this.",
    cancel="Cancel",
    removed="{} was removed.",
    undo="Undo",
    restored="{} is back.",
    gone="This file is not in the folder any more.",
    taken="There is another file {} now. The removed one stays in the folder .removed.",
    unreachable="The server does not answer. Is it still running?",
    no_script="This page needs JavaScript.",
    units=("B", "kB", "MB", "GB"),
    thousands=",",
    decimal_point=".",
)

NORWEGIAN = DocumentsLabels(
    lead="Det chatten svarer ut fra. Legg til filer, fjern dem, og se hva som ikke lot seg lese.",
    folder="Mappe",
    add="Legg til dokumenter",
    drop="Slipp filer her",
    choose="Velg filer",
    limits="Tekst, PDF, Word, nettsider, tabeller, e-post med mer, opptil {} MB hver",
    waiting="Venter",
    sending="Sender",
    checking="Kontrollerer",
    added="Lagt til",
    added_as="Lagt til som {}",
    skipped="Utelatt",
    exists="Det finnes allerede en fil med dette navnet.",
    replace="Erstatt",
    both="Behold begge",
    skip="Utelat",
    for_all="For alle:",
    refused={
        "type": "Filer av denne typen blir ikke lest.",
        "name": "Dette navnet leder ut av mappen. Gi filen et annet navn.",
        "size": "Filen er for stor.",
        "unreadable": "Den lar seg ikke lese: {}.",
        "exists": "Det finnes allerede en fil med dette navnet.",
        "link": "En lenke eller mappe har dette navnet. Gi filen et annet navn.",
        "full": "Disken er full. Skaff plass og prøv igjen.",
        "disk": "Det går ikke å skrive i mappen: {}.",
        "many": "For mange filer på én gang. Legg til resten etterpå.",
    },
    folder_dropped="Dette er en mappe. Slipp filene i den.",
    interrupted="Forbindelsen ble brutt. Prøv igjen.",
    clear="Tøm listen",
    announce="Filer lagt til: {}. Ikke lagt til: {}.",
    indexing="Indeks",
    reindex="Indekser på nytt",
    automatic="Indekser etter hver endring",
    idle="Chatten svarer ut fra indeksen; dokumenter: {}, avsnitt: {}.",
    meanwhile="Chatten svarer imens videre, ut fra dokumentene slik de var.",
    beginning="Ser etter endringer",
    working="Indekserer",
    ending="Skriver indeksen",
    stopping="Stopper",
    stages={"reading": "Fil {} av {}", "embedding": "Avsnitt {} av {}", "writing": ""},
    seconds_left="omtrent {} s igjen",
    minutes_left="omtrent {} min igjen",
    stop="Stopp",
    stopped="Stoppet",
    stopped_note="Ingenting ble endret: Chatten svarer ut fra indeksen slik den var. "
    "Det som er gjort, er spart til neste gang.",
    failed="Indeksen kunne ikke bygges",
    nothing_left="Mappen har ingen dokumenter lenger. Chatten svarer ut fra den siste indeksen til du legger til noen.",
    disk="Ingenting kunne skrives: {}. Chatten svarer ut fra indeksen slik den var.",
    done="Indeksen er oppdatert",
    unchanged="Ingenting var endret.",
    changes={
        "added": "Nye: {}",
        "changed": "Endret: {}",
        "moved": "Flyttet: {}",
        "removed": "Fjernet: {}",
        "unchanged": "Uendret: {}",
        "copies": "Nesten like: {}",
        "problems": "Lot seg ikke lese: {}",
    },
    details="Hva som ble endret",
    more="og {} til",
    copy_of="Nesten lik {}",
    busy="Indekseringen er allerede i gang, fra denne siden eller en annen fane.",
    documents="Dokumenter",
    passages="Avsnitt",
    size="Størrelse",
    filter="Filtrer på tittel eller fil",
    show="Vis",
    everything="Alle dokumenter",
    attention="Det som trenger tilsyn",
    sort="Sorter etter",
    columns={
        "title": "Tittel",
        "file": "Fil",
        "language": "Språk",
        "date": "Dato",
        "size": "Størrelse",
        "passages": "Avsnitt",
        "state": "Tilstand",
    },
    states={
        "unreadable": "Lar seg ikke lese",
        "changed": "Endret etter indekseringen",
        "new": "Ikke indeksert ennå",
        "removed": "Fjernet etter indekseringen",
        "indexed": "Indeksert",
    },
    counts={
        "unreadable": "lar seg ikke lese: {}",
        "changed": "endret etter indekseringen: {}",
        "new": "ikke indeksert ennå: {}",
        "removed": "fjernet etter indekseringen: {}",
    },
    actions="Handlinger",
    none="Ingen dokumenter ennå",
    none_note="Slipp filer ovenfor, eller legg dem i mappen. Så kan du spørre om dem.",
    none_left_note="Inntil da svarer chatten ut fra det som sist ble indeksert.",
    no_match="Ingen dokumenter passer.",
    span="{}–{} av {}",
    previous="Forrige",
    next="Neste",
    ascending="stigende",
    descending="synkende",
    key_points="Hovedpunkter",
    remove="Fjern",
    remove_named="Fjern {}",
    confirm="Fjerne {}?",
    confirm_note="Filen flyttes til den skjulte mappen .removed ved siden av dokumentene, og chatten svarer ikke "
    "lenger ut fra den. Du kan angre.",
    cancel="Avbryt",
    removed="{} er fjernet.",
    undo="Angre",
    restored="{} er tilbake.",
    gone="Denne filen er ikke lenger i mappen.",
    taken="Nå finnes det en annen fil {}. Den fjernede blir liggende i mappen .removed.",
    unreachable="Tjeneren svarer ikke. Kjører den fortsatt?",
    no_script="Denne siden trenger JavaScript.",
    units=("B", "kB", "MB", "GB"),
    thousands="\xa0",
    decimal_point=",",
)

RUSSIAN = DocumentsLabels(
    lead="То, из чего отвечает чат. Добавляйте и удаляйте файлы и смотрите, что не удалось прочесть.",
    folder="Папка",
    add="Добавить документы",
    drop="Перетащите файлы сюда",
    choose="Выбрать файлы",
    limits="Текст, PDF, Word, веб-страницы, таблицы, почта и другое, до {} МБ каждый",
    waiting="Ожидает",
    sending="Отправляется",
    checking="Проверяется",
    added="Добавлен",
    added_as="Добавлен как {}",
    skipped="Пропущен",
    exists="Файл с таким именем уже есть.",
    replace="Заменить",
    both="Оставить оба",
    skip="Пропустить",
    for_all="Для всех:",
    refused={
        "type": "Файлы этого вида не читаются.",
        "name": "Это имя ведёт за пределы папки. Переименуйте файл.",
        "size": "Файл слишком велик.",
        "unreadable": "Его нельзя прочесть: {}.",
        "exists": "Файл с таким именем уже есть.",
        "link": "Такое имя у ссылки или папки. Переименуйте файл.",
        "full": "Диск заполнен. Освободите место и попробуйте снова.",
        "disk": "В папку нельзя писать: {}.",
        "many": "Слишком много файлов сразу. Добавьте остальные потом.",
    },
    folder_dropped="Это папка. Перетащите файлы из неё.",
    interrupted="Связь прервалась. Попробуйте снова.",
    clear="Очистить список",
    announce="Добавлено файлов: {}. Не добавлено: {}.",
    indexing="Индекс",
    reindex="Индексировать снова",
    automatic="Индексировать после каждого изменения",
    idle="Чат отвечает по индексу: документов {}, отрывков {}.",
    meanwhile="Чат тем временем отвечает по документам, какими они были.",
    beginning="Ищу изменения",
    working="Индексирую",
    ending="Пишу индекс",
    stopping="Останавливаюсь",
    stages={"reading": "Файл {} из {}", "embedding": "Отрывок {} из {}", "writing": ""},
    seconds_left="осталось около {} с",
    minutes_left="осталось около {} мин",
    stop="Остановить",
    stopped="Остановлено",
    stopped_note="Ничего не изменилось: чат отвечает по прежнему индексу. Сделанное сохранено до следующего раза.",
    failed="Индекс не удалось построить",
    nothing_left="В папке больше нет документов. Чат отвечает по последнему индексу, пока вы не добавите новые.",
    disk="Не удалось записать: {}. Чат отвечает по прежнему индексу.",
    done="Индекс обновлён",
    unchanged="Ничего не изменилось.",
    changes={
        "added": "Новых: {}",
        "changed": "Изменённых: {}",
        "moved": "Перемещённых: {}",
        "removed": "Удалённых: {}",
        "unchanged": "Без изменений: {}",
        "copies": "Почти одинаковых: {}",
        "problems": "Не прочитано: {}",
    },
    details="Что изменилось",
    more="и ещё {}",
    copy_of="Почти то же, что {}",
    busy="Индексация уже идёт — с этой страницы или из другой вкладки.",
    documents="Документов",
    passages="Отрывков",
    size="Размер",
    filter="Искать по названию или файлу",
    show="Показать",
    everything="Все документы",
    attention="Требующее внимания",
    sort="Сортировать",
    columns={
        "title": "Название",
        "file": "Файл",
        "language": "Язык",
        "date": "Дата",
        "size": "Размер",
        "passages": "Отрывки",
        "state": "Состояние",
    },
    states={
        "unreadable": "Нельзя прочесть",
        "changed": "Изменён после индексации",
        "new": "Ещё не в индексе",
        "removed": "Удалён после индексации",
        "indexed": "В индексе",
    },
    counts={
        "unreadable": "нельзя прочесть: {}",
        "changed": "изменены после индексации: {}",
        "new": "ещё не в индексе: {}",
        "removed": "удалены после индексации: {}",
    },
    actions="Действия",
    none="Документов пока нет",
    none_note="Перетащите файлы сюда, наверх, или положите их в папку. Тогда о них можно будет спросить.",
    none_left_note="До тех пор чат отвечает по тому, что было в индексе последним.",
    no_match="Ничего не нашлось.",
    span="{}–{} из {}",
    previous="Назад",
    next="Дальше",
    ascending="по возрастанию",
    descending="по убыванию",
    key_points="Главное",
    remove="Удалить",
    remove_named="Удалить {}",
    confirm="Удалить {}?",
    confirm_note="Файл переместится в скрытую папку .removed рядом с документами, и чат больше не будет отвечать по "
    "нему. Это можно отменить.",
    cancel="Отмена",
    removed="Файл {} удалён.",
    undo="Вернуть",
    restored="Файл {} возвращён.",
    gone="Этого файла в папке больше нет.",
    taken="Теперь есть другой файл {}. Удалённый остаётся в папке .removed.",
    unreachable="Сервер не отвечает. Он ещё работает?",
    no_script="Этой странице нужен JavaScript.",
    units=("Б", "кБ", "МБ", "ГБ"),
    thousands="\xa0",
    decimal_point=",",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
