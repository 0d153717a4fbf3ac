"""The broker of the tests itself: it carries records, keeps them over a kill, and leaves no process behind."""

from __future__ import annotations

import os

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from tests.integration.broker import Broker, NotManaged
from tests.waiting import until

pytestmark = pytest.mark.broker


def produce(servers: str, topic: str, values: range) -> None:
    producer = KafkaProducer(bootstrap_servers=servers)
    try:
        for value in values:
            producer.send(topic, value=b"%d" % value, key=b"%d" % value)
        producer.flush()
    finally:
        producer.close()


def consume(servers: str, topic: str, count: int) -> set[int]:
    consumer = KafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, isolation_level="read_committed"
    )
    found: list[int] = []
    try:
        partitions = until(lambda: consumer.partitions_for_topic(topic), 10, "the topic's partitions")
        consumer.assign([TopicPartition(topic, number) for number in sorted(partitions)])
        consumer.seek_to_beginning()

        def arrived() -> bool:
            for records in consumer.poll(timeout_ms=200).values():
                found.extend(int(record.value) for record in records)
            return len(found) >= count

        until(arrived, 30, f"{count} records")
    finally:
        consumer.close()
    assert len(found) == count
    return set(found)


def test_carries_a_thousand_records_over_four_partitions(kafka: Broker) -> None:
    topic = kafka.create_topic(partitions=4)
    produce(kafka.bootstrap_servers, topic, range(1000))
    assert consume(kafka.bootstrap_servers, topic, 1000) == set(range(1000))


@pytest.mark.slow
def test_keeps_its_records_and_port_over_a_kill() -> None:
    with Broker() as broker:
        if not broker.managed:
            pytest.skip("a named broker is not killed")
        servers = broker.bootstrap_servers
        topic = broker.create_topic(partitions=1)
        produce(servers, topic, range(10))
        broker.kill()
        broker.restart()
        assert broker.bootstrap_servers == servers
        assert consume(servers, topic, 10) == set(range(10))
        directory, pid = broker.directory, broker.pid
    assert not directory.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_named_broker_is_never_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIFTWATCH_TEST_KAFKA", "broker.example:9092")
    broker = Broker()
    assert Broker.missing() is None
    assert broker.start().bootstrap_servers == "broker.example:9092"
    for forbidden in (broker.kill, broker.restart, broker.pause):
        with pytest.raises(NotManaged):
            forbidden()
    broker.stop()
