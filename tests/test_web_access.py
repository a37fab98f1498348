"""The log-in, sessions, roles, limits, and what is refused, on a running server and without a browser."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest
from starlette.requests import HTTPConnection

from rag.config import Settings
from rag.errors import ServeError, UsersError
from rag.users import User, change_password, remove_user
from rag.web import access_labels, labels
from rag.web.access import Access
from rag.web.limits import FORGOTTEN_AFTER, FREE_ATTEMPTS, Buckets, Throttle
from rag.web.roles import SCOPE_KEY, Visitor, is_owner, user_name
from rag.web.server import listen
from rag.web.sessions import HOUR, IDLE_SECONDS, LONGEST_SECONDS, MAX_SESSIONS_OF_USER, Sessions
from tests.access import PAGE, PASSWORD, PEOPLE, Guarded, guarded, users_file

OWNER_ROUTES = ["/evaluation", "/evaluation/state", "/evaluation/reports/abc/", "/evaluation/reports/abc/results.json"]
OWNER_POSTS = ["/evaluation/run?file=x", "/evaluation/run?name=x.jsonl", "/evaluation/stop?run=x"]
JOIN = "/gradio_api/queue/join"
Known = dict[str, httpx.Client]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder = tmp_path_factory.mktemp("guarded")
    with guarded(folder, allowed_hosts=("chat.lan",), trusted_proxies=("127.0.0.3",)) as served:
        yield served


@pytest.fixture
def client(server: Guarded) -> Iterator[httpx.Client]:
    server.ticks.now += 2 * FORGOTTEN_AFTER  # nobody is waiting any more
    with server.client() as client:
        yield client


@pytest.fixture(scope="module")
def known(server: Guarded) -> Iterator[Known]:
    """Browsers in which somebody is logged in, by name; to log in takes time."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(server.client(headers={"Origin": server.url})) for name in PEOPLE}


def still_logged_in(server: Guarded, client: httpx.Client, name: str) -> httpx.Client:
    if client.get("/config").status_code == 401:
        server.ticks.now += 2 * FORGOTTEN_AFTER
        logged_in(server, client, name)
    return client


def logged_in(server: Guarded, client: httpx.Client, name: str = "anna") -> httpx.Client:
    assert server.log_in(client, name).status_code == 303
    client.headers["Origin"] = server.url
    return client


