"""A part in a thread stops when told to, and what ended it can be seen."""

from __future__ import annotations

import threading

from driftwatch.demo.background import Background
from tests.waiting import until


def test_it_runs_until_told_to_stop() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait()
        ended.set()

    with Background("part", work) as part:
        assert begun.wait(10)
        assert part.running
        assert not ended.is_set()
    assert ended.is_set()
    assert not part.running
    assert part.error is None


def test_what_ended_it_is_kept() -> None:
    def work(stop: threading.Event) -> None:
        raise ValueError("no")

    with Background("part", work) as part:
        until(lambda: not part.running, 10, "the end of the part")
        assert isinstance(part.error, ValueError)


def test_one_that_does_not_listen_is_told_apart() -> None:
    release = threading.Event()
    with Background("part", lambda stop: release.wait() and None) as part:
        assert part.close(within_s=0.01) is False
        release.set()
        assert part.close(within_s=10) is True


def test_closing_one_that_never_started_is_nothing() -> None:
    assert Background("part", lambda stop: None).close()
