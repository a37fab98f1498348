"""Settings: defaults < rag.toml < RAG_* environment variables < command-line flags. Unknown keys are refused.

Settings travel as arguments; nothing in the package reads them from a global.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from rag.errors import SettingsError

BUNDLED = "multilingual-e5-small (bundled)"
BUNDLED_LLM = "gemma-3-270m (extra llm)"
PASSAGE_STYLES = {"news": (320, 0), "manual": (420, 60)}  # tokens and overlap, in tiktoken tokens
_HOST_NAME = re.compile(r"(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*")


def _words(value: Any) -> Any:
    """Take a list apart that is written as one text, as in a variable."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _host_name(text: str) -> str:
    try:
        name = (text if text.isascii() else text.encode("idna").decode()).lower().strip("[]").removesuffix(".")
    except UnicodeError:
        name = ""
    if not _HOST_NAME.fullmatch(name) and not _is_address(name):
        raise ValueError("a host is a name like chat.example.com, without http://, port or *")
    return name


def _is_address(text: str) -> bool:
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("a proxy is an address like 127.0.0.1 or a network like 10.0.0.0/8") from None


CollectionName = Annotated[str, Field(pattern=r"^[\w-]{1,64}$")]
HostNames = Annotated[tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(_words)]
Addresses = Annotated[tuple[Annotated[str, AfterValidator(_network)], ...], BeforeValidator(_words)]


