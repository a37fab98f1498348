"""The document page's HTML. What comes from documents and addresses passes through `render.plain`, which escapes it.

The text of a part is, apart from what `plain` disarms, exactly the text of its element: paragraphs are elements, and
what stands between them stays between them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple
from urllib.parse import urlencode

from rag.citations import LookUp, parse_id
from rag.places import label
from rag.types import Document, Place, PlaceKind, Span
from rag.web import brief_view, page_view, render, sharing
from rag.web.brief_view import Wanted
from rag.web.document_labels import DocumentLabels, Standing
from rag.web.labels import Labels
from rag.web.page_view import Opened
from rag.web.render import plain
from rag.web.served import Offered
from rag.web.viewing import GAP, Cited, View, parts

POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SENT_WHOLE = 16  # parts: a document of no more is sent at once
AROUND = 1  # part that is sent at once on either side of a place, in a longer document
EXCERPT = 90  # characters of a citation in the list
SHOWN_NOW = 120  # characters on either side of what stands in the place of a changed citation

BLANK = re.compile(r"(?:[ \t]*\n)+")
# What is told of where it begins in the text; a heading tells itself, and a row is one of many.
TOLD: frozenset[PlaceKind] = frozenset({"member", "message", "attachment", "page", "slide", "notes", "sheet"})
SYMBOLS = {"verified": "✓", "moved": "→", "changed": "!", "gone": "×"}


class Words(NamedTuple):
    """The words of the page, its own and those of all pages, the address of these, and the collections to choose."""

    own: DocumentLabels
    labels: Labels
    base: str = "/"
    choice: Sequence[Offered] = ()


# Pages


def page(view: View, words: Words, *, whole: bool = False, opened: Opened | None = None) -> str:
    """Render a document, opened at the current citation; `whole`: all of its text at once, however long.

    `opened`: the page to show, of a document that has any; without one its text is shown first.
    """
    own = words.own
    title = plain(_title(view.document))
    shown_as = f' data-view="{"page" if opened else "text"}"' if view.has_pages else ""
    pages = _pages(view, opened, words) if view.has_pages else ""
    text = _text(view, words, whole, "text" if opened else "cite")
    main = (
        f'<main data-loading="{own.loading}" data-found="{own.found}" data-none="{own.found_none}"{shown_as}>'
        f'{_about(view, words)}<div class="reading">{_compared(view, words)}{pages}{text}</div></main>'
    )
    return _page(title, _find_form(own), main, words, has_pages=view.has_pages)


def _pages(view: View, opened: Opened | None, words: Words) -> str:
    at = opened or Opened(page_view.first_page(view), None)
    tools = page_view.tools(view, at, words.own, words.base, as_page=opened is not None)
    return tools + page_view.picture(view, opened, words.own, words.base)


def leaf(view: View, opened: Opened, words: Words) -> str:
    """Render what changes on the page when another page of the document is turned to."""
    own, base = words.own, words.base
    return page_view.turn(view, opened, own, base) + page_view.picture(view, opened, own, base)


def problem(standing: Standing, subject: str, cited: Sequence[Cited], at: int, words: Words) -> str:
    """Render that there is nothing to show, with what was cited if that is known, and the other citations."""
    own = words.own
    known = cited[at - 1].quote if at else None
    was = f'<h2>{own.was}</h2><blockquote dir="auto">{plain(known)}</blockquote>' if known else ""
    current = cited[at - 1] if at else None
    steps = _steps(cited, current, None, words) if len(cited) > 1 and current else ""
    main = (
        f'<main class="problem"><div class="reading"><h1>{standing.name}</h1><p class="file" translate="no">'
        f"<bdi>{plain(subject)}</bdi></p><p>{standing.note}</p>{was}{steps}{_list(cited, current, frozenset(), words)}"
        "</div></main>"
    )
    return _page(standing.name, "", main, words)


def _page(title: str, find: str, main: str, words: Words, *, has_pages: bool = False) -> str:
    labels, base = words.labels, words.base
    files = ["document.css", "copying.js", "document.js", *["pages.css", "pages.js"] * has_pages]
    return f"""{render.head(labels, title, *files, base=base, choice=words.choice)}
