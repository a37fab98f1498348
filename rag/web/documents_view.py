"""The Documents page's HTML. Whatever comes from files and errors passes through `render.plain`, which escapes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from rag.errors import RagError
from rag.formats import SUFFIXES
from rag.web import brief_view, render, shelf
from rag.web.brief_view import Wanted
from rag.web.documents_labels import DocumentsLabels
from rag.web.labels import Labels
from rag.web.library import Library, NothingLeft, Removed
from rag.web.render import plain
from rag.web.runs import Run
from rag.web.served import Offered
from rag.web.shelf import COLUMNS, Column, Query, Row, Totals, View
from rag.web.uploads import Reason

if TYPE_CHECKING:
    from rag.building import Report

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADS: tuple[tuple[Column, ...], ...] = (("title", "file"), ("language",), ("date",), ("size",), ("passages",))
LARGEST_FIRST: frozenset[Column] = frozenset({"date", "size", "passages"})
CHANGES = ("added", "changed", "moved", "removed", "unchanged", "copies", "problems")
TAGS = 5  # of a document that are shown
NAMED = 10  # documents of a kind that are named
SAID = (
    *("waiting", "sending", "checking", "skipped", "exists", "announce", "replace", "both", "skip", "confirm"),
    *("for_all", "folder_dropped", "interrupted", "unreachable"),
)
REFUSED: tuple[Reason, ...] = ("size", "many")
Rows = tuple[Sequence[Row], str]  # and why there are none


def page(
    library: Library,
    rows: Sequence[Row],
    trouble: str,
    query: Query,
    words: DocumentsLabels,
    labels: Labels,
    user: str = "",
    choice: Sequence[Offered] = (),
) -> str:
    """Render the whole page as things stand."""
    run, removed = library.runs.latest, library.last_removed
    head = render.head(labels, labels.documents, "page.css", "documents.css", "documents.js", choice=choice)
    return f"""{head}
<body {_data(library, words)}>
<header id="header">{render.header(labels, "documents", owner=True, user=user, choice=choice)}</header>
<main>
<div class="intro"><h1>{labels.documents}</h1><p>{words.lead}</p>
<p class="note place">{words.folder} <span class="path" dir="ltr">{plain(str(library.folder))}</span></p></div>
<noscript><p class="alert">{words.no_script}</p></noscript>
{_add(library, words)}
<section id="index" class="panel" aria-labelledby="index-title">
<div id="run" data-key="{_run_key(library, run)}">{_panel(library, run, words, labels)}</div>
<label class="automatic"><input type="checkbox" id="automatic" checked> {words.automatic}</label>
</section>
<section id="shelf" aria-label="{labels.documents}">
{_tools(query, words)}
<p class="alert trouble" role="alert" hidden></p>
<div id="notice" data-key="{_notice_key(removed)}">{_notice(removed, words)}</div>
<div id="list" data-key="{escape(list_key(library, query))}">{_list(rows, trouble, query, words, labels)}</div>
</section>
</main>
{_dialog(words)}
<p id="announcement" class="hidden" role="status"></p>
</body>
</html>
"""


def missing(problem: str, labels: Labels, user: str = "", choice: Sequence[Offered] = ()) -> str:
    """Render why there is no index to show."""
    return f"""{render.head(labels, labels.documents, "page.css", "documents.css", choice=choice)}
<body>
<header id="header">{render.header(labels, "documents", owner=True, user=user, choice=choice)}</header>
<main>
<div class="intro"><h1>{labels.documents}</h1></div>
<p class="alert" role="alert">{plain(problem)}</p>
</main>
</body>
</html>
"""


def state(
    library: Library,
    rows: Callable[[], Rows],
    query: Query,
    known: Mapping[str, str],
    words: DocumentsLabels,
    labels: Labels,
) -> dict[str, Any]:
    """Return how indexing stands, and the parts of the page that differ from what is `known` by their keys."""
    run, removed = library.runs.latest, library.last_removed
    keys = {"run": _run_key(library, run), "notice": _notice_key(removed), "list": list_key(library, query)}
    parts: dict[str, Any] = {name: {"key": key} for name, key in keys.items()}
    parts["active"] = run is not None and run.active
    if run and run.active:
        parts["progress"] = {"done": run.done, "total": run.total, "text": _progress(run, words)}
    if known.get("run_key") != keys["run"]:
        parts["run"] |= {"html": _panel(library, run, words, labels), "title": _title(run, words)}
    if known.get("notice_key") != keys["notice"]:
        parts["notice"]["html"] = _notice(removed, words)
    if known.get("list_key") != keys["list"]:
        parts["list"]["html"] = _list(*rows(), query, words, labels)
    return parts


def list_key(library: Library, query: Query) -> str:
    return f"{library.version}?{_address(query)}"


def _data(library: Library, words: DocumentsLabels) -> str:
    """Return what the script says, as attributes."""
    told = {name: getattr(words, name) for name in SAID} | {name: words.refused[name] for name in REFUSED}
    told["bytes"] = str(library.max_bytes)
    return " ".join(f'data-{name.replace("_", "-")}="{escape(value)}"' for name, value in told.items())


# Adding


def _add(library: Library, words: DocumentsLabels) -> str:
    accept = ",".join(sorted(SUFFIXES))
    limit = f"{library.max_bytes / 1e6:g}".replace(".", words.decimal_point)
    return f"""<section id="add" class="panel" aria-labelledby="add-title">
