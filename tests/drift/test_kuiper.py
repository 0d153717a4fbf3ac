from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=60).map(np.array)


def _read(field, reference: Floats, current: Floats) -> tuple[Estimate, Estimate]:
    found = read(c.numeric_pair(field, reference, current))
    return found["kuiper_statistic"], found["kuiper_p_value"]


def _plain(reference: Floats, current: Floats) -> float:
    """Both one-sided distances, one value after the other."""
    gaps = [0.0] + [np.mean(reference <= v) - np.mean(current <= v) for v in [*reference, *current]]
    return max(gaps) - min(gaps)


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_with_exact_cells_it_is_the_raw_values(reference: Floats, current: Floats) -> None:
    found, _ = _read(c.exact("x", 0, np.concatenate([reference, current])), reference, current)
    assert found.value[0, 0] == pytest.approx(_plain(reference, current), abs=1e-12)
    assert found.upper[0, 0] == pytest.approx(found.value[0, 0], abs=1e-12)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 20))
def test_on_a_grid_the_raw_value_lies_between_the_limits(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=300), rng.normal(rng.uniform(-1, 1), rng.uniform(0.5, 2), size=90)
    found, _ = _read(c.numeric("x", 0, reference, cells), reference, current)
    raw = _plain(reference, current)
    assert found.lower[0, 0] - 1e-12 <= raw <= found.upper[0, 0] + 1e-12


def test_the_p_value_is_that_of_the_tables() -> None:
    """Stephens 1970, table 1: the modified statistic is 1.747 at 5 % and 2.001 at 1 %."""
    for scaled, p in ((1.747, 0.05), (2.001, 0.01), (1.620, 0.10)):
        size = 1e6
        v = scaled / (np.sqrt(size) + 0.155 + 0.24 / np.sqrt(size))
        moved = round(v * 2e6)
        field = c.edged("x", 0, np.arange(2.0), [0.0])
        pair = c.pair_of(
            c.fields_part(field), np.array([2_000_000, 0, 0, 0]), np.array([2_000_000 - moved, moved, 0, 0])
        )
        found = read(pair)["kuiper_p_value"].value[0, 0]
        assert found == pytest.approx(p, rel=0.01)


def test_equal_samples_are_certain_to_differ_by_nothing_and_few_events_say_nothing() -> None:
    values = np.arange(40.0)
    statistic, p = _read(c.exact("x", 0, values), values, values)
    assert (statistic.value[0, 0], p.value[0, 0]) == (0.0, 1.0)
    statistic, p = _read(c.exact("x", 0, values), values, values[:3])
    assert np.isfinite(statistic.value[0, 0])
    assert np.isnan(p.value[0, 0])


def test_it_sees_a_change_of_spread_better_than_ks() -> None:
    rng = np.random.default_rng(3)
    reference, current = rng.normal(size=4_000), rng.normal(0, 1.25, size=400)
    found = read(c.numeric_pair(c.numeric("x", 0, reference), reference, current))
    assert found["kuiper_p_value"].value[0, 0] < found["ks_p_value"].value[0, 0] / 3
