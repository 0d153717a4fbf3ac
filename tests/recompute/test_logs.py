"""Partitions are read forward, each record once, up to any offsets in any cuts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.errors import SourceError
from driftwatch.events.records import Partition, RecordBatch
from driftwatch.recompute.logs import Logs

A, B = Partition("t", 0), Partition("t", 1)


def made(partition: Partition, offsets: list[int]) -> RecordBatch:
    return RecordBatch(
        partition,
        np.array(offsets),
        np.zeros(len(offsets), np.int64),
        [b"%d" % o for o in offsets],
        offsets[-1] + 1,
    )


def opened(batches: Mapping[Partition, list[RecordBatch]]) -> object:
    def open_(bounds: Mapping[Partition, tuple[int, int]]) -> Mapping[Partition, Iterator[RecordBatch]]:
        return {partition: iter(batches[partition]) for partition in bounds}

    return open_


@given(
    sizes=st.lists(st.integers(1, 5), min_size=1, max_size=8), cuts=st.lists(st.integers(0, 40), max_size=8)
)
def test_every_record_comes_once_and_never_at_or_above_the_cut(sizes: list[int], cuts: list[int]) -> None:
    offsets, batches, at = [], [], 0
    for size in sizes:
        here = list(range(at, at + size))
        batches.append(made(A, here))
        offsets += here
        at += size + size % 2  # some offsets are control records
    logs = Logs({A: 0}, {A: at}, opened({A: batches}))  # type: ignore[arg-type]
    seen: list[int] = []
    for cut in [*sorted({min(cut, at) for cut in cuts}), at]:
        for batch in logs.upto({A: cut}):
            seen += batch.offsets.tolist()
        assert seen == [offset for offset in offsets if offset < cut]
    assert logs.left == 0


def test_partitions_are_independent_and_nothing_is_opened_where_nothing_lies() -> None:
    logs = Logs({A: 0, B: 7}, {A: 4, B: 7}, opened({A: [made(A, [0, 1, 2, 3])]}))  # type: ignore[arg-type]
    assert [b.offsets.tolist() for b in logs.upto({A: 2, B: 7})] == [[0, 1]]
    assert logs.left == 2
    assert [b.offsets.tolist() for b in logs.upto({A: 4, B: 7})] == [[2, 3]]


def test_a_partition_that_was_never_opened_is_an_error() -> None:
    logs = Logs({A: 0}, {A: 0}, opened({}))  # type: ignore[arg-type]
    with pytest.raises(SourceError, match="t-0"):
        list(logs.upto({A: 3}))
