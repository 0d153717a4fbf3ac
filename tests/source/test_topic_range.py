"""Bounded reads of a topic on a real broker."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source import kafka_client
from driftwatch.source.ordered import in_time_order
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.topic_range import TopicRange, below
from tests.contracts.edges import KafkaEdge
from tests.integration.broker import Broker

pytestmark = pytest.mark.broker


def spec(kafka: Broker, fast: bool = True) -> KafkaSpec:
    return KafkaSpec(bootstrap_servers=[kafka.bootstrap_servers], fast_path=fast)


def offsets(batches: list[RecordBatch]) -> list[int]:
    return [offset for batch in batches for offset in batch.offsets.tolist()]


@pytest.mark.parametrize("fast", [True, False])
def test_reads_to_the_end_as_it_was_at_the_start(kafka: Broker, fast: bool) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic(partitions=2)
    edge.produce(topic, 0, [b"%d" % n * 200 for n in range(3_000)])
    edge.produce(topic, 1, [b"b"])
    edge.transaction(topic, [b"lost"], end="abort")
    chosen = TopicRange(spec(kafka, fast), topic)
    edge.produce(topic, 0, [b"later"])
    assert chosen.bounds == {Partition(topic, 0): (0, 3_002), Partition(topic, 1): (0, 1)}
    assert chosen.total_records == 3_003
    one, two = chosen.partitions()
    first = next(one)  # pulled in turns
    assert offsets(list(two)) == [0]
    assert offsets([first, *one]) == list(range(3_000))
    chosen.close()
    edge.close()


def test_cuts_by_time_and_by_offset(kafka: Broker) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic()
    for minute in range(5):
        edge.produce(topic, 0, [b"x", b"y"], timestamp_ms=60_000 * (minute + 1))
    by_time = TopicRange(spec(kafka), topic, from_ms=120_000, to_ms=240_000)
    assert [offsets(list(batches)) for batches in by_time.partitions()] == [[2, 3, 4, 5]]
    by_time.close()
    after_the_end = TopicRange(spec(kafka), topic, from_ms=10**12)
    assert [offsets(list(batches)) for batches in after_the_end.partitions()] == [[]]
    after_the_end.close()
    by_offset = TopicRange(spec(kafka), topic, offsets={Partition(topic, 0): (3, 7)})
    assert [offsets(list(batches)) for batches in by_offset.partitions()] == [[3, 4, 5, 6]]
    by_offset.close()


def test_partitions_in_the_order_of_time(kafka: Broker) -> None:
    edge = KafkaEdge(kafka)
    topic = edge.topic(partitions=2)
    for minute in range(6):
        edge.produce(topic, minute % 2, [b"%d" % minute] * 3, timestamp_ms=60_000 * (minute + 1))

    def times(batch: RecordBatch) -> NDArray[np.int64]:
        return batch.timestamps_ms

    chosen = TopicRange(spec(kafka), topic)
    merged = [value for batch in in_time_order(chosen.partitions(), times, 0) for value in batch.values]
    assert merged == sorted(merged)
    assert len(merged) == 18
    chosen.close()


def test_says_what_is_missing(kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SourceError, match="no such topic: absent"):
        TopicRange(spec(kafka), "absent")
    monkeypatch.setattr(kafka_client, "CONNECT_WITHIN_MS", 500)
    with pytest.raises(SourceError, match=r"Kafka at 127\.0\.0\.1:1 does not answer"):
        TopicRange(KafkaSpec(bootstrap_servers=["127.0.0.1:1"]), "absent")


def test_below() -> None:
    batch = RecordBatch(Partition("t", 0), np.array([2, 4, 6]), np.zeros(3, np.int64), [b"", b"", b""], 9)
    assert below(batch, 7) is batch
    assert below(batch, 2) is None
    cut = below(batch, 5)
    assert cut is not None
    assert (cut.offsets.tolist(), cut.next_offset) == ([2, 4], 6)
