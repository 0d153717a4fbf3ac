"""Pearson's χ² of two samples on the coarse cells, its p-value, and Cramér's V."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind

EXPECTED_MIN: Final = 5.0
"""A cell with fewer expected events on either side does not stand alone (Cochran 1954)."""


class Table(NamedTuple):
    """The statistic of each 2 × K table, float64[S, F], its degrees of freedom and all its events."""

    value: Floats
    free: Ints
    events: Floats


def chi2_statistic(sides: Sides) -> Estimate:
    """Σ (observed − expected)²/expected of both samples, float64[slices, fields].

    Cells with fewer than 5 expected events on a side are joined to one; where that is still smaller it is left out,
    which given both samples' sum in it changes nothing for the rest. NaN with fewer than two cells.
    """
    table = sides.once(_table)
    return field_estimate(
        CHI2_STATISTIC.names(sides.gather),
        np.where(table.free > 0, table.value, np.nan),
        sides.current.valid,
    )


def chi2_p_value(sides: Sides) -> Estimate:
    """P(χ² at least as large without drift), from χ² with (cells − 1) degrees of freedom."""
    table = sides.once(_table)
    p = chdtrc(np.maximum(table.free, 1), table.value)
    return field_estimate(
        CHI2_P_VALUE.names(sides.gather), np.where(table.free > 0, p, np.nan), sides.current.valid
    )


def cramers_v(sides: Sides) -> Estimate:
    """√(χ²/n) of the 2 × K table, n the events of both samples in its cells, float64[slices, categorical fields]."""
    table, pick = sides.once(_table), sides.gather.categorical
    value = np.sqrt(ratio(table.value, np.where(table.free > 0, table.events, 0)))
    names = CRAMERS_V.names(sides.gather)
    return field_estimate(names, np.minimum(value, 1.0)[:, pick], sides.current.valid[:, pick])


def chi2_terms(sides: Sides) -> Floats:
    """float64[S, G]: what each coarse cell adds, before small cells are joined."""
    return _terms(sides, *_counts(sides))


class Joined(NamedTuple):
    """The 2 × K tables after small cells were joined: of reference and window, the cells that stand alone, float64[S, G]
    (0 elsewhere), the joined rest and the totals, float64[S, F]; and the number of cells, int64[S, F].
    """

    alone: tuple[Floats, Floats]
    rest: tuple[Floats, Floats]
    totals: tuple[Floats, Floats]
    cells: Ints


def table_of(sides: Sides, adds: Callable[[Floats, Floats, Floats, Floats], Floats]) -> Table:
    """The test of each field's 2 × K table; `adds(one, other, all of one, all of the other)` is what a cell gives."""
    found, gather = sides.once(joined), sides.gather
    wide = [gather.each_coarse(total) for total in found.totals]
    value = np.add.reduceat(adds(*found.alone, *wide), gather.coarse_fields, axis=1)
    value += adds(*found.rest, *found.totals)
    return Table(value, np.maximum(found.cells - 1, 0), found.totals[0] + found.totals[1])


def joined(sides: Sides) -> Joined:
    """The tables of all slices and fields."""
    gather = sides.gather
    counts = _counts(sides)
    smaller = np.minimum(sides.reference.valid, sides.current.valid)
    share = ratio(smaller, sides.reference.valid + sides.current.valid)
    share = np.nan_to_num(share)
    alone = (counts[0] + counts[1]) * gather.each_coarse(share) >= EXPECTED_MIN
    rest = [np.add.reduceat(np.where(alone, 0, side), gather.coarse_fields, axis=1) for side in counts]
    enough = (rest[0] + rest[1]) * share >= EXPECTED_MIN
    one, other = (np.where(alone, side, 0) for side in counts)
    rest_one, rest_other = (np.where(enough, side, 0) for side in rest)
    totals = (
        np.add.reduceat(one, gather.coarse_fields, axis=1) + rest_one,
        np.add.reduceat(other, gather.coarse_fields, axis=1) + rest_other,
    )
    cells = np.add.reduceat(alone.astype(np.int64), gather.coarse_fields, axis=1) + enough
    return Joined((one, other), (rest_one, rest_other), totals, cells)


def _table(sides: Sides) -> Table:
    return table_of(sides, _pearson)


def _terms(sides: Sides, reference: Floats, current: Floats) -> Floats:
    wide = sides.gather.each_coarse
    return _pearson(
        reference,
        current,
        wide(sides.reference.valid).astype(np.float64),
        wide(sides.current.valid).astype(np.float64),
    )


def _pearson(one: Floats, other: Floats, all_one: Floats, all_other: Floats) -> Floats:
    """What a cell adds: (one·N − other·M)²/(M·N·(one + other)); 0 for an empty one."""
    both = one + other
    gap = one * all_other - other * all_one
    weight = all_one * all_other * both
    return np.where(weight > 0, gap * gap / np.maximum(weight, 1.0), 0.0)


def _counts(sides: Sides) -> tuple[Floats, Floats]:
    return sides.reference.coarse.astype(np.float64), sides.current.coarse.astype(np.float64)


_LOOKS: Final = "A p-value answers one look; on a sliding window it falls below any limit sooner or later, and with many events it is small for changes that do not matter."

CHI2_STATISTIC: Final = Statistic(
    name="chi2_statistic",
    summary="Pearson's χ² of reference and window on the PSI cells; compare it with its degrees of freedom.",
    source="Pearson 1900; homogeneity of two samples; small cells joined (Cochran 1954)",
    kind=Kind.INPUT,
    compute=chi2_statistic,
    terms=chi2_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="Σ (O − E)²/E over both samples",
    use="As the test behind `chi2_p_value`.",
    lies="Grows with the number of events; it is no effect size.",
)
CHI2_P_VALUE: Final = Statistic(
    name="chi2_p_value",
    summary="Probability of such a χ² without drift, for one single look; repeated looks need a budget.",
    source="Pearson 1900; χ² with (cells − 1) degrees of freedom",
    kind=Kind.INPUT,
    compute=chi2_p_value,
    terms=chi2_terms,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(χ²_{B−1} ≥ χ²)",
    use="Whether a category's shares changed at all, once.",
    lies=_LOOKS,
)
CRAMERS_V: Final = Statistic(
    name="cramers_v",
    summary="Strength of the link between a category and the question reference-or-window: 0 none, 1 disjoint.",
    source="Cramér 1946, of the 2 × K table",
    kind=Kind.INPUT,
    compute=cramers_v,
    terms=chi2_terms,
    needs=Needs(kinds=frozenset({FieldKind.CATEGORICAL})),
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    default=False,
    formula="√(χ²/(M+N))",
    use="An effect size for categories between 0 and 1.",
    lies="Depends on how much larger the reference is than the window: with M ≫ N it is small for large changes.",
)
