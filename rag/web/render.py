"""Records -> HTML. Pure functions, and the only place where the page's HTML is made.

Everything that comes from documents, questions and file names passes through `plain`, which escapes it and disarms
control and bidirectional characters. Nothing is read as Markdown.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from html import escape

from rag.answerers import Written
from rag.errors import RagError
from rag.exports import told
from rag.places import label, place_of
from rag.types import Answer, Citation, ConflictValue, Document, Hit, Passage, Span, Statement
from rag.untrusted import disarm
from rag.web import document_labels, sharing
from rag.web.document_labels import DocumentLabels
from rag.web.examples import Example
from rag.web.labels import Labels
from rag.web.served import Offered
from rag.web.sharing import Shared

SHOWN_DOCUMENTS = 30
SHOWN_NEAREST = 3
WHOLE_QUESTION = 2000  # characters: a longer question is shown by its beginning; the field below keeps all of it
QUESTION_BEGINNING = 300
SHOWN_CONTEXT = 200  # characters of a passage on either side of the cited words, before it is unfolded
FOLDED_AT_LEAST = 80  # characters: less than this is not worth a click
CONTEXT = 300  # characters on either side of a citation that lies in no retrieved passage

CURRENT = ' aria-current="true"'
EVERYBODYS = frozenset({"chat", "facts"})  # pages that not only the owner may see

DocumentById = Callable[[str], Document]


def plain(text: str) -> str:
    """Escape text for HTML, show control characters as U+FFFD and drop what `disarm` drops.

    >>> plain("<b>\\u202etxt.exe")
    '&lt;b&gt;txt.exe'
    """
    return escape(disarm(text))


def header(
    labels: Labels, current: str, *, owner: bool, user: str = "", drawer: str = "", choice: Sequence[Offered] = ()
) -> str:
    """Render the name of the program, the way from page to page, and for who is logged in the way out.

    `drawer` names the list of conversations, where there is one to open; `choice` are the collections.
    """
    brand = f'<p class="brand">{labels.title}</p>'
    pages = {
        "chat": ("./", labels.chat),
        "documents": ("./documents", labels.documents),
        "facts": ("./facts", labels.facts),
        "evaluation": ("./evaluation", labels.evaluation),
    }
    links = "".join(
        _page_link(address, name, page == current)
        for page, (address, name) in pages.items()
        if owner or page in EVERYBODYS
    )
    nav = f'<nav aria-label="{labels.pages}">{links}</nav>'
    opener = f'<button type="button" class="opener" popovertarget="conversations">{drawer}</button>' if drawer else ""
    way_out = _way_out(labels, user) if user else ""
    return f'<div class="bar" lang="{labels.language}">{opener}{brand}{chooser(choice, labels)}{nav}{way_out}</div>'


def chooser(choice: Sequence[Offered], labels: Labels) -> str:
    """Render the choice of the collection, where there is one."""
    if not choice:
        return ""
    shown = _shown(choice, labels)
    links = "".join(
        f'<li><a href="{plain(each.address)}"{CURRENT * each.is_current} dir="auto">'
        f"{collection_name(each.name, labels)}</a></li>"
        for each in choice
    )
    return (
        f'<button type="button" class="collection" popovertarget="collections" '
        f'aria-label="{labels.collection}: {shown}" title="{labels.collection}"><bdi>{shown}</bdi></button>'
        f'<ul id="collections" popover aria-label="{labels.collection}">{links}</ul>'
    )


def _shown(choice: Sequence[Offered], labels: Labels) -> str:
    """Render the name of the collection that is shown, where there are several."""
    return next((collection_name(each.name, labels) for each in choice if each.is_current), "")


def collection_name(name: str, labels: Labels) -> str:
    """Render the name of a collection; the folder that the settings name themselves has none of its own."""
    return plain(name) if name else labels.main_collection


def tab_title(name: str, labels: Labels, choice: Sequence[Offered] = ()) -> str:
    """Render what a browser calls a page: its name, that of the collection where there are several, and the program's.

    >>> from rag.web.labels import ENGLISH
    >>> tab_title("Facts", ENGLISH, [Offered("notes", "", True), Offered("", "", False)])
    'Facts · notes · Ask your documents'
    """
    return " · ".join(filter(None, [name, _shown(choice, labels), labels.title]))


def head(labels: Labels, name: str, *files: str, base: str = "./", choice: Sequence[Offered] = ()) -> str:
    """Render the beginning of a page of its own beside the chat, with these styles and scripts beside the common style.

    `base` is the address of the pages of the collection, and `choice` are the collections.
    """
    links = "\n".join(
        f'<script src="{base}web/{file}" defer></script>'
        if file.endswith(".js")
        else f'<link rel="stylesheet" href="{base}web/{file}">'
        for file in ("base.css", *files)
    )
    return f"""<!doctype html>
