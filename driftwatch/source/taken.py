"""What a poll of kafka-python brought, slabs or consumer records, as record batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from driftwatch.events.records import Partition, RecordBatch
from driftwatch.source.slab import Slab


def of_slabs(partition: Partition, slabs: Sequence[Slab], next_offset: int) -> RecordBatch:
    """One batch of consecutive slabs of a partition; at least one slab."""
    if len(slabs) == 1:
        slab = slabs[0]
        return RecordBatch(partition, slab.offsets, slab.timestamps_ms, slab.values, next_offset)
    return RecordBatch(
        partition,
        np.concatenate([slab.offsets for slab in slabs]),
        np.concatenate([slab.timestamps_ms for slab in slabs]),
        [value for slab in slabs for value in slab.values],
        next_offset,
    )


def of_records(partition: Partition, records: Sequence[Any], next_offset: int) -> RecordBatch:
    """One batch of kafka-python's consumer records (the stock path)."""
    return RecordBatch(
        partition,
        np.array([record.offset for record in records], np.int64),
        np.array([-1 if record.timestamp is None else record.timestamp for record in records], np.int64),
        [record.value for record in records],
        next_offset,
    )


def moved(partition: Partition, next_offset: int) -> RecordBatch:
    """No record, but the position moved: over control records, aborted records or a gap."""
    return RecordBatch(partition, np.empty(0, np.int64), np.empty(0, np.int64), [], next_offset)
