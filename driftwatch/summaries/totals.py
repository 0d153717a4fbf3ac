"""How many events a matrix holds, per slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.layout import QUALITY_ROWS, Part


def events_of(part: Part, matrix: NDArray[np.integer]) -> NDArray[np.int64]:
    """int64[slices]: events (labels part: matched labels) counted in int[slices, part.columns].

    Every event adds 1 to one cell of each field, so the first field's sum is their number.
    """
    if quality := part.block("quality"):
        return matrix[:, quality.start + QUALITY_ROWS - 1].astype(np.int64)
    if not part.fields:
        return np.zeros(len(matrix), np.int64)
    field = part.fields[0]
    return matrix[:, field.start : field.stop].sum(axis=1, dtype=np.int64)
