"""The lender's pages on a real port, with the daemon's own server and headers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from driftwatch.telemetry.board import Board
from driftwatch.telemetry.counts import Counts
from driftwatch.telemetry.port import http_port
from driftwatch.telemetry.spec import HttpSpec, TelemetrySpec
from tests.telemetry.lender import Lender, health

BUILD = Path(__file__).resolve().parents[2] / "build"
SCREENSHOTS = BUILD / "screenshots"


def nobody(*_: object) -> None:
    raise AssertionError("nothing may be changed from a page")


@contextmanager
def served(shown: Lender) -> Iterator[str]:
    """The address of the lender's status page."""
    board = Board(health(shown.loaded.hash))
    board.publish(shown.snapshot, Counts())
    spec = HttpSpec(host="127.0.0.1", port=0)
    server = http_port(board, spec, TelemetrySpec(), nobody, nobody, nobody, shown.deliveries)  # type: ignore[arg-type]
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
