"""Calibration of every class's own score: that of a binary model on the same numbers, and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from driftwatch.drift.catalogue import CATALOGUE, read
from driftwatch.drift.class_calibration import NEEDS
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)
BY_CLASS = [s.name for s in CATALOGUE if s.needs == NEEDS]


def test_there_is_one_for_every_statistic_of_a_binary_models_calibration() -> None:
    """Those on equal-mass cells, of which a class's own score has no sums, are in `class_calibration_mass`."""
    binary = {s.name for s in CATALOGUE if s.needs.blocks == ("calibration",)}
    assert {f"class_{name}" for name in binary} == set(BY_CLASS)


@settings(max_examples=40)
@given(SEEDS, st.integers(0, 300), st.integers(2, 5))
def test_a_class_has_the_numbers_of_a_binary_model(seed: int, n: int, classes: int) -> None:
    rng = np.random.default_rng(seed)
    now, past = c.scored(rng, n, classes), c.scored(rng, 200, classes)
    found = read(c.class_labels(now, past))
    for k in range(classes):
        part = c.labels_part(calibration=(6, 10))
        sides = (c.calibration_block(p[:, k], (y == k).astype(float), 10).ravel() for p, _, y in (past, now))
        binary = read(c.pair_of(part, *sides))
        for name in BY_CLASS:
            one = binary[name.removeprefix("class_")]
            for of in ("value", "lower", "upper", "count"):
                both = getattr(found[name], of)[0, k], getattr(one, of)[0, 0]
                assert np.array_equal(*both, equal_nan=True), (name, of)


@settings(max_examples=30)
@given(SEEDS, st.integers(1, 400))
def test_scikit_learns_brier_score_and_calibration_curve(seed: int, n: int) -> None:
    scores, decided, labels = c.scored(np.random.default_rng(seed), n, digits=7)
    found = read(c.class_labels((scores, decided, labels)))
    for k in range(3):
        y, p = (labels == k).astype(int), scores[:, k]
        truth = brier_score_loss(y, p, pos_label=1)
        assert found["class_brier_score"].value[0, k] == pytest.approx(truth, abs=2e-6)
        if 0 < y.sum() < n:
            share, mean = calibration_curve(y, p, n_bins=10)
            sizes = np.bincount(np.clip(np.ceil(p * 10).astype(int) - 1, 0, 9), minlength=10)
            gaps = np.abs(share - mean)
            error = found["class_calibration_error"].value[0, k]
            assert error == pytest.approx(np.sum(sizes[sizes > 0] / n * gaps), abs=2e-6)
            assert found["class_calibration_error_max"].value[0, k] == pytest.approx(gaps.max(), abs=2e-6)


def test_a_missing_score_of_one_class_is_missing_for_it_alone() -> None:
    scores, decided, labels = c.scored(np.random.default_rng(3), 500)
    fields = c.class_score_fields(0, scores, "abc")
    blind = scores.copy()
    blind[:100, 1] = np.nan
    found = read(c.class_labels((blind, decided, labels), (scores, decided, labels), fields))
    assert found["class_brier_score"].count[0].tolist() == [500, 400, 500]
    gone = np.full_like(scores, np.nan)
    none = read(c.class_labels((gone, decided, labels), (scores, decided, labels), fields))
    for name in BY_CLASS:
        assert np.isnan(none[name].value).all(), name


def test_one_class_out_of_calibration_is_named() -> None:
    rng = np.random.default_rng(4)
    scores, decided, labels = c.scored(rng, 6_000, digits=3)
    # A third of the labels of the last class turn out to be of the first.
    labels = np.where((labels == 2) & (rng.random(6_000) < 0.3), 0, labels)
    found = read(c.class_labels((scores, decided, labels)))
    excess = found["class_calibration_error_excess"].value[0]
    assert abs(excess[1]) < 0.01 < 0.05 < excess[0]
    gap = found["class_calibration_gap"]
    assert gap.lower[0, 0] > 0 > gap.upper[0, 2]
    assert gap.lower[0, 1] < 0 < gap.upper[0, 1]
    assert found["class_spiegelhalter_p_value"].value[0, 0] < 0.01
