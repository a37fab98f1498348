"""The HTML of key points. What comes from documents and addresses passes through `render.plain`, which escapes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from rag.briefs import Point, Told
from rag.places import label
from rag.web import render, sharing
from rag.web.brief_labels import BriefLabels
from rag.web.labels import Labels
from rag.web.render import plain
from rag.web.served import Offered

POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
LONGEST_TOPIC = 500  # characters


class Words(NamedTuple):
    """The words of the page, its own and those of all pages, who reads it, and the collections to choose."""

    own: BriefLabels
    labels: Labels
    is_owner: bool
    user: str
    choice: Sequence[Offered] = ()


class Wanted(NamedTuple):
    """What key points are asked for: those of a document or on a topic, and whether a model says them."""

    document: str = ""
    about: str = ""
    by_model: bool = False


def address(wanted: Wanted) -> str:
    """Return the address of the page, below that of the web app.

    >>> address(Wanted(about="rent & heat"))
    'brief?about=rent+%26+heat'
    """
    query = {"document": wanted.document, "about": wanted.about, "by": "model" if wanted.by_model else ""}
    return f"brief?{urlencode({name: value for name, value in query.items() if value}, errors='replace')}"


def beginning(wanted: Wanted, title: str, words: Words, *, has_model: bool) -> str:
    """Render the page down to its points; `title` is that of the document, if they are of one."""
    own = words.own
    header = render.header(words.labels, "", owner=words.is_owner, user=words.user, choice=words.choice)
    subject = f'<p class="of" dir="auto">{plain(own.of_document.format(title))}</p>' if wanted.document else ""
    note = f"<p>{own.told if wanted.by_model else own.verbatim}</p>" if wanted.document or wanted.about else ""
    way = _way(wanted, own) if has_model and (wanted.document or wanted.about) else ""
    intro = f'<section class="intro"><h1>{own.title}</h1>{subject}{note}{way}</section>'
    return (
        f"{render.head(words.labels, own.title, 'page.css', 'brief.css', choice=words.choice)}"
        f'<body><header id="header">{header}</header>'
        f'<main>{intro}{_form(wanted, own)}<ol class="points">'
    )


def _way(wanted: Wanted, own: BriefLabels) -> str:
    """Render the way from the documents' words to a model's, and back."""
    other = plain("./" + address(wanted._replace(by_model=not wanted.by_model)))
    return f'<p><a href="{other}">{own.by_words if wanted.by_model else own.by_model}</a></p>'


def _form(wanted: Wanted, own: BriefLabels) -> str:
    by = '<input type="hidden" name="by" value="model">' if wanted.by_model else ""
    field = (
        f'<input type="search" name="about" class="field" required maxlength="{LONGEST_TOPIC}" '
        f'value="{plain(wanted.about)}" placeholder="{own.topic}" dir="auto">'
    )
    return (
        f'<form id="topic" action="./brief" role="search"><label>{own.about} {field}</label>{by}'
        f'<button type="submit" class="primary">{own.show}</button></form>'
    )


def point(number: int, told: Told, points: Sequence[Point], words: Words) -> str:
    """Render one point: what a model says of it, the sentence itself, and the way to it in the document."""
    shown = told.point
    document, language = shown.document, words.labels.language
    said = f'<p class="told" lang="{language}" dir="auto">{_said(told, words.own)}</p>' if told.text else ""
    ids = [each.citation.id for each in points]
    where = plain("./" + sharing.document_address(document.id, ids, number))
    place = label(shown.citation.places, language)
    title = plain(document.title.strip() or document.id)
    facts = [*([plain(place)] if place else ()), *render.facts(document, words.labels)]
    return (
        f'<li id="point-{number}">{said}<blockquote lang="{plain(document.language)}" dir="auto">'
        f"{plain(' '.join(shown.citation.quote.split()))}</blockquote>"
        f'<p class="facts"><a href="{where}" title="{words.own.open}"><span dir="auto">{title}</span></a>'
        f"{''.join(f'<span>{fact}</span>' for fact in facts)}</p></li>\n"
    )


def _said(told: Told, own: BriefLabels) -> str:
    return plain(told.text) if told.stands else f'<s title="{own.struck}">{plain(told.text)}</s>'


def ending(problem: str = "") -> str:
    """Render the rest of the page, with what went wrong on the way, if anything did."""
    alert = f'<p class="alert" role="alert" dir="auto">{plain(problem)}</p>' if problem else ""
    return f"</ol>{alert}</main></body></html>\n"
