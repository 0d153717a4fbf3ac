import asyncio
from concurrent.futures import Future

import pytest

from driftwatch.telemetry.api import Refused
from driftwatch.telemetry.commands import outcome_of


def outcome(future: "Future[str]", wait_s: float = 0.01) -> str | None:
    return asyncio.run(outcome_of(future, wait_s))


def test_what_was_decided_is_told_and_what_is_not_yet_is_none() -> None:
    future: Future[str] = Future()
    assert outcome(future) is None
    assert not future.cancelled(), "it is still to be decided"
    future.set_result("done")
    assert outcome(future) == "done"


def test_a_daemon_that_stops_before_says_so() -> None:
    future: Future[str] = Future()
    future.cancel()
    with pytest.raises(Refused) as refused:
        outcome(future)
    assert refused.value.status == 503
