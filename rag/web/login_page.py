"""The routes of the log-in page: the page, logging in, logging out. The guard has checked where requests come from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rag.errors import UsersError
from rag.web import access_view
from rag.web.access import Access, Wait, came_by_https, cookie_name

MAX_FORM_BYTES = 16_000
OWN_PATH = re.compile(r"/(?!/)[!-\[\]-~]*")  # no backslash, which browsers take for a slash
FIELDS = 10


def routes(access: Access) -> Sequence[Route]:
    """Return what the server answers where visitors have to log in."""
    own = _Routes(access)
    return [
        Route("/login", own.page),
        Route("/login", own.log_in, methods=["POST"]),
        Route("/logout", own.log_out, methods=["POST"]),
    ]


class _Routes:
    def __init__(self, access: Access) -> None:
        self._access = access

    async def page(self, request: Request) -> Response:
        target = _own_path(request.query_params.get("next", "/"))
        words = access_view.words_for(request.headers)[0]
        try:
            if self._access.visitor(request):
                return _go(target)
        except UsersError:
            return _page(503, target, "", words.no_users, request)
        return _page(200, target, "", "", request)

    async def log_in(self, request: Request) -> Response:
        """Begin a session and go on to where the visitor wanted to go, or show the page again with the reason."""
        try:
            form = _form(await request.body())
        except ClientDisconnect:
            return Response(status_code=400)
        target, name = _own_path(form.get("next", "/")), form.get("name", "").strip()
        words = access_view.words_for(request.headers)[0]
        try:
            token = await self._access.log_in(request, name, form.get("password", ""))
        except UsersError:
            return _page(503, target, name, words.no_users, request)
        if token is None:
            return _page(403, target, name, words.wrong, request)
        if isinstance(token, Wait):
            response = _page(429, target, name, words.wait.format(words.time(token.seconds)), request)
            response.headers["Retry-After"] = str(token.seconds)
            return response
        response = _go(target)
        _set_cookie(response, request, token)
        return response

    async def log_out(self, request: Request) -> Response:
        self._access.log_out(request)
        response = _go("/login")
        _set_cookie(response, request, "", max_age=0)
        return response


def _form(body: bytes) -> Mapping[str, str]:
    """Read the fields of a form; what is none has no fields."""
    try:
        fields = parse_qs(body.decode("ascii", "replace"), errors="replace", max_num_fields=FIELDS)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _own_path(target: str) -> str:
    """Return a path on this server to go to; the chat for everything else.

    >>> _own_path("/evaluation?x=1"), _own_path("//example.com"), _own_path("/\\\\example.com"), _own_path("/login")
    ('/evaluation?x=1', '/', '/', '/')
    """
    return target if OWN_PATH.fullmatch(target) and not target.startswith(("/login", "/logout")) else "/"


def _set_cookie(response: Response, request: Request, token: str, max_age: int | None = None) -> None:
    """Keep the token from scripts, from other sites and, where there is https, from the open network.

    Without an age it is gone when the browser is closed.
    """
    secure = came_by_https(request)
    response.set_cookie(cookie_name(request), token, max_age, path="/", secure=secure, httponly=True, samesite="strict")


def _go(target: str) -> Response:
    return RedirectResponse(target, 303, headers={"Cache-Control": "no-store"})


def _page(status: int, target: str, name: str, problem: str, request: Request) -> Response:
    headers = {"Content-Security-Policy": access_view.POLICY, "Cache-Control": "no-store"}
    content = access_view.log_in(target, name, problem, request.headers)
    return Response(content, status, headers, media_type="text/html")
