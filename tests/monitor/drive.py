"""Logs of any model read in a random interleaving with random commits and restarts; worlds beside the one of `world`."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.records import Partition
from driftwatch.monitor.plan import subject_of
from driftwatch.monitor.spec import ModelSpec
from driftwatch.references.build import build
from driftwatch.references.reference import Reference
from driftwatch.summaries.layout import Layout
from tests.monitor.world import START, WRITTEN, Core, batch

TIME = {"path": "ts", "unit": "ms"}


def spec(**changed: Any) -> ModelSpec:
    """The model of `world`, changed key by key (None removes); without rules, and with one window that keeps every pane."""
    written = WRITTEN | {"windows": [{"size": "10000m", "slide": "1m"}], "rules": []}
    for key, value in changed.items():
        old = written.get(key)
        written[key] = old | value if isinstance(value, dict) and isinstance(old, dict) else value
    return ModelSpec.model_validate(
        {key: _without_none(value) for key, value in written.items() if value is not None}
    )


def _without_none(value: Any) -> Any:
    return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


def lines(records: Sequence[Mapping[str, Any]]) -> list[bytes | None]:
    return [json.dumps(record).encode() for record in records]


def built(of: ModelSpec, records: Mapping[Stream, Sequence[Mapping[str, Any]]]) -> Reference:
    """The reference of these records; their topics and offsets do not matter."""
    batches = [(stream, batch(stream, 0, lines(rows))) for stream, rows in records.items()]
    return build(subject_of(of), lambda: batches, source="test", created_ms=0).reference


@dataclass
class Logs:
    """What lies in each partition: values and record timestamps (default: the event's own time)."""

    values: dict[Partition, list[bytes | None]] = field(default_factory=dict)
    stamps: dict[Partition, list[int]] = field(default_factory=dict)

    def add(
        self, topic: str, number: int, record: Mapping[str, Any] | bytes | None, stamp: int | None = None
    ) -> None:
        partition = Partition(topic, number)
        value = json.dumps(record).encode() if isinstance(record, Mapping) else record
        self.values.setdefault(partition, []).append(value)
        time = (
            stamp if stamp is not None else record.get("ts", START) if isinstance(record, Mapping) else START
        )
        self.stamps.setdefault(partition, []).append(time)

    @property
    def bounds(self) -> dict[Partition, tuple[int, int]]:
        return {partition: (0, len(values)) for partition, values in self.values.items()}


def drive(core: Core, logs: Logs, seed: int = 0, *, restarts: bool = True) -> Core:
    """Read the logs to their ends and finish; the same seed, the same interleaving."""
    rng = random.Random(seed)
    core.monitor.assign(logs.bounds)
    while left := [p for p, (_, end) in logs.bounds.items() if core.monitor.offsets[p] < end]:
        partition = rng.choice(left)
        first = core.monitor.offsets[partition]
        last = first + rng.choice([1, 3, 17, 80])
        values, stamps = logs.values[partition][first:last], logs.stamps[partition][first:last]
        core.monitor.ingest(batch(partition.topic, partition.number, values, first, stamps))
        if rng.random() < 0.3:
            core.commit()
        if restarts and rng.random() < 0.1:
            core.load()  # everything since the last commit is read again
            core.monitor.assign(logs.bounds)
    core.commit()
    core.load()
    core.monitor.assign(logs.bounds)
    core.commit(finish=True)
    return core


def counted(core: Core, stream: Stream, layout: Layout | None = None) -> dict[str, int]:
    """Events over all stored panes by slice row, from the first field of the stream's part (labels: matched)."""
    if layout is None:
        assert core.ref is not None
        layout = core.ref.layout
    part = layout.part(stream)
    assert part is not None
    totals: dict[str, int] = {}
    for key, pane in core.store.saved.panes.items():
        if key.stream is stream:
            column = part.block("quality")
            for row, counts in zip(layout.slices.rows, pane, strict=True):
                cells = (
                    counts[part.fields[0].start : part.fields[0].stop]
                    if column is None
                    else counts[column.stop - 1 : column.stop]
                )
                totals[row] = totals.get(row, 0) + int(cells.sum())
    return {row: total for row, total in totals.items() if total}


def classes(core: Core, stream: Stream) -> dict[RecordClass, int]:
    return {why: count for (s, why), count in core.classes().items() if s is stream and count}


def panes(core: Core) -> dict[object, bytes]:
    return {key: pane.tobytes() for key, pane in core.store.saved.panes.items()}
