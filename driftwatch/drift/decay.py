"""How much worse than the reference: differences of performance numbers, always positive when worse."""

from __future__ import annotations

import numpy as np

from driftwatch.drift.estimates import whole_estimate
from driftwatch.drift.intervals import Interval, difference
from driftwatch.drift.reading import Estimate, Floats, Ints


def decay(
    reference: Interval, current: Interval, count: Ints, *, error_like: bool, hidden: Floats | None = None
) -> Estimate:
    """Reference − current (current − reference for errors), both float64[slices], with the MOVER interval.

    `hidden` widens the interval on both sides by what the grid may hide.
    """
    one, other = (current, reference) if error_like else (reference, current)
    found = difference(one, other)
    slack = np.zeros_like(found.value) if hidden is None else hidden
    return whole_estimate(found.value, count, found.lower - slack, found.upper + slack)
