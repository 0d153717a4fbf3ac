"""The feed sends everything in order, follows its course, and continues where an earlier run left a topic."""

from __future__ import annotations

import json
import time
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from driftwatch.demo.acts import Happening
from driftwatch.demo.background import Background
from driftwatch.demo.clock import EventClock
from driftwatch.demo.feed import Course, feed, feed_elsewhere, first_model
from driftwatch.demo.records import PREDICTIONS_TOPIC, TOPICS, Outgoing
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import STEP_MS, World
from driftwatch.events.spec import DAY_MS
from driftwatch.source.embedded import PARTITIONS, EmbeddedBroker, RecordProducer, newest_ms
from tests.waiting import until

START_MS = 20_000 * DAY_MS
WORLD = World(seed=4, per_minute=5)


class Kept:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.flushed = False

    def send(self, topic: str, key: str, value: bytes, time_ms: int) -> None:
        self.sent.append(Outgoing(time_ms, topic, key, value))

    def flush(self, timeout_s: float) -> int:
        self.flushed = True
        return 0


def test_it_sends_what_is_due_in_order_and_flushes_at_the_end() -> None:
    model, kept = first_model(WORLD, START_MS), Kept()
    traffic = Traffic(WORLD, model, START_MS, "t")
    clock = EventClock(START_MS, speed=100_000)
    with Background("feed", lambda stop: feed(traffic, clock, kept, stop)) as part:
        until(lambda: traffic.now_ms > START_MS + 60 * STEP_MS, 30, "an hour of traffic")
    assert part.error is None
    assert kept.flushed
    assert kept.sent == Traffic(WORLD, model, START_MS, "t").advance(traffic.now_ms)


def test_the_course_drifts_fails_and_recovers_by_itself() -> None:
    told: list[Happening] = []
    traffic = Traffic(WORLD, first_model(WORLD, START_MS), START_MS, "t")
    course = Course(traffic, WORLD, START_MS, told.append)

    def until_day(day: float) -> None:
        for hour in range(int(day * 24)):
            if START_MS + hour * 60 * STEP_MS >= traffic.now_ms:
                traffic.advance(START_MS + (hour + 1) * 60 * STEP_MS)
                course.follow()

    until_day(1.9)
    assert told == []
    until_day(2.2)
    assert [happening.who for happening in told] == ["world"]
    until_day(3.9)
    assert [happening.who for happening in told] == ["world", "world"]
    assert traffic.model.version == "1"
    assert traffic.model.accuracy(traffic.labelled(traffic.now_ms - DAY_MS // 8)) < 0.65
    until_day(4.5)
    assert [happening.who for happening in told] == ["world", "world", "retrainer"]
    assert traffic.model.version == "2"
    assert traffic.model.accuracy(traffic.labelled(traffic.now_ms - DAY_MS // 8)) > 0.7
    until_day(5)
    assert len(told) == 3


def all_predictions(bootstrap_servers: str) -> list[Any]:
    """Every prediction that the broker holds."""
    consumer = Consumer({"bootstrap.servers": bootstrap_servers, "group.id": "test"})
    found: list[Any] = []
    try:
        places = [TopicPartition(PREDICTIONS_TOPIC, p, 0) for p in range(PARTITIONS)]
        count = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
        consumer.assign(places)
        until(lambda: found.extend(consumer.consume(100, 0.1)) or len(found) >= count, 30, "predictions")
    finally:
        consumer.close()
    return found


def run_elsewhere(bootstrap_servers: str, enough_ms: int) -> None:
    """Feed a broker until event time has passed `enough_ms`."""
    told: list[Happening] = []
    with Background("feed", lambda stop: feed_elsewhere(bootstrap_servers, told.append, stop)) as part:
        until(
            lambda: part.error or (newest_ms(bootstrap_servers, TOPICS) or 0) > enough_ms,
            60,
            "traffic in the broker",
        )
    assert part.error is None
    assert bootstrap_servers in told[0].text


def test_elsewhere_it_starts_in_the_past_and_a_second_run_continues_the_first() -> None:
    now_ms = int(time.time() * 1_000)
    with EmbeddedBroker() as broker:
        RecordProducer(broker.bootstrap_servers).ensure(TOPICS)
        run_elsewhere(broker.bootstrap_servers, 1)
        first = all_predictions(broker.bootstrap_servers)
        assert abs(now_ms - 10 * DAY_MS - min(times_ms(first))) < DAY_MS / 10
        content = json.loads(first[0].value())
        assert content["request_id"] == first[0].key().decode()
        assert content["model"]["version"] == "1"
        newest = newest_ms(broker.bootstrap_servers, TOPICS)
        assert newest is not None
        run_elsewhere(broker.bootstrap_servers, newest)
        known = {record.key() for record in first}
        second = [r for r in all_predictions(broker.bootstrap_servers) if r.key() not in known]
        assert min(times_ms(second)) > newest


def times_ms(records: list[Any]) -> list[int]:
    return [record.timestamp()[1] for record in records]
