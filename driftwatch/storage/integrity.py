"""Checksums by which damaged state is found: of one stored row, and of many join rows at once."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

Value = str | int | float | bytes | None
"""What a column of the checkpoint holds."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_IN_CACHE: Final = 2_048
"""Rows that are checked together: column by column, they are gone through many times."""
_SEED: Final = 0x9E3779B97F4A7C15


def row_check(*values: Value) -> int:
    """CRC-32 over a row's values with their types and lengths: any change of up to 32 bits in a row is found."""
    return zlib.crc32(_ENCODER.encode(values))


@cache
def _multipliers(count: int) -> NDArray[np.uint64]:
    """Odd 64-bit constants, one per word (SplitMix64's sequence)."""
    made: list[int] = []
    for i in range(1, count + 1):
        z = (i * _SEED) % 2**64
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        made.append((z ^ (z >> 27)) | 1)
    return np.array(made, np.uint64)


def word_checks(words: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """uint32[n] checks of n rows of w words: multilinear hashing, the upper half of sum(word * constant) mod 2**64.

    Source: Lemire and Kaser, "Strongly universal string hashing is fast" (2013). About 10 ns a row.
    """
    checks = np.empty(len(words), np.uint32)
    for start in range(0, len(words), _IN_CACHE):
        block = words[start : start + _IN_CACHE]
        sums = np.zeros(len(block), np.uint64)
        for column, multiplier in enumerate(_multipliers(words.shape[1])):
            sums += block[:, column].astype(np.uint64) * multiplier
        checks[start : start + len(block)] = sums >> np.uint64(32)
    return checks
