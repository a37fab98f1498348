"""Who may log in: a file with one user a line, written by `rag user` and read by the server.

    {"name": "anna", "role": "owner", "password": "$argon2id$v=19$m=65536,t=3,p=4$…"}

Of a password only its hash is kept. The file is replaced in one step, so that a reader never meets half of it.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from rag.errors import UsersError
from rag.untrusted import disarm

Role = Literal["owner", "reader"]
MIN_PASSWORD, MAX_PASSWORD = 12, 500  # characters
MIN_DIFFERENT = 5
LOCK_SECONDS = 10
_NAME = re.compile(r"\w[\w.@+-]{0,63}")
_NAME_RULE = "a name has up to 64 letters, digits and . @ + - _, and begins with a letter or digit"
_HASHER = PasswordHasher()


def _name(text: str) -> str:
    name = unicodedata.normalize("NFKC", text)
    if not _NAME.fullmatch(name):
        raise ValueError(_NAME_RULE)
    return name


def _hash(text: str) -> str:
    try:
        extract_parameters(text)
    except InvalidHashError:
        raise ValueError("the password is not a hash that `rag user` wrote") from None
    return text


class User(BaseModel):
    """Somebody who may log in; `password` is the hash of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(_name)]
    role: Role
    password: Annotated[str, AfterValidator(_hash), Field(repr=False)]


Users = Mapping[str, User]  # by `key`


def key(name: str) -> str:
    """Return what two spellings of a name have in common.

    >>> key("Åse") == key("A\u030aSE")
    True
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def read_users(file: Path) -> Users:
    """Read the users file. Raises UsersError when it is missing, malformed, or writable by others."""
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            lines = opened.read().decode("utf-8-sig").splitlines()
    except FileNotFoundError:
        how = f"rag user add NAME --role owner --auth {file}"
        raise UsersError(f"there is no users file {file}; make one with `{how}`") from None
    except OSError as error:
        raise UsersError(f"cannot read the users file {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsersError(
            f"the users file {file} is not UTF-8 text; restore it, or write another with `rag user add`"
        ) from None
    if _open_to_others(mode, 0o022):
        raise UsersError(f"others may write into the users file {file}; check who is in it, then `chmod 600 {file}`")
    return _parse(lines, file)


def readable_by_others(file: Path) -> bool:
    """Tell whether other users of this machine can read the hashes."""
    return _open_to_others(file.stat().st_mode, 0o044)


def verify(users: Users, name: str, password: str) -> User | None:
    """Return the user whose name and password these are. An unknown name takes as long as a wrong password."""
    user = users.get(key(name))
    try:
        _HASHER.verify(user.password if user else decoy(), _comparable(password))
    except (VerificationError, InvalidHashError):
        return None
    return user


@cache
def decoy() -> str:
    """Return a hash that no password has, to be compared with where there is no user."""
    return _HASHER.hash(secrets.token_bytes())


def add_user(file: Path, name: str, role: Role, password: str) -> User:
    """Add a user; the file is made if there is none. Raises UsersError for a name that is taken or a weak password."""
    check_password(password, name)
    user = _user(name, role, password)

    def add(users: dict[str, User]) -> None:
        check_free(users, name, file)
        users[key(name)] = user

    _update(file, add, new=True)
    return user


def remove_user(file: Path, name: str) -> None:
    """Remove a user, whose sessions end with it. Raises UsersError for an unknown name."""

    def remove(users: dict[str, User]) -> None:
        find_user(users, name, file)
        del users[key(name)]

    _update(file, remove)


def change_password(file: Path, name: str, password: str) -> None:
    """Give a user another password, which ends the user's sessions. Raises UsersError."""
    check_password(password, name)
    hashed = _HASHER.hash(_comparable(password))

    def change(users: dict[str, User]) -> None:
        users[key(name)] = find_user(users, name, file).model_copy(update={"password": hashed})

    _update(file, change)


def find_user(users: Users, name: str, file: Path) -> User:
    """Return the user of this name. Raises UsersError."""
    if key(name) not in users:
        raise UsersError(f"{file} has no user {name!r}; `rag user list --auth {file}` tells who is in it")
    return users[key(name)]


