"""How likely a PSI is without drift: from χ² where cells are full, else from the multinomial: all outcomes, or its moments."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import combinations, pairwise
from typing import Final

import numpy as np
from scipy.special import binom, chdtrc, gammaincc, gammaln

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Sides
from driftwatch.drift.psi import EVENTS_PER_CELL, PSI, halved, occupied, psi_values
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse

OUTCOMES_MAX: Final = 5_000
"""Up to so many outcomes of a small window are gone through one by one: below 20 events per cell all windows in 2 or 3 cells,
up to 29 events in 4, 16 in 5 and 11 in 6."""
EVENTS_MIN: Final = 10
"""Fewer current events than this say nothing of a distribution."""
EXPECTED: Final = np.geomspace(1e-4, 2_500, 120)
FACTORS: Final = np.linspace(0.1, 1.0, 19)
"""Grid of the tables: a cell's expected events, and N/(N + B/2)."""
_LOG: Final = np.log(EXPECTED)


def psi_p_value(sides: Sides) -> Estimate:
    """P(PSI at least as large without drift), float64[slices, fields].

    With 20 events per cell or more on both sides PSI/(1/N+1/M) is about χ² with B − 1 degrees of freedom (Yurdakul
    2018). With fewer in the window PSI is a sum over the cells of a multinomial sample: cells as Poisson counts, their
    exact moments from a table, their dependence by the fixed total taken out by regression, and a χ² with the same
    three moments for the tail (Holst 1972 for the conditioning; Pearson 1959); where the window has at most
    `OUTCOMES_MAX` outcomes, each of them counts with its multinomial probability instead. NaN below 10 events, and where the
    reference has fewer than 20 per cell.
    """
    m, n, cells = sides.reference.valid, sides.current.valid, sides.once(occupied)
    value = sides.once(psi_values)
    free = np.maximum(cells - 1, 1)
    noise = ratio(np.ones(n.shape), n) + ratio(np.ones(m.shape), m)
    known = (n >= EVENTS_MIN) & (m >= EVENTS_PER_CELL * cells) & (cells > 1)
    small = known & (n < EVENTS_PER_CELL * cells)
    large = known & ~small
    p = np.full(value.shape, np.nan)
    p[large] = chdtrc(free[large], ratio(value, noise)[large])
    if small.any():
        p[small] = _small(sides, value, np.argwhere(small))
        for row, field in np.argwhere(small & (_outcomes(cells, n) <= OUTCOMES_MAX)).tolist():
            p[row, field] = _exact(sides, value, row, field)
    p[(cells == 1) & (n >= EVENTS_MIN) & (m > 0)] = 1.0
    return field_estimate(PSI.names(sides.gather), p, n)


def _outcomes(cells: Ints, n: Ints) -> Floats:
    """float64[slices, fields]: in how many ways so many events can fall into so many cells, C(n + B − 1, B − 1)."""
    found: Floats = np.rint(binom(n + cells - 1.0, np.maximum(cells - 1.0, 0.0)))
    return found


def _exact(sides: Sides, value: Floats, row: int, field: int) -> float:
    """The probability of all samples whose PSI is at least as large, each counted with its multinomial probability."""
    gather = sides.gather
    first = int(gather.coarse_fields[field])
    places = slice(first, first + int(gather.coarse_sizes[field]))
    half = sides.once(halved)[row, places]
    past = (sides.reference.coarse[row, places] + half)[half > 0]
    m, n = int(sides.reference.valid[row, field]), int(sides.current.valid[row, field])
    p = past / past.sum()
    samples, weights = samples_of(n, len(p))
    q = (samples + 0.5) / (n + len(p) / 2)
    found = np.add.reduce((q - p) * np.log(q / p), axis=1)
    chance = np.exp(weights + np.add.reduce(samples * np.log(p), axis=1))
    # The reference is a sample too, as below; equal PSIs may differ in their last bits.
    observed = float(value[row, field]) / (1 + n / m)
    return min(float(np.add.reduce(chance[found >= observed * (1 - 1e-12)])), 1.0)


@lru_cache(maxsize=64)
def samples_of(n: int, cells: int) -> tuple[Ints, Floats]:
    """Every way in which n events fall into the cells, int64[outcomes, cells], and ln of the multinomial coefficient."""
    samples = np.array(list(_compositions(n, cells)), np.int64)
    weights: Floats = gammaln(n + 1) - np.add.reduce(gammaln(samples + 1.0), axis=1)
    return samples, weights


