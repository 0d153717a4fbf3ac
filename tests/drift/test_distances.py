from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

NAMES = ("js_distance", "hellinger", "total_variation", "l_infinity")
COUNTS = st.lists(st.integers(0, 4_000), min_size=2, max_size=9)


def _read(reference: list[int], current: list[int]) -> dict[str, float]:
    field = c.categorical("x", 0, [str(i) for i in range(len(reference) - 1)])
    found = read(c.pair_of(c.fields_part(field), np.array([*reference, 5, 0]), np.array([*current, 0, 3])))
    return {name: float(found[name].value[0, 0]) for name in NAMES}


@given(COUNTS, st.data())
def test_they_are_the_textbooks_distances_of_the_shares(reference: list[int], data: st.DataObject) -> None:
    current = data.draw(st.lists(st.integers(0, 4_000), min_size=len(reference), max_size=len(reference)))
    found = _read(reference, current)
    if not sum(reference) or not sum(current):
        assert all(np.isnan(value) for value in found.values())
        return
    p, q = np.array(reference) / sum(reference), np.array(current) / sum(current)
    assert found["js_distance"] ** 2 == pytest.approx(np.nan_to_num(jensenshannon(p, q)) ** 2, abs=1e-12)
    assert found["hellinger"] == pytest.approx(np.sqrt(np.sum((p**0.5 - q**0.5) ** 2) / 2), abs=1e-12)
    assert found["total_variation"] == pytest.approx(np.abs(p - q).sum() / 2, abs=1e-12)
    assert found["l_infinity"] == pytest.approx(np.abs(p - q).max(), abs=1e-12)
    assert (
        found["hellinger"] ** 2 - 1e-9 <= found["total_variation"] <= np.sqrt(2) * found["hellinger"] + 1e-9
    )


def test_disjoint_samples_have_the_largest_distance() -> None:
    found = _read([100, 0], [0, 70])
    assert found == pytest.approx(
        {"js_distance": np.sqrt(np.log(2)), "hellinger": 1, "total_variation": 1, "l_infinity": 1}
    )


@given(COUNTS.filter(sum), st.floats(0, 1), st.floats(0, 1))
def test_more_of_another_mixture_is_farther_away(reference: list[int], a: float, b: float) -> None:
    """Shares (1−t)·p + t·e: each distance grows with t."""
    p = np.array(reference) / sum(reference)
    other = np.roll(np.eye(len(p))[0], int(np.argmax(p)) + 1)
    less, more = sorted((a, b))
    size = 10**9
    one, two = (
        _read((p * size).astype(int).tolist(), ((1 - t) * p * size + t * other * size).astype(int).tolist())
        for t in (less, more)
    )
    for name in NAMES:
        assert one[name] <= two[name] + 1e-6