def check_free(users: Users, name: str, file: Path) -> None:
    """Raise UsersError if a name is none, or is taken."""
    try:
        _name(name)
    except ValueError as error:
        raise UsersError(f"{name!r} cannot be a name: {error}") from None
    if key(name) in users:
        raise UsersError(f"{file} has a user {name!r} already; `rag user password` changes the password")


def check_password(password: str, name: str) -> None:
    """Raise UsersError for a password that is easily guessed or cannot be typed into the page."""
    password = unicodedata.normalize("NFC", password)
    if len(password) < MIN_PASSWORD:
        count = len(password)
        raise UsersError(
            f"the password has {count} characters; give at least {MIN_PASSWORD}, such as four random words"
        )
    if len(password) > MAX_PASSWORD:
        raise UsersError(f"the password has {len(password)} characters; give at most {MAX_PASSWORD}")
    if len(set(password)) < MIN_DIFFERENT or key(password) == key(name):
        raise UsersError("the password is too easily guessed; take four random words, for example")
    if disarm(password) != password or "\n" in password:
        raise UsersError(
            "the password has characters that cannot be typed; give it in UTF-8, without control characters"
        )


def _user(name: str, role: Role, password: str) -> User:
    try:
        return User(name=name, role=role, password=_HASHER.hash(_comparable(password)))
    except ValidationError as error:
        raise UsersError(f"{name!r} cannot be a user: {_reason(error)}") from None


def _comparable(password: str) -> bytes:
    """Return what is hashed: the same bytes for the same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFC", password).encode(errors="replace")


def _parse(lines: Iterable[str], file: Path) -> dict[str, User]:
    users: dict[str, User] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            user = User.model_validate_json(line)
        except ValidationError as error:
            raise UsersError(f"{file}, line {number}: {_reason(error)}; mend or remove the line") from None
        if users.setdefault(key(user.name), user) is not user:
            raise UsersError(f"{file}, line {number}: a second user {user.name!r}; remove one of the lines")
    return users


def _reason(error: ValidationError) -> str:
    """Say what is wrong without the value, which may be a password."""
    problem = error.errors()[0]
    where = f"{problem['loc'][0]!r}: " if problem["loc"] else ""
    return f"{where}{problem['msg'].removeprefix('Value error, ')}".lower()


def _open_to_others(mode: int, bits: int) -> bool:
    return os.name == "posix" and bool(mode & bits)


def _update(file: Path, change: Callable[[dict[str, User]], None], *, new: bool = False) -> None:
    file = _followed(file)
    with _locked(file):
        users = dict(read_users(file)) if not new or exists(file) else {}
        change(users)
        _write(file, users.values())


def exists(file: Path) -> bool:
    """Tell whether there is a users file. Raises UsersError where that cannot be told."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UsersError(f"cannot read the users file {file}: {error.strerror}") from None
    return True


def _followed(file: Path) -> Path:
    """Return the file that a link leads to, so that a link stays one."""
    try:
        return file.resolve()
    except (OSError, RuntimeError):  # the latter is pathlib's word, until Python 3.13, for a link that leads to itself
        raise UsersError(f"the users file {file} is a link that leads to itself; name the file itself") from None


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        with FileLock(file.with_name(f"{file.name}.lock"), timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise UsersError(f"another `rag user` is writing {file}; try again when it has ended") from None
    except OSError as error:
        raise UsersError(f"cannot write the users file {file}: {error.strerror}") from None


def _write(file: Path, users: Iterable[User]) -> None:
    """Replace the file in one step, readable by its owner only."""
    descriptor, aside = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)  # has the permissions 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as opened:
            opened.writelines(f"{user.model_dump_json()}\n" for user in users)
            opened.flush()
            os.fsync(descriptor)
        _keep_owner(file, Path(aside))
        Path(aside).replace(file)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def _keep_owner(file: Path, aside: Path) -> None:
    """Leave the file with whom it belongs to, where an administrator writes it for a service."""
    with suppress(OSError, AttributeError):
        before = file.stat()
        os.chown(aside, before.st_uid, before.st_gid)
