"""Joined labels become counts: who was right, how sure the model was, how far off, and how old the labels are."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.summaries.cells import NumericCoder
from driftwatch.summaries.class_scores import ClassScoreCounter
from driftwatch.summaries.entries import Entries, calibration_sums, fixed
from driftwatch.summaries.layout import RESIDUAL_EDGES, SCORE, Block, Layout, Part, Task
from driftwatch.summaries.rows import Joint

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RESIDUAL_MAX: Final = 16.0
"""Largest |e| in units of the scale that is summed: e^4 is then below 7e10 units of 1e-6, so that an int64 holds
1.4e8 labels at this very edge and 1e12 ordinary ones; beyond it a label is out of range (E13)."""
RELATIVE_MAX: Final = 1_000.0
"""Largest |e/y| that is summed; beyond it a relative error says nothing and the label is out of range."""
AT_ONCE: Final = 8_192
"""Labels of which the entries lie in memory together: some twenty each, of three numbers."""
_ENTRIES, _CLASS_ENTRIES = 21, 8
"""Entries of a label, and how many more for each class with a score of its own."""
_RESIDUAL_EDGES: Final = np.array(RESIDUAL_EDGES)
CALIBRATION_AGES: Final = "calibration_ages"
"""Block (age buckets, 3, equal-width cells) of the labels part: n, sum y, sum p; y and p as in `calibration`."""
UNUSABLE, OUT_OF_RANGE, MATCHED = range(3)
"""Places in the block `quality`."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """n labels with what their predictions said.

    `scores` float64[n] (NaN missing, inf invalid), `decisions` int[n] codes, `labels` float64[n] as `Decider`
    makes both, `ages_ms` int64[n] from prediction to label, never negative (E5). `class_scores` float64[n, K] are the
    classes' own scores in the order of `Part.scored`; None where none are known.
    """

    scores: Floats
    decisions: NDArray[np.integer]
    labels: Floats
    ages_ms: Ints
    class_scores: Floats | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, events: Ints) -> Labelled:
        """The same for a selection."""
        own = None if self.class_scores is None else self.class_scores[events]
        return Labelled(
            self.scores[events], self.decisions[events], self.labels[events], self.ages_ms[events], own
        )


class LabelCounter:
    """Counts labels into the blocks of one layout's labels part."""

    def __init__(self, layout: Layout) -> None:
        """Raises ValueError where the layout has no labels part."""
        part = layout.part(Stream.LABELS)
        if part is None:
            raise ValueError("the layout counts no labels")
        self.part: Part = part
        self._layout = layout
        self._rows = len(layout.slices.rows)
        self._ages = np.array(layout.age_edges_ms, np.int64)
        cells = layout.calibration_cells
        self._edges = np.array([cell / cells for cell in range(1, cells)])
        predictions = layout.part(Stream.PREDICTIONS)
        scores = [f for f in predictions.fields if f.name == SCORE] if predictions else []
        self._score_coder = NumericCoder(scores[0]) if scores else None
        self._groups = np.array(scores[0].groups if scores else (), np.int64)
        self._own = ClassScoreCounter(layout, self._edges)
        self._at_once = AT_ONCE * _ENTRIES // (_ENTRIES + _CLASS_ENTRIES * len(self._own)) or 1

    def count(self, labelled: Labelled, joint: Joint) -> Ints:
        """int64[slices, columns] of n labels of one pane."""
        matrix = np.zeros((self._rows, self.part.columns), np.int64)
        self.add(matrix, labelled, joint)
        return matrix

    def add(self, matrix: Ints, labelled: Labelled, joint: Joint) -> None:
        """Count n labels into `matrix` int64[slices, columns] (C order), in place."""
        for start in range(0, len(labelled), self._at_once):
            some = np.arange(start, min(start + self._at_once, len(labelled)))
            self._add(matrix, labelled.take(some), joint.take(some))

    def _add(self, matrix: Ints, labelled: Labelled, joint: Joint) -> None:
        entries = self._entries(labelled)
        if not entries.events:
            return
        events, columns, amounts = (
            np.concatenate(parts) for parts in (entries.events, entries.columns, entries.amounts)
        )
        flat = matrix.reshape(-1)
        assert np.shares_memory(flat, matrix), "matrices are C-contiguous"
        for dimension in range(joint.rows.shape[1]):
            rows = joint.of(dimension).take(events)
            np.add.at(flat, rows * self.part.columns + columns, amounts)

    def add_panes(
        self, panes: Ints, labelled: Labelled, joint: Joint, into: MutableMapping[int, Ints]
    ) -> None:
        """Count n labels into the matrices of their panes, `panes` int64[n]; a pane not yet there is made."""
        for pane in np.unique(panes).tolist():
            chosen = np.flatnonzero(panes == pane)
            matrix = into.get(pane)
            if matrix is None:
                matrix = into[pane] = np.zeros((self._rows, self.part.columns), np.int64)
            self.add(matrix, labelled.take(chosen), joint.take(chosen))

    def _entries(self, labelled: Labelled) -> Entries:
        entries = Entries()
        if len(labelled) == 0:
            return entries
        if self._layout.task is Task.REGRESSION:
            unusable, outside = self._residuals(entries, labelled)
        else:
            unusable, outside = self._decided(entries, labelled)
            self._calibrate_by_age(entries, labelled)
            if labelled.class_scores is not None:
                self._own.add(entries, labelled.class_scores, labelled.decisions, labelled.labels)
        quality = self._block("quality")
        entries.add(np.arange(len(labelled)), quality.start + MATCHED)
        entries.add(np.flatnonzero(unusable), quality.start + UNUSABLE)
        entries.add(np.flatnonzero(outside & ~unusable), quality.start + OUT_OF_RANGE)
        return entries

    def _calibrate_by_age(self, entries: Entries, labelled: Labelled) -> None:
        """n, Σy, Σp by age bucket and equal-width cell of p: slow labels are different labels (STATISTICS §4)."""
        block = self.part.block(CALIBRATION_AGES)
        if block is None:
            return
        probable = (labelled.scores >= 0.0) & (labelled.scores <= 1.0) & ~np.isnan(labelled.labels)
        binary = self._layout.task is Task.BINARY
        right = labelled.labels == 1.0 if binary else labelled.decisions == labelled.labels
        chosen = np.flatnonzero(probable if binary else probable & (labelled.decisions >= 0))
        _, rows, cells = block.shape
        ages = np.searchsorted(self._ages, labelled.ages_ms[chosen], side="left")
        columns = block.start + ages * rows * cells
        columns += np.searchsorted(self._edges, labelled.scores[chosen], side="left")
        for row, amount in enumerate((1, right[chosen].astype(np.int64), fixed(labelled.scores[chosen]))):
            entries.add(chosen, columns + row * cells, amount)

    def _block(self, name: str) -> Block:
        block = self.part.block(name)
        assert block is not None, name
        return block

    def _decided(self, entries: Entries, labelled: Labelled) -> tuple[Bools, Bools]:
        """Binary and multiclass; answers which labels met no usable decision or score, and which score is no probability."""
        known = ~np.isnan(labelled.labels)
        decided = known & (labelled.decisions >= 0)
        right = labelled.decisions == labelled.labels
        chosen = np.flatnonzero(decided)
        classes = len(self._layout.classes)
        places = labelled.decisions[chosen].astype(np.int64) * classes
        places += labelled.labels[chosen].astype(np.int64)
        entries.add(chosen, self._block("confusion").start + places)
        self._age(entries, labelled, chosen, (~right[chosen]).astype(np.int64))
        if self._score_coder is None:
            return ~decided, np.zeros(len(labelled), np.bool_)
        scored = known & np.isfinite(labelled.scores)
        probable = (labelled.scores >= 0.0) & (labelled.scores <= 1.0)
        cells = np.zeros(len(labelled), np.int64)
        cells[scored] = self._score_coder.cells(labelled.scores[scored])
        groups = self._groups.take(cells)
        self._stratify(entries, labelled, np.flatnonzero(decided & scored), groups, ~right)
        if self._layout.task is Task.BINARY:
            columns = cells * 2 + (labelled.labels == 1.0)
            entries.add(np.flatnonzero(scored), self._block("score_label").start + columns[scored])
            self._calibrate(
                entries, labelled, np.flatnonzero(scored & probable), groups, labelled.labels == 1.0
            )
        else:
            self._calibrate(entries, labelled, np.flatnonzero(decided & scored & probable), groups, right)
        return ~(decided & scored), scored & ~probable

    def _stratify(
        self, entries: Entries, labelled: Labelled, chosen: Ints, groups: Ints, wrong: Bools
    ) -> None:
        """Labels and errors by coarse score cell and decision."""
        if (block := self.part.block("strata")) is None:
            return
        strata = groups[chosen] * block.shape[1] + labelled.decisions[chosen]
        entries.add(chosen, block.start + 2 * strata)
        entries.add(chosen, block.start + 2 * strata + 1, wrong[chosen].astype(np.int64))

    def _calibrate(
        self, entries: Entries, labelled: Labelled, chosen: Ints, groups: Ints, outcome: Bools
    ) -> None:
        """The sums of `calibration_sums` by cell of p.

        Once by equal-width cell `(lo, hi]`, 0 in the first; once by coarse cell of the score.
        """
        p, y = labelled.scores[chosen], outcome[chosen].astype(np.int64)
        amounts = calibration_sums(p, y)
        places = {
            "calibration": np.searchsorted(self._edges, p, side="left"),
            "calibration_mass": groups[chosen],
        }
        for name, place in places.items():
            if (block := self.part.block(name)) is not None:
                for row, amount in enumerate(amounts):
                    entries.add(chosen, block.start + row * block.shape[1] + place, amount)

    def _residuals(self, entries: Entries, labelled: Labelled) -> tuple[Bools, Bools]:
        """n, Σe, Σ|e|, Σe², Σe⁴, Σ|e/y|, n with y ≠ 0; e = predicted − label in units of the scale."""
        usable = np.isfinite(labelled.scores) & np.isfinite(labelled.labels)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            gap = labelled.scores - labelled.labels
            e = gap / self._layout.scale
            relative = np.abs(gap / labelled.labels)
        inside = usable & (np.abs(e) <= RESIDUAL_MAX)
        chosen = np.flatnonzero(inside)
        start, e = self._block("residuals").start, e[chosen]
        size = fixed(np.abs(e))
        for row, amount in enumerate((1, fixed(e), size, fixed(e**2), fixed(e**4))):
            entries.add(chosen, start + row, amount)
        if (cells := self.part.block("residual_cells")) is not None:
            entries.add(chosen, cells.start + np.searchsorted(_RESIDUAL_EDGES, e, side="left"))
        related = inside & (labelled.labels != 0.0) & (relative <= RELATIVE_MAX)
        entries.add(np.flatnonzero(related), start + 5, fixed(relative[related]))
        entries.add(np.flatnonzero(related), start + 6)
        self._age(entries, labelled, chosen, size)
        beyond = inside & (labelled.labels != 0.0) & ~(relative <= RELATIVE_MAX)
        return ~usable, (usable & ~inside) | beyond

    def _age(self, entries: Entries, labelled: Labelled, chosen: Ints, errors: Ints) -> None:
        columns = self._block("ages").start + 2 * np.searchsorted(
            self._ages, labelled.ages_ms[chosen], side="left"
        )
        entries.add(chosen, columns)
        entries.add(chosen, columns + 1, errors)
