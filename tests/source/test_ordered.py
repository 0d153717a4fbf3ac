"""Several logs in event-time order: nothing lost, no log reordered, none runs ahead."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.ordered import NO_TIME_MS, in_time_order


def log(number: int, times: list[int], chunk: int) -> list[RecordBatch]:
    """A log whose values hold their event times."""
    batches = []
    for start in range(0, len(times), chunk):
        some = times[start : start + chunk]
        offsets = np.arange(start, start + len(some))
        values = [str(time).encode() for time in some]
        batches.append(
            RecordBatch(Partition("t", number), offsets, np.full(len(some), -1), values, start + len(some))
        )
    return batches


def times(batch: RecordBatch) -> NDArray[np.int64]:
    return np.array([int(value or b"0") for value in batch.values], np.int64)


instants = st.integers(0, 1_000) | st.just(NO_TIME_MS)


@given(
    st.lists(st.lists(instants, max_size=30), min_size=1, max_size=4), st.integers(1, 7), st.integers(0, 300)
)
def test_order(logs: list[list[int]], chunk: int, span_ms: int) -> None:
    seen: list[list[int]] = [[] for _ in logs]
    for batch in in_time_order([log(n, some, chunk) for n, some in enumerate(logs)], times, span_ms):
        assert len(batch)
        number = batch.partition.number
        assert batch.offsets.tolist() == list(range(len(seen[number]), len(seen[number]) + len(batch)))
        assert batch.next_offset == len(seen[number]) + len(batch)
        seen[number] += times(batch).tolist()
        # How far each log that is not at its end stands, with its next record.
        others = [
            max(logs[n][: len(seen[n]) + 1])
            for n in range(len(logs))
            if n != number and len(seen[n]) < len(logs[n])
        ]
        first = len(seen[number]) - len(batch)
        if others and len(batch) > 1:
            assert max(seen[number]) <= min(others) + span_ms
        if others:  # the one furthest behind goes on
            assert max(logs[number][: first + 1]) <= min(others)
    assert seen == logs


def test_cuts_at_the_boundary() -> None:
    #  a  0  10  20  30  40          span 10
    #  b          25      45
    made = [log(0, [0, 10, 20, 30, 40], 5), log(1, [25, 45], 2)]
    got = [(batch.partition.number, times(batch).tolist()) for batch in in_time_order(made, times, 10)]
    assert got == [(0, [0, 10, 20, 30]), (1, [25, 45]), (0, [40])]


def test_is_lazy() -> None:
    pulled = [0, 0]

    def counted(number: int) -> Iterator[RecordBatch]:
        for batch in log(number, [number * 1_000 + n for n in range(100)], 10):
            pulled[number] += 1
            yield batch

    stream = in_time_order([counted(0), counted(1)], times, 0)
    for _ in range(3):
        next(stream)
    assert pulled == [4, 1]  # of each log the next batch only


def test_a_record_of_the_far_future_waits_for_the_others() -> None:
    got = [
        b.partition.number for b in in_time_order([log(0, [1, 10**15, 2], 3), log(1, [5, 6], 1)], times, 3)
    ]
    assert got == [0, 1, 1, 0]


def test_nothing() -> None:
    assert list(in_time_order([], times, 1)) == []
    assert list(in_time_order([[], []], times, 1)) == []
