"""Replay: files or topic ranges through the same core as the daemon's, in event-time order, without a clock or effects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.alerts.notifications import Notification
from driftwatch.app import model_plans
from driftwatch.config.load import Loaded
from driftwatch.drift.reading import Reading
from driftwatch.errors import ConfigurationError
from driftwatch.events.classes import Stream
from driftwatch.events.decode import Decoder
from driftwatch.events.memory_joins import MemoryJoinTables
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.facts import AlertChanged, EpisodeChanged
from driftwatch.monitor.changes import Saved
from driftwatch.monitor.monitor import Inputs, Monitor, Outcome
from driftwatch.monitor.plan import ModelPlan
from driftwatch.monitor.snapshot import RuleView, Snapshot
from driftwatch.source.files import CHUNK_ROWS, FileStream
from driftwatch.source.ordered import NO_TIME_MS, Times, in_time_order
from driftwatch.source.topic_range import TopicRange

KAFKA: Final = "kafka:"
_KEY: Final = b"driftwatch repla"
_COMMIT_RECORDS: Final = 20_000
"""Records between two commits of a replay: only how often panes close, not what is in them."""


@dataclass(frozen=True, slots=True)
class Step:
    """What one commit of a replay brought."""

    readings: list[tuple[Reading, tuple[RuleView, ...]]]
    facts: list[AlertChanged | EpisodeChanged]
    notifications: list[Notification]
    records: int
    """Records read so far."""


@dataclass(slots=True)
class Replay:
    """One run over given inputs; iterate it once. `snapshot` and `notes` say at the end what became of the records."""

    loaded: Loaded
    given: Mapping[str, str]
    """Topic → path of a file, `kafka:` (that topic) or `kafka:TOPIC`."""
    from_ms: int | None = None
    """Topics: only records stamped at or after this; files are read whole."""
    to_ms: int | None = None
    """Topics: only records stamped before this."""
    change: Callable[[RecordBatch], RecordBatch] | None = None
    """Applied to every batch before it is read: what a backtest puts into history."""
    snapshot: Snapshot | None = None
    notes: list[str] = field(default_factory=list[str])
    files: list[FileStream] = field(default_factory=list[FileStream])

    @property
    def total_bytes(self) -> int:
        """Bytes of all files, for a progress bar."""
        return sum(file.progress.total_bytes for file in self.files)

    @property
    def read_bytes(self) -> int:
        """Bytes of the files that were read so far."""
        return sum(file.progress.read_bytes for file in self.files)

    def steps(self) -> Iterator[Step]:
        """Read everything; raises SourceError where an input cannot be read, ConfigurationError for a wrong topic."""
        plans = model_plans(self.loaded)
        self._check(plans)
        joins = MemoryJoinTables()
        nothing = Saved(0, {}, {}, {}, {}, {})
        monitor = Monitor(plans, nothing, joins, _KEY, keep_readings=True)
        with ExitStack() as stack:
            inputs = self._inputs(plans, stack)
            monitor.assign(dict.fromkeys(inputs, (0, 1)))
            missing = set(monitor.topics) - self.given.keys()
            monitor.assign({Partition(topic, 0): (0, 0) for topic in missing})
            yield from self._run(monitor, joins, plans, list(inputs.values()))
        self.snapshot = monitor.snapshot(1)

    def _run(
        self,
        monitor: Monitor,
        joins: MemoryJoinTables,
        plans: Sequence[ModelPlan],
        inputs: Sequence[Iterable[RecordBatch]],
    ) -> Iterator[Step]:
        records = since = 0
        span_ms = min(window.slide_ms for plan in plans for window in plan.windows)
        for batch in in_time_order(inputs, event_times(plans), span_ms):
            monitor.ingest(self.change(batch) if self.change else batch)
            records, since = records + len(batch), since + len(batch)
            if since >= _COMMIT_RECORDS or monitor.held:
                yield _step(monitor.commit(Inputs()), records)
                joins.commit()
                monitor.take_held()
                since = 0
        while monitor.held:  # whoever has nothing left must not hold back the others
            yield _step(monitor.commit(Inputs(idle=frozenset(monitor.offsets) - monitor.held)), records)
            joins.commit()
            monitor.take_held()
        yield _step(monitor.commit(Inputs(finish=True)), records)

    def _check(self, plans: Sequence[ModelPlan]) -> None:
        topics = sorted({stream.topic for plan in plans for stream in plan.streams.values()})
        for topic in self.given:
            if topic not in topics:
                raise ConfigurationError(
                    f"no model of the configuration reads the topic {topic!r}; it has {', '.join(topics)}"
                )

    def _inputs(self, plans: Sequence[ModelPlan], stack: ExitStack) -> dict[Partition, Iterable[RecordBatch]]:
        made: dict[Partition, Iterable[RecordBatch]] = {}
        for topic, where in self.given.items():
            if where.startswith(KAFKA):
                of = where.removeprefix(KAFKA) or topic
                kafka = self.loaded.configuration.kafka
                found = TopicRange(kafka, of, from_ms=self.from_ms, to_ms=self.to_ms)
                stack.callback(found.close)
                for partition, batches in zip(sorted(found.bounds), found.partitions(), strict=True):
                    made[Partition(topic, partition.number)] = _renamed(batches, topic)
            else:
                file = FileStream(topic, Path(where))
                self.files.append(file)
                made[file.partition] = self._file(plans, file)
        return made

    def _file(self, plans: Sequence[ModelPlan], file: FileStream) -> Iterable[RecordBatch]:
        """A file of labels without times of their own takes its predictions' times, if those are in a file too."""
        topic = file.partition.topic
        for plan in plans:
            labels, predictions = plan.streams.get(Stream.LABELS), plan.streams[Stream.PREDICTIONS]
            if labels is None or labels.topic != topic or labels.reading.time is not None:
                continue
            source = self.given.get(predictions.topic, KAFKA)
            if topic == predictions.topic or source.startswith(KAFKA):
                continue
            self.notes.append(f"{topic}: labels carry no time; each counts at the time of its prediction")
            times = _prediction_times(predictions.reading, FileStream(predictions.topic, Path(source)))
            return _timed_labels(labels.reading, file, times)
        return file


