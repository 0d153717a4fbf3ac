"""On time, late or future, decided by a partition's own log, against a model that reads record by record (E2, E4, E6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.events.classes import CLASSES, RecordClass
from driftwatch.events.order import (
    AFTER_ALL,
    BEFORE_ALL,
    PartitionOrder,
    holding_ms,
    judge_times,
    stream_frontier_ms,
)

LATENESS, FUTURE, JUMP = 10, 20, 50


@dataclass
class OneByOne:
    """The rules as EXACTNESS says them, one record at a time."""

    running: int
    floor: int

    def judge(self, time: int, stamp: int) -> RecordClass:
        if stamp >= 0 and time > stamp + FUTURE:
            return RecordClass.FUTURE
        late = time < max(self.running - LATENESS, self.floor)
        if stamp >= 0:
            moved = min(time, stamp)
        else:
            moved = time if self.running == BEFORE_ALL else min(time, self.running + JUMP)
        self.running = max(self.running, moved)
        return RecordClass.LATE if late else RecordClass.ACCEPTED


TIMES = st.integers(0, 200) | st.sampled_from([0, 2**40])
RECORDS = st.lists(st.tuples(TIMES, st.integers(0, 200) | st.just(-1)), max_size=30)


def judged(
    order: PartitionOrder, records: Sequence[tuple[int, int]]
) -> tuple[list[RecordClass], PartitionOrder]:
    times, stamps = np.array(records, np.int64).reshape(-1, 2).T
    codes, after = judge_times(
        order, times, stamps, lateness_ms=LATENESS, max_future_ms=FUTURE, max_jump_ms=JUMP
    )
    return [CLASSES[code] for code in codes.tolist()], after


@settings(max_examples=500)
@given(records=RECORDS, cut=st.integers(0, 30), floor=st.just(BEFORE_ALL) | st.integers(0, 150))
def test_records_are_judged_one_by_one_however_the_log_is_cut(
    records: list[tuple[int, int]], cut: int, floor: int
) -> None:
    plain = OneByOne(BEFORE_ALL, floor)
    expected = [plain.judge(time, stamp) for time, stamp in records]
    first, order = judged(PartitionOrder(floor_ms=floor), records[:cut])
    second, order = judged(order, records[cut:])
    assert first + second == expected
    assert order.running_ms == plain.running
    assert order.floor_ms == floor


def test_an_event_is_late_below_the_maximum_before_it_and_on_time_at_the_border_f12() -> None:
    classes, order = judged(
        PartitionOrder(), [(100, 200), (90, 200), (89, 200), (110, 200), (100, 200), (99, 200)]
    )
    accepted, late = RecordClass.ACCEPTED, RecordClass.LATE
    assert classes == [accepted, accepted, late, accepted, accepted, late]
    assert order.frontier_ms(LATENESS) == 100


@pytest.mark.parametrize("poison", [2**40, 253_402_300_799_999])
def test_a_time_far_ahead_of_its_record_moves_nothing_f11(poison: int) -> None:
    classes, order = judged(PartitionOrder(), [(100, 100), (poison, 100), (95, 100)])
    assert classes == [RecordClass.ACCEPTED, RecordClass.FUTURE, RecordClass.ACCEPTED]
    assert order.running_ms == 100


def test_a_time_a_little_ahead_counts_but_moves_only_as_far_as_its_record_e6() -> None:
    classes, order = judged(PartitionOrder(), [(120, 100), (91, 100)])
    assert classes == [RecordClass.ACCEPTED, RecordClass.ACCEPTED]
    assert order.running_ms == 100


def test_without_timestamps_one_record_moves_the_maximum_by_one_jump_at_most_e6() -> None:
    classes, order = judged(PartitionOrder(), [(100, -1), (2**40, -1), (101, -1), (141, -1), (139, -1)])
    assert order.running_ms == 150
    assert classes[2:] == [RecordClass.LATE, RecordClass.ACCEPTED, RecordClass.LATE]


ORDERS = st.lists(
    st.builds(
        PartitionOrder,
        st.just(BEFORE_ALL) | st.integers(0, 99),
        st.just(BEFORE_ALL) | st.integers(0, 99),
        st.booleans(),
    ),
    max_size=4,
)


@given(orders=ORDERS, closed=st.integers(0, 80))
def test_the_frontier_is_the_slowest_active_partition_and_never_goes_back(
    orders: list[PartitionOrder], closed: int
) -> None:
    frontier = stream_frontier_ms(orders, LATENESS, closed)
    active = [order for order in orders if not order.idle]
    assert frontier >= closed
    if active:
        slowest = min(max(order.running_ms - LATENESS, order.floor_ms) for order in active)
        assert frontier == max(slowest, closed)
        assert holding_ms(orders, frontier) == frontier
    else:
        assert frontier == closed, "a stream whose partitions are all idle stands still,"
        assert holding_ms(orders, frontier) == AFTER_ALL, "and holds nobody (E4)"


def test_a_partition_that_has_said_nothing_holds_its_stream() -> None:
    orders = [PartitionOrder(running_ms=500), PartitionOrder()]
    assert stream_frontier_ms(orders, LATENESS, BEFORE_ALL) < 0
    orders[1] = PartitionOrder(idle=True)
    assert stream_frontier_ms(orders, LATENESS, BEFORE_ALL) == 490


def test_an_order_survives_the_checkpoint() -> None:
    order = PartitionOrder(running_ms=5, floor_ms=BEFORE_ALL, idle=True)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=PartitionOrder) == order
