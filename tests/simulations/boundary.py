"""The exact null boundary: every share lies exactly at the largest tolerable one, where evidence is hardest to tame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from driftwatch.evidence.baseline import Baseline, Spread
from tests.simulations.watching import SHARES, TOLERANCE, Watcher, observer
from tests.simulations.worlds import CELLS, Ints

PANES_PER_ALERT = 100
MASS = 10_000_000
"""Reference events: their uncertainty is next to nothing."""
WORLDS = {
    "iid, 10 events per pane": (10, 0.0),
    "iid, 100": (100, 0.0),
    "iid, 1 000": (1_000, 0.0),
    "beta-binomial .01, 100": (100, 0.01),
    "beta-binomial .02, 1 000": (1_000, 0.02),
    "beta-binomial .05, 100": (100, 0.05),
}


@dataclass(frozen=True)
class Boundary:
    """Lists in so many panes, and what the budget allows."""

    name: str
    lists: int
    allowed: float

    @property
    def upper(self) -> float:
        """One-sided 99 % upper limit of the expected number of lists (Garwood 1936)."""
        return float(chi2.ppf(0.99, 2 * (self.lists + 1)) / 2)


def exact(rows: int, events: int, correlation: float) -> Baseline:
    """Shares and clumping known exactly; the worst truth then has all deciles at their upper bounds."""
    hits = np.tile(np.arange(1, 10) * MASS // 10, (rows, 1))
    shape = (rows, 1)
    factor = 1 + max(correlation, 0.0005) * (events - 1)
    spread = Spread(
        np.full(shape, float(events)), np.full(shape, factor), np.full(shape, TOLERANCE), np.ones(shape, bool)
    )
    sizes = np.full((1, *shape), MASS)
    return Baseline(SHARES.starts, SHARES.of, 1, np.zeros(1, bool), hits[None], sizes, spread)


def boundary(name: str, seeds: int, streams: int, panes: int) -> Boundary:
    """Run one world."""
    events, correlation = WORLDS[name]
    rng = np.random.default_rng(events + round(1e4 * correlation))
    learned = exact(seeds * streams, events, correlation)
    worst = np.diff(learned.bounds()[0], axis=1, prepend=0.0, append=1.0)
    shares = np.zeros((seeds * streams, CELLS))
    shares[:, 1::2] = worst  # decile k ends with cell 2k - 1
    watcher = Watcher(observer(learned), seeds, PANES_PER_ALERT)
    for number in range(panes):
        watcher.see(_drawn(rng, shares, events, correlation), number)
    return Boundary(name, len(watcher.lists), seeds * panes / PANES_PER_ALERT)


def _drawn(rng: np.random.Generator, shares: np.ndarray, events: int, correlation: float) -> Ints:
    if correlation:
        gammas = rng.standard_gamma(np.where(shares > 0, shares, 1e-300) * (1 / correlation - 1))
        shares = gammas / gammas.sum(axis=1, keepdims=True)
    return rng.multinomial(events, shares)


def table(seeds: int, streams: int, panes: int) -> Iterator[str]:
    yield (
        f"{seeds} × {panes} panes, {streams} streams each, one false alert per {PANES_PER_ALERT} panes, every decile's "
        "share at its upper bound all the time."
    )
    yield ""
    yield "| world | alerts | 99 % upper limit of their expectation | allowed |"
    yield "|---|---|---|---|"
    for name in WORLDS:
        found = boundary(name, seeds, streams, panes)
        yield f"| {name} | {found.lists} | {found.upper:.0f} | {found.allowed:.0f} |"
