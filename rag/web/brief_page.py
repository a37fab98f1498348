"""The route of the page of key points: those of a document, or on a topic.

What a model says is sent point by point as it says it, and the page needs no script. Documents are looked up by their
ids among the indexed ones.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Iterator, Sequence

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from rag.briefs import Point, Told
from rag.errors import RagError
from rag.web import brief_labels, brief_view, labels
from rag.web.brief_view import LONGEST_TOPIC, Wanted, Words
from rag.web.chats import Pipeline
from rag.web.roles import is_owner, user_name
from rag.web.served import collections_of

logger = logging.getLogger(__name__)

HEADERS = {"Content-Security-Policy": brief_view.POLICY, "Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def routes(pipeline: Pipeline) -> Sequence[Route]:
    """Return what the server answers at /brief."""
    own = _Routes(pipeline)
    return [Route("/brief", own.page)]


class _Routes:
    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def page(self, request: Request) -> Response:
        words = _words(request)
        wanted = _wanted(request)
        try:
            has_model = "compose" in self._pipeline.answerers()
            title = self._title(wanted.document)
            points = self._points(wanted)
        except (RagError, KeyError) as error:
            message = str(error) if isinstance(error, RagError) else words.own.none
            page = brief_view.beginning(wanted._replace(document=""), "", words, has_model=False)
            return Response(page + brief_view.ending(message), 404, HEADERS, "text/html")
        wanted = wanted._replace(by_model=wanted.by_model and has_model)
        begun = brief_view.beginning(wanted, title, words, has_model=has_model)
        return StreamingResponse(self._written(begun, wanted, points, words), 200, HEADERS, "text/html")

    def _title(self, document_id: str) -> str:
        if not document_id:
            return ""
        document = self._pipeline.document(document_id)
        return document.title.strip() or document.id

    def _points(self, wanted: Wanted) -> list[Point]:
        if wanted.document:
            return self._pipeline.brief_of(wanted.document)
        return self._pipeline.brief(wanted.about) if wanted.about else []

    def _written(self, begun: str, wanted: Wanted, points: Sequence[Point], words: Words) -> Iterator[str]:
        """Yield the page as it comes; where a model fails, the points that are left are shown without it."""
        yield begun
        shown, problem = 0, "" if points or not (wanted.document or wanted.about) else words.own.none
        try:
            for told in self._pipeline.tell(points, words.labels.language) if wanted.by_model else ():
                shown += 1
                yield brief_view.point(shown, told, points, words)
        except RagError as error:
            problem = str(error)
        except Exception:  # a bug must not cut the page off
            logger.exception("the key points could not be told")
            problem = words.labels.internal_error
        for number, left in enumerate(points[shown:], shown + 1):
            yield brief_view.point(number, Told(left, "", False), points, words)
        yield brief_view.ending(problem)


def _wanted(request: Request) -> Wanted:
    query = request.query_params
    about = " ".join(query.get("about", "").split())[:LONGEST_TOPIC]
    return Wanted(unicodedata.normalize("NFC", query.get("document", "")), about, by_model=query.get("by") == "model")


def _words(request: Request) -> Words:
    words = labels.of(request.headers)
    choice = tuple(collections_of(request).offer("brief"))
    return Words(brief_labels.BY_LANGUAGE[words.language], words, is_owner(request), user_name(request), choice)
