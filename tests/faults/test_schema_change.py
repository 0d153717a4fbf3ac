"""Fields that change in mid-stream (F29): rules and named reasons say so within 2 panes, nobody is asked to retrain."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from driftwatch.events.classes import RecordClass as Class
from tests.faults.scene import Scene, Sent
from tests.integration.broker import Broker
from tests.integration.receiver import SECRET, Receiver
from tests.monitor.world import MINUTE, START, prediction
from tests.waiting import until

pytestmark = pytest.mark.slow

STEP_MS = 500
CHANGE = 1_200
"""After ten minutes."""
COUNT = 2_400
Record = dict[str, Any]


def renamed(record: Record) -> None:
    record["x_new"] = record.pop("x")


def removed(record: Record) -> None:
    del record["x"]


def text(record: Record) -> None:
    record["x"] = f"about {record['x']}"


def percent(record: Record) -> None:
    record["score"] *= 100


def added(record: Record) -> None:
    record["extra"] = record["x"]


@dataclass(frozen=True)
class Case:
    change: Callable[[Record], None]
    told: frozenset[str]
    """Rules that fire."""


CASES = {
    "removed": Case(removed, frozenset({"missing", "quality removed_field"})),
    "renamed": Case(renamed, frozenset({"missing", "quality renamed_field"})),
    "text": Case(text, frozenset({"invalid", "quality type_change"})),
    "percent": Case(
        percent, frozenset({"range", "drift", "quality unit_change"})
    ),  # the score is another one, too
    "added": Case(added, frozenset({"quality new_field"})),
}
NAMED = frozenset(rule for case in CASES.values() for rule in case.told if rule.startswith("quality "))
"""What is told without any rule, by its named reason."""
RULES = [
    {"name": "missing", "when": "missing_share > 0.2", "windows": ["2m"]},
    {"name": "invalid", "when": "invalid_share > 0.2", "windows": ["2m"]},
    {"name": "range", "when": "out_of_range_share > 0.2", "windows": ["2m"]},
    {"name": "drift", "when": "psi > 0.5 for 2 panes", "windows": ["10m"]},
]
CHANGES = {
    "labels": None,
    "retraining": {"on_input_drift": True},  # drift alone would ask
    "rules": RULES,
    "windows": [{"size": "2m", "slide": "1m"}, {"size": "10m", "slide": "1m"}],
}


def records(change: Callable[[Record], None]) -> Iterator[Sent]:
    rng = random.Random(29)
    for n in range(COUNT):
        time_ms = START + n * STEP_MS
        record = json.loads(prediction(n, time_ms, rng))
        if n >= CHANGE:
            change(record)
        yield Sent(json.dumps(record).encode(), time_ms)


def test_f29_a_change_of_the_schema_is_told_as_such(kafka: Broker, tmp_path: Path) -> None:
    scene = Scene(kafka, tmp_path)
    (tmp_path / "secret").write_text(SECRET)
    for name in CASES:
        scene.model(name, CHANGES)
    with Receiver() as receiver:
        scene.config["endpoints"] = [
            {
                "name": "hook",
                "url": receiver.url,
                "secret": {"file": str(tmp_path / "secret")},
                "allow_networks": ["127.0.0.0/8"],
                "on": ["alert", "retrain"],
            }
        ]
        try:
            for name, case in CASES.items():
                scene.produce(scene.topic(name), records(case.change))
            scene.start()
            scene.consumed()
            scene.idle()
            until(
                lambda: all(fired(receiver, n) >= case.told for n, case in CASES.items()), 20, "all are told"
            )
            end = scene.stop()
        finally:
            scene.daemon.close()
    for name, case in CASES.items():
        assert end.of(name) == {Class.ACCEPTED: COUNT}, "no record is lost for a field"
        assert fired(receiver, name) == case.told, name
    changed_ms = START + CHANGE * STEP_MS
    pending = [line for line in end.lines if line["event"] == "alert_changed" and line["new"] == "firing"]
    limit = iso(changed_ms // MINUTE * MINUTE + 2 * MINUTE)
    assert pending
    assert all(line["event_time"] <= limit for line in pending if line["rule"] != "drift"), pending
    bodies = [one["data"] for one in receiver.seen if one["type"] == "alert.firing"]
    alerts = [body["alert"] for body in bodies]
    quality = {alert["rule"] for alert in alerts if alert["kind"] == "quality"}
    assert quality == {"missing", "invalid", "range"} | NAMED, "distinct from drift"
    examples = {
        a["rule"]: f["cells"]
        for d in bodies
        for a, f in [(d["alert"], d["findings"][0])]
        if a["rule"] in NAMED
    }
    assert all(examples.values()), "each names an example"
    assert receiver.ids("retrain.requested") == set()
    print(f"F29 {len(end.lines)} lines, fired {[(n, sorted(fired(receiver, n))) for n in CASES]}")


def fired(receiver: Receiver, model: str) -> frozenset[str]:
    """Rules of the alerts told about a model."""
    found = [one for one in list(receiver.seen) if (one["type"], one["model"]) == ("alert.firing", model)]
    return frozenset(one["data"]["alert"]["rule"] for one in found)


def iso(time_ms: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
