"""Half widths against SciPy's interval, slopes against the definition of the likelihood ratio."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.evidence.odds import BOTH, HIGHEST, HOPELESS, LOWEST, STEPS, half_widths, slopes, usable


@pytest.mark.parametrize(("hits", "events"), [(0, 10), (3, 10), (10, 10), (1, 1), (500, 50_000)])
def test_half_widths_are_those_of_clopper_and_pearson(hits: int, events: int) -> None:
    above, below = half_widths(np.array(float(hits)), np.array(float(events)), 9)
    exact = stats.binomtest(hits, events).proportion_ci(1 - 2 * 0.05 / 18, method="exact")
    assert hits / events + float(above) == pytest.approx(exact.high, abs=1e-9)
    assert hits / events - float(below) == pytest.approx(exact.low, abs=1e-9)


def test_of_nothing_anything_is_possible() -> None:
    above, below = half_widths(np.array(0.0), np.array(0.0), 1)
    assert (float(above), float(below)) == (1.0, 1.0)


@given(st.floats(0.002, 0.998), st.sampled_from(BOTH))
def test_a_slope_gives_the_log_likelihood_ratio(q0: float, step: float) -> None:
    q1 = 1 / (1 + math.exp(-(math.log(q0 / (1 - q0)) + step)))
    b = float(slopes(np.array(q0), step))
    assert step + b == pytest.approx(math.log(q1 / q0), abs=1e-12)
    assert b == pytest.approx(math.log((1 - q1) / (1 - q0)), abs=1e-12)


@given(st.floats(0.002, 0.998), st.sampled_from(BOTH), st.integers(1, 12))
def test_the_expected_ratio_at_the_boundary_is_one_by_enumeration(
    q0: float, step: float, events: int
) -> None:
    """Exactly E[LR] = 1 at the largest tolerable share, and below 1 inside; whatever the number of events."""
    b = float(slopes(np.array(q0), step))
    for inside, bound in ((q0, 1.0), (q0 * 0.9 if step > 0 else q0 + 0.1 * (1 - q0), 1.0)):
        mean = sum(
            math.comb(events, hits)
            * inside**hits
            * (1 - inside) ** (events - hits)
            * math.exp(step * hits + b * events)
            for hits in range(events + 1)
        )
        assert mean <= bound + 1e-9
        assert inside != q0 or mean == pytest.approx(1.0, abs=1e-9)


@given(st.floats(0.01, 0.9), st.sampled_from(BOTH), st.integers(1, 8), st.data())
def test_clusters_of_at_most_phi_equal_events_have_a_mean_of_at_most_one(
    q0: float, step: float, clusters: int, data: st.DataObject
) -> None:
    """LR^(1/phi) with whole clusters that say the same: any mixture of sizes up to phi (Jensen)."""
    sizes = [data.draw(st.integers(1, 5)) for _ in range(clusters)]
    phi, b = max(sizes), float(slopes(np.array(q0), step))
    mean = 1.0
    for size in sizes:
        mean *= q0 * math.exp((step + b) * size / phi) + (1 - q0) * math.exp(b * size / phi)
    assert mean <= 1 + 1e-9


@given(st.floats(0.002, 0.998), st.sampled_from(BOTH), st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_values_between_0_and_1_pay_no_more_than_counts(q0: float, step: float, values: list[float]) -> None:
    """The chord bound that lets a regression's bounded errors be bet on."""
    b = float(slopes(np.array(q0), step))
    for value in values:
        chord = value * math.exp(step + b) + (1 - value) * math.exp(b)
        assert math.exp(step * value + b) <= chord + 1e-12


def test_a_bet_beyond_the_range_is_hopeless_on_the_far_side_only() -> None:
    assert float(slopes(np.array(HIGHEST), 0.5)) == HOPELESS
    assert float(slopes(np.array(LOWEST), -0.5)) == HOPELESS
    assert float(slopes(np.array(-0.3), 0.5)) == float(slopes(np.array(LOWEST), 0.5))
    assert float(slopes(np.array(1.3), -0.5)) == float(slopes(np.array(HIGHEST), -0.5))
    assert float(slopes(np.array(np.nan), 0.5)) == HOPELESS


def test_bets_up_then_down() -> None:
    assert BOTH == (0.2, 0.5, 1.0, -0.2, -0.5, -1.0)
    assert BOTH[:3] == STEPS
    assert usable(np.array([0.0005, 0.5, 0.9995])).tolist() == [False, True, False]
