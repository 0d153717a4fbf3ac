import json
import urllib.error
import urllib.request
from concurrent.futures import Future
from pathlib import Path

import pytest

from driftwatch.spec import Secret
from driftwatch.telemetry.board import Board
from driftwatch.telemetry.health import Health
from driftwatch.telemetry.port import http_port
from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec


def submit(episode: str, by: str) -> "Future[str]":
    future: Future[str] = Future()
    future.set_result("acknowledged")
    return future


def post(port: int, token: str) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/episodes/ep_1/acknowledge",
        json.dumps({"by": "test"}).encode(),
        {"authorization": f"Bearer {token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_rotated_token_needs_no_restart(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("first\n")
    server = http_port(
        Board(Health()),
        HttpSpec(host="127.0.0.1", port=0, token=Secret(file=file)),
        TelemetrySpec(),
        submit,
        lambda asked: Future(),
        Future,
    )
    server.start()
    try:
        assert post(server.port, "first") == 200
        file.write_text("second\n")
        assert post(server.port, "first") == 401
        assert post(server.port, "second") == 200
        file.unlink()
        assert post(server.port, "second") == 503
    finally:
        server.stop()


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/"])
def test_it_answers_before_the_first_commit(path: str) -> None:
    server = http_port(
        Board(Health()),
        HttpSpec(host="127.0.0.1", port=0),
        TelemetrySpec(),
        submit,
        lambda asked: Future(),
        Future,
    )
    server.start()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=20) as answer:
            assert answer.status == 200
        assert post(server.port, "x") == 403
    finally:
        server.stop()
