"""Tests on the squared difference of the distribution functions: Cramér–von Mises and Anderson–Darling, on cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.special import gammaincc

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Gather, Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EVENTS_MIN: Final = 10
"""With fewer events on a side the p-value's limit distribution is not near."""


class Weighed(NamedTuple):
    """A test of every slice and field, float64[S, F]: its statistic and p-value."""

    value: Floats
    p: Floats


def statistic(weighed: Callable[[Sides], Weighed]) -> Callable[[Sides], Estimate]:
    """The test's statistic, float64[slices, numeric fields]; NaN where a side is empty."""

    def compute(sides: Sides) -> Estimate:
        return _estimate(sides, sides.once(weighed).value)

    return compute


def p_value(weighed: Callable[[Sides], Weighed]) -> Callable[[Sides], Estimate]:
    """P(statistic at least as large without drift), from its limit on these very cells; NaN below 10 events a side.

    The limit is Σ w_k B(H_k)² with B a Brownian bridge. Its first three cumulants are sums over cells (C_ij =
    H_i(1−H_j), i ≤ j), and a χ² with the same three gives the tail (Pearson 1959; Imhof 1961): ties and coarse cells
    are in it, unlike in the tables for continuous values.
    """

    def compute(sides: Sides) -> Estimate:
        smaller = np.minimum(sides.reference.valid, sides.current.valid)
        return _estimate(sides, np.where(smaller >= EVENTS_MIN, sides.once(weighed).p, np.nan))

    return compute


def cramer_von_mises(sides: Sides) -> Weighed:
    """NM/(N+M)·Σ h_k (F_k − G_k)², h the cells' shares of both samples together (Anderson 1962, ties by cells)."""
    h, _ = sides.once(pooled)
    return _weighed(sides, h)


def anderson_darling(sides: Sides) -> Weighed:
    """NM/(N+M)·Σ h_k (F_k − G_k)²/(H_k(1 − H_k)), H the distribution of both samples together.

    A² of two samples in its right-continuous form (Pettitt 1976; Scholz, Stephens 1987, equation 6).
    """
    h, below = sides.once(pooled)
    inner = below * (1 - below)
    return _weighed(sides, np.where(inner > _TINY, h / np.maximum(inner, _TINY), 0.0))


def pooled(sides: Sides) -> tuple[Floats, Floats]:
    """float64[S, C] each: the cells' shares of both samples together, and their running sums."""
    gather, valid = sides.gather, sides.reference.valid + sides.current.valid
    wide = gather.each_cell(valid)
    share = ratio(sides.reference.cells + sides.current.cells, wide)
    return share, ratio(sides.reference.below + sides.current.below, wide)


def _weighed(sides: Sides, weight: Floats) -> Weighed:
    gather = sides.gather
    m, n = sides.reference.valid, sides.current.valid
    size = ratio(m * np.asarray(n, np.float64), m + n)
    value = size * gather.sum(weight * sides.apart * sides.apart)
    _, below = sides.once(pooled)
    first, second, third = _cumulants(gather, weight, below)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = 8 * second**3 / third**2
        x = (value - first) * np.sqrt(2 * freedom / second) + freedom
        p = gammaincc(freedom / 2, np.maximum(x, 0) / 2)
    return Weighed(value, np.where(value <= 0, 1.0, p))


def _cumulants(gather: Gather, weight: Floats, below: Floats) -> tuple[Floats, Floats, Floats]:
    """Σ w C_kk, 2ΣΣ ww C_ij² and 8ΣΣΣ www C_ij C_jk C_ik of the limit, each by running sums in one pass."""
    above = 1 - below
    left, right = weight * below, weight * above
    a, b, m = left * below, right * above, left * above
    before = _before(gather, a)
    first = gather.sum(m)
    second = 2 * gather.sum(m * m + 2 * b * before)
    chain = _before(gather, m * (3 * a + 6 * before))
    third = 8 * gather.sum(m**3 + 3 * m * b * before + b * chain)
    return first, second, third


def _before(gather: Gather, of_cells: Floats) -> Floats:
    """float64[S, C]: for each cell the sum over the cells of its field before it."""
    running = np.cumsum(of_cells, axis=1) - of_cells
    return running - gather.each_cell(np.take(running, gather.starts, axis=1))


def _estimate(sides: Sides, value: Floats) -> Estimate:
    pick = sides.gather.numeric
    names = CRAMER_VON_MISES.fields(sides.gather.part)
    return field_estimate(names, value[:, pick], sides.current.valid[:, pick])


_TINY: Final = 1e-300
_NEEDS: Final = Needs(kinds=frozenset({FieldKind.NUMERIC}))
_SIZE: Final = "Grows with the number of events; it is no effect size."
_LOOKS: Final = "A p-value answers one look; on a sliding window it falls below any limit sooner or later."

CRAMER_VON_MISES: Final = Statistic(
    name="cramer_von_mises",
    summary="Squared difference of the distribution functions, averaged over all values, times NM/(N+M).",
    source="Anderson 1962, on cells",
    kind=Kind.INPUT,
    compute=statistic(cramer_von_mises),
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="NM/(N+M) · Σ h·(F_ref − F_cur)²",
    use="As the test behind `cramer_von_mises_p_value`.",
    lies=_SIZE,
)
CRAMER_VON_MISES_P_VALUE: Final = Statistic(
    name="cramer_von_mises_p_value",
    summary="Probability of such a Cramér–von Mises statistic without drift, for one single look.",
    source="limit on the cells, three moments (Pearson 1959; Imhof 1961)",
    kind=Kind.INPUT,
    compute=p_value(cramer_von_mises),
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(Σ h·B(H)² ≥ T)",
    use="Instead of KS for shifts of the whole distribution: more power, and right with ties.",
    lies=_LOOKS,
)
ANDERSON_DARLING: Final = Statistic(
    name="anderson_darling",
    summary="Like Cramér–von Mises, with the tails weighed up.",
    source="Pettitt 1976; Scholz, Stephens 1987 (6), on cells",
    kind=Kind.INPUT,
    compute=statistic(anderson_darling),
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="NM/(N+M) · Σ h·(F_ref − F_cur)²/(H(1 − H))",
    use="As the test behind `anderson_darling_p_value`.",
    lies=_SIZE,
)
ANDERSON_DARLING_P_VALUE: Final = Statistic(
    name="anderson_darling_p_value",
    summary="Probability of such an Anderson–Darling statistic without drift, for one single look.",
    source="limit on the cells, three moments (Pearson 1959; Imhof 1961)",
    kind=Kind.INPUT,
    compute=p_value(anderson_darling),
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(Σ h·B(H)²/(H(1 − H)) ≥ A²)",
    use="Where the tails matter: limits, fraud, outliers.",
    lies=_LOOKS + " What happens inside the outermost cells is hidden from it.",
)
