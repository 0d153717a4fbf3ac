"""A state that is older than what its group told Kafka is said once, and only then."""

from __future__ import annotations

import structlog

from driftwatch.events.records import Partition
from driftwatch.source.older import warn_if_older

A, B, C = Partition("t", 0), Partition("t", 1), Partition("u", 0)


class Group:
    def __init__(self, told: dict[Partition, int]) -> None:
        self._told = told

    def told(self, group_id: str) -> dict[Partition, int]:
        assert group_id == "g"
        return self._told


def said(told: dict[Partition, int], ours: dict[Partition, int]) -> list[dict[str, object]]:
    with structlog.testing.capture_logs() as lines:
        warn_if_older(Group(told), "g", ours)
    return list(lines)


def test_kafka_behind_or_equal_is_the_ordinary_case() -> None:
    assert said({A: 5, B: 7}, {A: 5, B: 9, C: 3}) == []
    assert said({}, {A: 5}) == []
    assert said({C: 5}, {A: 5}) == [], "a partition that is no longer read"


def test_kafka_ahead_is_said_with_both_offsets() -> None:
    (line,) = said({A: 8, B: 7}, {A: 5, B: 7})
    assert (line["event"], line["log_level"], line["records"]) == ("state_older_than_group", "warning", 3)
    assert line["partitions"] == [{"topic": "t", "partition": 0, "ours": 5, "kafka": 8}]
