"""A Bloom filter over id hashes: says in nanoseconds, without the disk, that an id is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS_PER_ID: Final = 20
"""One 64-bit word for every 3 ids on average, 5 bits set per id: 0.2 % false positives, 2.5 bytes an id."""
_SMALLEST: Final = 64
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_SIX_BITS: Final = np.uint64(63)
_HALF: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Spread:
    """Where n ids lie in a filter of any size: the bits inside a word, and 32 bits that choose the word."""

    bits: NDArray[np.uint64]
    words: NDArray[np.uint64]


def spread(ids: NDArray[np.int64]) -> Spread:
    """The places of ids: computed once, asked of many filters. The ids are hashes already; one multiplication
    moves the sampled upper bits (E12) away from the word's number.
    """
    mixed = ids.astype(np.uint64) * _GOLDEN
    mixed ^= mixed >> _HALF
    bits = np.zeros(len(ids), np.uint64)
    for shift in (0, 6, 12, 18, 24):
        bits |= np.uint64(1) << ((mixed >> np.uint64(shift)) & _SIX_BITS)
    return Spread(bits, mixed >> _HALF)


class Bloom:
    """A filter for so many ids; more of them only make it say "perhaps" more often."""

    def __init__(self, capacity: int) -> None:
        self._words = np.zeros(max(_SMALLEST, -(-capacity * BITS_PER_ID // 64)), np.uint64)

    @property
    def size_bytes(self) -> int:
        """Memory of the filter."""
        return self._words.nbytes

    def probe(self, places: Spread) -> NDArray[np.bool_]:
        """bool[n]: False means certainly not added, True means probably added."""
        return (self._words[self._where(places)] & places.bits) == places.bits

    def add(self, places: Spread) -> None:
        """Add ids; adding one again changes nothing."""
        where, bits = self._where(places), places.bits
        while len(where):
            self._words[where] |= bits  # of several ids in one word only the last is set …
            missing = (self._words[where] & bits) != bits
            where, bits = where[missing], bits[missing]  # … the others come again

    def clear(self) -> None:
        """Forget all ids."""
        self._words.fill(0)

    def _where(self, places: Spread) -> NDArray[np.int64]:
        # a 32-bit number times the size, upper half: a fair word number without a division (Lemire 2016)
        return ((places.words * np.uint64(len(self._words))) >> _HALF).view(np.int64)
