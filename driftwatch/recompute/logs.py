"""The topics as a recomputation reads them: each partition on its own, forward only, up to any offset."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch

Open = Callable[[Mapping[Partition, tuple[int, int]]], Mapping[Partition, Iterator[RecordBatch]]]
"""Opens partitions between (first, end) offsets; SourceError where that cannot be read."""


class Logs:
    """Every partition between the offset at which counting began and that of the checkpoint."""

    def __init__(self, first: Mapping[Partition, int], end: Mapping[Partition, int], open_: Open) -> None:
        self.position: dict[Partition, int] = dict(first)
        self._end = dict(end)
        self._read = open_({p: (first[p], end[p]) for p in first if end[p] > first[p]})
        self._rest: dict[Partition, RecordBatch] = {}

    @property
    def left(self) -> int:
        """Offsets that are still to be read."""
        return sum(end - self.position.get(partition, end) for partition, end in self._end.items())

    def upto(self, offsets: Mapping[Partition, int]) -> Iterator[RecordBatch]:
        """All records of all partitions below these offsets that were not handed over yet."""
        for partition, end in sorted(offsets.items()):
            while self.position.get(partition, end) < end:
                batch = self._next(partition, end)
                if batch is None:
                    self.position[partition] = end  # only control records lie between
                    break
                self.position[partition] = batch.next_offset
                yield batch

    def _next(self, partition: Partition, end: int) -> RecordBatch | None:
        batch = self._rest.pop(partition, None) or self._fetch(partition)
        if batch is None:
            return None
        count = int((batch.offsets < end).sum())
        if count == len(batch):
            return batch
        if count == 0:
            self._rest[partition] = batch
            return None
        head, self._rest[partition] = batch.split(count)
        return head

    def _fetch(self, partition: Partition) -> RecordBatch | None:
        source = self._read.get(partition)
        if source is None:
            raise SourceError(
                f"{partition.topic}-{partition.number} is named by the journal and was not opened"
            )
        return next((batch for batch in source if len(batch)), None)
