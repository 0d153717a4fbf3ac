from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

PARTS = ("reliability", "resolution", "uncertainty", "within")


@given(st.integers(0, 2**32 - 1), st.integers(1, 1_500), st.sampled_from([2, 10]))
def test_the_parts_are_murphys_and_sum_to_the_brier_score(seed: int, n: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.random(n)
    labels = (rng.random(n) < scores**2).astype(float)
    block = c.calibration_block(scores, labels, cells).ravel()
    found = read(c.pair_of(c.labels_part(calibration=(6, cells)), block, block))
    reliability, resolution, uncertainty, within = (float(found[f"brier_{p}"].value[0, 0]) for p in PARTS)
    place = np.clip(np.ceil(scores * cells).astype(int) - 1, 0, cells - 1)
    inside = [place == cell for cell in np.unique(place)]
    assert reliability == pytest.approx(
        sum(i.mean() * (scores[i].mean() - labels[i].mean()) ** 2 for i in inside), abs=3e-6
    )
    assert resolution == pytest.approx(
        sum(i.mean() * (labels[i].mean() - labels.mean()) ** 2 for i in inside), abs=1e-12
    )
    assert uncertainty == pytest.approx(labels.mean() * (1 - labels.mean()), abs=1e-12)
    brier = float(found["brier_score"].value[0, 0])
    assert reliability - resolution + uncertainty + within == pytest.approx(brier, abs=1e-12)
    assert brier == pytest.approx(np.mean((scores - labels) ** 2), abs=2e-6)
