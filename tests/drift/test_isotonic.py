from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from driftwatch.drift.isotonic import isotonic

CELLS = st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1)), min_size=1, max_size=40)


@given(CELLS)
def test_it_is_scikit_learns(cells: list[tuple[int, float]]) -> None:
    n = np.array([weight for weight, _ in cells])
    ones = np.round(n * [rate for _, rate in cells])
    found = isotonic(n, ones)
    if not n.sum():
        assert np.isnan(found).all()
        return
    some = n > 0
    at = np.arange(len(n), dtype=float)
    model = IsotonicRegression(out_of_bounds="clip").fit(
        at[some], ones[some] / n[some], sample_weight=n[some]
    )
    assert found == pytest.approx(model.predict(at), abs=1e-9)
    assert (np.diff(found) >= -1e-12).all()
    assert float((found[some] * n[some]).sum()) == pytest.approx(ones.sum(), abs=1e-9)


def test_rates_that_rise_stay_and_those_that_fall_are_pooled() -> None:
    assert isotonic(np.array([10, 10, 10]), np.array([1, 5, 9])).tolist() == [0.1, 0.5, 0.9]
    assert isotonic(np.array([10, 30, 0, 10]), np.array([5, 3, 0, 9])).tolist() == [0.2, 0.2, 0.55, 0.9]