@dataclass
class Clock:
    """A clock that stands still until it is set."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


# Logging in


def test_nothing_is_to_be_had_before_log_in(client: httpx.Client) -> None:
    for path in [
        "/",
        "/config",
        "/theme.css",
        "/web/style.css",
        "/web/chat.js",
        "/gradio_api/heartbeat/x",
        "/evaluation",
    ]:
        answer = client.get(path)
        assert answer.status_code == 401, path
        assert answer.json()["message"]
    assert client.post(JOIN, json={}, headers={"Origin": str(client.base_url)}).status_code == 401


def test_a_page_leads_to_the_log_in_and_back(server: Guarded, client: httpx.Client) -> None:
    page = client.get("/evaluation?a=1&b=%22", headers=PAGE)
    assert page.status_code == 401
    (target,) = re.findall(r'http-equiv="refresh" content="0;url=([^"]+)"', page.text)
    form = client.get(target.replace("&amp;", "&"), headers=PAGE)
    assert form.status_code == 200
    (back,) = re.findall(r'name="next" value="([^"]+)"', form.text)
    answer = server.log_in(client, "anna", next=back.replace("&amp;", "&"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/evaluation?a=1&b=%22")
    assert client.get(target, headers=PAGE).status_code == 303, "who is logged in goes straight on"
    assert client.get("/", headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil", "", "/login"]
)
def test_it_leads_nowhere_else(server: Guarded, client: httpx.Client, target: str) -> None:
    assert server.log_in(client, "anna", next=target).headers["location"] == "/"


def test_the_form_is_plain_and_safe(client: httpx.Client) -> None:
    page = client.get('/login?next=/"><script>', headers=PAGE)
    assert "<script" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    for file in re.findall(r'(?:href|src)="([^"]+)"', page.text):
        assert client.get(file).status_code == 200


@pytest.mark.parametrize("language", ["en", "no", "ru"])
def test_it_speaks_the_language_of_the_browser(server: Guarded, client: httpx.Client, language: str) -> None:
    words = access_labels.BY_LANGUAGE[language]
    client.headers["Accept-Language"] = language
    assert f'<html lang="{language}">' in client.get("/login", headers=PAGE).text
    assert words.wrong in server.log_in(client, "nobody", "x").text
    logged_in(server, client)
    assert labels.BY_LANGUAGE[language].log_out in client.get("/evaluation", headers=PAGE).text


def test_the_cookie_is_kept_close(server: Guarded, client: httpx.Client) -> None:
    morsel = cookie(server.log_in(client, "anna"))
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["secure"]) == (True, "strict", "/", "")
    assert not morsel["domain"]
    assert len(morsel.value) >= 43, "256 bits"
    assert cookie(server.log_in(client, "anna")).value != morsel.value


def test_it_is_for_https_only_behind_a_proxy_that_speaks_it(server: Guarded, client: httpx.Client) -> None:
    headers = {"Host": "chat.lan", "Origin": "https://chat.lan"}
    assert cookie(server.log_in(client, "anna", headers=headers))["secure"]


def cookie(answer: httpx.Response) -> Morsel[str]:
    (morsel,) = SimpleCookie(answer.headers["set-cookie"]).values()
    return morsel


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna", "")])
def test_a_wrong_name_looks_like_a_wrong_password(
    server: Guarded, client: httpx.Client, name: str, password: str
) -> None:
    answer = server.log_in(client, name, password)
    assert answer.status_code == 403
    assert access_labels.ENGLISH.wrong in answer.text
    assert "set-cookie" not in answer.headers
    assert server.complaints[-1] == "a log-in from 127.0.0.1 failed"


def test_names_are_found_however_they_are_written(server: Guarded, client: httpx.Client) -> None:
    assert server.log_in(client, "øYVIND").status_code == 303
    assert server.log_in(client, " иван ").status_code == 303


def test_a_strange_form_is_no_bug(server: Guarded, client: httpx.Client) -> None:
    headers = {"Origin": server.url, "Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"", b"\xff\x00=&&&", b"name=%ff%fe&password=%00", b"&".join(b"a%d=1" % n for n in range(99))):
        assert client.post("/login", content=body, headers=headers).status_code in {403, 429}
    assert client.post("/login", content=b"x" * 20_000, headers=headers).status_code == 413


# Sessions


def test_logging_out_ends_the_session(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    token = dict(client.cookies)
    assert client.get("/logout").status_code == 404, "a link cannot do it"
    assert client.post("/logout").headers["location"] == "/login"
    assert not client.cookies
    assert client.get("/config", headers={"Cookie": "; ".join(f"{n}={v}" for n, v in token.items())}).status_code == 401


def test_a_session_ends_when_it_is_not_used(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    server.wall.now += IDLE_SECONDS - 1
    assert client.get("/config").status_code == 200
    server.wall.now += IDLE_SECONDS - 1
    assert client.get("/evaluation/state").status_code == 200, "which the page asks by itself: no use of it"
    server.wall.now += 2
    assert client.get("/config").status_code == 401


def test_a_session_ends_however_much_it_is_used(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    for _ in range(int(LONGEST_SECONDS // (6 * HOUR)) - 1):
        server.wall.now += 6 * HOUR
        assert client.get("/config").status_code == 200
    server.wall.now += 6 * HOUR
    assert client.get("/config").status_code == 401


def test_two_users_at_once(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    with server.client() as other:
        logged_in(server, other, "Иван")
        assert other.get("/evaluation").status_code == 403
        assert client.get("/evaluation").status_code == 200
        other.post("/logout")
        assert other.get("/config").status_code == 401
        assert client.get("/config").status_code == 200


def test_another_password_and_removal_end_the_sessions_of_a_user(tmp_path_factory: pytest.TempPathFactory) -> None:
    with guarded(tmp_path_factory.mktemp("changed")) as served, served.client() as anna, served.client() as ivan:
        logged_in(served, anna)
        logged_in(served, ivan, "Иван")
        change_password(served.users, "anna", "another horse battery")
        assert anna.get("/config").status_code == 401
        assert ivan.get("/config").status_code == 200, "of that user only"
        assert served.log_in(anna, "anna").status_code == 403
        assert served.log_in(anna, "anna", "another horse battery").status_code == 303
        remove_user(served.users, "Иван")
        assert ivan.get("/config").status_code == 401
        served.users.write_text(served.users.read_text("utf-8").replace('"owner"', '"reader"'), "utf-8")
        assert anna.get("/evaluation").status_code == 403, "the role is that of the file"
        content = served.users.read_bytes()
        served.users.write_bytes(b"{broken")
        page = anna.get("/", headers=PAGE)
        assert page.status_code == 503
        assert access_labels.ENGLISH.no_users in page.text
        assert served.log_in(anna, "anna", "another horse battery").status_code == 503
        assert [line for line in served.complaints if "line 1" in line] == served.complaints[-1:], "told once"
        served.users.write_bytes(content)
        assert anna.get("/config").status_code == 200, "mended"


def test_the_table_of_sessions_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.web.sessions.MAX_SESSIONS", 30)
    users = {name: User.model_construct(name=name, role="reader", password=name) for name in map(str, range(100))}
    sessions, clock = Sessions(Clock()), users["0"]
    first = sessions.begin(clock)
    for _ in range(MAX_SESSIONS_OF_USER):
        last = sessions.begin(clock)
    assert len(sessions) == MAX_SESSIONS_OF_USER
    assert sessions.find(first, users) is None
    assert sessions.find(last, users) == clock
    for user in users.values():
        sessions.begin(user)
    assert len(sessions) == 30


# Roles


@pytest.mark.parametrize("path", OWNER_ROUTES)
def test_a_reader_gets_no_page_of_the_owner(server: Guarded, known: Known, path: str) -> None:
    client = still_logged_in(server, known["Иван"], "Иван")
    page = client.get(path, headers=PAGE)
    assert page.status_code == 403
    assert access_labels.ENGLISH.owner_only in page.text
    assert client.get(path).json()["message"] == access_labels.ENGLISH.owner_only_note


@pytest.mark.parametrize("path", OWNER_POSTS)
def test_a_reader_does_nothing_that_is_the_owners(server: Guarded, known: Known, path: str) -> None:
    assert still_logged_in(server, known["Иван"], "Иван").post(path, content=b"").status_code == 403


@pytest.mark.parametrize("path", OWNER_ROUTES)
def test_the_owner_does(server: Guarded, known: Known, path: str) -> None:
    assert still_logged_in(server, known["anna"], "anna").get(path).status_code in {200, 404}


def greeting(client: httpx.Client, session: str) -> str:
    """Return what a page that is opened is told, as Gradio's script asks for it."""
    dependencies = client.get("/config").json()["dependencies"]
    (number,) = [each["id"] for each in dependencies if any(event == "load" for _, event in each["targets"])]
    asked = client.post(JOIN, json={"data": [], "fn_index": number, "session_hash": session, "event_data": None})
    assert asked.status_code == 200, asked.text
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as events:
        return "".join(line for line in events.iter_lines() if "process_completed" in line)


