"""What a source hands over: records of one partition in the order of its log, with their offsets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Partition(NamedTuple):
    """A topic's partition: the unit of order and of offsets."""

    topic: str
    number: int


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Consecutive records of one partition, lowest offset first (gaps are possible: compaction, transactions).

    `offsets` int64[n]; `timestamps_ms` int64[n], -1 where a record has none; `values` n entries, `None` is
    a tombstone, `b""` an empty value; `next_offset` is the position after this batch, which control
    records can push beyond `offsets[-1] + 1`. A batch may be empty and still move the position.
    """

    partition: Partition
    offsets: NDArray[np.int64]
    timestamps_ms: NDArray[np.int64]
    values: Sequence[bytes | None]
    next_offset: int

    def __len__(self) -> int:
        return len(self.values)

    def split(self, count: int) -> tuple[RecordBatch, RecordBatch]:
        """The first `count` records and the rest; 0 < `count` < n."""
        head = RecordBatch(
            self.partition,
            self.offsets[:count],
            self.timestamps_ms[:count],
            self.values[:count],
            int(self.offsets[count]),
        )
        rest = RecordBatch(
            self.partition,
            self.offsets[count:],
            self.timestamps_ms[count:],
            self.values[count:],
            self.next_offset,
        )
        return head, rest

    def without(self, gone: NDArray[np.bool_]) -> RecordBatch:
        """The records where bool[n] `gone` is false; the position after the batch stays."""
        if not gone.any():
            return self
        keep = np.flatnonzero(~gone)
        places: list[int] = keep.tolist()
        values = [self.values[i] for i in places]
        return RecordBatch(
            self.partition, self.offsets[keep], self.timestamps_ms[keep], values, self.next_offset
        )