class Collection(BaseModel):
    """A folder of documents with an index of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: Path
    index: Path | None = None  # that of the settings with the collection's name behind it by default


class Settings(BaseModel):
    """Everything that can be set. Each field is also a key of rag.toml and, as RAG_<NAME>, a variable."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    documents: Path = Field(Path("seeds"), description="folder of documents")
    index: Path = Field(Path("index"), description="folder of the index")
    collections: Mapping[CollectionName, Collection] = Field(
        {},
        description="more folders: tables [collections.NAME] with documents and index, for --collection",
    )
    collection: str | None = Field(None, description="which of them is indexed and asked, and on the page chosen first")
    evaluation: Path = Field(Path("evaluation"), description="folder of question files that the page offers")
    model: str = Field(BUNDLED, min_length=1, description="any sentence-transformers model: a hub name or a folder")
    bfloat16: bool = Field(True, description="compute in bfloat16 where the processor has it")
    threads: int = Field(0, ge=0, le=1024, description="processor threads; 0 means all")
    cache: Path | None = Field(None, description="folder for the converted model; the user's cache folder by default")
    passage_style: Literal["news", "manual"] = Field("news", description="preset for passage size and overlap")
    passage_tokens: int | None = Field(None, ge=16, le=480, description="passage size in tokens")
    passage_overlap: int | None = Field(None, ge=0, le=240, description="overlap of passages in tokens")
    max_file_megabytes: float = Field(64, gt=0, description="larger files are skipped")
    max_read_seconds: float = Field(300, gt=0, le=86400, description="reading one file is given up after so long")
    max_read_megabytes: int = Field(2048, ge=256, description="memory that reading one file may take")
    max_unpacked_megabytes: int = Field(512, ge=1, description="archives that unpack to more are skipped")
    hits: int = Field(10, ge=1, le=100, description="passages retrieved for a question")
    lexical_weight: float = Field(0.4, ge=0, le=10, description="weight of BM25 beside the dense score")
    answerer: Literal["reader", "sentence", "quote", "compose"] = Field(
        "reader", description="what makes the answer of the passages"
    )
    reader_tokens: int = Field(700, ge=64, le=20000, description="tokens of the hits that the reader reads")
    abstain_below: float = Field(
        0.35, ge=0, le=1, description="confidence under which the reply is «not in the documents»"
    )
    llm: str = Field(
        BUNDLED_LLM, min_length=1, description="language model: a GGUF file, or a server's address, that ends in /v1"
    )
    llm_model: str | None = Field(None, min_length=1, description="which of a server's models; its first by default")
    llm_key: SecretStr | None = Field(None, description="key that a server asks for; best as a variable")
    llm_context: int = Field(
        4096, ge=512, le=131072, description="tokens that a language model reads and writes at most"
    )
    llm_seconds: float = Field(60, gt=0, le=3600, description="a reply of a language model is given up after so long")
    followups: Literal["rule", "model"] = Field(
        "rule", description="what completes a question that leans on those before: rules, or the language model"
    )
    max_question_characters: int = Field(2000, ge=1, description="longer questions are refused")
    keep_history: bool = Field(True, description="keep conversations, to go on with and to export")
    history: Path | None = Field(None, description="file of the conversations; in the user's data folder by default")
    host: str = Field("127.0.0.1", description="address the page is served on")
    port: int = Field(7860, ge=0, le=65535, description="port the page is served on; 0 takes a free one")
    auth: Path | None = Field(None, description="file of those who may log in, which `rag user` writes")
    allowed_hosts: HostNames = Field((), description="names by which others reach the page, beside addresses")
    trusted_proxies: Addresses = Field((), description="addresses of proxies whose word on the client is taken")
    requests_per_minute: int = Field(60, ge=1, description="questions and uploads of one client, or of one user")

    @field_validator("collections")
    @classmethod
    def _with_indexes(cls, found: Mapping[str, Collection], info: ValidationInfo) -> Mapping[str, Collection]:
        """Name the index of each collection while that of the settings is known: choosing one puts its own in place."""
        index: Path = info.data.get("index", Path("index"))
        named = {name: each.index or index.with_name(f"{index.name}-{name}") for name, each in found.items()}
        return {name: each.model_copy(update={"index": named[name]}) for name, each in found.items()}

    @property
    def passage_size(self) -> tuple[int, int]:
        """Return passage size and overlap in tokens, the preset's where they are not set themselves."""
        size, overlap = PASSAGE_STYLES[self.passage_style]
        size = self.passage_tokens or size
        overlap = overlap if self.passage_overlap is None else self.passage_overlap
        return size, min(overlap, size // 2)

    def of(self, collection: str) -> Settings:
        """Return the settings with the folders of a collection. Raises SettingsError where there is no such one."""
        found = self.collections.get(collection)
        if found is None:
            known = ", ".join(self.collections) or "none; add a table [collections.NAME] to rag.toml"
            raise SettingsError(f"there is no collection {collection!r}; known are: {known}")
        return self.model_copy(update={**dict(found), "collection": collection})


class Origin(NamedTuple):
    """Where a setting's value comes from: `default`, a file's path, a variable's name or a flag."""

    value: Any
    source: str


def load_settings(
    flags: Mapping[str, Any] | None = None,
    *,
    file: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Settings, dict[str, str]]:
    """Merge the layers and return the settings with the origin of each.

    `flags` that are None count as not given; they go before what the chosen collection says. Without `file`,
    ``rag.toml`` of the working folder is read if it is there.
    Raises SettingsError, naming the key, the layer it came from and what it should be.
    """
    layers = _file_layer(file) | _environment_layer(os.environ if environ is None else environ)
    given = {name: Origin(value, f"--{name.replace('_', '-')}") for name, value in (flags or {}).items()}
    layers |= {name: origin for name, origin in given.items() if origin.value is not None}
    unknown = sorted(set(layers) - set(Settings.model_fields))
    if unknown:
        sources = ", ".join(f"{name!r} ({layers[name].source})" for name in unknown)
        raise SettingsError(f"unknown setting {sources}; known are: {', '.join(Settings.model_fields)}")
    try:
        settings = Settings(**{name: origin.value for name, origin in layers.items()})
    except ValidationError as error:
        raise SettingsError(_explain(error, layers)) from None
    if settings.collection:
        chosen = settings.of(settings.collection)
        flagged = {name: getattr(settings, name) for name in Collection.model_fields if _is_flag(layers.get(name))}
        settings = chosen.model_copy(update=flagged)
        changed = Collection.model_fields.keys() - flagged
        layers |= {name: Origin(getattr(settings, name), f"collection {settings.collection}") for name in changed}
    return settings, {name: layers[name].source if name in layers else "default" for name in Settings.model_fields}


def _is_flag(origin: Origin | None) -> bool:
    return origin is not None and origin.source.startswith("--")


def _file_layer(file: Path | None) -> dict[str, Origin]:
    path = file or Path("rag.toml")
    if file is None and not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from None
    return {name: Origin(value, str(path)) for name, value in table.items()}


def _environment_layer(environ: Mapping[str, str]) -> dict[str, Origin]:
    prefix = "RAG_"
    names = [variable for variable in environ if variable.startswith(prefix) and environ[variable]]
    return {variable[len(prefix) :].lower(): Origin(environ[variable], variable) for variable in names}


def _explain(error: ValidationError, layers: Mapping[str, Origin]) -> str:
    problems = []
    for problem in error.errors():
        name = str(problem["loc"][0])
        source = layers[name].source if name in layers else "default"
        message = problem["msg"].removeprefix("Value error, ").lower()
        instead = "" if name == "llm_key" else f", not {problem['input']!r}"  # a key is shown nowhere
        problems.append(f"setting {name!r} ({source}): {message}{instead}")
    return "; ".join(problems)
