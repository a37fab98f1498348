"""The routes of addresses that name no collection, where several are served: they lead to the first, or to nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rag.web import access_view
from rag.web.served import FOLDER, Collections

OPEN_PATHS = re.compile(r"/.*", re.DOTALL)  # none of them leads into anything
HEADERS = {"Cache-Control": "no-store"}


def routes(collections: Collections) -> Sequence[Route]:
    """Return what the server answers where no collection does."""
    own = _Routes(collections)
    return [
        Route(FOLDER, own.unknown),
        Route(FOLDER + "/{name:path}", own.unknown),
        Route("/{rest:path}", own.first),
    ]


class _Routes:
    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    def first(self, request: Request) -> Response:
        """Lead to the same page of the collection that is chosen at first, as from before there were several."""
        path = request.scope.get("raw_path", b"/").decode("latin-1").partition("?")[0].removeprefix("/")
        address = self._collections.address(self._collections.names[0], path)
        return RedirectResponse(f"{address}?{request.url.query}".removesuffix("?"), 302, HEADERS)

    def unknown(self, request: Request) -> Response:
        """Tell which collections there are; the address of one without the slash at its end leads to it."""
        for name in self._collections.names:
            if request.url.path == self._collections.prefix(name):
                return RedirectResponse(self._collections.address(name), 302, HEADERS)
        page = access_view.no_collection(self._collections, request.headers)
        headers = HEADERS | {"Content-Security-Policy": access_view.POLICY}
        return Response(page, 404, headers, media_type="text/html")