def test_the_chat_knows_who_asks(server: Guarded, client: httpx.Client) -> None:
    said = greeting(logged_in(server, client, "Иван"), "reader1")
    assert "/logout" in said
    assert "./evaluation" not in said
    with server.client() as other:
        assert "./evaluation" in greeting(logged_in(server, other), "owner1")


def test_nobody_hears_the_conversation_of_another(server: Guarded, known: Known) -> None:
    anna, ivan = (still_logged_in(server, known[name], name) for name in ("anna", "Иван"))
    greeting(anna, "annas")
    for path in ("/gradio_api/queue/data?session_hash=annas", "/gradio_api/heartbeat/annas"):
        assert ivan.get(path).status_code == 403


def test_a_length_that_is_not_true_is_refused(server: Guarded) -> None:
    """What comes in chunks has no length to be held to, whatever it says."""
    host, port = server.url.removeprefix("http://").split(":")
    head = f"POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: 5\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n5\r\nname=\r\n0\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 4(?:00|11) ", connection.recv(100))


def test_who_asks_is_in_the_scope() -> None:
    scope = {SCOPE_KEY: Visitor("anna", "owner")}
    for request in (scope, HTTPConnection({"type": "http", **scope})):
        assert is_owner(request)
        assert user_name(request) == "anna"
    assert not is_owner({})
    assert user_name({}) == ""
    assert not is_owner({SCOPE_KEY: Visitor("ivan", "reader")})


# Names and origins


