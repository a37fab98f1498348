"""The chat page as Gradio Blocks: what it shows, and what a question sets in motion."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rag.errors import RagError
from rag.types import Answer, Document, Turn
from rag.web import labels, render
from rag.web.examples import examples
from rag.web.labels import ENGLISH, Labels
from rag.web.quick_gradio import gr
from rag.web.roles import is_owner, user_name

logger = logging.getLogger(__name__)

# A click on an example reaches Python with its question; every other click is chat.js's.
EXAMPLE_CLICKS = """
element.addEventListener("click", (event) => {
  const example = event.target.closest("button.example");
  if (example) trigger("click", { question: example.dataset.question });
});
"""


class Pipeline(Protocol):
    """What the page needs of `rag.pipeline.Pipeline`."""

    def ask(self, question: str, history: Sequence[Turn] = ()) -> Answer: ...

    def document(self, document_id: str) -> Document: ...

    def documents(self) -> Sequence[Document]: ...


@dataclass(frozen=True, slots=True)
class Shown:
    """A question as it stands in the transcript; `reply` is None where it failed."""

    question: str
    reply: str | None
    html: str


Transcript = tuple[Shown, ...]
Update = dict[Any, Any]  # a component -> what it shows now


def build(pipeline: Pipeline) -> gr.Blocks:
    """Lay the page out and connect it to the pipeline. Each browser tab has a conversation of its own."""
    page: gr.Blocks
    with gr.Blocks(title=ENGLISH.title, analytics_enabled=False, fill_width=True) as page:
        turns = gr.State(())
        with gr.Row(elem_id="header"):
            name = gr.HTML(apply_default_css=False)
            clear = gr.Button(ENGLISH.new_chat, elem_id="clear", variant="secondary")
        transcript = gr.HTML(elem_id="transcript", js_on_load=EXAMPLE_CLICKS, apply_default_css=False)
        with gr.Row(elem_id="composer"):
            box = gr.Textbox(
                elem_id="question", lines=1, max_lines=6, label=ENGLISH.ask, show_label=False, container=False
            )
            send = gr.Button(ENGLISH.ask, elem_id="send", variant="primary")

        def greet(request: gr.Request) -> Update:
            words = _labels(request)
            return {
                turns: (),
                name: render.header(words, "chat", owner=is_owner(request), user=user_name(request)),
                transcript: _welcome(pipeline, words),
                box: gr.update(placeholder=words.placeholder, label=words.placeholder),
                send: gr.update(value=words.ask),
                clear: gr.update(value=words.new_chat),
            }

        def respond(question: str, past: Transcript, request: gr.Request) -> Iterator[Update]:
            question = question.encode(errors="replace").decode()  # half a character cannot be sent back
            if not question.strip():
                return
            words = _labels(request)
            shown = [turn.html for turn in past]
            waiting = render.pending_turn(len(past) + 1, question, words)
            yield {transcript: render.conversation([*shown, waiting], words), box: ""}
            turn = _ask(pipeline, question, past, words)
            answer = {transcript: render.conversation([*shown, turn.html], words), turns: (*past, turn)}
            yield answer if turn.reply is not None else answer | {box: question}

        def respond_to_example(past: Transcript, request: gr.Request, event: gr.EventData) -> Iterator[Update]:
            yield from respond(str(event.question), past, request)

        private: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        changing = [transcript, box, turns]
        gr.on([box.submit, send.click], respond, [box, turns], changing, **private)
        transcript.click(respond_to_example, [turns], changing, **private)
        gr.on([page.load, clear.click], greet, None, [*changing, name, send, clear], **private)
    return page


def _labels(request: gr.Request) -> Labels:
    return labels.choose(request.headers.get("accept-language"))


def _welcome(pipeline: Pipeline, words: Labels) -> str:
    try:
        documents = pipeline.documents()
    except RagError as error:
        return render.problem(str(error), words)
    return render.welcome(documents, examples(documents), words)


def _ask(pipeline: Pipeline, question: str, past: Transcript, words: Labels) -> Shown:
    number = len(past) + 1
    history = [Turn(turn.question, turn.reply) for turn in past if turn.reply is not None]
    try:
        answer = pipeline.ask(question, history)
        given = answer.text if answer.answered else ""  # what was not found tells nothing of where to look next
        return Shown(question, given, render.answered_turn(number, answer, pipeline.document, words))
    except RagError as error:
        return Shown(question, None, render.failed_turn(number, question, str(error)))
    except Exception:  # a bug must not leave the page waiting: it is logged whole and shown as what it is
        logger.exception("the question could not be answered")
        return Shown(question, None, render.failed_turn(number, question, words.internal_error))
