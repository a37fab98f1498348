"""The routes of the Facts page: the page itself, what changes in it, and the figures as files."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rag.errors import IndexError_
from rag.facts import Row, tables
from rag.web import facts_labels, facts_view, labels
from rag.web.facts_list import Query
from rag.web.facts_words import Words
from rag.web.ledger import Ledger
from rag.web.roles import is_owner, user_name
from rag.web.served import collections_of

HEADERS = {"Content-Security-Policy": facts_view.POLICY, "Cache-Control": "no-store"}
SOON = "3"  # seconds after which to ask again for a file that cannot be written yet


def routes(ledger: Ledger) -> Sequence[Route]:
    """Return what the server answers at /facts and below."""
    own = _Routes(ledger)
    return [
        Route("/facts", own.page),
        Route("/facts/state", own.state),
        Route("/facts/figures.csv", own.csv),
        Route("/facts/figures.json", own.json),
    ]


class _Routes:
    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def page(self, request: Request) -> Response:
        words = _words(request)
        try:
            catalogue = self._ledger.catalogue(again=True)
        except IndexError_ as error:
            return Response(facts_view.missing(str(error), words), 404, HEADERS, "text/html")
        view = facts_view.page(catalogue, self._ledger.runs.latest, Query.of(request.query_params), words)
        return Response(view, 200, HEADERS, "text/html")

    def state(self, request: Request) -> Response:
        """Answer with how the finding of figures stands, and with the figures if the browser has others."""
        try:
            catalogue = self._ledger.catalogue()
        except IndexError_ as error:
            return JSONResponse({"message": str(error)}, 404, headers=HEADERS)
        query, known = Query.of(request.query_params), request.query_params.get("known", "")
        parts = facts_view.state(catalogue, self._ledger.runs.latest, query, known, _words(request))
        return JSONResponse(parts, headers=HEADERS)

    def csv(self, request: Request) -> Response:
        return self._file(request, "csv", tables.to_csv)

    def json(self, request: Request) -> Response:
        return self._file(request, "json", lambda rows: json.dumps(tables.records(rows), ensure_ascii=False) + "\n")

    def _file(self, request: Request, kind: str, write: Callable[[Sequence[Row]], str]) -> Response:
        """Answer with all figures that are asked for, in the order of `rag facts`."""
        try:
            catalogue = self._ledger.catalogue()
        except IndexError_ as error:
            return JSONResponse({"message": str(error)}, 404, headers=HEADERS)
        if catalogue is None:
            return JSONResponse({"message": _words(request).own.reading}, 503, headers=HEADERS | {"Retry-After": SOON})
        found = sorted(catalogue.select(Query.of(request.query_params)).found, key=lambda entry: entry.number)
        headers = HEADERS | {"Content-Disposition": f'attachment; filename="facts.{kind}"'}
        media_type = "text/csv; charset=utf-8" if kind == "csv" else "application/json"
        written = write([entry.row for entry in found]).encode(errors="replace")
        return Response(written, 200, headers, media_type)


def _words(request: Request) -> Words:
    words = labels.of(request.headers)
    choice = tuple(collections_of(request).offer("facts"))
    return Words(facts_labels.BY_LANGUAGE[words.language], words, is_owner(request), user_name(request), choice)