<h2 id="add-title">{words.add}</h2>
<div id="drop"><p class="drop">{words.drop}</p>
<button type="button" id="choose" class="primary" aria-describedby="limits">{words.choose}</button>
<p class="note" id="limits">{words.limits.format(limit)}</p></div>
<input type="file" id="files" accept="{accept}" multiple hidden>
<div id="queue" hidden><div class="all" hidden></div><ul></ul>
<button type="button" class="plain" id="clear">{words.clear}</button></div>
</section>"""


# Indexing


def _run_key(library: Library, run: Run[Report] | None) -> str:
    return f"{library.index.folder.name}-{run.id}-{run.phase}" if run else library.index.folder.name


def _panel(library: Library, run: Run[Report] | None, words: DocumentsLabels, labels: Labels) -> str:
    title = f'<h2 id="index-title" tabindex="-1" class="{run.phase if run else ""}">{_title(run, words)}</h2>'
    if run and run.active:
        return title + _under_way(run, words)
    contents = library.index.contents
    counts = words.count(len(contents.documents)), words.count(len(contents.passages))
    said = _outcome(run, words, labels) if run else ""
    button = f'<button type="button" id="reindex" class="plain">{words.reindex}</button>'
    return f'{title}{said}<p class="note">{words.idle.format(*counts)}</p>{button}'


def _title(run: Run[Report] | None, words: DocumentsLabels) -> str:
    return str(getattr(words, run.phase)) if run else words.indexing


def _under_way(run: Run[Report], words: DocumentsLabels) -> str:
    value = f' value="{run.done}" max="{run.total}"' if run.total else ""
    can_stop = run.phase in ("beginning", "working")
    return (
        f'<progress aria-label="{_title(run, words)}"{value}></progress>'
        f'<p class="progress note">{_progress(run, words)}</p><p class="note">{words.meanwhile}</p>'
        f'<button type="button" class="plain" id="stop" data-run="{run.id}"{" disabled" * (not can_stop)}>'
        f"{words.stop}</button>"
    )


def _progress(run: Run[Report], words: DocumentsLabels) -> str:
    if not run.total or run.phase != "working":
        return ""
    counts = words.count(run.done), words.count(run.total)
    left = f" · {words.left(run.seconds_left)}" if run.seconds_left is not None else ""
    return words.stages[run.stage].format(*counts) + left


def _outcome(run: Run[Report], words: DocumentsLabels, labels: Labels) -> str:
    if run.phase == "stopped":
        return f"<p>{words.stopped_note}</p>"
    if run.error:
        return f'<p class="alert" dir="auto">{_why(run.error, words, labels)}</p>'
    report = run.result
    if report is None:
        return ""
    counts = {name: getattr(report, name) for name in CHANGES}
    numbers = {name: count if isinstance(count, int) else len(count) for name, count in counts.items()}
    nothing = not any(numbers[name] for name in ("added", "changed", "moved", "removed"))
    if nothing:
        numbers["unchanged"] = 0
    facts = [words.changes[name].format(words.count(number)) for name, number in numbers.items() if number]
    facts = [words.unchanged, *facts] if nothing else facts
    summed = f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in facts)}</p>'
    return summed + ("" if nothing else _changes(report, words))


def _changes(report: Report, words: DocumentsLabels) -> str:
    """Name the documents that have changed, and why files could not be read: the first of each kind."""
    arrow = '<span aria-hidden="true"> → </span>'
    kinds = {
        "added": [_path(name) for name in report.added],
        "changed": [_path(name) for name in report.changed],
        "moved": [f"{_path(move.before)}{arrow}{_path(move.now)}" for move in report.moved],
        "removed": [_path(name) for name in report.removed],
        "copies": [f"{_path(copy.document)} ≈ {_path(copy.original)}" for copy in report.copies],
        "problems": [
            f'{_path(problem.document_id)} <span lang="en">{plain(problem.reason)}</span>'
            for problem in report.problems
        ],
    }
    items = "".join(
        f"<dt>{words.changes[kind].format(words.count(len(names)))}</dt>"
        + "".join(f"<dd>{name}</dd>" for name in names[:NAMED])
        + (f"<dd>{words.more.format(words.count(len(names) - NAMED))}</dd>" if len(names) > NAMED else "")
        for kind, names in kinds.items()
        if names
    )
    return f'<details class="changes"><summary>{words.details}</summary><dl>{items}</dl></details>'


def _path(document_id: str) -> str:
    return f'<bdi class="path">{plain(document_id)}</bdi>'


def _why(error: Exception, words: DocumentsLabels, labels: Labels) -> str:
    if isinstance(error, NothingLeft):
        return words.nothing_left
    if isinstance(error, RagError):
        return plain(str(error))
    if isinstance(error, OSError):
        return words.disk.format(plain(error.strerror or type(error).__name__))
    return labels.internal_error


# The list


def _tools(query: Query, words: DocumentsLabels) -> str:
    sorts = "".join(
        f'<option value="{sign}{column}"{" selected" * (query.sort == column and query.descending == bool(sign))}>'
        f"{words.columns[column]}, {words.descending if sign else words.ascending}</option>"
        for column in COLUMNS
        for sign in ("", "-")
    )
    shows = "".join(
        f'<option value="{value}"{" selected" * (query.attention == bool(value))}>{name}</option>'
        for value, name in (("", words.everything), ("attention", words.attention))
    )
    return f"""<form id="tools" role="search" autocomplete="off">
