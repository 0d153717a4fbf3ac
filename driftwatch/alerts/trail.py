"""Where the logs stood as event time went on: which offsets hold the data of a stretch of event time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from driftwatch.alerts.messages import DriftedData, OffsetRange
from driftwatch.events.records import Partition

ENTRIES_MAX: Final = 256


class Mark(msgspec.Struct, frozen=True):
    """The next offsets of all partitions at the moment at which event time had come this far."""

    newest_ms: int
    """The greatest event time read so far, over all partitions."""
    offsets: tuple[tuple[str, int, int], ...]
    """(topic, partition, next offset), in order."""


class Trail(msgspec.Struct, frozen=True):
    """Marks of one model, the oldest first; when there are too many, every second of the older half goes."""

    marks: tuple[Mark, ...] = ()

    def add(self, newest_ms: int, offsets: Mapping[Partition, int]) -> Trail:
        """Remember where the logs stand now; call it once per commit that closes a pane."""
        rows = tuple(sorted((p.topic, p.number, offset) for p, offset in offsets.items()))
        newest_ms = max(newest_ms, self.marks[-1].newest_ms) if self.marks else newest_ms
        return Trail(_thinned((*self.marks, Mark(newest_ms, rows))))

    def data(self, start_ms: int, end_ms: int) -> DriftedData:
        """Offsets that hold every counted record of `start_ms <= event time < end_ms`, and some before and after it.

        The end is where the logs stand now: the range is final when it is asked for. A partition without a
        mark before the start begins at offset 0 or at the first one that is kept.
        """
        if not self.marks:
            return DriftedData(start_ms, end_ms)
        before = [mark for mark in self.marks if mark.newest_ms < start_ms]
        first = {(topic, number): offset for topic, number, offset in before[-1].offsets} if before else {}
        ranges = (
            OffsetRange(topic, number, first.get((topic, number), 0), offset)
            for topic, number, offset in self.marks[-1].offsets
        )
        return DriftedData(start_ms, end_ms, tuple(ranges))


def _thinned(marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
    if len(marks) <= ENTRIES_MAX:
        return marks
    half = ENTRIES_MAX // 2
    return marks[:half:2] + marks[half:]
