"""Serves the pages: our own FastAPI application with Gradio's chat in it, to this machine only or with a log-in.

Gradio brings more than a chat needs: a proxy, file routes, uploads, an open API. `Guard` stands in front of it and lets
through only what the page uses, from pages of this server, under names of this machine, to those who may.
"""

from __future__ import annotations

import errno
import re
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, nullcontext, suppress
from functools import partial
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import uvicorn
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import BaseRoute, Mount

from rag.config import Settings
from rag.errors import HistoryError, RagError, ServeError, UsersError
from rag.history import History, open_history
from rag.users import read_users, readable_by_others
from rag.web import (
    brief_page,
    conversations_page,
    document_page,
    documents_page,
    evaluation_page,
    facts_page,
    front_page,
    labels,
    login_page,
    render,
)
from rag.web.access import UNSPECIFIED, Access, complain
from rag.web.app import build
from rag.web.chats import Chats, Pipeline
from rag.web.evaluations import MAX_FILE_BYTES, Evaluations
from rag.web.examples import Examples
from rag.web.guard import Guard
from rag.web.hosts import is_loopback
from rag.web.ledger import Ledger
from rag.web.library import Library
from rag.web.pages import Pages
from rag.web.quick_gradio import gr
from rag.web.served import Collections, Served
from rag.web.viewing import has_pages

