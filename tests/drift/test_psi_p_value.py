from __future__ import annotations

from itertools import product
from math import comb

import numpy as np
import pytest
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.psi_p_value import EVENTS_MIN, OUTCOMES_MAX, samples_of
from tests.drift import counting as c

SHARES = {"even": [0.1] * 10, "skew": [0.4, 0.3, 0.15, 0.1, 0.04, 0.01], "two": [0.9, 0.1]}


def _read(reference: np.ndarray, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cells = len(reference)
    field = c.categorical("x", 0, [str(i) for i in range(cells - 1)])
    zeros = np.zeros((len(windows), 2), np.int64)
    past = np.hstack([np.tile(reference, (len(windows), 1)), zeros])
    found = read(c.pair_of(c.fields_part(field), past, np.hstack([windows, zeros])))
    return found["psi"].value[:, 0], found["psi_p_value"].value[:, 0]


def test_full_cells_have_the_tail_of_chi_square() -> None:
    rng = np.random.default_rng(1)
    reference, windows = (
        rng.multinomial(20_000, SHARES["even"]),
        rng.multinomial(900, SHARES["even"], size=50),
    )
    psi, p = _read(reference, windows)
    assert p == pytest.approx(stats.chi2.sf(psi / (1 / 20_000 + 1 / 900), 9), rel=1e-9)


@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("n", [15, 40, 110])
def test_with_few_events_per_cell_it_is_near_the_share_of_more_extreme_samples(shares: str, n: int) -> None:
    """The truth is found by drawing from the reference's own shares."""
    rng = np.random.default_rng(n)
    p = np.array(SHARES[shares])
    if n >= 20 * len(p):
        return
    reference = np.rint(p * 1_000_000).astype(int)
    windows = rng.multinomial(n, p, size=20_000)
    half = 0.5
    q = (windows + half) / (n + len(p) / 2)
    psi = ((q - p) * np.log(q / p)).sum(axis=1)
    _, found = _read(reference, windows[:200])
    for place in range(200):
        truth = np.mean(psi >= psi[place] - 1e-9)
        if 0.005 < truth < 0.3:
            assert found[place] == pytest.approx(truth, rel=0.4, abs=0.03), (psi[place], truth)


def test_too_little_on_either_side_says_nothing_and_a_single_cell_never_moves() -> None:
    even = np.full(10, 1_000)
    assert np.isnan(_read(even, np.full((1, 10), 0))[1]).all()
    few = np.zeros((1, 10), int)
    few[0, 0] = EVENTS_MIN - 1
    assert np.isnan(_read(even, few)[1]).all()
    assert np.isnan(_read(np.full(10, 15), np.full((1, 10), 30))[1]).all()
    assert _read(np.array([500, 0]), np.array([[50, 0]]))[1].tolist() == [1]


@pytest.mark.slow
@pytest.mark.parametrize("shares", SHARES)
@pytest.mark.parametrize("n", [20, 60, 150, 1_000])
def test_it_is_below_five_percent_in_at_most_about_five_percent_of_windows(shares: str, n: int) -> None:
    rng = np.random.default_rng(7)
    p = np.array(SHARES[shares])
    _, found = _read(np.rint(p * 200_000).astype(int), rng.multinomial(n, p, size=4_000))
    assert 0.01 < np.mean(found < 0.05) < 0.07
    assert np.mean(found < 0.01) < 0.02


@pytest.mark.parametrize(
    ("shares", "n"), [([0.9, 0.1], 35), ([0.5, 0.3, 0.2], 50), ([0.4, 0.3, 0.2, 0.1], 25)]
)
def test_few_outcomes_have_the_exact_multinomial_probability(shares: list[float], n: int) -> None:
    """SciPy's multinomial over all outcomes, found by brute force; the reference is so large that it is no sample."""
    p = np.array(shares)
    reference = np.rint(p * 10**9).astype(int)
    outcomes = np.array([k for k in product(range(n + 1), repeat=len(p)) if sum(k) == n])
    chance = stats.multinomial(n, p).pmf(outcomes)
    q = (outcomes + 0.5) / (n + len(p) / 2)
    psi = ((q - p) * np.log(q / p)).sum(axis=1)
    some = np.random.default_rng(1).choice(len(outcomes), 30)
    _, found = _read(reference, outcomes[some])
    truth = [chance[psi >= psi[place] * (1 - 1e-9)].sum() for place in some]
    assert found == pytest.approx(truth, rel=1e-5, abs=1e-12)
    samples, weights = samples_of(n, len(p))
    assert len(samples) == comb(n + len(p) - 1, len(p) - 1) <= OUTCOMES_MAX
    assert np.exp(weights + samples @ np.log(p)).sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("shares", "n"), [([0.9, 0.1], 35), ([0.5, 0.3, 0.2], 50), ([0.25] * 4, 25)])
def test_an_exact_p_value_is_never_too_small_too_often(shares: list[float], n: int) -> None:
    windows = np.random.default_rng(3).multinomial(n, shares, size=20_000)
    _, found = _read(np.rint(np.array(shares) * 10**9).astype(int), windows)
    for level in (0.01, 0.05, 0.2):
        assert np.mean(found <= level) <= level + 4 * np.sqrt(level / 20_000)
