"""The chat page as Gradio Blocks: what it shows, and what a question or a click sets in motion."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Generator, Iterator, Mapping
from typing import Any, get_args

from rag.answerers import Written
from rag.errors import HistoryError, RagError, UnknownConversation
from rag.history import Rating
from rag.untrusted import encodable
from rag.web import chat_labels, chat_view, labels, render
from rag.web.chat_labels import ChatLabels
from rag.web.chat_view import Keeping
from rag.web.chats import Chat, Chats, Pipeline, Shown
from rag.web.cookies import choice
from rag.web.examples import Examples
from rag.web.labels import ENGLISH, Labels
from rag.web.quick_gradio import gr
from rag.web.roles import is_owner, user_name
from rag.web.served import collections_of

logger = logging.getLogger(__name__)

# Buttons, links and forms with data-action reach Python, with what is around them; all other clicks are chat.js's. The
# second half of a double click does nothing.
ACTIONS = """
const filters = () => JSON.stringify(Object.assign({}, ...[...document.querySelectorAll("#composer form")]
  .map((form) => Object.fromEntries(new FormData(form)))));
const send = (source, fields = {}) => {
  if (document.querySelector(".busy")) return;
  const [turn, item] = [source.closest("[data-turn]"), source.closest("[data-id]")];
  const { action, question, rating } = source.dataset;
  const place = { turn: turn?.dataset.turn, id: item?.dataset.id };
  trigger("click", { action, question, rating, ...place, filters: filters(), ...fields });
};
element.addEventListener("click", (event) => {
  const source = event.target.closest("a[data-action], button[data-action]");
  if (!source || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (event.detail < 2) send(source);
});
element.addEventListener("submit", (event) => {
  event.preventDefault();
  send(event.target, Object.fromEntries(new FormData(event.target)));
});
"""
SOON_MS = 300  # within which a second press of the same key is not meant
# A typed question brings with it the filters, and what is to answer. While another is being answered it stays in its
# field, and what is sent twice at once is asked once.
WITH_FILTERS = f"""(question, chat, filters) => {{
  const forms = [...document.querySelectorAll("#composer form")];
  const last = window.lastAsked;
  const isTwice = last?.question === question && performance.now() - last.when < {SOON_MS};
  const asked = isTwice || document.querySelector(".busy") ? "" : question;
  if (asked) window.lastAsked = {{ question, when: performance.now() }};
  return [asked, chat, JSON.stringify(Object.assign({{}}, ...forms.map((f) => Object.fromEntries(new FormData(f)))))];
}}"""

SHOWN_EVERY = 0.1  # seconds: what is being written is sent to the page no more often

AT_ONCE = 8  # of each kind of event: whoever asks something slow, or stops it, keeps nobody else waiting

Update = dict[Any, Any]  # a component -> what it shows now


def build(pipeline: Pipeline, chats: Chats, examples: Examples, problem: str = "") -> gr.Blocks:
    """Lay the page out and connect it. Each browser tab has a chat of its own.

    `chats` keep what is asked; `problem` tells why they do not, where they should. `examples` are offered at first.
    """
    page: gr.Blocks
    with gr.Blocks(title=ENGLISH.title, analytics_enabled=False, fill_width=True) as page:
        chat = gr.State(Chat())
        with gr.Row(elem_id="header"):
            name = gr.HTML(apply_default_css=False)
            clear = gr.Button(ENGLISH.new_chat, elem_id="clear", variant="secondary")
        drawer = gr.HTML(elem_id="drawer", js_on_load=ACTIONS, apply_default_css=False)
        transcript = gr.HTML(elem_id="transcript", js_on_load=ACTIONS, apply_default_css=False)
        draft = gr.HTML(elem_id="draft", apply_default_css=False)  # chat.js shows it below the question that is open
        with gr.Row(elem_id="composer"):
            choice = gr.HTML(elem_id="choice", apply_default_css=False)
            mode = gr.HTML(elem_id="mode", apply_default_css=False)
            box = gr.Textbox(
                elem_id="question", lines=1, max_lines=6, label=ENGLISH.ask, show_label=False, container=False
            )
            stop = gr.Button(ENGLISH.ask, elem_id="stop", variant="secondary")
            send = gr.Button(ENGLISH.ask, elem_id="send", variant="primary")
        wanted = gr.Textbox(visible=False)

        view = _View(pipeline, chats, examples, problem)

        def greet(request: gr.Request) -> Update:
            words = _words(request)
            begun = view.begun(request)
            return {
                chat: begun,
                name: view.header(request),
                drawer: view.drawer(begun, request),
                transcript: view.transcript(begun, request),
                choice: view.filters(request),
                mode: view.mode(begun, request),
                box: gr.update(placeholder=words.placeholder, label=words.placeholder),
                send: gr.update(value=words.ask),
                stop: gr.update(value=_own_words(request).stop),
                clear: gr.update(value=words.new_chat),
            }

        def anew(request: gr.Request) -> Update:
            begun = Chat()
            return {
                chat: begun,
                drawer: view.drawer(begun, request),
                transcript: view.transcript(begun, request),
                draft: "",
                choice: view.filters(request),
                mode: view.mode(begun, request),
            }

        def answer(before: Chat, question: str, filters: str, request: gr.Request) -> Iterator[Update]:
            question = encodable(question)  # half a character cannot be sent back
            if not question.strip():
                yield {}  # a generator that yields nothing blanks the page
                return
            yield {transcript: view.transcript(before, request, pending=question), box: ""}
            shown = yield from written(chats.ask(before, question, _read(filters)), request)
            after = before._replace(turns=(*before.turns, shown))
            again = {} if shown.answer else {box: question}
            yield {transcript: view.transcript(after, request), chat: after, draft: ""} | again
            kept, problem = view.keep(after, request)
            if kept:
                yield {transcript: view.transcript(kept, request), chat: kept, drawer: view.drawer(kept, request)}
            elif problem:
                yield {drawer: view.drawer(after, request, problem)}

        def written(asking: Generator[Written, None, Shown], request: gr.Request) -> Generator[Update, None, Shown]:
            """Show what is being written, and return what it has come to."""
            shown = 0.0
            while True:
                try:
                    so_far = next(asking)
                except StopIteration as ended:
                    result: Shown = ended.value
                    return result
                if time.monotonic() - shown >= SHOWN_EVERY:
                    yield {draft: render.draft(so_far, _words(request))}
                    shown = time.monotonic()

        def respond(question: str, now: Chat, filters: str, request: gr.Request) -> Iterator[Update]:
            yield from answer(now, question, filters, request)

        def act(now: Chat, request: gr.Request, event: gr.EventData) -> Iterator[Update]:
            action, number = _given(event, "action"), _number(event, now)
            filters = _given(event, "filters")
            if action == "ask":
                yield from answer(now, _given(event, "question"), filters, request)
            elif action == "again" and number:
                yield from answer(now.until(number), now.turns[number - 1].question, filters, request)
            elif action == "edit" and number:
                yield from answer(now.until(number), _given(event, "question"), filters, request)
            elif action == "rate" and number:
                rated, problem = view.rate(now, number, _rating(event, now, number), _given(event, "reason"), request)
                told = {drawer: view.drawer(rated, request, problem)} if problem else {}
                yield {transcript: view.transcript(rated, request), chat: rated} | told
            else:
                yield {}

        def manage(now: Chat, request: gr.Request, event: gr.EventData) -> Update:
            then, problem = view.manage(
                now, _given(event, "action"), _given(event, "id"), _given(event, "title"), request
            )
            shown = {} if then == now and not problem else {transcript: view.transcript(then, request, alert=problem)}
            return {chat: then, drawer: view.drawer(then, request), mode: view.mode(then, request)} | shown

        def stopped(now: Chat, request: gr.Request) -> Update:
            return {transcript: view.transcript(now, request), draft: ""}

        private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": AT_ONCE}
        changing = [transcript, draft, box, chat, drawer]
        private_asking = private | {"trigger_mode": "multiple"}  # "once" would wait for what was stopped
        asking = [
            gr.on([box.submit, send.click], respond, [box, chat, wanted], changing, js=WITH_FILTERS, **private_asking),
            transcript.click(act, [chat], changing, **private_asking),
        ]
        drawer.click(manage, [chat], [chat, drawer, transcript, mode], **private)
        stop.click(stopped, [chat], [transcript, draft], cancels=asking, **private)
        page.load(greet, None, [chat, name, drawer, transcript, choice, mode, box, send, stop, clear], **private)
        fresh = [chat, drawer, transcript, draft, choice, mode]
        clear.click(anew, None, fresh, cancels=asking, **private)  # or its answer would take the place of the new chat
    return page


class _View:
    """What the page shows of chats to the one who asks for it."""

    def __init__(self, pipeline: Pipeline, chats: Chats, examples: Examples, problem: str) -> None:
        self._pipeline = pipeline
        self._chats = chats
        self._examples = examples
        self._problem = problem

    def begun(self, request: gr.Request) -> Chat:
        """Return the kept chat that the address names, else a new one."""
        identity = request.query_params.get("c", "")
        try:
            return self._chats.open(identity, user_name(request)) if identity else Chat()
        except RagError:
            return Chat()

    def header(self, request: gr.Request) -> str:
        return render.header(
            _words(request),
            "chat",
            owner=is_owner(request),
            user=user_name(request),
            drawer=_own_words(request).conversations,
            choice=tuple(collections_of(request).offer()),
        )

    def transcript(self, chat: Chat, request: gr.Request, *, pending: str = "", alert: str = "") -> str:
        words = _words(request)
        turns = [self._turn(number, turn, request) for number, turn in enumerate(chat.turns, 1)]
        if pending:
            turns.append(render.pending_turn(len(turns) + 1, pending, words))
        if turns:
            return render.conversation(turns, words, chat.id or "", alert)
        try:
            documents = self._pipeline.documents()
        except RagError as error:
            return render.problem(str(error), words)
        return (
            render.problem(alert, words) if alert else render.welcome(documents, self._examples.offer(documents), words)
        )

    def _turn(self, number: int, turn: Shown, request: gr.Request) -> str:
        words = _words(request)
        actions = chat_view.actions(
            number,
            turn.question,
            turn.answer,
            turn.rating,
            {each.document_id: self._document(each.document_id) for each in turn.answer.citations}
            if turn.answer
            else {},
            _own_words(request),
            words,
            is_kept=turn.kept is not None,
        )
        if turn.answer is None:
            return render.failed_turn(number, turn.question, turn.problem or words.internal_error, actions)
        own = _own_words(request)
        sure = own.sure_means.format(round(10 * turn.answer.confidence))
        return render.answered_turn(number, turn.answer, self._pipeline.document, words, actions, sure)

    def drawer(self, chat: Chat, request: gr.Request, problem: str = "") -> str:
        keeping, kept = self._keeping(request), []
        keeping = keeping._replace(problem=problem or keeping.problem)
        try:
            kept = self._chats.conversations(user_name(request))
        except HistoryError as error:
            keeping = keeping._replace(problem=str(error))
        served = collections_of(request)
        return chat_view.conversations(kept, chat.id, keeping, _own_words(request), _words(request), served)

    def _keeping(self, request: gr.Request) -> Keeping:
        history = self._chats.history
        place = str(history.path) if history and is_owner(request) else None
        return Keeping(place, history is not None, _wants_history(request), self._problem)

    def filters(self, request: gr.Request) -> str:
        try:
            documents, languages = self._pipeline.documents(), self._pipeline.languages()
        except RagError:
            return ""
        return chat_view.filters(documents, languages, _own_words(request), _words(request))

    def mode(self, chat: Chat, request: gr.Request) -> str:
        return chat_view.mode(self._pipeline.answerers(), chat.answerer, _own_words(request), _words(request))

    def keep(self, chat: Chat, request: gr.Request) -> tuple[Chat | None, str]:
        """Write the last turn down where that is wanted; a history that fails costs nobody their answer but is told."""
        if self._chats.history is None or not _wants_history(request) or chat.turns[-1].answer is None:
            return None, ""
        try:
            return self._keep(chat, user_name(request)), ""
        except HistoryError as error:
            logger.warning("%s", error)
            return None, str(error)

    def _keep(self, chat: Chat, owner: str) -> Chat:
        try:
            return self._chats.keep(chat, owner)
        except UnknownConversation:  # deleted in another tab meanwhile: a new one is begun
            return self._chats.keep(chat.not_kept(), owner)

    def rate(
        self, chat: Chat, number: int, rating: Rating | None, reason: str, request: gr.Request
    ) -> tuple[Chat, str]:
        """Write a rating down; return the chat to show then, and what went wrong."""
        try:
            return self._chats.rate(chat, number, rating, reason, user_name(request)), ""
        except UnknownConversation:  # deleted in another tab meanwhile, so that nothing of it can be rated
            return chat.not_kept(), _own_words(request).unknown
        except HistoryError as error:
            logger.warning("%s", error)
            return chat, str(error)

    def manage(self, chat: Chat, action: str, identity: str, title: str, request: gr.Request) -> tuple[Chat, str]:
        """Do what was clicked in the list; return the chat to show then, and what went wrong."""
        owner = user_name(request)
        try:
            if action == "open":
                return self._chats.open(identity, owner), ""
            if action == "rename":
                self._chats.rename(identity, title, owner)
            elif action == "delete":
                self._chats.delete(identity, owner)
                return (Chat() if identity == chat.id else chat), ""
            elif action == "erase":
                self._chats.erase(owner)
                return Chat(), ""
        except UnknownConversation:  # deleted in another tab meanwhile
            return (Chat() if identity == chat.id else chat), _own_words(request).unknown
        except HistoryError as error:
            return chat, str(error)
        return chat, ""

    def _document(self, document_id: str) -> Any:
        try:
            return self._pipeline.document(document_id)
        except (RagError, KeyError):
            return None


def _read(filters: str) -> Mapping[str, str]:
    try:
        found = json.loads(filters or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _given(event: gr.EventData, name: str) -> str:
    return str(getattr(event, name, None) or "")


def _number(event: gr.EventData, chat: Chat) -> int:
    """Return the number of the turn that was clicked, 0 if there is none such."""
    text = _given(event, "turn")
    number = int(text) if text.isdecimal() and len(text) < 6 else 0
    return number if number <= len(chat.turns) else 0


def _rating(event: gr.EventData, chat: Chat, number: int) -> Rating | None:
    """Return the rating that was clicked; clicked again, it is taken back."""
    wanted = next((rating for rating in get_args(Rating) if rating == _given(event, "rating")), None)
    is_again = wanted == chat.turns[number - 1].rating and not _given(event, "reason")
    return None if is_again else wanted


def _wants_history(request: gr.Request) -> bool:
    return choice(request.headers, "keep") != "no"


def _words(request: gr.Request) -> Labels:
    return labels.of(request.headers)


def _own_words(request: gr.Request) -> ChatLabels:
    return chat_labels.BY_LANGUAGE[_words(request).language]
