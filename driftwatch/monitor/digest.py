"""Digests of closed panes and windows: what the journal keeps so that `recompute` can compare what is gone by then."""

from __future__ import annotations

import hashlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

DIGEST_BYTES: Final = 8
NOTHING: Final = ""
"""The digest of a pane in which nothing was counted."""


def digest(matrix: NDArray[np.int64] | None) -> str:
    """16 hex digits of int64[slices, columns]; empty where there is no matrix, or nothing in it."""
    if matrix is None or not matrix.any():
        return NOTHING
    counts = np.ascontiguousarray(matrix, np.dtype("<i8"))
    return hashlib.blake2b(counts.data, digest_size=DIGEST_BYTES).hexdigest()
