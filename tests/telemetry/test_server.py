import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from driftwatch.telemetry.server import HttpPortError, HttpServer
from tests.telemetry.daemon import Daemon
from tests.waiting import until


@contextmanager
def running(daemon: Daemon | None = None) -> Iterator[HttpServer]:
    server = HttpServer((daemon or Daemon()).app, "127.0.0.1", 0)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def get(port: int, path: str, timeout_s: float = 20.0) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_it_serves_on_the_port_that_it_says() -> None:
    with running() as server:
        assert server.port > 0
        status, body = get(server.port, "/metrics")
        assert status == 200
        assert b"driftwatch_ready 1.0" in body


def test_it_runs_in_one_thread_that_ends_with_it() -> None:
    with running() as server:
        get(server.port, "/healthz")
        assert [t.name for t in threading.enumerate()].count("http") == 1
        port = server.port
    until(lambda: "http" not in [t.name for t in threading.enumerate()], 10, "the http thread ended")
    with pytest.raises(ConnectionRefusedError):
        get(port, "/healthz")


def test_stopping_twice_or_before_the_start_is_harmless() -> None:
    server = HttpServer(Daemon().app, "127.0.0.1", 0)
    server.stop()
    server.start()
    server.stop()
    server.stop()


def test_a_taken_port_is_one_clear_error() -> None:
    with running() as first, pytest.raises(HttpPortError) as error:
        HttpServer(Daemon().app, "127.0.0.1", first.port).start()
    assert str(first.port) in str(error.value)
    assert "http.port" in str(error.value)


def test_a_host_that_is_not_ours_is_one_clear_error() -> None:
    with pytest.raises(HttpPortError, match=r"http\.host"):
        HttpServer(Daemon().app, "192.0.2.1", 0).start()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://evil.example/metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /metrics\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST /api/v1/episodes/a/acknowledge HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ],
)
def test_hostile_bytes_leave_the_server_serving(request_: bytes) -> None:
    with running() as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(request_)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while chunk := client.recv(65_536):
                    answer += chunk
            except ConnectionResetError:
                pass
        assert b"root:" not in answer
        assert b"Traceback" not in answer
        assert get(server.port, "/healthz")[0] == 200


def test_many_scrapers_at_once_get_the_same_text_or_a_503() -> None:
    with running() as server:
        answers: list[tuple[int, int]] = []

        def scrape() -> None:
            status, body = get(server.port, "/metrics")
            answers.append((status, body.count(b"driftwatch_psi{")))

        threads = [threading.Thread(target=scrape) for _ in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answers) == 40
    good = {count for status, count in answers if status == 200}
    assert len(good) == 1
    assert {status for status, _ in answers} <= {200, 503}
