from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from tests.drift import counting as c


@given(st.integers(0, 2**32 - 1), st.integers(1, 2_000))
def test_they_are_the_raw_values_errors_by_cell(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    field = c.numeric("score", 0, rng.beta(0.4, 2, 3_000))
    scores = rng.beta(0.5, 2, n)
    labels = (rng.random(n) < scores).astype(float)
    part = c.labels_part(calibration=(6, 10), calibration_mass=(6, max(field.groups) + 1))
    block = np.concatenate(
        [c.calibration_block(scores, labels, 10).ravel(), c.mass_block(field, scores, labels).ravel()]
    )
    found = read(c.pair_of(part, block, block))
    gaps = {}
    for name, place in {
        "max": np.clip(np.ceil(scores * 10).astype(int) - 1, 0, 9),
        "mass": np.array(field.groups)[np.searchsorted(field.edges, scores)],
    }.items():
        inside = [place == cell for cell in np.unique(place)]
        gaps[name] = [(abs(labels[i].mean() - scores[i].mean()), i.mean()) for i in inside]
    assert found["calibration_error_max"].value[0, 0] == pytest.approx(
        max(g for g, _ in gaps["max"]), abs=1e-6
    )
    assert found["calibration_error_mass"].value[0, 0] == pytest.approx(
        sum(g * w for g, w in gaps["mass"]), abs=1e-6
    )
    assert found["calibration_error_mass_expected"].value[0, 0] >= 0


def test_a_calibrated_model_shows_about_the_expected_error() -> None:
    rng = np.random.default_rng(1)
    field = c.numeric("score", 0, rng.beta(0.4, 2, 3_000))
    part = c.labels_part(calibration_mass=(6, max(field.groups) + 1))
    blocks = []
    for _ in range(500):
        scores = rng.beta(0.4, 2, 800)
        blocks.append(c.mass_block(field, scores, (rng.random(800) < scores).astype(float)).ravel())
    found = read(c.pair_of(part, np.stack(blocks), np.stack(blocks)))
    error, expected = (found[f"calibration_error_mass{end}"].value.mean() for end in ("", "_expected"))
    assert error == pytest.approx(expected, rel=0.03)
