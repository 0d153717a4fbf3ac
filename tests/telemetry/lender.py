"""A lender's ten hours in a real state directory: calm, then incomes arrive gross in Portugal, then labels go wrong."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import numpy as np

from driftwatch.alerts.outbox import Attempt, Delivery
from driftwatch.app import model_plans
from driftwatch.config.load import Loaded, load
from driftwatch.demo.feed import TRAINING_MS, first_model
from driftwatch.demo.records import LABELS_TOPIC, PREDICTIONS_TOPIC, TOPICS, Outgoing
from driftwatch.demo.setting import Setting, prepare
from driftwatch.demo.traffic import Traffic
from driftwatch.demo.world import World
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.monitor.monitor import Inputs, Monitor
from driftwatch.monitor.snapshot import ModelView, Snapshot
from driftwatch.storage.outbox import open_outbox
from driftwatch.storage.sent import deliveries
from driftwatch.storage.sqlite import open_checkpoint
from driftwatch.telemetry.board import Picture
from driftwatch.telemetry.health import EndpointHealth, Health
from driftwatch.webhooks.render import render

START_MS = 1_772_323_200_000
"""2026-03-01T00:00:00Z"""
HOUR_MS = 3_600_000
CALM_HOURS, GROSS_HOURS, HOURS = 5, 7.5, 10
BUDGET = "budget: 1 per week, "


@dataclass
class Lender:
    """What is on disk, and the picture after the last commit."""

    folder: Path
    loaded: Loaded
    snapshot: Snapshot

    @property
    def model(self) -> ModelView:
        (model,) = self.snapshot.models.values()
        return model

    @property
    def picture(self) -> Picture:
        return Picture(self.snapshot, health(self.loaded.hash))

    def deliveries(self, subject: str | None = None) -> list[Delivery]:
        return deliveries(self.folder / "state", 200, subject)


def health(config_hash: str) -> Health:
    sent = EndpointHealth(pending=0, outcomes={"delivered": 3}, last_delivered_s=1_772_360_000.0)
    failing = EndpointHealth(pending=1, outcomes={"timeout": 2}, last_failure="timeout")
    return Health(
        started_s=1_772_320_000.0,
        config_hash=config_hash,
        running=True,
        disconnected_at_s=None,
        last_commit_s=1_772_360_100.0,
        event_time_lag_s={("credit-default", "predictions"): 4.0, ("credit-default", "labels"): 70.0},
        endpoints={"ml-oncall": sent, "retrain": failing},
    )


def setting(folder: Path, bootstrap_servers: str, receiver_url: str, budget: str = BUDGET) -> Setting:
    """Configuration, secrets and reference, as the demonstration writes them; the key signs for tests only."""
    world = World(7)
    begin_ms = START_MS - 2 * TRAINING_MS
    accepted = world.stretch(begin_ms, START_MS)
    model = first_model(world, begin_ms)
    return prepare(folder, bootstrap_servers, receiver_url, b"k" * 32, (accepted, model), START_MS, budget)


def records(hours: float = HOURS) -> Iterator[Outgoing]:
    """What the lender writes, in the order of event time."""
    world = World(7)
    traffic = Traffic(world, first_model(world, START_MS - 2 * TRAINING_MS), START_MS, "t")
    gross_ms, downturn_ms = START_MS + int(CALM_HOURS * HOUR_MS), START_MS + int(GROSS_HOURS * HOUR_MS)
    yield from traffic.advance(gross_ms)
    traffic.turn(replace(world, gross_from_ms=gross_ms))
    yield from traffic.advance(downturn_ms)
    traffic.turn(replace(world, gross_from_ms=gross_ms, downturn_from_ms=downturn_ms))
    yield from traffic.advance(START_MS + int(hours * HOUR_MS))


@functools.cache
def lender() -> Lender:
    """Made once for all tests, in a folder that goes with the process."""
    folder = Path(tempfile.mkdtemp(prefix="driftwatch-lender-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    written = setting(folder, "nowhere:9092", "http://127.0.0.1:9")
    loaded = load(written.configuration)
    return Lender(folder, loaded, _run(loaded, folder / "state"))


def _run(loaded: Loaded, state: Path) -> Snapshot:
    checkpoint = open_checkpoint(state)
    saved = checkpoint.load()
    monitor = Monitor(model_plans(loaded), saved, checkpoint.joins, checkpoint.hash_key)
    monitor.assign({Partition(topic, 0): (0, 1) for topic in TOPICS})
    sequence, acknowledged = 0, False
    offsets = dict.fromkeys(TOPICS, 0)
    for _, stretch in groupby(records(), key=lambda record: record.time_ms // 600_000):
        rows = list(stretch)
        for topic in (PREDICTIONS_TOPIC, LABELS_TOPIC):
            ingest(monitor, topic, [row for row in rows if row.topic == topic], offsets)
        asked = [
            e.id for m in monitor.models.values() for e in m.decisions.episodes() if e.state == "requested"
        ]
        take = () if acknowledged else tuple((id_, "retrain job 17") for id_ in asked)
        acknowledged |= bool(take)
        outcome = monitor.commit(Inputs(acknowledged=take))
        endpoints = loaded.configuration.endpoints
        outcome.changes.outbox = [row for n in outcome.changes.notifications for row in render(n, endpoints)]
        sequence = checkpoint.commit(outcome.changes)
        monitor.take_held()
    snapshot = monitor.snapshot(sequence)
    _send(state)
    checkpoint.close()
    return snapshot


def ingest(monitor: Monitor, topic: str, rows: Iterable[Outgoing], offsets: dict[str, int]) -> None:
    rows = list(rows)
    if not rows:
        return
    first = offsets[topic]
    offsets[topic] = first + len(rows)
    batch = RecordBatch(
        Partition(topic, 0),
        np.arange(first, first + len(rows)),
        np.array([row.time_ms for row in rows], np.int64),
        [row.value for row in rows],
        first + len(rows),
    )
    monitor.ingest(batch)


def _send(state: Path) -> None:
    """What the sender would have noted: everything arrived, but for the last request."""
    outbox = open_outbox(state)
    for endpoint in ("ml-oncall", "retrain"):
        for row, _ in outbox.pending(endpoint, 100):
            done = endpoint == "ml-oncall"
            outbox.record(
                Attempt(
                    row.id, endpoint, 1 if done else 3, 1_772_360_400.0,
                    "delivered" if done else "pending", "" if done else "timeout",
                    1_772_360_000.0, 1_772_360_000.0,
                )
            )  # fmt: skip
    outbox.close()