<html lang="{labels.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{tab_title(name, labels, choice)}</title>
<link rel="icon" type="image/svg+xml" href="{base}web/icon.svg">
{links}
</head>"""


def _way_out(labels: Labels, user: str) -> str:
    """Render a form, as a link could be followed without being meant."""
    button = f'<button type="submit" title="{plain(user)}">{labels.log_out}</button>'
    return f'<form class="log-out" method="post" action="/logout">{button}</form>'


def welcome(documents: Sequence[Document], prompts: Iterable[Example], labels: Labels) -> str:
    """Render the page before the first question: examples to click, and what can be asked about."""
    buttons = "".join(
        f'<li><button type="button" class="example" data-action="ask" data-question="{plain(question)}" '
        f'lang="{plain(language)}" dir="auto">{plain(question)}</button></li>'
        for language, question in prompts
    )
    offer = f'<h2 id="examples">{labels.examples}</h2><ul aria-labelledby="examples">{buttons}</ul>' if buttons else ""
    return _chat(
        f'<section class="welcome"><h1>{labels.heading}</h1><p>{labels.invitation}</p>{offer}</section>'
        f"{_document_list(documents, labels)}",
        labels,
    )


def conversation(turns: Sequence[str], labels: Labels, identity: str = "", alert: str = "") -> str:
    """Render the transcript of rendered turns, the last of them in full view; `identity` is that of a kept one.

    `alert` tells what went wrong otherwise, if anything did.
    """
    items = f'<ol class="turns">{"".join(turns)}</ol>'
    log = f'<div role="log" aria-live="polite" aria-label="{labels.conversation}">{items}</div>'
    return _chat(log + (_alert(alert) if alert else ""), labels, identity)


def problem(message: str, labels: Labels) -> str:
    """Render an error that stands for the whole page."""
    return _chat(f'<section class="welcome"><h1>{labels.heading}</h1>{_alert(message)}</section>', labels)


def pending_turn(number: int, question: str, labels: Labels) -> str:
    """Render a question that is being answered."""
    dots = '<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>'
    written = '<div class="written" aria-live="off"></div>'
    return _turn(number, question, f'{written}<p class="busy">{dots}<span>{labels.searching}</span></p>', "")


def draft(written: Written, labels: Labels) -> str:
    """Render a reply that is being written; what is not checked yet is marked as such, what did not stand, too."""
    said = "".join(f'<p dir="auto">{_struck(each, plain(each.text), labels)}</p>' for each in written.statements)
    unchecked = f'<p class="unchecked" dir="auto">{plain(written.unchecked)}</p>' if written.unchecked else ""
    return f'<div data-busy="{labels.writing}">{said}{unchecked}</div>' if said or unchecked else ""


def _struck(statement: Statement, words: str, labels: Labels) -> str:
    return f'<s title="{plain(labels.struck)}">{words}</s>' if statement.is_struck else words


def failed_turn(number: int, question: str, message: str, actions: str = "") -> str:
    """Render a question that could not be asked, and why; `actions` are what can be done then."""
    return _turn(number, question, _alert(message) + actions, "")


def answered_turn(
    number: int, answer: Answer, document: DocumentById, labels: Labels, actions: str = "", meaning: str = ""
) -> str:
    """Render a question with its reply and sources; `meaning` says what it is to be so sure."""
    if answer.answered:
        cards = [_citation_card(number, index, answer, document, labels) for index in _numbers(answer)]
        sources = _panel(number, labels.sources, "".join(cards))
        count = labels.show_sources.format(len(cards))
        sure = _sure(labels.confidence(answer.confidence), meaning)
    else:
        cards = [_hit_card(hit, document, labels) for hit in answer.hits[:SHOWN_NEAREST]]
        note = f'<p class="note">{labels.nearest_note}</p>' if cards else ""
        sources = _panel(number, labels.nearest, note + "".join(cards))
        count, sure = labels.show_nearest.format(len(cards)), ""
    button = f'<button type="button" class="show-sources">{count}</button>' if cards else ""
    understood = _understood(answer, labels)
    said = f"{_reply(number, answer, document, labels)}{_conflicts(number, answer, document, labels)}"
    reply = f'{understood}{said}<div class="foot">{sure}{button}</div>{actions}'
    return _turn(number, answer.question, reply, sources)


def _sure(words: str, meaning: str) -> str:
    if not meaning:
        return f'<span class="confidence">{words}</span>'
    return f'<details class="confidence"><summary>{words}</summary><p>{meaning}</p></details>'


def _page_link(address: str, name: str, current: bool) -> str:
    mark = ' aria-current="page"' if current else ""
    return f'<a href="{address}"{mark}>{name}</a>'


def _chat(body: str, labels: Labels, identity: str = "") -> str:
    return f'<div class="chat" lang="{labels.language}" data-conversation="{plain(identity)}">{body}</div>'


def _turn(number: int, question: str, reply: str, sources: str) -> str:
    shown = question if len(question) <= WHOLE_QUESTION else question[:QUESTION_BEGINNING].rstrip() + "…"
    return (
        f'<li class="turn" id="turn-{number}"><p class="question" dir="auto" tabindex="-1">{plain(shown)}</p>'
        f'<div class="answer">{reply}</div>{sources}</li>'
    )


def _alert(message: str) -> str:
    return f'<p class="alert" role="alert" dir="auto">{plain(message)}</p>'


def _understood(answer: Answer, labels: Labels) -> str:
    """Show how a question that leans on earlier ones was completed."""
    if answer.completed is None:
        return ""
    return f'<p class="understood" dir="auto">{plain(labels.understood.format(answer.completed))}</p>'


def _reply(number: int, answer: Answer, document: DocumentById, labels: Labels) -> str:
    paragraphs = []
    for statement in answer.statements:
        languages = {_citation_language(answer.citations[index - 1], document) for index in statement.citations}
        language = languages.pop() if len(languages) == 1 else answer.language
        links = "".join(_citation_link(number, index, answer, document, labels) for index in statement.citations)
        words = _struck(statement, _marked(statement.text, statement.marked), labels)
        ours = [each.text for each in answer.renderings if each.citation in statement.citations[:1]]
        rendering = _rendering(", ".join(ours), answer, labels) if ours else ""
        paragraphs.append(f'<p><span lang="{plain(language)}" dir="auto">{words}</span>{links}</p>{rendering}')
    return "".join(paragraphs)


def _rendering(text: str, answer: Answer, labels: Labels) -> str:
    """Render our words for a figure, marked as ours."""
    words = f'<span lang="{plain(answer.language)}" dir="auto">{plain(text)}</span>'
    return f'<p class="rendering" title="{labels.rendering_means}">{labels.rendering.format(words)}</p>'


def _conflicts(number: int, answer: Answer, document: DocumentById, labels: Labels) -> str:
    """Render what sources differ on: each value with all that give it, and what looks like a slip."""
    return "".join(
        f'<section class="conflict" aria-label="{labels.sources_differ}">'
        f'<p lang="{plain(answer.language)}" dir="auto">{plain(conflict.note)}</p>'
        f"<ul>{''.join(_value(number, value, answer, document, labels) for value in conflict.values)}</ul></section>"
        for conflict in answer.conflicts
    )


def _value(number: int, value: ConflictValue, answer: Answer, document: DocumentById, labels: Labels) -> str:
    sources = list(told(value, answer))
    links = "".join(
        f"<span>{_date(date, labels)}{_citation_link(number, index, answer, document, labels)}</span>"
        for index, date in sources
    )
    language = _citation_language(answer.citations[sources[0][0] - 1], document) if sources else "und"
    words = f'<strong lang="{plain(language)}" dir="auto">{plain(value.text)}</strong>'
    ours = _rendering(value.rendering, answer, labels) if value.rendering else ""
    slip = f'<p class="slip">{labels.off_by.format(labels.whole_number(value.off_by))}</p>' if value.off_by else ""
    return f'<li>{words}{slip}{ours}<p class="told">{links}</p></li>'


def _marked(text: str, span: Span | None) -> str:
    """Return a statement with the short answer in it made prominent."""
    if span is None:
        return plain(text)
    start, end = span
    return f'{plain(text[:start])}<strong class="short">{plain(text[start:end])}</strong>{plain(text[end:])}'


def _citation_link(number: int, index: int, answer: Answer, document: DocumentById, labels: Labels) -> str:
    title = _title(answer.citations[index - 1].document_id, document)
    name = f"{labels.source.format(index)}: {plain(title)}"
    return f'<a class="cite" href="#source-{number}-{index}" aria-label="{name}" title="{plain(title)}">{index}</a>'


def _panel(number: int, heading: str, body: str) -> str:
    return (
        f'<aside class="sources" id="sources-{number}" tabindex="0" aria-live="off" aria-label="{heading}">'
        f"<h2>{heading}</h2>{body}</aside>"
    )


def _numbers(answer: Answer) -> range:
    return range(1, len(answer.citations) + 1)


def _citation_card(number: int, index: int, answer: Answer, document: DocumentById, labels: Labels) -> str:
    citation = answer.citations[index - 1]
    hit = _hit_around(citation, answer.hits)
    passage = hit.passage if hit else _surroundings(citation, document)
    marked = Span(citation.start - passage.start, citation.end - passage.start)
    stale = "" if citation.verified else f'<p class="note">{labels.stale}</p>'
    back = f'<a class="back" href="#turn-{number}">{labels.back}</a>'
    badge = f'<span class="number">{index}</span>'
    head = _card_head(citation.document_id, hit, document, labels, badge, label(citation.places, labels.language))
    share = _share(index, answer, document, labels)
    return (
        f'<article class="card" id="source-{number}-{index}" tabindex="-1" aria-label="{labels.source.format(index)}">'
        f"{head}{stale}{_quotation(passage, marked, labels)}{share}{back}</article>"
    )


def _share(index: int, answer: Answer, document: DocumentById, labels: Labels) -> str:
    """Render the way into the document, opened at a citation among all of the answer, and what it can be copied as."""
    words = document_labels.BY_LANGUAGE[labels.language]
    citation = answer.citations[index - 1]
    found = _find(citation.document_id, document)
    span = Span(citation.start, citation.end)
    buttons = ""
    if found:
        shared = sharing.shared(citation.id, citation.quote, span, found, words, labels)
        buttons = copy_buttons(shared, words, "./")
    return f'<p class="share">{_opening(answer.citations, index, words)}{buttons}</p>'


def _opening(cited: Sequence[Citation], index: int, words: DocumentLabels) -> str:
    """Render the way into a document, opened at one of some citations, counted from 1."""
    address = sharing.document_address(cited[index - 1].document_id, [each.id for each in cited], index)
    return f'<a class="open" href="{plain("./" + address)}" target="_blank">{words.open}</a>'


def copy_buttons(shared: Shared, words: DocumentLabels, base: str, *, markdown: bool = False) -> str:
    """Render the buttons that copy a citation; in what is copied, every second item is an address."""
    kinds = {"link": words.copy_link, "text": words.copy_text} | ({"markdown": words.copy_markdown} if markdown else {})
    buttons = "".join(f'<button type="button" data-copy="{kind}">{name}</button>' for kind, name in kinds.items())
    address = base + shared.address
    texts = {"text": shared.text} | ({"markdown": shared.markdown} if markdown else {})
    copied = {"link": ["", address]} | {kind: [before, address, after] for kind, (before, after) in texts.items()}
    data = "".join(f' data-{kind}="{escape(json.dumps(parts))}"' for kind, parts in copied.items())
    return (
        f'<span class="copying" data-copied="{words.copied}" '
        f'data-not-copied="{words.not_copied}"{data}>{buttons}</span>'
    )


def _hit_card(hit: Hit, document: DocumentById, labels: Labels) -> str:
    passage = hit.passage
    found = _find(passage.document_id, document)
    around = place_of(found, Span(passage.start, passage.end)) if found else ()
    head = _card_head(passage.document_id, hit, document, labels, "", label(around, labels.language))
    whole = Citation(passage.document_id, passage.start, passage.end, passage.text, "")
    way = _opening([whole], 1, document_labels.BY_LANGUAGE[labels.language])
    return f'<article class="card">{head}{_quotation(passage, Span(0, 0), labels)}<p class="share">{way}</p></article>'


def _card_head(
    document_id: str, hit: Hit | None, document: DocumentById, labels: Labels, number: str, place: str
) -> str:
    found = _find(document_id, document)
    known = [
        *([plain(place)] if place else ()),
        *(facts(found, labels) if found else ()),
        *([labels.score.format(labels.number(hit.dense_score))] if hit else ()),
    ]
    language = plain(found.language) if found else "und"
    return (
        f'<header>{number}<h3 lang="{language}" dir="auto">{plain(_title(document_id, document))}</h3></header>'
        f'<p class="facts">{"".join(f"<span>{fact}</span>" for fact in known)}</p>'
        f'<p class="file" dir="ltr">{plain(document_id)}</p>'
    )


def facts(document: Document, labels: Labels) -> tuple[str, ...]:
    """Render the date and the language of a document, and its author where one is told."""
    author = (f'<span dir="auto">{plain(document.author)}</span>',) if document.author else ()
    return (_date(document.date, labels), plain(labels.language_name(document.language)), *author)


def _date(day: dt.date | None, labels: Labels) -> str:
    return f'<time datetime="{day.isoformat()}">{labels.day(day)}</time>' if day else labels.undated


def _quotation(passage: Passage, marked: Span, labels: Labels) -> str:
    start, end = (max(0, min(offset, len(passage.text))) for offset in marked)
    near = Span(*_widen(passage.text, start, end))
    parts = (passage.text[: near.start], passage.text[near.start : start], passage.text[end : near.end])
    ahead, before, after = map(plain, parts)
    mark = f"<mark>{plain(passage.text[start:end])}</mark>" if end > start else ""
    rest = plain(passage.text[near.end :])
    words = f"{_folded('ahead', ahead)}{before}{mark}{after}{_folded('rest', rest)}"
    button = f'<button type="button" class="whole">{labels.whole}</button>' if ahead or rest else ""
    return f'<blockquote lang="{plain(passage.language)}" dir="auto">{words}</blockquote>{button}'


def _widen(text: str, start: int, end: int) -> tuple[int, int]:
    """Widen a span by about SHOWN_CONTEXT to the next gap between words, or to the end where little would be left."""
    first = start - SHOWN_CONTEXT
    last = end + SHOWN_CONTEXT if end > start else end + 2 * SHOWN_CONTEXT
    gap_before = text.rfind(" ", 0, max(0, first))
    gap_after = text.find(" ", last)
    return (gap_before + 1 if first > FOLDED_AT_LEAST else 0), (
        gap_after if _worth_folding(text, gap_after) else len(text)
    )


def _worth_folding(text: str, gap: int) -> bool:
    return gap >= 0 and len(text) - gap > FOLDED_AT_LEAST


def _folded(part: str, text: str) -> str:
    return f'<span class="folded {part}">{text}</span>' if text else ""


def _hit_around(citation: Citation, hits: Iterable[Hit]) -> Hit | None:
    return next((hit for hit in hits if _covers(hit.passage, citation)), None)


def _covers(passage: Passage, citation: Citation) -> bool:
    same = passage.document_id == citation.document_id
    return same and passage.start <= citation.start and citation.end <= passage.end


def _surroundings(citation: Citation, document: DocumentById) -> Passage:
    found = _find(citation.document_id, document)
    if found is None or found.text[citation.start : citation.end] != citation.quote:
        return Passage(citation.document_id, citation.start, citation.end, citation.quote, "und")
    start = max(0, citation.start - CONTEXT)
    end = min(len(found.text), citation.end + CONTEXT)
    return Passage(citation.document_id, start, end, found.text[start:end], found.language)


def _citation_language(citation: Citation, document: DocumentById) -> str:
    found = _find(citation.document_id, document)
    return found.language if found else "und"


def _title(document_id: str, document: DocumentById) -> str:
    found = _find(document_id, document)
    return found.title if found and found.title.strip() else document_id


def _find(document_id: str, document: DocumentById) -> Document | None:
    try:
        return document(document_id)
    except (RagError, KeyError):
        return None


def _document_list(documents: Sequence[Document], labels: Labels) -> str:
    items = "".join(_document_item(document, labels) for document in documents[:SHOWN_DOCUMENTS])
    left_out = len(documents) - SHOWN_DOCUMENTS
    more = f'<p class="note">{labels.more_documents.format(left_out)}</p>' if left_out > 0 else ""
    return (
        f'<aside class="sources documents" tabindex="0" aria-label="{labels.documents}">'
        f"<h2>{labels.documents}</h2><ul>{items}</ul>{more}</aside>"
    )


def _document_item(document: Document, labels: Labels) -> str:
    title = plain(document.title if document.title.strip() else document.id)
    known = "".join(f"<span>{fact}</span>" for fact in facts(document, labels))
    name = f'<span class="name" lang="{plain(document.language)}" dir="auto">{title}</span>'
    return f'<li>{name}<span class="facts">{known}</span></li>'
