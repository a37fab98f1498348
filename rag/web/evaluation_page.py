"""The routes of the Evaluation page: the page itself, its state, two buttons, and the files of a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from rag.web import evaluation_labels, evaluation_view, labels
from rag.web.evaluations import MAX_FILE_BYTES, PAGE, RESULTS, SUMMARY, Evaluations
from rag.web.roles import user_name
from rag.web.runs import Busy
from rag.web.served import collections_of

DOWNLOADS = {SUMMARY: "text/markdown", RESULTS: "application/json"}


def routes(evaluations: Evaluations) -> Sequence[Route]:
    """Return what the server answers below /evaluation."""
    own = _Routes(evaluations)
    return [
        Route("/evaluation", own.page),
        Route("/evaluation/state", own.state),
        Route("/evaluation/run", own.run, methods=["POST"]),
        Route("/evaluation/stop", own.stop, methods=["POST"]),
        Route("/evaluation/reports/{report}/", own.report),
        Route("/evaluation/reports/{report}/{name}", own.download),
    ]


class _Routes:
    def __init__(self, evaluations: Evaluations) -> None:
        self._evaluations = evaluations

    def page(self, request: Request) -> Response:
        evaluations = self._evaluations
        view = evaluation_view.page(
            evaluations.files(),
            str(evaluations.folder),
            evaluations.runs.latest,
            evaluations.reports,
            *_words(request),
            user_name(request),
            tuple(collections_of(request).offer("evaluation")),
        )
        headers = {"Content-Security-Policy": evaluation_view.POLICY, "Cache-Control": "no-store"}
        return Response(view, media_type="text/html", headers=headers)

    def state(self, request: Request) -> Response:
        """Answer with how the run stands, and with those parts of the page that are not as the browser has them."""
        evaluations = self._evaluations
        parts = evaluation_view.state(
            evaluations.runs.latest, evaluations.reports, request.query_params, *_words(request)
        )
        return JSONResponse(parts, headers={"Cache-Control": "no-store"})

    async def run(self, request: Request) -> Response:
        """Start with a file of the folder (``?file=KEY``) or with the one that is sent (``?name=NAME``)."""
        words = _words(request)[0]
        try:
            if name := request.query_params.get("name"):
                self._evaluations.start_upload(name, await body(request))
            else:
                self._evaluations.start(request.query_params.get("file", ""))
        except KeyError:
            return _refusal(404, words.gone)
        except Busy:
            return _refusal(409, words.busy)
        except TooLarge:
            return _refusal(413, words.too_large)
        except ClientDisconnect:
            return _refusal(400, "")
        return self.state(request)

    def stop(self, request: Request) -> Response:
        self._evaluations.runs.stop(request.query_params.get("run", ""))
        return self.state(request)

    def report(self, request: Request) -> Response:
        """Answer with the report itself, which may run its own script and nothing else, wherever it is opened."""
        report = self._evaluations.report(request.path_params["report"])
        if report is None or not (report.folder / PAGE).is_file():
            return Response(status_code=404)
        policy = f"{report.policy}; frame-ancestors 'self'; sandbox allow-scripts"
        headers = {
            "Content-Security-Policy": policy,
            "X-Frame-Options": "SAMEORIGIN",
            "Cross-Origin-Opener-Policy": "unsafe-none",  # with another one, a browser refuses a page in a sandbox
            "Cache-Control": "no-cache",
        }
        return FileResponse(report.folder / PAGE, media_type="text/html", headers=headers)

    def download(self, request: Request) -> Response:
        report, name = self._evaluations.report(request.path_params["report"]), request.path_params["name"]
        if report is None or name not in DOWNLOADS or not (report.folder / name).is_file():
            return Response(status_code=404)
        called = f"{PurePath(report.name).stem}-{name}"
        return FileResponse(report.folder / name, media_type=DOWNLOADS[name], filename=called)


class TooLarge(Exception):
    """More was sent than a question file may have."""


async def body(request: Request) -> bytes:
    """Read what is sent. Raises TooLarge as soon as it is too much."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MAX_FILE_BYTES:
            raise TooLarge
    return bytes(content)


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)


def _words(request: Request) -> tuple[evaluation_labels.EvaluationLabels, labels.Labels]:
    words = labels.of(request.headers)
    return evaluation_labels.BY_LANGUAGE[words.language], words
