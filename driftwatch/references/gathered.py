"""The reference's events of one stream as columns, without repetitions, and joined by id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block
from driftwatch.events.classes import RecordClass
from driftwatch.events.decode import Decoder
from driftwatch.events.matching import duplicates_inside
from driftwatch.events.reading import StreamReading
from driftwatch.events.records import Partition, RecordBatch

Ints = NDArray[np.int64]

ID_KEY = b"driftwatch refer"
"""Key of the id hash while a reference is built: ids only meet inside one build."""


class Gathered:
    """Decodes batches of one stream and keeps what they hold."""

    def __init__(self, reading: StreamReading) -> None:
        self.reading = reading
        self.timed = True
        """Whether every event has a time, its own or its record's."""
        self.rejected: Counter[RecordClass] = Counter()
        self._decoder = Decoder(reading, ID_KEY)
        self._blocks: list[Block] = []
        self._partitions: dict[Partition, int] = {}

    def add(self, batch: RecordBatch) -> None:
        """Decode one batch; records without any time count as of moment 0."""
        if self.reading.time is None and bool((batch.timestamps_ms < 0).any()):
            self.timed = False
            batch = replace(batch, timestamps_ms=np.maximum(batch.timestamps_ms, 0))
        events = self._decoder.decode(batch)
        self.rejected.update(events.rejected)
        place = self._partitions.setdefault(batch.partition, len(self._partitions))
        if len(events):
            self._blocks.append(Block.of(events, place))

    def block(self, version: str, generation_ms: int) -> Block | None:
        """All events of matching versions, each once (E3: same id and partition, near in time); None if there are none."""
        if not self._blocks:
            return None
        block = Block.joined(self._blocks)
        if self.reading.version is not None and version != "*":
            matching = {name for name in set(block.versions) if fnmatchcase(name, version)}
            block = block.select(_places(name in matching for name in block.versions))
        if self.reading.id is not None:
            generations = block.times_ms // generation_ms
            again = duplicates_inside(block.ids, block.partitions.astype(np.int64), generations) >= 0
            self.rejected[RecordClass.DUPLICATE] += int(again.sum())
            block = block.select(np.flatnonzero(~again))
        return block if len(block) else None


def find(ids: Ints, times_ms: Ints, among: Block, *, before_ms: int, after_ms: int) -> Ints:
    """int64[n]: for each id and time t the position in `among` with that id and a time in [t − before, t + after], or -1.

    Of several the smallest (time, partition, offset) (E2).
    """
    order = np.lexsort((among.offsets, among.partitions, among.times_ms, among.ids))
    known_ids, known_ms = among.ids[order], among.times_ms[order]
    found = np.searchsorted(known_ids, ids, side="left")
    stop = np.searchsorted(known_ids, ids, side="right")
    while (
        early := (found < stop) & (known_ms[np.minimum(found, len(order) - 1)] < times_ms - before_ms)
    ).any():
        found[early] += 1
    place = np.minimum(found, len(order) - 1)
    fits = (found < stop) & (known_ms[place] <= times_ms + after_ms)
    return np.where(fits, order[place], -1)


def texts_at(texts: list[str | None], places: Ints) -> list[str | None]:
    """The texts at these positions; None where the position is -1."""
    return [texts[place] if place >= 0 else None for place in places.tolist()]


def _places(kept: Iterable[bool]) -> Ints:
    return np.flatnonzero(np.fromiter(kept, np.bool_))
