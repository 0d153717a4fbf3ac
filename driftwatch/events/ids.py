"""The 63-bit keyed hash of a prediction's id: the same for equal ids in every stream, batch and process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WORDS_MAX: Final = 8
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, as in SplitMix64
_MIX: Final = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))  # SplitMix64's finaliser
NO_ID: Final = -1


def hash_ids(texts: Sequence[str], key: bytes) -> NDArray[np.int64]:
    """int64[n] hashes in 0 … 2**63 - 1 of canonical id texts under a 16-byte key.

    Words of 8 bytes are folded with SplitMix64's mixing (Steele, Lea, Flood 2014), starting from the key and
    the length; ids longer than 64 bytes go through BLAKE2b. Keyed so that nobody can choose colliding ids
    or ids that all fall outside a sample.
    """
    if not texts:
        return np.empty(0, np.int64)
    encoded = [text.encode("utf-8", "replace") for text in texts]
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    longest = int(lengths.max())
    hashes = _fold(encoded, lengths, min(longest, 8 * _WORDS_MAX), key)
    if longest > 8 * _WORDS_MAX:
        for i in np.flatnonzero(lengths > 8 * _WORDS_MAX):
            digest = hashlib.blake2b(encoded[i], digest_size=8, key=key).digest()
            hashes[i] = int.from_bytes(digest, "little")
    return (hashes >> np.uint64(1)).astype(np.int64)


def _fold(encoded: list[bytes], lengths: NDArray[np.int64], longest: int, key: bytes) -> NDArray[np.uint64]:
    words = max(1, -(-longest // 8))
    padded = np.array(encoded, dtype=f"S{8 * words}")
    table = padded.view("<u8").reshape(len(encoded), words)
    first, second = np.frombuffer(key, "<u8", count=2)
    state = _mix(lengths.astype(np.uint64) * _MULTIPLIER + first)
    used = -(-lengths // 8)
    for word in range(words):
        folded = _mix((state ^ table[:, word]) * _MULTIPLIER + second)
        state = folded if word == 0 else np.where(used > word, folded, state)
    return state


def _mix(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * _MIX[0]
    state = (state ^ (state >> np.uint64(27))) * _MIX[1]
    return state ^ (state >> np.uint64(31))
