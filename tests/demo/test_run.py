"""The whole demonstration as a user starts it: all five acts, the exit code, and nothing left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftwatch.demo.acts import Act
from driftwatch.errors import ExitCode
from tests.waiting import until

START = "import sys; from driftwatch.demo.run import demo; sys.exit(demo({keep}, {traffic!r}))"


class Running:
    """The demonstration in a process of its own, with what it has printed so far."""

    def __init__(self, folder: Path, keep: bool, traffic: str | None) -> None:
        self._printed = folder / "printed"
        self.left_behind = folder / "tmp"
        self.left_behind.mkdir()
        with self._printed.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-c", START.format(keep=keep, traffic=traffic)],
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | {"TMPDIR": str(self.left_behind), "COLUMNS": "60"},
            )

    @property
    def printed(self) -> str:
        return self._printed.read_text()

    def shows(self, text: str, within_s: float) -> None:
        until(
            lambda: text in self.printed or self.process.poll() is not None,
            within_s,
            f"{text!r} in {self.printed}",
        )
        assert text in self.printed, self.printed


@contextmanager
def running(folder: Path, keep: bool = False, traffic: str | None = None) -> Iterator[Running]:
    started = Running(folder, keep, traffic)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.kill()
        started.process.wait()


@pytest.mark.slow
def test_it_ends_by_itself_having_shown_everything(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        code = demo.process.wait(timeout=180)
        assert code == ExitCode.OK, demo.printed
        for place, act in enumerate(Act, 1):
            assert re.search(rf"\[\d/5 {act}\]", demo.printed), f"{place}: {act}\n{demo.printed}"
        # Which of the two crosses the limit first depends on where the world's change falls in its window.
        assert re.search(r"country=PT (income|debt_ratio): psi", demo.printed), demo.printed
        assert "signature valid" in demo.printed
        assert "fitted model 2" in demo.printed
        assert "Traceback" not in demo.printed
        assert "\x1b" not in demo.printed
        assert list(demo.left_behind.iterdir()) == []


@pytest.mark.slow
def test_a_signal_ends_it_cleanly_and_its_folder_stays(tmp_path: Path) -> None:
    with running(tmp_path) as demo:
        demo.shows("sees version 1", 60)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(timeout=60) == ExitCode.INTERRUPTED, demo.printed
        assert "Not seen: drift" in demo.printed
        (folder,) = demo.left_behind.iterdir()
        assert str(folder) in demo.printed
        assert (folder / "daemon.log").stat().st_size > 0


def test_a_broker_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with running(tmp_path, traffic="127.0.0.1:1") as demo:
        assert demo.process.wait(timeout=60) != ExitCode.OK
        assert "SourceError: no Kafka broker answers" in demo.printed


def test_only_traffic_is_ended_by_a_signal(tmp_path: Path) -> None:
    from driftwatch.source.embedded import EmbeddedBroker

    with EmbeddedBroker() as broker, running(tmp_path, traffic=broker.bootstrap_servers) as demo:
        demo.shows("traffic to", 60)
        demo.process.send_signal(signal.SIGTERM)
        assert demo.process.wait(timeout=60) == ExitCode.OK, demo.printed
        assert list(demo.left_behind.iterdir()) == []
