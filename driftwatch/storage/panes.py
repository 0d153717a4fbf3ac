"""Pane matrices as small blobs: the smallest integer type that holds them, then zlib."""

from __future__ import annotations

import zlib
from typing import Final

import numpy as np
from numpy.typing import NDArray

_KINDS: Final = ("u1", "u2", "u4", "i1", "i2", "i4", "i8")
_LEVEL: Final = 1  # counts are small and repeat: higher levels cost time and gain little


def pack(matrix: NDArray[np.int64]) -> tuple[int, str, bytes]:
    """(rows, integer type, bytes) of a matrix int64[rows, columns]; `unpack` gives back the same matrix."""
    kind = _kind(matrix)
    flat = np.ascontiguousarray(matrix, dtype=np.dtype(f"<{kind}"))
    return matrix.shape[0], kind, zlib.compress(flat.tobytes(), _LEVEL)


def unpack(rows: int, kind: str, data: bytes) -> NDArray[np.int64]:
    """The matrix; ValueError if the parts do not fit together."""
    if kind not in _KINDS or rows < 0:
        raise ValueError(f"no matrix of {rows} rows of {kind}")
    try:
        flat = np.frombuffer(zlib.decompress(data), np.dtype(f"<{kind}"))
    except zlib.error as error:
        raise ValueError(f"a matrix cannot be unpacked: {error}") from error
    return flat.reshape(rows, -1 if flat.size else 0).astype(np.int64)


def _kind(matrix: NDArray[np.int64]) -> str:
    if not matrix.size:
        return "u1"
    low, high = int(matrix.min()), int(matrix.max())
    for kind in _KINDS:
        limits = np.iinfo(kind)
        if limits.min <= low and high <= limits.max:
            return kind
    raise ValueError("a pane matrix holds int64")
