"""Distances between the shares of the coarse cells: Jensen–Shannon, Hellinger, total variation, largest difference."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import rel_entr

from driftwatch.drift.estimates import field_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse


def js_distance(sides: Sides) -> Estimate:
    """Square root of the Jensen–Shannon divergence, natural logarithm, float64[slices, fields], at most √ln 2."""
    return _estimate(sides, np.sqrt(np.maximum(_sum(sides, js_terms(sides)), 0.0)))


def hellinger(sides: Sides) -> Estimate:
    """√(½Σ(√p − √q)²) over the coarse cells, float64[slices, fields]."""
    return _estimate(sides, np.sqrt(np.minimum(_sum(sides, hellinger_terms(sides)), 1.0)))


def total_variation(sides: Sides) -> Estimate:
    """½Σ|p − q|: the share of events that would have to change cells, float64[slices, fields]."""
    return _estimate(sides, np.minimum(_sum(sides, change_terms(sides)) / 2, 1.0))


def l_infinity(sides: Sides) -> Estimate:
    """max|p − q|: the largest change of any cell's share, float64[slices, fields]."""
    largest = np.maximum.reduceat(change_terms(sides), sides.gather.coarse_fields, axis=1)
    return _estimate(sides, largest)


def js_terms(sides: Sides) -> Floats:
    """float64[S, G]: what each coarse cell adds to the divergence; never negative but for rounding."""
    p, q = sides.reference.coarse_shares, sides.current.coarse_shares
    middle = (p + q) / 2
    return (rel_entr(p, middle) + rel_entr(q, middle)) / 2


def hellinger_terms(sides: Sides) -> Floats:
    """float64[S, G]: what each coarse cell adds to the squared distance."""
    gap = np.sqrt(sides.reference.coarse_shares) - np.sqrt(sides.current.coarse_shares)
    return gap * gap / 2


def change_terms(sides: Sides) -> Floats:
    """float64[S, G]: |p − q| of each coarse cell."""
    return np.abs(sides.reference.coarse_shares - sides.current.coarse_shares)


def _sum(sides: Sides, terms: Floats) -> Floats:
    return np.add.reduceat(terms, sides.gather.coarse_fields, axis=1)


def _estimate(sides: Sides, value: Floats) -> Estimate:
    return field_estimate(JS_DISTANCE.names(sides.gather), value, sides.current.valid)


_NOISE: Final = "Never zero on real samples: it grows with the number of cells and shrinks like 1/√N, so limits do not carry over between windows of different size."

JS_DISTANCE: Final = Statistic(
    name="js_distance",
    summary="Jensen–Shannon distance (natural logarithm) on the PSI cells: 0 is equal, 0.83 is disjoint.",
    source="Lin 1991; Endres, Schindelin 2003",
    kind=Kind.INPUT,
    compute=js_distance,
    terms=js_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    high=float(np.sqrt(np.log(2))),
    default=False,
    formula="√(½Σ p·ln(2p/(p+q)) + ½Σ q·ln(2q/(p+q)))",
    use="One bounded distance for numbers and categories that needs no filling of empty cells.",
    lies=_NOISE + " Without drift it is about √((B−1)/8·(1/N+1/M)).",
)
HELLINGER: Final = Statistic(
    name="hellinger",
    summary="Hellinger distance on the PSI cells: 0 is equal, 1 is disjoint.",
    source="Hellinger 1909; Le Cam 1986",
    kind=Kind.INPUT,
    compute=hellinger,
    terms=hellinger_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    default=False,
    formula="√(½Σ (√p − √q)²)",
    use="Where rare cells matter: a change from 0.1 % to 1 % counts more than one from 10 % to 11 %.",
    lies=_NOISE,
)
TOTAL_VARIATION: Final = Statistic(
    name="total_variation",
    summary="Share of events that would have to change cells to make the window look like the reference.",
    source="½Σ|p − q|",
    kind=Kind.INPUT,
    compute=total_variation,
    terms=change_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    default=False,
    formula="½Σ |p − q|",
    use="To say a change in words: so many of a hundred events are elsewhere now.",
    lies=_NOISE
    + " Blind to how far values move: a step into the next cell counts like one across the range.",
)
L_INFINITY: Final = Statistic(
    name="l_infinity",
    summary="The largest change of the share of any PSI cell.",
    source="max|p − q|",
    kind=Kind.INPUT,
    compute=l_infinity,
    terms=change_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    default=False,
    formula="max |p − q|",
    use="For categories of which one may take over.",
    lies="Blind to many small changes in one direction; of many cells the largest change is large by chance.",
)
