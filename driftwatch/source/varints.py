"""Kafka's zigzag varints, read for many records at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LONGEST_BITS = 63


def read_varints(
    data: NDArray[np.uint8], at: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Read one signed varint at each position: (values int64[n], positions behind them int64[n]).

    Raises IndexError where one runs over the end of `data`, ValueError where one is longer than 64 bits.
    Source of the format: Protocol Buffers, as used by Kafka's record format v2.
    """
    first = data[at]
    raw = first.astype(np.uint64)
    behind = at + 1
    longer = np.flatnonzero(first > 127)
    if longer.size:
        raw &= np.uint64(127)
        shift = 7
        while longer.size:
            if shift > _LONGEST_BITS:
                raise ValueError("a varint is longer than 64 bits")
            byte = data[behind[longer]]
            raw[longer] |= (byte & 127).astype(np.uint64) << np.uint64(shift)
            behind[longer] += 1
            longer = longer[byte > 127]
            shift += 7
    values = (raw >> np.uint64(1)).view(np.int64) ^ -(raw & np.uint64(1)).view(np.int64)
    return values, behind


def walk_records(
    buffer: bytes | memoryview, at: int, end: int, count: int, starts: list[int], ends: list[int]
) -> None:
    """Append where each of `count` records begins (behind its length) and ends; they must fill `at`…`end` exactly.

    Raises ValueError if a length is negative or leads out of the batch, IndexError at the end of the buffer.
    """
    for _ in range(count):
        low = buffer[at]
        if low > 127:
            high = buffer[at + 1]
            if high < 128:
                low += (high << 7) - 128
                at += 2
            else:
                low, at = _long(buffer, at)
        else:
            at += 1
        if low & 1:
            raise ValueError("a record has a negative length")
        starts.append(at)
        at += low >> 1
        ends.append(at)
    if at != end:
        raise ValueError("the records do not fill their batch")


def _long(buffer: Sequence[int], at: int) -> tuple[int, int]:
    raw = shift = 0
    while True:
        byte = buffer[at]
        raw |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return raw, at
        shift += 7
        if shift > _LONGEST_BITS:
            raise ValueError("a record's length is longer than 64 bits")
