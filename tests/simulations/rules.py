"""Threshold rules on a sliding window of one hour, as people use them, on the same streams as evidence."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from scipy.special import kolmogorov

from tests.simulations.worlds import CELLS, Floats, Ints

WINDOW = 12
"""Panes of the window."""
LEVEL = 0.05
KS, KS_BH, PSI = "KS p < 0.05", "KS, Benjamini-Hochberg 5 %", "PSI > 0.25"
NAMES = (KS, KS_BH, PSI)


@dataclass
class Rules:
    """Counts alarms: a stream goes from calm to alarm at a look; every pane is a look."""

    reference: Ints
    """int64[rows, CELLS]"""
    seeds: int
    alarms: dict[str, int] = field(default_factory=lambda: dict.fromkeys(NAMES, 0))
    first: dict[str, Floats] = field(init=False)
    """Per rule float64[rows]: the pane of the first alarm at or after `since`; NaN before."""
    since: int = 0
    _on: dict[str, np.ndarray] = field(init=False)
    _window: deque[Ints] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def __post_init__(self) -> None:
        rows = len(self.reference)
        self.first = {name: np.full(rows, np.nan) for name in NAMES}
        self._on = {name: np.zeros(rows, bool) for name in NAMES}

    def see(self, matrix: Ints, number: int) -> None:
        self._window.append(matrix)
        if len(self._window) < WINDOW:
            return
        window = np.sum(self._window, axis=0)
        chances = ks_chance(self.reference, window)
        found = {
            KS: chances < LEVEL,
            KS_BH: benjamini_hochberg(chances.reshape(self.seeds, -1)).reshape(-1),
            PSI: psi(self.reference, window) > 0.25,
        }
        for name, on in found.items():
            if number < self.since:
                self.alarms[name] += int((on & ~self._on[name]).sum())
            elif np.isnan(self.first[name]).any():
                self.first[name] = np.where(np.isnan(self.first[name]) & on, number, self.first[name])
            self._on[name] = on


def ks_chance(reference: Ints, window: Ints) -> Floats:
    """Asymptotic two-sample p-value per row, from the distance on the cells."""
    past, now = reference.sum(axis=1), window.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        gap = np.abs(np.cumsum(reference, axis=1) / past[:, None] - np.cumsum(window, axis=1) / now[:, None])
        effective = past * now / (past + now)
    return np.nan_to_num(kolmogorov(np.sqrt(effective) * gap.max(axis=1)), nan=1.0)


def benjamini_hochberg(chances: Floats) -> np.ndarray:
    """Per seed [seeds, streams] which are rejected at LEVEL in this look."""
    order = np.sort(chances, axis=1)
    limits = LEVEL * np.arange(1, chances.shape[1] + 1) / chances.shape[1]
    last = np.where(order <= limits, np.arange(chances.shape[1]), -1).max(axis=1)
    bound = np.where(last >= 0, np.take_along_axis(order, last.clip(0)[:, None], axis=1)[:, 0], -1.0)
    return chances <= bound[:, None]


def psi(reference: Ints, window: Ints) -> Floats:
    """On deciles, half a count in every cell."""
    past = reference.reshape(len(reference), CELLS // 2, 2).sum(axis=2) + 0.5
    now = window.reshape(len(window), CELLS // 2, 2).sum(axis=2) + 0.5
    p, q = past / past.sum(axis=1, keepdims=True), now / now.sum(axis=1, keepdims=True)
    return ((q - p) * np.log(q / p)).sum(axis=1)
