"""Kuiper's distance between reference and window: KS that sees the tails as well as the middle."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Sides
from driftwatch.drift.ks import hidden
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EVENTS_MIN: Final = 4
"""Below this effective size the p-value's limit distribution is not near (Press et al. 2007, §14.3)."""
_LEAST: Final = 0.4
"""Below it the series is 1 to 1e-6 and would need many terms; above it the twelfth is below 1e-19."""
_TERMS: Final = 12


def kuiper_statistic(sides: Sides) -> Estimate:
    """V = max(F_ref − F_cur) + max(F_cur − F_ref) of the numeric fields, float64[slices, numeric fields].

    `value` and `lower` are V on the cells' edges. In each direction a cell that is no atom hides at most
    max_k min(r_k, w_k), as for `ks_statistic`: `upper` adds it twice, and is at most 1. NaN where a side is empty.
    """
    gather, pick = sides.gather, sides.gather.numeric
    lower = sides.once(_distance)
    upper = np.minimum(lower + 2 * sides.once(hidden), 1.0)
    names = KUIPER_STATISTIC.names(gather)
    return field_estimate(names, lower[:, pick], sides.current.valid[:, pick], lower[:, pick], upper[:, pick])


def kuiper_p_value(sides: Sides) -> Estimate:
    """2Σ_j (4j²λ² − 1)·exp(−2j²λ²), λ = (√n + 0.155 + 0.24/√n)·V, n = NM/(N+M) (Stephens 1970), from V's lower bound.

    NaN where n is below 4. From cells and with ties it is conservative (docs/statistics-coverage.md).
    """
    pick = sides.gather.numeric
    m, n = sides.reference.valid[:, pick], sides.current.valid[:, pick]
    size = ratio(m * np.asarray(n, np.float64), m + n)
    root = np.sqrt(np.where(size >= EVENTS_MIN, size, np.nan))
    value = _tail((root + 0.155 + 0.24 / root) * sides.once(_distance)[:, pick])
    return field_estimate(KUIPER_P_VALUE.names(sides.gather), value, n)


def _tail(scaled: Floats) -> Floats:
    """The limit's upper tail."""
    total = np.zeros_like(scaled)
    for term in range(1, _TERMS + 1):
        square = (term * scaled) ** 2
        total += (4 * square - 1) * np.exp(-2 * square)
    return np.where(scaled < _LEAST, 1.0, np.minimum(np.maximum(2 * total, 0.0), 1.0)) + 0 * scaled


def _distance(sides: Sides) -> Floats:
    """float64[S, F]: the largest differences in both directions at the cells' upper edges, added."""
    starts = sides.gather.starts
    above = np.maximum(np.maximum.reduceat(sides.apart, starts, axis=1), 0.0)
    below = np.minimum(np.minimum.reduceat(sides.apart, starts, axis=1), 0.0)
    return np.minimum(above - below, 1.0)


_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))

KUIPER_STATISTIC: Final = Statistic(
    name="kuiper_statistic",
    summary="Largest differences of the distribution functions in both directions, added; upper adds what the cells can hide.",
    source="Kuiper 1960; on cells with V ≤ V_grid + 2·max min(r, w)",
    kind=Kind.INPUT,
    compute=kuiper_statistic,
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="max (F_ref − F_cur) + max (F_cur − F_ref)",
    use="Where spread changes rather than place; for values on a circle (hour of day, direction) it does not depend on where the circle is cut.",
    lies="Larger than KS for the same chance: compare it with its own p-value. Between edges it is known only up to its upper limit.",
)
KUIPER_P_VALUE: Final = Statistic(
    name="kuiper_p_value",
    summary="Probability of such a Kuiper distance without drift, for one single look; repeated looks need a budget.",
    source="Stephens 1970 at n = NM/(N+M)",
    kind=Kind.INPUT,
    compute=kuiper_p_value,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="2Σ (4j²λ² − 1)·e^(−2j²λ²), λ = (√n + 0.155 + 0.24/√n)·V",
    use="Whether a single window differs at all, in place or in spread.",
    lies="On a sliding window it falls below 5 % sooner or later, drift or not; from cells it is conservative (true size 0.4–2.9 % at 5 %).",
)
