from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

LEVELS = {"p05_shift": 0.05, "median_shift": 0.5, "p95_shift": 0.95}
SAMPLES = st.lists(st.integers(-20, 20).map(lambda i: i / 4), min_size=2, max_size=120).map(np.array)


def _read(reference: Floats, current: Floats, **cells: object) -> dict[str, Estimate]:
    return dict(read(c.numeric_pair(c.cut(reference, **cells), reference, current)))


def _at(estimate: Estimate) -> tuple[float, float, float]:
    return float(estimate.lower[0, 0]), float(estimate.value[0, 0]), float(estimate.upper[0, 0])


@settings(max_examples=60)
@given(SAMPLES, st.data())
def test_exact_cells_give_the_raw_values_numbers(reference: Floats, data: st.DataObject) -> None:
    """Ties and constants are drawn too; current values are some of the reference's."""
    current = np.array(data.draw(st.lists(st.sampled_from(reference.tolist()), min_size=1, max_size=90)))
    found, deviation = _read(reference, current, exact=True), reference.std()
    if deviation == 0:
        assert all(np.isnan(found[name].value).all() for name in ("wasserstein", "mean_shift", *LEVELS))
        return
    low, value, high = _at(found["wasserstein"])
    assert value == pytest.approx(stats.wasserstein_distance(reference, current) / deviation, abs=1e-12)
    assert low == high == value
    shift = (current.mean() - reference.mean()) / deviation
    assert _at(found["mean_shift"]) == pytest.approx((shift,) * 3, abs=1e-12)
    for name, level in LEVELS.items():
        ends = [np.quantile(side, level, method="inverted_cdf") for side in (reference, current)]
        assert _at(found[name]) == pytest.approx(((ends[1] - ends[0]) / deviation,) * 3, abs=1e-12)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2_000), st.sampled_from([0.0, 0.2, -0.7]))
def test_quantile_cells_hold_the_raw_values_numbers_between_their_limits(
    seed: int, n: int, by: float
) -> None:
    rng = np.random.default_rng(seed)
    reference, current = rng.normal(size=2_000), rng.normal(by, size=n)
    current = np.clip(current, reference.min(), reference.max())
    reference[:300] = current[: n // 3] = 0.5
    found, deviation = _read(reference, current), reference.std()
    low, _, high = _at(found["wasserstein"])
    assert low - 1e-9 <= stats.wasserstein_distance(reference, current) / deviation <= high + 1e-9
    low, _, high = _at(found["mean_shift"])
    assert low - 1e-9 <= (current.mean() - reference.mean()) / deviation <= high + 1e-9
    for name, level in LEVELS.items():
        ends = [np.quantile(side, level, method="inverted_cdf") for side in (reference, current)]
        low, value, high = _at(found[name])
        assert low - 1e-9 <= (ends[1] - ends[0]) / deviation <= high + 1e-9
        assert low <= value <= high


def test_a_shift_by_one_deviation_is_one() -> None:
    rng = np.random.default_rng(3)
    reference = rng.normal(size=50_000)
    found = _read(reference, rng.normal(0.5, size=20_000))
    for name in ("wasserstein", "mean_shift", "median_shift"):
        assert _at(found[name])[1] == pytest.approx(0.5, abs=0.03)


def test_a_quantile_beyond_the_references_range_is_not_known() -> None:
    reference, current = np.linspace(0, 1, 500), np.linspace(0.5, 1.5, 500)
    found = _read(reference, current)
    assert np.isnan(found["p95_shift"].value).all()
    assert np.isfinite(found["p05_shift"].value).all()
