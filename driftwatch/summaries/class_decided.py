"""Every class's own score meets the decision: an event's place in the block `class_decided`, class by class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from driftwatch.summaries.layout import DECISION, Block, Part, class_of

Cells = NDArray[np.integer]


class DecidedCoder:
    """Finds each event's place in every class's part of the block, from the cells of its scores and its decision."""

    def __init__(self, part: Part, block: Block) -> None:
        names = [field.name for field in part.fields]
        self._decision = names.index(DECISION)
        decision = part.fields[self._decision]
        self._decisions = decision.cells
        self._unusable = (block.shape[1] - 1) * 2
        self._classes = [
            (names.index(name), part.field(name).cells, decision.categories.index(class_of(name)))
            for name in part.scored
        ]

    def __len__(self) -> int:
        return len(self._classes)

    def fill(self, cells: Cells, into: Cells) -> None:
        """The places of n events [classes, n], from their cells [fields or more, n]."""
        decisions = cells[self._decision]
        undecided = decisions >= self._decisions
        for row, (place, usable, decided) in enumerate(self._classes):
            scores = cells[place]
            np.multiply(scores, 2, out=into[row])
            into[row] += decisions == decided
            into[row][(scores >= usable) | undecided] = self._unusable
