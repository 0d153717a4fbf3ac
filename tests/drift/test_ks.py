from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.ks import EXACT_MAX
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=1, max_size=250).map(np.array)


def _read(field: str, reference: Floats, current: Floats) -> tuple[Estimate, Estimate]:
    made = {"exact": c.exact, "quantile": c.numeric}[field]("x", 0, reference)
    found = read(c.numeric_pair(made, reference, current))
    return found["ks_statistic"], found["ks_p_value"]


@settings(max_examples=60)
@given(SAMPLES, SAMPLES)
def test_exact_cells_give_scipys_distance_to_the_last_bit_where_values_are_known(
    reference: Floats, current: Floats
) -> None:
    """Ties, constants and single values are drawn too; current values off the reference's fall into its gaps."""
    distance, p = _read("exact", reference, np.concatenate([current, reference[:1]]))
    expected = stats.ks_2samp(reference, np.concatenate([current, reference[:1]]), method="asymp")
    assert distance.lower[0, 0] == pytest.approx(expected.statistic, abs=1e-12)
    assert distance.upper[0, 0] == distance.lower[0, 0] == distance.value[0, 0]
    assert 0 <= p.value[0, 0] <= 1


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 3_000), st.sampled_from([0.0, 0.1, 0.5]))
def test_quantile_cells_hold_scipys_distance_between_their_bounds(seed: int, n: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=2_000), rng.normal(shift, size=n)
    reference[rng.random(2_000) < 0.2] = 0.5
    current[rng.random(n) < 0.3] = 0.5
    distance, _ = _read("quantile", reference, current)
    truth = stats.ks_2samp(reference, current, method="asymp").statistic
    assert distance.lower[0, 0] - 1e-12 <= truth <= distance.upper[0, 0] + 1e-12
    assert distance.upper[0, 0] <= min(1, distance.lower[0, 0] + 1 / 64 + 2 / 2_000)


@pytest.mark.parametrize(("m", "n"), [(EXACT_MAX, EXACT_MAX), (37, 120), (1, 1), (200, 3)])
def test_small_samples_have_scipys_exact_p_value(m: int, n: int) -> None:
    rng = np.random.default_rng(m + n)
    reference, current = rng.normal(size=m), rng.normal(0.3, size=n)
    both = np.concatenate([reference, current])
    edges = np.sort(both)
    field = c.edged("x", 0, both, edges.tolist())
    found = read(c.numeric_pair(field, reference, current))["ks_p_value"]
    assert found.value[0, 0] == pytest.approx(
        stats.ks_2samp(reference, current, method="exact").pvalue, rel=1e-9
    )


@pytest.mark.parametrize(("m", "n"), [(5_000, 1_000), (50_000, 201), (300, 300), (10_000, 10_000)])
@pytest.mark.parametrize("shift", [0.0, 0.05, 0.2])
def test_large_samples_have_scipys_asymptotic_p_value(m: int, n: int, shift: float) -> None:
    rng = np.random.default_rng(m + n)
    reference, current = rng.normal(size=m), rng.normal(shift, size=n)
    field = c.edged("x", 0, reference, np.unique(np.concatenate([reference, current])).tolist())
    found = read(c.numeric_pair(field, reference, current))["ks_p_value"]
    expected = stats.ks_2samp(reference, current, method="asymp").pvalue
    assert found.value[0, 0] == pytest.approx(expected, rel=5e-3, abs=2e-6)
    assert found.count[0, 0] == n


def test_the_p_value_rests_on_the_lower_bound() -> None:
    """One wide cell hides everything: the distance may be 1, but it makes no page."""
    reference, current = np.linspace(0, 0.4, 500), np.linspace(0.6, 1, 500)
    field = c.edged("x", 0, reference, [2.0])
    found = read(c.numeric_pair(field, reference, current))
    assert found["ks_statistic"].lower[0, 0] == 0
    assert found["ks_statistic"].upper[0, 0] == 1
    assert found["ks_p_value"].value[0, 0] == 1


def test_missing_and_invalid_values_are_left_out() -> None:
    rng = np.random.default_rng(2)
    reference, current = rng.normal(size=500), rng.normal(size=400)
    dirty = np.concatenate([current, np.full(90, np.nan), np.full(5, np.inf)])
    clean, soiled = _read("quantile", reference, current), _read("quantile", reference, dirty)
    assert clean[0].value == soiled[0].value
    assert soiled[0].count[0, 0] == 400


@pytest.mark.slow
def test_without_drift_the_p_value_is_below_five_percent_in_at_most_five_percent() -> None:
    rng = np.random.default_rng(4)
    field = c.numeric("x", 0, rng.random(100_000), cells=64)
    reference = c.count_numeric(field, rng.random(20_000))
    current = np.stack([c.count_numeric(field, rng.random(500)) for _ in range(2_000)])
    past = np.tile(reference, (2_000, 1))
    p = read(c.pair_of(c.fields_part(field), past, current))["ks_p_value"].value
    assert 0.02 < np.mean(p < 0.05) < 0.055
