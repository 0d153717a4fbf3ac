"""The HTTP application: routes from the table of operations, the same headers on every answer, nothing taken from Host."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, cast

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from driftwatch.telemetry import answers as a
from driftwatch.telemetry.accepting import Accepting
from driftwatch.telemetry.acknowledge import Acknowledging
from driftwatch.telemetry.api import OPERATIONS, Operation, Refused, checked
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.collector import Scrapes
from driftwatch.telemetry.exposition import negotiate, takes_gzip
from driftwatch.telemetry.openapi import ACCEPT_PATH, ACKNOWLEDGE_PATH, RELOAD_PATH, document
from driftwatch.telemetry.pages.alert import alert_page, find, gone_page
from driftwatch.telemetry.pages.docs import docs_page
from driftwatch.telemetry.pages.model import model_page
from driftwatch.telemetry.pages.overview import overview
from driftwatch.telemetry.pages.sight import Deliveries
from driftwatch.telemetry.pages.style import STYLE
from driftwatch.telemetry.reloading import Reloading
from driftwatch.telemetry.text import valid_utf8

MAX_REQUESTS: Final = 64
"""Requests at the same time; more are answered 503 at once (F33)."""
MODEL_PATH: Final = "/models/{model}"
ALERT_PATH: Final = "/alerts/{fingerprint}"
"""Pages that messages link to."""
_CHUNK_BYTES: Final = 65_536
_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
)
_WORDS: Final = {404: "not_found", 405: "method_not_allowed"}


def application(
    board: Board,
    scrapes: Scrapes,
    acknowledging: Acknowledging,
    accepting: Accepting,
    reloading: Reloading,
    clock: Callable[[], float] = time.monotonic,
    deliveries: Deliveries = lambda subject: (),
) -> ASGIApp:
    """Everything on the one port; `clock` is monotonic seconds. Pages are made in threads of their own."""

    def operation_route(operation: Operation) -> Route:
        async def endpoint(request: Request) -> Response:
            query: dict[str, str] = dict(request.path_params)
            if operation.path.startswith("/api/"):
                query = {**checked(operation, request.query_params), **query}
            answer = operation.reply(board.picture, query, clock())
            if operation.lines and query.get("format") == "ndjson":
                return _lines(getattr(answer, operation.lines))
            status = 503 if isinstance(answer, a.Ready) and not answer.ready else 200
            return _json(answer, status)

        return Route(operation.path, endpoint, methods=["GET"], name=operation.name)

    async def metrics(request: Request) -> Response:
        scrape = scrapes.scrape(
            negotiate(request.headers.get("accept", "")),
            takes_gzip(request.headers.get("accept-encoding", "")),
        )
        headers = {"content-length": str(len(scrape.body)), "vary": "accept, accept-encoding"}
        if scrape.gzipped:
            headers["content-encoding"] = "gzip"
        return StreamingResponse(_chunks(scrape.body), 200, headers, scrape.content_type)

    async def acknowledge(request: Request) -> Response:
        status, answer = await acknowledging.acknowledge(request)
        return _json(answer, status)

    async def accept(request: Request) -> Response:
        status, answer = await accepting.accept(request)
        return _json(answer, status)

    async def reload(request: Request) -> Response:
        status, answer = await reloading.reload(request)
        return _json(answer, status)

    async def openapi(request: Request) -> Response:
        return _json(document())

    async def style(request: Request) -> Response:
        return Response(STYLE, media_type="text/css")

    async def docs(request: Request) -> Response:
        return _html(docs_page())

    def root(request: Request) -> Response:
        return _html(overview(board.picture, clock()))

    def model(request: Request) -> Response:
        found = board.picture.snapshot.models.get(request.path_params["model"])
        if found is None:
            raise HTTPException(404, "There is no such model; / lists them.")
        asked = [request.query_params.get(name, "") for name in ("version", "window", "slice")]
        return _html(model_page(found, deliveries, *asked))

    def alert(request: Request) -> Response:
        fingerprint = request.path_params["fingerprint"]
        found = find(board.picture.snapshot, fingerprint)
        if found is None:
            return _html(gone_page(fingerprint), 404)
        return _html(alert_page(*found, deliveries))

    routes = [
        *(operation_route(operation) for operation in OPERATIONS),
        Route(ACKNOWLEDGE_PATH, acknowledge, methods=["POST"], name="acknowledge"),
        Route(ACCEPT_PATH, accept, methods=["POST"], name="accept"),
        Route(RELOAD_PATH, reload, methods=["POST"], name="reload"),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/api/v1/openapi.json", openapi, methods=["GET"]),
        Route("/api/docs", docs, methods=["GET"]),
        Route("/style.css", style, methods=["GET"]),
        Route(MODEL_PATH, model, methods=["GET"]),
        Route(ALERT_PATH, alert, methods=["GET"]),
        Route("/", root, methods=["GET"]),
    ]
    made = Starlette(routes=routes, exception_handlers=_HANDLERS)
    # A redirect to a path with a slash would be built from the Host header.
    made.router.redirect_slashes = False
    return Guard(made)


class Guard:
    """Counts requests in flight, refuses those beyond the limit (never `/healthz`) and adds the headers."""

    def __init__(self, app: ASGIApp, limit: int = MAX_REQUESTS) -> None:
        self._app = app
        self._limit = limit
        self._running = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request (ASGI)."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_HEADERS]
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._running >= self._limit and scope["path"] != "/healthz":
            await _refuse(scope, receive, with_headers)
        else:
            self._running += 1
            try:
                await self._app(scope, receive, with_headers)
            finally:
                self._running -= 1


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    problem = a.Problem("busy", "Too many requests at the same time; ask again.")
    response = Response(msgspec.json.encode(problem), 503, {"retry-after": "1"}, "application/json")
    await response(scope, receive, send)


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    """Small pieces, so that a slow reader holds little more than one of them in a buffer of its own."""
    for start in range(0, len(body), _CHUNK_BYTES):
        yield body[start : start + _CHUNK_BYTES]


def _json(answer: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    try:
        body = msgspec.json.encode(answer)
    except UnicodeEncodeError:  # a lone surrogate from the data (F34)
        body = msgspec.json.encode(_valid(msgspec.to_builtins(answer)))
    return Response(body, status, headers, "application/json")


def _lines(entries: list[Any]) -> Response:
    """One JSON value per line."""
    body = b"".join(bytes(_json(entry).body) + b"\n" for entry in entries)
    return Response(body, media_type="application/x-ndjson")


def _valid(value: Any) -> Any:
    if isinstance(value, str):
        return valid_utf8(value)
    if isinstance(value, dict):
        return {_valid(key): _valid(inner) for key, inner in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [_valid(inner) for inner in cast("list[Any]", value)]
    return value


def _html(text: str, status: int = 200) -> Response:
    return Response(valid_utf8(text), status, media_type="text/html")


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {401: {"www-authenticate": "Bearer"}, 503: {"retry-after": "1"}}.get(error.status)
    return _json(error.problem, error.status, headers)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    problem = a.Problem(_WORDS.get(error.status_code, "refused"), error.detail)
    return _json(problem, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """The error itself goes to the log; a client is told nothing of it (P10)."""
    return _json(a.Problem("internal", "The request failed; the daemon's log says why."), 500)


_HANDLERS: Final[dict[Any, Any]] = {Refused: _refused, HTTPException: _http_error, Exception: _failed}
