"""The command `rag`: one function a command.

Exit codes: 0 done, 1 a bug, 2 wrong use or bad input, 3 a bar of `rag eval --require` not cleared or a citation that no
longer holds, 130 interrupted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rag import __version__
from rag.errors import RagError

if TYPE_CHECKING:
    from rag.config import Settings
    from rag.types import Answer

# Imports are inside the functions: `rag --help` must not wait for torch.

EXIT_BAD_INPUT = 2
EXIT_UNMET = 3
EXIT_INTERRUPTED = 130
_FOLDER = _FILE = click.Path(path_type=Path)


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
    from rag.untrusted import disarm

    for line in (f"rag: {message}", *(f"  {problem}" for problem in problems)):
        indent = line[: len(line) - len(line.lstrip())]
        click.echo(indent + " ".join(disarm(line).split()), err=True)
    sys.exit(EXIT_BAD_INPUT)


def _with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that every command has, and the settings merged of all layers."""

    @click.option("--index", type=_FOLDER, metavar="DIR", help="Folder of the index.")
    @click.option("--config", type=_FOLDER, metavar="FILE", help="Settings file instead of ./rag.toml.")
    @wraps(command)
    def run(config: Path | None, **flags: Any) -> None:
        from rag.config import Settings, load_settings

        known = {name: flags.pop(name) for name in list(flags) if name in Settings.model_fields}
        settings, origins = load_settings(known, file=config)
        command(settings, origins=origins, **flags)

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
@_with_settings
def index(settings: Settings, strict: bool, origins: dict[str, str]) -> None:
    """Index the folder DOCUMENTS. What has not changed is not embedded again."""
    from rag.terminal import build_with_progress, print_report

    print_report(build_with_progress(settings, strict=strict), settings)


@cli.command()
@click.argument("question")
@click.option("--answerer", metavar="NAME", help="What makes the answer: sentence.")
@click.option("--document", metavar="GLOB", help="Only documents whose path matches.")
@click.option("--language", metavar="L", help="Only documents in this language (ISO 639-1).")
@click.option("--since", metavar="DATE", help="Only documents dated on or after YYYY-MM-DD.")
@click.option("--until", metavar="DATE", help="Only documents dated on or before YYYY-MM-DD.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@_with_settings
def ask(settings: Settings, question: str, as_json: bool, origins: dict[str, str], **only: str | None) -> None:
    """Answer QUESTION from the index."""
    answer = _ask(settings, question, **only)
    if as_json:
        from rag.records import answer_record

        click.echo(json.dumps(answer_record(answer), ensure_ascii=False))
    else:
        from rag.terminal import print_answer

        print_answer(answer)


def _ask(
    settings: Settings, question: str, document: str | None, language: str | None, since: str | None, until: str | None
) -> Answer:
    from rag.index import Filters
    from rag.pipeline import Pipeline

    filters = Filters(document, language, _date("--since", since), _date("--until", until))
    return Pipeline(settings).ask(question, filters=filters)


def _date(option: str, value: str | None) -> Any:
    import datetime as dt

    try:
        return dt.date.fromisoformat(value) if value else None
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
            click.echo(json.dumps([look_up_record(each) for each in found], ensure_ascii=False))
        else:
            terminal.print_places(found, index.documents)
        return
    one = citations.look_up(str(identity), index.documents)
    if as_json:
        click.echo(json.dumps(look_up_record(one), ensure_ascii=False))
    else:
        terminal.print_look_up(one, index.documents.get(one.document_id))
    if one.status not in citations.HOLDS:
        sys.exit(EXIT_UNMET)


@cli.command(name="eval")
@click.argument("file", type=_FILE, metavar="QUESTIONS")
@click.argument("bars", nargs=-1, metavar="[BAR]...")
@click.option("--documents", "folder", type=_FOLDER, metavar="DIR", help="Index this folder and ask it, not --index.")
@click.option("--answerer", metavar="NAME", help="What makes the answers: sentence.")
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


@cli.command()
@click.option("--documents", type=_FOLDER, metavar="DIR", help="Folder of documents to index first if need be.")
@click.option("--host", metavar="H", help="Address to serve on; only this machine's own.")
@click.option("--port", type=int, metavar="P", help="Port to serve on; 0 takes a free one.")
@_with_settings
def serve(settings: Settings, origins: dict[str, str]) -> None:
    """Serve the web chat. Documents that are named are indexed first; else the index is taken as it is."""
    from rag.pipeline import Pipeline, has_index
    from rag.terminal import build_with_progress, print_report
    from rag.web.server import listen, serve_on

    with listen(settings) as listener:  # a port in use is told before anything slow is done
        if origins["documents"] != "default" or not has_index(settings):
            print_report(build_with_progress(settings), settings)
        serve_on(listener, Pipeline(settings), settings)


@cli.command()
@_with_settings
def doctor(settings: Settings, origins: dict[str, str]) -> None:
    """Tell what is installed, which settings hold and why, which model, which index, and whether it is sound."""
    from rag.terminal import print_checkup

    print_checkup(settings, origins)
