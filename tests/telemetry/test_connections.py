import http.client
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from driftwatch.telemetry.connections import BoundedConnection
from driftwatch.telemetry.server import HttpServer
from tests.telemetry.test_server import get, running


@contextmanager
def connected(server: HttpServer) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        yield client


def closed(client: socket.socket) -> bool:
    """Waits (with the socket's own timeout) until the other side has ended the connection."""
    try:
        while client.recv(65_536):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_idle_connections_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "max_connections", 5)
    monkeypatch.setattr(BoundedConnection, "request_s", 3_600.0)  # only the limit can close one
    with running() as server, ExitStack() as stack:
        first, *_ = [stack.enter_context(connected(server)) for _ in range(30)]
        assert get(server.port, "/healthz")[0] == 200
        assert closed(first)


def test_a_request_that_never_ends_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "request_s", 0.05)
    with running() as server, connected(server) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nX: ")
        assert closed(client)


def test_a_body_that_never_comes_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedConnection, "answer_s", 0.05)
    monkeypatch.setattr(BoundedConnection, "request_s", 3_600.0)
    with running() as server, connected(server) as client:
        head = b"POST /api/v1/episodes/ep_1/acknowledge HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        client.sendall(head + b"Authorization: Bearer s3cret-t\xc3\xb6k\xc3\xa9n\r\n\r\n{")
        assert closed(client)


def test_a_connection_serves_several_requests() -> None:
    with running() as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        client.connect()
        kept = client.sock
        for _ in range(3):
            client.request("GET", "/healthz")
            assert client.getresponse().read() == b'{"status":"alive"}'
        assert client.sock is kept
        client.close()