def _compositions(n: int, cells: int) -> Iterator[tuple[int, ...]]:
    """Bars between stars: the places of `cells` − 1 bars among n + `cells` − 1."""
    for bars in combinations(range(n + cells - 1), cells - 1):
        yield tuple(b - a - 1 for a, b in pairwise((-1, *bars, n + cells - 1)))


def _small(sides: Sides, value: Floats, at: Ints) -> Floats:
    """float64[P]: the same for P (slice, field) pairs whose window is small, all at once."""
    row, field = at.T
    gather = sides.gather
    width = int(gather.coarse_sizes[field].max())
    inside = np.arange(width) < gather.coarse_sizes[field][:, None]
    places = np.where(inside, gather.coarse_fields[field][:, None] + np.arange(width), 0)
    half = np.where(inside, sides.once(halved)[row[:, None], places], 0.0)
    used, b = half > 0, (half > 0).sum(axis=1)
    m, n = sides.reference.valid[row, field], sides.current.valid[row, field]
    p = (sides.reference.coarse[row[:, None], places] + half) / (m + b / 2)[:, None]
    a = n / (n + b / 2)
    sums = np.add.reduce(np.where(used, _moments(p * n[:, None], a), 0.0), axis=2)
    mean, with_count, second, third, square_count, count_square = sums
    slope = with_count / n
    mean = mean - (count_square - with_count) / (2 * n)
    second = second - with_count * slope
    third = third - 3 * slope * square_count + 3 * slope**2 * count_square - slope**3 * n
    # The reference is a sample too: it widens what the window alone would show by 1 + N/M.
    observed = n * value[row, field] / (1 + n / m)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom: Floats = 8 * second**3 / third**2
        x: Floats = (observed - mean) * np.sqrt(2 * freedom / second) + freedom
    return gammaincc(freedom / 2, np.maximum(x, 0) / 2)


def _moments(expected: Floats, a: Floats) -> Floats:
    """float64[6, P, B]: the tables' moments at these expected counts [P, B] and factors a [P], by interpolation."""
    tables = _tables()
    x = (np.log(np.clip(expected, EXPECTED[0], EXPECTED[-1])) - _LOG[0]) / (_LOG[1] - _LOG[0])
    y = (np.clip(a, FACTORS[0], FACTORS[-1]) - FACTORS[0]) / (FACTORS[1] - FACTORS[0])
    i = np.minimum(x.astype(np.int64), len(EXPECTED) - 2)
    j = np.minimum(y.astype(np.int64), len(FACTORS) - 2)
    right, up = x - i, (y - j)[:, None]
    flat: Floats = tables.reshape(len(tables), -1)
    place = i * len(FACTORS) + j[:, None]

    def at(steps: int) -> Floats:
        return np.take(flat, place + steps, axis=1)

    low = at(0) * (1 - right) + at(len(FACTORS)) * right
    high = at(1) * (1 - right) + at(len(FACTORS) + 1) * right
    found: Floats = low * (1 - up) + high * up
    return found


@cache
def _tables() -> Floats:
    """float64[6, expected, factors]: moments of G(c) = (a(c+½) − λ)·ln(a(c+½)/λ) for Poisson counts c of mean λ.

    N·PSI is a sum of such G over the cells, λ = N·p and a = N/(N + B/2). In order, with c' = c − λ and G' = G − E G:
    E G, E G'c', E G'², E G'³, E G'²c', E G'c'². Exact sums over counts, made once.
    """
    lam = EXPECTED[:, None, None]
    start = np.floor(np.maximum(lam - 12 * np.sqrt(lam) - 5, 0))
    counts = start + np.arange(int(24 * np.sqrt(EXPECTED[-1])) + 40)
    chance = np.exp(counts * np.log(lam) - lam - gammaln(counts + 1))
    scaled = FACTORS[:, None] * (counts + 0.5)
    g = (scaled - lam) * np.log(scaled / lam)
    mean = np.add.reduce(chance * g, axis=2)
    centred, count = g - mean[:, :, None], counts - lam
    powers = (centred * count, centred**2, centred**3, centred**2 * count, centred * count**2)
    made: Floats = np.stack([mean, *(np.add.reduce(chance * each, axis=2) for each in powers)])
    return made


PSI_P_VALUE: Final = Statistic(
    name="psi_p_value",
    summary="Probability of such a PSI without drift, for one single look; also where PSI itself is insufficient.",
    source="χ²_{B−1} (Yurdakul 2018); below 20 events per cell the multinomial: exact up to 5 000 outcomes, else three moments (Holst 1972)",
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
