"""What can be done with chats and answers -> HTML: the list of conversations, an answer's actions, the filters.

Pure functions; `render` makes the rest of the page. Buttons and forms with `data-action` reach Python through Gradio.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from rag import exports
from rag.history import Conversation, Rating
from rag.types import Answer, Citation, Document
from rag.web import brief_labels, brief_view, sharing
from rag.web.brief_view import LONGEST_TOPIC, Wanted
from rag.web.chat_labels import ChatLabels
from rag.web.labels import Labels
from rag.web.render import collection_name, plain
from rag.web.served import ONE, Collections

LANGUAGES = {"en": "English", "no": "Norsk", "ru": "Русский"}
MOST_DOCUMENTS = 300  # in the list to choose from


class Keeping(NamedTuple):
    """Whether conversations are kept, where, and why not."""

    place: str | None = None  # None: not told, as to whom the machine is not theirs
    possible: bool = True
    wanted: bool = True
    problem: str = ""


def conversations(
    kept: Sequence[Conversation],
    current: str | None,
    keeping: Keeping,
    words: ChatLabels,
    labels: Labels,
    collections: Collections = ONE,
) -> str:
    """Render the drawer with what was asked before, of all collections."""
    items = "".join(_conversation(each, each.id == current, words, labels, collections) for each in kept)
    body = f"<ol>{items}</ol>" if items else f'<p class="note">{words.no_conversations}</p>'
    close = (
        f'<button type="button" class="quiet" popovertarget="conversations" popovertargetaction="hide">'
        f"{words.close}</button>"
    )
    return (
        f'<section id="conversations" popover lang="{labels.language}" aria-label="{words.conversations}">'
        f"<header><h2>{words.conversations}</h2>{close}</header>{body if keeping.possible else ''}"
        f"<footer>{_keeping(keeping, bool(kept), words)}{_language(words, labels)}</footer></section>"
    )


def _conversation(
    each: Conversation, is_current: bool, words: ChatLabels, labels: Labels, collections: Collections
) -> str:
    identity = quote(each.id, safe="")
    base = _base(each, collections)
    day = each.updated.astimezone()
    when = f'<time datetime="{day.isoformat(timespec="minutes")}">{labels.day(day.date())}</time>'
    exported = "".join(
        f'<a href="{base or "./"}conversations/{identity}.{ending}" download>{name}</a>'
        for ending, name in (("md", "Markdown"), ("json", "JSON"))
    )
    held = _held(each, words, labels, collections)
    return (
        f'<li data-id="{plain(each.id)}">{_title(each, base, is_current)}{when}{held}'
        f'<form class="renaming" data-action="rename" hidden><input name="title" required maxlength="200" '
        f'value="{plain(each.title)}" aria-label="{words.title}"><button type="submit">{words.save}</button></form>'
        f'<p class="tools"><button type="button" class="quiet" data-shows=".renaming">{words.rename}</button>'
        f'<span class="quiet">{words.export}: {exported}</span>'
        f'<button type="button" class="quiet" data-action="delete" data-confirm="{words.really_delete}">'
        f"{words.delete}</button></p></li>"
    )


def _base(each: Conversation, collections: Collections) -> str | None:
    """Return the address below which a conversation can be gone on with, None where its collection is not served."""
    if each.collection in (None, collections.current):
        return "./"
    return plain(collections.address(each.collection)) if each.collection in collections.names else None


def _title(each: Conversation, base: str | None, is_current: bool) -> str:
    """Render the way back into a conversation; within the collection that is shown, without loading the page anew."""
    title = plain(each.title)
    if base is None:
        return f'<span class="title" dir="auto">{title}</span>'
    opens = ' data-action="open"' if base == "./" else ""
    mark = ' aria-current="page"' if is_current else ""
    return f'<a class="title" href="{base}?c={quote(each.id, safe="")}"{opens}{mark} dir="auto">{title}</a>'


def _held(each: Conversation, words: ChatLabels, labels: Labels, collections: Collections) -> str:
    """Render which collection a conversation was held with, where there are several."""
    if each.collection is None or collections.names == (each.collection,):
        return ""
    name = collection_name(each.collection, labels)
    gone = "" if each.collection in collections.names else f" <span>{words.not_served}</span>"
    return f'<p class="held"><bdi>{name}</bdi>{gone}</p>'


def _keeping(keeping: Keeping, has_any: bool, words: ChatLabels) -> str:
    if keeping.problem:
        return f'<p class="alert" role="alert">{plain(words.unavailable.format(keeping.problem))}</p>'
    if not keeping.possible:
        return f"<p>{words.not_kept}</p>"
    where = plain(words.kept_in.format(keeping.place)) if keeping.place else words.kept_elsewhere
    checked = " checked" if keeping.wanted else ""
    tools = (
        f'<p class="tools"><a class="quiet" href="./conversations/questions.jsonl" download>{words.rated_questions}</a>'
        f'<button type="button" class="quiet" data-action="erase" data-confirm="{words.really_erase}">'
        f"{words.erase}</button></p>"
    )
    return (
        f'<label><input type="checkbox" data-cookie="keep"{checked}> {words.keep}</label><p>{where}</p>'
        f"{tools if has_any else ''}"
    )


def _language(words: ChatLabels, labels: Labels) -> str:
    options = "".join(
        f'<option value="{code}" lang="{code}"{" selected" * (code == labels.language)}>{name}</option>'
        for code, name in LANGUAGES.items()
    )
    return (
        f'<label>{words.page_language}<select data-cookie="language" data-reload autocomplete="off">{options}</select>'
        "</label>"
    )


def actions(
    number: int,
    question: str,
    answer: Answer | None,
    rating: Rating | None,
    documents: Mapping[str, Document],
    words: ChatLabels,
    labels: Labels,
    *,
    is_kept: bool,
) -> str:
    """Render what can be done with the n-th turn."""
    copying = _copying(answer, documents, words) if answer and answer.answered else ""
    again = f'<button type="button" class="quiet" data-action="again">{words.again}</button>'
    edit = f'<button type="button" class="quiet" data-shows=".editing">{words.edit}</button>'
    points = plain("./" + brief_view.address(Wanted(about=question[:LONGEST_TOPIC])))
    brief = f'<a class="quiet" href="{points}" target="_blank">{brief_labels.BY_LANGUAGE[labels.language].on_this}</a>'
    rate = _rating(rating, words) if is_kept else ""
    return (
        f'<div class="actions" role="group" aria-label="{words.actions}" data-turn="{number}">'
        f"{copying}{again}{edit}{brief}{rate}{_editing(question, words)}</div>"
    )


def _copying(answer: Answer, documents: Mapping[str, Document], words: ChatLabels) -> str:
    """Render buttons that copy the answer; texts are lists in which every second item is an address."""
    mark = secrets.token_hex(8)  # around what only the browser knows whole

    def link(citation: Citation) -> str:
        return f"{mark}{sharing.citation_address(citation.id)}{mark}"

    texts = {
        "text": exports.answer_plain(answer, documents, link),
        "markdown": exports.answer_markdown(answer, documents, link),
    }
    data = "".join(f' data-{kind}="{plain(json.dumps(text.split(mark)))}"' for kind, text in texts.items())
    names = {"text": words.copy, "markdown": words.copy_markdown}
    buttons = "".join(
        f'<button type="button" class="quiet" data-copy="{kind}">{name}</button>' for kind, name in names.items()
    )
    told = f'data-copied="{words.copied}" data-not-copied="{words.not_copied}"'
    return f'<span class="copying" {told}{data}>{buttons}</span>'


def _editing(question: str, words: ChatLabels) -> str:
    return (
        f'<form class="editing" data-action="edit" hidden><textarea name="question" rows="2" required '
        f'aria-label="{words.edited}" dir="auto">{plain(question)}</textarea>'
        f'<button type="submit">{words.ask_edited}</button>'
        f'<button type="button" class="quiet" data-hides>{words.cancel}</button></form>'
    )


def _rating(rating: Rating | None, words: ChatLabels) -> str:
    """Render two thumbs; the second asks what is wrong first, and either takes its rating back when pressed again."""
    reasons = "".join(f'<option value="{reason}"></option>' for reason in words.reasons)
    down = "" if rating == "down" else ' data-shows=".reasoning"'
    return (
        f"{_thumb('up', rating, words.good)}{_thumb('down', rating, words.bad, down)}"
        f'<form class="reasoning" data-action="rate" hidden><input type="hidden" name="rating" value="down">'
        f'<label>{words.reason}<input name="reason" list="reasons" maxlength="2000" dir="auto"></label>'
        f'<datalist id="reasons">{reasons}</datalist><button type="submit">{words.send_reason}</button>'
        f'<button type="button" class="quiet" data-hides>{words.cancel}</button></form>'
    )


def _thumb(kind: Rating, rating: Rating | None, name: str, asks: str = "") -> str:
    """Render one thumb, which the style draws: not every machine has a font with the signs."""
    does = asks or f' data-action="rate" data-rating="{kind}"'
    pressed = str(rating == kind).lower()
    return (
        f'<button type="button" class="quiet rate {kind}"{does} aria-pressed="{pressed}" aria-label="{name}" '
        f'title="{name}"></button>'
    )


def mode(names: Sequence[str], current: str, words: ChatLabels, labels: Labels) -> str:
    """Render the choice of what answers, where there is any; the script reads it with every question."""
    if len(names) < 2:
        return ""
    chosen = current if current in names else names[0]
    options = "".join(
        f'<option value="{name}"{" selected" * (name == chosen)}>{words.answerers[name]}</option>' for name in names
    )
    anew = secrets.token_hex(4)  # or a page that has shown the same before would leave what was chosen since
    return (
        f'<form lang="{labels.language}" data-anew="{anew}"><label title="{words.answerer_means}">'
        f'<span>{words.answerer}</span><select name="answerer" autocomplete="off">{options}</select></label></form>'
    )


def filters(documents: Sequence[Document], languages: Iterable[str], words: ChatLabels, labels: Labels) -> str:
    """Render the choice of which documents are asked; the script reads it with every question.

    What is chosen is sent as it is called, and only shown disarmed: else nothing would be called so.
    """
    return (
        f'<details id="filters" lang="{labels.language}"><summary>{words.filters}</summary><form>'
        f"{_choice('document', words.document, _documents(documents, words))}"
        f"{_choice('language', words.document_language, _languages(sorted(languages), words, labels))}"
        f'<label>{words.since}<input type="date" name="since"></label>'
        f'<label>{words.until}<input type="date" name="until"></label>'
        f"{_told('author', words.author, words.anyone, [document.author for document in documents])}"
        f"{_told('tag', words.tag, words.any_tag, [tag for document in documents for tag in document.tags])}"
        f'<button type="reset" class="quiet">{words.clear_filters}</button></form></details>'
    )


def _choice(name: str, label: str, options: str) -> str:
    return (
        f'<p><label for="filter-{name}">{label}</label><select id="filter-{name}" name="{name}">{options}</select></p>'
    )


def _told(name: str, label: str, every: str, values: Iterable[str]) -> str:
    """Render a choice of what documents tell of themselves, the most frequent; none where they tell nothing."""
    found = sorted(value for value, _ in Counter(filter(None, values)).most_common(MOST_DOCUMENTS))
    options = "".join(f'<option value="{escape(value)}">{plain(value)}</option>' for value in found)
    return _choice(name, label, f'<option value="">{every}</option>{options}') if found else ""


def _documents(documents: Sequence[Document], words: ChatLabels) -> str:
    options = "".join(
        f'<option value="{escape(document.id)}">{plain(document.title.strip() or document.id)}</option>'
        for document in documents[:MOST_DOCUMENTS]
    )
    return f'<option value="">{words.all_documents}</option>{options}'


def _languages(codes: Sequence[str], words: ChatLabels, labels: Labels) -> str:
    options = "".join(f'<option value="{plain(code)}">{plain(labels.language_name(code))}</option>' for code in codes)
    return f'<option value="">{words.all_languages}</option>{options}'
