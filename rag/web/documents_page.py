"""The routes of the Documents page: the page itself, its state, and what its buttons do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rag.errors import DocumentsError, RagError
from rag.untrusted import disarm
from rag.web import documents_labels, documents_view, labels
from rag.web.documents_labels import DocumentsLabels
from rag.web.labels import Labels
from rag.web.library import Added, Library, Removed, Verdict
from rag.web.roles import user_name
from rag.web.runs import Busy
from rag.web.served import collections_of
from rag.web.shelf import Query, Row
from rag.web.uploads import Aside, Choice, Reason, Refused

UPLOAD = "/documents/upload"
OWNER_PATHS = re.compile(r"/documents(?:/(?:state|check|upload|remove|undo|index|stop))?")  # no document's name is so
MAX_FILES = 200  # judged at a time
CHOICES: Mapping[str, Choice] = {"replace": "replace", "both": "both"}
STATUS: Mapping[Reason, int] = {
    "type": 415,
    "name": 400,
    "size": 413,
    "many": 413,
    "unreadable": 422,
    "exists": 409,
    "link": 409,
    "full": 507,
    "disk": 507,
}


class _File(BaseModel):
    name: str = Field(max_length=4096)
    size: int = Field(ge=0)


_FILES = TypeAdapter(list[_File])


def routes(library: Library) -> Sequence[Route]:
    """Return what the server answers at /documents and to the page's buttons."""
    own = _Routes(library)
    return [
        Route("/documents", own.page),
        Route("/documents/state", own.state),
        Route("/documents/check", own.check, methods=["POST"]),
        Route(UPLOAD, own.upload, methods=["POST"]),
        Route("/documents/remove", own.remove, methods=["POST"]),
        Route("/documents/undo", own.undo, methods=["POST"]),
        Route("/documents/index", own.index, methods=["POST"]),
        Route("/documents/stop", own.stop, methods=["POST"]),
    ]


class _Routes:
    def __init__(self, library: Library) -> None:
        self._library = library

    def page(self, request: Request) -> Response:
        user, choice = user_name(request), tuple(collections_of(request).offer("documents"))
        headers = {"Content-Security-Policy": documents_view.POLICY, "Cache-Control": "no-store"}
        try:
            rows, trouble = self._rows()
            query = Query.of(request.query_params)
            view = documents_view.page(self._library, rows, trouble, query, *_words(request), user, choice)
        except RagError as error:  # there is no index to show
            view = documents_view.missing(str(error), _words(request)[1], user, choice)
            return Response(view, 404, headers, "text/html")
        return Response(view, 200, headers, "text/html")

    def state(self, request: Request) -> Response:
        """Answer with how indexing stands, and with those parts of the page that are not as the browser has them."""
        query = Query.of(request.query_params)
        try:
            parts = documents_view.state(self._library, self._rows, query, request.query_params, *_words(request))
        except RagError as error:
            return _answer({"message": str(error)}, 404)
        return _answer(parts)

    async def check(self, request: Request) -> Response:
        """Tell of each file that somebody means to send whether it would be taken, before it is."""
        words = _words(request)[0]
        try:
            files = _FILES.validate_json(await request.body())
        except ValidationError:
            return _answer({"message": "what was sent is no list of names and sizes"}, 400)
        except ClientDisconnect:
            return _answer({}, 400)
        if len(files) > MAX_FILES:
            return _refusal(Refused("many"), words)
        try:
            verdicts = await run_in_threadpool(lambda: [self._library.judge(file.name, file.size) for file in files])
        except RagError as error:
            return _answer({"message": str(error)}, 409)
        return _answer({"files": [_verdict(verdict, words) for verdict in verdicts]})

    async def upload(self, request: Request) -> Response:
        """Take one file, ``?name=NAME``; where there is one of that name, ``&choice=replace`` or ``both`` decides."""
        words = _words(request)[0]
        name = request.query_params.get("name", "")
        try:
            verdict = await run_in_threadpool(self._library.judge, name, 0)
            if verdict.reason not in (None, "exists"):
                raise Refused(verdict.reason, verdict.detail)
            with await run_in_threadpool(self._library.receive) as aside:
                await _receive(request, aside)
                choice = CHOICES.get(request.query_params.get("choice", ""), "ask")
                added = await run_in_threadpool(self._library.add, aside, name, choice)
        except Refused as refused:
            return _refusal(refused, words)
        except RagError as error:
            return _answer({"message": str(error)}, 409)
        except ClientDisconnect:
            return _answer({}, 400)
        return _answer(_added(added, name, words))

    def remove(self, request: Request) -> Response:
        """Remove the file ``?id=ID``."""
        words = _words(request)[0]
        try:
            return _answer(_told(words.removed, self._library.remove(request.query_params.get("id", ""))))
        except KeyError:
            return _answer({"message": words.gone}, 404)
        except Refused as refused:
            return _refusal(refused, words)
        except RagError as error:
            return _answer({"message": str(error)}, 409)

    def undo(self, request: Request) -> Response:
        words = _words(request)[0]
        try:
            return _answer(_told(words.restored, self._library.undo()))
        except KeyError:
            return _answer({"message": words.gone}, 404)
        except Refused as refused:
            if refused.reason == "exists":
                return _answer({"message": words.taken.format(disarm(refused.detail))}, 409)
            return _refusal(refused, words)

    def index(self, request: Request) -> Response:
        """Build the index anew. With ``?after=change`` a build under way looks again instead of refusing."""
        try:
            if request.query_params.get("after") == "change":
                self._library.reindex_after_change()
            else:
                self._library.reindex()
        except Busy:
            return _answer({"message": _words(request)[0].busy}, 409)
        return self.state(request)

    def stop(self, request: Request) -> Response:
        self._library.runs.stop(request.query_params.get("run", ""))
        return self.state(request)

    def _rows(self) -> tuple[Sequence[Row], str]:
        """Return the rows, and why there are none where the folder cannot be listed."""
        try:
            return self._library.rows(), ""
        except DocumentsError as error:
            return [], str(error)


async def _receive(request: Request, aside: Aside) -> None:
    async for part in request.stream():
        await run_in_threadpool(aside.write, part)


def _verdict(verdict: Verdict, words: DocumentsLabels) -> dict[str, Any]:
    reason = verdict.reason
    message = _why(reason, verdict.detail, words) if reason else ""
    return {"name": verdict.name, "exists": reason == "exists", "message": message}


def _added(added: Added, name: str, words: DocumentsLabels) -> dict[str, Any]:
    message = words.added if added.id == name else words.added_as.format(added.id)
    return {"id": added.id, "title": added.title, "message": message}


def _told(message: str, removed: Removed) -> dict[str, Any]:
    return {"id": removed.id, "message": message.format(disarm(removed.id))}


def _refusal(refused: Refused, words: DocumentsLabels) -> Response:
    message = _why(refused.reason, refused.detail, words)
    return _answer({"reason": refused.reason, "message": message}, STATUS[refused.reason])


def _why(reason: Reason, detail: str, words: DocumentsLabels) -> str:
    return words.refused[reason].format(disarm(detail))


def _answer(content: Mapping[str, Any], status: int = 200) -> Response:
    return JSONResponse(content, status, headers={"Cache-Control": "no-store"})


def _words(request: Request) -> tuple[DocumentsLabels, Labels]:
    words = labels.of(request.headers)
    return documents_labels.BY_LANGUAGE[words.language], words
