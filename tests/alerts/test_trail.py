"""From event time to offsets: the range must hold every record of the stretch."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.alerts.trail import ENTRIES_MAX, Trail
from driftwatch.events.records import Partition

P0, P1 = Partition("t", 0), Partition("t", 1)


def test_the_range_begins_at_the_last_mark_before_any_record_of_the_stretch() -> None:
    trail = Trail().add(100, {P0: 5, P1: 7}).add(200, {P0: 15, P1: 17}).add(300, {P0: 25, P1: 27})
    got = trail.data(201, 301)
    assert (got.start_ms, got.end_ms) == (201, 301)
    assert [(r.topic, r.partition, r.start, r.end) for r in got.offsets] == [
        ("t", 0, 15, 25),
        ("t", 1, 17, 27),
    ]
    assert [r.start for r in trail.data(200, 301).offsets] == [5, 7]  # a record at 200 lies before mark 200


def test_without_an_older_mark_it_begins_at_the_beginning() -> None:
    trail = Trail().add(100, {P0: 5}).add(200, {P0: 9, P1: 3})
    assert [(r.start, r.end) for r in trail.data(50, 300).offsets] == [(0, 9), (0, 3)]
    assert [(r.start, r.end) for r in trail.data(150, 300).offsets] == [(5, 9), (0, 3)]  # P1 was added later
    assert Trail().data(1, 2).offsets == ()


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), min_size=1, max_size=600),
    st.integers(0, 10_000),
)
def test_no_record_of_the_stretch_lies_outside_the_range(
    records: list[tuple[int, bool]], start_ms: int
) -> None:
    """Records come in any order of event time; marks are set now and then; thinning loses none of it."""
    trail, offsets, newest = Trail(), {P0: 0, P1: 0}, 0
    where: list[tuple[int, Partition, int]] = []
    for time_ms, second in records:
        partition = P1 if second else P0
        where.append((time_ms, partition, offsets[partition]))
        offsets[partition] += 1
        newest = max(newest, time_ms)
        trail = trail.add(newest, offsets)
    ranges = {Partition(r.topic, r.partition): (r.start, r.end) for r in trail.data(start_ms, 20_000).offsets}
    assert len(trail.marks) <= ENTRIES_MAX
    for time_ms, partition, offset in where:
        if time_ms >= start_ms:
            start, end = ranges[partition]
            assert start <= offset < end


def test_it_survives_saving() -> None:
    trail = Trail().add(100, {P0: 5})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(trail), type=Trail) == trail
