import json
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.spec import Secret
from driftwatch.telemetry.port import http_port
from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec
from tests.config.files import GOOD
from tests.telemetry.daemon import Daemon

HASH = "0123456789abcdef"


class Served:
    def __init__(self, folder: Path) -> None:
        self.daemon = Daemon(outcome=HASH)
        (folder / "token").write_text("let me in\n")
        http = HttpSpec(host="127.0.0.1", port=0, token=Secret(file=folder / "token"))
        self.server = http_port(
            self.daemon.board, http, TelemetrySpec(), self.daemon.submit, self.daemon.submit_accept, Future
        )
        self.server.start()
        self.config = folder / "driftwatch.yaml"
        self.write(f"http: {{port: {self.server.port}, token: {{file: {folder / 'token'}}}}}\n")

    def write(self, more: str) -> None:
        self.config.write_text(GOOD + more)

    def accept(self, *more: str) -> int:
        return run(["reference", "accept", "-c", str(self.config), "--by", "ana", *more])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    try:
        yield made
    finally:
        made.server.stop()


def test_the_daemon_is_told_and_its_answer_shown(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    assert served.accept() == ExitCode.OK
    assert capsys.readouterr().out == f"credit, version v1: accepted; the reference is {HASH} now\n"
    assert (
        served.accept("credit", "--version", "v0", "--from", "2026-03-01T10:00:00Z", "--json") == ExitCode.OK
    )
    assert json.loads(capsys.readouterr().out)["reference"] == HASH
    first, second = served.daemon.accepts
    assert (first.by, first.version, second.version) == ("ana", "v1", "v0")
    assert second.from_ms == 1_772_359_200_000


def test_what_the_daemon_refuses_is_told_in_its_words(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    served.daemon.outcome = "too_few"
    assert served.accept() != ExitCode.OK
    assert "Fewer than 100 events" in capsys.readouterr().err


def test_a_token_is_needed_and_never_shown(served: Served, capsys: pytest.CaptureFixture[str]) -> None:
    served.write(f"http: {{port: {served.server.port}}}\n")
    assert served.accept() != ExitCode.OK
    assert "http: {token" in capsys.readouterr().err
    assert served.daemon.accepts == []