def _step(outcome: Outcome, records: int) -> Step:
    facts = [fact for fact in outcome.facts if isinstance(fact, AlertChanged | EpisodeChanged)]
    return Step(outcome.readings, facts, outcome.changes.notifications, records)


def event_times(plans: Sequence[ModelPlan]) -> Times:
    """Event times of a batch as its first reader sees them: what puts several inputs in order."""
    decoders: dict[str, Decoder | None] = {}
    for plan in plans:
        for stream in plan.streams.values():
            decoders.setdefault(stream.topic, _time_decoder(stream.reading))

    def times(batch: RecordBatch) -> NDArray[np.int64]:
        decoder = decoders[batch.partition.topic]
        if decoder is None:
            return np.where(batch.timestamps_ms >= 0, batch.timestamps_ms, NO_TIME_MS)
        events = decoder.decode(batch)
        found = np.full(len(batch), NO_TIME_MS, np.int64)
        found[np.searchsorted(batch.offsets, events.offsets)] = events.times_ms
        return found

    return times


def _time_decoder(reading: StreamReading) -> Decoder | None:
    if reading.time is None:
        return None
    return Decoder(
        StreamReading(reading.model, reading.stream, time=reading.time, time_unit=reading.time_unit), _KEY
    )


def _renamed(batches: Iterable[RecordBatch], topic: str) -> Iterator[RecordBatch]:
    """Records of any topic as if they lay in the configured one."""
    return (replace(batch, partition=Partition(topic, batch.partition.number)) for batch in batches)


def _prediction_times(
    reading: StreamReading, file: FileStream
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(ids, times) of a file of predictions, ascending by id; the first time of an id."""
    slim = StreamReading(
        reading.model, reading.stream, id=reading.id, time=reading.time, time_unit=reading.time_unit
    )
    decoder = Decoder(slim, _KEY)
    events = [decoder.decode(batch) for batch in file]
    ids = np.concatenate([e.ids for e in events]) if events else np.empty(0, np.int64)
    times_ms = np.concatenate([e.times_ms for e in events]) if events else np.empty(0, np.int64)
    known, first = np.unique(ids, return_index=True)
    return known, times_ms[first]


def _timed_labels(
    reading: StreamReading, file: FileStream, known: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> Iterator[RecordBatch]:
    """The labels in the order of their predictions' times, which become their record timestamps.

    Labels of no known prediction come last; their class will be `unmatched`.
    """
    ids, times_ms = known
    decoder = Decoder(StreamReading(reading.model, reading.stream, id=reading.id), _KEY)
    rows: list[tuple[int, bytes | None]] = []
    last_ms = int(times_ms.max(initial=0))
    for batch in file:
        events = decoder.decode(replace(batch, timestamps_ms=np.zeros(len(batch), np.int64)))
        stamps = np.full(len(batch), last_ms, np.int64)
        if len(ids):
            places = np.minimum(np.searchsorted(ids, events.ids), len(ids) - 1)
            found = np.where(ids[places] == events.ids, times_ms[places], last_ms)
            stamps[np.searchsorted(batch.offsets, events.offsets)] = found
        rows += zip(stamps.tolist(), batch.values, strict=True)
    rows.sort(key=lambda row: row[0])
    for start in range(0, len(rows), CHUNK_ROWS):
        part = rows[start : start + CHUNK_ROWS]
        offsets = np.arange(start, start + len(part))
        stamps = np.array([stamp for stamp, _ in part], np.int64)
        yield RecordBatch(file.partition, offsets, stamps, [v for _, v in part], start + len(part))
