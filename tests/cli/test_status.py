import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.cli.status import fetch
from driftwatch.errors import DriftwatchError, ExitCode
from driftwatch.telemetry.server import HttpServer
from tests.config.files import GOOD
from tests.telemetry.daemon import Daemon


@contextmanager
def daemon() -> Iterator[int]:
    server = HttpServer(Daemon().app, "127.0.0.1", 0)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@contextmanager
def stranger(status: int, body: bytes, headers: dict[str, str]) -> Iterator[str]:
    """A server that answers everything the same way."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_running_daemon_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    with daemon() as port:
        assert run(["status", "--url", f"http://127.0.0.1:{port}/"]) == ExitCode.OK
        assert "ready" in capsys.readouterr().out.splitlines()[0]
        assert run(["status", "--url", f"http://127.0.0.1:{port}", "--json"]) == ExitCode.OK
        assert json.loads(capsys.readouterr().out)["models"]
        assert run(["status", "--health", "--url", f"http://127.0.0.1:{port}"]) == ExitCode.OK
        assert capsys.readouterr().out == ""


def test_its_port_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")  # must not be asked
    with daemon() as port:
        (tmp_path / "c.yaml").write_text(GOOD + f"http: {{port: {port}, token: {{env: UNSET}}}}\n")
        assert run(["status", "--health", "-c", str(tmp_path / "c.yaml")]) == ExitCode.OK
        monkeypatch.setenv("DRIFTWATCH_HTTP__PORT", str(port))
        assert run(["status", "--health"]) == ExitCode.OK
    assert capsys.readouterr().err == ""


def test_nobody_there(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert run(["status", "--health", "--url", url]) == ExitCode.FAILED
    assert capsys.readouterr() == ("", "")
    assert run(["status", "--url", url]) == ExitCode.FAILED
    err = capsys.readouterr().err
    assert err.startswith(f"driftwatch: error: no daemon answers at {url}/api/v1/status")
    assert "driftwatch run" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (404, b"", {}, "answered 404"),
        (200, b"<html>", {}, "no daemon answers"),
        (302, b"", {"location": "http://example.invalid/"}, "answered 302"),
        (200, b'{"ready": true}', {}, "in a form that this version does not know"),
        (200, b"[]", {}, "in a form that this version does not know"),
    ],
)
def test_something_else_there(
    status: int, body: bytes, headers: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with stranger(status, body, headers) as url:
        assert run(["status", "--url", url]) == ExitCode.FAILED
    assert says in capsys.readouterr().err


def test_only_http_is_fetched(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}")
    with pytest.raises(DriftwatchError, match="does not begin with http"):
        fetch(f"file://{tmp_path}/x")
