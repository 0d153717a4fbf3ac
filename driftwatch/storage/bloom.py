"""A Bloom filter over id hashes: says in nanoseconds, without the disk, that an id is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

BITS_PER_ID: Final = 20
"""A 64-bit word per 3.2 ids, 6 bits set per id: 0.18 % false positives in each filter, 2.5 bytes an id (P7).

A look-up asks every segment, so the rate counts as often as there are segments.
"""
_SMALLEST: Final = 64
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_SIX_BITS: Final = np.uint64(63)
_HALF: Final = np.uint64(32)


@dataclass(frozen=True, slots=True)
class Spread:
    """Where n ids lie in a filter of any size: the bits inside a word, and 32 bits that choose the word."""

    bits: NDArray[np.uint64]
    words: NDArray[np.uint64]

    def select(self, which: NDArray[np.bool_]) -> Spread:
        """The places of some of the ids."""
        return Spread(self.bits[which], self.words[which])


def spread(ids: NDArray[np.int64]) -> Spread:
    """The places of ids: computed once, asked of many filters. The ids are hashes already; one multiplication
    moves the sampled upper bits (E12) away from the word's number.
    """
    mixed = ids.astype(np.uint64) * _GOLDEN
    mixed ^= mixed >> _HALF
    bits = np.zeros(len(ids), np.uint64)
    for shift in (0, 6, 12, 18, 24, 30):
        bits |= np.uint64(1) << ((mixed >> np.uint64(shift)) & _SIX_BITS)
    return Spread(bits, mixed >> _HALF)


class Bloom:
    """Ids are added, never removed; while it is open it keeps them, to grow by building itself anew, doubled."""

    def __init__(self) -> None:
        self._kept: list[Spread] = []
        self._sealed = False
        self._count = 0
        self._words = np.zeros(_SMALLEST, np.uint64)

    def __len__(self) -> int:
        """Ids added."""
        return self._count

    @property
    def size_bytes(self) -> int:
        """Memory of the filter and of what it keeps to grow."""
        return self._words.nbytes + sum(s.bits.nbytes + s.words.nbytes for s in self._kept)

    def probe(self, places: Spread) -> NDArray[np.bool_]:
        """bool[n]: False means certainly not added, True means probably added."""
        return (self._words[self._where(places)] & places.bits) == places.bits

    def add(self, places: Spread) -> None:
        """Add ids that were not added before; ValueError after `seal`."""
        if self._sealed:
            raise ValueError("a sealed filter does not grow")
        self._kept.append(places)
        self._count += len(places.bits)
        if self._count * BITS_PER_ID > len(self._words) * 64:
            self._build(2 * self._count)
        else:
            self._set(places)

    def seal(self) -> None:
        """Shrink to fit and forget what growing needs: from now on it only answers."""
        if not self._sealed:
            self._build(self._count)
            self._kept = []
            self._sealed = True

    def _build(self, capacity: int) -> None:
        self._words = np.zeros(max(_SMALLEST, -(-capacity * BITS_PER_ID // 64)), np.uint64)
        if self._kept:
            self._kept = [
                Spread(
                    np.concatenate([s.bits for s in self._kept]),
                    np.concatenate([s.words for s in self._kept]),
                )
            ]
            self._set(self._kept[0])

    def _where(self, places: Spread) -> NDArray[np.int64]:
        # a 32-bit number times the size, upper half: a fair word number without a division (Lemire 2016)
        return ((places.words * np.uint64(len(self._words))) >> _HALF).view(np.int64)

    def _set(self, places: Spread) -> None:
        where, bits = self._where(places), places.bits
        while len(where):
            self._words[where] |= bits  # of several ids in one word only the last is set …
            missing = (self._words[where] & bits) != bits
            where, bits = where[missing], bits[missing]  # … the others come again