@pytest.mark.parametrize("host", ["evil.example", "192.168.77.1", "chat.lan.evil.example", "0.0.0.0", "", "[::1"])
def test_names_that_are_not_ours_are_refused(server: Guarded, client: httpx.Client, host: str) -> None:
    page = client.get("/", headers={"Host": host, **PAGE})
    assert page.status_code == 421
    if host and "[" not in host:
        assert f"allowed_hosts = [&quot;{host}&quot;]" in page.text
        assert any(f'allowed_hosts = ["{host}"]' in line for line in server.complaints)


@pytest.mark.parametrize("host", ["chat.lan", "CHAT.lan:80", "chat.lan.", "localhost:1", "127.0.0.1"])
def test_names_that_are_ours_are_answered(client: httpx.Client, host: str) -> None:
    assert client.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "reached_at", "own"),
    [
        ("192.168.1.5:7860", "192.168.1.5", True),
        ("192.168.1.5", "::ffff:192.168.1.5", True),
        ("[2001:db8::5]:7860", "2001:DB8:0::5", True),
        ("192.168.1.6", "192.168.1.5", False),
        ("router", "192.168.1.5", False),
        ("box.local", "192.168.1.5", True),
    ],
)
def test_on_a_local_network_it_answers_to_its_address(tmp_path: Path, host: str, reached_at: str, own: bool) -> None:
    settings = Settings(auth=users_file(tmp_path), host="0.0.0.0", allowed_hosts=("box.local",))
    scope = {"type": "http", "headers": [(b"host", host.encode())], "server": (reached_at, 7860)}
    assert Access(settings, complain=lambda line: None).is_own_name(HTTPConnection(scope)) is own


def test_without_a_log_in_it_answers_to_no_name_but_this_machines() -> None:
    access = Access(Settings(allowed_hosts=("chat.lan",)))
    for host, own in ((b"chat.lan", False), (b"10.0.0.1", False), (b"localhost", True)):
        scope = {"type": "http", "headers": [(b"host", host)], "server": ("10.0.0.1", 1)}
        assert access.is_own_name(HTTPConnection(scope)) is own


