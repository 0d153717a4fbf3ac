"""Calibration and Brier score over all classes, against their definitions on raw scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _classwise(scores: np.ndarray, labels: np.ndarray, cells: int) -> float:
    """(1/K) Σ_k Σ_b (n_b/N)|share − mean score|, as Kull et al. 2019 write it."""
    errors = []
    for k, p in enumerate(scores.T):
        place = np.clip(np.ceil(p * cells).astype(int) - 1, 0, cells - 1)
        inside = [place == b for b in range(cells)]
        errors.append(sum(abs((labels[i] == k).mean() - p[i].mean()) * i.mean() for i in inside if i.any()))
    return float(np.mean(errors))


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 500), st.integers(2, 6), st.sampled_from([5, 10, 15]))
def test_classwise_error_and_multiclass_brier_score_of_raw_values(
    seed: int, n: int, classes: int, cells: int
) -> None:
    scores, decided, labels = c.scored(np.random.default_rng(seed), n, classes)
    found = read(c.class_labels((scores, decided, labels), cells=cells))
    error = _classwise(scores, labels, cells)
    assert found["classwise_calibration_error"].value[0, 0] == pytest.approx(error, abs=1e-6)
    truth = np.mean(np.sum((scores - np.eye(classes)[labels]) ** 2, axis=1))
    assert found["multiclass_brier_score"].value[0, 0] == pytest.approx(truth, abs=2e-6 * classes)
    assert found["multiclass_brier_score"].count[0, 0] == n


def test_calibrated_scores_show_about_what_is_expected_and_no_excess() -> None:
    rng = np.random.default_rng(1)
    found = [read(c.class_labels(c.scored(rng, 500, digits=3))) for _ in range(200)]

    def mean(name: str) -> float:
        return float(np.mean([each[f"classwise_calibration_error{name}"].value[0, 0] for each in found]))

    assert mean("") == pytest.approx(mean("_expected"), rel=0.03)
    assert abs(mean("_excess")) < 0.002
    assert abs(mean("_squared")) < 2e-4


def test_a_perfect_model_has_no_error_at_all_and_a_sure_wrong_one_two() -> None:
    labels = np.arange(300) % 3
    sure = np.eye(3)[labels]
    good = read(c.class_labels((sure, labels, labels)))
    bad = read(c.class_labels((sure, labels, (labels + 1) % 3)))
    assert good["multiclass_brier_score"].value[0, 0] == 0.0
    assert bad["multiclass_brier_score"].value[0, 0] == 2.0
    assert good["classwise_calibration_error"].value[0, 0] == 0.0
    assert bad["classwise_calibration_error"].value[0, 0] == pytest.approx(2 / 3)


def test_two_classes_have_twice_the_binary_brier_score_with_its_very_interval() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(2_000)
    y = (rng.random(2_000) < p).astype(int)
    found = read(c.class_labels((np.stack([1 - p, p], axis=1), (p > 0.5).astype(int), y)))[
        "multiclass_brier_score"
    ]
    part = c.labels_part(calibration=(6, 10))
    block = c.calibration_block(p, y.astype(float), 10).ravel()
    binary = read(c.pair_of(part, block, block))["brier_score"]
    assert found.value[0, 0] == pytest.approx(2 * binary.value[0, 0], abs=1e-5)
    assert found.lower[0, 0] == pytest.approx(2 * binary.lower[0, 0], abs=1e-4)
    assert found.upper[0, 0] == pytest.approx(2 * binary.upper[0, 0], abs=1e-4)


def test_scores_that_got_worse_are_decay() -> None:
    rng = np.random.default_rng(3)
    past, now = c.scored(rng, 4_000), c.scored(rng, 4_000)
    assert read(c.class_labels(past, past))["multiclass_brier_score_decay"].value[0, 0] == 0
    turned = np.roll(now[0], 1, axis=1)
    assert read(c.class_labels((turned, *now[1:]), past))["multiclass_brier_score_decay"].lower[0, 0] > 0.2
