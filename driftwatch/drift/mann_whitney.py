"""Mann–Whitney: how often a value of the window is larger than one of the reference."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.ks import open_shares
from driftwatch.drift.quadratic import together
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EVENTS_MIN: Final = 8
"""With fewer events on a side the normal limit of U is not near (SciPy's own bound)."""


def mann_whitney(sides: Sides) -> Estimate:
    """P(value now > value then) + ½P(equal), pairs inside a cell counted as ½, float64[slices, numeric fields].

    U/(NM), the area under the curve of a classifier that tells the window by the value. The raw values' number
    differs by at most ½Σ p_k·q_k over the cells that are not atoms: `lower` and `upper`. NaN where a side is empty.
    """
    value = sides.once(_superiority)
    tied = sides.gather.sum(sides.reference.once(open_shares) * sides.current.shares) / 2
    pick = sides.gather.numeric
    lower, upper = np.maximum(value - tied, 0.0), np.minimum(value + tied, 1.0)
    names = MANN_WHITNEY.names(sides.gather)
    return field_estimate(names, value[:, pick], sides.current.valid[:, pick], lower[:, pick], upper[:, pick])


def mann_whitney_p_value(sides: Sides) -> Estimate:
    """Two-sided P without drift by the normal limit of U with ties and half a step of continuity.

    Values of one cell are ties, which is a test of its own and right at its level; with `cells: exact` it is the
    raw values'. NaN below 8 events on a side, and where all values are in one cell.
    """
    pick = sides.gather.numeric
    m, n = (side.valid[:, pick].astype(np.float64) for side in (sides.reference, sides.current))
    both = m + n
    cells = sides.once(together)
    ties = sides.gather.sum(cells * cells * cells)[:, pick] - both
    enough = np.minimum(m, n) >= EVENTS_MIN
    variance = np.where(enough, m * n / 12 * (both + 1 - ratio(ties, both * (both - 1))), np.nan)
    away = np.abs(sides.once(_superiority)[:, pick] - 0.5) * m * n
    z = ratio(np.maximum(away - 0.5, 0.0), np.sqrt(np.maximum(variance, 0.0)))
    return field_estimate(
        MANN_WHITNEY_P_VALUE.names(sides.gather), np.minimum(2 * ndtr(-z), 1.0), sides.current.valid[:, pick]
    )


def _superiority(sides: Sides) -> Floats:
    """float64[S, F]: Σ_k q_k·(F_ref below the cell + ½ p_k)."""
    return np.minimum(sides.gather.sum(sides.current.shares * sides.reference.once(_middle)), 1.0)


def _middle(side: Side) -> Floats:
    """float64[S, C]: the share below each cell and half of its own."""
    return side.cumulative - side.shares / 2


_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))

MANN_WHITNEY: Final = Statistic(
    name="mann_whitney",
    summary="Probability that a value of the window is larger than one of the reference; ½ is no drift, the limits are the grid's error.",
    source="Mann, Whitney 1947: U/(NM), ties as ½",
    kind=Kind.INPUT,
    compute=mann_whitney,
    needs=_NEEDS,
    worse=Worse.BOTH,
    unit="probability",
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="P(x_cur > x_ref) + ½P(equal)",
    use="The direction of a drift as a probability, untouched by outliers and by any rescaling.",
    lies="½ does not mean equal: it is blind to a change of spread around the same middle.",
)
MANN_WHITNEY_P_VALUE: Final = Statistic(
    name="mann_whitney_p_value",
    summary="Probability of such a Mann–Whitney U without drift, for one single look; repeated looks need a budget.",
    source="normal limit with ties (Lehmann 1975) and continuity",
    kind=Kind.INPUT,
    compute=mann_whitney_p_value,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="2·Φ(−(|U − NM/2| − ½)/σ_U)",
    use="Whether values moved up or down at all, once; the strongest usual test for a plain shift.",
    lies="A p-value answers one look; on a sliding window it falls below any limit sooner or later.",
)
