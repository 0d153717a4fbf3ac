"""A broker that is restarted or away (F3), and partitions that are idle, empty, unreachable or come back (F13)."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.records import Partition
from tests.faults.load import Load
from tests.faults.scene import Scene, Sent, series
from tests.integration.broker import Broker
from tests.integration.receiver import Receiver
from tests.monitor.world import MINUTE, START, prediction
from tests.waiting import stays, until

pytestmark = [pytest.mark.slow, pytest.mark.broker]

TICKS_S = os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def own() -> Iterator[Broker]:
    """A broker that may be stopped."""
    if (reason := Broker.missing()) is not None:
        pytest.skip(reason)
    broker = Broker()
    if not broker.managed:
        pytest.skip("the broker of DRIFTWATCH_TEST_KAFKA is not ours to stop")
    with broker:
        yield broker


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


@pytest.mark.parametrize("away_s", [2, pytest.param(120, marks=pytest.mark.full)])
def test_f3_a_broker_that_is_away_is_waited_for(
    own: Broker, receiver: Receiver, tmp_path: Path, away_s: int
) -> None:
    scene = Scene(own, tmp_path)
    load = Load(scene, receiver)
    try:
        scene.start()
        load.send(900)
        scene.consumed()
        own.kill()
        before_s = cpu_s(scene)
        if away_s > 30:
            stays(lambda: scene.daemon.ready()[0] == 200, 20, "it is ready for a while")
            until(lambda: "disconnected" in scene.daemon.ready()[1].get("reasons", {}), 120, "then it is not")
        stays(lambda: scene.daemon.get("/healthz") is not None, away_s - 40 * (away_s > 30), "it lives")
        used = (cpu_s(scene) - before_s) / away_s
        own.restart()
        load.send(900)
        scene.consumed(60)
        assert scene.daemon.ready()[0] == 200
        load.settle()
        figures = load.check(scene.stop())
    finally:
        scene.daemon.close()
    print(f"F3 {figures}, {used:.2f} cores while it waited")
    assert used < 0.5, "no busy loop"


def cpu_s(scene: Scene) -> float:
    fields = Path(f"/proc/{scene.daemon.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_S


ACTIVE, IDLE, EMPTY, BACK = range(4)
STEP_MS = 1_000
PART = 600


def records(partition: int, first_ms: int, count: int = PART) -> Iterable[Sent]:
    rng = random.Random(partition)
    for n in range(count):
        time_ms = first_ms + n * STEP_MS
        yield Sent(
            prediction(partition * 10**7 + (time_ms - START) // STEP_MS, time_ms, rng), time_ms, partition
        )


def test_f13_idle_empty_unreachable_and_returning_partitions(own: Broker, tmp_path: Path) -> None:
    #        START          +10 m          +20 m          +30 m          +40 m
    # ACTIVE  |==============|==============|==============|==============|
    # IDLE    |==============|
    # EMPTY
    # BACK    |==============|    late ->  ...                            |===
    scene = Scene(own, tmp_path)
    scene.model("parts", {"labels": None, "rules": None}, partitions=4)
    topic = scene.topic("parts")
    span = PART * STEP_MS
    try:
        for partition in (ACTIVE, IDLE, BACK):
            scene.produce(topic, records(partition, START))
        scene.start()
        scene.consumed()
        scene.idle()
        assert frontier_ms(scene) < START + span, "an idle stream closes nothing by itself"
        scene.produce(topic, records(ACTIVE, START + span))
        scene.produce(topic, records(ACTIVE, START + 2 * span))
        scene.consumed()
        until(
            lambda: frontier_ms(scene) >= START + 3 * span - 3 * MINUTE,
            120,
            "idle and empty ones do not hold it",
        )
        scene.idle()
        scene.produce(topic, records(ACTIVE, START + 3 * span, PART // 2))
        until(lambda: not idle(scene, ACTIVE), 120, "active again")
        own.pause()
        stays(lambda: not idle(scene, ACTIVE), 2.5, "unreachable is not idle")
        own.resume()
        scene.consumed()
        scene.produce(topic, records(BACK, START + span, 50))
        scene.produce(topic, records(BACK, START + 3 * span + 5 * MINUTE, 20))
        scene.consumed()
        scene.idle()
        end = scene.stop()
    finally:
        own.resume()
        scene.daemon.close()
    accepted = 3 * PART + 2 * PART + PART // 2 + 20
    assert end.of("parts") == {Class.ACCEPTED: accepted, Class.LATE: 50}
    assert end.saved.offsets.get(Partition(topic, EMPTY), 0) == 0


def frontier_ms(scene: Scene) -> float:
    found = series(scene.daemon.get("/metrics"), "driftwatch_frontier_timestamp_seconds", model="parts")
    return max(found.values(), default=0) * 1_000


def idle(scene: Scene, partition: int) -> bool:
    (one,) = [p for p in scene.daemon.get("/api/v1/status")["partitions"] if p["partition"] == partition]
    return one["idle"]
