"""Dead letters to a topic: they arrive, they never block, and what is lost is counted."""

from __future__ import annotations

import json
import time

import pytest

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.columns import DeadLetter
from driftwatch.events.records import Partition
from driftwatch.source import kafka_client
from driftwatch.source.dead_letter_topic import DeadLetterTopic, letter_json, letter_key
from driftwatch.source.spec import KafkaSpec
from driftwatch.source.topic_range import TopicRange
from tests.integration.broker import Broker
from tests.waiting import until


def letter(offset: int) -> DeadLetter:
    sample = 'not "json"\\x00'
    return DeadLetter("m", Stream.LABELS, Partition("t", 3), offset, RecordClass.INVALID_JSON, sample)


def test_a_letter_as_json() -> None:
    assert json.loads(letter_json(letter(7))) == {
        "model": "m",
        "stream": "labels",
        "topic": "t",
        "partition": 3,
        "offset": 7,
        "reason": "invalid:not_json",
        "sample": 'not "json"\\x00',
    }
    assert letter_key(letter(7)) == b"t-3@7/m"


@pytest.mark.broker
def test_letters_arrive_in_order(kafka: Broker) -> None:
    topic = kafka.create_topic()
    spec = KafkaSpec(bootstrap_servers=[kafka.bootstrap_servers])
    letters = DeadLetterTopic(spec, topic)
    letters.send(letter(n) for n in range(500))
    until(lambda: letters.sent == 500, 20, "the broker's answers")
    letters.send([letter(500)])
    letters.close()
    assert (letters.sent, letters.dropped) == (501, 0)
    arrived = TopicRange(spec, topic)
    values = [
        json.loads(value or b"") for one in arrived.partitions() for batch in one for value in batch.values
    ]
    arrived.close()
    assert [value["offset"] for value in values] == list(range(501))


def test_without_brokers_nothing_waits_and_drops_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_client, "CONNECT_WITHIN_MS", 500)
    letters = DeadLetterTopic(KafkaSpec(bootstrap_servers=["127.0.0.1:1"]), "t", capacity=10)
    begin = time.monotonic()
    letters.send(letter(n) for n in range(1_000))
    assert letters.dropped == 990
    letters.close(timeout_s=0.1)
    assert time.monotonic() - begin < 5  # not a measure: waiting for Kafka would take minutes
    assert (letters.sent, letters.dropped) == (0, 1_000)
    until(lambda: not letters._thread.is_alive(), 20, "the end of the thread")
