"""Welch's t-test on the means of reference and window."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import stdtr

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Gather, Side, Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind


class Mean(NamedTuple):
    """float64[S, F] each: the mean, the variance of the mean, and the events less one."""

    value: Floats
    variance: Floats
    free: Floats


class Compared(NamedTuple):
    """float64[S, F] each: t and its degrees of freedom."""

    t: Floats
    free: Floats


def welch_t(sides: Sides) -> Estimate:
    """(mean now − mean then)/√(s²/N + s²/M), float64[slices, numeric fields]; NaN with fewer than two events a side.

    From the cells' centres; the spread inside a cell counts as that of even mass over its width, h²/3 with h the way
    from centre to edge (Sheppard 1898). In atoms nothing is hidden, so with `cells: exact` it is the raw values' t.
    """
    return _estimate(sides, sides.once(_compared).t)


def welch_p_value(sides: Sides) -> Estimate:
    """Two-sided P of Student's t with Welch's degrees of freedom, float64[slices, numeric fields]."""
    found = sides.once(_compared)
    return _estimate(sides, np.minimum(2 * stdtr(found.free, -np.abs(found.t)), 1.0))


def _compared(sides: Sides) -> Compared:
    past, now = sides.reference.once(_mean), _mean(sides.current)
    total = past.variance + now.variance
    t = ratio(now.value - past.value, np.sqrt(total))
    shares = ratio(past.variance**2, past.free) + ratio(now.variance**2, now.free)
    return Compared(t, ratio(total**2, shares))


def _mean(side: Side) -> Mean:
    gather = side.gather
    places, squares = gather.keep(_moments, lambda: _moments(gather))
    n = side.valid.astype(np.float64)
    mean = ratio(gather.sum(side.cells * places), n)
    square = np.maximum(gather.sum(side.cells * squares) - n * mean * mean, 0.0)
    return Mean(mean, ratio(square, n * (n - 1)), n - 1)


def _moments(gather: Gather) -> tuple[Floats, Floats]:
    """float64[C] each: cells' centres from the middle of their field, and their squares with the spread inside.

    From there, so that values far from zero lose no digits when the mean's square is taken off.
    """
    geometry = gather.geometry
    sizes = gather.sizes.astype(np.float64)
    middle = np.repeat(np.add.reduceat(geometry.centres, gather.starts) / sizes, gather.sizes)
    places = geometry.centres - middle
    return places, places * places + geometry.slack * geometry.slack / 3


def _estimate(sides: Sides, value: Floats) -> Estimate:
    gather, pick = sides.gather, sides.gather.numeric
    value = np.where(gather.spread, value, np.nan)[:, pick]
    return field_estimate(WELCH_T.names(gather), value, sides.current.valid[:, pick])


_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))

WELCH_T: Final = Statistic(
    name="welch_t",
    summary="By how many standard errors the mean moved (Welch's t).",
    source="Welch 1947, on cells with Sheppard's correction",
    kind=Kind.INPUT,
    compute=welch_t,
    needs=_NEEDS,
    worse=Worse.BOTH,
    default=False,
    formula="(mean_cur − mean_ref)/√(s²_cur/N + s²_ref/M)",
    use="As the test behind `welch_p_value`.",
    lies="Grows with the number of events; how far the mean moved says `mean_shift`.",
)
WELCH_P_VALUE: Final = Statistic(
    name="welch_p_value",
    summary="Probability of such a difference of means without drift, for one single look; repeated looks need a budget.",
    source="Welch 1947; Student's t with Welch's degrees of freedom",
    kind=Kind.INPUT,
    compute=welch_p_value,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(|t_ν| ≥ |t|)",
    use="Whether the mean moved at all, once.",
    lies="A p-value answers one look. Blind to anything but the mean, and of heavy tails it is only roughly right.",
)
