"""What happens on kafka-python's own I/O thread when partitions are dealt anew: seek, pause, set flags, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from driftwatch.events.records import Partition
from driftwatch.source.kafka_library import ConsumerRebalanceListener


class Dealt(NamedTuple):
    """What changed since it was asked last."""

    assigned: frozenset[Partition] | None
    lost: bool


class SeekToCommit(ConsumerRebalanceListener):
    """Puts every assigned partition back to the last commit (E16); holds an in-memory copy of it.

    `position()`, `end_offsets()` and SQLite raise on this thread. All partitions are paused here, so that no record
    arrives before the loop's thread has looked at the new assignment.
    """

    def __init__(self, consumer: Any, committed: Mapping[Partition, int]) -> None:
        self._consumer = consumer
        self.committed = dict(committed)
        self._assigned: frozenset[Partition] | None = None
        self._lost = False

    def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """Nothing: the loop's memory stays valid up to the next assignment."""

    def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Seek to the last commit, never to Kafka's copy of it; partitions added later begin at their beginning."""
        for tp in assigned:
            offset = self.committed.get(Partition(tp.topic, tp.partition))
            if offset is None:
                self._consumer.seek_to_beginning(tp)
            else:
                self._consumer.seek(tp, offset)
            self._consumer.pause(tp)
        self._assigned = frozenset(Partition(tp.topic, tp.partition) for tp in assigned)

    def on_partitions_lost(self, lost: Iterable[Any]) -> None:
        """The group ended our membership."""
        self._lost = True
        self._assigned = frozenset()

    def take(self) -> Dealt:
        """What changed since the last call; called by the loop's thread while the I/O thread is not rebalancing."""
        dealt = Dealt(self._assigned, self._lost)
        self._assigned, self._lost = None, False
        return dealt
