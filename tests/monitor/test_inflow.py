"""One stream as it flows in: which partitions hold it, which must wait, and what passes by (E2, E4, E7)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from driftwatch.events.classes import RecordClass, Stream
from driftwatch.events.order import AFTER_ALL, BEFORE_ALL, PartitionOrder
from driftwatch.monitor.inflow import Inflow, PaneGrid
from driftwatch.monitor.tally import Tally
from tests.monitor.drive import spec
from tests.monitor.test_plan import planned
from tests.monitor.world import KEY, MINUTE, START, batch

LATENESS = 2 * MINUTE


def inflow(panes: PaneGrid | None = None, **changed: Any) -> Inflow:
    stream = planned(spec(**changed)).streams[Stream.PREDICTIONS]
    return Inflow(Stream.PREDICTIONS, stream, KEY, max_future_ms=10 * MINUTE, max_jump_ms=10**9, panes=panes)


class Log:
    """One partition, and what has been read of it."""

    def __init__(self, into: Inflow, place: int, *, empty: bool = False, tally: Tally | None = None) -> None:
        self.inflow, self.place, self.offset = into, place, 0
        self.tally = tally or Tally()
        into.meet(place, empty=empty)

    def read(self, *minutes: float, **fields: Any) -> list[float]:
        """Records at these minutes; the minutes of those that are on time."""
        block, _ = self.inflow.take(self.batch(*minutes, **fields), self.place, self.tally)
        self.offset += len(minutes)
        return [(time - START) / MINUTE for time in block.times_ms.tolist()]

    def batch(self, *minutes: float, **fields: Any) -> Any:
        times = [START + int(minute * MINUTE) for minute in minutes]
        record = {"v": "1", "score": 0.5, "x": 1, "kind": "a", "country": "PT"} | fields
        values = [
            json.dumps(record | {"id": self.offset + n, "ts": time}).encode() for n, time in enumerate(times)
        ]
        return batch("p", self.place, values, self.offset, times)

    def classes(self) -> dict[RecordClass, int]:
        return {why: count for _, place, why, count in self.tally.items() if place == self.place}


def frontier(of: Inflow) -> float:
    return (of.advance() - START) / MINUTE


def test_the_slowest_partition_holds_the_stream_and_those_far_ahead_are_paused_e7() -> None:
    #        0    2    4    6    8   10
    # p0     #                             -> frontier -2
    # p1               #                    ahead by 4 > lateness 2 + skew 2? not yet
    # p2                         #          ahead: paused
    of = inflow()
    logs = [Log(of, place) for place in range(3)]
    assert of.ahead(2 * MINUTE) == set(), "nobody has said anything"
    logs[1].read(4)
    logs[2].read(9)
    assert of.ahead(2 * MINUTE) == {1, 2}, "a partition that has said nothing may hold anything"
    assert of.furthest_behind() == {0}
    logs[0].read(0)
    assert frontier(of) == -2
    assert of.ahead(2 * MINUTE) == {1, 2}
    logs[0].read(3)
    assert frontier(of) == 1
    assert of.ahead(2 * MINUTE) == {2}
    of.set_idle(frozenset({0, 1}))
    assert of.ahead(2 * MINUTE) == set(), "alone, nobody is ahead of anybody"
    assert frontier(of) == 7
    assert of.furthest_behind() == {2}


def test_a_stream_that_stands_still_holds_nobody_and_stays_where_it_is_e4() -> None:
    of = inflow()
    log = Log(of, 0)
    log.read(5)
    assert frontier(of) == 3
    assert of.holding_ms == of.frontier_ms
    assert of.set_idle(frozenset({0, 7})) == [(0, True)]
    assert of.set_idle(frozenset({0})) == [], "told once"
    assert frontier(of) == 3
    assert of.holding_ms == AFTER_ALL
    assert of.furthest_behind() == set()


def test_a_partition_that_returns_is_late_below_the_closed_frontier_e4() -> None:
    of = inflow()
    one, other = Log(of, 0), Log(of, 1)
    one.read(0)
    other.read(20)
    of.set_idle(frozenset({0}))
    assert frontier(of) == 18
    block, returned = of.take(batch("p", 0, [], 1), 0, one.tally)
    assert not returned, "a position that moves without records is no return"
    assert len(block) == 0
    assert one.read(17.9, 18) == [18]
    assert one.classes() == {RecordClass.LATE: 1}
    assert not of.orders[0].idle
    assert frontier(of) == 18, "it does not go back"


@pytest.mark.parametrize("empty", [False, True])
def test_a_partition_that_is_added_later_reopens_nothing(empty: bool) -> None:
    of = inflow()
    Log(of, 0).read(20)
    assert frontier(of) == 18
    added = Log(of, 1, empty=empty)
    assert added.read(3, 17.9, 18, 19) == [18, 19]
    assert frontier(of) == 18
    unknown = Log(inflow(), 0)
    del unknown.inflow.orders[0]
    unknown.inflow.frontier_ms = START + 18 * MINUTE
    assert unknown.read(3, 18) == [18], "nor one that nobody announced"


def test_a_greater_lateness_after_a_restart_reopens_nothing() -> None:
    of = inflow()
    Log(of, 0).read(20)
    assert frontier(of) == 18
    again = inflow(predictions={"lateness": "10m"})
    again.restore(of.orders, of.frontier_ms)
    log = Log(again, 0)
    log.offset = 1
    assert log.read(12, 17.9, 18, 25) == [18, 25]
    assert frontier(again) == 18
    assert log.read(30) == [30]
    assert frontier(again) == 20


def test_filtered_records_move_the_running_maximum_of_their_partition_e2() -> None:
    # p1 has records of another model only: it must not hold this one for ever
    of = inflow(predictions={"where": {"model": "a"}})
    one, other = Log(of, 0), Log(of, 1)
    assert one.read(10, model="a") == [10]
    assert frontier(of) < -1_000
    assert other.read(10, 12, model="b") == []
    assert frontier(of) == 8
    assert other.classes() == {RecordClass.FILTERED: 2}
    assert one.read(14, model="b") == []
    assert one.read(11.9, 12, model="a") == [12], "late against the whole partition's log"


def test_filtered_and_own_records_are_judged_in_the_order_of_the_log() -> None:
    of = inflow(predictions={"where": {"model": "a"}})
    log = Log(of, 0)
    records = [(10, "a"), (13, "b"), (10.9, "a"), (11, "a"), (12, "b"), (9, "a")]
    times = [START + int(minute * MINUTE) for minute, _ in records]
    values = [
        json.dumps({"id": n, "ts": time, "model": model, "v": "1", "score": 1, "x": 1, "kind": "a"}).encode()
        for n, (time, (_, model)) in enumerate(zip(times, records, strict=True))
    ]
    block, _ = of.take(batch("p", 0, values, 0, times), 0, log.tally)
    assert block.offsets.tolist() == [0, 3]
    assert log.classes() == {RecordClass.FILTERED: 2, RecordClass.LATE: 2}
    assert of.orders[0].running_ms == START + 13 * MINUTE


def test_blocks_are_drained_once_in_order() -> None:
    of = inflow()
    log = Log(of, 0)
    assert of.drain() is None
    log.read(3, 1)
    log.read(2)
    assert of.buffered == 3
    block = of.drain()
    assert block is not None
    assert block.offsets.tolist() == [0, 1, 2]
    assert (of.buffered, of.drain()) == (0, None)


def test_another_plan_is_taken_up_only_when_nothing_of_the_old_one_is_left() -> None:
    of = inflow()
    Log(of, 0).read(1)
    with pytest.raises(AssertionError):
        of.replan(of.plan)
    of.drain()
    of.replan(of.plan)


def test_a_batch_that_was_looked_at_is_read_again_by_the_next_plan() -> None:
    # a held batch is decoded to see how much of it may be taken; a learned reference then changes the columns
    grid = PaneGrid(MINUTE, 0, open_max=1)
    of = inflow(grid)
    log = Log(of, 0)
    held = log.batch(0, 5)
    assert of.room(held, 0) == 1
    of.replan(planned(spec(predictions={"features": ["x"]})).streams[Stream.PREDICTIONS])
    block, _ = of.take(held, 0, Tally())
    assert block.numbers.shape[1] == 1
    assert len(block.texts) == 1, "the slice column alone: `kind` is read no more"


def test_when_the_inputs_end_everything_is_decided() -> None:
    of = inflow()
    Log(of, 0).read(1)
    of.finish()
    assert of.frontier_ms == of.holding_ms == AFTER_ALL


def test_the_newest_time_is_the_greatest_running_maximum() -> None:
    of = inflow()
    assert of.newest_ms == BEFORE_ALL
    Log(of, 0).read(5, 3)
    Log(of, 1).read(4)
    assert of.newest_ms == START + 5 * MINUTE


GRID = PaneGrid(MINUTE, 0, 4)


def test_room_ends_before_the_record_that_would_open_a_pane_too_many_p7() -> None:
    of = inflow(GRID)
    one, other = Log(of, 0), Log(of, 1)
    assert one.inflow.room(one.batch(0, 0.5, 1, 2, 3, 3.5), 0) == 6
    one.read(0, 1)
    assert of.room(one.batch(0, 1, 2, 3, 4, 5), 0) == 4
    one.read(2, 3)
    assert of.room(one.batch(4), 0) == 0
    assert of.room(other.batch(4), 1) == 0
    assert not of.presses(0)
    assert of.presses(1), "nothing closes until the partition that is furthest behind goes on"
    other.read(4)
    assert frontier(of) == 1
    assert not of.presses(1), "there is room again"
    assert of.room(one.batch(4, 4.5, 5), 0) == 2, "the pane at 0 is closed, so those at 1 to 4 fit"


def test_room_counts_only_what_would_be_counted() -> None:
    of = inflow(PaneGrid(MINUTE, 0, 1))
    log = Log(of, 0)
    log.read(10)
    assert of.room(log.batch(1, 2, 3, 10.5), 0) == 4, "late ones open nothing"
    assert inflow(None).room(log.batch(1, 2, 3), 0) == 3, "labels wait outside of panes"
    assert of.room(batch("p", 0, []), 0) == 0


def test_a_grid_counts_from_its_origin() -> None:
    times = np.array([-1, 0, 6, 7, 16, 17], np.int64)
    assert PaneGrid(10, 7, 1).starts_ms(times).tolist() == [-3, -3, -3, 7, 7, 17]


def test_dead_letters_are_gathered() -> None:
    of = inflow()
    tally = Tally()
    of.meet(0, empty=False)
    of.take(batch("p", 0, [b"{", None], 0, [START, START]), 0, tally)
    assert [letter.reason for letter in of.letters] == [
        RecordClass.INVALID_JSON,
        RecordClass.INVALID_TOMBSTONE,
    ]
    assert PartitionOrder() in of.orders.values(), "what cannot be read moves nothing"