OWN_FILES = {
    "base.css": "text/css",
    "access.css": "text/css",
    "page.css": "text/css",
    "style.css": "text/css",
    "actions.css": "text/css",
    "actions.js": "text/javascript",
    "chat.js": "text/javascript",
    "copying.js": "text/javascript",
    "document.css": "text/css",
    "document.js": "text/javascript",
    "documents.css": "text/css",
    "documents.js": "text/javascript",
    "pages.css": "text/css",
    "pages.js": "text/javascript",
    "evaluation.css": "text/css",
    "brief.css": "text/css",
    "evaluation.js": "text/javascript",
    "facts.css": "text/css",
    "facts.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
# Gradio's page carries link previews of gradio.app and an install manifest; ours its own style, script and icon.
NOT_OURS = re.compile(r'<(?:meta\s+(?:property|name)="(?:og|twitter):|link rel="manifest")[^>]*>\s*')
OWN_HEAD = """<title>{title}</title>
<meta name="color-scheme" content="light dark" />
<link rel="icon" type="image/svg+xml" href="./web/icon.svg" />
<link rel="stylesheet" href="./web/base.css" />
<link rel="stylesheet" href="./web/style.css" />
<link rel="stylesheet" href="./web/actions.css" />
<script src="./web/actions.js" defer></script>
<script src="./web/chat.js" defer></script>
<script src="./web/copying.js" defer></script>
</head>"""


def announce(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def serve(settings: Settings, pipeline: Pipeline, on_ready: Callable[[str], None] = announce) -> None:
    """Serve the page until Ctrl-C, which raises KeyboardInterrupt. `on_ready` is given one line with the address.

    Raises ServeError when the address is not this machine's own or the port is taken.
    """
    with listen(settings) as listener:
        serve_on(listener, [Served(settings, pipeline)], on_ready)


def serve_on(
    listener: socket.socket,
    served: Sequence[Served],
    on_ready: Callable[[str], None] = announce,
    access: Access | None = None,
) -> None:
    """Serve collections on a port that `listen` took, to those whom the settings or `access` let in.

    The first is the one that is chosen at first.
    """
    settings = served[0].settings
    port = listener.getsockname()[1]
    if not (settings.trusted_proxies or is_loopback(settings.host)):
        complain(
            "what others send, passwords too, is not encrypted; beyond a network you trust, put a TLS proxy in front"
        )
    with ExitStack() as stack:
        history, problem = stack.enter_context(_opened(settings))
        shared = _Shared(access or Access(settings), stack.enter_context(Pages(settings)), history, problem)
        _begin(served[0], shared)
        app = application(served, shared, stack)
        _Server(app, lambda: on_ready(_invitation(settings.host, port)), settings.trusted_proxies).run([listener])


class _Shared(NamedTuple):
    """What all collections have in common. `problem` tells why conversations are not kept, where they should be."""

    access: Access
    pages: Pages
    history: History | None
    problem: str


def _begin(first: Served, shared: _Shared) -> None:
    """Start what is slow to start and probably needed."""
    with suppress(RagError):  # its page tells
        if any(map(has_pages, first.pipeline.documents())):
            shared.pages.begin()


@contextmanager
def _opened(settings: Settings) -> Iterator[tuple[History | None, str]]:
    """Open the history and close it afterwards; one that cannot be used is done without, and told."""
    try:
        history = open_history(settings)
    except HistoryError as error:
        complain(f"conversations are not kept: {error}")
        yield None, str(error)
        return
    with history or nullcontext():
        yield history, ""


def listen(settings: Settings) -> socket.socket:
    """Take the port of the settings, before anything slow is done. Raises ServeError or UsersError."""
    if settings.auth:
        _check_users(settings.auth)
    if not settings.host or not (settings.auth or is_loopback(settings.host)):
        raise ServeError(
            f"cannot serve on {settings.host!r}: without a log-in, only this machine may ask (--host 127.0.0.1); "
            "let others log in with --auth FILE, made by `rag user add NAME --auth FILE`"
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


def _check_users(file: Path) -> None:
    if not read_users(file):
        raise UsersError(f"nobody is in the users file {file}; add somebody with `rag user add NAME --auth {file}`")
    if readable_by_others(file):
        complain(f"others on this machine can read the password hashes in {file}; `chmod 600 {file}` keeps them out")


def application(served: Sequence[Served], shared: _Shared, stack: ExitStack) -> Starlette:
    """Return the whole web application, guarded: the pages of a single collection, or of each below its address.

    What is to be ended with it is left to `stack`.
    """
    collections = Collections(tuple(each.name for each in served))
    examples = [stack.enter_context(Examples(served[0].pipeline))]
    examples += [stack.push(Examples(each.pipeline)) for each in served[1:]]  # they begin when they are looked at
    sites = {
        each.name: _site(each, tried, collections.seen_from(each.name), shared, stack)
        for each, tried in zip(served, examples, strict=True)
    }
    if len(sites) == 1:
        return sites[served[0].name]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as living:
            for site in sites.values():
                await living.enter_async_context(site.router.lifespan_context(site))
            yield

    mounts = [Mount(collections.prefix(name), app=site) for name, site in sites.items()]
    return Starlette(routes=[*mounts, Mount("", app=_front(collections, shared.access))], lifespan=lifespan)


def _front(collections: Collections, access: Access) -> FastAPI:
    """Return what answers where an address names no collection that is served, guarded."""
    app = _bare(access)
    app.router.routes.extend(front_page.routes(collections))
    own_page, open_paths = partial(_own_page, collections), front_page.OPEN_PATHS
    app.add_middleware(
        Guard, access=access, own_page=own_page, limits={}, collections=collections, open_paths=open_paths
    )
    return app


def _bare(access: Access) -> FastAPI:
    """Return an application with no more than our own files, and the way in where there is a log-in."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    for name, media_type in OWN_FILES.items():
        content = resources.files("rag.web").joinpath(name).read_bytes()
        app.add_api_route(f"/web/{name}", _file(content, media_type))
    if access.with_log_in:
        app.router.routes.extend(login_page.routes(access))
    return app


def _site(each: Served, examples: Examples, collections: Collections, shared: _Shared, stack: ExitStack) -> FastAPI:
    """Return the pages of one collection, guarded."""
    settings, pipeline = each
    evaluations = stack.enter_context(Evaluations(pipeline, settings))
    library = stack.enter_context(Library(pipeline, settings))
    ledger = stack.enter_context(Ledger(pipeline))
    chats = Chats(pipeline, shared.history, settings.collection)
    app = _bare(shared.access)
    app.router.routes.extend(evaluation_page.routes(evaluations))
    app.router.routes.extend(documents_page.routes(library))
    app.router.routes.extend(document_page.routes(pipeline.document, shared.pages))
    app.router.routes.extend(facts_page.routes(ledger))
    app.router.routes.extend(conversations_page.routes(pipeline, chats))
    app.router.routes.extend(brief_page.routes(pipeline))
    limits = {"/evaluation/run": MAX_FILE_BYTES, documents_page.UPLOAD: library.max_bytes}
    own_page = partial(_own_page, collections)
    app.add_middleware(Guard, access=shared.access, own_page=own_page, limits=limits, collections=collections)
    gr.mount_gradio_app(
        app,
        build(pipeline, chats, examples, shared.problem),
        path="/",
        root_path=collections.prefix(each.name) or None,  # behind a proxy, Gradio asks for what it does not know here
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


def _own_page(collections: Collections, html: str, headers: Headers) -> str:
    words = labels.of(headers)
    title = render.tab_title("", words, tuple(collections.offer()))
    html = html.replace('lang="en"', f'lang="{words.language}"', 1).replace(labels.ENGLISH.title, words.title)
    return NOT_OURS.sub("", html).replace("</head>", OWN_HEAD.format(title=title), 1)


def _file(content: bytes, media_type: str) -> Callable[[], Response]:
    return lambda: Response(content, media_type=media_type, headers={"Cache-Control": "no-cache"})


def _theme() -> gr.themes.Base:
    """Return a theme without web fonts; its two background colours are those of base.css."""
    theme = gr.themes.Base(font=[gr.themes.Font("system-ui")], font_mono=[gr.themes.Font("ui-monospace")])
    return theme.set(body_background_fill="#fbfaf7", body_background_fill_dark="#17181a")


def _invitation(host: str, port: int) -> str:
    if host not in UNSPECIFIED:
        return f"Open {_url(host, port)} in a browser (Ctrl-C stops)"
    here = _url("::1" if ":" in host else "127.0.0.1", port)
    return f"Open {here} in a browser here, this machine's address with port {port} from elsewhere (Ctrl-C stops)"


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(settings: Settings, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} is in use; choose another with --port, or --port 0 for a free one"
    return f"cannot serve on {settings.host} port {settings.port}: {error.strerror}; choose another with --port"


def _mounted(routes: Sequence[BaseRoute]) -> Iterator[gr.routes.App]:
    for route in routes:
        if isinstance(route, Mount) and isinstance(route.app, gr.routes.App):
            yield route.app
        elif isinstance(route, Mount):
            yield from _mounted(route.routes)


class _Server(uvicorn.Server):
    """A quiet uvicorn that says when it is ready and, when it is stopped, lets go of the pages that are open."""

    def __init__(self, app: Starlette, on_ready: Callable[[], None], trusted_proxies: Sequence[str]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                ws="none",
                proxy_headers=bool(trusted_proxies),
                forwarded_allow_ips=list(trusted_proxies),
                server_header=False,
                timeout_graceful_shutdown=2,
            )
        )
        self.mounted = list(_mounted(app.routes))
        self.on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for mounted in self.mounted:
            mounted.stop_event.set()  # ends the heartbeat that each page holds open
        await super().shutdown(sockets)
