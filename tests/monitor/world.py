"""A small model with predictions and labels, its reference, logs of records, and a core that reads them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from driftwatch.alerts.messages import About
from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.memory_joins import MemoryJoinTables
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.changes import Changes, PaneKey, Saved
from driftwatch.monitor.monitor import Inputs, Monitor, Outcome
from driftwatch.monitor.plan import Choice, ModelPlan, subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference

KEY = b"0123456789abcdef"
MINUTE = 60_000
START = 1_700_000_000_000 // MINUTE * MINUTE
SAVED = Saved(0, {}, {}, {}, {}, {})

WRITTEN: Final[dict[str, Any]] = {
    "name": "m",
    "task": "binary",
    "reference": "m.ref",
    "predictions": {
        "topic": "p",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "version": "v",
        "score": "score",
        "features": ["x", "kind"],
        "lateness": "2m",
    },
    "labels": {
        "topic": "l",
        "id": "id",
        "time": {"path": "ts", "unit": "ms"},
        "label": "y",
        "lateness": "3m",
        "max_delay": "60m",
    },
    "slices": ["country"],
    "windows": [{"size": "10m", "slide": "1m"}, {"size": "30m", "slide": "5m"}],
    "join_within": "1m",
    "statistics": {"min_events": 20},
    "rules": [
        {"name": "psi", "when": "psi > 0.5 for 2 panes", "slices": ["*"]},
        {"name": "decay", "when": "accuracy_decay.lower > 0.05 for 2 panes"},
    ],
}
SPEC = ModelSpec.model_validate(WRITTEN)


def prediction(
    number: int, time: int, rng: random.Random, *, drifted: bool = False, version: str = "1"
) -> bytes:
    score = rng.random()
    record = {
        "id": f"id-{number}",
        "ts": time,
        "v": version,
        "score": round(score, 6),
        "x": round(rng.gauss(3.0 if drifted else 0.0, 1.0), 4),
        "kind": rng.choice("abc"),
        "country": rng.choice(["PT", "DE", "FR"]),
    }
    return json.dumps(record).encode()


def label(number: int, time: int, y: int) -> bytes:
    return json.dumps({"id": f"id-{number}", "ts": time, "y": y}).encode()


def truth(score: float, rng: random.Random) -> int:
    return int(rng.random() < score)


def batch(
    topic: str,
    partition: int,
    values: Sequence[bytes | None],
    first: int = 0,
    stamps: Iterable[int] | None = None,
) -> RecordBatch:
    n = len(values)
    times = [json.loads(v)["ts"] for v in values if v] if stamps is None else list(stamps)
    return RecordBatch(
        Partition(topic, partition), np.arange(first, first + n), np.array(times, np.int64), values, first + n
    )


def reference(
    events: int = 2_000, seed: int = 7, spec: ModelSpec = SPEC, more: Callable[[bytes], bytes] = bytes
) -> Reference:
    """From predictions with their labels; `more` changes each record."""
    rng = random.Random(seed)
    rows: list[bytes] = []
    for number in range(events):
        record = json.loads(prediction(number, START - 10**8 + number * 1_000, rng))
        record["y"] = truth(record["score"], rng)
        rows.append(more(json.dumps(record).encode()))

    def batches() -> list[tuple[Stream, RecordBatch]]:
        return [(Stream.PREDICTIONS, batch("p", 0, rows))]

    return build(subject_of(spec), batches, source="test", created_ms=0).reference


REFERENCE = reference()


def plan(spec: ModelSpec = SPEC, ref: Reference | None = REFERENCE) -> ModelPlan:
    choice = Choice("*", ref) if ref is not None else Choice("*", learn_ms=20 * MINUTE)
    return ModelPlan(spec, (choice,), About("http://localhost"), 10 * MINUTE, 10 * 86_400_000)


@dataclass
class Store:
    """What a checkpoint would hold, applied commit by commit."""

    saved: Saved = SAVED
    joins: MemoryJoinTables = field(default_factory=MemoryJoinTables)
    notifications: list[str] = field(default_factory=list)

    def apply(self, outcome: Outcome) -> None:
        changes: Changes = outcome.changes
        panes = dict(self.saved.panes)
        for key, pane in changes.panes.items():
            if pane is None:
                panes.pop(key, None)
            else:
                panes[key] = pane.copy()
        self.saved = Saved(
            self.saved.sequence + 1,
            dict(changes.offsets),
            panes,
            _applied(self.saved.chunks, changes.chunks),
            _applied(self.saved.states, changes.states),
            {**self.saved.references, **changes.references},
        )
        self.joins.commit()
        self.notifications += [n.id for n in changes.notifications]


def _applied(old: object, changes: dict[str, bytes | None]) -> dict[str, bytes]:
    merged = dict(old)  # type: ignore[call-overload]
    for key, value in changes.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged


@dataclass
class Core:
    """A monitor with its store; everything that a test does to it goes through here."""

    spec: ModelSpec = SPEC
    ref: Reference | None = field(default_factory=lambda: REFERENCE)
    store: Store = field(default_factory=Store)
    windows: dict[tuple[str, str, str, int], str] = field(default_factory=dict)
    closed: dict[PaneKey, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.load()

    def load(self) -> None:
        self.store.joins.rollback()
        self.monitor = Monitor([plan(self.spec, self.ref)], self.store.saved, self.store.joins, KEY)

    def commit(self, *, finish: bool = False, idle: Iterable[Partition] = ()) -> Outcome:
        outcome = self.monitor.commit(Inputs(idle=frozenset(idle), finish=finish))
        self.store.apply(outcome)
        self.monitor.take_held()
        return outcome

    def classes(self) -> dict[tuple[Stream, RecordClass], int]:
        totals: dict[tuple[Stream, RecordClass], int] = {}
        for stream, _, why, count in self.monitor.models["m"].tally.items():
            totals[stream, why] = totals.get((stream, why), 0) + count
        return totals
