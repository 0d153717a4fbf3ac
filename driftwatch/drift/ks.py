"""Kolmogorov–Smirnov distance between reference and window, with the error of the grid and a p-value."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.ks_exact import ks_exact_p_value
from driftwatch.drift.ks_limit import ks_limit_p_value
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EXACT_MAX: Final = 200
"""Up to this many events on both sides the p-value is exact; beyond it the large-sample form is used."""


def ks_statistic(sides: Sides) -> Estimate:
    """D = max |F_ref − F_cur| of the numeric fields, float64[slices, numeric fields].

    `value` and `lower` are D on the cells' edges. A difference hidden inside cell k is at most min(r_k, w_k)
    (shares of both sides) above what its edges show, and nothing is hidden inside an atom: `upper` =
    D + max_k min(r_k, w_k) over the other cells, at most 1. NaN where a side has no valid value.
    """
    lower = sides.once(_distance)
    upper = np.minimum(lower + sides.once(hidden), 1.0)
    pick = sides.gather.numeric
    return field_estimate(
        _names(sides), lower[:, pick], sides.current.valid[:, pick], lower[:, pick], upper[:, pick]
    )


def ks_p_value(sides: Sides) -> Estimate:
    """P(D at least as large without drift), from the lower bound of D, so that the grid never makes a page.

    From n_e = NM/(N+M), rounded to a whole number, as one sample of that size (Pelz, Good 1976: what SciPy calls
    asymptotic; Kolmogorov's limit is its first term); exact (counting lattice paths) where both sides have at
    most 200 events. Conservative with ties: at 5 % the true size is 0.6–1.5 % (STATISTICS §1).
    """
    pick = sides.gather.numeric
    m, n = sides.reference.valid[:, pick], sides.current.valid[:, pick]
    distance = sides.once(_distance)[:, pick]
    size = np.maximum(np.rint(ratio(m * np.asarray(n, np.float64), m + n)), 1.0)
    value = ks_limit_p_value(size, distance)
    small = (m > 0) & (n > 0) & (m <= EXACT_MAX) & (n <= EXACT_MAX)
    if small.any():
        value[small] = ks_exact_p_value(m[small], n[small], distance[small])
    return field_estimate(_names(sides), value, n)


def hidden(sides: Sides) -> Floats:
    """float64[S, F]: the largest difference that can lie inside a cell, max_k min(r_k, w_k) over those that are no atoms."""
    least = np.minimum(sides.reference.once(open_shares), sides.current.shares)
    return np.maximum.reduceat(least, sides.gather.starts, axis=1)


def open_shares(side: Side) -> Floats:
    """float64[S, C]: each cell's share, 0 in atoms."""
    return np.where(side.gather.atomic, 0.0, side.shares)


def _distance(sides: Sides) -> Floats:
    """float64[S, F]: largest difference of the distribution functions at the cells' upper edges."""
    return np.maximum.reduceat(np.abs(sides.apart), sides.gather.starts, axis=1)


def _names(sides: Sides) -> tuple[str, ...]:
    return KS_STATISTIC.names(sides.gather)


_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))

KS_STATISTIC: Final = Statistic(
    name="ks_statistic",
    formula="max |F_ref − F_cur|",
    use="For numeric fields: needs no choice of cells and says where distributions part most.",
    lies="Weak against changes in the tails; saturates at 1; between edges it is known only up to its upper limit, with `cells: exact` to the last bit.",
    summary="Largest difference between the distribution functions of reference and window; upper adds what the cells can hide.",
    source="Kolmogorov 1933, Smirnov 1939; on cells with D ≤ D_grid + max min(r, w)",
    kind=Kind.INPUT,
    compute=ks_statistic,
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    interval=True,
)
KS_P_VALUE: Final = Statistic(
    name="ks_p_value",
    formula="P(D* ≥ D), n_e = NM/(N + M)",
    use="Whether a single window differs at all.",
    lies="On a sliding window it falls below 5 % with certainty, drift or not; with ties it is conservative (true size 0.6–2.5 % at 5 %).",
    summary="Probability of such a KS distance without drift, for one single look; repeated looks need a budget.",
    source="Pelz, Good 1976 at n_e = NM/(N+M); exact up to 200 events on both sides (Hodges 1958)",
    kind=Kind.INPUT,
    compute=ks_p_value,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
)
