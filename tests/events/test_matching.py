"""Which row an event belongs to, and which events repeat another: against brute force (E2, E3)."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from driftwatch.events.joins import LABEL_ROW
from driftwatch.events.matching import duplicates_inside, match, occur_again, split_inside
from driftwatch.events.memory_joins import MemoryJoinTable

GENERATION = 10
ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 100), st.integers(0, 2), st.integers(0, 5)), max_size=25
)
"""(id, time, partition, offset)"""


def table(rows: list[tuple[int, int, int, int]]) -> MemoryJoinTable:
    made = MemoryJoinTable(LABEL_ROW)
    for id_, time, partition, offset in rows:
        row = np.zeros(1, LABEL_ROW)
        row["time_ms"], row["partition"], row["offset"] = time, partition, offset
        made.add(time // GENERATION, np.array([id_]), row)
    return made


@given(
    rows=ROWS,
    events=st.lists(st.tuples(st.integers(0, 4), st.integers(-20, 120)), max_size=12),
    before=st.integers(0, 60),
    after=st.integers(0, 20),
)
@example(rows=[(0, 3, 0, 1), (0, 2, 1, 2), (0, 2, 0, 3), (0, 2, 0, 4)], events=[(0, 9)], before=9, after=0)
def test_the_smallest_time_partition_and_offset_inside_the_range_is_met(
    rows: list[tuple[int, int, int, int]], events: list[tuple[int, int]], before: int, after: int
) -> None:
    ids = np.array([id_ for id_, _ in events], np.int64)
    times = np.array([time for _, time in events], np.int64)
    positions, found = match(
        table(rows), ids, times, generation_ms=GENERATION, before_ms=before, after_ms=after
    )
    met = {
        p: (r["time_ms"], r["partition"], r["offset"]) for p, r in zip(positions.tolist(), found, strict=True)
    }
    for place, (id_, time) in enumerate(events):
        fitting = [row[1:] for row in rows if row[0] == id_ and time - before <= row[1] <= time + after]
        assert met.get(place) == (min(fitting) if fitting else None)
    assert positions.tolist() == sorted(set(positions.tolist()))


EVENTS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 6)), max_size=20)
"""(id, partition, generation), each partition's in the order of its log."""


def columns(events: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    ids, partitions, generations = np.array(events, np.int64).reshape(-1, 3).T
    return ids, partitions, generations


@given(events=EVENTS)
def test_an_event_repeats_the_first_that_is_kept_and_near(events: list[tuple[int, int, int]]) -> None:
    kept: list[int] = []
    expected: list[int] = []
    for i, (id_, partition, generation) in enumerate(events):
        near = [j for j in kept if events[j][:2] == (id_, partition) and abs(events[j][2] - generation) <= 1]
        expected.append(near[0] if near else -1)
        if not near:
            kept.append(i)
    assert duplicates_inside(*columns(events)).tolist() == expected


@given(events=EVENTS)
def test_a_split_id_came_before_in_another_partition_and_near(events: list[tuple[int, int, int]]) -> None:
    expected = [
        any(e[0] == id_ and e[1] != partition and abs(e[2] - generation) <= 1 for e in events[:i])
        for i, (id_, partition, generation) in enumerate(events)
    ]
    assert split_inside(*columns(events)).tolist() == expected


@given(st.lists(st.integers(0, 9), max_size=12))
def test_ids_that_occur_again(ids: list[int]) -> None:
    assert occur_again(np.array(ids, np.int64)).tolist() == [
        i for i, id_ in enumerate(ids) if ids.count(id_) > 1
    ]
