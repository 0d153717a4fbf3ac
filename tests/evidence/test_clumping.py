"""Clumping and wander against plain arithmetic, and against worlds whose values are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from driftwatch.evidence.clumping import BLOCK_PANES, Surprise, measure

PANE_MS = 300_000


def surprises(hits: np.ndarray, events: np.ndarray, share: float) -> Iterator[Surprise]:
    """One row, one indicator; panes without events do not occur."""
    for number, (s, n) in enumerate(zip(hits, events, strict=True)):
        if n:
            one = np.array([[float(n)]])
            excess = np.array([[s - n * share]])
            yield Surprise(number * PANE_MS, np.array([0]), excess, one * share * (1 - share), one)


def test_the_factor_is_pearsons_dispersion() -> None:
    hits, events = np.array([3, 5, 0, 2, 9]), np.array([10, 12, 7, 10, 20])
    share = hits.sum() / events.sum()
    found = measure(surprises(hits, events, share), (1, 1), PANE_MS, 1, 0)
    expected = ((hits - events * share) ** 2 / (events * share * (1 - share))).sum() / 4
    assert found.factor[0, 0] == pytest.approx(expected)
    assert found.panes[0, 0] == 5
    assert found.spread[0, 0] == pytest.approx(events.sum() * share * (1 - share))


@pytest.mark.parametrize(("correlation", "factor"), [(0.0, 1.0), (0.02, 2.98), (0.2, 20.8)])
def test_beta_binomial_panes_have_the_factor_of_their_correlation(correlation: float, factor: float) -> None:
    """Phi = 1 + rho (n - 1) for panes of n."""
    rng = np.random.default_rng(3)
    share = np.full(3000, 0.3)
    if correlation:
        size = 1 / correlation - 1
        share = rng.beta(0.3 * size, 0.7 * size, 3000)
    hits = rng.binomial(100, share)
    found = measure(surprises(hits, np.full(3000, 100), hits.mean() / 100), (1, 1), PANE_MS, 1, 0)
    assert found.factor[0, 0] == pytest.approx(factor, rel=0.1)
    assert found.wander[0, 0] < 0.0005 * correlation + 1e-5


def test_slow_wander_between_blocks_is_its_variance() -> None:
    rng = np.random.default_rng(4)
    blocks = rng.normal(0.3, 0.05, 400).clip(0.01, 0.99)
    hits = rng.binomial(200, np.repeat(blocks, BLOCK_PANES))
    found = measure(surprises(hits, np.full(len(hits), 200), hits.mean() / 200), (1, 1), PANE_MS, 1, 0)
    assert found.wander[0, 0] == pytest.approx(0.05**2, rel=0.15)


def test_insignificant_wander_is_none() -> None:
    """Of 100 calm worlds hardly any shows wander, and then very little."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(100):
        hits = rng.binomial(50, 0.2, 20 * BLOCK_PANES)
        found.append(
            measure(surprises(hits, np.full(len(hits), 50), 0.2), (1, 1), PANE_MS, 1, 0).wander[0, 0]
        )
    assert np.mean(np.array(found) > 0) < 0.08
    assert max(found) < 0.002


def test_a_fit_over_few_cycles_hides_wander_and_is_corrected() -> None:
    """K/(K-1): with 4 cycles per share a quarter of the variance went into the fit."""
    rng = np.random.default_rng(6)
    hits = rng.binomial(200, np.repeat(rng.normal(0.3, 0.05, 300), BLOCK_PANES).clip(0.01, 0.99))
    events = np.full(len(hits), 200)
    plain = measure(surprises(hits, events, 0.3), (1, 1), PANE_MS, 1, 0).wander[0, 0]
    fitted = measure(surprises(hits, events, 0.3), (1, 1), PANE_MS, 1, 4).wander[0, 0]
    assert fitted / plain == pytest.approx((4 / 3) / (300 / 299))


def test_panes_that_say_nothing_leave_it_unknown() -> None:
    found = measure(surprises(np.zeros(5, int), np.full(5, 10), 0.0), (1, 1), PANE_MS, 1, 0)
    assert np.isnan(found.factor[0, 0])
    assert found.panes[0, 0] == 5
    assert (found.wander[0, 0], found.spread[0, 0]) == (0.0, 0.0)


def test_rows_that_are_not_there_are_left_alone() -> None:
    def mixed() -> Iterator[Surprise]:
        for number in range(40):
            rows = np.array([0, 1]) if number % 2 else np.array([0])
            shape = (len(rows), 1)
            yield Surprise(number * PANE_MS, rows, np.ones(shape), np.full(shape, 2.0), np.full(shape, 10.0))

    found = measure(mixed(), (2, 1), PANE_MS, 1, 0)
    assert found.panes[:, 0].tolist() == [40, 20]
    assert found.factor[:, 0] == pytest.approx([20 / 39, 10 / 19])
