"""The Facts page's HTML. What comes from documents and addresses passes through `render.plain`, which escapes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any

from rag.citations import cite
from rag.facts import Amount
from rag.places import label
from rag.types import Span
from rag.web import facts_list, render, sharing, timeline, timeline_view
from rag.web.facts_list import COLUMNS, COUNT, KINDS, STANDINGS, Camp, Catalogue, Column, Entry, Query, Standing, View
from rag.web.facts_words import Words
from rag.web.render import plain
from rag.web.runs import Run

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADS: Mapping[str, Column | None] = {"value": "value", "sentence": None, "time": "time", "document": "document"}
LARGEST_FIRST: frozenset[Column] = frozenset({"date"})
DOWNLOADS = ("csv", "json")
MOST_DOCUMENTS = 200  # that are offered to choose from; of more, a part of the name is typed
MOST_CAMPS = 4  # values of a group that are named
MOST_DIFFERING = 3  # groups that are told of above the timeline
AROUND = 220  # characters of a sentence that are shown on either side of a figure


# Pages


def page(catalogue: Catalogue | None, run: Run[Catalogue] | None, query: Query, words: Words) -> str:
    """Render the whole page as things stand."""
    tools = _tools(catalogue, query, words) if catalogue and catalogue.entries else ""
    return _page(
        f'{tools}<div id="content" data-key="{escape(key(catalogue, run, query))}">'
        f"{content(catalogue, run, query, words)}</div>"
        f'<p id="announcement" class="hidden" role="status"></p>',
        words,
    )


def missing(problem: str, words: Words) -> str:
    """Render why there is no index."""
    return _page(f'<p class="alert" role="alert">{plain(problem)}</p>', words)


def state(
    catalogue: Catalogue | None, run: Run[Catalogue] | None, query: Query, known: str, words: Words
) -> dict[str, Any]:
    """Return how the finding of figures stands, and the content if it is not as the browser has it."""
    now = key(catalogue, run, query)
    parts: dict[str, Any] = {"key": now, "active": catalogue is None and not _has_failed(run)}
    if known != now:
        parts["html"] = content(catalogue, run, query, words)
    if catalogue is None and run:
        parts["progress"] = {"done": run.done, "total": run.total, "text": _progress(run, words)}
    return parts


def key(catalogue: Catalogue | None, run: Run[Catalogue] | None, query: Query) -> str:
    if catalogue is None:
        return "failed" if _has_failed(run) else "reading"
    return f"{run.id if run else ''}?{query.address}"


def content(catalogue: Catalogue | None, run: Run[Catalogue] | None, query: Query, words: Words) -> str:
    """Render what changes: the figures that are asked for, or how far the finding of them is."""
    if catalogue is None:
        return _failure(words) if _has_failed(run) else _under_way(run, words)
    own = words.own
    if not catalogue.entries:
        return f'<div class="empty"><h2>{own.none}</h2><p>{own.none_note}</p></div>'
    view = catalogue.select(query)
    if not view.found:
        clear = f'<a class="plain" href="./facts" data-go>{own.clear}</a>'
        return f'{_asked(query, words)}<div class="empty"><p>{own.no_match}</p>{clear}</div>'
    return (
        f"{_asked(query, words)}{_totals(catalogue, view, query, words)}{_differing(catalogue, view, query, words)}"
        f"{timeline_view.picture(timeline.draw(view.found), view.entries, query, words)}"
        f"{_table(catalogue, view, query, words)}{_pager(view, query, words)}"
    )


def _page(body: str, words: Words) -> str:
    own, labels = words.own, words.labels
    return f"""{render.head(labels, labels.facts, "page.css", "facts.css", "facts.js", choice=words.choice)}
