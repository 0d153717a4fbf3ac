"""Counts beside what the reference expects of them: the numbers that stand in messages next to the evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Per row and indicator, float64[rows, indicators] each."""

    events: Floats
    hits: Floats
    """Events with the indicator; for calibration labels that are 1, less the sum of the scores."""
    expected: Floats
    """What the reference says of as many events."""
    spread: Floats
    """Variance of the hits, clumping included."""
    tolerance: Floats
    """Change of the share that does not matter, and what the reference leaves unsure."""
    reference: Floats
    """Reference events."""
    scores: Floats
    """Sum of the scores that the hits are less; 0 where hits are counted as they are."""

    @property
    def now(self) -> Floats:
        """The share (for calibration: the gap); NaN without events."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.hits / self.events

    @property
    def said(self) -> Floats:
        """Mean of the scores, which a gap is to be added to; NaN without events."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.scores / self.events

    @property
    def past(self) -> Floats:
        """The share that the reference says."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.expected / self.events

    @property
    def change(self) -> Floats:
        """Now less past; 0 without events."""
        return np.nan_to_num(self.now - self.past)

    @property
    def error(self) -> Floats:
        """Standard error of the share now."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nan_to_num(np.sqrt(self.spread) / self.events)
