"""Kullback–Leibler divergence and Bhattacharyya distance of the shares of the coarse cells."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.distances import hellinger
from driftwatch.drift.estimates import field_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.psi import smoothed
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse


def kl_divergence(sides: Sides) -> Estimate:
    """Σ p·ln(p/q), natural logarithm, p the reference, float64[slices, fields]; NaN where a side is empty.

    Both sides get ½ count per cell, as for `psi`, so that an empty cell makes it large and not infinite.
    """
    value = np.add.reduceat(kl_terms(sides), sides.gather.coarse_fields, axis=1)
    known = (sides.reference.valid > 0) & (sides.current.valid > 0)
    value = np.where(known, np.maximum(value, 0.0), np.nan)
    return field_estimate(KL_DIVERGENCE.names(sides.gather), value, sides.current.valid)


def kl_terms(sides: Sides) -> Floats:
    """float64[S, G]: p·ln(p/q) − p + q of each coarse cell: never negative, and the same in sum."""
    p, q, seen = sides.once(smoothed)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(seen, np.maximum(p * np.log(p / q) - p + q, 0.0), 0.0)


def bhattacharyya(sides: Sides) -> Estimate:
    """−ln Σ√(p·q), float64[slices, fields]; NaN where a side is empty, or where no cell has events of both."""
    found = hellinger(sides)
    common = 1 - found.value * found.value
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(common > 0, -np.log(common), np.nan)
    return field_estimate(found.fields, np.maximum(value, 0.0), found.count)


_NOISE: Final = "Never zero on real samples: it grows with the number of cells and shrinks like 1/N."

KL_DIVERGENCE: Final = Statistic(
    name="kl_divergence",
    summary="Kullback–Leibler divergence of the window from the reference on the PSI cells (natural logarithm).",
    source="Kullback, Leibler 1951; +½ count per cell",
    kind=Kind.INPUT,
    compute=kl_divergence,
    terms=kl_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="Σ p·ln(p/q), p = (r+½)/(M+B/2), q = (c+½)/(N+B/2)",
    use="Where a report or a paper asks for it; PSI is the sum of both directions.",
    lies=_NOISE
    + " It favours one side: cells that emptied count much, cells that filled little. Without drift it is about (B−1)/2·(1/N+1/M).",
)
BHATTACHARYYA: Final = Statistic(
    name="bhattacharyya",
    summary="Bhattacharyya distance on the PSI cells: 0 is equal; insufficient where nothing overlaps.",
    source="Bhattacharyya 1943; −ln(1 − Hellinger²)",
    kind=Kind.INPUT,
    compute=bhattacharyya,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="−ln Σ √(p·q)",
    use="The overlap of two distributions where one is used to it; `hellinger` says the same between 0 and 1.",
    lies=_NOISE,
)
