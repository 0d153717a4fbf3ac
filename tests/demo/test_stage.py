"""The stage starts everything, the daemon sees the traffic, and everything ends with the stack."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import structlog

from driftwatch.demo.daemon import LOG
from driftwatch.demo.stage import build
from tests.waiting import until


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """The daemon sets up the process's logging; other tests get theirs back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.slow
def test_the_daemon_counts_the_traffic_and_everything_ends(tmp_path: Path) -> None:
    def accepted() -> int:
        assert stage.error is None
        models = (stage.api.get("models") or {"models": []})["models"]
        return sum(model["classes"].get("predictions", {}).get("accepted", 0) for model in models)

    with ExitStack() as stack:
        stage = build(tmp_path, stack)
        url = stage.api.url
        assert url in stage.opening[1].details[0]
        until(lambda: accepted() > 1_000, 60, "accepted predictions", every_s=0.2)
        classes = stage.api.get("models")
        assert classes is not None
        assert set(classes["models"][0]["classes"]["predictions"]) <= {"accepted", "waiting"}
    assert stage.error is None
    assert [part.name for part in stage.parts if part.running] == []
    host, port = url.removeprefix("http://").split(":")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=10)
    log = (tmp_path / LOG).read_text()
    assert '"event": "stopped"' in log
    assert '"level": "error"' not in log
