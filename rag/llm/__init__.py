"""A language model behind one protocol: in this process, from a GGUF file, or a server with OpenAI's protocol."""

from __future__ import annotations

import importlib.util
from collections.abc import Generator
from pathlib import Path
from typing import NamedTuple, Protocol

from rag.config import BUNDLED_LLM, Settings

_SERVER = ("http://", "https://")


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


# A reply as it comes; to close it ends it, also where the model is.
Reply = Generator[Piece, None, None]


class LanguageModel(Protocol):
    """Writes on from a prompt. Safe to share between threads. Every method raises LanguageModelError."""

    def abilities(self) -> Abilities:
        """Return what the model can do; found out once."""
        ...

    def count(self, text: str) -> int:
        """Return the tokens of a text, or an estimate that is hardly too low."""
        ...

    def complete(self, prompt: Prompt, *, limit: int, grammar: str | None = None) -> Reply:
        """Yield a reply of at most `limit` tokens, the likeliest token each time.

        Pieces are empty while others are waited for. `grammar` holds for the reply, which may begin with a space and
        end with a line break; a model without grammar support is not held to it.
        """
        ...


def is_configured(settings: Settings) -> bool:
    """Tell whether the settings name a model, or the bundled one is installed; nothing is loaded or called."""
    if settings.llm.startswith(_SERVER):
        return True
    from rag.llm import gemma

    return importlib.util.find_spec("xllamacpp") is not None and (settings.llm != BUNDLED_LLM or gemma.is_installed())


def open_model(settings: Settings) -> LanguageModel:
    """Load the model, or name the server, that the settings tell. Raises ModelError; a server is not called yet."""
    if settings.llm.startswith(_SERVER):
        from rag.llm.server import ServerModel

        key = settings.llm_key.get_secret_value() if settings.llm_key else None
        return ServerModel(
            settings.llm, name=settings.llm_model, key=key, context=settings.llm_context, seconds=settings.llm_seconds
        )
    from rag.llm import gemma
    from rag.llm.local import LocalModel

    return LocalModel(gemma.file(settings) if settings.llm == BUNDLED_LLM else Path(settings.llm), settings)
