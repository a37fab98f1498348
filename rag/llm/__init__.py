"""A language model behind one protocol: in this process, from a GGUF file, or a server with OpenAI's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from rag.config import BUNDLED_LLM, Settings


class Example(NamedTuple):
    """What a model was given once, and what it should have written."""

    given: str
    wanted: str


class Prompt(NamedTuple):
    """What is asked of a model. A chat model gets it as messages, another one as a text to go on with.

    So `given` ends with what comes right before the reply, as “Answer:”, and every reply is one line.
    """

    instructions: str
    examples: tuple[Example, ...]
    given: str


class Abilities(NamedTuple):
    """What was found out about a model."""

    name: str
    context: int  # tokens of prompt and reply together
    is_chat: bool  # it has a chat template, and was trained on it
    has_grammar: bool  # it holds to a grammar (GBNF)
    has_probabilities: bool
    has_tokenizer: bool  # it tells how many tokens a text has


class Piece(NamedTuple):
    """A part of a reply as it comes, with the log-probability of its tokens, if that is told."""

    text: str
    log_probability: float | None = None


class LanguageModel(Protocol):
    """Writes on from a prompt. Safe to share between threads. Every method raises LanguageModelError."""

    def abilities(self) -> Abilities:
        """Return what the model can do; found out once."""
        ...

    def count(self, text: str) -> int:
        """Return the tokens of a text, or an estimate that is hardly too low."""
        ...

    def complete(self, prompt: Prompt, *, limit: int, grammar: str | None = None) -> Iterator[Piece]:
        """Yield a reply of at most `limit` tokens, the likeliest token each time; closing the iterator ends it.

        `grammar` holds for the reply, which may begin with a space and end with a line break; a model without grammar
        support is not held to it.
        """
        ...


def open_model(settings: Settings) -> LanguageModel:
    """Load the model, or name the server, that the settings tell. Raises ModelError; a server is not called yet."""
    if settings.llm.startswith(("http://", "https://")):
        from rag.llm.server import ServerModel

        key = settings.llm_key.get_secret_value() if settings.llm_key else None
        return ServerModel(
            settings.llm, name=settings.llm_model, key=key, context=settings.llm_context, seconds=settings.llm_seconds
        )
    from rag.llm import gemma
    from rag.llm.local import LocalModel

    return LocalModel(gemma.file(settings) if settings.llm == BUNDLED_LLM else Path(settings.llm), settings)
