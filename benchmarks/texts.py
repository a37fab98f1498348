"""Texts to measure with: sentences of the given documents and of our own, shuffled, and questions about the former."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from benchmarks.common import SEEDS
from rag import languages, sentences

OWN = {
    "en": """The city council of {place} approved a budget of {number} million euros for repairs to its bridges.
Engineers found {number} cracks in the northern pillar after the ice had gone.
Traffic will be led over the old market until the autumn of {year}.
A spokeswoman for {place} said that the work would be finished in {number} weeks, weather permitting.
The library lends out about {number} thousand books a month, most of them to people under thirty.
In {year} a fire destroyed the roof of the main hall, and the archive was moved to {place}.
Volunteers have counted {number} pairs of terns on the island this spring.
The ferry to {place} leaves every {number} minutes during the summer and twice a day in winter.
Farmers expect a harvest of {number} tonnes of potatoes, slightly less than in {year}.
The museum shows {number} maps that were drawn before the railway reached {place}.
Researchers measured the temperature of the lake at {number} points between {place} and the dam.
According to the annual report, {number} per cent of the households are connected to district heating.
The choir was founded in {year} by a teacher who had studied in {place}.
Its new owners promise to keep all {number} jobs at the factory.
Nobody was hurt when the crane fell onto the empty car park late on Sunday evening.
The court ruled that the contract of {year} was still valid and ordered {place} to pay {number} thousand in damages.
Most of the visitors came by train, although the station lies {number} kilometres outside the town.
The university offers courses in navigation, carpentry and the history of {place}.
After the storm, power was out in {number} villages along the coast.
The bakery on the corner has been run by the same family since {year}.""",
    "no": """Kommunestyret i {place} bevilget {number} millioner kroner til nye bruer.
Ferja fra {place} går hvert {number}. minutt om sommeren og to ganger om dagen om vinteren.
I {year} ble skolen flyttet til det gamle meieriet ved elva.
Forskerne målte temperaturen i vannet på {number} steder mellom {place} og demningen.
Biblioteket låner ut rundt {number} tusen bøker i måneden, de fleste til folk under tretti år.
Bøndene venter en avling på {number} tonn poteter, litt mindre enn i {year}.
Ingen ble skadet da krana veltet over den tomme parkeringsplassen søndag kveld.
Koret ble stiftet i {year} av en lærer som hadde studert i {place}.
Etter stormen var strømmen borte i {number} bygder langs kysten.
Museet viser {number} kart som ble tegnet før jernbanen kom til {place}.
De nye eierne lover å beholde alle de {number} arbeidsplassene på fabrikken.
Ifølge årsmeldingen er {number} prosent av husstandene koblet til fjernvarme.
Frivillige har talt {number} par med terner på øya denne våren.
Retten mente at avtalen fra {year} fortsatt gjelder, og dømte {place} til å betale {number} tusen kroner.
Arbeidet skal etter planen være ferdig om {number} uker, hvis været tillater det.
Bakeriet på hjørnet har vært drevet av den samme familien siden {year}.""",
    "ru": """Городской совет выделил {number} миллионов рублей на ремонт мостов в городе {place}.