<body data-unreachable="{own.unreachable}">
<header id="header">{render.header(labels, "facts", owner=words.owner, user=words.user, choice=words.choice)}</header>
<main>
<div class="intro"><h1>{labels.facts}</h1><p>{own.lead}</p></div>
<p class="alert trouble" role="alert" hidden></p>
{body}
</main>
</body>
</html>
"""


# How far it is


def _has_failed(run: Run[Catalogue] | None) -> bool:
    return run is not None and run.phase == "failed"


def _under_way(run: Run[Catalogue] | None, words: Words) -> str:
    own = words.own
    value = f' value="{run.done}" max="{run.total}"' if run and run.total else ""
    return (
        f'<section class="panel" aria-labelledby="reading"><h2 id="reading">{own.reading}</h2>'
        f'<progress aria-labelledby="reading"{value}></progress><p class="progress note">'
        f'{_progress(run, words) if run else ""}</p><p class="note">{own.reading_note}</p>'
        f'<noscript><p class="note">{own.no_script}</p></noscript></section>'
    )


def _progress(run: Run[Catalogue], words: Words) -> str:
    if run.phase == "ending":
        return words.own.grouping
    return words.own.read_of.format(*map(words.count, (run.done, run.total))) if run.total else ""


def _failure(words: Words) -> str:
    own = words.own
    return (
        f'<section class="panel"><h2>{own.failed}</h2><p class="alert" role="alert">{own.failed_note}</p>'
        f'<p><a class="plain" href="./facts">{own.again}</a></p></section>'
    )


# What is asked for


def _tools(catalogue: Catalogue, query: Query, words: Words) -> str:
    own = words.own
    kinds = [(own.kinds[kind], kind) for kind in KINDS if catalogue.kinds[kind]]
    standings = [(own.standings[each], each) for each in STANDINGS]
    units = sorted((own.counts if unit == COUNT else words.unit(unit), unit) for unit in catalogue.units)
    languages = sorted((words.labels.language_name(code), code) for code in catalogue.languages)
    return (
        f'<form id="tools" role="search" action="./facts" autocomplete="off"><label class="about"><span class="hidden">'
        f'{own.about}</span><input type="search" name="about" class="field" value="{plain(query.about)}" '
        f'maxlength="{facts_list.MAX_WORDS}" placeholder="{own.about_placeholder}"></label>'
        f"{_select('kind', own.kind, own.any_kind, kinds, query.kind)}"
        f"{_select('standing', own.standing, own.any_standing, standings, query.standing)}"
        f"{_select('unit', own.unit, own.any_unit, units, query.unit)}"
        f"{_select('language', own.language, own.any_language, languages, query.language)}"
        f"{_documents(catalogue, query, words)}{_orders(query, words)}{_hidden(query)}"
        f'<noscript><button class="plain">{own.show}</button></noscript></form>'
    )


def _orders(query: Query, words: Words) -> str:
    own = words.own
    orders = [(own.sorts["standing"], "standing")]
    for column in COLUMNS[1:]:
        orders += [
            (f"{own.sorts[column]}, {way}", sign + column) for sign, way in (("", own.ascending), ("-", own.descending))
        ]
    return _select("sort", own.sort, "", orders, "-" * query.descending + query.sort)


def _hidden(query: Query) -> str:
    """Render what is asked for otherwise than by a field, so that the fields keep it."""
    values = {"days": "/".join(map(str, query.days or ())), "group": str(query.group or "")}
    return "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in values.items())


def _select(name: str, title: str, anything: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
    options = [("", anything)] if anything else []
    options += [(value, text) for text, value in choices]
    listed = "".join(
        f'<option value="{escape(value)}"{" selected" * (value == chosen)}>{plain(text)}</option>'
        for value, text in options
    )
    return f'<select name="{name}" class="field" aria-label="{title}">{listed}</select>'


def _documents(catalogue: Catalogue, query: Query, words: Words) -> str:
    """Render the choice of a document; of very many, a field for a part of its name."""
    own = words.own
    if len(catalogue.documents) > MOST_DOCUMENTS:
        return (
            f'<input type="search" name="document" class="field" value="{plain(query.document)}" '
            f'maxlength="{facts_list.MAX_ID}" placeholder="{own.document}" aria-label="{own.document}">'
        )
    choices = sorted(
        (((each.title.strip() or each.id), each.id) for each in catalogue.documents),
        key=lambda each: each[0].casefold(),
    )
    return _select("document", own.document, own.any_document, choices, query.document)


def _asked(query: Query, words: Words) -> str:
    """Render what no field of the form shows, and the way out of it."""
    own = words.own
    asked = []
    if query.group:
        asked.append((own.only_group, query._replace(group=0)))
    if query.days:
        asked.append((own.only_days.format(words.days(query.days)), query._replace(days=None)))
    chips = "".join(
        f'<a class="chip" href="{escape(without.href)}" data-go aria-label="{own.remove.format(name)}">{name}'
        f'<span aria-hidden="true"> ×</span></a>'
        for name, without in asked
    )
    return f'<p class="asked">{chips}</p>' if chips else ""


def _totals(catalogue: Catalogue, view: View, query: Query, words: Words) -> str:
    own = words.own
    documents = len({entry.document.id for entry in view.found})
    found = f"{words.plural(len(view.found), own.figures)} {words.plural(documents, own.in_documents)}"
    groups = {
        standing: len({entry.row.group for entry in view.found if entry.standing == standing})
        for standing in ("differ", "agree")
    }
    said = "; ".join(words.plural(number, own.groups[name]) for name, number in groups.items() if number)  # type: ignore[index]
    clear = "" if query.everything else f'<a href="./facts" data-go>{own.clear}</a>'
    address = escape(query._replace(page=1, at=None, sort="standing", descending=False).address)
    links = "".join(
        f'<a href="./facts/figures.{kind}{"?" * bool(address)}{address}" download>{kind.upper()}</a>'
        for kind in DOWNLOADS
    )
    standing = f'<span class="said">{said}</span>' if said else ""
    return (
        f'<div class="totals"><p><strong>{found}</strong>{standing}{clear}</p>'
        f'<p class="downloads"><span>{own.download}</span>{links}</p></div>'
    )


def _differing(catalogue: Catalogue, view: View, query: Query, words: Words) -> str:
    """Render at a glance on what documents differ, each with the way to its sentences."""
    if query.group:
        return ""
    here = {entry.row.group for entry in view.entries} if query.sort == "standing" else set()
    found = dict.fromkeys(entry.row.group for entry in view.found if entry.standing == "differ")
    shown = sorted((number for number in found if number), key=catalogue.rank)[:MOST_DIFFERING]
    items = "".join(_difference(catalogue, number, number in here, words) for number in shown)
    return f'<ul class="differing" aria-label="{words.own.standings["differ"]}">{items}</ul>' if items else ""


def _difference(catalogue: Catalogue, number: int, is_here: bool, words: Words) -> str:
    voices = (words.figure(camp.voice) for camp in catalogue.camps(number)[:MOST_CAMPS])
    address = f"#group-{number}" if is_here else escape(Query(group=number).href)
    slip = facts_list.factor(catalogue.group(number))
    why = f'<span class="note">{words.own.slip.format(words.count(slip))}</span>' if slip else ""
    symbol = f'<span class="symbol" aria-hidden="true">{timeline_view.SYMBOLS["differ"]}</span>'
    return f'<li>{symbol}<p><a href="{address}" data-go>{" · ".join(voices)}</a>{why}</p></li>'


# The list


def _table(catalogue: Catalogue, view: View, query: Query, words: Words) -> str:
    heads = "".join(_head(name, column, query, words) for name, column in HEADS.items())
    together = query.sort == "standing"
    bodies = []
    for about, entries in groupby(view.entries, key=lambda entry: _about(entry) if together else (0, "")):
        listed = list(entries)
        number, standing = about
        head = _group_head(catalogue, number, view, query, words) if number else _alone_head(standing, view, words)
        rows = "".join(_row(entry, query, words, in_group=together) for entry in listed)
        bodies.append(f'<tbody class="{standing or "all"}">{head}{rows}</tbody>')
    return (
        f'<table class="figures" aria-label="{words.labels.facts}"><thead><tr>{heads}</tr></thead>'
        f"{''.join(bodies)}</table>"
    )


def _about(entry: Entry) -> tuple[int, str]:
    """Return the group under whose head an entry stands, 0 where it stands alone."""
    number = entry.row.group if entry.standing != "alone" else None
    return number or 0, entry.standing


def _head(name: str, column: Column | None, query: Query, words: Words) -> str:
    own = words.own
    columns: list[Column] = [column] if column else []
    if column == "document":
        columns.append("date")
    if not columns:
        return f'<th scope="col" class="{name}">{own.columns[name]}</th>'
    links = "".join(_sort_link(each, query, words) for each in columns)
    mark = f' aria-sort="{"descending" if query.descending else "ascending"}"' if query.sort in columns else ""
    return f'<th scope="col" class="{name}"{mark}>{links}</th>'


def _sort_link(column: Column, query: Query, words: Words) -> str:
    current = query.sort == column
    descending = not query.descending if current else column in LARGEST_FIRST
    if current and query.descending != (column in LARGEST_FIRST):  # the third click goes back to what differs first
        wanted = query._replace(sort="standing", descending=False, page=1, at=None)
    else:
        wanted = query._replace(sort=column, descending=descending, page=1, at=None)
    mark = f' class="{"down" if query.descending else "up"}"' if current else ""
    return f'<a href="{escape(wanted.href)}" data-go data-sort="{column}"{mark}>{words.own.columns[column]}</a>'


def _alone_head(standing: str, view: View, words: Words) -> str:
    others = any(entry.standing != "alone" for entry in view.found)
    if standing != "alone" or not others:
        return ""
    return f'<tr class="head"><th colspan="{len(HEADS)}" scope="rowgroup"><h2>{words.own.alone}</h2></th></tr>'


def _group_head(catalogue: Catalogue, number: int, view: View, query: Query, words: Words) -> str:
    """Render how the figures of a group stand to each other: the relation, each value with its documents, and why."""
    own, group = words.own, catalogue.group(number)
    slip = facts_list.factor(group)
    if slip:
        factor = words.count(slip)
        title, note = own.slip.format(factor), own.slip_note.format(factor)
    elif group.differs:
        title, note = own.differ, own.differ_note
    else:
        reasons = {link.verdict.reason for link in group.links}
        title, note = own.agree, " ".join(text for reason, text in own.fitting.items() if reason in reasons)
    standing: Standing = "differ" if group.differs else "agree"
    camps = "".join(_camp(camp, words) for camp in catalogue.camps(number)[:MOST_CAMPS])
    said = f"<p>{note}</p>" if note else ""
    shown = sum(entry.row.group == number for entry in view.found)
    members = len(group.members)
    more = ""
    if shown < members:
        address = escape(Query(group=number).href)
        more = f'<a href="{address}" data-go>{words.plural(members, own.whole_group)}</a>'
    return (
        f'<tr class="head" id="group-{number}" tabindex="-1"><th colspan="{len(HEADS)}" scope="rowgroup"><h2>'
        f'<span class="symbol" aria-hidden="true">{timeline_view.SYMBOLS[standing]}</span> {title}</h2>'
        f'<ul class="camps">{camps}</ul>{said}{more}</th></tr>'
    )


def _camp(camp: Camp, words: Words) -> str:
    own = words.own
    newest = camp.members[0].document.date
    when = own.newest.format(words.labels.day(newest)) if newest and camp.documents > 1 else ""
    when = when or (words.labels.day(newest) if newest else own.undated)
    return (
        f"<li><strong>{words.figure(camp.voice)}</strong> {words.plural(camp.documents, own.in_documents)}, {when}</li>"
    )


def _row(entry: Entry, query: Query, words: Words, *, in_group: bool) -> str:
    own, fact, document = words.own, entry.fact, entry.document
    citation = cite(document, Span(fact.start, fact.end))
    address = escape("./" + sharing.citation_address(citation.id))
    language = plain(document.language)
    see = ""
    if not in_group and entry.standing != "alone":
        wanted = escape(Query(group=entry.row.group or 0).href)
        see = (
            f'<a class="see {entry.standing}" href="{wanted}" data-go><span aria-hidden="true">'
            f"{timeline_view.SYMBOLS[entry.standing]}</span> {own.see_group[entry.standing]}</a>"
        )
    place = label(citation.places, words.labels.language)
    facts = [*([plain(place)] if place else []), *render.facts(document, words.labels)]
    time = words.time(entry) if isinstance(fact.value, Amount) else ""
    told = f'<span class="label">{own.columns["time"]}: </span>{time}' if time else '<span class="unknown">–</span>'
    return (
        f'<tr id="figure-{entry.number}" tabindex="-1"><th scope="row" class="value"><span class="name">'
        f'{words.figure(entry)}</span><span class="kind">{own.one_kind[fact.kind]}</span>{see}</th>'
        f'<td class="sentence"><span lang="{language}" dir="auto">{_sentence(entry)}</span></td>'
        f'<td class="time">{told}</td>'
        f'<td class="document"><a href="{address}" title="{own.open}"><span lang="{language}" dir="auto">'
        f'{plain(entry.title)}</span></a><span class="facts">'
        f"{''.join(f'<span>{each}</span>' for each in facts)}</span></td></tr>"
    )


def _sentence(entry: Entry) -> str:
    """Render the sentence of a figure with the figure marked; of a very long one, what is around it."""
    text, span = entry.document.text, entry.row.mention.sentence
    fact = entry.fact
    before, after = text[span.start : fact.start], text[fact.end : span.end]
    if len(before) > AROUND:
        before = "…" + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + "…"
    parts = (re.sub(r"\s+", " ", part) for part in (before.lstrip(), text[fact.start : fact.end], after.rstrip()))
    first, words, last = map(plain, parts)
    return f"{first}<mark>{words}</mark>{last}"


def _pager(view: View, query: Query, words: Words) -> str:
    own = words.own
    span = own.span.format(*map(words.count, (view.first, view.first + len(view.entries) - 1, len(view.found))))
    if view.pages == 1:
        return ""
    links = "".join(
        f'<a class="plain" href="{escape(query._replace(page=number, at=None).href)}" data-go>{name}</a>'
        if 1 <= number <= view.pages
        else f'<span class="plain" aria-disabled="true">{name}</span>'
        for number, name in ((view.page - 1, own.previous), (view.page + 1, own.next))
    )
    return f'<nav class="pager" aria-label="{words.labels.facts}"><p class="note">{span}</p>{links}</nav>'
