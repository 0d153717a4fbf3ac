"""Aborted and hanging transactions (F31): aborted records are never counted, hanging ones hold their partition."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.classes import Stream
from driftwatch.events.records import Partition
from driftwatch.storage.sqlite import open_checkpoint
from tests.faults.scene import Scene
from tests.integration.broker import Broker
from tests.monitor.world import START, prediction
from tests.waiting import stays, until

pytestmark = pytest.mark.slow

STEP_MS = 100


def test_f31_aborted_records_are_never_counted(kafka: Broker, tmp_path: Path) -> None:
    scene = Scene(kafka, tmp_path)
    scene.model("tx", {"labels": None, "rules": None})
    topic = scene.topic("tx")
    one, other = transactional(kafka, "one"), transactional(kafka, "other")
    try:
        scene.start()
        within(one, topic, range(100), commit=True)
        within(one, topic, range(100, 220), commit=False)
        within(one, topic, range(220, 270), commit=True)
        until(lambda: counted(scene) == 150, 30, "what was committed is counted")
        other.begin_transaction()
        send(other, topic, range(1_000, 1_030))
        other.flush(20)
        within(one, topic, range(270, 310), commit=True)  # behind the one that hangs
        stays(lambda: counted(scene) == 150, 2.0, "nothing behind a hanging transaction is read")
        assert not scene.daemon.get("/api/v1/status")["partitions"][0]["idle"], "it holds its stream (E4)"
        transactional(kafka, "other")  # whoever takes over its name aborts what hangs
        until(lambda: counted(scene) == 190, 30, "the rest is counted")
        scene.idle()
        assert scene.daemon.stop() == 0
    finally:
        scene.daemon.close()
    checkpoint = open_checkpoint(tmp_path / "state")
    saved = checkpoint.load()
    checkpoint.close()
    part = scene.references["tx"].layout.part(Stream.PREDICTIONS)
    assert part is not None
    x = part.field("x")
    panes = [pane for key, pane in saved.panes.items() if key.stream is Stream.PREDICTIONS]
    assert sum(int(pane[0, x.start : x.stop].sum()) for pane in panes) == 190
    assert saved.offsets[Partition(topic, 0)] == kafka_end(kafka, topic), "also over the markers at the end"


def transactional(kafka: Broker, name: str) -> Producer:
    made = Producer({"bootstrap.servers": kafka.bootstrap_servers, "transactional.id": f"f31-{name}"})
    made.init_transactions(20)
    return made


def send(producer: Producer, topic: str, numbers: Iterable[int]) -> None:
    for n in numbers:
        time_ms = START + n * STEP_MS
        value = prediction(n, time_ms, random.Random(n))
        producer.produce(topic, value, partition=0, timestamp=time_ms)


def within(producer: Producer, topic: str, numbers: Iterable[int], *, commit: bool) -> None:
    producer.begin_transaction()
    send(producer, topic, numbers)
    producer.flush(20)
    producer.commit_transaction(20) if commit else producer.abort_transaction(20)


def counted(scene: Scene) -> int:
    answer: Any = scene.daemon.get("/api/v1/models/tx")
    classes = answer["model"]["classes"].get("predictions", {}) if answer else {}
    assert set(classes) <= {Class.ACCEPTED}
    return sum(classes.values())


def kafka_end(kafka: Broker, topic: str) -> int:
    from confluent_kafka import Consumer, TopicPartition

    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "f31-end"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=20)[1]
    finally:
        consumer.close()