Паром до города {place} отправляется каждые {number} минут летом и дважды в день зимой.
В {year} году пожар уничтожил крышу главного зала, и архив перевезли в {place}.
Библиотека выдаёт около {number} тысяч книг в месяц, большинство — читателям моложе тридцати лет.
Учёные измерили температуру воды в {number} точках между городом {place} и плотиной.
Фермеры ожидают урожай в {number} тонн картофеля, немного меньше, чем в {year} году.
Никто не пострадал, когда в воскресенье вечером кран упал на пустую стоянку.
Хор основал в {year} году учитель, который учился в городе {place}.
После бури без света остались {number} деревень на побережье.
Музей показывает {number} карт, составленных до того, как железная дорога дошла до города {place}.
Новые владельцы обещают сохранить все {number} рабочих мест на фабрике.
Согласно годовому отчёту, {number} процентов домов подключены к центральному отоплению.
Этой весной добровольцы насчитали на острове {number} пар крачек.
Пекарня на углу принадлежит одной и той же семье с {year} года.""",
}
_PLACES = {
    "en": "Ashford Brindle Corley Dunmore Eastwick Farrow Glenmoor Harwood Ilmington Kesby Lunt Marlow",
    "no": "Bremnes Dalsøra Eidfoss Fagervik Grytnes Hellesund Kvalsund Lærvika Nesbyen Rødven Sæbø Åsgård",
    "ru": "Берёзов Вольск Горелов Дымов Ельня Заречный Ильмень Каменск Луговой Озёрск Речной Столбов",
}
PLACES = {language: names.split() for language, names in _PLACES.items()}
QUESTIONS = """На какую сумму ByteDance подписала контракт с Huawei?
Сколько ByteDance собирается потратить на ускорители Nvidia в 2026 году?
Когда ByteDance получит первые прототипы от Samsung?
Сколько чипов ИИ планирует произвести Samsung в течение года?
Какая аудитория у чат-бота Doubao?
Кто сообщил о планах ByteDance по капитальным затратам?
Сколько токенов в день обрабатывала ByteDance в октябре?
Почему китайские компании испытывают нехватку вычислительных мощностей?
Какие поставки в Китай разрешили США?
Сколько специалистов разрабатывают собственные чипы?
До какого количества планируется увеличить производство?
Что источник сказал о выборе чипов Huawei?
Hvor mange tokens behandler Doubao per dag?
Hvem er styreleder i Volcano Engine?
Hvor mye skal ByteDance bruke på brikker fra Nvidia?
Hvor mange bedriftskunder har plattformen tiltrukket seg?
Hvor mange ansatte utvikler egne brikker?
Hva er verdien av bestillingen fra Huawei?
Hvilken serie av brikker er i fokus?
Hva sa Financial Times om kappløpet?
How much is the contract between ByteDance and Huawei worth?
When does ByteDance expect the first prototypes from Samsung?
How many people work on ByteDance's own chips?
What is the monthly audience of Doubao?
Which chips did the United States allow to be sold to China?
Who reported the negotiations with Samsung?
How many tokens does Doubao process per day?
Why did ByteDance choose Huawei's chips?
What is the capital of Mongolia?
字节跳动计划在英伟达芯片上花费多少钱？
字节跳动与华为的合同金额是多少？
三星计划一年生产多少芯片？
豆包每天处理多少个词元？
谁报道了字节跳动的资本支出计划？""".splitlines()


@cache
def _given() -> dict[str, tuple[str, ...]]:
    """Return the sentences of the given documents by language."""
    found: dict[str, list[str]] = {}
    for path in sorted(SEEDS.glob("*.txt")):
        text = path.read_text("utf-8")
        language = languages.detect(text)
        spans = sentences.split(text, language)
        found.setdefault(language, []).extend(text[start:end] for start, end in spans if end - start > 40)
    return {language: tuple(lines) for language, lines in found.items()}


def shuffled(language: str, random_: random.Random) -> Iterator[str]:
    """Yield sentences without end, our own with other names and numbers each time."""
    pool = [*OWN[language].splitlines(), *_given().get(language, ())]
    while True:
        for line in random_.sample(pool, len(pool)):
            place, year = random_.choice(PLACES[language]), random_.randint(1890, 2025)
            yield line.format(place=place, number=random_.randint(3, 980), year=year) if "{" in line else line


def document(number: int, characters: int) -> str:
    """Return a document of whole sentences in Russian, Norwegian or English; the same for the same number."""
    language = ("ru", "no", "en")[number % 3]
    random_ = random.Random(number)
    lines: list[str] = []
    for line in shuffled(language, random_):
        if sum(map(len, lines)) + len(lines) + len(line) > characters:
            break
        lines.append(line)
    return "".join(line + ("\n\n" if position % 5 == 4 else " ") for position, line in enumerate(lines)).strip()


def write_documents(folder: Path, count: int, characters: int, *, first: int = 0) -> int:
    """Write the documents from number `first` on, and return how many characters they have together."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = [document(number, characters) for number in range(first, first + count)]
    for number, text in enumerate(texts):
        (folder / f"{number:05}.txt").write_text(text, "utf-8")
    return sum(map(len, texts))
