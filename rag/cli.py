"""The command `rag`: one function a command.

Exit codes: 0 done, 1 a bug, 2 wrong use or bad input, 3 a bar of `rag eval --require` not cleared or a citation that no
longer holds, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag import __version__
from rag.errors import RagError
from rag.untrusted import disarm, to_json

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.history import Conversation, History, StoredTurn
    from rag.index import Filters
    from rag.pipeline import Pipeline
    from rag.types import Document
    from rag.users import Role

# Imports are inside the functions: `rag --help` must not wait for torch.

EXIT_BAD_INPUT = 2
EXIT_UNMET = 3
EXIT_INTERRUPTED = 130
_FOLDER = _FILE = click.Path(path_type=Path)
Load = Callable[..., "tuple[Settings, dict[str, str]]"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code; a user's mistake is one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a terminal in another encoding must not crash us
    try:
        cli.main(arguments, prog_name="rag", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(EXIT_BAD_INPUT)
    except click.ClickException as error:
        _fail(f"{error.format_message()} (see `rag --help`)")
    except RagError as error:
        _fail(str(error), getattr(error, "problems", ()))
    except (KeyboardInterrupt, click.Abort):
        sys.exit(EXIT_INTERRUPTED)
    except _ReaderGone:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or flushing it on the way out would fail again
        sys.exit(0)


def _fail(message: str, problems: Sequence[str] = ()) -> None:
    for line in (f"rag: {message}", *(f"  {problem}" for problem in problems)):
        indent = line[: len(line) - len(line.lstrip())]
        click.echo(indent + " ".join(disarm(line).split()), err=True)
    sys.exit(EXIT_BAD_INPUT)


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every command has, and the settings merged of all layers."""

    @_with_loading
    @wraps(command)
    def run(load: Load, **flags: Any) -> None:
        settings, origins = load()
        command(settings, origins=origins, **flags)

    return run


