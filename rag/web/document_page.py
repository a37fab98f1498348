"""The routes of the document page: a document, opened at a citation; its lasting address; the rest of a long text.

Documents are looked up by their ids among the indexed ones. Nothing of an address is ever used as a path.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from rag.citations import parse_id
from rag.errors import CitationError
from rag.types import Document
from rag.web import document_labels, document_view, labels, page_view, sharing, viewing
from rag.web.document_view import Words
from rag.web.page_view import Opened
from rag.web.pages import WIDTHS, NoSuchPage, NotShown, Outdated, Overloaded, Pages, Undrawable
from rag.web.served import base_of, collections_of
from rag.web.viewing import VERSION, Cited, DocumentById, View

MOST_PARTS = 64  # of a long document in one reply
HEADERS = {"Content-Security-Policy": document_view.POLICY, "Cache-Control": "no-store"}
ASKED_AGAIN = HEADERS | {"Cache-Control": "private, no-cache"}  # a picture is kept, and asked about before it is shown
MOST_DIGITS = 9  # of a page's number
STATUS: dict[type[NotShown], int] = {Outdated: 409, NoSuchPage: 404, Undrawable: 422, Overloaded: 503}


def routes(document: DocumentById, pages: Pages) -> Sequence[Route]:
    """Return what the server answers below /documents/ and /cite/."""
    own = _Routes(document, pages)
    return [Route("/documents/{document:path}", own.page), Route("/cite/{citation:path}", own.cite)]


class _Routes:
    def __init__(self, document: DocumentById, pages: Pages) -> None:
        self._document = document
        self._pages = pages

    def page(self, request: Request) -> Response:
        document_id = unicodedata.normalize("NFC", request.path_params["document"])
        document = viewing.find(document_id, self._document)
        if "picture" in request.query_params:
            return _picture(document, request, self._pages)
        if "version" in request.query_params:
            return _rest(document, request)
        try:
            cited = viewing.name(request.query_params.getlist("cite"), self._document)
        except CitationError:
            return _malformed(document_id, request)
        at = _opened_at(request.query_params.get("at", ""), cited, document_id)
        if at and parse_id(cited[at - 1].id).document_id != document_id:
            return _redirect(cited, at, request)
        return _shown(document, document_id, cited, at, request, self._pages)

    def cite(self, request: Request) -> Response:
        """Lead a citation to its document; the address in between is what lasts."""
        try:
            cited = viewing.name([request.path_params["citation"]], self._document)
        except CitationError:
            return _malformed(request.path_params["citation"], request)
        if cited[0].document is None:
            return _shown(None, parse_id(cited[0].id).document_id, cited, 1, request, self._pages)
        return _redirect(cited, 1, request)


def _opened_at(wanted: str, cited: Sequence[Cited], document_id: str) -> int:
    """Return the number of the citation to open: the wanted one, else the first of this document, else the first."""
    if wanted.isdecimal() and len(wanted) < 4 and 1 <= int(wanted) <= len(cited):
        return int(wanted)
    own = (each.number for each in cited if parse_id(each.id).document_id == document_id)
    return next(own, min(1, len(cited)))


def _shown(
    document: Document | None, document_id: str, cited: Sequence[Cited], at: int, request: Request, pages: Pages
) -> Response:
    words = _words(request)
    view = viewing.view(document, cited, at) if document else None
    if view is None:
        standing = words.own.standing["gone"] if document or at else words.own.unknown
        return _html(document_view.problem(standing, document_id, cited, at, words), 404)
    opened = _opened(view, request, pages)
    if opened and "part" in request.query_params:
        return _html(document_view.leaf(view, opened, words))
    page = document_view.page(view, words, whole="whole" in request.query_params, opened=opened)
    return _html(page, 404 if opened and opened.problem is NoSuchPage else 200)


def _opened(view: View, request: Request, pages: Pages) -> Opened | None:
    """Return the page to show, None where the text is shown: it has no pages, it is wanted, or it tells more."""
    query = request.query_params
    number = _number(query.get("page", ""))
    has_changed = view.current is not None and view.current.found is not None and view.current.found.status == "changed"
    if not view.has_pages or query.get("view") == "text" or "whole" in query or (has_changed and number is None):
        return None
    return page_view.opened(view, page_view.first_page(view) if number is None else number, pages)


def _number(text: str) -> int | None:
    return int(text[:MOST_DIGITS]) if text.isascii() and text.isdecimal() else None


def _picture(document: Document | None, request: Request, pages: Pages) -> Response:
    """Answer with the picture of a page, as long as the file is the one that the address means."""
    query = request.query_params
    number, width, version = _number(query["picture"]), _number(query.get("width", "")), query.get("version", "")
    if document is None:
        return Response(status_code=404, headers=HEADERS)
    if number is None or width not in WIDTHS or len(version) != VERSION:
        return Response(status_code=400, headers=HEADERS)
    headers = ASKED_AGAIN | {"ETag": f'"{version}-{number}-{width}"'}
    try:
        if request.headers.get("if-none-match") == headers["ETag"]:
            pages.check(document, version)
            return Response(status_code=304, headers=headers)
        picture = pages.picture(document, number, width, version)
    except NotShown as reason:
        return Response(status_code=STATUS[type(reason)], headers=HEADERS)
    return Response(picture.data, headers=headers, media_type=picture.kind)


def _rest(document: Document | None, request: Request) -> Response:
    """Answer with parts of a text, as long as it is the one that the page was made of."""
    query = request.query_params
    text = viewing.text_of(document, query["version"]) if document else None
    if document is None or text is None:
        return JSONResponse([], 409, headers=HEADERS)
    try:
        first, last = int(query["first"]), int(query["last"])
    except (KeyError, ValueError):
        return JSONResponse([], 400, headers=HEADERS)
    first = max(0, first)
    cut = viewing.parts(text)[first : max(first, min(last + 1, first + MOST_PARTS))]
    words, dimmed, places = _words(request), document_view.dimmed(text, document), viewing.places_of(text, document)
    return JSONResponse([document_view.part(text, span, (), dimmed, places, words) for span in cut], headers=HEADERS)


def _redirect(cited: Sequence[Cited], at: int, request: Request) -> Response:
    document_id = parse_id(cited[at - 1].id).document_id
    address = sharing.document_address(document_id, [each.id for each in cited], at)
    return RedirectResponse(_words(request).base + address, 302, HEADERS)


def _malformed(subject: str, request: Request) -> Response:
    words = _words(request)
    return _html(document_view.problem(words.own.malformed, subject[:200], (), 0, words), 400)


def _html(page: str, status: int = 200) -> Response:
    return Response(page, status, HEADERS, "text/html")


def _words(request: Request) -> Words:
    words = labels.of(request.headers)
    choice = tuple(collections_of(request).offer())
    return Words(document_labels.BY_LANGUAGE[words.language], words, base_of(request), choice)
