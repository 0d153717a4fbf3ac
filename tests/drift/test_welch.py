from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Floats
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=60).map(np.array)


def _read(field, reference: Floats, current: Floats) -> tuple[float, float]:
    found = read(c.numeric_pair(field, reference, current))
    return found["welch_t"].value[0, 0], found["welch_p_value"].value[0, 0]


@settings(max_examples=80)
@given(SAMPLES, SAMPLES)
def test_with_exact_cells_it_is_scipys(reference: Floats, current: Floats) -> None:
    t, p = _read(c.exact("x", 0, np.concatenate([reference, current])), reference, current)
    if min(len(reference), len(current)) < 2 or (reference.std() == 0 and current.std() == 0):
        assert np.isnan(t)
        assert np.isnan(p)
        return
    moments = [f(side) for side in (current, reference) for f in (np.mean, lambda s: np.std(s, ddof=1), len)]
    expected = stats.ttest_ind_from_stats(*moments, equal_var=False)
    assert t == pytest.approx(expected.statistic, rel=1e-7, abs=1e-7)
    assert p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("by", [0.0, 0.05, 0.2])
def test_on_64_cells_it_is_within_a_few_per_cent(by: float) -> None:
    rng = np.random.default_rng(5)
    reference, current = rng.normal(size=20_000), rng.normal(by, size=2_000)
    t, _ = _read(c.numeric("x", 0, reference), reference, current)
    expected = stats.ttest_ind(current, reference, equal_var=False).statistic
    assert t == pytest.approx(expected, rel=0.04, abs=0.05)


def test_the_spread_inside_a_coarse_cell_is_not_forgotten() -> None:
    """Two cells of width 1 with their mass in the middle: variance ¼ between them, 1/12 inside."""
    reference = np.linspace(0, 2, 2_001)
    field = c.edged("x", 0, reference, [0.0, 1.0, 2.0])
    counts = np.array([0, 500, 500, 0, 0, 0]), np.array([0, 40, 60, 0, 0, 0])
    found = read(c.pair_of(c.fields_part(field), *counts))["welch_t"].value[0, 0]
    now = (0.24 + 1 / 12) * 100 / 99 / 100
    then = (0.25 + 1 / 12) * 1_000 / 999 / 1_000
    assert found == pytest.approx(0.1 / np.sqrt(now + then), rel=1e-3)
