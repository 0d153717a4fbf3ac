from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from driftwatch.drift.reading import Floats, Pair
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _pair(
    current: tuple[Floats, Floats], reference: tuple[Floats, Floats] | None = None, cells: int = 10
) -> Pair:
    part = c.labels_part(calibration=(6, cells))
    past, now = (c.calibration_block(*side, cells).ravel() for side in (reference or current, current))
    return c.pair_of(part, past, now)


def _world(seed: int, n: int, gap: float = 0.0) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    return scores, (rng.random(n) < np.clip(scores + gap, 0, 1)).astype(float)


def _ece(scores: Floats, labels: Floats, cells: int) -> float:
    place = np.clip(np.ceil(scores * cells).astype(int) - 1, 0, cells - 1)
    inside = [place == b for b in range(cells)]
    return sum(abs(labels[i].mean() - scores[i].mean()) * i.mean() for i in inside if i.any())


@given(SEEDS, st.integers(1, 2_000), st.sampled_from([2, 10, 15]))
def test_the_plug_in_error_is_that_of_the_raw_values(seed: int, n: int, cells: int) -> None:
    scores, labels = _world(seed, n)
    found = read(_pair((scores, labels), cells=cells))
    assert found["calibration_error"].value[0, 0] == pytest.approx(_ece(scores, labels, cells), abs=1e-6)
    assert found["calibration_error"].count[0, 0] == n


@given(SEEDS, st.integers(1, 2_000))
def test_brier_is_the_mean_square_to_a_millionth(seed: int, n: int) -> None:
    scores, labels = _world(seed, n)
    found = read(_pair((scores, labels)))["brier_score"]
    assert found.value[0, 0] == pytest.approx(np.mean((scores - labels) ** 2), abs=2e-6)


def test_the_interval_of_brier_is_that_of_the_raw_mean() -> None:
    scores, labels = _world(5, 3_000)
    found = read(_pair((scores, labels)))["brier_score"]
    half = 1.959964 * np.std((scores - labels) ** 2) / np.sqrt(3_000)
    assert found.upper[0, 0] - found.value[0, 0] == pytest.approx(half, rel=0.01)
    assert found.value[0, 0] - found.lower[0, 0] == pytest.approx(half, rel=0.01)


def test_a_calibrated_model_shows_about_the_expected_error_and_no_excess() -> None:
    found = [read(_pair(_world(seed, 500))) for seed in range(400)]
    plug_in = np.mean([each["calibration_error"].value[0, 0] for each in found])
    expected = np.mean([each["calibration_error_expected"].value[0, 0] for each in found])
    assert plug_in == pytest.approx(expected, rel=0.02)
    assert 0.03 < expected < 0.06
    excess = [each["calibration_error_excess"].value[0, 0] for each in found]
    assert np.mean(excess) == pytest.approx(plug_in - expected, abs=1e-12)


def test_a_gap_is_excess() -> None:
    found = read(_pair(_world(1, 20_000, gap=0.1)))
    assert found["calibration_error_excess"].value[0, 0] > 0.06


def test_brier_decays_upwards() -> None:
    found = read(_pair(_world(1, 5_000, gap=-0.3), _world(2, 5_000)))["brier_score_decay"]
    assert 0 < found.lower[0, 0] < found.value[0, 0] < found.upper[0, 0]


def test_certain_scores_have_no_expected_error_and_no_negative_root() -> None:
    ones = np.ones(300)
    found = read(_pair((ones, ones)))
    assert found["calibration_error_expected"].value[0, 0] == 0
    assert found["brier_score"].value[0, 0] == found["brier_score"].upper[0, 0] == 0
