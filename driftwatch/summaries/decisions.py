"""Decided classes and labels as codes: what the model decided, from its text or from the score, and what turned out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.columns import INVALID_TEXT
from driftwatch.summaries.layout import OTHER, Layout, Task

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]

NO_CODE: Final = -1
"""Code of a decision that is missing, invalid, or none of a binary model's two classes."""
_BINARY: Final = {"0": 0, "1": 1, "false": 0, "true": 1}


class Decider:
    """Finds decision cells, decision codes and label values of one layout.

    A decision's cell in the field `decision` is its class, then `__other__`, missing, invalid; its code in the
    blocks is its position in `layout.classes`, or -1.
    """

    def __init__(self, layout: Layout) -> None:
        self._task = layout.task
        self._threshold = layout.threshold
        self._classes = len(layout.classes)
        named = [name for name in layout.classes if name != OTHER]
        self._other = len(named)
        self._lookup = dict(_BINARY) if layout.task is Task.BINARY else {c: i for i, c in enumerate(named)}
        self._cells: dict[str | None, int] = {
            **self._lookup,
            None: self._other + 1,
            INVALID_TEXT: self._other + 2,
        }

    def cells(self, decisions: Sequence[str | None], scores: Floats) -> Codes:
        """int32[n] cells from n decision texts; where none are mapped (empty), a binary model's from its scores.

        Other models without mapped decisions have none: all are missing.
        """
        if len(decisions) or not len(scores):
            found = map(self._cells.get, decisions, repeat(self._other))
            return np.fromiter(found, np.int32, len(decisions))
        if self._task is not Task.BINARY:
            return np.full(len(scores), self._other + 1, np.int32)
        cells = (scores >= self._threshold).astype(np.int32)
        cells[np.isnan(scores)] = self._other + 1
        cells[np.isinf(scores)] = self._other + 2
        return cells

    def codes(self, cells: Codes) -> Codes:
        """int32[n] positions in `layout.classes` from decision cells."""
        return np.where(cells < self._classes, cells, NO_CODE).astype(np.int32)

    def labels(self, labels: Sequence[float | str | None]) -> Floats:
        """float64[n]: 0 or 1 (binary), the class's code (multiclass), the number (regression); NaN where unusable."""
        if self._task is Task.MULTICLASS:
            known: dict[object, float] = {name: float(code) for name, code in self._lookup.items()}
            known |= {None: np.nan, INVALID_TEXT: np.nan}
            return np.fromiter(map(known.get, labels, repeat(float(self._other))), np.float64, len(labels))
        return np.fromiter((x if isinstance(x, float) else np.nan for x in labels), np.float64, len(labels))
