"""The G-test: the likelihood ratio of two samples on the coarse cells."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import chdtrc

from driftwatch.drift.chi2 import Table, table_of
from driftwatch.drift.estimates import field_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse


def g_statistic(sides: Sides) -> Estimate:
    """2Σ observed·ln(observed/expected) of both samples, float64[slices, fields], cells joined as for `chi2_statistic`."""
    table = sides.once(_table)
    value = np.where(table.free > 0, table.value, np.nan)
    return field_estimate(G_STATISTIC.names(sides.gather), value, sides.current.valid)


def g_p_value(sides: Sides) -> Estimate:
    """P(G at least as large without drift), from χ² with (cells − 1) degrees of freedom."""
    table = sides.once(_table)
    p = np.where(table.free > 0, chdtrc(np.maximum(table.free, 1), table.value), np.nan)
    return field_estimate(G_P_VALUE.names(sides.gather), p, sides.current.valid)


def _table(sides: Sides) -> Table:
    found = table_of(sides, _likelihood)
    return found._replace(value=np.maximum(found.value, 0.0))


def _likelihood(one: Floats, other: Floats, all_one: Floats, all_other: Floats) -> Floats:
    """What a cell adds; both samples' expected events add up to its own, so the sum is never below zero."""
    both, everyone = np.maximum(one + other, 1.0), np.maximum(all_one + all_other, 1.0)
    shares = everyone / np.maximum(all_one, 1.0), everyone / np.maximum(all_other, 1.0)
    found = one * _log(one / both * shares[0]) + other * _log(other / both * shares[1])
    return np.asarray(2 * found, np.float64)


def _log(ratios: Floats) -> Floats:
    """ln; 0 of 0, which is multiplied by 0."""
    return np.log(ratios, out=np.zeros_like(ratios), where=ratios > 0)


G_STATISTIC: Final = Statistic(
    name="g_statistic",
    summary="Likelihood ratio of reference and window on the PSI cells; compare it with its degrees of freedom.",
    source="Wilks 1935; Sokal, Rohlf 1981; small cells joined (Cochran 1954)",
    kind=Kind.INPUT,
    compute=g_statistic,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="2Σ O·ln(O/E) over both samples",
    use="As the test behind `g_p_value`.",
    lies="Grows with the number of events; it is no effect size.",
)
G_P_VALUE: Final = Statistic(
    name="g_p_value",
    summary="Probability of such a G without drift, for one single look; repeated looks need a budget.",
    source="Wilks 1935; χ² with (cells − 1) degrees of freedom",
    kind=Kind.INPUT,
    compute=g_p_value,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(χ²_{B−1} ≥ G)",
    use="Instead of `chi2_p_value` where one is used to it; with many events both say the same.",
    lies="A p-value answers one look; with small expected counts it is a little too small.",
)
