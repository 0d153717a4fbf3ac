"""What the contract cannot provoke with confluent-kafka: a client that goes back, and errors in its answers."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import KafkaError, TopicPartition

from driftwatch.errors import FencedError, SourceError
from driftwatch.source.confluent import ConfluentSource
from driftwatch.source.spec import Client, KafkaSpec
from tests.contracts.edges import KafkaEdge, Reader
from tests.integration.broker import Broker


class Message:
    def __init__(self, code: int) -> None:
        self._error = KafkaError(code)

    def error(self) -> KafkaError:
        return self._error

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return 4

    def offset(self) -> int:
        return 9


def source() -> Any:
    return ConfluentSource(KafkaSpec(bootstrap_servers=["127.0.0.1:1"], client=Client.CONFLUENT), "o")


@pytest.mark.broker
def test_refuses_a_record_below_the_expected_offset(kafka: Broker) -> None:
    edge = KafkaEdge(kafka, client=Client.CONFLUENT)
    topic = edge.topic()
    edge.produce(topic, 0, [b"a", b"b", b"c"])
    made = edge.source()
    made.start([topic], {})
    reader = Reader(made, {})
    reader.until_rows(3)
    assert isinstance(made, ConfluentSource)
    made._consumer.seek(TopicPartition(topic, 0, 1))
    with pytest.raises(SourceError, match=f"{topic}-0 handed over offset 1 where 3 was expected"):
        reader.until(lambda: False, "an error")
    edge.close()


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (KafkaError._AUTO_OFFSET_RESET, "t-4 at"),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "denies access"),
    ],
)
def test_errors_among_the_records_that_need_a_person(code: int, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        source()._handed_over([Message(code)])


def test_errors_that_pass_bring_nothing() -> None:
    assert (
        source()._handed_over([Message(KafkaError._TRANSPORT), Message(KafkaError.UNKNOWN_TOPIC_OR_PART)])
        == []
    )


def test_what_librdkafka_reports_about_the_whole_client() -> None:
    made = source()
    made._away = False
    made._heard(KafkaError(KafkaError._TRANSPORT))
    assert (made._away, made._failure) == (False, None)
    made._heard(KafkaError(KafkaError._ALL_BROKERS_DOWN))
    assert made._away
    made._heard(KafkaError(KafkaError.FENCED_INSTANCE_ID))
    assert isinstance(made._failure, FencedError)