<input type="search" name="words" class="field" value="{plain(query.words)}" placeholder="{words.filter}" \
aria-label="{words.filter}">
<select name="show" class="field" aria-label="{words.show}">{shows}</select>
<select name="sort" class="field" aria-label="{words.sort}">{sorts}</select>
</form>"""


def _notice_key(removed: Removed | None) -> str:
    return removed.key if removed else ""


def _notice(removed: Removed | None, words: DocumentsLabels) -> str:
    if removed is None:
        return ""
    name = f'<bdi class="path">{plain(removed.id)}</bdi>'
    return f'<p>{words.removed.format(name)}</p><button type="button" class="plain" id="undo">{words.undo}</button>'


def _list(rows: Sequence[Row], trouble: str, query: Query, words: DocumentsLabels, labels: Labels) -> str:
    if trouble:
        return f'<p class="alert" dir="auto">{plain(trouble)}</p>'
    sums, view = shelf.totals(rows), shelf.select(rows, query)
    parts = [_totals(sums, words)]
    if not sums.documents:
        left = f"<p>{words.none_left_note}</p>" if rows else ""
        parts.append(f'<div class="empty"><h2>{words.none}</h2><p>{words.none_note}</p>{left}</div>')
    elif not view.total:
        parts.append(f'<p class="empty">{words.no_match}</p>')
    if view.total:
        parts.append(_table(view, query, words, labels) + _pager(view, query, words))
    return "".join(parts)


def _totals(sums: Totals, words: DocumentsLabels) -> str:
    facts = {
        words.documents: words.count(sums.documents),
        words.passages: words.count(sums.passages),
        words.size: words.bytes(sums.size),
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts.items())
    counts = "".join(
        f'<span class="{state}">{words.counts[state].format(words.count(count))}</span>'
        for state, count in sums.attention.items()
    )
    attention = f'<p class="attention">{counts}</p>' if counts else ""
    return f'<div class="totals"><dl>{items}</dl>{attention}</div>'


def _table(view: View, query: Query, words: DocumentsLabels, labels: Labels) -> str:
    heads = "".join(_head(columns, query, words) for columns in (*HEADS, ("state",)))
    rows = "".join(_row(row, words, labels) for row in view.rows)
    return (
        f'<table aria-label="{labels.documents}"><thead><tr>{heads}<th scope="col"><span class="hidden">{words.actions}'
        f"</span></th></tr></thead><tbody>{rows}</tbody></table>"
    )


def _head(columns: Sequence[Column], query: Query, words: DocumentsLabels) -> str:
    buttons = "".join(
        f'<button type="button" data-sort="{_next_order(column, query)}"{_pressed(column, query)}>'
        f"{words.columns[column]}</button>"
        for column in columns
    )
    order = "descending" if query.descending else "ascending"
    mark = f' aria-sort="{order}"' if query.sort in columns else ""
    return f'<th scope="col" class="{columns[0]}"{mark}>{buttons}</th>'


def _next_order(column: Column, query: Query) -> str:
    descending = not query.descending if query.sort == column else column in LARGEST_FIRST
    return "-" * descending + column


def _pressed(column: Column, query: Query) -> str:
    return f' class="{"down" if query.descending else "up"}"' if column == query.sort else ""


def _row(row: Row, words: DocumentsLabels, labels: Labels) -> str:
    title = f'<span class="name" lang="{plain(row.language)}" dir="auto">{plain(row.title)}</span>'
    if row.indexed:
        title = f'<a href="./documents/{quote(row.id)}">{title}</a>'
        brief = f'<a class="brief" href="{plain("./" + brief_view.address(Wanted(row.id)))}">{words.key_points}</a>'
    else:
        brief = ""
    reason = f'<span class="reason" lang="en">{plain(row.reason)}</span>' if row.reason else ""
    if row.copy_of:
        reason += f'<span class="copy">{words.copy_of.format(_path(row.copy_of))}</span>'
    return (
        f'<tr><th scope="row" class="title">{title}{_told(row)}<bdi class="path">{plain(row.id)}</bdi>{brief}</th>'
        f"{_facts(row, words, labels)}"
        f'<td class="state"><span class="{row.state}">{words.states[row.state]}</span>{reason}</td>'
        f'<td class="action">{_remove(row, words)}</td></tr>'
    )


def _remove(row: Row, words: DocumentsLabels) -> str:
    """Render the button that removes a file; there is none where the file is gone already."""
    if not row.removable:
        return ""
    name = words.remove_named.format(plain(row.id))
    return (
        f'<button type="button" class="remove" data-id="{escape(row.id)}" aria-label="{name}">{words.remove}</button>'
    )


def _told(row: Row) -> str:
    """Render who wrote a document, and its tags."""
    tags = "".join(f'<bdi class="tag">{plain(tag)}</bdi>' for tag in row.tags[:TAGS])
    author = f'<bdi class="author">{plain(row.author)}</bdi>' if row.author else ""
    return f'<span class="told">{author}{tags}</span>' if author or tags else ""


def _facts(row: Row, words: DocumentsLabels, labels: Labels) -> str:
    """Render the cells of what is known of a file; a dash stands for what is not."""
    read = row.indexed or row.language != "und"
    date = f'<time datetime="{row.date.isoformat()}">{labels.day(row.date)}</time>' if row.date else labels.undated
    label = f'<span class="label">{words.columns["passages"]}: </span>'
    facts = {
        "language": plain(labels.language_name(row.language)) if read else "",
        "date": date if read else "",
        "size": words.bytes(row.size) if row.size is not None else "",
        "passages": label + words.count(row.passages) if row.passages is not None else "",
    }
    return "".join(
        f'<td class="{name}">{fact}</td>' if fact else f'<td class="{name} unknown">–</td>'
        for name, fact in facts.items()
    )


def _pager(view: View, query: Query, words: DocumentsLabels) -> str:
    span = words.span.format(*map(words.count, (view.first, view.first + len(view.rows) - 1, view.total)))
    if view.pages == 1:
        return f'<p class="note pager">{span}</p>'
    links = "".join(
        f'<a class="plain" href="?{escape(_address(query._replace(page=number)))}" data-page="{number}">{name}</a>'
        if 1 <= number <= view.pages
        else f'<span class="plain" aria-disabled="true">{name}</span>'
        for number, name in ((view.page - 1, words.previous), (view.page + 1, words.next))
    )
    return f'<nav class="pager" aria-label="{words.documents}"><p class="note">{span}</p>{links}</nav>'


def _address(query: Query) -> str:
    """Return a query as it stands in an address, without what goes without saying."""
    sort = "-" * query.descending + query.sort
    parts = {
        "words": query.words,
        "show": "attention" if query.attention else "",
        "sort": "" if sort == "title" else sort,
        "page": str(query.page) if query.page > 1 else "",
    }
    return urlencode({name: value for name, value in parts.items() if value})


def _dialog(words: DocumentsLabels) -> str:
    return f"""<dialog id="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-note">
<form method="dialog"><h2 id="confirm-title"></h2><p id="confirm-note" class="note">{words.confirm_note}</p>
<p class="actions"><button class="plain" value="">{words.cancel}</button>
<button class="danger" value="remove">{words.remove}</button></p></form></dialog>"""
