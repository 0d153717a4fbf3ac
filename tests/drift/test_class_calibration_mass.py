"""Equal-mass calibration of every class's own score, against the raw scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

SEEDS = st.integers(0, 2**32 - 1)


def _raw(field: c.Field, p: np.ndarray, y: np.ndarray) -> float:
    group = np.array(field.groups)[np.searchsorted(field.edges, p, side="left")]
    inside = [group == b for b in range(max(field.groups) + 1)]
    return sum(abs(y[i].mean() - p[i].mean()) * i.mean() for i in inside if i.any())


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 500), st.integers(2, 5))
def test_exact_cells_give_the_error_of_the_raw_scores(seed: int, n: int, classes: int) -> None:
    scores, decided, labels = c.scored(np.random.default_rng(seed), n, classes)
    pair = c.class_labels((scores, decided, labels))
    found = read(pair)["class_calibration_error_mass"]
    for k, field in enumerate(pair.layout.parts[0].fields):
        truth = _raw(field, scores[:, k], labels == k)
        assert found.value[0, k] == pytest.approx(truth, abs=2e-6)
        assert found.count[0, k] == n


@settings(max_examples=40)
@given(SEEDS, st.integers(1, 500))
def test_the_grids_bound_holds_the_error_of_the_raw_scores(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    now, past = c.scored(rng, n, digits=7), c.scored(rng, 500, digits=7)
    fields = c.class_score_fields(0, past[0], "abc", cells=16)
    found = read(c.class_labels(now, past, fields))["class_calibration_error_mass"]
    for k, field in enumerate(fields):
        truth = _raw(field, now[0][:, k], now[2] == k)
        assert found.lower[0, k] - 2e-6 <= truth <= found.upper[0, k] + 2e-6


def test_calibrated_scores_show_about_what_is_expected() -> None:
    rng = np.random.default_rng(1)
    past = c.scored(rng, 5_000, digits=4)
    fields = c.class_score_fields(0, past[0], "abc")
    found = [read(c.class_labels(c.scored(rng, 1_000, digits=4), past, fields)) for _ in range(100)]
    for k in range(3):
        error, expected = (
            np.mean([each[f"class_calibration_error_mass{name}"].value[0, k] for each in found])
            for name in ("", "_expected")
        )
        assert error == pytest.approx(expected, rel=0.05)