def test_complaints_about_names_end(tmp_path: Path) -> None:
    told: list[str] = []
    access = Access(Settings(auth=users_file(tmp_path)), complain=told.append)
    for number in range(100):
        scope = {"type": "http", "headers": [(b"host", b"evil%d.example" % (number // 2))], "server": ("10.0.0.1", 1)}
        access.is_own_name(HTTPConnection(scope))
    assert len(told) == len(set(told)) == 20


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://chat.lan"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", JOIN, "/evaluation/run?file=x", "/evaluation/stop"])
def test_pages_of_somebody_else_send_nothing(server: Guarded, known: Known, path: str, headers: dict[str, str]) -> None:
    client = still_logged_in(server, known["anna"], "anna")
    with server.client(cookies=client.cookies) as misused:
        form = {"name": "anna", "password": PASSWORD}
        assert misused.post(path, headers=headers, data=form).status_code == 403
    assert client.get("/config").status_code == 200, "still logged in"


def test_a_page_of_ours_without_an_origin_sends(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    del client.headers["Origin"]
    assert client.post("/logout", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_who_is_believed_to_be_a_proxy(server: Guarded) -> None:
    """The proxy's word is taken from its address only."""
    forwarded = {"Host": "chat.lan", "X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9"}
    for address, secure in (("127.0.0.3", True), ("127.0.0.4", False)):
        with server.client(transport=httpx.HTTPTransport(local_address=address)) as client:
            origin = {"Origin": "https://chat.lan" if secure else "http://chat.lan"}
            morsel = cookie(server.log_in(client, "anna", headers=forwarded | origin))
            assert bool(morsel["secure"]) is secure
            http = client.post("/logout", headers=forwarded | {"Origin": "http://chat.lan"})
            assert http.status_code == (403 if secure else 303), "a page of http is foreign to one of https"


# Limits


def test_guessing_is_slowed_down_by_name_and_by_address(server: Guarded, client: httpx.Client) -> None:
    for number in range(FREE_ATTEMPTS):
        assert server.log_in(client, f"guess{number}", "x").status_code == 403
    answer = server.log_in(client, "anna")
    assert answer.status_code == 429, "also with the right password"
    assert answer.headers["retry-after"] == "2"
    assert access_labels.ENGLISH.wait.format("2 s") in answer.text
    with server.client(transport=httpx.HTTPTransport(local_address="127.0.0.9")) as elsewhere:
        assert server.log_in(elsewhere, "anna").status_code == 303
    server.ticks.now += 2
    assert server.log_in(client, "guess9", "x").status_code == 403
    assert server.log_in(client, "guess9", "x").headers["retry-after"] == "4", "waits grow"


def test_a_name_is_guarded_against_many_addresses(server: Guarded, client: httpx.Client) -> None:
    for number in range(FREE_ATTEMPTS + 1):
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{number + 1}")
        with server.client(transport=transport) as elsewhere:
            status = server.log_in(elsewhere, "АННА" if number % 2 else "анна", "x").status_code
            assert status == (403 if number < FREE_ATTEMPTS else 429)


def test_the_throttle() -> None:
    ticks = Clock()
    throttle = Throttle(ticks, max_keys=50)
    address, name = ("address", "a"), ("name", "n")
    waits = []
    for _ in range(30):
        while wait := throttle.begin([address]):
            waits.append(wait)
            ticks.now += wait
    assert waits[:4] == [2, 4, 8, 16]
    assert max(waits) == 900
    for _ in range(20):
        while wait := throttle.begin([name]):
            assert wait <= 60, "nobody can lock somebody out for long"
            ticks.now += wait
    throttle.succeed(address, name)
    assert throttle.begin([name]) == 0
    assert throttle.begin([address]) > 0, "an own account does not open the way to others"
    ticks.now += FORGOTTEN_AFTER + 1
    assert throttle.begin([address]) == 0
    for number in range(1000):
        throttle.begin([("address", str(number)), ("name", str(number))])
    assert len(throttle) == 50


def test_attempts_at_the_same_time_do_not_slip_through() -> None:
    throttle = Throttle(Clock())
    assert sum(throttle.begin([("address", "a"), ("name", "n")]) == 0 for _ in range(100)) == FREE_ATTEMPTS


def test_the_bucket_fills_again() -> None:
    ticks = Clock()
    buckets = Buckets(60, ticks, max_keys=10)
    assert [buckets.take(("user", "a")) for _ in range(60)] == [0] * 60
    assert buckets.take(("user", "a")) == pytest.approx(1)
    assert buckets.take(("user", "b")) == 0
    ticks.now += 2
    assert [buckets.take(("user", "a")) > 0 for _ in range(3)] == [False, False, True]
    for number in range(100):
        buckets.take(("address", number))
    assert len(buckets) == 10


def test_who_asks_too_often_waits(server: Guarded, client: httpx.Client) -> None:
    logged_in(server, client)
    answers = [client.post(JOIN, json={}) for _ in range(61)]
    assert all(answer.status_code != 429 for answer in answers[:60])
    assert answers[60].status_code == 429
    assert answers[60].headers["retry-after"] == "1"
    assert answers[60].json()["detail"] == access_labels.ENGLISH.too_often.format("1 s")
    assert client.post("/evaluation/run?name=x.jsonl", content=b"").status_code == 429, "uploads count, too"
    assert client.get("/config").status_code == 200, "reading does not"
    with server.client() as other:
        assert logged_in(server, other, "Иван").post(JOIN, json={}).status_code != 429


# Serving


def test_with_a_log_in_it_serves_to_others(tmp_path: Path) -> None:
    with listen(Settings(auth=users_file(tmp_path), host="0.0.0.0", port=0)) as listener:
        assert listener.getsockname()[0] == "0.0.0.0"
    with pytest.raises(ServeError):
        listen(Settings(auth=tmp_path / "users.jsonl", host=""))


def test_the_users_file_has_to_be_right_before_it_serves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "users.jsonl"
    with pytest.raises(UsersError, match="rag user add"):
        listen(Settings(auth=file, port=0))
    file.touch(0o600)
    with pytest.raises(UsersError, match=r"nobody is in .*rag user add"):
        listen(Settings(auth=file, port=0))
    file = users_file(tmp_path)
    file.chmod(0o644)
    listen(Settings(auth=file, port=0)).close()
    assert "chmod 600" in capsys.readouterr().err
    file.chmod(0o666)
    with pytest.raises(UsersError, match="others may write"):
        listen(Settings(auth=file, port=0))
