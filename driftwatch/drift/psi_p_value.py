"""How likely a PSI is without drift: from χ² where cells are full, from the multinomial's own moments where they are not."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import chdtrc, gammaincc, gammaln

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Bools, Sides
from driftwatch.drift.psi import EVENTS_PER_CELL, PSI, halved, occupied, psi_values
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse

EVENTS_MIN: Final = 10
"""Fewer current events than this say nothing of a distribution."""


def psi_p_value(sides: Sides) -> Estimate:
    """P(PSI at least as large without drift), float64[slices, fields].

    With 20 events per cell or more on both sides PSI/(1/N+1/M) is about χ² with B − 1 degrees of freedom (Yurdakul
    2018). With fewer in the window PSI is a sum over the cells of a multinomial sample: the moments of its cells are
    summed exactly, their dependence by the fixed total is taken out by regression, and a χ² with the same three
    moments gives the tail (Holst 1972 for the conditioning; Pearson 1959). NaN below 10 events, and where the
    reference has fewer than 20 per cell.
    """
    m, n, cells = sides.reference.valid, sides.current.valid, occupied(sides)
    value = psi_values(sides)
    free = np.maximum(cells - 1, 1)
    noise = ratio(np.ones(n.shape), n) + ratio(np.ones(m.shape), m)
    p = chdtrc(free, ratio(value, noise))
    known = (n >= EVENTS_MIN) & (m >= EVENTS_PER_CELL * cells) & (cells > 1)
    small = known & (n < EVENTS_PER_CELL * cells)
    if small.any():
        p[small] = _small(sides, value, np.argwhere(small))
    p = np.where((cells == 1) & (n >= EVENTS_MIN) & (m > 0), 1.0, np.where(known, p, np.nan))
    return field_estimate(PSI.fields(sides.gather.part), p, n)


def _small(sides: Sides, value: Floats, at: Ints) -> Floats:
    """float64[P]: the same for P (slice, field) pairs whose window is small, grouped by nothing: all at once."""
    row, field = at.T
    gather = sides.gather
    width = int(gather.coarse_sizes[field].max())
    places = gather.coarse_fields[field][:, None] + np.arange(width)
    inside = np.arange(width) < gather.coarse_sizes[field][:, None]
    places = np.where(inside, places, 0)
    half = np.where(inside, halved(sides)[row[:, None], places], 0.0)
    used = half > 0
    b = used.sum(axis=1)
    m, n = sides.reference.valid[row, field], sides.current.valid[row, field]
    p = (sides.reference.coarse[row[:, None], places] + half) / (m + b / 2)[:, None]
    p = np.where(used, p, 1.0)
    mean, second, third = _moments(p, used, n, b)
    # The reference is a sample too: it widens what the window alone would show by 1 + N/M.
    observed = value[row, field] / (1 + n / m)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = 8 * second**3 / third**2
        x = (observed - mean) * np.sqrt(2 * freedom / second) + freedom
    return gammaincc(freedom / 2, np.maximum(x, 0) / 2)


def _moments(p: Floats, used: Bools, n: Ints, b: Ints) -> tuple[Floats, Floats, Floats]:
    """Three cumulants of PSI under a multinomial of n events: exact mean; the others of its cells as Poisson counts
    after regression on their total (Holst 1972), to first order in 1/n.
    """
    counts = np.arange(int(n.max()) + 1, dtype=np.float64)
    expected = (n[:, None] * p)[:, :, None]
    log_factorial = gammaln(counts + 1)
    poisson = np.exp(counts * np.log(expected) - expected - log_factorial)
    q = (counts + 0.5) / (n + b / 2)[:, None, None]
    share = p[:, :, None]
    term = np.where(used[:, :, None], (q - share) * np.log(q / share), 0.0)
    mean = np.add.reduce(poisson * term, axis=2)
    centred = term - mean[:, :, None]
    with_count = np.add.reduce(poisson * centred * (counts - expected), axis=2)
    slope = np.where(used, with_count, 0.0).sum(axis=1) / n
    rest = np.where(used[:, :, None], centred - slope[:, None, None] * (counts - expected), 0.0)
    weighted = poisson * rest * rest
    second = np.add.reduce(weighted, axis=(1, 2))
    third = np.add.reduce(weighted * rest, axis=(1, 2))
    size = n[:, None, None]
    fits = counts <= size
    chance = np.clip(share, 1e-300, 1 - 1e-12)
    log_binomial = (
        gammaln(size + 1) - log_factorial - gammaln(np.where(fits, size - counts, 0) + 1)
        + counts * np.log(chance) + np.where(fits, size - counts, 0) * np.log1p(-chance)
    )  # fmt: skip
    binomial = np.where(fits, np.exp(log_binomial), 0.0)
    return np.add.reduce(binomial * term, axis=(1, 2)), second, third


PSI_P_VALUE: Final = Statistic(
    name="psi_p_value",
    summary="Probability of such a PSI without drift, for one single look; also where PSI itself is insufficient.",
    source="χ²_{B−1} (Yurdakul 2018); below 20 events per cell three moments of the multinomial (Holst 1972)",
    kind=Kind.INPUT,
    compute=psi_p_value,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(PSI* ≥ PSI), PSI* of a sample from the reference",
    use="For slices with few events, where limits such as 0.25 are passed by chance.",
    lies="A p-value answers one look; on a sliding window it falls below any limit sooner or later.",
)
