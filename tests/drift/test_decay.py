from __future__ import annotations

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.intervals import Interval


def _interval(value: float, half: float) -> Interval:
    return Interval(*(np.array([x]) for x in (value, value - half, value + half)))


def test_worse_is_positive_for_scores_and_for_errors() -> None:
    past, now = _interval(0.9, 0.03), _interval(0.7, 0.04)
    count = np.array([10])
    score, error = (decay(past, now, count, error_like=kind) for kind in (False, True))
    assert np.isclose(score.value[0, 0], 0.2)
    assert np.isclose(error.value[0, 0], -0.2)
    assert np.isclose(score.lower[0, 0], 0.15)
    assert np.isclose(score.upper[0, 0], 0.25)
    assert score.count.tolist() == [[10]]


def test_what_the_grid_hides_widens_both_limits() -> None:
    found = decay(
        _interval(0.9, 0.03), _interval(0.7, 0.04), np.array([10]), error_like=False, hidden=np.array([0.01])
    )
    assert np.allclose([found.lower[0, 0], found.upper[0, 0]], [0.14, 0.26])
