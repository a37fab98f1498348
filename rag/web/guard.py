"""What stands before every page: it refuses what is not for this visitor before Gradio or a page of ours sees it.

A request passes if it asks for this server by a name of its own, comes from this server's pages, wants something that
the pages use, is of a decent size, and comes from somebody who may have it and has not asked too often.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import UsersError
from rag.web import access_view, documents_page, served
from rag.web.access import Access
from rag.web.hosts import is_own_origin
from rag.web.login_page import MAX_FORM_BYTES
from rag.web.roles import SCOPE_KEY, Visitor
from rag.web.served import ONE, Collections, own_path

MAX_BODY_BYTES = 1_000_000
FORM_LIMITS = {"/login": MAX_FORM_BYTES, "/logout": MAX_FORM_BYTES}
LOG_IN_REQUESTS = re.compile(r"(?:GET|HEAD|POST) /login|POST /logout")  # a link logs nobody out
OPEN_PATHS = re.compile(
    r"/|/config|/theme\.css|/robots\.txt|/(?:assets|static|web)/.+"
    r"|/evaluation(?:/state|/run|/stop|/reports/\w+/[\w.]*)?|/facts(?:/state|/figures\.(?:csv|json))?|/brief"
    rf"|{documents_page.OWNER_PATHS.pattern}|/(?:documents|cite)/.+|/conversations/[\w-]+\.(?:md|jsonl?)"
    r"|/gradio_api/(?:startup-events|heartbeat/\w+|queue/(?:join|data)|cancel|reset|app_id)/?"
)
BEFORE_LOG_IN = re.compile(r"/login|/logout|/robots\.txt|/web/(?:base\.css|access\.css|icon\.svg)")
OWNER_PATHS = re.compile(rf"/evaluation(?:/.*)?|{documents_page.OWNER_PATHS.pattern}")
HEARD_PATHS = re.compile(r"/gradio_api/(?:heartbeat/(\w{1,100})|queue/data)/?")
# What makes work for whoever may ask.
COUNTED_REQUESTS = re.compile(r"POST (?:/gradio_api/queue/join/?|/evaluation/run)|GET /brief")
OWN_POLICY = re.compile(r"/(?:evaluation|facts|brief|login|logout|documents|cite)(?:/.*)?")  # pages with stricter ones
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval' {hashes}; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with "no-referrer", a browser names no origin when it sends a form
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
INLINE_SCRIPT = re.compile(r"<script(?:\s+data-[\w-]+)?>(.*?)</script>", re.DOTALL)

Rewrite = Callable[[str, Headers], str]


class Guard:
    """Refuses what may not pass, tells who is asking, and has the browser load nothing from elsewhere."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        own_page: Rewrite,
        limits: Mapping[str, int],
        collections: Collections = ONE,
        open_paths: re.Pattern[str] = OPEN_PATHS,
    ) -> None:
        """Take the most bytes that may be sent to a path, where that is not MAX_BODY_BYTES.

        All paths are those below the address of the collection that is guarded.
        """
        self._app = app
        self._collections = collections
        self._open_paths = open_paths
        self._limits = {**FORM_LIMITS, **limits}
        self._access = access
        self._own_page = own_page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        if scope["type"] != "http":
            return await send({"type": "websocket.close"})
        verdict = self._judge(HTTPConnection(scope))
        if isinstance(verdict, Response):
            return await verdict(scope, receive, _with_security_headers(send, own_policy=True))
        scope = {**scope, SCOPE_KEY: verdict, served.SCOPE_KEY: self._collections}
        if own_path(scope) == "/":
            return await _send_page(self._app, self._own_page, scope, receive, send)
        own_policy = OWN_POLICY.fullmatch(own_path(scope)) is not None
        await self._app(scope, receive, _with_security_headers(send, own_policy))

    def _judge(self, request: HTTPConnection) -> Visitor | Response | None:
        """Return who is asking, None for somebody who is yet to log in, or the refusal."""
        return self._refuse_origin(request) or self._refuse_request(request) or self._admit(request)

    def _refuse_origin(self, request: HTTPConnection) -> Response | None:
        """Refuse another name for this machine, which is DNS rebinding, and the pages of somebody else."""
        words = access_view.words_for(request.headers)[0]
        if not self._access.is_own_name(request):
            name = request.headers.get("host", "")
            page = access_view.unknown_name(name, self._access.with_log_in, request.headers)
            return _refusal(request, 421, words.unknown_name, page)
        if _is_foreign(request, strictly=self._access.with_log_in):
            return _notice(request, 403, words.foreign, words.foreign_note)
        return None

    def _refuse_request(self, request: HTTPConnection) -> Response | None:
        method, path = request.scope["method"], own_path(request.scope)
        if method not in {"GET", "HEAD", "POST"}:
            return Response(status_code=405, headers={"Allow": "GET, HEAD, POST"})
        log_in = self._access.with_log_in and LOG_IN_REQUESTS.fullmatch(f"{method} {path}")
        if not (log_in or self._open_paths.fullmatch(path)):
            return _notice(request, 404, access_view.words_for(request.headers)[0].closed, "")
        if "transfer-encoding" in request.headers or (method == "POST" and "content-length" not in request.headers):
            return Response(status_code=411)
        too_large = int(request.headers.get("content-length", 0)) > self._limits.get(path, MAX_BODY_BYTES)
        return Response(status_code=413) if too_large else None

    def _admit(self, request: HTTPConnection) -> Visitor | Response | None:
        method, path = request.scope["method"], own_path(request.scope)
        words = access_view.words_for(request.headers)[0]
        if self._access.with_log_in and BEFORE_LOG_IN.fullmatch(path):
            return None
        try:
            visitor = self._access.visitor(request)
        except UsersError:
            return _notice(request, 503, words.log_in, words.no_users)
        if visitor is None:
            page = access_view.way_to_log_in(_target(request), request.headers)
            return _refusal(request, 401, words.needed, page, {"WWW-Authenticate": "Cookie"})
        if visitor.role != "owner" and OWNER_PATHS.fullmatch(path):
            return _refusal(request, 403, words.owner_only_note, access_view.owner_only(request.headers))
        if not self._may_hear(request, visitor):
            return _notice(request, 403, words.closed, "")
        is_counted = COUNTED_REQUESTS.fullmatch(f"{method} {path}")
        if is_counted and (wait := self._access.take_request(request, visitor)):
            message = words.too_often.format(words.time(wait))
            return _notice(request, 429, message, "", {"Retry-After": str(math.ceil(wait))})
        return visitor

    def _may_hear(self, request: HTTPConnection, visitor: Visitor) -> bool:
        """Tell whether what is listened to, if anything, is not the conversation of somebody else."""
        heard = HEARD_PATHS.fullmatch(own_path(request.scope))
        conversation = heard and (heard[1] or request.query_params.get("session_hash", ""))[:100]
        return not conversation or self._access.may_hear(conversation, visitor)


