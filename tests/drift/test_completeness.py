from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.completeness import arrived_by, completeness, coverage, expected_labels

DELAYS = np.array([0.3, 0.25, 0.2, 0.15, 0.1])


def _table(sizes: np.ndarray, delays: np.ndarray = DELAYS) -> tuple[np.ndarray, np.ndarray]:
    """One cohort a day, the last one of today: a cohort has lived through one age more than the next."""
    reached = np.minimum(np.arange(len(sizes), 0, -1), len(delays))
    arrivals = np.rint(sizes[:, None] * delays).astype(np.int64)
    arrivals[np.arange(len(delays)) >= reached[:, None]] = 0
    return arrivals, reached


@pytest.mark.parametrize("growth", [1.0, 1.3, 0.8])
def test_it_is_the_delays_distribution_however_traffic_grows(growth: float) -> None:
    arrivals, reached = _table(100_000 * growth ** np.arange(12))
    assert arrived_by(arrivals, reached) == pytest.approx(np.cumsum(DELAYS), abs=1e-3)
    naive = np.cumsum(arrivals.sum(axis=0)) / arrivals.sum()
    assert growth <= 1 or naive[0] > DELAYS[0] + 0.03


def test_young_cohorts_are_incomplete_and_grow_to_what_is_to_be_expected() -> None:
    arrivals, reached = _table(np.full(8, 50_000.0))
    assert completeness(arrivals, reached) == pytest.approx([1, 1, 1, 1, 0.9, 0.75, 0.55, 0.3], abs=1e-3)
    assert expected_labels(arrivals, reached) == pytest.approx(np.full(8, 50_000), rel=1e-3)


def test_what_a_cohort_has_not_lived_through_is_not_looked_at() -> None:
    arrivals, reached = _table(np.full(8, 1_000.0))
    soiled = arrivals.copy()
    soiled[np.arange(5) >= reached[:, None]] = 77
    assert arrived_by(soiled, reached).tolist() == arrived_by(arrivals, reached).tolist()


def test_without_labels_nothing_is_known() -> None:
    none = np.zeros((3, 4), np.int64)
    assert np.isnan(arrived_by(none, np.array([3, 2, 1]))).all()
    assert np.isnan(completeness(none, np.array([3, 2, 0]))).all()
    assert np.isnan(expected_labels(none, np.array([3, 2, 1]))).all()


def test_a_cohort_of_this_moment_is_complete_to_nothing() -> None:
    arrivals, reached = _table(np.full(4, 1_000.0))
    assert completeness(arrivals, np.append(reached[:3], 0))[-1] == 0
    assert np.isnan(expected_labels(arrivals, np.append(reached[:3], 0))[-1])


@given(st.integers(0, 2**32 - 1))
def test_it_grows_with_age_from_above_zero_to_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    arrivals, reached = rng.integers(0, 50, (6, 5)), rng.integers(0, 6, 6)
    share = arrived_by(arrivals, reached)
    if np.isfinite(share).all():
        assert (np.diff(share) >= -1e-12).all()
        assert share[-1] == 1
        assert (share >= 0).all()


def test_coverage_counts_only_the_cohorts_that_have_lived_so_long() -> None:
    predictions, reached = np.array([100, 200, 50]), np.array([2, 1, 0])
    arrivals = np.array([[10, 30], [40, 9], [5, 5]])  # 9: ages that are not over yet
    assert coverage(predictions, arrivals, reached).tolist() == [50 / 300, 40 / 100]
    assert np.isnan(coverage(predictions, arrivals, np.zeros(3, int))).all()
