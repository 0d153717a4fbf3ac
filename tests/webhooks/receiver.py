"""A receiver on real sockets that answers as badly as a test wants, and an outbox in memory."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

from driftwatch.alerts.notifications import OutboxRow
from driftwatch.alerts.outbox import Attempt


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    head: str
    headers: dict[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.head.split(" ")[1]


Answer = Callable[[socket.socket, Request], None]


@dataclass
class Receiver:
    """Answers every request with the first answer that is left; the last one stays."""

    answers: list[Answer]
    port: int = 0
    requests: list[Request] = field(default_factory=list[Request])
    connections: int = 0
    sent_bytes: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    """Set when the test is over: an answer that stands still waits for it."""

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def status(code: int, *headers: str, body: bytes = b"") -> Answer:
    lines = [f"HTTP/1.1 {code} Told", f"Content-Length: {len(body)}", "Connection: close", *headers]
    wire = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return lambda connection, request: connection.sendall(wire)


def reset(connection: socket.socket, request: Request) -> None:
    """The body was read; instead of an answer comes a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang_up(connection: socket.socket, request: Request) -> None:
    """The connection is closed without a word."""


@contextmanager
def receiving(
    *answers: Answer, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver in threads of its own, on a free port."""
    receiver = Receiver(list(answers))

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            receiver.connections += 1
            connection: socket.socket = self.request
            with suppress(OSError):  # a client that goes away is what many tests are about
                if tls is not None:
                    connection = tls.wrap_socket(connection, server_side=True)
                request = read_request(connection)
                receiver.requests.append(request)
                receiver.next_answer()(connection, request)
                connection.close()

    class Server(ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server((host, 0), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            thread.join()


def read_request(connection: socket.socket) -> Request:
    got = b""
    while b"\r\n\r\n" not in got:
        chunk = connection.recv(65_536)
        if not chunk:
            raise ConnectionError("the client went away")
        got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    return Request(first, headers, body)


@dataclass
class MemoryOutbox:
    """The port in memory, for one thread and whoever looks on."""

    rows: list[OutboxRow] = field(default_factory=list[OutboxRow])
    attempts: dict[tuple[str, str], Attempt] = field(default_factory=dict[tuple[str, str], Attempt])
    off: dict[str, str] = field(default_factory=dict[str, str])
    history: list[Attempt] = field(default_factory=list[Attempt])
    faults: list[Exception] = field(default_factory=list[Exception])
    """Raised by the next calls of `record`."""
    closed: bool = False

    def pending(self, endpoint: str, limit: int) -> list[tuple[OutboxRow, Attempt | None]]:
        found = [
            (row, self.attempts.get((row.id, endpoint))) for row in self.rows if row.endpoint == endpoint
        ]
        left = [(row, attempt) for row, attempt in found if attempt is None or attempt.state == "pending"]
        left.sort(key=lambda pair: (pair[1] is not None, pair[1].next_at_s if pair[1] else 0.0))
        return left[:limit]

    def failing_since(self, endpoint: str) -> float | None:
        since: float | None = None
        for attempt in self.history:
            if attempt.endpoint == endpoint:
                since = None if attempt.arrived else since or attempt.last_at_s
        return since

    def overtaken(self, row: OutboxRow) -> bool:
        same = [
            other for other in self.rows if (other.subject, other.endpoint) == (row.subject, row.endpoint)
        ]
        return same[-1:] != [row]

    def record(self, attempt: Attempt) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.attempts[attempt.id, attempt.endpoint] = attempt
        self.history.append(attempt)

    def disabled(self) -> dict[str, str]:
        return dict(self.off)

    def disable(self, endpoint: str, reason: str) -> None:
        self.off[endpoint] = reason

    def enable(self, endpoint: str) -> None:
        self.off.pop(endpoint, None)

    def resend(self, endpoint: str, ids: list[str]) -> int:
        known = [id_ for id_ in ids if (id_, endpoint) in self.attempts]
        for id_ in known:
            old = self.attempts[id_, endpoint]
            self.attempts[id_, endpoint] = Attempt(id_, endpoint, 0, 0.0, "pending", old.reason)
        return len(known)

    def lengths(self) -> dict[str, int]:
        names = {row.endpoint for row in self.rows}
        waiting = {name: self.pending(name, len(self.rows)) for name in names}
        return {
            name: sum(attempt is None or not attempt.arrived for _, attempt in rows)
            for name, rows in waiting.items()
        }

    def close(self) -> None:
        self.closed = True
