from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.calibration_tests import LABELS_MIN
from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Estimate, Floats
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _read(scores: Floats, labels: Floats, cells: int = 10) -> dict[str, Estimate]:
    part = c.labels_part(calibration=(6, cells))
    block = c.calibration_block(scores, labels, cells).ravel()
    return dict(read(c.pair_of(part, block, block)))


def _one(found: dict[str, Estimate], name: str) -> float:
    return float(found[name].value[0, 0])


def _world(seed: int, n: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    return scores, (rng.random(n) < scores).astype(float)


@given(SEEDS, st.integers(LABELS_MIN, 2_000))
def test_the_large_and_spiegelhalters_z_are_those_of_the_raw_values(seed: int, n: int) -> None:
    scores, labels = _world(seed, n)
    found = _read(scores, labels)
    assert _one(found, "calibration_gap") == pytest.approx(np.mean(labels - scores), abs=1e-6)
    top = np.sum((labels - scores) * (1 - 2 * scores))
    z = top / np.sqrt(np.sum((1 - 2 * scores) ** 2 * scores * (1 - scores)))
    assert _one(found, "spiegelhalter_z") == pytest.approx(z, rel=1e-3, abs=1e-3)
    assert _one(found, "spiegelhalter_p_value") == pytest.approx(
        2 * stats.norm.sf(abs(z)), rel=1e-2, abs=1e-3
    )


def test_the_interval_of_the_gap_is_that_of_the_raw_mean() -> None:
    scores, labels = _world(4, 3_000)
    found = _read(scores, labels)["calibration_gap"]
    half = 1.959964 * np.std(labels - scores) / np.sqrt(2_999)
    assert float(found.upper[0, 0] - found.lower[0, 0]) == pytest.approx(2 * half, rel=1e-3)


@given(SEEDS, st.integers(2, 1_500), st.sampled_from([2, 10, 15]))
def test_the_debiased_square_is_its_formula(seed: int, n: int, cells: int) -> None:
    scores, labels = _world(seed, n)
    place = np.clip(np.ceil(scores * cells).astype(int) - 1, 0, cells - 1)
    inside = [place == b for b in range(cells) if (place == b).sum() >= 2]
    found = _one(_read(scores, labels, cells), "calibration_error_squared")
    if not inside:
        assert np.isnan(found)
        return
    total = sum(i.sum() for i in inside)
    expected = sum(
        i.sum() / total
        * ((scores[i].mean() - labels[i].mean()) ** 2 - labels[i].mean() * (1 - labels[i].mean()) / (i.sum() - 1))
        for i in inside
    )  # fmt: skip
    assert found == pytest.approx(expected, abs=3e-6)


def test_without_miscalibration_the_debiased_square_is_zero_on_average_and_the_plug_in_is_not() -> None:
    found = [_read(*_world(seed, 300)) for seed in range(400)]
    debiased = [_one(each, "calibration_error_squared") for each in found]
    assert np.mean(debiased) == pytest.approx(0, abs=3 * np.std(debiased) / 20)
    plug_in = [_one(each, "brier_reliability") for each in found]
    assert np.mean(plug_in) > 6 * np.std(debiased) / 20


@settings(max_examples=25)
@given(SEEDS, st.floats(-0.4, 0.4), st.floats(0.7, 1.3))
def test_one_step_is_near_the_fitted_line_where_the_model_is_nearly_right(
    seed: int, a: float, b: float
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1.2, 200_000)
    scores = 1 / (1 + np.exp(-x))
    labels = (rng.random(len(x)) < 1 / (1 + np.exp(-(a + b * x)))).astype(float)
    found = _read(scores, labels, 100)
    assert _one(found, "calibration_intercept") == pytest.approx(a, abs=0.03 + 0.3 * a * a + 0.2 * abs(b - 1))
    assert _one(found, "calibration_slope") == pytest.approx(b, abs=0.03 + 0.3 * abs(b - 1) + 0.3 * a * a)
    assert (_one(found, "calibration_p_value") < 1e-6) or abs(a) + abs(b - 1) < 0.1


def test_scores_that_are_too_extreme_have_a_slope_below_one() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=20_000)
    labels = (rng.random(len(x)) < 1 / (1 + np.exp(-x))).astype(float)
    found = _read(1 / (1 + np.exp(-2 * x)), labels)
    assert found["calibration_slope"].upper[0, 0] < 1
    assert found["calibration_intercept"].lower[0, 0] < 0 < found["calibration_intercept"].upper[0, 0]


def test_few_labels_or_one_cell_have_no_line() -> None:
    few = _read(*_world(1, LABELS_MIN - 1))
    constant = _read(np.full(500, 0.35), np.tile([0.0, 1.0, 0.0, 0.0, 1.0], 100))
    for name in ("calibration_intercept", "calibration_slope", "calibration_p_value"):
        assert np.isnan(few[name].value).all()
        assert np.isnan(constant[name].value).all()
    assert np.isnan(few["spiegelhalter_z"].value).all()


@pytest.mark.slow
def test_p_values_and_intervals_keep_their_rates_for_a_calibrated_score() -> None:
    part = c.labels_part(calibration=(6, 10))
    rng = np.random.default_rng(8)
    blocks = []
    for _ in range(3_000):
        scores = rng.beta(0.5, 1.5, 500)
        blocks.append(c.calibration_block(scores, (rng.random(500) < scores).astype(float), 10).ravel())
    found = read(c.pair_of(part, np.stack(blocks), np.stack(blocks)))
    for name in ("calibration_p_value", "spiegelhalter_p_value"):
        assert 0.03 < np.mean(found[name].value < 0.05) < 0.065, name
    for name, truth in (("calibration_gap", 0), ("calibration_intercept", 0), ("calibration_slope", 1)):
        covered = (found[name].lower <= truth) & (truth <= found[name].upper)
        assert 0.93 < covered.mean() < 0.97, name
    squared = found["calibration_error_squared"]
    assert ((squared.lower <= 0) & (squared.upper >= 0)).mean() > 0.93
