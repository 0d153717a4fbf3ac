"""What evidence can find and how soon, at a given traffic: said before anything happens, so that nobody hopes in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.evidence.odds import slopes
from driftwatch.evidence.recursion import CAP

Floats = NDArray[np.float64]

_HALVINGS: Final = 40
NEVER: Final = np.inf


@dataclass(frozen=True, slots=True)
class Bets:
    """The bets in one direction on shares of any shape, and what has to be earned."""

    q0: Floats
    """Largest (or smallest) tolerable share; NaN where there is no bet."""
    steps: tuple[float, ...]
    """All of one sign."""
    needed: Floats | float
    """ln(A S C / share): what one bet has to earn if the stream's other bets earn nothing."""
    effective: Floats
    """Independent events per pane, n / phi."""

    @property
    def sign(self) -> int:
        """1 for bets on a larger share, -1 for a smaller one."""
        return 1 if self.steps[0] > 0 else -1

    def panes(self, share: Floats) -> Floats:
        """Expected panes to an alert at this share; infinite where no bet gains on average.

        Wald: needed / gain of the best bet, the gain at most CAP. The sum over all beginnings helps: R_t is about
        e^(t gain) / (1 - e^-gain) after the change.
        """
        gains = [share * step + slopes(self.q0, step) for step in self.steps]
        gain = np.minimum(np.max(gains, axis=0) * self.effective, CAP)
        with np.errstate(divide="ignore", invalid="ignore"):
            helped = np.maximum(self.needed + np.log(-np.expm1(-np.maximum(gain, 0.0))), 0.0)
            panes = np.where(gain > 0, np.maximum(helped / gain, 1.0), NEVER)
        return np.where(np.isnan(self.q0), NEVER, panes)

    def smallest(self, within: float) -> Floats:
        """The share nearest to the tolerable one that is found within so many panes on average; NaN where none is."""
        far = np.full(self.q0.shape, 1.0 if self.sign > 0 else 0.0)
        low, high = np.nan_to_num(self.q0, nan=0.5), far.copy()
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            found = self.panes(middle) <= within
            low, high = np.where(found, low, middle), np.where(found, middle, high)
        return np.where(self.panes(far) <= within, high, np.nan)
