"""One stream of one model as it flows in: decoded, ordered by its partitions' logs, gathered into blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.block import Block
from driftwatch.events.classes import CODE, RecordClass, Stream
from driftwatch.events.columns import DeadLetter, Events
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
from driftwatch.events.sampling import Candidate, Sampler
from driftwatch.monitor.plan import ModelPlan, StreamPlan
from driftwatch.monitor.tally import Tally

_ACCEPTED = CODE[RecordClass.ACCEPTED]


@dataclass(frozen=True, slots=True)
class PaneGrid:
    """Where panes lie, and how many of a stream may be open at once."""

    width_ms: int
    origin_ms: int
    open_max: int

    def starts_ms(self, times_ms: NDArray[np.int64]) -> NDArray[np.int64]:
        """Start of the pane of each time."""
        return times_ms - (times_ms - self.origin_ms) % self.width_ms


class Inflow:
    """What has been read and not yet counted, and how far each partition has come."""

    def __init__(
        self,
        stream: Stream,
        plan: StreamPlan,
        hash_key: bytes,
        *,
        max_future_ms: int,
        max_jump_ms: int,
        panes: PaneGrid | None = None,
    ) -> None:
        """`panes` bounds how many may be open at once; None where events wait outside of panes (labels)."""
        self.stream = stream
        self._panes = panes
        self._open: set[int] = set()
        """Starts of panes above the frontier in which something was taken."""
        self._decoded: tuple[RecordBatch, Events] | None = None
        self.plan = plan
        self.orders: dict[int, PartitionOrder] = {}
        self.frontier_ms = BEFORE_ALL
        """As of the last commit: only commits move it (E1)."""
        self.reached_ms = BEFORE_ALL
        """The greatest time of an event that was taken on time."""
        self.letters: list[DeadLetter] = []
        self._sampler = Sampler(plan.reading) if panes is not None else None
        self._candidates: list[Candidate] = []
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
        self._sampler = Sampler(plan.reading) if self._panes is not None else None
        self._candidates = []
        self._decoded = None  # a held batch that was looked at is read again

    def meet(self, place: int, *, empty: bool) -> bool:
        """A partition of this stream exists; a non-empty one is active from before all times on (E4).

        One that is added later can hold nothing below what is closed already. Answers whether it is new.
        """
        new = place not in self.orders
        self.orders.setdefault(place, PartitionOrder(floor_ms=self.frontier_ms, idle=empty))
        return new

    def activate(self, place: int) -> None:
        """An idle partition is active again: nothing of it may count below what is closed (E4)."""
        order = self._order(place)
        if order.idle:
            self.orders[place] = msgspec.structs.replace(order, idle=False, floor_ms=self.frontier_ms)

    def restore(
        self, orders: Mapping[int, PartitionOrder], frontier_ms: int, reached_ms: int = BEFORE_ALL
    ) -> None:
        """Continue at a commit; whatever the lateness is now, nothing below its frontier can count any more."""
        self.frontier_ms, self.reached_ms = frontier_ms, reached_ms
        self.orders = {
            place: msgspec.structs.replace(order, floor_ms=max(order.floor_ms, frontier_ms))
            for place, order in orders.items()
        }

    def room(self, batch: RecordBatch, place: int) -> int:
        """How many of the batch's first records may be taken before a commit has to close panes."""
        if self._panes is None or not len(batch):
            return len(batch)
        events = self._decode(batch)
        starts = self._panes.starts_ms(events.times_ms)
        new = set(np.unique(starts).tolist()) - self._open
        if len(self._open) + len(new) <= self._panes.open_max:
            return len(batch)
        codes, _ = self._judge(self._order(place), events)
        opened: set[int] = set()
        accepted: list[int] = np.flatnonzero(codes == _ACCEPTED).tolist()
        for i in accepted:
            start = int(starts[i])
            if start not in self._open:
                opened.add(start)
                if len(self._open) + len(opened) > self._panes.open_max:
                    return int(np.count_nonzero(batch.offsets < events.offsets[i]))
        return len(batch)

    def furthest_behind(self) -> set[int]:
        """The active partitions that hold the stream where it is."""
        late_ms = self.plan.lateness_ms
        active = {place: order.frontier_ms(late_ms) for place, order in self.orders.items() if not order.idle}
        slowest = min(active.values(), default=AFTER_ALL)
        return {place for place, frontier_ms in active.items() if frontier_ms == slowest}

    def presses(self, place: int) -> bool:
        """Whether there is no room for a pane, and none will be made unless this partition goes on."""
        if self._panes is None or len(self._open) < self._panes.open_max:
            return False
        behind = self.furthest_behind()
        return not behind or place in behind or place not in self.orders

    def _order(self, place: int) -> PartitionOrder:
        return self.orders.get(place) or PartitionOrder(floor_ms=self.frontier_ms)

    def _decode(self, batch: RecordBatch) -> Events:
        if self._decoded is None or self._decoded[0] is not batch:
            self._decoded = batch, self._decoder.decode(batch)
        return self._decoded[1]

    def _judge(self, order: PartitionOrder, events: Events) -> tuple[NDArray[np.int64], PartitionOrder]:
        """Class codes of the events; records that passed by move the running maximum too: it is the partition's."""
        passed = events.passed
        if passed is None:
            return self._judge_times(order, events.times_ms, events.timestamps_ms)
        log = np.argsort(np.concatenate((events.offsets, passed.offsets)))
        times = np.concatenate((events.times_ms, passed.times_ms))[log]
        stamps = np.concatenate((events.timestamps_ms, passed.timestamps_ms))[log]
        codes, after = self._judge_times(order, times, stamps)
        return codes[np.argsort(log)][: len(events)], after

    def _judge_times(
        self, order: PartitionOrder, times_ms: NDArray[np.int64], timestamps_ms: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], PartitionOrder]:
        return judge_times(
            order,
            times_ms,
            timestamps_ms,
            lateness_ms=self.plan.lateness_ms,
            max_future_ms=self._future_ms,
            max_jump_ms=self._jump_ms,
        )

    def take(self, batch: RecordBatch, place: int, tally: Tally) -> tuple[Block, bool]:
        """Decode and order a batch: the events on time, and whether its partition was idle and is active again."""
        returned = self._order(place).idle and len(batch) > 0
        if returned:
            self.activate(place)
        events = self._decode(batch)
        self._decoded = None
        codes, self.orders[place] = self._judge(self._order(place), events)
        for why, count in events.rejected.items():
            tally.add(self.stream, place, why, count)
        self.letters.extend(events.dead_letters)
        on_time = codes == _ACCEPTED
        block = Block.of(events, place)
        if not on_time.all():
            tally.add_codes(self.stream, block.partitions[~on_time], codes[~on_time])
            block = block.select(np.flatnonzero(on_time))
        if len(block):
            self.reached_ms = max(self.reached_ms, int(block.times_ms.max()))
            if self._panes is not None:
                starts_ms = self._panes.starts_ms(block.times_ms)
                self._open.update(starts_ms.tolist())
                if self._sampler is not None:
                    self._candidates.extend(self._sampler.look(batch, block, starts_ms))
            self._blocks.append(block)
            self.buffered += len(block)
        return block, returned

    def drain(self) -> Block | None:
        """All events on time since the last call, each partition's in order."""
        blocks, self._blocks, self.buffered = self._blocks, [], 0
        return Block.joined(blocks) if blocks else None

    def take_candidates(self) -> list[Candidate]:
        """Records since the last call that may be kept as examples of their panes."""
        candidates, self._candidates = self._candidates, []
        return candidates

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
        if self._panes is not None:
            self._open = {start for start in self._open if start + self._panes.width_ms > self.frontier_ms}
            if self._sampler is not None:
                self._sampler.forget(self.frontier_ms - self._panes.width_ms)
        return self.frontier_ms

    def finish(self) -> None:
        """The inputs ended for good (files): everything is decided."""
        self.frontier_ms = AFTER_ALL

    @property
    def stands_still(self) -> bool:
        """Whether no partition is active (E4)."""
        return all(order.idle for order in self.orders.values())

    def pass_over(self, before_ms: int) -> None:
        """Standing still, give up what lies before: what it would join or repeat is about to be forgotten."""
        self.frontier_ms = max(self.frontier_ms, before_ms)

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
        return {p for p, o in self.orders.items() if not o.idle and o.running_ms > limit_ms}


def inflow_of(plan: ModelPlan, stream: Stream, hash_key: bytes) -> Inflow:
    """How a stream of this model flows in; labels wait outside of panes."""
    spec = plan.spec
    width_ms = min(window.slide_ms for window in plan.windows)
    grid = PaneGrid(width_ms, spec.origin_ms, spec.open_panes(stream, plan.max_future_ms))
    return Inflow(
        stream,
        plan.streams[stream],
        hash_key,
        max_future_ms=plan.max_future_ms,
        max_jump_ms=plan.max_jump_ms,
        panes=None if stream is Stream.LABELS else grid,
    )
