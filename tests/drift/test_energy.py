from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=2, max_size=60).map(np.array)


def _read(field, reference: Floats, current: Floats) -> Estimate:
    return read(c.numeric_pair(field, reference, current))["energy_distance"]


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_with_exact_cells_it_is_scipys(reference: Floats, current: Floats) -> None:
    both = np.concatenate([reference, current])
    field = c.exact("x", 0, both)
    found = _read(field, reference, current)
    if field.deviation == 0:
        assert np.isnan(found.value[0, 0])
        return
    expected = stats.energy_distance(reference / field.deviation, current / field.deviation)
    assert found.value[0, 0] == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert found.lower[0, 0] == found.upper[0, 0] == found.value[0, 0]


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_on_a_grid_the_raw_value_lies_between_the_limits(seed: int, cells: int) -> None:
    """Of values inside the reference's range; those outside count at its end, and the page says so."""
    rng = np.random.default_rng(seed)
    reference = rng.normal(size=300)
    drawn = rng.normal(rng.uniform(-0.5, 0.5), size=90)
    current = np.clip(drawn, reference.min(), reference.max())
    found = _read(c.numeric("x", 0, reference, cells), reference, current)
    raw = stats.energy_distance(reference / reference.std(), current / reference.std())
    assert found.lower[0, 0] - 1e-9 <= raw <= found.upper[0, 0] + 1e-9


def test_the_limits_know_what_a_gap_between_atoms_hides() -> None:
    """All values of the window just below an atom; the gap's cell has its mass in the middle."""
    reference, current = np.array([0.0] * 90 + [1.0] * 10), np.full(50, 0.999)
    field = c.exact("x", 0, reference)
    found = _read(field, reference, current)
    raw = stats.energy_distance(reference / field.deviation, current / field.deviation)
    assert found.upper[0, 0] > raw > found.value[0, 0] * 1.3


def test_nothing_apart_is_zero_and_a_step_its_root() -> None:
    values = np.repeat([0.0, 1.0], 20)
    field = c.exact("x", 0, values)
    assert _read(field, values, values).value[0, 0] == 0
    moved = _read(field, values, np.ones(40)).value[0, 0]
    assert moved == pytest.approx(np.sqrt(2 * 0.5**2 / 0.5))
