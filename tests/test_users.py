"""The users file and `rag user`: what is written, what is refused, and what is said."""

from __future__ import annotations

import json
import os
import pty
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from rag.errors import UsersError
from rag.users import (
    MAX_PASSWORD,
    MIN_PASSWORD,
    add_user,
    change_password,
    read_users,
    readable_by_others,
    remove_user,
    verify,
)
from tests.test_cli import rag, rag_process, refused

ROOT = Path(__file__).parent.parent
PASSWORD = "correct horse battery staple"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "users.jsonl"
    add_user(file, "anna", "owner", PASSWORD)
    return file


def test_of_a_password_only_the_hash_is_kept(file: Path) -> None:
    (line,) = file.read_text("utf-8").splitlines()
    record = json.loads(line)
    assert record.keys() == {"name", "role", "password"}
    assert record["password"].startswith("$argon2id$")
    assert PASSWORD not in line
    assert "argon2" not in repr(read_users(file)["anna"])


def test_the_file_is_for_its_owner_only(file: Path) -> None:
    file.chmod(0o644)
    assert readable_by_others(file)
    change_password(file, "anna", "another horse battery")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not readable_by_others(file)
    assert {each.name for each in file.parent.iterdir()} <= {"users.jsonl", "users.jsonl.lock"}, "nothing is left aside"


def test_who_is_verified(file: Path) -> None:
    add_user(file, "Åse", "reader", "passord med blåbær å")
    users = read_users(file)
    assert verify(users, "ANNA", PASSWORD) == users["anna"]
    assert verify(users, "A\u030ase", "passord med bla\u030aba\u0308r å".replace("a\u0308", "æ")), (
        "however it is composed"
    )
    for name, password in [("anna", "x"), ("anna", ""), ("nobody", PASSWORD), ("Åse", PASSWORD), ("\ud800", "\ud800")]:
        assert verify(users, name, password) is None


def test_an_unknown_name_takes_as_long_as_a_wrong_password(file: Path) -> None:
    users = read_users(file)

    def seconds(name: str) -> float:
        times = []
        for _ in range(5):
            start = time.process_time()
            verify(users, name, "wrong")
            times.append(time.process_time() - start)
        return min(times)

    seconds("nobody")  # makes what it is compared with
    assert seconds("nobody") > 0.5 * seconds("anna")


def test_a_user_is_changed_and_removed(file: Path) -> None:
    before = read_users(file)["anna"]
    change_password(file, "Anna", "another horse battery")
    after = read_users(file)["anna"]
    assert (after.name, after.role) == ("anna", "owner")
    assert after.password != before.password
    remove_user(file, "anna")
    assert read_users(file) == {}


@pytest.mark.parametrize("name", ["", " ", "a b", "a\nb", "<b>", "../x", "-x", "x" * 65, "a\u202eb", '"'])
def test_names_that_are_none(file: Path, name: str) -> None:
    with pytest.raises(UsersError, match="a name has up to 64 letters"):
        add_user(file, name, "reader", PASSWORD)


@pytest.mark.parametrize("name", ["anna", "ANNA", "ａｎｎａ"])
def test_a_name_is_taken_however_it_is_written(file: Path, name: str) -> None:
    with pytest.raises(UsersError, match="already"):
        add_user(file, name, "reader", PASSWORD)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", f"0 characters; give at least {MIN_PASSWORD}"),
        ("x" * (MIN_PASSWORD - 1), f"at least {MIN_PASSWORD}"),
        ("ab" * (MAX_PASSWORD // 2 + 1), f"at most {MAX_PASSWORD}"),
        ("121212121212", "too easily guessed"),
        ("annalisabeth", "too easily guessed"),
        ("a tab or bell\a", "cannot be typed"),
        ("not UTF-8: \udcff", "cannot be typed"),
    ],
)
def test_weak_passwords_are_refused(file: Path, password: str, reason: str) -> None:
    for change in (
        lambda: add_user(file, "AnnaLisabeth", "reader", password),
        lambda: change_password(file, "annalisabeth", password),
    ):
        with pytest.raises(UsersError, match=reason) as error:
            change()
        assert not password or password not in str(error.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("anna:secret-secret", "line 2: invalid json"),
        ('{"name": "x", "role": "king", "password": "HASH"}', "line 2: 'role'"),
        (
            '{"name": "x", "role": "owner", "password": "secret-secret"}',
            "line 2: 'password': the password is not a hash",
        ),
        ('{"name": "x y", "role": "owner", "password": "HASH"}', "line 2: 'name': a name has"),
        ('{"name": "x", "role": "owner", "password": "HASH", "more": 1}', "line 2: 'more'"),
        ('{"name": "ANNA", "role": "owner", "password": "HASH"}', "line 2: a second user 'ANNA'"),
        ("[]", "line 2:"),
    ],
)
def test_a_malformed_file_is_told_by_line_and_without_secrets(file: Path, line: str, reason: str) -> None:
    hashed = read_users(file)["anna"].password
    with file.open("a", encoding="utf-8") as opened:
        opened.write(line.replace("HASH", hashed) + "\n")
    with pytest.raises(UsersError, match=reason) as error:
        read_users(file)
    assert str(file) in str(error.value)
    assert "secret-secret" not in str(error.value)
    assert hashed not in str(error.value)


