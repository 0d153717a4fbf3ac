from dataclasses import replace

import pytest

from driftwatch.telemetry.health import (
    DISCONNECTED_AFTER_S,
    STALLED_AFTER_S,
    Health,
    NotReady,
    reasons_not_ready,
)

GOOD = Health(running=True, disconnected_at_s=None, turned_at_s=1_000.0)
NOW_S = 1_001.0


def test_a_working_process_is_ready() -> None:
    assert reasons_not_ready(GOOD, NOW_S) == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"running": False}, NotReady.STARTING),
        ({"stopping": True}, NotReady.STOPPING),
        ({"running": False, "standing_by": "host-7"}, NotReady.STANDING_BY),
        ({"commit_failed": "disk_full"}, NotReady.COMMIT_FAILED),
        ({"disconnected_at_s": NOW_S - DISCONNECTED_AFTER_S}, NotReady.DISCONNECTED),
        ({"turned_at_s": NOW_S - STALLED_AFTER_S}, NotReady.STALLED),
    ],
)
def test_each_reason_alone_makes_it_not_ready(changes: dict[str, object], reason: NotReady) -> None:
    assert list(reasons_not_ready(replace(GOOD, **changes), NOW_S)) == [reason]


def test_a_broker_may_be_away_for_a_moment() -> None:
    away = replace(GOOD, disconnected_at_s=NOW_S - DISCONNECTED_AFTER_S + 1)
    assert not away.connected
    assert reasons_not_ready(away, NOW_S) == {}


def test_a_fresh_process_is_starting() -> None:
    assert list(reasons_not_ready(Health(), 5.0)) == [NotReady.STARTING]


def test_the_sentence_names_the_other_member() -> None:
    reasons = reasons_not_ready(replace(GOOD, standing_by="host-7"), NOW_S)
    assert "host-7" in reasons[NotReady.STANDING_BY]
