"""Retention takes the first records of every topic: what lies behind the horizon is proved all the same (E14)."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from driftwatch.cli.program import run
from driftwatch.errors import ExitCode
from driftwatch.events.classes import Stream
from tests.faults.scene import Scene, Sent
from tests.integration.broker import Broker
from tests.monitor.world import START, label, prediction

pytestmark = pytest.mark.slow

HOUR = 3_600_000
A_DAY = 96
DAYS = 6
SLOW = {
    "windows": [{"size": "6h", "slide": "2h"}],
    "join_within": "10m",
    "statistics": {"min_events": 5},
    "predictions": {"lateness": "30m"},
    "labels": {"lateness": "30m", "max_delay": "6h"},
    "rules": [{"name": "range", "when": "out_of_range_share > 0.1", "features": ["x"], "clear_for": 1}],
}


def produce_day(scene: Scene, day: int) -> None:
    """A prediction every quarter of an hour and its label up to five hours later; the inputs drift every other half a day."""
    rng = random.Random(day)
    numbers = range(day * A_DAY, (day + 1) * A_DAY)
    times = {n: START + n * HOUR // 4 for n in numbers}
    known = sorted((times[n] + rng.randrange(5 * HOUR), n) for n in numbers)
    rows = [
        Sent(prediction(n, t, rng, drifted=n // (A_DAY // 2) % 2 == 1), t, n % 2) for n, t in times.items()
    ]
    scene.produce(scene.topic("kept"), rows)
    labels = [Sent(label(n, t, rng.randrange(2)), t, n % 2) for t, n in known]
    scene.produce(scene.topic("kept", Stream.LABELS), labels)


def cut(scene: Scene, kafka: Broker, share: float) -> None:
    """Retention takes so much of every partition."""
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    places = [TopicPartition(p.topic, p.number, int(share * n)) for p, n in scene.sent.items()]
    for future in admin.delete_records(places).values():
        future.result(20)


def recomputed(scene: Scene, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = run(["recompute", "-c", str(scene.path), "--json"])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out else {"said": out.err}


def test_e14_what_lies_behind_the_horizon_is_the_same(
    kafka: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = Scene(kafka, tmp_path)
    scene.model("kept", SLOW, partitions=2)
    try:
        scene.start()
        for day in range(DAYS):
            produce_day(scene, day)
            scene.consumed()
        scene.stop()
    finally:
        scene.daemon.close()
    code, whole = recomputed(scene, capsys)
    assert (code, whole["horizons"], whole["begins_after_commit"]) == (ExitCode.OK, {}, 0)
    assert all(found["not_checkable"] == 0 for found in whole["compared"].values())
    cut(scene, kafka, 0.2)
    code, answer = recomputed(scene, capsys)
    assert (code, answer["same"]) == (ExitCode.OK, True), answer
    assert answer["begins_after_commit"] > 0
    assert answer["horizons"]["kept"]["alerts_checked"]
    compared, before = answer["compared"], whole["compared"]
    for what in ("panes", "windows", "alert transitions"):
        assert compared[what]["same"] > 0, what
        assert compared[what]["not_checkable"] > 0, what
        assert compared[what]["same"] + compared[what]["not_checkable"] == before[what]["same"], what
    assert run(["recompute", "-c", str(scene.path)]) == ExitCode.OK
    said = capsys.readouterr().out
    assert "kept: its first records are gone. Inputs are checked from " in said
    assert said.rstrip().endswith("same, as far as it can be checked")
    cut(scene, kafka, 0.99)
    code, answer = recomputed(scene, capsys)
    assert code == ExitCode.SOURCE
    assert "later than every savepoint: what is gone cannot be checked" in answer["said"]
