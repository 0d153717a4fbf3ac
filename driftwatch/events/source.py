"""The port through which the loop reads records: what every edge (kafka-python, confluent, files, memory) offers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from driftwatch.events.records import Partition, RecordBatch


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought: records, and whether the assignment changed since the last poll."""

    batches: list[RecordBatch] = field(default_factory=list[RecordBatch])
    assigned: frozenset[Partition] | None = None
    """The new whole assignment, whenever it was dealt anew (even with the same partitions): positions stand at the
    last commit again (E16), so memory beyond it must go. Such a poll brings no records. Empty: none, or standing by."""
    lost: bool = False
    """Partitions were taken away without a chance to commit: drop memory, reload the last commit."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition stands, for idleness (E4) and lag."""

    position: int
    """Next offset to be handed over."""
    end_offset: int
    """Last stable offset under read_committed; the log's end for files and memory."""
    high_watermark: int


class Source(Protocol):
    """A subscription to topics. One thread owns it. Offsets to resume from are ours, never Kafka's (E16)."""

    def start(self, topics: list[str], committed: Mapping[Partition, int]) -> None:
        """Subscribe; at every assignment seek to `committed` (a partition without an entry: where the spec begins).

        Returns at once, also while brokers are away: `poll` connects. After a FencedError it can be called again.
        """
        ...

    def poll(self, timeout_s: float) -> Polled:
        """Records that arrived, at most about one fetch per partition; returns early with records.

        Brokers being away is not an error: an empty answer. Raises SourceError when a person is needed
        (offset out of range, topic gone, not authorised), FencedError when this member was replaced.
        """
        ...

    def bounds(self, topics: list[str]) -> dict[Partition, tuple[int, int]]:
        """(first offset, end offset) of every partition of these topics; empty while the brokers are away.

        Raises SourceError if a topic does not exist.
        """
        ...

    def identities(self, topics: list[str]) -> dict[str, str]:
        """What tells a topic from one of the same name that is made later; absent where that is not known."""
        ...

    def standing(self) -> dict[Partition, Standing]:
        """Standing of each assigned partition that was reached; a partition that cannot be reached is absent."""
        ...

    def pause(self, partitions: set[Partition]) -> None:
        """Hand over nothing from exactly these partitions (the whole set, not an addition) until called again."""
        ...

    def commit(self, offsets: Mapping[Partition, int]) -> None:
        """After a checkpoint: remember as the new resume positions and write to Kafka, synchronously (the fence).

        Raises FencedError if the group refuses this member; a broker that is away is not an error (False is not
        returned: the checkpoint is the truth, Kafka's copy follows later).
        """
        ...

    def connected(self) -> bool:
        """Whether the last fetch or metadata exchange succeeded (readiness)."""
        ...

    def standing_by(self) -> str | None:
        """Why nothing is consumed although all is well: another member works in the group, named by host (E17)."""
        ...

    def close(self) -> None:
        """Leave cleanly; a static member stays in the group until its session ends."""
        ...
