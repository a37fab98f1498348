"""The routes that conversations are taken away by: as Markdown, as JSON, and what was rated as a question file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urljoin

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rag import citations, exports
from rag.errors import HistoryError, RagError, UnknownConversation
from rag.history import Conversation, StoredTurn
from rag.types import Citation
from rag.web import chat_labels, labels, sharing
from rag.web.chats import Chats, Pipeline
from rag.web.roles import user_name
from rag.web.served import base_of

HEADERS = {"Cache-Control": "no-store"}


class _Kept(NamedTuple):
    """A conversation with its citations held against the files as they are now."""

    conversation: Conversation
    turns: Sequence[StoredTurn]


def routes(pipeline: Pipeline, chats: Chats) -> Sequence[Route]:
    """Return what the server answers below /conversations/."""
    own = _Routes(pipeline, chats)
    return [
        Route("/conversations/questions.jsonl", own.questions),
        Route("/conversations/{identity}.md", own.markdown),
        Route("/conversations/{identity}.json", own.json),
    ]


class _Routes:
    def __init__(self, pipeline: Pipeline, chats: Chats) -> None:
        self._pipeline = pipeline
        self._chats = chats

    def questions(self, request: Request) -> Response:
        """Answer with what the one who asks has rated."""
        if self._chats.history is None:
            return _missing(request)
        try:
            lines = exports.question_file(self._chats.history.rated(user_name(request)))
        except HistoryError as error:
            return Response(str(error), 503, HEADERS, "text/plain")
        return _file(lines, "questions.jsonl", "application/jsonl")

    def markdown(self, request: Request) -> Response:
        def link(citation: Citation) -> str:
            return urljoin(str(request.base_url), base_of(request) + sharing.citation_address(citation.id))

        def write(kept: _Kept) -> str:
            documents = {document.id: document for document in self._pipeline.documents()}
            return exports.conversation_markdown(*kept, documents, link)

        return self._exported(request, write, "md", "text/markdown")

    def json(self, request: Request) -> Response:
        def write(kept: _Kept) -> str:
            return json.dumps(exports.conversation_json(*kept), ensure_ascii=False, indent=2) + "\n"

        return self._exported(request, write, "json", "application/json")

    def _exported(self, request: Request, write: Callable[[_Kept], str], ending: str, media_type: str) -> Response:
        try:
            kept = self._kept(request.path_params["identity"], user_name(request))
            return _file(write(kept), f"conversation.{ending}", media_type)
        except UnknownConversation:
            return _missing(request)
        except RagError as error:
            return Response(str(error), 503, HEADERS, "text/plain")

    def _kept(self, identity: str, owner: str) -> _Kept:
        if self._chats.history is None:
            raise UnknownConversation("conversations are not kept here")
        documents = {document.id: document for document in self._pipeline.documents()}
        turns = [
            turn._replace(answer=citations.verify_again(turn.answer, documents))
            for turn in self._chats.history.turns(owner, identity)
        ]
        return _Kept(self._chats.history.conversation(owner, identity), turns)


def _file(content: str, name: str, media_type: str) -> Response:
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type=f"{media_type}; charset=utf-8")


def _missing(request: Request) -> Response:
    words = chat_labels.BY_LANGUAGE[labels.of(request.headers).language]
    return Response(words.unknown, 404, HEADERS, "text/plain")
