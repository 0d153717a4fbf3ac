"""Ranges of topics on the real broker: read from where counting began, refused where records are gone."""

from __future__ import annotations

import pytest

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition
from driftwatch.recompute.topics import Topics
from tests.contracts.edges import KafkaEdge
from tests.integration.broker import Broker


def test_reads_between_offsets_and_says_what_is_missing(kafka: Broker) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic()
    edge.produce(topic, 0, [b"%d" % n for n in range(10)])
    topics = Topics(edge.spec())
    partition = Partition(topic, 0)
    (records,) = topics.open({partition: (2, 7)}).values()
    assert [value for batch in records for value in batch.values] == [b"2", b"3", b"4", b"5", b"6"]
    with pytest.raises(SourceError, match="made anew"):
        topics.open({partition: (0, 11)})
    topics.close()
    edge.close()
