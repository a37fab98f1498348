"""A language model behind OpenAI's protocol: llama-server, Ollama, vLLM and others.

Nothing that a server sends is believed to be sound: every reply is bounded in time, tokens and bytes, and what is not
of the protocol is told of in one line.
"""

from __future__ import annotations

import codecs
import json
import math
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

import httpx

from rag import models
from rag.errors import LanguageModelError
from rag.llm import Abilities, Piece, Prompt, Reply

CONNECT_SECONDS = 5.0
OLLAMA_CONTEXT = 4096  # Ollama cuts longer prompts short and does not say so, whatever the model could take
LEAST_LOG = -1e6  # of a probability; what is less, or no number at all, is none
LONGEST_LINE = 1 << 20  # bytes of one event, or of a whole answer that is no stream
_PROBE = Prompt("Say how many days a week has.", (), "Days: ")
_CHATML = "<|im_start|>"


class ServerModel:
    """Talks to one model of one server. What it can do is found out when it is first used."""

    def __init__(self, url: str, *, name: str | None, key: str | None, context: int, seconds: float) -> None:
        """Remember where the server is: `url` ends with /v1. `context` holds where the server does not tell.

        Raises LanguageModelError for a key that cannot be sent.
        """
        if key and not (key.isascii() and key.isprintable()):
            raise LanguageModelError(
                f"the key for {url} has characters that no key has; set the right one in the variable RAG_LLM_KEY"
            )
        self._url = url.rstrip("/")
        self._root = self._url.removesuffix("/v1")
        self._wanted = name
        self._context = context
        self._seconds = seconds
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        timeout = httpx.Timeout(seconds, connect=CONNECT_SECONDS)
        self._client = httpx.Client(headers=headers, timeout=timeout, trust_env=False)
        self._finding_out = threading.Lock()
        self._abilities: Abilities | None = None

    def abilities(self) -> Abilities:
        with self._finding_out:
            if self._abilities is None:
                self._abilities = self._find_out()
            return self._abilities

    def count(self, text: str) -> int:
        if not self.abilities().has_tokenizer:
            return len(models.tokens().encode_ordinary(text))
        tokens = self._request("POST", f"{self._root}/tokenize", {"content": text}).get("tokens")
        if not isinstance(tokens, list):
            raise self._nonsense("no tokens where they were asked for")
        return len(tokens)

    def complete(self, prompt: Prompt, *, limit: int, grammar: str | None = None) -> Reply:
        abilities = self.abilities()
        yield from self._complete(
            prompt,
            limit,
            abilities.name,
            is_chat=abilities.is_chat,
            grammar=grammar if abilities.has_grammar else None,
            probabilities=abilities.has_probabilities,
        )

    # --- what the model can do ---------------------------------------------------------------------------------------

    def _find_out(self) -> Abilities:
        listed = self._listed()
        name = self._name(listed)
        props = self._optional("GET", f"{self._root}/props")
        is_llama = "chat_template" in props or "default_generation_settings" in props
        is_chat = not is_llama or self._knows_its_template(props)
        context = self._context_of(name, props, listed.get(name, {}))
        grammar, probabilities = self._probe(name, is_chat)
        return Abilities(name, context, is_chat, grammar, probabilities, is_llama)

    def _listed(self) -> dict[str, Mapping[str, Any]]:
        """Return the server's models by name."""
        entries = self._request("GET", f"{self._url}/models").get("data")
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            raise self._nonsense("no list of models")
        return {str(each.get("id")): each for each in entries}

    def _name(self, listed: Mapping[str, object]) -> str:
        if self._wanted and (self._wanted in listed or not listed):
            return self._wanted
        if self._wanted:
            known = ", ".join(sorted(listed)[:10])
            raise LanguageModelError(f"{self._url} has no model {self._wanted!r}; set 'llm_model' to one of: {known}")
        if not listed:
            raise LanguageModelError(f"{self._url} has no model yet; load one there, or name it in 'llm_model'")
        return next(iter(listed))

    def _knows_its_template(self, props: Mapping[str, Any]) -> bool:
        """Tell a chat model from one for which llama.cpp made a template up, whose marks are no tokens to it."""
        template = str(props.get("chat_template") or "")
        if _CHATML not in template:
            return bool(template)
        body = {"content": _CHATML, "parse_special": True}
        tokens = self._optional("POST", f"{self._root}/tokenize", body).get("tokens")
        return isinstance(tokens, list) and len(tokens) == 1

    def _context_of(self, name: str, props: Mapping[str, Any], listed: Mapping[str, Any]) -> int:
        settings = props.get("default_generation_settings")
        told = settings.get("n_ctx") if isinstance(settings, dict) else listed.get("max_model_len")
        if not told:
            about = self._optional("POST", f"{self._root}/api/show", {"model": name}).get("model_info")
            told_of = about.items() if isinstance(about, dict) else ()
            lengths = [v for k, v in told_of if k.endswith(".context_length") and isinstance(v, int)]
            told = min([OLLAMA_CONTEXT, *lengths]) if lengths else None
        return told if isinstance(told, int) and told > 0 else self._context

    def _probe(self, name: str, is_chat: bool) -> tuple[bool, bool]:
        """Tell whether a reply is held to a grammar, and whether it comes with probabilities, by asking for one."""
        for grammar, probabilities in ((True, True), (True, False), (False, True)):
            wanted = 'root ::= " "? "blue" "\\n"?' if grammar else None
            try:
                pieces = list(
                    self._complete(_PROBE, 8, name, is_chat=is_chat, grammar=wanted, probabilities=probabilities)
                )
            except _Refused:
                continue
            is_held = grammar and "".join(piece.text for piece in pieces).strip() == "blue"
            return is_held, any(piece.log_probability is not None for piece in pieces)
        return False, False

    # --- replies -----------------------------------------------------------------------------------------------------

    def _complete(
        self, prompt: Prompt, limit: int, name: str, *, is_chat: bool, grammar: str | None, probabilities: bool
    ) -> Reply:
        body: dict[str, Any] = {"model": name, "max_tokens": limit, "temperature": 0, "stream": True}
        if grammar:
            body["grammar"] = grammar
        if probabilities:
            body["logprobs"] = True if is_chat else 1
        if is_chat:
            events = self._events(f"{self._url}/chat/completions", body | {"messages": _messages(prompt)})
        else:
            events = self._events(f"{self._url}/completions", body | {"prompt": _as_text(prompt), "stop": ["\n"]})
        with closing(events):
            for count, event in enumerate(events):
                if count > 4 * limit + 64:  # a token comes in one event, and few have none
                    raise self._nonsense("more than it was asked for")
                yield self._piece(event)

    def _events(self, url: str, body: Mapping[str, Any]) -> Generator[Mapping[str, Any], None, None]:
        """Yield the choices of a stream, as they come; of a server that does not stream, the one it sends."""
        is_finished = False
        with self._translated(), self._client.stream("POST", url, json=body) as response:
            until = time.monotonic() + self._seconds
            self._check(response, until)
            for line in self._lines(response, until):
                if not line.startswith("data:"):
                    if line.startswith("{"):  # no stream
                        yield self._choice(line)
                        return
                    continue
                data = line.removeprefix("data:").strip()
                if data == "[DONE]":
                    return
                choice = self._choice(data)
                if choice:
                    yield choice
                    is_finished = is_finished or bool(choice.get("finish_reason"))
        if not is_finished:
            raise LanguageModelError(f"the language model at {self._url} broke off in the middle of a reply; ask again")

    def _choice(self, data: str) -> Mapping[str, Any]:
        try:
            event = json.loads(data)
        except (ValueError, RecursionError):
            raise self._nonsense(f"{data[:40]!r}") from None
        if isinstance(event, dict) and event.get("error"):  # some send null with each
            raise self._refusal(event)
        choices = event.get("choices") if isinstance(event, dict) else None
        if not isinstance(choices, list):
            raise self._nonsense(f"{data[:40]!r}")
        if choices and not isinstance(choices[0], dict):
            raise self._nonsense(f"{data[:40]!r}")
        return choices[0] if choices else {}

    def _piece(self, choice: Mapping[str, Any]) -> Piece:
        holder = choice.get("delta") or choice.get("message") or {}
        text = choice.get("text") if "text" in choice else holder.get("content") if isinstance(holder, dict) else None
        if not isinstance(text, str | None):
            raise self._nonsense("a reply that is no text")
        return Piece(text or "", _log_probability(choice.get("logprobs")))

    def _lines(self, response: httpx.Response, until: float) -> Iterator[str]:
        """Yield the lines of a response. Raises LanguageModelError where they are no text, too long, or too late."""
        decoder = codecs.getincrementaldecoder("utf-8")()
        rest = ""
        for data in response.iter_bytes():
            self._check_time(until)
            try:
                *lines, rest = (rest + decoder.decode(data)).split("\n")
            except UnicodeDecodeError:
                raise self._nonsense("bytes that are no UTF-8") from None
            yield from (line.strip() for line in lines)
            if len(rest) > LONGEST_LINE:
                raise self._nonsense("a line without an end")
        yield rest.strip()

    # --- requests ----------------------------------------------------------------------------------------------------

    def _optional(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        """Return what a server answers that has this address, and nothing of one that has not."""
        try:
            return self._request(method, url, body)
        except _Refused:
            return {}

    def _request(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        until = time.monotonic() + self._seconds
        with self._translated(), self._client.stream(method, url, json=body) as response:
            self._check(response, until)
            try:
                answer = json.loads(self._whole(response, until))
            except (ValueError, RecursionError):
                raise _Refused(str(self._nonsense("no JSON"))) from None
        if not isinstance(answer, dict):
            raise self._nonsense("JSON that is no object")
        return answer

    def _whole(self, response: httpx.Response, until: float) -> bytes:
        whole = bytearray()
        for data in response.iter_bytes():
            self._check_time(until)
            whole += data
            if len(whole) > LONGEST_LINE:
                raise self._nonsense("an answer without an end")
        return bytes(whole)

    def _check(self, response: httpx.Response, until: float) -> None:
        if response.status_code in (401, 403):
            raise LanguageModelError(f"{self._url} refuses the key; set the right one in the variable RAG_LLM_KEY")
        if response.status_code == httpx.codes.OK:
            return
        try:
            answer = json.loads(self._whole(response, until))
        except (ValueError, RecursionError):
            answer = None
        raise self._refusal(answer if isinstance(answer, dict) else {"error": f"HTTP {response.status_code}"})

    def _check_time(self, until: float) -> None:
        if time.monotonic() > until:
            raise self._too_slow()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Say what went wrong with a connection in one line."""
        try:
            yield
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise LanguageModelError(
                f"no language model answers at {self._url}; start the server, or mend the setting 'llm'"
            ) from None
        except httpx.TimeoutException:
            raise self._too_slow() from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:  # the last, of its name
            raise LanguageModelError(f"the language model at {self._url} does not answer soundly: {error}") from None

    def _too_slow(self) -> LanguageModelError:
        return LanguageModelError(
            f"the language model at {self._url} took longer than {self._seconds:g} seconds; ask again, take a smaller "
            "model, or raise the setting 'llm_seconds'"
        )

    def _nonsense(self, what: str) -> LanguageModelError:
        return LanguageModelError(
            f"{self._url} does not speak OpenAI's protocol: it sent {what}; mend the setting 'llm', "
            "which mostly ends in /v1"
        )

    def _refusal(self, answer: Mapping[str, Any]) -> LanguageModelError:
        error = answer.get("error")
        message = error.get("message") if isinstance(error, dict) else error
        said = " ".join(str(message).split())[:200]
        if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
            return LanguageModelError(f"the prompt is too long for the language model: {said}; raise 'llm_context'")
        return _Refused(f"the language model at {self._url} refuses: {said}; mend the setting 'llm' or 'llm_model'")


class _Refused(LanguageModelError):
    """The server is there, but does not do what was asked."""


def _messages(prompt: Prompt) -> list[dict[str, str]]:
    turns = [
        message
        for example in prompt.examples
        for message in (("user", example.given.strip()), ("assistant", example.wanted.strip()))
    ]
    pairs = [("system", prompt.instructions), *turns, ("user", prompt.given.strip())]
    return [{"role": role, "content": content} for role, content in pairs]


def _as_text(prompt: Prompt) -> str:
    examples = [f"{example.given.rstrip()} {example.wanted.strip()}" for example in prompt.examples]
    return "\n\n".join([prompt.instructions, *examples, prompt.given.rstrip()])


def _log_probability(told: Any) -> float | None:
    """Return the sum over the tokens of an event, in the form of chats or in that of completions."""
    if not isinstance(told, dict):
        return None
    entries = told.get("content")
    if isinstance(entries, list):
        values: Any = [entry.get("logprob") for entry in entries if isinstance(entry, dict)]
    else:
        values = told.get("token_logprobs")
    if not isinstance(values, list):
        return None
    numbers = [value for value in values if isinstance(value, int | float) and LEAST_LOG <= value <= 0]
    return math.fsum(numbers) if numbers else None
