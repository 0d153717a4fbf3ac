from __future__ import annotations

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio, whole_estimate


def test_a_quotient_without_a_denominator_is_unknown() -> None:
    found = ratio(np.array([1, 0, 3]), np.array([2, 0, -1]))
    assert np.array_equal(found, [0.5, np.nan, np.nan], equal_nan=True)


def test_half_a_number_is_none() -> None:
    value = np.array([[1.0, 2.0, np.inf, 4.0]])
    found = field_estimate(
        tuple("abcd"), value, np.ones((1, 4), np.int64), value - 1, value + np.array([0, np.nan, 0, np.inf])
    )
    assert np.isnan(found.value).tolist() == [[False, True, True, True]]
    assert np.array_equal(np.isnan(found.value), np.isnan(found.lower))
    assert np.array_equal(np.isnan(found.value), np.isnan(found.upper))


def test_without_limits_they_are_the_value() -> None:
    found = whole_estimate(np.array([0.5, np.nan]), np.array([3, 0]))
    assert found.fields == ("",)
    assert found.lower[0, 0] == found.value[0, 0] == found.upper[0, 0] == 0.5
    assert found.count.tolist() == [[3], [0]]
