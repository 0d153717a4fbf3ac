"""Numbers become an `Estimate`: one shape for all statistics, and NaN as the only way to say "not enough data"."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from driftwatch.drift.reading import WHOLE, Estimate, Floats, Ints

Numbers = Ints | NDArray[np.floating[Any]]


def ratio(numerator: Numbers, denominator: Numbers) -> Floats:
    """Quotient element by element; NaN where the denominator is not above zero."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        quotient = np.true_divide(numerator, denominator)
    return np.where(np.greater(denominator, 0), quotient, np.nan)


def field_estimate(
    fields: tuple[str, ...],
    value: Floats,
    count: Ints,
    lower: Floats | None = None,
    upper: Floats | None = None,
) -> Estimate:
    """An estimate of float64[slices, fields]; without an interval `lower` and `upper` are the value.

    Where any of the three is NaN or infinite, all three are NaN: half a number is none.
    """
    counted = np.ascontiguousarray(count, np.int64)
    if lower is None and upper is None:
        value = np.where(np.isfinite(value), value, np.nan)
        return Estimate(fields, value, value, value, counted)
    lower = value if lower is None else lower
    upper = value if upper is None else upper
    known = np.isfinite(value) & np.isfinite(lower) & np.isfinite(upper)
    return Estimate(
        fields=fields,
        value=np.where(known, value, np.nan),
        lower=np.where(known, lower, np.nan),
        upper=np.where(known, upper, np.nan),
        count=counted,
    )


def whole_estimate(
    value: Floats, count: Ints, lower: Floats | None = None, upper: Floats | None = None
) -> Estimate:
    """An estimate of the whole model from float64[slices]."""
    return field_estimate(
        WHOLE,
        value[:, None],
        count[:, None],
        None if lower is None else lower[:, None],
        None if upper is None else upper[:, None],
    )
