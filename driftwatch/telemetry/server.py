"""The HTTP server in one thread of its own: started and stopped by the app, touching nothing but the board (E15)."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from driftwatch.errors import DriftwatchError
from driftwatch.telemetry.connections import BoundedConnection

KEEP_ALIVE_S: Final = 15
STOP_S: Final = 2
"""Answers that are being sent get this long when the server stops."""
_START_S: Final = 10.0


class HttpPortError(DriftwatchError):
    """The HTTP port cannot be opened."""


class HttpServer:
    """Serves an ASGI application on one port. `port` 0 takes a free one; `port` then says which."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The real port, once started."""
        return self._port

    def start(self) -> None:
        """Open the port and serve; raises HttpPortError. Returns once connections are accepted."""
        bound = self._socket = _bind(self._host, self._port)
        self._port = int(bound.getsockname()[1])
        server = self._server = uvicorn.Server(
            uvicorn.Config(
                self._app,
                http=BoundedConnection,
                ws="none",
                lifespan="off",
                loop="asyncio",
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=STOP_S,
                h11_max_incomplete_event_size=16_384,
            )
        )
        # The port listens already: a client that comes before the thread runs waits in the backlog.
        self._thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[bound])), name="http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop accepting, let answers end for `STOP_S`, join the thread. Harmless when not started."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_S + _START_S)
        if self._socket is not None:
            self._socket.close()
        self._server = self._thread = self._socket = None


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot(host, port, error) from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(128)
    except OSError as error:
        bound.close()
        raise _cannot(host, port, error) from error
    bound.setblocking(False)
    return bound


def _cannot(host: str, port: int, error: OSError) -> HttpPortError:
    return HttpPortError(
        f"cannot open {host}:{port} for HTTP: {error.strerror or error}; set http.host and http.port to an address "
        "of this machine and a port that nobody uses"
    )
