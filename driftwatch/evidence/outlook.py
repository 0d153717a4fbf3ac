"""What an observer can tell at a given traffic: shares, tolerable bounds and independent events per pane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.planning import Bets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outlook:
    """Per row and indicator, float64[rows, indicators] each."""

    share: Floats
    """What the reference says."""
    up: Floats
    """Largest tolerable share; NaN where no bet on more is made."""
    down: Floats
    """Smallest tolerable share; NaN where no bet on less is made."""
    effective: Floats
    """Independent events per pane."""

    def at(self, rows: int | Ints, indicators: slice | Ints) -> Outlook:
        """Of one stream float64[indicators] each; of rows and indicators pairwise, float64[pairs]."""
        parts = (self.share, self.up, self.down, self.effective)
        return Outlook(*(part[rows, indicators] for part in parts))

    def bets(self, steps: tuple[float, ...], needed: Floats | float) -> tuple[Bets, ...]:
        """The bets in each direction that the steps have."""
        found: list[Bets] = []
        for q0, sign in ((self.up, 1), (self.down, -1)):
            chosen = tuple(step for step in steps if step * sign > 0)
            if chosen:
                found.append(Bets(q0, chosen, needed, self.effective))
        return tuple(found)
