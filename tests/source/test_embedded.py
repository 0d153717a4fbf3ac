"""The embedded broker hands over what was sent, in order, with keys and timestamps, and is gone when closed."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from driftwatch.errors import SourceError
from driftwatch.source import embedded
from driftwatch.source.embedded import PARTITIONS, EmbeddedBroker, RecordProducer, newest_ms
from tests.waiting import until

TOPICS = ("credit.predictions", "credit.labels")


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker() as running:
        yield running


def read(bootstrap_servers: str, topic: str, count: int) -> list[Any]:
    """`count` records from the start of all partitions of a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "test"})
    found: list[Any] = []
    try:
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        until(lambda: found.extend(consumer.consume(count, 0.1)) or len(found) >= count, 20, "the records")
    finally:
        consumer.close()
    assert [record.error() for record in found if record.error()] == []
    return found


def test_records_come_back_with_key_value_and_time_in_the_order_of_sending(broker: EmbeddedBroker) -> None:
    producer = RecordProducer(broker.bootstrap_servers)
    producer.ensure(TOPICS)
    for i in range(500):
        producer.send(TOPICS[0], f"id-{i}", b"v%d" % i, 1_600_000_000_000 + i)
    assert producer.flush(20) == 0
    records = read(broker.bootstrap_servers, TOPICS[0], 500)
    assert len({record.partition() for record in records}) == PARTITIONS
    for partition in range(PARTITIONS):
        here = [int(r.value()[1:]) for r in records if r.partition() == partition]
        assert here == sorted(here)
    for record in records:
        i = int(record.value()[1:])
        assert record.key() == b"id-%d" % i
        assert record.timestamp()[1] == 1_600_000_000_000 + i


def test_a_key_falls_into_the_same_partition_of_every_topic(broker: EmbeddedBroker) -> None:
    producer = RecordProducer(broker.bootstrap_servers)
    producer.ensure(TOPICS)
    for topic in TOPICS:
        for i in range(50):
            producer.send(topic, f"id-{i}", b"{}", 1_600_000_000_000)
    assert producer.flush(20) == 0
    first, second = (
        {record.key(): record.partition() for record in read(broker.bootstrap_servers, topic, 50)}
        for topic in TOPICS
    )
    assert first == second


def test_the_newest_record_of_any_topic_counts(broker: EmbeddedBroker) -> None:
    producer = RecordProducer(broker.bootstrap_servers)
    producer.ensure(TOPICS)
    assert newest_ms(broker.bootstrap_servers, TOPICS) is None
    producer.send(TOPICS[0], "a", b"{}", 1_600_000_000_000)
    producer.send(TOPICS[1], "b", b"{}", 1_600_000_005_000)
    producer.send(TOPICS[0], "c", b"{}", 1_600_000_002_000)
    assert producer.flush(20) == 0
    assert newest_ms(broker.bootstrap_servers, TOPICS) == 1_600_000_005_000
    assert newest_ms(broker.bootstrap_servers, (*TOPICS[:1], "not.there")) == 1_600_000_002_000


def test_a_closed_broker_frees_its_port() -> None:
    broker = EmbeddedBroker()
    host, port = broker.bootstrap_servers.split(":")
    socket.create_connection((host, int(port)), timeout=10).close()
    broker.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=10)


def test_an_address_without_a_broker_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_ANSWER_S", 0.2)
    with pytest.raises(SourceError, match="no Kafka broker answers"):
        RecordProducer("127.0.0.1:1").ensure(TOPICS)


def test_an_undelivered_record_is_an_error_at_the_next_call() -> None:
    broker = EmbeddedBroker()
    producer = RecordProducer(broker.bootstrap_servers, delivery_timeout_s=1)
    producer.ensure(TOPICS)
    broker.close()
    producer.send(TOPICS[0], "a", b"{}", 0)
    with pytest.raises(SourceError, match=r"could not be delivered: credit\.predictions"):
        producer.flush(30)
