"""Every class's own score meets the label: the blocks of one-vs-rest, one class at a time against all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.summaries.cells import NumericCoder
from driftwatch.summaries.entries import Entries, calibration_sums
from driftwatch.summaries.layout import (
    CLASS_CALIBRATION,
    CLASS_DECIDED_LABEL,
    CLASS_SCORE_LABEL,
    Block,
    Layout,
    class_of,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class ClassScoreCounter:
    """Counts labels into the `class_…` blocks of one layout's labels part, where it has them."""

    def __init__(self, layout: Layout, edges: Floats) -> None:
        """`edges` float64[calibration cells - 1]: the upper edges of the equal-width cells of a probability."""
        labels, predictions = layout.part(Stream.LABELS), layout.part(Stream.PREDICTIONS)
        self._edges = edges
        self._by_cell: Block | None = labels.block(CLASS_SCORE_LABEL) if labels else None
        self._by_decided: Block | None = labels.block(CLASS_DECIDED_LABEL) if labels else None
        self._by_width: Block | None = labels.block(CLASS_CALIBRATION) if labels else None
        named = labels.scored if labels else ()
        self._coders = [NumericCoder(predictions.field(name)) for name in named] if predictions else []
        self._codes = [layout.classes.index(class_of(name)) for name in named]

    def __len__(self) -> int:
        """Classes with a score of their own."""
        return len(self._codes)

    def add(self, entries: Entries, scores: Floats, decisions: NDArray[np.integer], labels: Floats) -> None:
        """float64[n, classes] scores (NaN missing, inf invalid) of n labels.

        `decisions` int[n] and `labels` float64[n] are class codes (below 0 and NaN: unknown).
        """
        known = ~np.isnan(labels)
        for place, code in enumerate(self._codes):
            p = scores[:, place]
            usable = np.flatnonzero(known & np.isfinite(p))
            p, is_label = p[usable], (labels[usable] == code).astype(np.int64)
            columns = 2 * (self._cells(place) + self._coders[place].cells(p)) + is_label
            decided = decisions[usable] == code
            self._meet(entries, self._by_cell, usable, columns)
            self._meet(entries, self._by_decided, usable[decided], columns[decided])
            sure = (p >= 0.0) & (p <= 1.0)
            self._calibrate(entries, place, usable[sure], p[sure], is_label[sure])

    def _cells(self, place: int) -> int:
        """Cells of the classes before this one in a block."""
        return place * self._by_cell.shape[1] if self._by_cell is not None else 0

    def _meet(self, entries: Entries, block: Block | None, events: Ints, columns: Ints) -> None:
        if block is not None:
            entries.add(events, block.start + columns)

    def _calibrate(self, entries: Entries, place: int, events: Ints, p: Floats, y: Ints) -> None:
        if (block := self._by_width) is not None:
            _, rows, cells = block.shape
            columns = block.start + place * rows * cells + np.searchsorted(self._edges, p, side="left")
            for row, amount in enumerate(calibration_sums(p, y)):
                entries.add(events, columns + row * cells, amount)
