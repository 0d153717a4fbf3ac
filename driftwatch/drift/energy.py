"""Energy distance between reference and window on the number line."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.estimates import field_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.summaries.layout import FieldKind


def energy_distance(sides: Sides) -> Estimate:
    """√(2∫(F_ref − F_cur)² dx), x in reference standard deviations, float64[slices, numeric fields].

    Each cell's mass lies at its centre. The raw values' distance differs by at most that of each side from its own
    centres (the triangle's inequality): of a cell's share p the part a on one side of the centre makes at most a²·h, h the
    way from centre to edge, and the rest likewise, so √(2Σp²h) a side: `lower` and `upper`. Values out of
    the reference's range count at its end. NaN where a side is empty, and for a constant reference.
    """
    gather, pick = sides.gather, sides.gather.numeric
    value = np.sqrt(2 * gather.sum(sides.apart * sides.apart * gather.geometry.gaps))
    value = np.where(gather.spread, value, np.nan)
    slack = _hidden(sides.current) + sides.reference.once(_hidden)
    lower, upper = np.maximum(value - slack, 0.0), value + slack
    names = ENERGY_DISTANCE.names(gather)
    return field_estimate(names, value[:, pick], sides.current.valid[:, pick], lower[:, pick], upper[:, pick])


def _hidden(side: Side) -> Floats:
    """float64[S, F]: the largest energy distance of raw values from their cells' centres."""
    return np.sqrt(2 * side.gather.sum(side.shares * side.shares * side.gather.geometry.slack))


ENERGY_DISTANCE: Final = Statistic(
    name="energy_distance",
    summary="Energy distance with values in reference standard deviations; the limits are the grid's error.",
    source="Székely, Rizzo 2013: √(2∫(F − G)²)",
    kind=Kind.INPUT,
    compute=energy_distance,
    needs=Needs(kinds=frozenset({FieldKind.NUMERIC})),
    worse=Worse.UP,
    low=0.0,
    interval=True,
    default=False,
    formula="√(2 ∫ (F_ref − F_cur)² dx / σ_ref)",
    use="Like `wasserstein`, less moved by a few far values.",
    lies="Grows with the root of the distance that values move: twice the shift is not twice the number. Values out of the reference's range count at its end.",
)
