"""The HTML of a PDF's page: its picture, the cited words boxed in it, and what leads to other pages.

The boxes are rectangles of a drawing that lies over the picture and has the page's own measure, in points: they need
neither styles nor scripts to be in their places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rag.formats import pdf_boxes
from rag.formats.pdf_boxes import Area, Leaf
from rag.types import Place, Span
from rag.web import sharing
from rag.web.document_labels import DocumentLabels
from rag.web.pages import WIDTHS, NoSuchPage, NotShown, Outdated, Overloaded, Pages, Undrawable
from rag.web.render import plain
from rag.web.viewing import VERSION, Cited, View, page_at

CURRENT = ' aria-current="true"'
PAD = 1.5  # points that a box is wider than its words on each side
SIZES = "(max-width: 60rem) 94vw, 49rem"  # about as wide as the picture is shown before it is zoomed


@dataclass(frozen=True, slots=True)
class Opened:
    """A page as it is looked at."""

    number: int
    leaf: Leaf | None  # None where it cannot be shown, or was not asked for
    boxes: Mapping[int, Sequence[Area]] = field(default_factory=dict)  # by the number of the citation
    is_unplaced: bool = False  # a cited word is on it, nobody knows where
    problem: type[NotShown] | None = None


def first_page(view: View) -> int:
    """Return the number of the page to open: that of the current citation, or where that once stood."""
    current = view.current
    if current is None:
        return 1
    place = current.place or (Span(current.found.start, current.found.end) if current.found else None)
    once = page_at(view.document, place.start) if place else None
    return current.page or once or 1


def opened(view: View, number: int, pages: Pages) -> Opened:
    """Return a page with the citations boxed that stand on it in the file as it is now."""
    page = next((each for each in view.now.places if each.kind == "page" and each.number == number), None)
    here = _cited_on(page, view) if page else {}
    try:
        leaf = pages.leaf(view.now, number, recognise=bool(here))
    except NotShown as reason:
        return Opened(number, None, problem=type(reason))
    if not leaf.is_there:
        return Opened(number, leaf, problem=Undrawable if 1 <= number <= leaf.pages else NoSuchPage)
    if page is None:  # there are no words on it
        return Opened(number, leaf)
    found = pdf_boxes.find(leaf, view.now.text[page.start : page.end], list(here.values())) if here else []
    boxes = dict(zip(here, found, strict=True)) if found else {}
    return Opened(number, leaf, boxes, is_unplaced=any(not boxes.get(each) for each in here))


def _cited_on(page: Place, view: View) -> dict[int, Span]:
    """Return what of each citation stands on a page, counted from where that begins."""
    here = {each.number: _within(each.stands, page.start, page.end) for each in view.cited if each.stands}
    return {number: span for number, span in here.items() if span.start < span.end}


def _within(span: Span, start: int, end: int) -> Span:
    """Return the part of a span that lies on a page, counted from where that begins."""
    return Span(max(span.start - start, 0), min(span.end, end) - start)


# HTML


def tools(view: View, page: Opened, own: DocumentLabels, base: str, *, as_page: bool) -> str:
    """Render what changes the view: between page and text, to other pages, and the zoom."""
    ways = (
        ("page", own.page, _address(view, base, page=page.number), as_page),
        ("text", own.text, _address(view, base, view="text"), not as_page),
    )
    links = "".join(
        f'<a href="{address}" data-view="{way}"{CURRENT * is_current}>{name}</a>'
        for way, name, address, is_current in ways
    )
    smaller, larger = _zoom(-1, own.zoom_out, "−"), _zoom(1, own.zoom_in, "+")
    return (
        f'<div class="tools" data-lost="{own.page_lost}">'
        f'<nav class="shown-as" aria-label="{own.shown_as}">{links}</nav>{turn(view, page, own, base)}'
        f'<div class="zoom" role="group" aria-label="{own.zoom}" hidden>{smaller}<output>100 %</output>{larger}</div>'
        "</div>"
    )


def _zoom(by: int, name: str, sign: str) -> str:
    return (
        f'<button type="button" data-by="{by}" aria-label="{name}" title="{name} ({sign})" aria-keyshortcuts="{sign}">'
        f'<span aria-hidden="true">{sign}</span></button>'
    )


def turn(view: View, page: Opened, own: DocumentLabels, base: str) -> str:
    """Render the way to other pages."""
    count = page.leaf.pages if page.leaf else max(each.number or 1 for each in view.now.places)
    before = _turn(view, min(page.number - 1, count), count, base, ("prev", own.page_before, "‹", "ArrowLeft"))
    after = _turn(view, max(page.number + 1, 1), count, base, ("next", own.page_after, "›", "ArrowRight"))
    form = (
        f'<form class="go" autocomplete="off"><input name="page" inputmode="numeric" maxlength="6" '
        f'value="{page.number}" aria-label="{own.go_to_page}"> <span>{own.of_pages.format(count)}</span></form>'
    )
    return f'<nav class="turn" aria-label="{own.pages}">{before}{form}{after}</nav>'


def _turn(view: View, number: int, count: int, base: str, how: tuple[str, str, str, str]) -> str:
    relation, name, arrow, key = how
    if not 1 <= number <= count:
        return f'<span class="step off" aria-hidden="true">{arrow}</span>'
    return (
        f'<a class="step" rel="{relation}" href="{_address(view, base, page=number)}" data-turn="{number}" '
        f'aria-label="{name}" title="{name}" aria-keyshortcuts="{key}"><span aria-hidden="true">{arrow}</span></a>'
    )


def picture(view: View, page: Opened | None, own: DocumentLabels, base: str) -> str:
    """Render a page, or why it cannot be shown; nothing of one that was not opened yet."""
    shown = _shown(view, page, own, base) if page else ""
    number = page.number if page else first_page(view)
    return f'<section id="page" data-number="{number}" aria-label="{own.page}">{shown}</section>'


def _shown(view: View, page: Opened, own: DocumentLabels, base: str) -> str:
    if page.leaf is None or not page.leaf.is_there:
        return f'<p class="alert" role="alert">{_why(page.problem, own)}</p>'
    notes = [own.page_as_now] if view.has_changed else []
    if view.current and view.current.found and view.current.found.status == "changed":
        notes.append(own.unmarked)
    elif page.is_unplaced:
        notes.append(own.unplaced)
    told = "".join(f'<p class="note">{note}</p>' for note in notes)
    name = own.page_of.format(page.number, page.leaf.pages)
    return (
        f'{told}<div class="sheet" tabindex="0" role="group" aria-label="{name}">'
        f"{_leaf(view, page, page.leaf, name, base)}</div>"
    )


def _why(problem: type[NotShown] | None, own: DocumentLabels) -> str:
    reasons = {NoSuchPage: own.no_page, Outdated: own.outdated, Overloaded: own.overloaded}
    return reasons.get(problem or Undrawable, own.undrawable)


def _leaf(view: View, page: Opened, leaf: Leaf, name: str, base: str) -> str:
    """Render the picture, the boxes over it, and the words in them for those who see neither."""
    height = max(1, round(WIDTHS[0] * leaf.height / leaf.width))
    addresses = {width: _picture_address(view, page.number, width, base) for width in WIDTHS}
    sources = ", ".join(f"{address} {width}w" for width, address in addresses.items())
    cited = [each for each in view.cited if page.boxes.get(each.number)]
    measure = f'viewBox="0 0 {leaf.width:.2f} {leaf.height:.2f}" aria-hidden="true"'
    boxes = "".join(_box(each, page.boxes[each.number]) for each in cited)
    numbers = "".join(_number(each, page.boxes[each.number][0]) for each in cited) if len(view.cited) > 1 else ""
    quotes = "".join(f"<p>{plain(each.quote or '')}</p>" for each in cited)
    return (
        f'<div class="leaf"><img src="{addresses[WIDTHS[1]]}" srcset="{sources}" sizes="{SIZES}" '
        f'width="{WIDTHS[0]}" height="{height}" alt="{name}">'
        f'<svg class="boxes" {measure}>{boxes}</svg><svg {measure}>{numbers}</svg></div>'
        f'<div class="hidden" lang="{plain(view.document.language)}">{quotes}</div>'
    )


def _box(cited: Cited, areas: Sequence[Area]) -> str:
    rectangles = "".join(
        f'<rect x="{left - PAD:.2f}" y="{top - PAD:.2f}" width="{right - left + 2 * PAD:.2f}" '
        f'height="{bottom - top + 2 * PAD:.2f}" rx="1.5"/>'
        for left, top, right, bottom in areas
    )
    return f'<g class="box" id="cite-{cited.number}" data-cite="{cited.number}">{rectangles}</g>'


def _number(cited: Cited, area: Area) -> str:
    """Render the number of a citation as a badge on the corner of its box."""
    x, y = max(area.left - PAD, 5), max(area.top - PAD, 4)
    return (
        f'<g class="number" data-cite="{cited.number}"><rect x="{x - 5:.2f}" y="{y - 4:.2f}" width="9" height="7" '
        f'rx="2"/><text x="{x - 0.5:.2f}" y="{y + 1.4:.2f}">{cited.number}</text></g>'
    )


def _address(of: View, base: str, **query: int | str) -> str:
    """Return the address of the same document and citations, shown another way."""
    ids, at = [each.id for each in of.cited], of.current.number if of.current else 0
    return plain(base + sharing.page_address(of.document.id, ids, at, **query))


def _picture_address(of: View, number: int, width: int, base: str) -> str:
    version = of.now.sha256[:VERSION]
    address = sharing.page_address(of.document.id, (), 0, picture=number, width=width, version=version)
    return plain(base + address)
