"""Batches: consecutive records of one partition."""

from __future__ import annotations

import numpy as np

from driftwatch.events.records import Partition, RecordBatch


def batch(offsets: list[int], next_offset: int) -> RecordBatch:
    values = [b"%d" % offset for offset in offsets]
    return RecordBatch(
        Partition("t", 1), np.array(offsets, np.int64), np.array(offsets, np.int64) * 10, values, next_offset
    )


def test_a_batch_may_be_empty_and_still_move_the_position() -> None:
    empty = batch([], 7)
    assert (len(empty), empty.next_offset) == (0, 7)
    assert len(batch([3, 5], 9)) == 2


def test_partitions_are_ordered_by_topic_then_number() -> None:
    assert sorted([Partition("b", 0), Partition("a", 10), Partition("a", 2)]) == [
        ("a", 2),
        ("a", 10),
        ("b", 0),
    ]
