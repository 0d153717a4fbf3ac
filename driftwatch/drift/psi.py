"""Population stability index on coarse cells, with what it would show without any drift."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import chdtri

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Bools, Sides
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse

EVENTS_PER_CELL: Final = 20
"""Fewer events per cell than this on either side: PSI says nothing (STATISTICS §1)."""
_TAIL: Final = 0.05


def psi(sides: Sides) -> Estimate:
    """Σ (q−p)·ln(q/p) over the coarse cells of each field, float64[slices, fields].

    Both sides get ½ count per cell: p = (r+½)/(M+B/2), q = (c+½)/(N+B/2). Cells empty on both sides drop out
    of the sum and of B. NaN below 20 events per cell on either side. Missing and invalid are not in it.
    """
    smaller = np.minimum(sides.reference.valid, sides.current.valid)
    enough = (smaller > 0) & (smaller >= EVENTS_PER_CELL * sides.once(occupied))
    value = np.where(enough, sides.once(psi_values), np.nan)
    return field_estimate(_names(sides), value, sides.current.valid)


def psi_values(sides: Sides) -> Floats:
    """float64[S, F]: PSI, whether there are enough events or not."""
    return np.add.reduceat(psi_terms(sides), sides.gather.coarse_fields, axis=1)


def psi_terms(sides: Sides) -> Floats:
    """float64[S, G]: what each coarse cell adds; never negative."""
    p, q, seen = sides.once(smoothed)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(seen, (q - p) * np.log(q / p), 0.0)


def smoothed(sides: Sides) -> tuple[Floats, Floats, Bools]:
    """float64[S, G] twice: the shares of both sides with ½ count per cell; and bool[S, G]: which cells count at all."""
    half = sides.once(halved)
    p = (sides.reference.coarse + half) / _spread(sides, sides.reference.valid)
    q = (sides.current.coarse + half) / _spread(sides, sides.current.valid)
    return p, q, half > 0


def halved(sides: Sides) -> Floats:
    """float64[S, G]: ½ for each coarse cell that is not empty on both sides."""
    return ((sides.reference.coarse + sides.current.coarse) > 0) / 2


def psi_bias(sides: Sides) -> Estimate:
    """(B−1)(1/N+1/M): what PSI shows on average without drift (Yurdakul 2018); NaN where a side is empty."""
    return field_estimate(_names(sides), _free(sides) * _noise(sides), sides.current.valid)


def psi_critical(sides: Sides) -> Estimate:
    """χ²_{B−1, 0.95}·(1/N+1/M): exceeded by PSI in 5 % of windows without drift (Yurdakul 2018)."""
    free = _free(sides)
    by_free = np.append(0.0, chdtri(np.arange(1, max(int(free.max()), 1) + 1), _TAIL))
    quantile = by_free.take(free)
    return field_estimate(_names(sides), quantile * _noise(sides), sides.current.valid)


def occupied(sides: Sides) -> Ints:
    """B as int64[slices, fields]: coarse cells that are not empty on both sides."""
    seen = (sides.once(halved) > 0).astype(np.int64)
    return np.add.reduceat(seen, sides.gather.coarse_fields, axis=1)


def _free(sides: Sides) -> Ints:
    return np.maximum(sides.once(occupied) - 1, 0)


def _noise(sides: Sides) -> Floats:
    one = np.ones(sides.current.valid.shape)
    return ratio(one, sides.current.valid) + ratio(one, sides.reference.valid)


def _spread(sides: Sides, valid: Ints) -> Floats:
    """N + B/2 of each field, repeated over its coarse cells; never zero, so that empty sides stay quiet."""
    total = np.maximum(valid + sides.once(occupied) / 2, 1)
    return sides.gather.each_coarse(total)


def _names(sides: Sides) -> tuple[str, ...]:
    return PSI.names(sides.gather)


PSI: Final = Statistic(
    name="psi",
    formula="Σ (q − p)·ln(q/p), p = (r+½)/(M+B/2), q = (c+½)/(N+B/2)",
    use="One familiar number per field for dashboards; how likely it is by chance says `psi_p_value`, what chance shows `psi_critical`.",
    lies="Its folklore limits 0.1 and 0.25 know neither the number of events nor of cells: at N = 100 and 10 cells a clean window exceeds 0.1 in a third of all cases.",
    summary="Population stability index against the reference; compare it with psi_critical, not with folklore limits.",
    source="Σ (q−p)·ln(q/p), +½ count per cell; Yurdakul 2018",
    kind=Kind.INPUT,
    compute=psi,
    terms=psi_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
)
PSI_BIAS: Final = Statistic(
    name="psi_bias",
    formula="(B − 1)(1/N + 1/M)",
    use="Beside PSI: subtract it, or see that all of a PSI is chance.",
    lies="An average: single clean windows scatter around it by about √(2(B − 1))·(1/N + 1/M).",
    summary="The PSI to be expected without any drift, given the sizes of reference and window.",
    source="(B−1)(1/N+1/M); Yurdakul 2018",
    kind=Kind.INPUT,
    compute=psi_bias,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
)
PSI_CRITICAL: Final = Statistic(
    name="psi_critical",
    formula="χ²_{B−1, 0.95}·(1/N + 1/M)",
    use="As the limit of PSI that fits the window's size.",
    lies="For one look at one field: of 20 fields one is above it in every clean window.",
    summary="The PSI that 5 % of windows exceed without any drift.",
    source="χ²_{B−1,0.95}·(1/N+1/M); Yurdakul 2018",
    kind=Kind.INPUT,
    compute=psi_critical,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
)