def _with_loading(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every command has, and what merges the settings; flags may be put in place."""

    @click.option("--index", type=_FOLDER, metavar="DIR", help="Folder of the index.")
    @click.option("--collection", metavar="NAME", help="Documents and index of [collections.NAME] in the settings.")
    @click.option("--config", type=_FOLDER, metavar="FILE", help="Settings file instead of ./rag.toml.")
    @wraps(command)
    def run(config: Path | None, **flags: Any) -> None:
        from rag.config import Settings, load_settings

        known = {name: flags.pop(name) for name in list(flags) if name in Settings.model_fields}
        command(lambda **instead: load_settings({**known, **instead}, file=config), **flags)

    return run


class _ReaderGone(Exception):
    """Whoever read our output has gone, as in `rag ask … | head`."""


class _Commands(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGone from None  # click would call it an error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="rag", message="%(prog)s %(version)s")
def cli() -> None:
    """Ask questions of a folder of documents and get cited answers."""


@cli.command()
@click.argument("documents", type=_FOLDER, required=False)
@click.option("--strict", is_flag=True, help="Fail if any file cannot be read.")
@click.option("--watch", is_flag=True, help="Go on, and index again after every change, until Ctrl-C.")
@_with_settings
def index(settings: Settings, strict: bool, watch: bool, origins: dict[str, str]) -> None:
    """Index the folder DOCUMENTS. What has not changed is not embedded again."""
    from rag.encoder_process import loading
    from rag.terminal import build_with_progress, print_report

    if watch and strict:
        raise click.UsageError("--watch and --strict exclude each other")
    if watch:
        from rag.watching import watch as keep_up

        keep_up(settings)
    else:
        with loading(settings) as load:
            report = build_with_progress(settings, strict=strict, load=load)
        print_report(report, settings)


@cli.command()
@click.argument("question", required=False)
@click.option("--answerer", metavar="NAME", help="What makes the answer: reader, sentence, quote, compose.")
@click.option("--document", metavar="GLOB", help="Only documents whose path matches.")
@click.option("--language", metavar="L", help="Only documents in this language (ISO 639-1).")
@click.option("--since", metavar="DATE", help="Only documents dated on or after YYYY-MM-DD.")
@click.option("--until", metavar="DATE", help="Only documents dated on or before YYYY-MM-DD.")
@click.option("--author", metavar="WORDS", help="Only documents whose author's name has these words.")
@click.option("--tag", metavar="T", help="Only documents with this tag.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@_with_settings
def ask(settings: Settings, question: str | None, as_json: bool, origins: dict[str, str], **only: str | None) -> None:
    """Answer QUESTION from the index. Without one, hold a conversation: at a prompt, or of the lines of a pipe."""
    from rag.pipeline import Pipeline

    filters = _filters(**only)
    pipeline = Pipeline(settings)
    if question is None:
        _converse(pipeline, settings, filters, as_json=as_json)
        return
    answer = pipeline.ask(question, filters=filters)
    if as_json:
        from rag.records import answer_record

        click.echo(to_json(answer_record(answer, pipeline.documents())))
    else:
        from rag.terminal import print_answer

        print_answer(answer)


def _converse(pipeline: Pipeline, settings: Settings, filters: Filters, *, as_json: bool) -> None:
    from rag.conversation import converse

    if not converse(pipeline, settings, filters, as_json=as_json):
        sys.exit(EXIT_BAD_INPUT)


def _filters(
    document: str | None,
    language: str | None,
    since: str | None,
    until: str | None,
    author: str | None,
    tag: str | None,
) -> Filters:
    from rag.index import Filters

    return Filters(document, language, _date("--since", since), _date("--until", until), author, tag)


def _date(option: str, value: str | None) -> Any:
    import datetime as dt

    try:
        return None if value is None else dt.date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a date like 2026-01-31", param_hint=option) from None


@cli.command(name="cite")
@click.argument("identity", metavar="ID", required=False)
@click.option("--find", "words", metavar="WORDS", help="Look a remembered phrase up instead.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@_with_settings
def look_up(
    settings: Settings, identity: str | None, words: str | None, as_json: bool, origins: dict[str, str]
) -> None:
    """Show the passage behind a citation ID, and whether it still holds."""
    from rag import citations, phrases, terminal
    from rag.pipeline import open_index
    from rag.records import look_up_record

    if (identity is None) == (words is None):
        raise click.UsageError("give either the id of a citation, or --find and words")
    index = open_index(settings)
    if words is not None:
        places = phrases.find(words, index.documents, index.contents.sentences_by_document())
        found = [citations.look_up(place.citation.id, index.documents) for place in places]
        if as_json:
            click.echo(to_json([look_up_record(each) for each in found]))
        else:
            terminal.print_places(found, index.documents)
        return
    one = citations.look_up(str(identity), index.documents)
    if as_json:
        click.echo(to_json(look_up_record(one)))
    else:
        terminal.print_look_up(one, index.documents.get(one.document_id))
    if one.status not in citations.HOLDS:
        sys.exit(EXIT_UNMET)


@cli.command()
@click.argument("document", required=False)
@click.option("--about", metavar="WORDS", help="The key points of all documents on this, instead of one document's.")
@click.option("--points", type=click.IntRange(1, 100), metavar="N", help="So many points; by the length otherwise.")
@click.option("--answerer", metavar="NAME", help="With compose, a language model also says each in its own words.")
@click.option("--in", "language", metavar="L", help="The language it says them in (ISO 639-1); theirs by default.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@_with_settings
def brief(
    settings: Settings,
    document: str | None,
    about: str | None,
    points: int | None,
    language: str | None,
    as_json: bool,
    origins: dict[str, str],
) -> None:
    """Tell the key points of DOCUMENT, or of all documents on a topic, each verbatim and cited."""
    from rag import briefs, terminal
    from rag.pipeline import Pipeline, open_index
    from rag.records import citation_records, told_records

    if (document is None) == (about is None):
        raise click.UsageError("give either a document, or --about and words")
    if language and settings.answerer != "compose":
        raise click.UsageError("--in needs --answerer compose: what is verbatim is in the language it is in")
    if document is not None and settings.answerer != "compose":
        found = briefs.of_document(open_index(settings), document, points)
    else:
        pipeline = Pipeline(settings.model_copy(update={"answerer": "sentence"}))
        found = pipeline.brief_of(document, points) if document is not None else pipeline.brief(str(about), points)
    told = list(pipeline.tell(found, language)) if settings.answerer == "compose" else None
    if as_json:
        citations = [point.citation for point in found]
        click.echo(to_json(citation_records(citations) if told is None else told_records(told)))
    else:
        terminal.print_brief(told or found)


@cli.command()
@click.option("--about", metavar="WORDS", help="Only figures whose sentences have these words, or this figure.")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="Print them as CSV.")
@_with_settings
def facts(settings: Settings, about: str | None, as_json: bool, as_csv: bool, origins: dict[str, str]) -> None:
    """List the figures and dates of the documents, grouped where they agree or differ."""
    from rag.facts import tables
    from rag.pipeline import open_index

    if as_json and as_csv:
        raise click.UsageError("--json and --csv exclude each other")
    index = open_index(settings)
    found = tables.table(index.documents, index.contents.sentences_by_document(), about=about)
    if as_json:
        click.echo(to_json(tables.records(found.rows)))
    elif as_csv:
        click.echo(tables.to_csv(found.rows), nl=False)
    else:
        from rag.terminal import print_facts

        print_facts(found)


@cli.command(name="eval")
@click.argument("file", type=_FILE, metavar="QUESTIONS")
@click.argument("bars", nargs=-1, metavar="[BAR]...")
@click.option("--documents", "folder", type=_FOLDER, metavar="DIR", help="Index this folder and ask it, not --index.")
@click.option("--answerer", metavar="NAME", help="What makes the answers: reader, sentence, quote, compose.")
@click.option("--json", "json_file", type=_FILE, metavar="FILE", help="Write everything that was measured there.")
@click.option("--report", type=_FOLDER, metavar="DIR", help="Write a report there: index.html and summary.md.")
@click.option("--baseline", type=_FILE, metavar="FILE", help="Compare with what an earlier --json wrote.")
@click.option(
    "--require", multiple=True, metavar="BAR", help="Exit with 3 unless met, as 'F1>=0.70'; several may follow."
)
@click.option("--check", is_flag=True, help="Ask nothing: check that the file is sound and fits the documents.")
@_with_settings
def evaluate(
    settings: Settings,
    file: Path,
    bars: Sequence[str],
    folder: Path | None,
    require: Sequence[str],
    check: bool,
    origins: dict[str, str],
    **options: Any,
) -> None:
    """Ask all QUESTIONS (JSON lines) and measure the answers."""
    from rag.evaluation import command

    if bars and not require:
        raise click.UsageError(f"got an unexpected extra argument ({bars[0]}); bars come after --require")
    if folder and origins["index"] == "--index":
        raise click.UsageError("--documents and --index exclude each other")
    if check:
        command.check(file, folder, settings)
    elif unmet := command.evaluate(file, folder, settings, require=(*require, *bars), **options):
        for message in unmet:
            click.echo(f"rag: {message}", err=True)
        sys.exit(EXIT_UNMET)


@cli.group()
def questions() -> None:
    """Make question files of other data."""


@questions.command()
@click.argument("files", type=_FILE, metavar="FILE...", nargs=-1, required=True)
@click.option("--out", type=_FOLDER, metavar="DIR", required=True, help="Where documents/ and questions.jsonl go.")
@click.option("--leave-out", type=int, default=0, metavar="N", help="Leave every n-th paragraph out of the documents.")
def squad(files: Sequence[Path], out: Path, leave_out: int) -> None:
    """Turn reading-comprehension data (SQuAD's format, or flat JSON lines) into documents and questions."""
    from rag.evaluation import command

    command.convert(files, out, leave_out)


@cli.group()
def history() -> None:
    """Show, export and delete the conversations that are kept."""


@history.command(name="list")
@_with_settings
def list_conversations(settings: Settings, origins: dict[str, str]) -> None:
    """List the conversations, the last used first."""
    from rag.conversation import OWNER
    from rag.terminal import print_conversations

    with _opened(settings) as kept:
        print_conversations(kept.conversations(OWNER), kept.path)


@history.command()
@click.argument("identity", metavar="ID")
@_with_settings
def show(settings: Settings, identity: str, origins: dict[str, str]) -> None:
    """Print a conversation; its citations are verified anew."""
    from rag.conversation import OWNER
    from rag.terminal import print_turns

    with _opened(settings) as kept:
        conversation, turns = kept.conversation(OWNER, identity), kept.turns(OWNER, identity)
    documents = _documents(settings, origins, conversation)
    print_turns(conversation.title, _verified(turns, documents), checked=documents is not None)


@history.command()
@click.argument("identity", metavar="ID")
@click.option(
    "--markdown", "form", flag_value="markdown", default="markdown", help="As Markdown with footnotes (default)."
)
@click.option("--json", "form", flag_value="json", help="As JSON.")
@_with_settings
def export(settings: Settings, identity: str, form: str, origins: dict[str, str]) -> None:
    """Print a conversation, to be kept elsewhere."""
    from rag import exports
    from rag.conversation import OWNER

    with _opened(settings) as kept:
        conversation, turns = kept.conversation(OWNER, identity), kept.turns(OWNER, identity)
    documents = _documents(settings, origins, conversation)
    turns = list(_verified(turns, documents))
    if form == "json":
        record = exports.conversation_json(conversation, turns)
        click.echo(to_json(record, indent=2))
    else:
        click.echo(exports.conversation_markdown(conversation, turns, documents or {}), nl=False)


@history.command()
@click.argument("identity", metavar="ID")
@_with_settings
def delete(settings: Settings, identity: str, origins: dict[str, str]) -> None:
    """Delete a conversation for good."""
    from rag.conversation import OWNER

    with _opened(settings) as kept:
        kept.delete(OWNER, identity)
    click.echo("deleted")


@history.command()
@click.option("--yes", is_flag=True, help="Do not ask first.")
@_with_settings
def erase(settings: Settings, yes: bool, origins: dict[str, str]) -> None:
    """Delete all conversations for good, also when none are kept any more."""
    from rag.conversation import OWNER
    from rag.history import History, has_any, location

    path = location(settings)
    if not has_any(path):
        click.echo("there are no conversations")
        return
    if not yes and sys.stdin.isatty():
        click.confirm("Delete all conversations for good?", abort=True)
    with History.open(path) as kept:
        count = kept.erase(OWNER)
    click.echo(f"{count} conversation{'s' * (count != 1)} deleted")


@history.command(name="questions")
@_with_settings
def rated_questions(settings: Settings, origins: dict[str, str]) -> None:
    """Print what was rated as questions for `rag eval`; answers rated down are to be completed."""
    from rag import exports
    from rag.conversation import OWNER

    with _opened(settings) as kept:
        lines = exports.question_file(kept.rated(OWNER))
    if not lines:
        raise RagError("no answer has been rated yet; rate one on the page, or by /up or /down after it in `rag ask`")
    click.echo(lines, nl=False)


def _opened(settings: Settings) -> History:
    from rag.errors import HistoryError
    from rag.history import open_history

    kept = open_history(settings)
    if kept is None:
        raise HistoryError("no conversations are kept: the setting 'keep_history' is off")
    return kept


def _documents(
    settings: Settings, origins: Mapping[str, str], conversation: Conversation
) -> Mapping[str, Document] | None:
    """Return the documents that a conversation was held with, or None, which is told, where they cannot be read.

    An index that is named on the command line goes before what is known of the conversation.
    """
    from rag.errors import IndexError_, SettingsError
    from rag.pipeline import open_index
    from rag.terminal import print_problem

    try:
        held_with = conversation.collection if origins["index"] != "--index" else None
        return open_index(settings.of(held_with) if held_with else settings).documents
    except (IndexError_, SettingsError) as error:
        print_problem(f"citations are not checked: {error}")
        return None


def _verified(turns: Sequence[StoredTurn], documents: Mapping[str, Document] | None) -> Sequence[StoredTurn]:
    """Return turns with their citations held against the files as they are now, if the documents are known."""
    from rag.citations import verify_again

    if documents is None:
        return turns
    return [turn._replace(answer=verify_again(turn.answer, documents)) for turn in turns]


@cli.command()
@click.option("--documents", type=_FOLDER, metavar="DIR", help="Folder of documents to index first if need be.")
@click.option("--host", metavar="H", help="Address to serve on; with --auth also one that others reach, as 0.0.0.0.")
@click.option("--port", type=int, metavar="P", help="Port to serve on; 0 takes a free one.")
@click.option("--auth", type=_FILE, metavar="FILE", help="Let the users in this file log in, and nobody else in.")
@_with_loading
def serve(load: Load) -> None:
    """Serve the web chat. Documents that are named are indexed first; else the index is taken as it is.

    Of collections in the settings all are served, that of --collection chosen first; with --documents or --index, only
    what these name.
    """
    from rag.pipeline import Pipeline, has_index, share
    from rag.web.served import Served
    from rag.web.server import listen, serve_on

    collections, is_named = _served(load)
    first, *others = collections
    with listen(first) as listener:  # a port in use is told before anything slow is done
        if is_named or not (others or has_index(first)):
            _index(first, may_fail=bool(others))
        for each in others:
            _tell_unless_indexed(each)
        pipelines = share(collections) if others else [Pipeline(first)]
        serve_on(listener, list(map(Served, collections, pipelines)))


def _index(settings: Settings, *, may_fail: bool) -> None:
    from rag.terminal import build_with_progress, print_problem, print_report

    try:
        print_report(build_with_progress(settings), settings)
    except RagError as error:
        if not may_fail:
            raise
        print_problem(str(error))


def _tell_unless_indexed(settings: Settings) -> None:
    from rag.errors import MissingIndex
    from rag.pipeline import require_index
    from rag.terminal import print_problem

    try:
        require_index(settings)
    except MissingIndex as error:
        print_problem(str(error))


def _served(load: Load) -> tuple[list[Settings], bool]:
    """Return the settings of each collection to serve, the first to choose before the others, and whether it was named.

    The folder of the settings themselves is one if they name it, if it has an index, or if there is nothing else.
    """
    from rag.pipeline import has_index

    settings, origins = load()
    is_named = origins["documents"] != "default"
    if not settings.collections or {origins["documents"], origins["index"]} & {"--documents", "--index"}:
        return [settings], is_named
    main, main_origins = load(collection="")
    has_main = {main_origins["documents"], main_origins["index"]} != {"default"} or has_index(main)
    collections = [*([main] if has_main else []), *(load(collection=name)[0] for name in settings.collections)]
    if settings.collection:
        collections.sort(key=lambda each: each.collection != settings.collection)
    return collections, is_named


@cli.group()
def user() -> None:
    """Tell who may log in to the web chat."""


def _with_users_file(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the users file, of an option or of the settings."""

    @click.option("--auth", type=_FILE, metavar="FILE", help="The users file, if the settings name none.")
    @click.option("--config", type=_FILE, metavar="FILE", help="Settings file instead of ./rag.toml.")
    @wraps(command)
    def run(auth: Path | None, config: Path | None, **flags: Any) -> None:
        from rag.config import load_settings

        file = load_settings({"auth": auth}, file=config)[0].auth
        if file is None:
            raise click.UsageError("say which users file: --auth FILE, or the setting `auth`")
        command(file, **flags)

    return run


_ROLES = click.Choice(["owner", "reader"])
_NAME = click.argument("name", metavar="NAME")


@user.command(name="add")
@_NAME
@click.option("--role", type=_ROLES, default="reader", help="A reader asks and looks up; an owner does everything.")
@_with_users_file
def add_user(file: Path, name: str, role: Role) -> None:
    """Let NAME log in. The password is asked for, or read from standard input."""
    from rag import users

    known = users.read_users(file) if users.exists(file) else {}
    users.check_free(known, name, file)  # before a password is thought up
    users.add_user(file, name, role, _new_password())
    click.echo(f"{name} may log in as {role}")
    if all(each.role == "reader" for each in users.read_users(file).values()):
        click.echo("Nobody is an owner yet, who may run evaluations: give somebody --role owner", err=True)


@user.command(name="list")
@_with_users_file
def list_users(file: Path) -> None:
    """List who may log in, with their roles."""
    from rag.users import read_users

    for each in read_users(file).values():
        click.echo(f"{each.role}\t{each.name}")


@user.command(name="remove")
@_NAME
@_with_users_file
def remove_user(file: Path, name: str) -> None:
    """Let NAME log in no longer. Whoever is logged in under it is logged out."""
    from rag import users

    users.remove_user(file, name)
    click.echo(f"{name} may not log in any more")


@user.command(name="password")
@_NAME
@_with_users_file
def change_password(file: Path, name: str) -> None:
    """Give NAME another password. Whoever is logged in under the old one is logged out."""
    from rag import users

    users.find_user(users.read_users(file), name, file)
    users.change_password(file, name, _new_password())
    click.echo(f"{name} has another password")


def _new_password() -> str:
    """Ask for a password twice, unseen; or read a line, where nobody sits at a terminal."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().removesuffix("\n").removesuffix("\r")


@cli.command()
@_with_settings
def doctor(settings: Settings, origins: dict[str, str]) -> None:
    """Tell what is installed, which settings hold and why, which model, which index, and whether it is sound."""
    from rag.terminal import print_checkup

    print_checkup(settings, origins)
