"""What is said at the door, in English, Norwegian and Russian: the log-in page, and why something is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLabels:
    """Everything that is said there. `{}` in a label is filled by the one who shows it."""

    log_in: str
    name: str
    password: str
    wrong: str
    wait: str  # {} a time
    no_users: str
    needed: str
    owner_only: str
    owner_only_note: str
    to_chat: str
    foreign: str
    foreign_note: str
    unknown_name: str
    unknown_name_note: str  # {} a name
    allow: str
    this_machine_only: str
    too_often: str  # {} a time
    closed: str
    no_collection: str
    choose: str
    seconds: str  # {} a number
    minutes: str  # {} a number

    def time(self, seconds: float) -> str:
        """Say how long something takes, rounded up.

        >>> ENGLISH.time(61)
        '2 min'
        """
        whole = max(1, int(-(-seconds // 1)))
        return self.seconds.format(whole) if whole <= 60 else self.minutes.format(-(-whole // 60))


ENGLISH = AccessLabels(
    log_in="Log in",
    name="Name",
    password="Password",
    wrong="The name or the password is wrong.",
    wait="Too many attempts. Try again in {}.",
    no_users="Nobody can log in now: something is wrong with the users file. "
    "The terminal that the program runs in shows what.",
    needed="Your session has ended. Reload the page to log in again.",
    owner_only="Only the owner may do this",
    owner_only_note="With your login you can ask and look up. "
    "Whoever runs this server can give you the role of an owner.",
    to_chat="To the chat",
    foreign="The request came from another site",
    foreign_note="It was refused, and nothing was done. If you meant it, open this server's own page and do it there.",
    unknown_name="This server does not answer to that name",
    unknown_name_note="You asked for {}.",
    allow="If that is its name, whoever runs it can allow it in the settings file rag.toml:",
    this_machine_only="Without log-in it answers to this machine's own names only, such as 127.0.0.1.",
    too_often="Too many requests. Try again in {}.",
    closed="There is nothing here",
    no_collection="There is no collection of that name",
    choose="These are served here:",
    seconds="{} s",
    minutes="{} min",
)

NORWEGIAN = AccessLabels(
    log_in="Logg inn",
    name="Navn",
    password="Passord",
    wrong="Navnet eller passordet er feil.",
    wait="For mange forsøk. Prøv igjen om {}.",
    no_users="Ingen kan logge inn nå: noe er galt med brukerfilen. Terminalen som programmet kjører i, viser hva.",
    needed="Økten din er avsluttet. Last siden på nytt for å logge inn igjen.",
    owner_only="Dette kan bare eieren gjøre",
    owner_only_note="Med din innlogging kan du spørre og slå opp. Den som driver serveren, kan gi deg rollen som eier.",
    to_chat="Til samtalen",
    foreign="Forespørselen kom fra et annet nettsted",
    foreign_note="Den ble avvist, og ingenting ble gjort. Var det meningen, så gjør det på serverens egen side.",
    unknown_name="Serveren svarer ikke under det navnet",
    unknown_name_note="Du spurte etter {}.",
    allow="Er det navnet dens, kan den som driver serveren, tillate det i innstillingsfilen rag.toml:",
    this_machine_only="Uten innlogging svarer den bare under maskinens egne navn, som 127.0.0.1.",
    too_often="For mange forespørsler. Prøv igjen om {}.",
    closed="Her er det ingenting",
    no_collection="Det finnes ingen samling med det navnet",
    choose="Disse finnes her:",
    seconds="{} s",
    minutes="{} min",
)

RUSSIAN = AccessLabels(
    log_in="Вход",
    name="Имя",
    password="Пароль",
    wrong="Имя или пароль не подходят.",
    wait="Слишком много попыток. Попробуйте снова через {}.",
    no_users="Сейчас войти нельзя: что-то не так с файлом пользователей. Подробности — в терминале программы.",
    needed="Сеанс закончился. Обновите страницу, чтобы войти снова.",
    owner_only="Это может только владелец",
    owner_only_note="Вы можете спрашивать и искать. Роль владельца может дать тот, кто ведёт этот сервер.",
    to_chat="К чату",
    foreign="Запрос пришёл с другого сайта",
    foreign_note="Он отклонён, ничего не сделано. Если вы этого хотели, откройте страницу самого сервера.",
    unknown_name="Этот сервер не отвечает под таким именем",
    unknown_name_note="Запрошено имя {}.",
    allow="Если это его имя, тот, кто ведёт сервер, может разрешить его в файле настроек rag.toml:",
    this_machine_only="Без входа он отвечает только под именами самой машины, например 127.0.0.1.",
    too_often="Слишком много запросов. Попробуйте снова через {}.",
    closed="Здесь ничего нет",
    no_collection="Коллекции с таким именем нет",
    choose="Здесь есть такие:",
    seconds="{} с",
    minutes="{} мин",
)

BY_LANGUAGE = {"en": ENGLISH, "no": NORWEGIAN, "ru": RUSSIAN}
