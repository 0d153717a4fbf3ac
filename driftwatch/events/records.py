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
