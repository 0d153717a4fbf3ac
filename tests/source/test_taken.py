"""Polls of kafka-python as record batches: both paths give the same."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from kafka.consumer.fetcher import ConsumerRecord

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.slab import Slab
from driftwatch.source.taken import moved, of_records, of_slabs

P = Partition("t", 3)
Row = tuple[int, int, bytes | None]


def as_slab(rows: list[Row]) -> Slab:
    return Slab(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        [row[2] for row in rows],
    )


def as_record(row: Row) -> Any:
    timestamp = None if row[1] == -1 else row[1]  # the oldest format has none
    return ConsumerRecord("t", 3, 0, row[0], timestamp, 0, b"k", row[2], [], None, 1, 1, -1)


def rows_of(batch: RecordBatch) -> list[Row]:
    assert batch.offsets.dtype == batch.timestamps_ms.dtype == np.int64
    return list(zip(batch.offsets.tolist(), batch.timestamps_ms.tolist(), batch.values, strict=True))


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-1, 10**13), st.none() | st.binary(max_size=3)), min_size=1),
        min_size=1,
    )
)
def test_both_paths_agree(parts: list[list[tuple[int, bytes | None]]]) -> None:
    offset = 0
    slabs: list[list[Row]] = []
    for part in parts:
        slabs.append([(offset + index, time, value) for index, (time, value) in enumerate(part)])
        offset += len(part)
    every = [row for rows in slabs for row in rows]
    fast = of_slabs(P, [as_slab(rows) for rows in slabs], offset + 2)
    stock = of_records(P, [as_record(row) for row in every], offset + 2)
    assert rows_of(fast) == rows_of(stock) == every
    assert fast.partition == stock.partition == P
    assert fast.next_offset == stock.next_offset == offset + 2


def test_a_moved_position_is_an_empty_batch() -> None:
    batch = moved(P, 9)
    assert (len(batch), rows_of(batch), batch.next_offset) == (0, [], 9)