def test_files_that_cannot_be_used(file: Path, tmp_path: Path) -> None:
    with pytest.raises(UsersError, match=r"there is no users file .*rag user add"):
        read_users(tmp_path / "absent")
    with pytest.raises(UsersError, match="Is a directory"):
        read_users(tmp_path)
    file.chmod(0o620)
    with pytest.raises(UsersError, match=r"others may write .*chmod 600"):
        read_users(file)
    file.chmod(0o600)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(UsersError, match="not UTF-8"):
        read_users(file)


def test_blank_lines_and_a_byte_order_mark_do_no_harm(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf\n" + file.read_bytes() + b"\r\n\n")
    assert list(read_users(file)) == ["anna"]


def test_a_link_to_the_file_stays_one(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    remove_user(link, "anna")
    assert link.is_symlink()
    assert read_users(file) == {}


def test_nobody_is_lost_when_several_write_at_once(file: Path) -> None:
    names = [f"user{number}" for number in range(6)]
    threads = [threading.Thread(target=add_user, args=(file, name, "reader", PASSWORD)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_users(file).keys() == {"anna", *names}


# The commands


def test_users_come_and_go_by_the_commands(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    reader = rag("user", "add", "Åse", "--auth", file, said=f"{PASSWORD}\n")
    assert (reader.returncode, reader.stdout) == (0, "Åse may log in as reader\n")
    assert "--role owner" in reader.stderr, "nobody is an owner yet"
    owner = rag("user", "add", "иван", "--role", "owner", "--auth", file, said=f"{PASSWORD}\r\n")
    assert (owner.returncode, owner.stderr) == (0, "")
    assert verify(read_users(file), "иван", PASSWORD)
    assert rag("user", "list", "--auth", file).stdout == "reader\tÅse\nowner\tиван\n"
    assert rag("user", "password", "åse", "--auth", file, said="another horse battery").returncode == 0
    assert verify(read_users(file), "åse", "another horse battery")
    assert rag("user", "remove", "ÅSE", "--auth", file).returncode == 0
    assert rag("user", "list", "--auth", file).stdout == "owner\tиван\n"


def test_the_file_may_be_named_by_the_settings(tmp_path: Path) -> None:
    config = tmp_path / "rag.toml"
    config.write_text(f"auth = '{tmp_path / 'users.jsonl'}'\n", "utf-8")
    assert rag_process("user", "add", "anna", "--config", config, said=f"{PASSWORD}\n").returncode == 0
    assert "anna" in read_users(tmp_path / "users.jsonl")


@pytest.mark.parametrize(
    ("arguments", "said", "reason"),
    [
        (["add", "anna"], PASSWORD, "already; `rag user password`"),
        (["add", "olga"], "short", "5 characters; give at least 12"),
        (["add", "olga"], "", "0 characters"),
        (["add", "olga"], "\udcff" * 12 + "abcdefg", "cannot be typed"),
        (["add", "o l g a"], PASSWORD, "a name has up to"),
        (["add", "olga", "--role", "king"], PASSWORD, "king"),
        (["remove", "olga"], "", "no user 'olga'; `rag user list"),
        (["password", "olga"], PASSWORD, "no user 'olga'"),
    ],
)
def test_mistakes_are_told_in_one_line(file: Path, arguments: list[str], said: str, reason: str) -> None:
    before = file.read_bytes()
    assert reason in refused(rag("user", *arguments, "--auth", file, said=said))
    assert file.read_bytes() == before


def test_a_missing_file_or_none_is_told(tmp_path: Path) -> None:
    assert "there is no users file" in refused(rag("user", "list", "--auth", tmp_path / "absent"))
    assert "--auth FILE" in refused(rag("user", "list"))
    (tmp_path / "file").touch()
    nowhere = rag("user", "add", "anna", "--auth", tmp_path / "file" / "users.jsonl", said=PASSWORD)
    assert "cannot write the users file" in refused(nowhere)
    (tmp_path / "itself").symlink_to(tmp_path / "itself")
    for name in ("n" * 300, "itself"):
        for arguments in (["add", "anna"], ["remove", "anna"]):
            assert "the users file" in refused(rag("user", *arguments, "--auth", tmp_path / name, said=PASSWORD))


@pytest.mark.parametrize("command", [["serve"], ["ui.py"]])
def test_it_does_not_serve_without_users(tmp_path: Path, command: list[str]) -> None:
    program = [sys.executable, "ui.py"] if command == ["ui.py"] else [sys.executable, "-m", "rag", "serve"]
    result = subprocess.run(
        [*program, "--auth", tmp_path / "absent", "--host", "0.0.0.0", "--port", "0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "there is no users file" in refused(result)


def test_at_a_terminal_the_password_is_asked_twice_and_not_shown(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    said = at_terminal(
        ["add", "anna", "--role", "owner", "--auth", str(file)], [PASSWORD, "misspelt", PASSWORD, PASSWORD]
    )
    assert PASSWORD not in said
    assert "misspelt" not in said
    assert said.count("Password") == 2
    assert verify(read_users(file), "anna", PASSWORD)


def at_terminal(arguments: list[str], answers: list[str]) -> str:
    """Run `rag user` at a terminal, answer what it asks, and return what is on the screen."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "rag", "user", *arguments])
    screen, waiting = b"", list(answers)
    while True:
        try:
            part = os.read(terminal, 1000)
        except OSError:
            part = b""
        if not part:
            break
        screen += part
        if waiting and screen.endswith(b": "):
            time.sleep(0.05)
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    return screen.decode()
