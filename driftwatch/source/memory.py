"""A source in memory, the twin of the Kafka edges: logs that a test appends to, and every mishap on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from driftwatch.errors import FencedError, OffsetsGoneError, SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.events.source import Polled, Standing
from driftwatch.source.beginnings import beginnings


@dataclass(frozen=True, slots=True)
class _Entry:
    offset: int
    timestamp_ms: int
    value: bytes | None


@dataclass(slots=True)
class MemoryLog:
    """The log of one partition: offsets ascend, with gaps where control records or compacted ones would be."""

    entries: list[_Entry] = field(default_factory=list[_Entry])
    first: int = 0
    high_watermark: int = 0
    open_from: int | None = None
    """First offset of an open transaction: nothing from here on is handed over."""

    @property
    def stable(self) -> int:
        """Last stable offset: the end for read_committed."""
        return self.high_watermark if self.open_from is None else self.open_from


class MemorySource:
    """Implements the port over `logs`; the methods below the port play the cluster."""

    def __init__(
        self,
        topics: Mapping[str, int],
        max_records: int = 5_000,
        start_at: str = "earliest",
        owner: str = "memory",
    ) -> None:
        """`topics` maps a topic to its number of partitions; a poll brings at most `max_records` per partition."""
        self.logs = {
            Partition(topic, n): MemoryLog() for topic, count in topics.items() for n in range(count)
        }
        self.owner = owner
        self.written: dict[Partition, int] = {}
        """Offsets as a lag tool would see them in Kafka."""
        self.made: dict[str, str] = {}
        """Identities of topics, where they have one."""
        self._max_records = max_records
        self._start_at = start_at
        self._topics: frozenset[str] = frozenset()
        self._committed: dict[Partition, int] = {}
        self._positions: dict[Partition, int] = {}
        self._assigned: frozenset[Partition] = frozenset()
        self._paused: frozenset[Partition] = frozenset()
        self._news: Polled | None = None
        self._away = False
        self._fenced = False
        self._waiting: str | None = None

    # -- the port --------------------------------------------------------------------------------

    def start(self, topics: list[str], committed: Mapping[Partition, int]) -> None:
        """See the port; the first poll brings the assignment of all partitions."""
        self._topics = frozenset(topics)
        self._committed = dict(committed)
        self._paused, self._fenced = frozenset(), False
        self._assigned = frozenset()
        self.assign()

    def poll(self, timeout_s: float) -> Polled:
        """See the port; never waits."""
        missing = self._topics - {partition.topic for partition in self.logs}
        if missing and not self._away:
            raise SourceError(f"no such topic: {', '.join(sorted(missing))}")
        if self._away:
            return Polled()
        if self._news is not None:
            news, self._news = self._news, None
            return news
        return Polled([b for p in sorted(self._assigned - self._paused) if (b := self._next(p)) is not None])

    def bounds(self, topics: list[str]) -> dict[Partition, tuple[int, int]]:
        """See the port."""
        if self._away:
            return {}
        if missing := set(topics) - {partition.topic for partition in self.logs}:
            raise SourceError(f"no such topic: {', '.join(sorted(missing))}")
        return {p: (log.first, log.stable) for p, log in self.logs.items() if p.topic in topics}

    def identities(self, topics: list[str]) -> dict[str, str]:
        """See the port: as many as `made` names."""
        return {topic: self.made[topic] for topic in topics if topic in self.made}

    def standing(self) -> dict[Partition, Standing]:
        """See the port."""
        if self._away or self._news is not None:
            return {}
        return {
            partition: Standing(self._positions[partition], log.stable, log.high_watermark)
            for partition in self._assigned
            if (log := self.logs.get(partition)) is not None
        }

    def pause(self, partitions: set[Partition]) -> None:
        """See the port."""
        self._paused = frozenset(partitions)

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """See the port."""
        self._committed |= offsets
        if self._fenced:
            raise FencedError("another process took this member's place")
        if not self._away:
            self.written |= {p: offset for p, offset in offsets.items() if p in self._assigned}

    def connected(self) -> bool:
        """See the port."""
        return not self._away

    def standing_by(self) -> str | None:
        """See the port."""
        return self._waiting

    def close(self) -> None:
        """See the port."""
        self._assigned = frozenset()

    # -- the cluster -----------------------------------------------------------------------------

    def append(self, topic: str, number: int, *values: bytes | None, timestamp_ms: int = -1) -> int:
        """Add records and return the offset of the last one."""
        log = self.logs[Partition(topic, number)]
        for value in values:
            log.entries.append(_Entry(log.high_watermark, timestamp_ms, value))
            log.high_watermark += 1
        return log.high_watermark - 1

    def skip(self, topic: str, number: int, count: int = 1) -> None:
        """Use up offsets without records, as control records and aborted transactions do."""
        self.logs[Partition(topic, number)].high_watermark += count

    def open_transaction(self, topic: str, number: int) -> None:
        """What is appended from now on becomes visible with `end_transaction`."""
        log = self.logs[Partition(topic, number)]
        log.open_from = log.high_watermark

    def end_transaction(self, topic: str, number: int, *, abort: bool) -> None:
        """Commit or abort; the marker uses up one offset."""
        log = self.logs[Partition(topic, number)]
        if abort:
            log.entries = [entry for entry in log.entries if entry.offset < log.stable]
        log.open_from = None
        log.high_watermark += 1

    def retain(self, topic: str, number: int, first: int) -> None:
        """Remove records below `first`, as retention does."""
        log = self.logs[Partition(topic, number)]
        log.first = first
        log.entries = [entry for entry in log.entries if entry.offset >= first]

    def assign(self, partitions: Iterable[Partition] | None = None, *, lost: bool = False) -> None:
        """Deal the partitions anew (None: all of the subscribed topics); positions go back to the last commit."""
        every = {partition for partition in self.logs if partition.topic in self._topics}
        new = frozenset(every if partitions is None else partitions)
        lost = lost or bool(self._assigned - new)
        self._assigned = new
        self._positions = {partition: self._begin(partition) for partition in new}
        self._news = Polled(assigned=new, lost=lost)

    def leave(self, *, away: bool) -> None:
        """The brokers go away, or come back."""
        self._away = away

    def fence(self) -> None:
        """Another process takes this member's place: the next commit is refused."""
        self._fenced = True

    def stand_by(self, reason: str | None) -> None:
        """Another member works in the group (a text), or left it (None)."""
        self._waiting = reason
        self.assign(frozenset() if reason else None)

    def _begin(self, partition: Partition) -> int:
        log = self.logs[partition]
        begun = beginnings({partition: (log.first, log.stable)}, self._committed, self._start_at)
        return (begun | self._committed)[partition]

    def _next(self, partition: Partition) -> RecordBatch | None:
        log, position = self.logs[partition], self._positions[partition]
        if not log.first <= position <= log.high_watermark:
            raise OffsetsGoneError(f"the stored offset is not in the log any more: {partition} at {position}")
        stable = (
            log.stable
        )  # once: another thread may append meanwhile, and what it adds must not be passed over
        some = [entry for entry in log.entries if position <= entry.offset < stable][: self._max_records]
        whole = not some or len(some) < self._max_records
        self._positions[partition] = stable if whole else some[-1].offset + 1
        if self._positions[partition] == position:
            return None
        return RecordBatch(
            partition,
            np.array([entry.offset for entry in some], np.int64),
            np.array([entry.timestamp_ms for entry in some], np.int64),
            [entry.value for entry in some],
            self._positions[partition],
        )
