"""One stream of one model as it flows in: decoded, ordered by its partitions' logs, gathered into blocks."""

from __future__ import annotations

import msgspec
import numpy as np

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass, Stream
from driftwatch.events.columns import DeadLetter
from driftwatch.events.decode import Decoder
from driftwatch.events.order import (
    AFTER_ALL,
    BEFORE_ALL,
    PartitionOrder,
    holding_ms,
    judge_times,
    stream_frontier_ms,
)
from driftwatch.events.records import RecordBatch
from driftwatch.monitor.plan import StreamPlan
from driftwatch.monitor.tally import Tally

_ACCEPTED = CODE[RecordClass.ACCEPTED]


class Inflow:
    """What has been read and not yet counted, and how far each partition has come."""

    def __init__(
        self, stream: Stream, plan: StreamPlan, hash_key: bytes, *, max_future_ms: int, max_jump_ms: int
    ) -> None:
        self.stream = stream
        self.plan = plan
        self.orders: dict[int, PartitionOrder] = {}
        self.frontier_ms = BEFORE_ALL
        """As of the last commit: only commits move it (E1)."""
        self.letters: list[DeadLetter] = []
        self._decoder = Decoder(plan.reading, hash_key)
        self._future_ms, self._jump_ms = max_future_ms, max_jump_ms
        self._key = hash_key
        self._blocks: list[Block] = []
        self.buffered = 0

    def replan(self, plan: StreamPlan) -> None:
        """Read other fields from now on; what was read before must have been drained."""
        assert not self._blocks, "blocks of two plans have different columns"
        self.plan = plan
        self._decoder = Decoder(plan.reading, self._key)

    def meet(self, place: int, *, empty: bool) -> None:
        """A partition of this stream exists; a non-empty one is active from before all times on (E4)."""
        self.orders.setdefault(place, PartitionOrder(idle=empty))

    def take(self, batch: RecordBatch, place: int, tally: Tally) -> tuple[Block, bool]:
        """Decode and order a batch: the events on time, and whether its partition was idle and is active again."""
        order = self.orders.get(place, PartitionOrder())
        returned = order.idle and len(batch) > 0
        if returned:
            order = msgspec.structs.replace(order, idle=False, floor_ms=self.frontier_ms)
        events = self._decoder.decode(batch)
        codes, self.orders[place] = judge_times(
            order,
            events.times_ms,
            events.timestamps_ms,
            lateness_ms=self.plan.lateness_ms,
            max_future_ms=self._future_ms,
            max_jump_ms=self._jump_ms,
        )
        for why, count in events.rejected.items():
            tally.add(self.stream, place, why, count)
        self.letters.extend(events.dead_letters)
        on_time = codes == _ACCEPTED
        block = Block.of(events, place)
        if not on_time.all():
            tally.add_codes(self.stream, block.partitions[~on_time], codes[~on_time])
            block = block.select(np.flatnonzero(on_time))
        if len(block):
            self._blocks.append(block)
            self.buffered += len(block)
        return block, returned

    def drain(self) -> Block | None:
        """All events on time since the last call, each partition's in order."""
        blocks, self._blocks, self.buffered = self._blocks, [], 0
        return Block.joined(blocks) if blocks else None

    def set_idle(self, idle: frozenset[int]) -> list[tuple[int, bool]]:
        """Partitions that begin to be idle; those that return do so with their first record."""
        changed: list[tuple[int, bool]] = []
        for place, order in self.orders.items():
            if place in idle and not order.idle:
                self.orders[place] = msgspec.structs.replace(order, idle=True)
                changed.append((place, True))
        return changed

    def advance(self) -> int:
        """Move the frontier to where the partitions stand, and return it."""
        orders = list(self.orders.values())
        self.frontier_ms = stream_frontier_ms(orders, self.plan.lateness_ms, self.frontier_ms)
        return self.frontier_ms

    def finish(self) -> None:
        """The inputs ended for good (files): everything is decided."""
        self.frontier_ms = AFTER_ALL

    @property
    def holding_ms(self) -> int:
        """The frontier as other streams respect it."""
        if self.frontier_ms == AFTER_ALL:
            return AFTER_ALL
        return holding_ms(list(self.orders.values()), self.frontier_ms)

    @property
    def newest_ms(self) -> int:
        """The greatest running maximum of its partitions."""
        return max((order.running_ms for order in self.orders.values()), default=BEFORE_ALL)

    def ahead(self, skew_ms: int) -> set[int]:
        """Partitions that are ahead of the stream's frontier by more than lateness + skew: to be paused (E7)."""
        orders = list(self.orders.values())
        reached = stream_frontier_ms(orders, self.plan.lateness_ms, self.frontier_ms)
        limit_ms = reached + self.plan.lateness_ms + skew_ms
        active = sum(not order.idle for order in orders)
        return {p for p, o in self.orders.items() if active > 1 and not o.idle and o.running_ms > limit_ms}
