"""The words of the Facts page in English, Norwegian and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.facts import Bound, Kind
from rag.web.facts_list import Column, Standing

Forms = Mapping[str, str]  # by CLDR's plural category; {} a number


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsLabels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    lead: str
    none: str
    none_note: str
    no_match: str
    clear: str
    reading: str
    reading_note: str
    read_of: str  # {} of {}
    grouping: str
    failed: str
    failed_note: str
    again: str
    unreachable: str
    no_script: str
    figures: Forms
    in_documents: Forms
    groups: Mapping[Standing, Forms]
    about: str
    about_placeholder: str
    kind: str
    document: str
    any_document: str
    unit: str
    any_unit: str
    language: str
    any_language: str
    any_kind: str
    standing: str
    any_standing: str
    standings: Mapping[Standing, str]
    kinds: Mapping[Kind, str]
    one_kind: Mapping[Kind, str]
    counts: str
    sort: str
    sorts: Mapping[Column, str]
    ascending: str
    descending: str
    show: str
    columns: Mapping[str, str]
    only_group: str
    only_days: str  # {} a time
    remove: str  # {} what is asked for
    download: str
    differ: str
    differ_note: str
    slip: str  # {} a number
    slip_note: str  # {} a number
    agree: str
    fitting: Mapping[str, str]  # why what is not the same fits nevertheless
    alone: str
    newest: str  # {} a date
    undated: str
    whole_group: Forms
    see_group: Mapping[Standing, str]
    open: str
    span: str  # {} to {} of {}
    previous: str
    next: str
    timeline: str
    lanes: Mapping[str, str]
    told: str
    by_date: str
    timeline_note: str
    several: Forms
    timeline_left: Forms
    timeline_undated: Forms
    as_table: str
    time: str
    source: str
    bounds: Mapping[Bound, str]  # {} a value
    range: str  # {} and {}
    percent_space: str
    crowns: str
    units: Mapping[str, Forms]  # which CLDR does not have
    halves: tuple[str, str]  # {} a space and a year
    before_christ: str  # {} a year
    decade: str  # {} its first year
    century: str  # {ordinal} {hundreds} {roman}
    day_and_month: str  # a pattern of CLDR


def _simple(names: Mapping[str, str]) -> dict[str, Forms]:
    """Return the forms of units that are the same for any number."""
    return {unit: {"other": f"{{}}\xa0{name}"} for unit, name in names.items()}


ENGLISH = FactsLabels(
    lead="Every amount, percentage and date in your documents, with its source: where documents tell the same, where "
    "they differ, and when.",
    none="No figures",
    none_note="There is no amount, percentage or date in the documents that are indexed.",
    no_match="No figure is like that.",
    clear="Clear the filters",
    reading="Finding the figures",
    reading_note="This is done once for each state of the index. You can go on asking meanwhile.",
    read_of="{} of {} documents",
    grouping="Comparing the figures",
    failed="The figures could not be found",
    failed_note="Something went wrong inside the program. The terminal it runs in shows the details.",
    again="Try again",
    unreachable="The server does not answer.",
    no_script="Reload the page to see how far it is.",
    figures={"one": "{} figure", "other": "{} figures"},
    in_documents={"one": "in {} document", "other": "in {} documents"},
    groups={
        "differ": {"one": "Documents differ on {} matter", "other": "Documents differ on {} matters"},
        "agree": {"one": "they agree on {}", "other": "they agree on {}"},
        "alone": {"other": ""},
    },
    about="About",
    about_placeholder="Words or a figure, as “revenue 2026”",
    kind="Kind",
    document="Document",
    any_document="All documents",
    unit="Unit",
    any_unit="All units",
    language="Language",
    any_language="All languages",
    any_kind="All kinds",
    standing="Documents",
    any_standing="Agree or differ",
    standings={"differ": "They differ", "agree": "They agree", "alone": "Only one tells it"},
    kinds={
        "money": "Money",
        "percent": "Percentages",
        "quantity": "Quantities",
        "date": "Dates",
        "period": "Periods",
    },
    one_kind={
        "money": "money",
        "percent": "percentage",
        "quantity": "quantity",
        "date": "date",
        "period": "period",
    },
    counts="no unit, counts",
    sort="Order",
    sorts={
        "standing": "What differs first",
        "value": "Value",
        "time": "Time told of",
        "document": "Document",
        "date": "Date of the document",
    },
    ascending="ascending",
    descending="descending",
    show="Show",
    columns={"value": "Figure", "sentence": "Sentence", "time": "Time told of", "document": "Document", "date": "Date"},
    only_group="One matter only",
    only_days="Within {}",
    remove="Remove: {}",
    download="Download",
    differ="Documents differ",
    differ_note="They seem to tell of the same and give different values. Read both sentences before you rely on it.",
    slip="Documents differ by a factor of {}",
    slip_note="One value is {} times the other: often a slip in a word such as “million” or “billion”.",
    agree="Documents agree",
    fitting={
        "rounding": "Some of the values are rounded or converted.",
        "bound": "Some give only a bound, such as “more than”.",
        "range": "Some give a range in which the others lie.",
    },
    alone="Told by one document only",
    newest="the newest of {}",
    undated="undated",
    whole_group={"one": "Show the one figure", "other": "Show all {} figures"},
    see_group={"differ": "Others differ", "agree": "Others agree", "alone": ""},
    open="Open in the document",
    span="{}–{} of {}",
    previous="Previous",
    next="Next",
    timeline="Timeline",
    lanes={"money": "Money", "percent": "Percentages", "quantity": "Quantities", "date": "Dates"},
    told="time told of in the sentence",
    by_date="date of the document, where no time is told",
    timeline_note="Each mark leads to its figure below. Move between the marks with the arrow keys.",
    several={"one": "{} figure", "other": "{} figures"},
    timeline_left={"one": "{} more figure is only in the list.", "other": "{} more figures are only in the list."},
    timeline_undated={"one": "{} figure has no date.", "other": "{} figures have no date."},
    as_table="The timeline as a table",
    time="Time",
    source="The time is",
    bounds={
        "=": "{}",
        "~": "about {}",
        ">": "more than {}",
        ">=": "at least {}",
        "<": "less than {}",
        "<=": "up to {}",
    },
    range="{} to {}",
    percent_space="",
    crowns="crowns",
    units={
        "times": {"one": "{}\xa0time", "other": "{}\xa0times"},
        "percentage-point": {"one": "{}\xa0percentage point", "other": "{}\xa0percentage points"},
        "decare": {"one": "{}\xa0decare", "other": "{}\xa0decares"},
        **_simple(
            {
                "terawatt": "terawatts",
                "kilovolt": "kilovolts",
                "megawatt-hour": "megawatt-hours",
                "gigawatt-hour": "gigawatt-hours",
                "terawatt-hour": "terawatt-hours",
            }
        ),
    },
    halves=("first half{}", "second half{}"),
    before_christ="{} BC",
    decade="{}s",
    century="{ordinal} century",
    day_and_month="d MMMM",
)

NORWEGIAN = FactsLabels(
    lead="Alle beløp, prosenter og datoer i dokumentene dine, med kilde: hvor dokumentene sier det samme, hvor de er "
    "uenige, og når.",
    none="Ingen tall",
    none_note="Det finnes ingen beløp, prosenter eller datoer i dokumentene som er indeksert.",
    no_match="Ingen tall passer til dette.",
    clear="Fjern filtrene",
    reading="Finner tallene",
    reading_note="Det gjøres én gang for hver tilstand av indeksen. Du kan spørre videre imens.",
    read_of="{} av {} dokumenter",
    grouping="Sammenligner tallene",
    failed="Tallene kunne ikke finnes",
    failed_note="Noe gikk galt inne i programmet. Terminalen det kjører i, viser detaljene.",
    again="Prøv igjen",
    unreachable="Serveren svarer ikke.",
    no_script="Last siden på nytt for å se hvor langt det er kommet.",
    figures={"one": "{} tall", "other": "{} tall"},
    in_documents={"one": "i {} dokument", "other": "i {} dokumenter"},
    groups={
        "differ": {"one": "Dokumentene er uenige om {} sak", "other": "Dokumentene er uenige om {} saker"},
        "agree": {"one": "de er enige om {}", "other": "de er enige om {}"},
        "alone": {"other": ""},
    },
    about="Om",
    about_placeholder="Ord eller et tall, som «omsetning 2026»",
    kind="Slag",
    document="Dokument",
    any_document="Alle dokumenter",
    unit="Enhet",
    any_unit="Alle enheter",
    language="Språk",
    any_language="Alle språk",
    any_kind="Alle slag",
    standing="Dokumenter",
    any_standing="Enige eller uenige",
    standings={"differ": "De er uenige", "agree": "De er enige", "alone": "Bare ett sier det"},
    kinds={
        "money": "Penger",
        "percent": "Prosenter",
        "quantity": "Mengder",
        "date": "Datoer",
        "period": "Tidsrom",
    },
    one_kind={
        "money": "penger",
        "percent": "prosent",
        "quantity": "mengde",
        "date": "dato",
        "period": "tidsrom",
    },
    counts="uten enhet, antall",
    sort="Rekkefølge",
    sorts={
        "standing": "Uenighet først",
        "value": "Verdi",
        "time": "Tid det gjelder",
        "document": "Dokument",
        "date": "Dokumentets dato",
    },
    ascending="stigende",
    descending="synkende",
    show="Vis",
    columns={"value": "Tall", "sentence": "Setning", "time": "Gjelder tid", "document": "Dokument", "date": "Dato"},
    only_group="Bare én sak",
    only_days="Innenfor {}",
    remove="Fjern: {}",
    download="Last ned",
    differ="Dokumentene er uenige",
    differ_note="De ser ut til å gjelde det samme og oppgir ulike verdier. Les begge setningene før du stoler på det.",
    slip="Dokumentene er uenige med en faktor på {}",
    slip_note="Den ene verdien er {} ganger den andre: ofte en glipp i et ord som «million» eller «milliard».",
    agree="Dokumentene er enige",
    fitting={
        "rounding": "Noen av verdiene er avrundet eller omregnet.",
        "bound": "Noen oppgir bare en grense, som «mer enn».",
        "range": "Noen oppgir et intervall som de andre ligger i.",
    },
    alone="Står i bare ett dokument",
    newest="det nyeste fra {}",
    undated="uten dato",
    whole_group={"one": "Vis det ene tallet", "other": "Vis alle {} tallene"},
    see_group={"differ": "Andre er uenige", "agree": "Andre er enige", "alone": ""},
    open="Åpne i dokumentet",
    span="{}–{} av {}",
    previous="Forrige",
    next="Neste",
    timeline="Tidslinje",
    lanes={"money": "Penger", "percent": "Prosenter", "quantity": "Mengder", "date": "Datoer"},
    told="tid som setningen nevner",
    by_date="dokumentets dato, der ingen tid er nevnt",
    timeline_note="Hvert merke fører til tallet sitt nedenfor. Gå mellom merkene med piltastene.",
    several={"one": "{} tall", "other": "{} tall"},
    timeline_left={"one": "{} tall til står bare i listen.", "other": "{} tall til står bare i listen."},
    timeline_undated={"one": "{} tall har ingen dato.", "other": "{} tall har ingen dato."},
    as_table="Tidslinjen som tabell",
    time="Tid",
    source="Tiden er",
    bounds={"=": "{}", "~": "omtrent {}", ">": "mer enn {}", ">=": "minst {}", "<": "mindre enn {}", "<=": "opptil {}"},
    range="{} til {}",
    percent_space="\xa0",
    crowns="kroner",
    units={
        "times": {"one": "{}\xa0gang", "other": "{}\xa0ganger"},
        **_simple(
            {
                "percentage-point": "prosentpoeng",
                "decare": "dekar",
                "terawatt": "terawatt",
                "kilovolt": "kilovolt",
                "megawatt-hour": "megawattimer",
                "gigawatt-hour": "gigawattimer",
                "terawatt-hour": "terawattimer",
            }
        ),
    },
    halves=("første halvår{}", "andre halvår{}"),
    before_christ="{} f.Kr.",
    decade="{}-årene",
    century="{hundreds}-tallet",
    day_and_month="d. MMMM",
)

RUSSIAN = FactsLabels(
    lead="Все суммы, проценты и даты ваших документов с источниками: где документы говорят одно и то же, где "
    "расходятся и к какому времени это относится.",
    none="Чисел нет",
    none_note="В проиндексированных документах нет ни сумм, ни процентов, ни дат.",
    no_match="Таких чисел нет.",
    clear="Снять фильтры",
    reading="Ищу числа",
    reading_note="Это делается один раз для каждого состояния индекса. Тем временем можно задавать вопросы.",
    read_of="документы: {} из {}",
    grouping="Сравниваю числа",
    failed="Не удалось найти числа",
    failed_note="Внутри программы что-то сломалось. Подробности — в терминале, где она запущена.",
    again="Попробовать снова",
    unreachable="Сервер не отвечает.",
    no_script="Перезагрузите страницу, чтобы увидеть, как идёт работа.",
    figures={"one": "{} число", "few": "{} числа", "other": "{} чисел"},
    in_documents={"one": "в {} документе", "other": "в {} документах"},
    groups={
        "differ": {"one": "Документы расходятся в {} случае", "other": "Документы расходятся в {} случаях"},
        "agree": {"one": "согласуются в {}", "other": "согласуются в {}"},
        "alone": {"other": ""},
    },
    about="О чём",
    about_placeholder="Слова или число, например «выручка 2026»",
    kind="Вид",
    document="Документ",
    any_document="Все документы",
    unit="Единица",
    any_unit="Все единицы",
    language="Язык",
    any_language="Все языки",
    any_kind="Все виды",
    standing="Документы",
    any_standing="Согласны или нет",
    standings={"differ": "Расходятся", "agree": "Согласуются", "alone": "Есть лишь в одном"},
    kinds={
        "money": "Деньги",
        "percent": "Проценты",
        "quantity": "Количества",
        "date": "Даты",
        "period": "Периоды",
    },
    one_kind={
        "money": "деньги",
        "percent": "процент",
        "quantity": "количество",
        "date": "дата",
        "period": "период",
    },
    counts="без единицы, штуки",
    sort="Порядок",
    sorts={
        "standing": "Сначала расхождения",
        "value": "Значение",
        "time": "Время события",
        "document": "Документ",
        "date": "Дата документа",
    },
    ascending="по возрастанию",
    descending="по убыванию",
    show="Показать",
    columns={
        "value": "Число",
        "sentence": "Предложение",
        "time": "К какому времени",
        "document": "Документ",
        "date": "Дата",
    },
    only_group="Только один случай",
    only_days="В пределах: {}",
    remove="Убрать: {}",
    download="Скачать",
    differ="Документы расходятся",
    differ_note="Похоже, речь об одном и том же, но значения разные. Прежде чем полагаться на них, прочтите оба "
    "предложения.",
    slip="Документы расходятся в {} раз",
    slip_note="Одно значение больше другого в {} раз: часто это описка в слове вроде «миллион» или «миллиард».",
    agree="Документы согласуются",
    fitting={
        "rounding": "Некоторые значения округлены или пересчитаны.",
        "bound": "В некоторых указана лишь граница, например «более».",
        "range": "В некоторых указан диапазон, в который попадают остальные.",
    },
    alone="Есть лишь в одном документе",
    newest="новейший от {}",
    undated="без даты",
    whole_group={
        "one": "Показать {} число",
        "few": "Показать все {} числа",
        "other": "Показать все {} чисел",
    },
    see_group={"differ": "Другие расходятся", "agree": "Другие согласны", "alone": ""},
    open="Открыть в документе",
    span="{}–{} из {}",
    previous="Назад",
    next="Вперёд",
    timeline="Шкала времени",
    lanes={"money": "Деньги", "percent": "Проценты", "quantity": "Количества", "date": "Даты"},
    told="время, названное в предложении",
    by_date="дата документа, если время не названо",
    timeline_note="Каждая метка ведёт к своему числу ниже. Между метками можно переходить клавишами со стрелками.",
    several={"one": "{} число", "few": "{} числа", "other": "{} чисел"},
    timeline_left={
        "one": "Ещё {} число есть только в списке.",
        "few": "Ещё {} числа есть только в списке.",
        "other": "Ещё {} чисел есть только в списке.",
    },
    timeline_undated={
        "one": "У {} числа нет даты.",
        "other": "У {} чисел нет даты.",
    },
    as_table="Шкала времени в виде таблицы",
    time="Время",
    source="Время — это",
    bounds={
        "=": "{}",
        "~": "≈\xa0{}",
        ">": ">\xa0{}",
        ">=": "≥\xa0{}",
        "<": "<\xa0{}",
        "<=": "≤\xa0{}",
    },  # words rule a case
    range="{} – {}",
    percent_space="\xa0",
    crowns="крон",
    units={
        "times": {"few": "{}\xa0раза", "other": "{}\xa0раз"},
        "percentage-point": {
            "one": "{}\xa0процентный пункт",
            "few": "{}\xa0процентных пункта",
            "other": "{}\xa0процентных пунктов",
        },
        "decare": {"one": "{}\xa0декар", "few": "{}\xa0декара", "other": "{}\xa0декаров"},
        "terawatt": {"few": "{}\xa0тераватта", "other": "{}\xa0тераватт"},
        "kilovolt": {"few": "{}\xa0киловольта", "other": "{}\xa0киловольт"},
        "megawatt-hour": {"one": "{}\xa0МВт·ч", "other": "{}\xa0МВт·ч"},
        "gigawatt-hour": {"one": "{}\xa0ГВт·ч", "other": "{}\xa0ГВт·ч"},
        "terawatt-hour": {"one": "{}\xa0ТВт·ч", "other": "{}\xa0ТВт·ч"},
    },
    halves=("первое полугодие{}", "второе полугодие{}"),
    before_christ="{} до н. э.",
    decade="{}-е годы",
    century="{roman} век",
    day_and_month="d MMMM",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
