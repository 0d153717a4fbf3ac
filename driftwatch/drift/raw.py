"""Other tools' numbers on raw values, where no counts can give them: Evidently, frouros, and exact Kolmogorov–Smirnov."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import rel_entr

from driftwatch.drift.reading import Floats

DISTINCT_MAX: Final = 20
"""Evidently counts a column with at most so many different reference values by value."""
FILL: Final = 1e-4
"""What Evidently and the classic PSI put in place of a share of zero."""


def psi_evidently(reference: Floats, current: Floats) -> float:
    """PSI as evidently 0.7 computes it: cells of the pooled values, a zero share becomes 1e-4, nothing renormalised."""
    p, q = evidently_shares(reference, current)
    return _psi(_evidently_filled(p), _evidently_filled(q))


def js_evidently(reference: Floats, current: Floats) -> float:
    """Jensen–Shannon distance as evidently 0.7 computes it: natural logarithm, its own cells, nothing filled."""
    return js(*evidently_shares(reference, current))


def psi_frouros(reference: Floats, current: Floats) -> float:
    """PSI as frouros 0.9 computes it: 10 cells of equal width on the pooled range, a zero becomes the smallest double."""
    low, high = (float(f([f(reference), f(current)])) for f in (np.min, np.max))
    edges = np.linspace(low, high, 11)
    p, q = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    smallest = float(np.finfo(np.float64).tiny)
    return _psi(np.where(p == 0, smallest, p), np.where(q == 0, smallest, q))


def psi_classic(reference: Floats, current: Floats) -> float:
    """PSI on the reference's deciles (NumPy's linear ones, repetitions dropped), cells `(a, b]`, a zero share 1e-4."""
    edges = np.unique(np.quantile(reference, np.arange(1, 10) / 10))
    p, q = (_shares(np.searchsorted(edges, side), len(edges) + 1) for side in (reference, current))
    return _psi(np.where(p == 0, FILL, p), np.where(q == 0, FILL, q))


def js_nannyml(reference: Floats, current: Floats) -> float:
    """Jensen–Shannon distance as nannyml 0.13 computes it: base 2, NumPy's `doane` cells of the reference, one for the rest."""
    edges = np.histogram_bin_edges(reference, "doane")
    p, q = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    outside = 1 - q.sum()
    return js(np.append(p, 0.0), np.append(q, max(outside, 0.0))) / np.sqrt(np.log(2))


def wasserstein_raw(reference: Floats, current: Floats) -> float:
    """Wasserstein-1 over the reference's standard deviation, from the values themselves (Vallender 1974)."""
    both = np.sort(np.concatenate([reference, current]))
    below = [
        np.searchsorted(np.sort(side), both[:-1], side="right") / len(side) for side in (reference, current)
    ]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(both)) / reference.std())


class Kolmogorov(NamedTuple):
    """D and its exact probability without drift."""

    distance: float
    p: float


def ks_raw(reference: Floats, current: Floats) -> Kolmogorov:
    """Two-sample Kolmogorov–Smirnov with its exact p-value, for continuous values of any number.

    The chance that a random order of both samples ever strays D apart, walked along the anti-diagonals of the
    lattice of paths with probabilities instead of counts, so that nothing overflows (Hodges 1958; Viehmann 2021).
    Takes (N + M) steps over the width of the allowed band.
    """
    m, n = len(reference), len(current)
    values = np.unique(np.concatenate([reference, current]))
    at, by = (np.searchsorted(np.sort(side), values, side="right") for side in (reference, current))
    bound = int(np.abs(at * n - by * m).max())
    if bound == 0:
        return Kolmogorov(0.0, 1.0)
    return Kolmogorov(bound / (m * n), _stray(m, n, bound))


def _stray(m: int, n: int, bound: int) -> float:
    """P(max |i·n − j·m| ≥ bound) over random paths from (0, 0) to (m, n), i + j growing by one at each step."""
    i = np.arange(m + 1)
    outside = np.zeros(m + 1)
    low = high = 0
    for step in range(1, m + n + 1):
        # The band of i inside the bound on this anti-diagonal: |i·(n+m) − step·m| < bound.
        start = max(0, step - n, -((bound - 1 - step * m) // (m + n)))
        stop = min(m, step, (bound - 1 + step * m) // (m + n))
        if start > stop:
            return 1.0
        place = i[start : stop + 1]
        # Backwards in time the path came from (i−1, j) with chance i/step, else from (i, j−1).
        left = np.where(place > 0, outside[np.maximum(place - 1, 0)], 0.0)
        left = np.where((place - 1 < low) | (place - 1 > high), 1.0, left)
        right = np.where((place < low) | (place > high), 1.0, outside[place])
        share = place / step
        outside[start : stop + 1] = share * left + (1 - share) * right
        low, high = start, stop
    return float(outside[m]) if low <= m <= high else 1.0


def evidently_shares(reference: Floats, current: Floats) -> tuple[Floats, Floats]:
    """Shares of both samples in Evidently's cells: by value, or NumPy's `sturges` bins of both together."""
    values = np.unique(reference)
    both = np.concatenate([reference, current])
    if len(values) <= DISTINCT_MAX:
        values = np.unique(both)
        of = [_shares(np.searchsorted(values, side), len(values)) for side in (reference, current)]
        return of[0], of[1]
    edges = np.histogram_bin_edges(both, "sturges")
    p, q = (np.histogram(side, edges)[0] / len(side) for side in (reference, current))
    return p, q


def _evidently_filled(shares: Floats) -> Floats:
    smallest = float(shares[shares > 0].min())
    return np.where(shares == 0, smallest / 1e6 if smallest <= FILL else FILL, shares)


def js(p: Floats, q: Floats) -> float:
    """Jensen–Shannon distance of two lists of shares, natural logarithm."""
    middle = (p + q) / 2
    return float(np.sqrt(max(np.sum(rel_entr(p, middle) + rel_entr(q, middle)) / 2, 0.0)))


def _psi(p: Floats, q: Floats) -> float:
    return float(np.sum((q - p) * np.log(q / p)))


def _shares(cells: NDArray[np.integer], count: int) -> Floats:
    return np.bincount(cells, minlength=count) / len(cells)
