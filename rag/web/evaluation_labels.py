"""The words of the Evaluation page in English, Norwegian and Russian."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HEADLINES = ("F1", "Success@5", "citation_recall", "no_answer_accuracy")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationLabels:
    """Everything the page says of itself. `{}` in a label is filled by the one who shows it."""

    lead: str
    file: str
    questions: str  # {} a number
    own: str
    own_note: str
    no_files: str  # {} a folder
    run: str
    busy: str
    format: str
    format_note: str
    meanwhile: str
    beginning: str
    working: str
    ending: str
    stopping: str
    progress: str  # {} of {}
    seconds_left: str  # {} a number
    minutes_left: str  # {} a number
    stop: str
    stop_note: str
    stopped: str
    stopped_note: str  # {} of {}
    failed: str
    unusable: str
    problems: str  # {} a number
    more_problems: str  # {} a number
    disk: str  # {} the reason
    done: str
    report: str
    right: str  # {} of {}
    interval: str  # {} two numbers
    nothing: str
    headlines: Mapping[str, tuple[str, str]]  # of a metric: its title, and what it is a share of
    open: str
    results: str
    summary: str
    kept: str
    too_large: str
    gone: str
    choose: str
    unreachable: str
    no_script: str
    percent: str  # {} a number

    def share(self, value: float) -> str:
        """Write a share in percent.

        >>> NORWEGIAN.share(0.834)
        '83\\xa0%'
        """
        return self.percent.format(round(100 * value))

    def left(self, seconds: float) -> str:
        """Say about how long something takes.

        >>> ENGLISH.left(200)
        'about 3 min left'
        """
        if seconds < 90:
            return self.seconds_left.format(max(1, round(seconds)))
        return self.minutes_left.format(round(seconds / 60))


ENGLISH = EvaluationLabels(
    lead="Run a file of questions on your documents and see how many answers are right.",
    file="Question file",
    questions="Questions: {}",
    own="A file of your own",
    own_note="JSON lines, up to 5 MB. It is removed after the run.",
    no_files="There are no question files in the folder “{}” yet.",
    run="Run",
    busy="A run is under way. One at a time.",
    format="What is in a question file",
    format_note="One question a line, with its accepted answers and the places that support them. "
    "Without answers it is one that the documents do not answer.",
    meanwhile="The chat goes on answering during a run.",
    beginning="Checking the file",
    working="Asking the questions",
    ending="Writing the report",
    stopping="Stopping after this question",
    progress="{} of {} questions",
    seconds_left="about {} s left",
    minutes_left="about {} min left",
    stop="Stop",
    stop_note="What has been asked is kept: the same file goes on from there.",
    stopped="Stopped",
    stopped_note="{} of {} questions have been asked and are kept. Run the same file again and it goes on from there.",
    failed="The run could not be finished",
    unusable="This file cannot be used yet",
    problems="Problems: {}",
    more_problems="and {} more",
    disk="Nothing could be written: {}. What has been asked is kept; make room and run the same file again.",
    done="Done",
    report="Report",
    right="{} of {} questions right",
    interval="95% interval {}\u2060–\u2060{}%",
    nothing="no such questions",
    headlines={
        "F1": ("Answer agreement", "with the expected answer, word by word (F1)"),
        "Success@5": ("Evidence found", "among the first five passages"),
        "citation_recall": ("Evidence cited", "by the answer"),
        "no_answer_accuracy": ("Rightly declined", "where the documents hold no answer"),
    },
    open="Open in a new tab",
    results="Download JSON",
    summary="Download Markdown",
    kept="Earlier reports, until the server stops",
    too_large="The file is larger than 5 MB.",
    gone="This file is no longer in the folder. Load the page again.",
    choose="Choose a file first.",
    unreachable="The server does not answer. Is it still running?",
    no_script="This page needs JavaScript.",
    percent="{}%",
)

NORWEGIAN = EvaluationLabels(
    lead="Kjør en fil med spørsmål mot dokumentene dine, og se hvor mange svar som er riktige.",
    file="Spørsmålsfil",
    questions="Spørsmål: {}",
    own="Din egen fil",
    own_note="JSON-linjer, opptil 5 MB. Den fjernes etter kjøringen.",
    no_files="Det er ingen spørsmålsfiler i mappen «{}» ennå.",
    run="Kjør",
    busy="En kjøring pågår. Bare én om gangen.",
    format="Hva en spørsmålsfil inneholder",
    format_note="Ett spørsmål per linje, med svarene som godtas, og stedene som støtter dem. "
    "Uten svar er det et spørsmål som dokumentene ikke besvarer.",
    meanwhile="Samtalen fortsetter å svare under en kjøring.",
    beginning="Kontrollerer filen",
    working="Stiller spørsmålene",
    ending="Skriver rapporten",
    stopping="Stopper etter dette spørsmålet",
    progress="{} av {} spørsmål",
    seconds_left="omtrent {} s igjen",
    minutes_left="omtrent {} min igjen",
    stop="Stopp",
    stop_note="Det som er spurt om, blir tatt vare på: Den samme filen fortsetter derfra.",
    stopped="Stoppet",
    stopped_note="{} av {} spørsmål er stilt og tatt vare på. Kjør den samme filen igjen, så fortsetter den derfra.",
    failed="Kjøringen kom ikke i mål",
    unusable="Denne filen kan ikke brukes ennå",
    problems="Problemer: {}",
    more_problems="og {} til",
    disk="Ingenting kunne skrives: {}. Det som er spurt om, er tatt vare på; skaff plass og kjør den igjen.",
    done="Ferdig",
    report="Rapport",
    right="{} av {} spørsmål riktige",
    interval="95 % intervall {}\u2060–\u2060{} %",
    nothing="ingen slike spørsmål",
    headlines={
        "F1": ("Samsvar med svaret", "ord for ord med det forventede (F1)"),
        "Success@5": ("Belegg funnet", "blant de fem første avsnittene"),
        "citation_recall": ("Belegg sitert", "i svaret"),
        "no_answer_accuracy": ("Avslått med rette", "der dokumentene ikke har noe svar"),
    },
    open="Åpne i ny fane",
    results="Last ned JSON",
    summary="Last ned Markdown",
    kept="Tidligere rapporter, til tjeneren stopper",
    too_large="Filen er større enn 5 MB.",
    gone="Denne filen er ikke lenger i mappen. Last siden inn på nytt.",
    choose="Velg en fil først.",
    unreachable="Tjeneren svarer ikke. Kjører den fortsatt?",
    no_script="Denne siden trenger JavaScript.",
    percent="{}\xa0%",
)

RUSSIAN = EvaluationLabels(
    lead="Задайте документам вопросы из файла и посмотрите, сколько ответов верно.",
    file="Файл с вопросами",
    questions="Вопросов: {}",
    own="Свой файл",
    own_note="Строки JSON, до 5 МБ. После прогона он удаляется.",
    no_files="В папке «{}» пока нет файлов с вопросами.",
    run="Запустить",
    busy="Прогон уже идёт. Больше одного сразу нельзя.",
    format="Что в файле с вопросами",
    format_note="По вопросу в строке: допустимые ответы и места, которые их подтверждают. "
    "Нет ответов — значит, в документах ответа нет.",
    meanwhile="Чат тем временем продолжает отвечать.",
    beginning="Проверяю файл",
    working="Задаю вопросы",
    ending="Пишу отчёт",
    stopping="Останавливаюсь после этого вопроса",
    progress="{} из {} вопросов",
    seconds_left="осталось около {} с",
    minutes_left="осталось около {} мин",
    stop="Остановить",
    stop_note="Уже заданное сохраняется: тот же файл продолжится с этого места.",
    stopped="Остановлено",
    stopped_note="Задано и сохранено: {} из {} вопросов. Запустите тот же файл снова — он продолжится с этого места.",
    failed="Прогон не дошёл до конца",
    unusable="Этот файл пока не годится",
    problems="Ошибок: {}",
    more_problems="и ещё {}",
    disk="Не удалось записать: {}. Уже заданное сохранено; освободите место и запустите тот же файл снова.",
    done="Готово",
    report="Отчёт",
    right="Верно: {} из {}",
    interval="95-процентный интервал {}\u2060–\u2060{}\xa0%",
    nothing="таких вопросов нет",
    headlines={
        "F1": ("Совпадение с ответом", "слово в слово с ожидаемым (F1)"),
        "Success@5": ("Место найдено", "среди первых пяти отрывков"),
        "citation_recall": ("Место процитировано", "в ответе"),
        "no_answer_accuracy": ("Верный отказ", "там, где ответа в документах нет"),
    },
    open="Открыть в новой вкладке",
    results="Скачать JSON",
    summary="Скачать Markdown",
    kept="Прежние отчёты — пока работает сервер",
    too_large="Файл больше 5 МБ.",
    gone="Этого файла в папке больше нет. Загрузите страницу заново.",
    choose="Сначала выберите файл.",
    unreachable="Сервер не отвечает. Он ещё работает?",
    no_script="Этой странице нужен JavaScript.",
    percent="{}\xa0%",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
