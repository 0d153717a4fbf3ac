"""A member's place in the group, against a cluster that a test sets up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition
from driftwatch.events.source import Polled
from driftwatch.source.failures import AwayError, no_topic
from driftwatch.source.membership import Member
from driftwatch.source.seat import Decision, Seat

P0, P1, OTHER = Partition("t", 0), Partition("t", 1), Partition("u", 0)
ALL = frozenset({P0, P1, OTHER})
TOPICS = ["t", "u"]


class FakeCluster:
    def __init__(self, others: list[Member]) -> None:
        self.others = others
        self.here = set(ALL)
        self.away = False

    def members(self, group_id: str) -> list[Member]:
        if self.away:
            raise AwayError
        assert group_id == "g"
        return self.others

    def partitions(self, topics: Iterable[str]) -> set[Partition]:
        if self.away:
            raise AwayError
        if missing := set(topics) - {partition.topic for partition in self.here}:
            raise no_topic(list(missing))
        return self.here


def seat(*others: str) -> tuple[Seat, FakeCluster]:
    cluster = FakeCluster([Member(name, f"{name}-1", "h") for name in others])
    untyped: Any = cluster
    return Seat(untyped, "g", "b"), cluster


def test_works_with_all_partitions_whoever_else_is_there() -> None:
    place, _ = seat("a")
    place.deal(ALL, lost=False)
    assert place.decide(TOPICS) is Decision.WORK
    assert (place.working, place.waiting) == (True, None)
    assert place.tell() == Polled(assigned=ALL)


@pytest.mark.parametrize(("other", "decision"), [("a", Decision.LEAVE), ("c", Decision.WAIT)])
def test_with_a_part_of_them_the_larger_instance_id_leaves(other: str, decision: Decision) -> None:
    place, _ = seat(other)
    place.deal(frozenset({P0}), lost=False)
    assert place.decide(TOPICS) is decision
    assert not place.working
    assert f"member {other} on h" in str(place.waiting)
    assert place.tell() == Polled()  # the loop never had anything


def test_alone_with_a_part_of_them_the_rest_is_new() -> None:
    place, cluster = seat()
    cluster.here.add(Partition("t", 2))
    place.deal(ALL, lost=False)
    assert place.decide(TOPICS) is Decision.WORK


def test_alone_without_a_whole_topic_it_waits_for_the_next_assignment() -> None:
    place, _ = seat()
    place.deal(frozenset({P0, P1}), lost=False)
    assert place.decide(TOPICS) is Decision.WAIT
    assert place.waiting is None


def test_an_assignment_that_stays_incomplete_lags_until_the_next_one() -> None:
    place, _ = seat()
    place.deal(frozenset({P0, P1}), lost=False)
    for expected in (False, True, True):
        place.decide(TOPICS)
        assert place.lags is expected
    place.deal(ALL, lost=False)
    assert place.decide(TOPICS) is Decision.WORK
    assert not place.lags


def test_a_topic_that_is_gone_is_an_error() -> None:
    place, cluster = seat()
    cluster.here.discard(OTHER)
    place.deal(frozenset({P0, P1}), lost=False)
    with pytest.raises(SourceError, match="no such topic: u"):
        place.decide(TOPICS)


def test_what_was_lost_is_told_once() -> None:
    place, _ = seat("c")
    place.deal(ALL, lost=False)
    place.decide(TOPICS)
    place.tell()
    place.deal(frozenset({P0}), lost=False)
    place.decide(TOPICS)
    assert place.tell() == Polled(assigned=frozenset(), lost=True)
    assert place.tell() == Polled()
    place.deal(ALL, lost=False)
    place.decide(TOPICS)
    assert place.tell() == Polled(assigned=ALL, lost=False)


def test_a_loss_is_not_forgotten_while_the_brokers_are_away() -> None:
    place, cluster = seat()
    place.deal(ALL, lost=False)
    place.decide(TOPICS)
    place.tell()
    place.deal(frozenset(), lost=True)
    cluster.away = True
    with pytest.raises(AwayError):
        place.decide(TOPICS)
    assert place.wait_s() > 0  # not asked again at once
    cluster.away = False
    place.deal(ALL, lost=False)
    assert place.wait_s() <= 0
    assert place.decide(TOPICS) is Decision.WORK
    assert place.tell() == Polled(assigned=ALL, lost=True)


def test_may_enter_an_empty_group_only() -> None:
    place, cluster = seat("a")
    assert not place.may_enter()
    assert "member a" in str(place.waiting)
    cluster.others = [Member("b", "b-1", "h")]  # ourselves, before a restart
    assert place.may_enter()
    assert place.waiting is None


def test_the_same_partitions_dealt_anew_are_told_again() -> None:
    place, _ = seat()
    for _ in range(2):
        place.deal(ALL, lost=False)
        place.decide(TOPICS)
        assert place.tell() == Polled(assigned=ALL)
    place.reset()
    assert (place.partitions, place.working, place.tell()) == (frozenset(), False, Polled())
