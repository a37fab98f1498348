"""A model behind a server, and what servers send that do not speak the protocol."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from typing import Any

import pytest

from rag.errors import LanguageModelError
from rag.llm import Example, Prompt
from rag.llm.server import LONGEST_LINE, ServerModel
from tests.llm_servers import Handler, Reply, StubServer, drips, hangs, says, sends, stream, stub

PROMPT = Prompt("Answer.", (Example("Text: It is hot.\nAnswer:", "hot"),), "Text: It is cold.\nAnswer:")
CHAT = "/v1/chat/completions"


def model(server: StubServer, **options: Any) -> ServerModel:
    return ServerModel(server.url, **{"name": None, "key": None, "context": 2048, "seconds": 5.0} | options)


def reply(server: StubServer, **options: Any) -> str:
    return "".join(piece.text for piece in model(server, **options).complete(PROMPT, limit=16))


def test_a_chat_model_gets_messages_and_its_reply_comes_in_pieces() -> None:
    with stub({CHAT: says("It is ", "cold", ".")}) as server:
        pieces = [piece.text for piece in model(server, key="k").complete(PROMPT, limit=16)]
    assert pieces == ["It is ", "cold", ".", ""]
    body = server.asked[-1][1]
    assert body["model"] == "stub"
    assert body["max_tokens"] == 16
    assert body["messages"] == [
        {"role": "system", "content": "Answer."},
        {"role": "user", "content": "Text: It is hot.\nAnswer:"},
        {"role": "assistant", "content": "hot"},
        {"role": "user", "content": "Text: It is cold.\nAnswer:"},
    ]


def test_an_error_that_is_null_is_none() -> None:
    with stub(
        {CHAT: sends(b'data: {"error": null, "choices": [{"text": "cold", "finish_reason": "stop"}]}\n\n')}
    ) as server:
        assert reply(server) == "cold"


def test_a_name_that_no_server_can_have_is_one_clear_line() -> None:
    nowhere = ServerModel("http://model..local/v1", name=None, key=None, context=4096, seconds=1)
    with pytest.raises(LanguageModelError, match="does not answer soundly"):
        nowhere.abilities()


def test_the_key_goes_with_every_request_and_to_no_other_address() -> None:
    keys = []

    def moved(handler: Handler, _: Mapping[str, Any]) -> None:
        keys.append(handler.headers["Authorization"])
        handler.send_response(307)
        handler.send_header("Location", "http://127.0.0.1:1/elsewhere")
        handler.end_headers()

    with stub({CHAT: moved}) as server, pytest.raises(LanguageModelError, match="refuses: HTTP 307"):
        reply(server, key="secret")
    assert set(keys) == {"Bearer secret"}


def test_what_a_model_can_do_is_found_out() -> None:
    """This one ignores grammars, as Ollama does, and tells its context as vLLM does."""
    models = {"data": [{"id": "small", "max_model_len": 900}, {"id": "large", "max_model_len": 9000}]}
    with stub({CHAT: says("7"), "/v1/models": sends(models)}) as server:
        found = model(server, name="large").abilities()
        assert found == ("large", 9000, True, False, False, False)
        assert model(server).abilities().name == "small"


def test_a_server_that_refuses_grammars_and_probabilities_is_asked_without() -> None:
    def strict(handler: Handler, body: Mapping[str, Any]) -> None:
        if {"grammar", "logprobs"} & set(body):
            handler.send(b'{"error": {"message": "unknown field"}}', status=400)
        else:
            handler.send(stream("cold"))

    with stub({CHAT: strict}) as server:
        assert model(server).abilities()[3:] == (False, False, False)
        assert reply(server) == "cold"


def test_ollama_tells_its_context_in_its_own_way() -> None:
    show = {"model_info": {"llama.context_length": 131072, "llama.embedding_length": 64}}
    with stub({CHAT: says("7"), "/api/show": sends(show)}) as server:
        assert model(server).abilities().context == 4096


def test_a_server_that_does_not_stream_is_understood() -> None:
    whole = {"choices": [{"message": {"content": "cold"}, "finish_reason": "stop"}]}
    with stub({CHAT: sends(whole)}) as server:
        assert reply(server) == "cold"


@pytest.mark.parametrize("told", [{"content": [{"logprob": -1.0}, {"logprob": -0.5}]}, {"token_logprobs": [-1.5]}])
def test_probabilities_are_read_in_both_forms(told: object) -> None:
    event = {"choices": [{"delta": {"content": "cold"}, "logprobs": told, "finish_reason": "stop"}]}
    with stub({CHAT: sends(b"data: " + json.dumps(event).encode() + b"\n\ndata: [DONE]\n\n")}) as server:
        assert [piece.log_probability for piece in model(server).complete(PROMPT, limit=9)] == [-1.5]


def test_a_model_that_the_server_has_not_is_told_with_those_it_has() -> None:
    with stub({}) as server, pytest.raises(LanguageModelError, match=r"no model 'other'.*'llm_model'.*: stub"):
        model(server, name="other").abilities()


def test_a_server_that_is_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    down = ServerModel(url, name=None, key=None, context=2048, seconds=5)
    with pytest.raises(LanguageModelError, match=f"no language model answers at {url}; start the server"):
        down.abilities()


def test_it_is_asked_again_once_it_is_up() -> None:
    with stub({"/v1/models": sends({"data": []}), CHAT: says("cold")}) as server:
        again = model(server)
        with pytest.raises(LanguageModelError, match="has no model yet"):
            again.abilities()
        server.replies["/v1/models"] = sends({"data": [{"id": "stub"}]})
        assert again.abilities().name == "stub"


@pytest.mark.parametrize("told", [3.5, {"token_logprobs": 3.5}, {"content": [7, {"logprob": 10**400}]}])
def test_probabilities_that_are_none_do_no_harm(told: object) -> None:
    choice = {"delta": {"content": "cold"}, "logprobs": told, "finish_reason": "stop"}
    with stub({CHAT: sends(b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n")}) as server:
        assert list(model(server).complete(PROMPT, limit=16)) == [("cold", None)]


def test_what_a_server_tells_of_itself_wrongly_does_no_harm() -> None:
    own = {
        "/props": sends({"chat_template": "<|im_start|>", "default_generation_settings": {"n_ctx": "many"}}),
        "/tokenize": sends({"tokens": 7}),
        "/api/show": sends({"model_info": {"llama.context_length": "many"}}),
        "/v1/completions": says("7"),
    }
    with stub(own) as server:
        assert model(server).abilities()[:3] == ("stub", 2048, False)
        del server.replies["/props"]
        assert model(server).abilities().context == 2048


@pytest.mark.parametrize("key", ["ключ", "two\nlines"])
def test_a_key_that_cannot_be_sent_is_told_and_not_shown(key: str) -> None:
    with pytest.raises(LanguageModelError, match="RAG_LLM_KEY") as caught:
        ServerModel("http://127.0.0.1:1/v1", name=None, key=key, context=2048, seconds=1)
    assert key not in str(caught.value)


BROKEN = "data: {}\n\n".replace("{}", '{"choices": [{"delta": {"content": "co"}}]}').encode()


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (sends(b"<html>Welcome</html>"), "broke off"),
        (sends(b"data: <html>\n\n"), "does not speak OpenAI's protocol: it sent '<html>'"),
        (sends(b"data: 7\n\n"), "does not speak OpenAI's protocol"),
        (sends(b"data: " + b"[" * 100_000 + b"\n\n"), "does not speak OpenAI's protocol"),
        (sends(b'data: {"choices": [7]}\n\n'), "does not speak OpenAI's protocol"),
        (sends(b'data: {"choices": [{"delta": {"content": 7}}]}\n\n'), "a reply that is no text"),
        (sends(b"data: \xff\xfe\n\n"), "bytes that are no UTF-8"),
        (sends(BROKEN), "broke off in the middle of a reply"),
        (sends(b""), "broke off in the middle of a reply"),
        (sends(b'data: {"error": {"message": "out of\\nmemory"}}\n\n'), "refuses: out of memory"),
        (sends({"error": "overloaded"}, status=503), "refuses: overloaded"),
        (sends(b"<html>", status=502), "refuses: HTTP 502"),
        (sends({}, status=401), "refuses the key; set the right one in the variable RAG_LLM_KEY"),
        (
            sends({"error": {"type": "exceed_context_size_error", "message": "900 tokens exceed 512"}}, status=400),
            "the prompt is too long for the language model: 900 tokens exceed 512; raise 'llm_context'",
        ),
        (hangs, "took longer than 1 seconds"),
        (drips(b": still here\n\n", 0.05), "took longer than 1 seconds"),
        (drips(BROKEN, 0), "more than it was asked for"),
        (drips(b"x" * LONGEST_LINE, 0), "a line without an end"),
    ],
)
def test_what_is_not_sound_is_one_clear_line(sent: Reply, told: str) -> None:
    def after_probing(handler: Handler, body: Mapping[str, Any]) -> None:
        handler.send(stream("7")) if body["max_tokens"] != 16 else sent(handler, body)

    with stub({CHAT: after_probing}) as server, pytest.raises(LanguageModelError) as caught:
        reply(server, seconds=1.0)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("sent", [b"<html>", b"[]", b'{"data": 7}', b'{"data": [7]}', b"\xff", b"[" * 100_000])
def test_what_is_no_list_of_models(sent: bytes) -> None:
    told = r"does not speak OpenAI's protocol: .*; mend the setting 'llm'"
    with stub({"/v1/models": sends(sent)}) as server, pytest.raises(LanguageModelError, match=told):
        model(server).abilities()


def test_closing_the_reply_ends_it_at_the_server() -> None:
    def endless(handler: Handler, body: Mapping[str, Any]) -> None:
        (drips(BROKEN, 0.02) if body["max_tokens"] == 1000 else says("7"))(handler, body)

    with stub({CHAT: endless}) as server:
        pieces = model(server).complete(PROMPT, limit=1000)
        assert next(pieces).text == "co"
        pieces.close()  # type: ignore[attr-defined]
        assert server.left.wait(2)
