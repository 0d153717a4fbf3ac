from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.mann_whitney import EVENTS_MIN
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=60).map(np.array)


def _read(field, reference: Floats, current: Floats) -> tuple[Estimate, Estimate]:
    found = read(c.numeric_pair(field, reference, current))
    return found["mann_whitney"], found["mann_whitney_p_value"]


@settings(max_examples=80)
@given(SAMPLES, SAMPLES)
def test_with_exact_cells_it_is_scipys(reference: Floats, current: Floats) -> None:
    field = c.exact("x", 0, np.concatenate([reference, current]))
    found, p = _read(field, reference, current)
    expected = stats.mannwhitneyu(current, reference, method="asymptotic")
    assert found.value[0, 0] == pytest.approx(expected.statistic / (len(reference) * len(current)), abs=1e-12)
    assert found.lower[0, 0] == found.upper[0, 0] == found.value[0, 0]
    constant = len(np.unique([*reference, *current])) == 1
    if min(len(reference), len(current)) < EVENTS_MIN or constant:
        assert np.isnan(p.value[0, 0])
    else:
        assert p.value[0, 0] == pytest.approx(expected.pvalue, rel=1e-9, abs=1e-12)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_on_a_grid_the_raw_value_lies_between_the_limits(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=200), rng.normal(rng.uniform(-1, 1), size=70)
    found, _ = _read(c.numeric("x", 0, reference, cells), reference, current)
    raw = stats.mannwhitneyu(current, reference).statistic / (200 * 70)
    assert found.lower[0, 0] - 1e-12 <= raw <= found.upper[0, 0] + 1e-12


def test_it_says_in_which_direction() -> None:
    values = np.arange(50.0)
    field = c.exact("x", 0, np.arange(200.0))
    up, p = _read(field, values, values + 100)
    assert up.value[0, 0] == pytest.approx(1.0)
    assert p.value[0, 0] < 1e-10
    down, _ = _read(field, values + 100, values)
    assert down.value[0, 0] == pytest.approx(0.0)
    same, p = _read(field, values, values)
    assert (same.value[0, 0], p.value[0, 0]) == (0.5, 1.0)
