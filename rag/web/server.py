"""Serves the pages: our own FastAPI application with Gradio's chat mounted in it, on a loopback address only.

Gradio brings more than a chat needs: a proxy, file routes, uploads, an open API. `Guard` stands in front of it and lets
through only what the page uses, from pages of this server, under names of this machine.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import ipaddress
import re
import socket
from collections.abc import Callable
from importlib import resources

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.config import Settings
from rag.errors import ServeError
from rag.web import evaluation_page, labels
from rag.web.app import Pipeline, build
from rag.web.evaluations import MAX_FILE_BYTES, Evaluations
from rag.web.quick_gradio import gr
from rag.web.roles import is_owner

MAX_BODY_BYTES = 1_000_000
OWN_FILES = {
    "base.css": "text/css",
    "style.css": "text/css",
    "chat.js": "text/javascript",
    "evaluation.css": "text/css",
    "evaluation.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
HOST = re.compile(r"(?:\[(?P<v6>[\da-fA-F:]+)\]|(?P<name>[\w.-]+))(?::\d+)?")
OPEN_PATHS = re.compile(
    r"/|/config|/theme\.css|/robots\.txt|/(?:assets|static|web)/.+"
    r"|/evaluation(?:/state|/run|/stop|/reports/\w+/[\w.]*)?"
    r"|/gradio_api/(?:startup-events|heartbeat/\w+|queue/(?:join|data)|cancel|reset|app_id)/?"
)
POLICY = (
    "default-src 'none'; connect-src 'self'; font-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-eval' {hashes}; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# Gradio's page carries link previews of gradio.app and an install manifest; ours its own style, script and icon.
NOT_OURS = re.compile(r'<(?:meta\s+(?:property|name)="(?:og|twitter):|link rel="manifest")[^>]*>\s*')
INLINE_SCRIPT = re.compile(r"<script(?:\s+data-[\w-]+)?>(.*?)</script>", re.DOTALL)
OWN_HEAD = """<title>{title}</title>
<meta name="color-scheme" content="light dark" />
<link rel="icon" type="image/svg+xml" href="./web/icon.svg" />
<link rel="stylesheet" href="./web/base.css" />
<link rel="stylesheet" href="./web/style.css" />
<script src="./web/chat.js" defer></script>
</head>"""


def announce(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def serve(settings: Settings, pipeline: Pipeline, on_ready: Callable[[str], None] = announce) -> None:
    """Serve the page until Ctrl-C, which raises KeyboardInterrupt. `on_ready` is given one line with the address.

    Raises ServeError when the address is not this machine's own or the port is taken.
    """
    with listen(settings) as listener:
        serve_on(listener, pipeline, settings, on_ready)


def serve_on(
    listener: socket.socket, pipeline: Pipeline, settings: Settings, on_ready: Callable[[str], None] = announce
) -> None:
    """Serve the page on a port that `listen` took."""
    url = _url(settings.host, listener.getsockname()[1])
    with Evaluations(pipeline, settings) as evaluations:
        app = application(pipeline, evaluations)
        _Server(app, lambda: on_ready(f"Open {url} in a browser (Ctrl-C stops)")).run([listener])


def listen(settings: Settings) -> socket.socket:
    """Take the port of the settings, before anything slow is done."""
    if not _is_loopback(settings.host):
        raise ServeError(
            f"cannot serve on {settings.host!r}: until there is a log-in, only this machine may ask (--host 127.0.0.1)"
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ServeError(_refusal(settings, error)) from None
    return listener


def application(pipeline: Pipeline, evaluations: Evaluations) -> FastAPI:
    """Return the whole web application, guarded."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for name, media_type in OWN_FILES.items():
        content = resources.files("rag.web").joinpath(name).read_bytes()
        app.add_api_route(f"/web/{name}", _file(content, media_type))
    app.router.routes.extend(evaluation_page.routes(evaluations))
    app.add_middleware(Guard)
    gr.mount_gradio_app(
        app,
        build(pipeline),
        path="/",
        theme=_theme(),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
        pwa=False,
        max_file_size=0,
    )
    return app


class Guard:
    """Refuses what does not come from this page, and tells the browser to load nothing from elsewhere."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        refusal = _why_refused(scope["method"], scope["path"], Headers(scope=scope))
        if refusal:
            return await Response(status_code=refusal, headers=_security_headers(b""))(scope, receive, send)
        if scope["path"] == "/":
            return await _send_page(self.app, scope, receive, send)
        own_policy = scope["path"].startswith("/evaluation")  # these pages bring policies that are stricter still
        await self.app(scope, receive, _with_security_headers(send, own_policy))


def _why_refused(method: str, path: str, headers: Headers) -> int | None:
    if not _is_own_name(headers.get("host", "")):
        return 421  # another name for this machine: DNS rebinding
    origin = headers.get("origin")
    if origin is not None and origin not in {f"http://{headers['host']}", f"https://{headers['host']}"}:
        return 403  # a page of somebody else
    if method not in {"GET", "HEAD", "POST"}:
        return 405
    if not OPEN_PATHS.fullmatch(path):
        return 404
    if path.startswith("/evaluation") and not is_owner(headers):
        return 403
    if method == "POST" and "content-length" not in headers:
        return 411
    limit = MAX_FILE_BYTES if path == "/evaluation/run" else MAX_BODY_BYTES
    return 413 if int(headers.get("content-length", 0)) > limit else None


async def _send_page(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Send Gradio's page with our head, and a policy that names the hashes of its inline scripts."""
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
    page = _own_page(body.decode(), Headers(scope=scope)).encode() if start["status"] == 200 else body
    sent = MutableHeaders(raw=[(name, value) for name, value in start["headers"] if name != b"content-length"])
    sent.update(_security_headers(page) | {"Content-Length": str(len(page)), "Cache-Control": "no-store"})
    await send({**start, "headers": sent.raw})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else page})


def _own_page(html: str, headers: Headers) -> str:
    words = labels.choose(headers.get("accept-language"))
    html = html.replace('lang="en"', f'lang="{words.language}"', 1).replace(labels.ENGLISH.title, words.title)
    return NOT_OURS.sub("", html).replace("</head>", OWN_HEAD.format(title=words.title), 1)


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


def _file(content: bytes, media_type: str) -> Callable[[], Response]:
    return lambda: Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})


def _theme() -> gr.themes.Base:
    """Return a theme without web fonts; its two background colours are those of base.css."""
    theme = gr.themes.Base(font=[gr.themes.Font("system-ui")], font_mono=[gr.themes.Font("ui-monospace")])
    return theme.set(body_background_fill="#fbfaf7", body_background_fill_dark="#17181a")


def _is_own_name(host: str) -> bool:
    name = HOST.fullmatch(host)
    return name is not None and _is_loopback(name["v6"] or name["name"].lower())


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} is in use; choose another with --port, or --port 0 for a free one"
    return f"cannot serve on {settings.host} port {settings.port}: {error.strerror}; choose another with --port"


class _Server(uvicorn.Server):
    """A quiet uvicorn that says when it is ready and, when it is stopped, lets go of the pages that are open."""

    def __init__(self, app: FastAPI, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                ws="none",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        mounted = (route.app for route in app.routes if isinstance(route, Mount))
        self.mounted = [each for each in mounted if isinstance(each, gr.routes.App)]
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for mounted in self.mounted:
            mounted.stop_event.set()  # ends the heartbeat that each page holds open
        await super().shutdown(sockets)
