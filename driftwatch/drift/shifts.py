"""How far a numeric field moved, in reference standard deviations: Wasserstein, mean and quantiles, with the grid's error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind


def wasserstein(sides: Sides) -> Estimate:
    """∫|F_ref − F_cur| over the reference's standard deviation, float64[slices, numeric fields].

    Each cell's mass lies at its centre, the reference's mean in that cell. The raw values' distance differs by at
    most the way to the centres, Σ(p+q)·h with h the larger way from centre to edge: `lower` and `upper`. Values
    out of the reference's range count at its end, beyond the limits' knowledge. NaN for a constant reference.
    """
    value = sides.gather.sum(np.abs(sides.apart) * sides.gather.geometry.gaps)
    slack = sides.once(_slack)
    return _estimate(sides, value, np.maximum(value - slack, 0.0), value + slack)


def mean_shift(sides: Sides) -> Estimate:
    """(mean now − mean of the reference) over the reference's standard deviation, from the cells' centres.

    `lower` and `upper` are the grid's error, as for `wasserstein`.
    """
    value = _mean(sides.current) - sides.reference.once(_mean)
    slack = sides.once(_slack)
    return _estimate(sides, value, value - slack, value + slack)


class Quantile(NamedTuple):
    """A quantile known within its cell, float64[S, F]."""

    value: Floats
    lower: Floats
    upper: Floats


def quantile_shift(level: float) -> Callable[[Sides], Estimate]:
    """(quantile now − the reference's) over the reference's standard deviation; the smallest value with `level` of the
    mass at or below it, spread evenly inside its cell. `lower` and `upper` are the ends of the cells; NaN where the
    quantile lies outside the reference's range.
    """

    def of(side: Side) -> Quantile:
        return quantile(side, level)

    def compute(sides: Sides) -> Estimate:
        past, now = sides.reference.once(of), of(sides.current)
        return _estimate(sides, now.value - past.value, now.lower - past.upper, now.upper - past.lower)

    return compute


def quantile(side: Side, level: float) -> Quantile:
    """One quantile of every slice and field, in reference standard deviations."""
    gather, geometry = side.gather, side.gather.geometry
    rank = np.maximum(np.ceil(level * side.valid), 1.0).astype(np.int64)
    under = gather.sum((side.below < gather.each_cell(rank)).astype(np.int64))
    cell = np.minimum(gather.starts + under, gather.starts + gather.sizes - 1)
    count = np.take_along_axis(side.cells, cell, axis=1)
    before = np.take_along_axis(side.below, cell, axis=1) - count
    inside = (rank - before - 0.5) / np.maximum(count, 1)
    lower, upper = geometry.lower[cell], geometry.upper[cell]
    known = (side.valid > 0) & gather.spread
    value = np.where(gather.atomic[cell], upper, lower + (upper - lower) * inside)
    start = np.where(gather.atomic[cell], upper, lower)
    return Quantile(*(np.where(known, each, np.nan) for each in (value, start, upper)))


def _slack(sides: Sides) -> Floats:
    return _reach(sides.current) + sides.reference.once(_reach)


def _reach(side: Side) -> Floats:
    """float64[S, F]: how far values may lie from their cells' centres on average."""
    return ratio(side.gather.sum(side.cells * side.gather.geometry.slack), side.valid)


def _mean(side: Side) -> Floats:
    """float64[S, F]: mean of the cells' centres."""
    return ratio(side.gather.sum(side.cells * side.gather.geometry.centres), side.valid)


def _estimate(sides: Sides, value: Floats, lower: Floats, upper: Floats) -> Estimate:
    gather = sides.gather
    value = np.where(gather.spread, value, np.nan)
    pick = gather.numeric
    names = WASSERSTEIN.names(gather)
    return field_estimate(names, value[:, pick], sides.current.valid[:, pick], lower[:, pick], upper[:, pick])


_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))
_UNIT: Final = "reference standard deviations"
_OUTSIDE: Final = "Values out of the reference's range count at its end; read `out_of_range_share` beside it."

WASSERSTEIN: Final = Statistic(
    name="wasserstein",
    summary="How far values moved on average, in reference standard deviations; the limits are the grid's error.",
    source="Wasserstein-1 on cells; Vallender 1974",
    kind=Kind.INPUT,
    compute=wasserstein,
    needs=_NEEDS,
    worse=Worse.UP,
    unit=_UNIT,
    low=0.0,
    interval=True,
    default=False,
    formula="∫ |F_ref − F_cur| dx / σ_ref",
    use="To say how large a drift is: it grows with the distance that values move, where PSI and KS saturate.",
    lies=_OUTSIDE + " Heavy tails make σ_ref large and the number small.",
)
MEAN_SHIFT: Final = Statistic(
    name="mean_shift",
    summary="By how many reference standard deviations the mean moved; the limits are the grid's error.",
    source="Σ (q − p)·centre / σ",
    kind=Kind.INPUT,
    compute=mean_shift,
    needs=_NEEDS,
    worse=Worse.BOTH,
    unit=_UNIT,
    interval=True,
    default=False,
    formula="(mean_cur − mean_ref) / σ_ref",
    use="The direction of a drift, which distances do not tell.",
    lies=_OUTSIDE + " Blind to a change of spread around the same mean.",
)


def _quantile(name: str, level: float, words: str) -> Statistic:
    return Statistic(
        name=f"{name}_shift",
        summary=f"By how many reference standard deviations the {words} moved; the limits are the ends of its cells.",
        source="inverse distribution function on cells (Hyndman, Fan 1996, definition 1)",
        kind=Kind.INPUT,
        compute=quantile_shift(level),
        needs=_NEEDS,
        worse=Worse.BOTH,
        unit=_UNIT,
        interval=True,
        default=False,
        formula=f"(Q_cur({level:g}) − Q_ref({level:g})) / σ_ref",
        use="Robust against outliers; the tails tell what a mean hides."
        if level != 0.5
        else "Like the mean shift, untouched by outliers.",
        lies="Insufficient where the quantile lies outside the reference's range; small samples move tails a lot.",
    )


P05_SHIFT: Final = _quantile("p05", 0.05, "5 % quantile")
MEDIAN_SHIFT: Final = _quantile("median", 0.5, "median")
P95_SHIFT: Final = _quantile("p95", 0.95, "95 % quantile")
