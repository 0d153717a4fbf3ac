"""Traffic into Kafka: the demonstration's own, and `driftwatch demo --traffic` for a broker somewhere else."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Final, Protocol

from driftwatch.demo.acts import Happening, Tell
from driftwatch.demo.clock import EventClock
from driftwatch.demo.model import Model, fit
from driftwatch.demo.records import TOPICS, Outgoing
from driftwatch.demo.retrainer import refit
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import STEP_MS, World
from driftwatch.events.spec import DAY_MS
from driftwatch.source.embedded import RecordProducer, newest_ms

SPEED: Final = 900.0
"""Event time runs so many times as fast as the wall: 15 minutes a second."""
PAST_MS: Final = 10 * DAY_MS
"""The world starts so long ago, so that its fast time does not run ahead of the wall."""
TRAINING_MS: Final = DAY_MS // 4
_TICK_S: Final = 0.05
_FLUSH_S: Final = 10.0


class Producer(Protocol):
    """What sends records: `driftwatch.source.embedded.RecordProducer`."""

    def send(self, topic: str, key: str, value: bytes, time_ms: int) -> None:
        """Queue one record."""
        ...

    def flush(self, timeout_s: float) -> int:
        """Wait for what is queued."""
        ...


def feed(traffic: Traffic, clock: EventClock, producer: Producer, stop: threading.Event) -> None:
    """Send what becomes due until told to stop."""
    while not stop.wait(_TICK_S):
        send(producer, traffic.advance(clock.now_ms()))
    producer.flush(_FLUSH_S)


def send(producer: Producer, records: list[Outgoing]) -> None:
    """Queue these records in their order."""
    for record in records:
        producer.send(record.topic, record.key, record.value, record.time_ms)


def first_model(world: World, start_ms: int) -> Model:
    """Version 1, fitted on what the world was like before the start."""
    return fit("1", world.stretch(start_ms - TRAINING_MS, start_ms))


class Course:
    """What happens by itself in `--traffic`: two days of calm, gross incomes, a downturn, and a new model."""

    def __init__(self, traffic: Traffic, world: World, start_ms: int, tell: Tell) -> None:
        self._traffic = traffic
        self._tell = tell
        gross = replace(world, gross_from_ms=start_ms + 2 * DAY_MS)
        downturn = replace(gross, downturn_from_ms=start_ms + 3 * DAY_MS)
        self._turns = [
            (gross.gross_from_ms, gross, "Portugal's incomes arrive gross instead of net"),
            (downturn.downturn_from_ms, downturn, "rates rise: who earned and borrowed much defaults"),
        ]
        self._retrain_ms = start_ms + 4 * DAY_MS

    def follow(self) -> None:
        """Do what is due at the traffic's event time."""
        now_ms = self._traffic.now_ms
        while self._turns and now_ms >= self._turns[0][0]:
            _, world, text = self._turns.pop(0)
            self._traffic.turn(world)
            self._tell(Happening("world", text))
        if self._traffic.model.version == "1" and now_ms >= self._retrain_ms:
            fitted = refit(self._traffic.model, self._traffic.labelled(now_ms - TRAINING_MS))
            self._traffic.deploy(fitted.model)
            text = f"version {fitted.model.version} replaces version 1: {fitted.old_accuracy:.0%} → {fitted.accuracy:.0%} right"
            self._tell(Happening("retrainer", text))


def feed_elsewhere(bootstrap_servers: str, tell: Tell, stop: threading.Event) -> None:
    """Traffic to a Kafka of the user's until told to stop; raises SourceError where that does not work.

    Event time starts ten days ago, or where an earlier run left the topics, and goes on with the wall once
    it has caught up.
    """
    producer = RecordProducer(bootstrap_servers)
    producer.ensure(TOPICS)
    now_ms = int(time.time() * 1_000)
    start_ms = max(now_ms - PAST_MS, (newest_ms(bootstrap_servers, TOPICS) or 0) + 1)
    start_ms = -(-start_ms // STEP_MS) * STEP_MS
    world = World(seed=start_ms)
    traffic = Traffic(world, first_model(world, start_ms), start_ms, f"{now_ms:x}")
    clock, course = EventClock(start_ms, SPEED), Course(traffic, world, start_ms, tell)
    tell(
        Happening(
            "world",
            f"traffic to {bootstrap_servers}: {', '.join(TOPICS)}; event time runs {SPEED:,.0f} times as fast",
        )
    )
    while not stop.wait(_TICK_S):
        send(producer, traffic.advance(clock.now_ms()))
        course.follow()
    producer.flush(_FLUSH_S)
