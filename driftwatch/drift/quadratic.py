"""Tests on the squared difference of the distribution functions: Cramér–von Mises and Anderson–Darling, on cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.special import gammaincc

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Gather, Side, Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EVENTS_MIN: Final = 10
"""With fewer events on a side the p-value's limit distribution is not near."""


class Weighed(NamedTuple):
    """A test of every slice and numeric field, float64[S, numeric]: its statistic and p-value."""

    value: Floats
    p: Floats


class Limit(NamedTuple):
    """The χ² with the limit's first three cumulants, float64[S, numeric]; of the reference alone, so it is made once."""

    mean: Floats
    freedom: Floats
    scale: Floats
    """χ² per unit of the statistic."""


def statistic(weighed: Callable[[Sides], Weighed]) -> Callable[[Sides], Estimate]:
    """The test's statistic, float64[slices, numeric fields]; NaN where a side is empty."""

    def compute(sides: Sides) -> Estimate:
        return _estimate(sides, sides.once(weighed).value)

    return compute


def p_value(weighed: Callable[[Sides], Weighed]) -> Callable[[Sides], Estimate]:
    """P(statistic at least as large without drift), from its limit on these very cells; NaN below 10 events a side.

    The limit is Σ w_k B(H_k)² with B a Brownian bridge and H the reference's distribution (without drift both samples'
    own). Its first three cumulants are sums over cells (C_ij = H_i(1−H_j), i ≤ j), and a χ² with the same three gives the tail (Pearson 1959; Imhof 1961): ties and coarse cells
    are in it, unlike in the tables for continuous values.
    """

    def compute(sides: Sides) -> Estimate:
        smaller = np.minimum(sides.reference.valid, sides.current.valid)[:, sides.gather.numeric]
        return _estimate(sides, np.where(smaller >= EVENTS_MIN, sides.once(weighed).p, np.nan))

    return compute


def cramer_von_mises(sides: Sides) -> Weighed:
    """NM/(N+M)·Σ h_k (F_k − G_k)², h the cells' shares of both samples together (Anderson 1962, ties by cells)."""
    total = sides.gather.sum(sides.once(_squares))
    return _weighed(sides, ratio(total, _events(sides)), sides.reference.once(_plain_limit))


def anderson_darling(sides: Sides) -> Weighed:
    """NM/(N+M)·Σ h_k (F_k − G_k)²/(H_k(1 − H_k)), H the distribution of both samples together.

    A² of two samples in its right-continuous form (Pettitt 1976; Scholz, Stephens 1987, equation 6).
    """
    events = _events(sides)
    below = sides.reference.below + sides.current.below
    above = sides.gather.each_cell(events) - below
    above *= below
    # In the ends of a field H(1 − H) is 0, and nothing is apart there either.
    np.maximum(above, 1, out=above)
    total = sides.gather.sum(np.divide(sides.once(_squares), above, out=above))
    return _weighed(sides, total * events, sides.reference.once(_weighed_limit))


def _events(sides: Sides) -> Floats:
    """float64[S, F]: valid events of both samples, so that products of counts do not overflow."""
    return (sides.reference.valid + sides.current.valid).astype(np.float64)


def _squares(sides: Sides) -> Floats:
    """float64[S, C]: (F − G)² times the events of both samples in the cell."""
    squares = sides.apart * sides.apart
    squares *= sides.once(together)
    return squares


def together(sides: Sides) -> Floats:
    """float64[S, C]: events of both samples by cell."""
    return (sides.reference.cells + sides.current.cells).astype(np.float64)


def _by_variance(h: Floats, below: Floats) -> Floats:
    """h/(H(1 − H)); where that is 0/0, in the ends of a field, any finite weight does: nothing is apart there."""
    return h / np.maximum(below * (1 - below), _TINY)


def _plain_limit(reference: Side) -> Limit:
    return _limit(reference.gather, reference.shares, reference.cumulative)


def _weighed_limit(reference: Side) -> Limit:
    weight = _by_variance(reference.shares, reference.cumulative)
    return _limit(reference.gather, weight, reference.cumulative)


def _weighed(sides: Sides, mean: Floats, limit: Limit) -> Weighed:
    pick = sides.gather.numeric
    m, n = sides.reference.valid[:, pick], sides.current.valid[:, pick]
    size = ratio(m * np.asarray(n, np.float64), m + n)
    value = size * mean[:, pick]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (value - limit.mean) * limit.scale + limit.freedom
        p = gammaincc(limit.freedom / 2, np.maximum(x, 0) / 2)
    return Weighed(value, np.where(value <= 0, 1.0, p))


def _limit(gather: Gather, weight: Floats, below: Floats) -> Limit:
    """Σ w C_kk, 2ΣΣ ww C_ij² and 8ΣΣΣ www C_ij C_jk C_ik of the limit, each by running sums in one pass."""
    above = 1 - below
    left, right = weight * below, weight * above
    a, b, m = left * below, right * above, left * above
    before = _before(gather, a)
    first = gather.sum(m)
    second = 2 * gather.sum(m * m + 2 * b * before)
    chain = _before(gather, m * (3 * a + 6 * before))
    third = 8 * gather.sum(m**3 + 3 * m * b * before + b * chain)
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = 8 * second**3 / third**2
        made = first, freedom, np.sqrt(2 * freedom / second)
    return Limit(*(each[:, gather.numeric] for each in made))


def _before(gather: Gather, of_cells: Floats) -> Floats:
    """float64[S, C]: for each cell the sum over the cells of its field before it."""
    running = np.cumsum(of_cells, axis=1) - of_cells
    return running - gather.each_cell(np.take(running, gather.starts, axis=1))


def _estimate(sides: Sides, value: Floats) -> Estimate:
    names = CRAMER_VON_MISES.names(sides.gather)
    return field_estimate(names, value, sides.current.valid[:, sides.gather.numeric])


_TINY: Final = 1e-12
"""Far below what a single event among all can make H(1 − H)."""
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
