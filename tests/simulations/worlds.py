"""Worlds of which the truth is known: traffic in panes, for many independent streams at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri

CELLS = 20
"""Cells of equal mass of a standard normal value; every second edge is a decile."""
EDGES = ndtri(np.arange(1, CELLS) / CELLS)
PANE_MS = 300_000
DAY = 288
"""Panes of 5 minutes per day."""

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Wander = Callable[[int], Floats]


@dataclass
class World:
    """Counts of one normal value in its cells, pane by pane, for `rows` streams; one in time, so draw in order.

    Everything that may happen is switched on by a number: none of it changes what the value is on average, but `shift`.
    """

    name: str
    rng: np.random.Generator
    rows: int
    events: int = 1_000
    """Per pane."""
    correlation: float = 0.0
    """Of two events in a pane (beta-binomial: Dirichlet shares per pane)."""
    cluster: int = 1
    """Events that are copies of each other."""
    bursts: float = 0.0
    """Chance of a pane in which 30 % of all events fall into one cell."""
    wave: float = 0.0
    """Height of a daily wave of the mean, in standard deviations."""
    wander: float = 0.0
    """Standard deviation of a slow AR(1) process of the mean, with a memory of 6 hours."""
    traffic: Callable[[int], float] = field(default=lambda _: 1.0)
    """Factor on `events` at a pane."""
    present: Callable[[int, np.random.Generator, int], Ints] | None = None
    """Which rows have traffic at a pane, 0 or 1."""
    shift: Callable[[int], float | Floats] = field(default=lambda _: 0.0)
    """Change of the mean at a pane, in standard deviations: one number, or one per row."""
    _mean: Floats | None = None

    def pane(self, number: int) -> Ints:
        """int64[rows, CELLS]; pane 0 is the first after the reference."""
        shares = self._shares(number)
        if self.correlation:
            gammas = self.rng.standard_gamma(np.maximum(shares * (1 / self.correlation - 1), 1e-12))
            shares = gammas / gammas.sum(axis=1, keepdims=True)
        events = max(round(self.events * self.traffic(number)), 1)
        counts = self.rng.multinomial(max(events // self.cluster, 1), shares) * self.cluster
        if self.bursts:
            self._burst(counts, events)
        if self.present is not None:
            counts *= self.present(number, self.rng, self.rows)[:, None]
        return counts

    def _burst(self, counts: Ints, events: int) -> None:
        hit = np.flatnonzero(self.rng.random(self.rows) < self.bursts)
        kept = events - round(0.3 * events)
        for row in hit:
            counts[row] = self.rng.multinomial(kept, counts[row] / counts[row].sum())
            counts[row, self.rng.integers(CELLS)] += events - kept

    def _shares(self, number: int) -> Floats:
        mean = np.zeros(self.rows) + self.shift(number)
        if self.wave:
            mean += self.wave * np.sin(2 * np.pi * number / DAY)
        if self.wander:
            mean += self._wandering()
        if not mean.any():
            return np.full((self.rows, CELLS), 1 / CELLS)
        below = ndtr(EDGES[None, :] - mean[:, None])
        return np.diff(below, axis=1, prepend=0.0, append=1.0).clip(1e-12)

    def _wandering(self) -> Floats:
        keep = 1 - 1 / 72
        fresh = self.rng.normal(0, self.wander, self.rows)
        self._mean = fresh if self._mean is None else keep * self._mean + np.sqrt(1 - keep**2) * fresh
        return self._mean


def coming_and_going(number: int, rng: np.random.Generator, rows: int) -> Ints:
    """Every third row is there only on every other day; another third in a tenth of all panes."""
    there = np.ones(rows, np.int64)
    there[::3] = number // DAY % 2
    there[1::3] = rng.random(len(there[1::3])) < 0.1
    return there


def tenfold(number: int) -> float:
    """The reference has the traffic of one; then it changes between a tenth, one and ten every 8 hours."""
    return 1.0 if number < 0 else (0.1, 1.0, 10.0)[number // (DAY // 3) % 3]
