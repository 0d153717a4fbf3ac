"""Intervals against SciPy, published examples, and their own coverage computed exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.intervals import (
    Interval,
    area,
    difference,
    normal,
    quotient,
    rate_quotient,
    share_difference,
    wilson,
    z_of,
)


def _wilson(k: int, n: int) -> Interval:
    return wilson(np.array([k]), np.array([n]), 0.95)


@given(st.integers(1, 5_000), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_scipys(n: int, data: st.DataObject, confidence: float) -> None:
    k = data.draw(st.integers(0, n))
    found = wilson(np.array([k]), np.array([n]), confidence)
    expected = stats.binomtest(k, n).proportion_ci(confidence, method="wilson")
    assert found.value[0] == k / n
    assert found.lower[0] == pytest.approx(expected.low, abs=1e-12)
    assert found.upper[0] == pytest.approx(expected.high, abs=1e-12)


def test_z_is_the_two_sided_normal_quantile() -> None:
    assert z_of(0.95) == pytest.approx(1.959963984540054)


def test_agresti_and_caffo() -> None:
    """Their formula on 8 of 10 against 3 of 10, by hand: 9/12 − 4/12 ± 1.96·sqrt(.75·.25/12 + (1/3)(2/3)/12)."""
    found = share_difference(np.array([8]), np.array([10]), np.array([3]), np.array([10]), 0.95)
    assert found.value[0] == pytest.approx(0.5)
    assert found.lower[0] == pytest.approx(5 / 12 - 1.959964 * np.sqrt(0.1875 / 12 + 2 / 9 / 12), abs=1e-6)
    assert found.upper[0] == pytest.approx(5 / 12 + 1.959964 * np.sqrt(0.1875 / 12 + 2 / 9 / 12), abs=1e-6)


@pytest.mark.parametrize(("p", "q"), [(0.05, 0.05), (0.2, 0.1), (0.5, 0.5), (0.9, 0.8), (0.97, 0.95)])
def test_the_difference_of_shares_covers(p: float, q: float) -> None:
    """Summed over all outcomes of 60 and 40 trials, so without simulation."""
    k, j = np.arange(61)[:, None] + 0 * np.arange(41), 0 * np.arange(61)[:, None] + np.arange(41)
    mass = stats.binom.pmf(k, 60, p) * stats.binom.pmf(j, 40, q)
    n, m = np.full_like(k, 60), np.full_like(k, 40)
    for found in (share_difference(k, n, j, m, 0.95), difference(wilson(k, n, 0.95), wilson(j, m, 0.95))):
        covered = (found.lower <= p - q) & (p - q <= found.upper)
        assert 0.935 < mass[covered].sum() < 0.995


def test_mover_reproduces_newcombes_example() -> None:
    """Newcombe 1998, table II (a), method 10: 56/70 − 48/80 gives 0.0524 to 0.3339."""
    found = difference(_wilson(56, 70), _wilson(48, 80))
    assert found.lower[0] == pytest.approx(0.0524, abs=5e-5)
    assert found.upper[0] == pytest.approx(0.3339, abs=5e-5)


@pytest.mark.parametrize(("p", "q"), [(0.1, 0.2), (0.5, 0.5), (0.8, 0.9), (0.95, 0.95)])
def test_the_quotient_of_shares_covers(p: float, q: float) -> None:
    k, j = np.arange(61)[:, None] + 0 * np.arange(41), 0 * np.arange(61)[:, None] + np.arange(41)
    mass = stats.binom.pmf(k, 60, p) * stats.binom.pmf(j, 40, q)
    found = quotient(wilson(k, np.full_like(k, 60), 0.95), wilson(j, np.full_like(j, 40), 0.95))
    known = j > 0
    assert np.isfinite(found.upper[known]).all()
    covered = (found.lower <= p / q) & (p / q <= found.upper) & known
    assert 0.93 < mass[covered].sum() / mass[known].sum() < 0.995


def test_the_quotient_of_nothing_starts_at_zero_and_by_nothing_is_unknown() -> None:
    found = quotient(_wilson(0, 50), _wilson(45, 50))
    assert found.value[0] == found.lower[0] == 0
    assert 0 < found.upper[0] < 0.2
    assert np.isnan(quotient(_wilson(45, 50), _wilson(0, 50)).value[0])


def test_the_quotient_is_stable_where_twice_the_value_is_the_limit() -> None:
    one, other = (Interval(*(np.array([x]) for x in limits)) for limits in ((0.5, 0.4, 0.6), (0.2, 0.1, 0.4)))
    found = quotient(one, other)
    assert 0 < found.lower[0] < 2.5 < found.upper[0]


def test_rates_match_the_exact_binomial_test() -> None:
    """Given the sum, events are binomial: SciPy's Clopper–Pearson limits, turned into a ratio."""
    for events, others, exposure in ((30, 400, 0.1), (0, 50, 0.5), (7, 7, 1.0), (5_000, 90_000, 1 / 24)):
        found = rate_quotient(np.array([events]), np.array([others]), exposure, 0.95)
        exact = stats.binomtest(events, events + others).proportion_ci(0.95, method="exact")
        assert found.value[0] == pytest.approx(events / others / exposure)
        assert found.lower[0] == pytest.approx(exact.low / (1 - exact.low) / exposure, abs=1e-9)
        assert found.upper[0] == pytest.approx(exact.high / (1 - exact.high) / exposure)
    assert np.isnan(rate_quotient(np.array([3]), np.array([0]), 1.0, 0.95).value[0])


def test_the_areas_limits_solve_newcombes_equation() -> None:
    value, yes, no = (
        np.array([0.5, 0.8, 0.97, 1.0, 0.0]),
        np.array([30, 50, 400, 20, 20]),
        np.array([60, 50, 4_000, 30, 9]),
    )
    found = area(value, yes, no, 0.95)
    for limit in (found.lower, found.upper):
        larger = (yes + no) / 2 - 1
        error = (
            limit
            * (1 - limit)
            * (1 + larger * ((1 - limit) / (2 - limit) + limit / (1 + limit)))
            / (yes * no)
        )
        solved = np.isclose((value - limit) ** 2, 1.959964**2 * error, atol=1e-9)
        assert (solved | (limit == value)).all()
    assert found.lower[3] < 1 == found.upper[3]
    assert found.lower[4] == 0 < found.upper[4]
    assert np.isnan(area(np.array([np.nan]), np.array([0]), np.array([5]), 0.95).lower[0])


@pytest.mark.slow
@pytest.mark.parametrize("shift", [0.5, 1.5, 2.5])
def test_the_areas_interval_covers(shift: float) -> None:
    rng = np.random.default_rng(11)
    truth = stats.norm.cdf(shift / np.sqrt(2))
    scores = rng.normal(size=(2_000, 240))
    scores[:, :60] += shift
    ranks = stats.rankdata(scores, axis=1)[:, :60].sum(axis=1)
    value = (ranks - 60 * 61 / 2) / (60 * 180)
    found = area(value, np.full(2_000, 60), np.full(2_000, 180), 0.95)
    assert 0.93 < np.mean((found.lower <= truth) & (truth <= found.upper)) < 0.985


def test_a_mean_has_its_normal_interval() -> None:
    found = normal(np.array([3.0, 1.0]), np.array([4.0, -1e-18]), 0.95)
    assert found.lower.tolist() == pytest.approx([3 - 2 * 1.959964, 1.0], abs=1e-5)
    assert found.upper.tolist() == pytest.approx([3 + 2 * 1.959964, 1.0], abs=1e-5)
