"""Which events are on time: lateness and the poisoned-watermark rules, decided by a partition's own log (E2, E4, E6)."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import CODE, RecordClass

BEFORE_ALL: Final = -(2**62)
"""A running maximum or floor that lies before every time: nothing has been seen yet."""
AFTER_ALL: Final = 2**62


class PartitionOrder(msgspec.Struct, frozen=True):
    """How far one partition of one stream has come in event time."""

    running_ms: int = BEFORE_ALL
    """Running maximum of min(event time, record timestamp)."""
    floor_ms: int = BEFORE_ALL
    """Nothing below may count any more: the closed frontier at which an idle partition came back (E4)."""
    idle: bool = False

    def frontier_ms(self, lateness_ms: int) -> int:
        """Below this no event of the partition can be accepted any more."""
        return max(self.running_ms - lateness_ms, self.floor_ms)


def judge_times(
    order: PartitionOrder,
    times_ms: NDArray[np.int64],
    timestamps_ms: NDArray[np.int64],
    *,
    lateness_ms: int,
    max_future_ms: int,
    max_jump_ms: int,
) -> tuple[NDArray[np.int64], PartitionOrder]:
    """int64[n] class codes (`accepted`, `late`, `future`) of events in offset order, and the order after them.

    An event more than `max_future_ms` ahead of its record's timestamp is `future` and moves nothing. Events
    without a timestamp (files) move the running maximum by at most `max_jump_ms` at a time.
    """
    stamped = timestamps_ms >= 0
    future = stamped & (times_ms > timestamps_ms + max_future_ms)
    caps = np.where(stamped, np.minimum(times_ms, timestamps_ms), times_ms)
    caps[future] = BEFORE_ALL
    running = _running(order.running_ms, caps, stamped, max_jump_ms)
    before = np.concatenate(([order.running_ms], running[:-1]))
    late = times_ms < np.maximum(before - lateness_ms, order.floor_ms)
    codes = np.full(len(times_ms), CODE[RecordClass.ACCEPTED], np.int64)
    codes[late] = CODE[RecordClass.LATE]
    codes[future] = CODE[RecordClass.FUTURE]
    last = int(running[-1]) if len(running) else order.running_ms
    return codes, msgspec.structs.replace(order, running_ms=last)


def _running(
    start: int, caps: NDArray[np.int64], stamped: NDArray[np.bool_], max_jump_ms: int
) -> NDArray[np.int64]:
    running = np.maximum(np.maximum.accumulate(caps), start) if len(caps) else caps
    steps = np.diff(running, prepend=start if start > BEFORE_ALL else running[:1])
    if not (steps[~stamped] > max_jump_ms).any():
        return running
    current = start  # a jump somewhere: rare enough to go one by one
    for i, (cap, is_stamped) in enumerate(zip(caps.tolist(), stamped.tolist(), strict=True)):
        limit = cap if is_stamped or current == BEFORE_ALL else min(cap, current + max_jump_ms)
        current = max(current, limit)
        running[i] = current
    return running


def stream_frontier_ms(orders: list[PartitionOrder], lateness_ms: int, closed_ms: int) -> int:
    """The frontier of a stream: minimum over its active partitions, never below what is closed already.

    With no active partition the stream stands still where it is (E4).
    """
    active = [order.frontier_ms(lateness_ms) for order in orders if not order.idle]
    return max(min(active), closed_ms) if active else closed_ms


def holding_ms(orders: list[PartitionOrder], frontier_ms: int) -> int:
    """The frontier as other streams must respect it: a stream that stands still holds nobody (E4)."""
    return frontier_ms if any(not order.idle for order in orders) else AFTER_ALL
