"""Settings: layers, origins, and refusals that name the key and where it came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.config import PASSAGE_STYLES, Settings, load_settings
from rag.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rag.toml"
    path.write_text('hits = 5\nport = 8000\nmodel = "some/model"\n', "utf-8")
    return path


def test_defaults_come_last_and_flags_first(file: Path) -> None:
    settings, origins = load_settings({"port": 9000, "host": None}, file=file, environ={"RAG_HITS": "7", "PATH": "x"})
    assert (settings.hits, settings.port, settings.model) == (7, 9000, "some/model")
    assert (origins["hits"], origins["port"], origins["model"]) == ("RAG_HITS", "--port", str(file))
    assert origins["host"] == "default"
    assert set(origins) == set(Settings.model_fields)


def test_a_file_in_the_working_folder_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(file.parent)
    assert load_settings(environ={})[0].hits == 5


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "rag.toml"
    path.write_bytes(b"\xef\xbb\xbfhits = 3\n")
    assert load_settings(file=path, environ={})[0].hits == 3


def test_empty_variables_count_as_not_given() -> None:
    assert load_settings(environ={"RAG_HITS": ""})[0].hits == Settings().hits


def test_a_false_flag_is_given() -> None:
    settings, origins = load_settings({"bfloat16": False}, environ={})
    assert settings.bfloat16 is False
    assert origins["bfloat16"] == "--bfloat16"


def test_a_key_is_not_shown_where_it_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "rag.toml"
    path.write_text("llm_key = 12345", "utf-8")
    with pytest.raises(SettingsError, match=r"setting 'llm_key' .* should be a valid string") as caught:
        load_settings(file=path, environ={})
    assert "12345" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("hitz = 5", r"unknown setting 'hitz' \(.*rag\.toml\); known are: documents, index"),
        ("hits = 0", r"setting 'hits' \(.*rag\.toml\): input should be greater than or equal to 1, not 0"),
        ("hits = 'many'", r"setting 'hits' .* not 'many'"),
        ("hits = ", r"rag\.toml is not valid TOML"),
        ("\xff", r"rag\.toml is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "rag.toml"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(SettingsError, match=message):
        load_settings(file=path, environ={})


def test_unknown_variables_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"unknown setting 'modle' \(RAG_MODLE\)"):
        load_settings(environ={"RAG_MODLE": "x"})


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*absent\.toml: No such file"):
        load_settings(file=tmp_path / "absent.toml")


def test_several_problems_are_told_at_once() -> None:
    with pytest.raises(SettingsError, match=r"'hits'.*; .*'port'|'port'.*; .*'hits'"):
        load_settings({"hits": 0, "port": -1}, environ={})


def test_passage_sizes() -> None:
    assert Settings().passage_size == PASSAGE_STYLES["news"]
    assert Settings(passage_style="manual").passage_size == PASSAGE_STYLES["manual"]
    assert Settings(passage_style="manual", passage_tokens=100).passage_size == (100, 50)
    assert Settings(passage_overlap=40).passage_size == (PASSAGE_STYLES["news"][0], 40)


def test_lists_may_be_one_text(tmp_path: Path) -> None:
    file = tmp_path / "rag.toml"
    file.write_text('allowed_hosts = ["Chat.Example.com", "blåbær.no", "[2001:db8::1]"]\n', "utf-8")
    settings, _ = load_settings(file=file, environ={"RAG_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"})
    assert settings.allowed_hosts == ("chat.example.com", "xn--blbr-roah.no", "2001:db8::1")
    assert settings.trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


@pytest.mark.parametrize("name", ["http://chat.lan", "chat.lan:80", "*", "*.lan", "a/b", "", "..", "a b", '"'])
def test_hosts_are_plain_names(name: str) -> None:
    with pytest.raises(SettingsError, match=r"'allowed_hosts' .*a host is a name like chat\.example\.com"):
        load_settings({"allowed_hosts": [name]}, environ={})


@pytest.mark.parametrize("name", ["chat.lan", "*", "10.0.0.1/8", ""])
def test_proxies_are_addresses(name: str) -> None:
    with pytest.raises(SettingsError, match=r"'trusted_proxies' .*a proxy is an address like 127\.0\.0\.1"):
        load_settings({"trusted_proxies": [name]}, environ={})


COLLECTIONS = """
index = "here/index"
[collections.minutes]
documents = "m"
[collections.letters]
documents = "l"
index = "elsewhere"
"""


def test_a_collection_has_documents_and_an_index_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "rag.toml"
    file.write_text(COLLECTIONS)
    minutes, origins = load_settings({"collection": "minutes"}, file=file, environ={})
    assert (minutes.documents, minutes.index) == (Path("m"), Path("here/index-minutes"))
    assert (origins["documents"], origins["index"]) == ("collection minutes", "collection minutes")
    letters, origins = load_settings({"index": Path("flag"), "collection": "letters"}, file=file, environ={})
    assert (letters.documents, letters.index, origins["index"]) == (Path("l"), Path("flag"), "--index")
    assert load_settings(file=file, environ={})[0].index == Path("here/index")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no collection 'minutes'; known are: none; add a table"),
        ("[collections.letters]\ndocuments = 'l'", "there is no collection 'minutes'; known are: letters"),
        ("[collections.minutes]\nindex = 'i'", "setting 'collections'"),
        ("[collections.minutes]\ndocuments = 'd'\nhits = 3", "setting 'collections'"),
        ("[collections.'../x']\ndocuments = 'd'", "setting 'collections'"),
        ("collections = 5", "setting 'collections'"),
    ],
)
def test_a_wrong_collection_is_told(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "rag.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=said):
        load_settings({"collection": "minutes"}, file=file, environ={})


def test_a_collection_may_be_chosen_in_any_layer(tmp_path: Path) -> None:
    file = tmp_path / "rag.toml"
    file.write_text(f"collection = 'minutes'\n{COLLECTIONS}")
    assert load_settings(file=file, environ={})[0].documents == Path("m")
    letters = load_settings(file=file, environ={"RAG_COLLECTION": "letters"})[0]
    assert (letters.documents, letters.of("minutes").index) == (Path("l"), Path("here/index-minutes"))
    own, origins = load_settings({"collection": ""}, file=file, environ={})
    assert (own.documents, own.index, origins["documents"]) == (Path("seeds"), Path("here/index"), "default")