<body>
<header id="header"><a class="home" href="{base}"><span aria-hidden="true">‹</span> <span>{words.own.back}</span></a>
{render.chooser(words.choice, labels)}{find}</header>
{main}
</body>
</html>
"""


def _find_form(own: DocumentLabels) -> str:
    return (
        f'<form id="find" role="search" autocomplete="off"><input type="search" name="words" spellcheck="false" '
        f'maxlength="500" aria-label="{own.find}" placeholder="{own.find}"><output aria-live="polite"></output>'
        f'<button type="button" class="previous" aria-label="{own.find_previous}" title="{own.find_previous}" disabled>'
        f'<span aria-hidden="true">↑</span></button>'
        f'<button type="button" class="next" aria-label="{own.find_next}" title="{own.find_next}" disabled>'
        f'<span aria-hidden="true">↓</span></button></form>'
    )


# What it is, and whether the citation holds


def _about(view: View, words: Words) -> str:
    document, own = view.document, words.own
    facts = "".join(f"<span>{fact}</span>" for fact in render.facts(document, words.labels))
    changed = f'<p class="note">{own.as_now if view.is_current else own.as_indexed}</p>' if view.has_changed else ""
    pale = f'<p class="note">{own.dimmed}</p>' if dimmed(view.text, view.document) else ""
    here = [
        each for each in view.cited if each is view.current or (each.place and view.current and _holds(view.current))
    ]
    reachable = frozenset(each.number for each in here if each.place)
    sections = "".join(_citation(each, view, reachable, words) for each in here)
    return (
        f'<aside id="about" aria-label="{own.document}"><h1 id="title" lang="{plain(document.language)}" dir="auto">'
        f'{plain(_title(document))}</h1><p class="facts">{facts}</p>'
        f'<p class="file" translate="no"><bdi>{plain(document.id)}</bdi></p>'
        f'<p class="facts"><a href="{_brief(document, words)}">{own.key_points}</a>'
        f'<a href="{_figures(document, words)}">{own.figures}</a></p>'
        f"{sections}{changed}{pale}{_list(view.cited, view.current, reachable, words)}</aside>"
    )


def _figures(document: Document, words: Words) -> str:
    """Return the address of the Facts page with the figures of a document."""
    return plain(f"{words.base}facts?{urlencode({'document': document.id}, errors='replace')}")


def _brief(document: Document, words: Words) -> str:
    """Return the address of the key points of a document."""
    return plain(words.base + brief_view.address(Wanted(document.id)))


def _holds(cited: Cited) -> bool:
    return cited.found is not None and cited.place is not None and cited.found.status != "changed"


def _citation(cited: Cited, view: View, reachable: frozenset[int], words: Words) -> str:
    found = cited.found
    assert found is not None
    own = words.own
    status = found.status
    hidden = "" if cited is view.current else " hidden"
    copying = ""
    if found.quote is not None:
        shared = sharing.shared(cited.id, found.quote, Span(found.start, found.end), view.document, own, words.labels)
        copying = render.copy_buttons(shared, own, words.base, markdown=True)
    place = plain(sharing.place(Span(found.start, found.end), view.document, own, words.labels))
    return (
        f'<section class="citation {status}" data-number="{cited.number}"{_on_page(cited, view)} '
        f'aria-label="{own.citation}"{hidden}>'
        f'<h2><span aria-hidden="true">{SYMBOLS[status]}</span> {own.standing[status].name}</h2>'
        f'<p>{own.standing[status].note}</p><p class="note">{place}</p>{copying}'
        f"{_steps(view.cited, cited, reachable, words)}</section>"
    )


def _on_page(cited: Cited, view: View) -> str:
    return f' data-page="{cited.page}"' if view.has_pages and cited.page else ""


def _steps(cited: Sequence[Cited], current: Cited, reachable: frozenset[int] | None, words: Words) -> str:
    """Render the way to the citations before and after; on a phone, the bar at the foot of the page."""
    own = words.own
    status = current.found.status if current.found else "gone"
    symbol = f'<span aria-hidden="true">{SYMBOLS[status]}</span> '
    standing = f'<a class="standing {status}" href="#title">{symbol}{own.standing[status].name}</a>'
    if len(cited) < 2:
        return f'<nav class="steps single" aria-label="{own.citation}">{standing}</nav>'
    before, after = (
        _step(cited, current.number + by, reachable or frozenset(), words, *how)
        for by, how in ((-1, ("prev", own.previous, "↑")), (1, ("next", own.next, "↓")))
    )
    count = own.step.format(current.number, len(cited))
    middle = f'<span class="count">{count}</span>{standing}'
    return f'<nav class="steps" aria-label="{own.citations}">{before}{middle}{after}</nav>'


def _step(
    cited: Sequence[Cited], number: int, reachable: frozenset[int], words: Words, relation: str, name: str, arrow: str
) -> str:
    if not 1 <= number <= len(cited):
        return f'<span class="step off" aria-hidden="true">{arrow}</span>'
    key = "Alt+ArrowUp" if relation == "prev" else "Alt+ArrowDown"
    return (
        f'<a class="step" rel="{relation}" href="{_address(cited, number, words)}"{_here(number, reachable)} '
        f'aria-label="{name}" title="{name} ({key.replace("Arrow", "")})" aria-keyshortcuts="{key}">'
        f'<span aria-hidden="true">{arrow}</span></a>'
    )


def _here(number: int, reachable: frozenset[int]) -> str:
    return f' data-here="{number}"' if number in reachable else ""


def _address(cited: Sequence[Cited], number: int, words: Words) -> str:
    ids = [each.id for each in cited]
    document_id = parse_id(ids[number - 1]).document_id
    return plain(words.base + sharing.document_address(document_id, ids, number))


def _list(cited: Sequence[Cited], current: Cited | None, reachable: frozenset[int], words: Words) -> str:
    if len(cited) < 2:
        return ""
    items = "".join(_item(cited, each, current, reachable, words) for each in cited)
    return f'<nav class="cited" aria-label="{words.own.citations}"><h2>{words.own.citations}</h2><ol>{items}</ol></nav>'


def _item(cited: Sequence[Cited], each: Cited, current: Cited | None, reachable: frozenset[int], words: Words) -> str:
    mark = ' aria-current="true"' if current and each.number == current.number else ""
    document_id = parse_id(each.id).document_id
    title = plain(_title(each.document) if each.document else document_id)
    quote = " ".join((each.quote or "").split())
    excerpt = quote if len(quote) <= EXCERPT else quote[:EXCERPT].rstrip() + "…"
    language = plain(each.document.language) if each.document else "und"
    other = each.document is None or current is None or each.document is not current.document
    where = f'<span class="where" dir="auto">{title}</span>' if other or not excerpt else ""
    return (
        f'<li><a href="{_address(cited, each.number, words)}"{_here(each.number, reachable)}{mark}>'
        f'<span class="number">{each.number}</span><span lang="{language}"><span class="excerpt" dir="auto">'
        f"{plain(excerpt)}</span>{where}</span></a></li>"
    )


def _compared(view: View, words: Words) -> str:
    """Render what was cited beside what stands there now, where the words have gone."""
    current = view.current
    if current is None or current.found is None or current.found.status != "changed":
        return ""
    own, found = words.own, current.found
    language = plain(view.document.language)
    quotation = f'<blockquote lang="{language}" dir="auto">'
    was = f"{quotation}<del>{plain(found.quote)}</del></blockquote>" if found.quote else f"<p>{own.unknown_quote}</p>"
    now = f"{quotation}{_now(found)}</blockquote>" if found.found else f"<p>{own.nothing_now}</p>"
    return f'<section class="compared"><div><h2>{own.was}</h2>{was}</div><div><h2>{own.now}</h2>{now}</div></section>'


def _now(found: LookUp) -> str:
    """Render what stands in the place of a citation, with a little of what stands around it."""
    context = found.context or ""
    start = min(found.start - found.context_start, len(context))
    end = start + len(found.found or "")
    before, after = context[max(0, start - SHOWN_NOW) : start], context[end : end + SHOWN_NOW]
    return f"{'…' * bool(before)}{plain(before)}<ins>{plain(context[start:end])}</ins>{plain(after)}{'…' * bool(after)}"


# The text


def _text(view: View, words: Words, whole: bool, anchor: str) -> str:
    own, document = words.own, view.document
    cut = parts(view.text)
    sent = frozenset(range(len(cut))) if whole or len(cut) <= SENT_WHOLE else _sent_first(view, cut)
    marks = [each for each in view.cited if each.place]
    body = "".join(
        _part(view, span, number, marks, words, anchor) if number in sent else _waiting(number)
        for number, span in enumerate(cut)
    )
    script = (
        f'<noscript><p class="note">{own.no_script} <a href="{_whole(view, words)}">{own.whole}</a></p></noscript>'
        if len(sent) < len(cut)
        else ""
    )
    trouble = (
        f'<p class="alert" role="alert" data-lost="{own.lost}" data-outdated="{own.outdated}" hidden><span></span> '
        f'<button type="button">{own.retry}</button></p>'
    )
    return (
        f'{script}<article id="text" tabindex="-1" lang="{plain(document.language)}" aria-label="{own.text}" '
        f'data-version="{view.version}">{body}</article>{trouble}'
    )


def _whole(view: View, words: Words) -> str:
    """Return the address of the same place in a page with the whole text."""
    address = _address(view.cited, view.current.number, words) if view.current else "?"
    return address.replace("?", "?whole=1&amp;", 1).removesuffix("&amp;")


def _sent_first(view: View, cut: Sequence[Span]) -> frozenset[int]:
    """Return the parts that are sent with the page: those around the place, and those that hold other citations."""
    starts = [span.start for span in cut]
    opened = view.current.place.start if view.current and view.current.place else 0
    middle = bisect_right(starts, opened) - 1
    sent = set(range(max(0, middle - AROUND), min(len(cut), middle + AROUND + 1)))
    for each in view.cited:
        if each.place:
            first, last = (bisect_right(starts, offset) - 1 for offset in (each.place.start, each.place.end - 1))
            sent |= set(range(max(0, first), last + 1))
    return frozenset(sent)


def _waiting(number: int) -> str:
    return f'<section class="part waiting" id="part-{number}"></section>'


def _part(view: View, span: Span, number: int, marks: Sequence[Cited], words: Words, anchor: str) -> str:
    near = " near" if view.current and view.current.place and _overlap(span, view.current.place) else ""
    pale, places = dimmed(view.text, view.document), view.places
    html = part(view.text, span, marks, pale, places, words, anchor=anchor, numbered=len(view.cited) > 1)
    return f'<section class="part{near}" id="part-{number}" dir="auto">{html}</section>'


def part(
    text: str,
    span: Span,
    marks: Sequence[Cited],
    dimmed: Sequence[Span],
    places: Sequence[Place],
    words: Words,
    *,
    anchor: str = "cite",
    numbered: bool = False,
) -> str:
    """Render the paragraphs of a part of the text, with the citations in it marked and its pages and the like named.

    `anchor`: what the names of the citations' anchors begin with.
    """
    inside = _Inside(
        tuple(each for each in marks if each.place and _overlap(span, each.place)),
        tuple(each for each in dimmed if _overlap(span, each)),
        _told(places, span, words.labels.language),
        anchor,
        numbered,
    )
    html = []
    for paragraph, after in _paragraphs(text, span):
        html.append(f"<p>{''.join(_runs(text, paragraph, inside))}</p>" if paragraph else "")
        html.append(plain(after))
    return "".join(html)


class _Inside(NamedTuple):
    """What a part of the text has in it beside the text."""

    marks: Sequence[Cited]
    dimmed: Sequence[Span]
    places: Mapping[int, str]  # where they begin -> how they are told
    anchor: str
    numbered: bool


def _told(places: Sequence[Place], span: Span, language: str) -> dict[int, str]:
    """Render the places that begin in a part of the text; of several at one offset, all."""
    first, last = (bisect_left(places, offset, key=attrgetter("start")) for offset in span)
    told: dict[int, str] = {}
    for each in places[first:last]:
        if each.kind in TOLD:
            page = f' data-page="{each.number}"' if each.kind == "page" else ""
            name = f'<span class="place" data-name="{plain(label([each], language))}"{page}></span>'
            told[each.start] = told.get(each.start, "") + name
    return told


def dimmed(text: str, document: Document) -> Sequence[Span]:
    """Return what is shown dimmed: boilerplate, known of the text as indexed only."""
    return document.boilerplate if text == document.text else ()


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _paragraphs(text: str, span: Span) -> Iterator[tuple[Span | None, str]]:
    """Yield the paragraphs of a part, each with what stands between it and the next."""
    blank = BLANK.match(text, *span)
    start = blank.end() if blank else span.start
    yield None, text[span.start : start]
    for gap in GAP.finditer(text, start, span.end):
        yield (Span(start, gap.start()) if gap.start() > start else None), gap[0]
        start = gap.end()
    if start < span.end:
        yield Span(start, span.end), ""


def _runs(text: str, span: Span, inside: _Inside) -> Iterator[str]:
    """Yield the runs of a paragraph, cut where anything begins or ends; citations may overlap."""
    spans = [*inside.dimmed, *(each.place for each in inside.marks if each.place)]
    offsets = [*(offset for each in spans for offset in each), *inside.places]
    cuts = sorted({*span, *(offset for offset in offsets if span.start < offset < span.end)})
    for start, end in pairwise(cuts):
        run = Span(start, end)
        yield inside.places.get(start, "")
        over = [each for each in inside.marks if each.place and _overlap(run, each.place)]
        yield from (_anchor(each, inside) for each in over if each.place and each.place.start == start)
        words = plain(text[start:end])
        if over:
            yield f'<mark data-cites="{" ".join(str(each.number) for each in over)}">{words}</mark>'
        elif any(_overlap(run, each) for each in inside.dimmed):
            yield f'<span class="dimmed">{words}</span>'
        else:
            yield words


def _anchor(cited: Cited, inside: _Inside) -> str:
    number = f' data-number="{cited.number}"' if inside.numbered else ""
    has_changed = cited.found is not None and cited.found.status == "changed"
    name = "was" if has_changed else inside.anchor  # the page then opens at its head
    opens = "" if has_changed else f' data-cite="{cited.number}"'
    return f'<span class="anchor" id="{name}-{cited.number}"{opens}{number}></span>'


def _title(document: Document) -> str:
    return document.title if document.title.strip() else document.id
