from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from driftwatch.drift.ks_exact import ks_exact_p_value


@pytest.mark.parametrize(("m", "n"), [(1, 1), (2, 3), (4, 4), (5, 3)])
def test_against_every_order_of_the_pooled_sample(m: int, n: int) -> None:
    distances = []
    for places in combinations(range(m + n), m):
        steps = np.isin(np.arange(m + n), places)
        distances.append(np.abs(np.cumsum(steps) / m - np.cumsum(~steps) / n).max())
    for d in sorted(set(np.round(distances, 12))):
        expected = np.mean(np.array(distances) >= d - 1e-9)
        assert ks_exact_p_value(np.array([m]), np.array([n]), np.array([d]))[0] == pytest.approx(
            expected, abs=1e-12
        )


def test_pairs_of_different_sizes_at_once() -> None:
    sizes, others = np.array([150, 20, 1, 200]), np.array([199, 3, 2, 200])
    steps = np.array([3_000, 30, 2, 5_000])
    found = ks_exact_p_value(sizes, others, steps / (sizes * others))
    for m, n, h, p in zip(sizes, others, steps, found, strict=True):
        assert ks_exact_p_value(np.array([m]), np.array([n]), np.array([h / (m * n)]))[0] == p
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=150), rng.normal(0.2, size=199)
    d = stats.ks_2samp(a, b, method="exact")
    assert ks_exact_p_value(np.array([150]), np.array([199]), np.array([d.statistic]))[0] == pytest.approx(
        d.pvalue, rel=1e-9
    )


def test_no_distance_is_certain() -> None:
    assert ks_exact_p_value(np.array([7]), np.array([9]), np.array([0.0]))[0] == 1
