"""Versions whose reference is still being learned: their first records are kept until enough event time has passed (E10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from driftwatch.errors import ReferenceFileError
from driftwatch.events.block import Block
from driftwatch.events.classes import Stream
from driftwatch.events.order import AFTER_ALL, BEFORE_ALL
from driftwatch.events.records import RecordBatch
from driftwatch.monitor.plan import ModelPlan, subject_of
from driftwatch.references.build import build
from driftwatch.references.learn import Learner
from driftwatch.references.reference import Reference

EVENTS_MIN: Final = 100
"""Fewer events make no reference; as many as establish a version (E11)."""
_STREAMS: Final = (Stream.PREDICTIONS, Stream.LABELS)


class LearningState(msgspec.Struct):
    """What the checkpoint holds of a version that is being learned, beside its chunks."""

    first_ms: int = AFTER_ALL
    """Smallest event time seen."""
    last_ms: int = BEFORE_ALL
    """Greatest event time seen."""
    chunks: int = 0
    settled: bool = False
    """Whether a commit has passed since its first event. Labels are kept from then on only: whether one was read
    before or after that first event would depend on the interleaving of partitions (E1)."""


class Learning:
    """One version that is being learned."""

    def __init__(
        self, plan: ModelPlan, version: str, state: LearningState, chunks: Mapping[str, bytes]
    ) -> None:
        """`chunks` by the names that `changes` gave them."""
        self.version, self.state, self._plan = version, state, plan
        self._prefix = f"{plan.name}/learn/{version}/"
        self._learner = Learner.from_bytes(
            data for name, data in sorted(chunks.items()) if name.startswith(self._prefix)
        )

    def keep(self, stream: Stream, block: Block, batch: RecordBatch) -> None:
        """Offer a batch's events on time: predictions of this version, and all labels."""
        if stream is Stream.LABELS and not self.state.settled:
            return
        here = np.arange(len(block))
        if stream is Stream.PREDICTIONS:
            here = np.array([i for i, name in enumerate(block.versions) if name == self.version], np.int64)
        if not len(here):
            return
        part = block.select(here)
        if stream is Stream.PREDICTIONS:
            self.state.first_ms = min(self.state.first_ms, int(part.times_ms.min()))
            self.state.last_ms = max(self.state.last_ms, int(part.times_ms.max()))
        partitions = part.partitions.astype(np.int64)
        wanted = np.flatnonzero(self._learner.wanted(stream, part.ids, partitions, part.offsets))
        part = part.select(wanted)
        places = np.searchsorted(batch.offsets, part.offsets)
        at: list[int] = places.tolist()
        values = [batch.values[i] or b"" for i in at]
        stamps = batch.timestamps_ms[places]
        self._learner.add(stream, part.ids, partitions[wanted], part.offsets, stamps, values)

    def due(self, frontier_ms: int, learn_ms: int) -> bool:
        """Whether enough event time has passed since the first event."""
        return self.state.first_ms < AFTER_ALL and frontier_ms >= self.state.first_ms + learn_ms

    def over(self, frontier_ms: int, learn_ms: int) -> bool:
        """Whether nothing of the version has come for as long as learning takes: it was a passing visitor."""
        return self.state.last_ms < frontier_ms - learn_ms

    def postpone(self, frontier_ms: int) -> None:
        """Go on learning for as long again: what was kept makes no reference yet."""
        self.state.first_ms = frontier_ms

    def learn(self, created_ms: int) -> Reference:
        """The reference of what was kept; raises ReferenceFileError where that makes none."""
        if len(self._learner) < EVENTS_MIN:
            raise ReferenceFileError(f"version {self.version}: fewer than {EVENTS_MIN} events were seen")
        topics = {stream: plan.topic for stream, plan in self._plan.streams.items() if stream in _STREAMS}
        built = build(
            subject_of(self._plan.spec),
            lambda: self._learner.batches(topics),
            version="*",
            source=f"learned from version {self.version}",
            created_ms=created_ms,
        )
        return built.reference

    def changes(self) -> dict[str, bytes | None]:
        """New chunks to store."""
        new = self._learner.take_new()
        if new is None:
            return {}
        self.state.chunks += 1
        return {f"{self._prefix}{self.state.chunks:09d}": new}

    def forget(self) -> dict[str, bytes | None]:
        """Delete all chunks: the reference is learned."""
        return {f"{self._prefix}{number:09d}": None for number in range(1, self.state.chunks + 1)}
