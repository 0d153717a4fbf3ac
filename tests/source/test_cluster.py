"""Questions to a real cluster."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition
from driftwatch.source import kafka_client
from driftwatch.source.cluster import Cluster
from driftwatch.source.failures import AwayError
from driftwatch.source.membership import Member
from driftwatch.source.spec import KafkaSpec
from tests.contracts.edges import KafkaEdge, Reader
from tests.integration.broker import Broker
from tests.waiting import until


@pytest.mark.broker
def test_topics_offsets_and_times(kafka: Broker) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic(partitions=2)
    edge.produce(topic, 0, [b"a", b"b"], timestamp_ms=1_000)
    edge.produce(topic, 0, [b"c"], timestamp_ms=2_000)
    edge.transaction(topic, [b"open"], end="open")
    cluster = Cluster(edge.spec())
    zero, one = Partition(topic, 0), Partition(topic, 1)
    assert cluster.partitions([topic]) == {zero, one}
    assert cluster.bounds([topic]) == {zero: (0, 3), one: (0, 0)}
    assert cluster.ends([zero, one]) == {zero: (3, 4), one: (0, 0)}
    assert cluster.offsets_at([zero, one], 1_500) == {zero: 2, one: 0}
    assert cluster.offsets_at([zero], 10**12) == {zero: 3}
    assert cluster.connected()
    with pytest.raises(SourceError, match="no such topic: nope"):
        cluster.partitions([topic, "nope"])
    cluster.close()
    assert not cluster.connected()
    edge.close()


@pytest.mark.broker
def test_a_partition_that_cannot_be_reached_does_not_hide_the_others(kafka: Broker) -> None:
    topic = KafkaEdge(kafka).topic()
    cluster = Cluster(KafkaEdge(kafka).spec())
    ends = cluster.ends([Partition(topic, 0), Partition(topic, 7)])
    assert ends == {Partition(topic, 0): (0, 0)}
    cluster.close()


def answered(question: Callable[[], list[Member]]) -> list[Member]:
    """A new cluster has no coordinator yet; being asked makes it choose one."""
    answers: list[list[Member]] = []

    def asked() -> bool:
        with suppress(AwayError):
            answers.append(question())
        return bool(answers)

    until(asked, 20, "a coordinator")
    return answers[0]


@pytest.mark.broker
def test_members_and_their_removal(kafka: Broker) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic()
    cluster = Cluster(edge.spec())
    assert answered(lambda: cluster.members(edge.group)) == []
    source = edge.source(owner="b")
    source.start([topic], {})
    reader = Reader(source, {})
    reader.until(lambda: reader.assigned, "the assignment")
    (member,) = cluster.members(edge.group)
    assert member == Member("b", member.member_id, "127.0.0.1")
    cluster.remove(edge.group, "b")
    assert cluster.members(edge.group) == []
    cluster.close()
    edge.close()


def test_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "CONNECT_WITHIN_MS", 500)
    cluster = Cluster(KafkaSpec(bootstrap_servers=["127.0.0.1:1"]))
    with pytest.raises(AwayError):
        cluster.members("g")
    assert not cluster.connected()
