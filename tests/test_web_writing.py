"""Chats over the real model in this process: two who ask at once wait for each other, and each gets the own answer."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rag.answerers import Answerers, finish
from rag.answerers.check import Checker
from rag.answerers.compose import ComposeAnswerer
from rag.answerers.sentence import SentenceAnswerer
from rag.config import Settings
from rag.llm import LanguageModel
from rag.pipeline import Pipeline
from rag.web.chats import Chat, Chats
from tests.fakes import HashEncoder, build

TEXTS = {
    "bridge.txt": "The bridge over the Eira is 420 metres long and was built in 1956.\n",
    "ferry.txt": "The ferry to Moss carries 80 cars and sails every day of the year.\n",
}
QUESTIONS = ("How long is the bridge over the Eira?", "How many cars does the ferry to Moss carry?")


@pytest.mark.model
def test_two_at_once_are_answered_as_one_after_the_other(tmp_path: Path, language_model: LanguageModel) -> None:
    settings = Settings(documents=tmp_path / "documents", index=tmp_path / "index", abstain_below=0)
    build(settings, TEXTS)
    encoder = HashEncoder()
    answerers = Answerers(settings, encoder)
    answerers.put("reader", SentenceAnswerer(settings))
    answerers.put("compose", ComposeAnswerer(answerers.get("reader"), Checker(encoder), language_model))
    chats = Chats(Pipeline(settings, encoder, answerers))
    together: dict[str, object] = {}

    def ask(question: str) -> object:
        answer = finish(chats.ask(Chat(), question, {"answerer": "compose"})).answer
        assert answer is not None
        together[question] = answer.statements
        return answer.statements

    threads = [threading.Thread(target=ask, args=(question,)) for question in QUESTIONS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(map(together.get, QUESTIONS)) == list(map(ask, QUESTIONS))
    assert all(together.values())