def _is_foreign(request: HTTPConnection, *, strictly: bool) -> bool:
    """Tell whether a page of somebody else sent a request.

    Browsers name the origin of whatever changes something, and say how the site of the page stands to ours. `strictly`,
    one of the two has to be there: a browser that says neither cannot be told from one that is being misused.
    """
    headers = request.headers
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    if origin is not None and not is_own_origin(origin, headers["host"], request.scope["scheme"]):
        return True
    if request.scope["method"] in {"GET", "HEAD"} or origin is not None:
        return False
    return site != "same-origin" and (strictly or site is not None)


def _target(request: HTTPConnection) -> str:
    """Return what to go back to after logging in."""
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", b"/").decode("latin-1").partition("?")[0]
    return f"{path}?{query}" if query else path


def _notice(
    request: HTTPConnection, status: int, message: str, note: str, headers: Mapping[str, str] | None = None
) -> Response:
    common = access_view.words_for(request.headers)[1]
    page = access_view.notice(message, f"<p>{note}</p>" * bool(note), common)
    return _refusal(request, status, f"{message} {note}".strip(), page, headers)


def _refusal(
    request: HTTPConnection, status: int, message: str, page: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Say why something is refused: to a person as a page, to a script of ours in the words it shows."""
    own = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"} | dict(headers or {})
    if "text/html" in request.headers.get("accept", ""):
        own |= {"Content-Security-Policy": access_view.POLICY}
        return Response(page, status, own, media_type="text/html")
    return JSONResponse({"message": message, "detail": message}, status, own)


async def _send_page(app: ASGIApp, own_page: Rewrite, scope: Scope, receive: Receive, send: Send) -> None:
    """Send Gradio's page as `own_page` makes it ours, with a policy that names the hashes of its inline scripts."""
    headers = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
    start: Message = {}
    body = b""

    async def collect(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            start = message
        else:
            body += message.get("body", b"")

    await app({**scope, "headers": headers}, receive, collect)
    page = own_page(body.decode(), Headers(scope=scope)).encode() if start["status"] == 200 else body
    sent = MutableHeaders(raw=[(name, value) for name, value in start["headers"] if name != b"content-length"])
    sent.update(_security_headers(page) | {"Content-Length": str(len(page)), "Cache-Control": "no-store"})
    await send({**start, "headers": sent.raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page})


def _with_security_headers(send: Send, own_policy: bool) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            kept = dict(headers) if own_policy else {}
            headers.update(_security_headers(b"") | kept)
        await send(message)

    return send_with_headers


def _security_headers(page: bytes) -> dict[str, str]:
    scripts = INLINE_SCRIPT.findall(page.decode())
    hashes = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return HEADERS | {"Content-Security-Policy": POLICY.format(hashes=" ".join(f"'sha256-{code}'" for code in hashes))}
