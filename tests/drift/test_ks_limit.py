from __future__ import annotations

import numpy as np
import pytest
from scipy.special import kolmogorov
from scipy.stats import kstwo

from driftwatch.drift.ks_limit import ks_limit_p_value

Z = np.array([0.01, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.5, 1.8, 2.1, 2.4, 2.46, 2.8, 3.5, 5.0])


@pytest.mark.parametrize(("n", "accuracy"), [(20, 3e-4), (100, 1e-5), (1_000, 5e-8), (50_000, 5e-8)])
def test_against_scipys_exact_distribution(n: int, accuracy: float) -> None:
    """SciPy itself leaves out paths that cross both bounds, 3e-8 at z = 1.5."""
    d = Z / np.sqrt(n)
    assert ks_limit_p_value(np.full(d.shape, float(n)), d) == pytest.approx(kstwo.sf(d, n), abs=accuracy)


def test_the_tail_keeps_its_digits() -> None:
    d = np.array([2.5, 4.0, 6.0, 8.0]) / np.sqrt(5_000)
    assert ks_limit_p_value(np.full(4, 5_000.0), d) == pytest.approx(kstwo.sf(d, 5_000), rel=1e-3)


def test_it_tends_to_kolmogorovs_limit() -> None:
    assert ks_limit_p_value(np.full(Z.shape, 1e14), Z / 1e7) == pytest.approx(
        kolmogorov(Z), rel=1e-5, abs=1e-12
    )


def test_unknown_stays_unknown_and_zero_is_certain() -> None:
    found = ks_limit_p_value(np.array([100.0, np.nan, 100.0]), np.array([0.0, 0.1, 1.0]))
    assert found[0] == 1
    assert np.isnan(found[1])
    assert 0 <= found[2] < 1e-50
