"""More slice values than anybody has rows for, on the real broker: the rest is folded, and nothing grows (F10, P7)."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from driftwatch.events.classes import RecordClass as Class
from driftwatch.events.classes import Stream
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.reference import Reference
from tests.faults.scene import End, Scene, Sent, built_from, resident_bytes, series
from tests.integration.broker import Broker
from tests.monitor.world import MINUTE, START, prediction

pytestmark = pytest.mark.slow

USERS = 100_000
KNOWN = 20
KEYS = [f"key{n}" for n in range(8)]
"""As many slice columns as a model may have."""
VALUES = 1_000
PARTS = 4
"""Sent one after the other, so that there are at least so many commits."""


def record(number: int, time_ms: int, more: dict[str, str]) -> bytes:
    return json.dumps(json.loads(prediction(number, time_ms, random.Random(number))) | more).encode()


def reference(spec: ModelSpec) -> Reference:
    """It knows `KNOWN` values of every column, all as frequent."""
    rng = random.Random(3)
    rows: list[bytes] = []
    for n in range(2_000):
        more = {column: f"known-{rng.randrange(KNOWN)}" for column in spec.slice_columns}
        rows.append(record(n, START - 10**8 + n, more))
    return built_from(spec, rows)


def users(number: int) -> dict[str, str]:
    """Every tenth event has a value that the reference knows; the others have one of their own each."""
    return {"user": f"known-{number // 10 % KNOWN}" if number % 10 == 0 else f"user-{number}"}


def keys(number: int) -> dict[str, str]:
    return {key: f"value-{(number + shift) % VALUES}" for shift, key in enumerate(KEYS)}


@dataclass
class Run:
    scene: Scene
    plan: dict[str, Any]
    end: End = field(init=False)
    metrics: list[str] = field(default_factory=list[str])
    """After each part."""
    resident_bytes: int = 0
    """The greatest, over the daemon's whole life."""


@pytest.fixture(scope="module")
def run(kafka: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    scene = Scene(kafka, tmp_path_factory.mktemp("many-slices"))
    few = {
        "labels": None,
        "rules": None,
        "predictions": {"id": None},
        "windows": [{"size": "20m", "slide": "1m"}],
    }
    scene.model("users", few | {"slices": ["user"]}, build=reference)
    scene.model("keys", few | {"slices": KEYS}, build=reference)
    try:
        scene.start()
        run = Run(scene, scene.check(partitions=2))
        for part in range(PARTS):
            send(scene, "users", users, part, USERS)
            send(scene, "keys", keys, part, 4 * VALUES)
            scene.consumed()
            run.metrics.append(scene.daemon.get("/metrics"))
        scene.idle()
        run.metrics.append(scene.daemon.get("/metrics"))
        run.resident_bytes = resident_bytes(scene.daemon.pid, peak=True)
        run.end = scene.stop()
        yield run
    finally:
        scene.daemon.close()


def send(scene: Scene, model: str, more: Callable[[int], dict[str, str]], part: int, count: int) -> None:
    """One part of `count` events over ten minutes."""
    begin, end = part * count // PARTS, (part + 1) * count // PARTS
    times = (START + n * 10 * MINUTE // count for n in range(begin, end))
    scene.produce(
        scene.topic(model),
        (Sent(record(n, t, more(n))) for n, t in zip(range(begin, end), times, strict=True)),
    )


def rows(run: Run, model: str) -> dict[str, int]:
    """Events by slice over all panes, as stored."""
    layout = run.scene.references[model].layout
    part = layout.part(Stream.PREDICTIONS)
    assert part is not None
    first = part.fields[0]
    panes = [p for key, p in run.end.saved.panes.items() if key.model == model and key.width_ms == MINUTE]
    counts = sum(pane[:, first.start : first.stop].sum(axis=1) for pane in panes)
    return dict(zip(layout.slices.rows, counts.tolist(), strict=True))


def test_f10_values_without_a_row_are_counted_together(run: Run) -> None:
    assert run.end.of("users") == {Class.ACCEPTED: USERS}
    known = USERS // 10 // KNOWN
    assert rows(run, "users") == {
        "all": USERS,
        **{f"user=known-{n}": known for n in range(KNOWN)},
        "user=__other__": USERS - USERS // 10,
        "user=__unknown__": 0,
    }
    assert run.end.of("keys") == {Class.ACCEPTED: 4 * VALUES}
    by_slice = rows(run, "keys")
    assert [by_slice[f"{key}=__other__"] for key in KEYS] == [4 * VALUES] * len(KEYS)
    assert sum(by_slice.values()) == (1 + len(KEYS)) * 4 * VALUES


def test_f10_what_is_folded_is_counted(run: Run) -> None:
    for part, metrics in enumerate(run.metrics[:PARTS], 1):
        folded = series(metrics, "driftwatch_slices_folded_total")
        assert folded.pop('{column="user",model="users"}') == part * (USERS - USERS // 10) // PARTS
        assert folded == {f'{{column="{key}",model="keys"}}': part * VALUES for key in KEYS}


def test_f10_one_warning_per_column_and_hour(run: Run) -> None:
    (commits,) = series(run.metrics[-1], "driftwatch_commit_sequence").values()
    assert commits >= PARTS, "so many times there was something to say"
    said = [(line["model"], line["column"]) for line in run.end.lines if line["event"] == "slices_folded"]
    assert sorted(said) == sorted([("users", "user"), *(("keys", key) for key in KEYS)])
    assert len(run.end.lines) < 100, "the log does not grow with the values"


def test_f10_series_stay_below_the_printed_bound(run: Run) -> None:
    for metrics in run.metrics:
        shown = [line for line in metrics.split("\n") if 'slice="' in line]
        assert len(shown) <= run.plan["series"] <= run.plan["series_limit"]
    (declared,) = series(run.metrics[-1], "driftwatch_series").values()
    assert declared == run.plan["series"], "the values of the data added none"
    assert not any("user-" in metrics or "value-" in metrics for metrics in run.metrics)


def test_f10_memory_stays_below_the_printed_bound(run: Run) -> None:
    """P7, evidence included: the bound of a model without joins is small, so that this can fail."""
    evidence = sum(model["evidence_bytes"] for model in run.plan["models"])
    assert 0 < evidence < run.plan["memory_bytes"] < 350e6
    assert run.resident_bytes < run.plan["memory_bytes"]
