from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from driftwatch.drift.catalogue import read
from tests.drift import counting as c

CELLS = st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 4_000)), min_size=2, max_size=9)


def _read(cells: list[tuple[int, int]]) -> dict[str, float]:
    field = c.categorical("x", 0, [str(i) for i in range(len(cells) - 1)])
    past, now = np.array(cells).T
    found = read(c.pair_of(c.fields_part(field), np.array([*past, 5, 0]), np.array([*now, 0, 3])))
    return {name: float(found[name].value[0, 0]) for name in ("kl_divergence", "bhattacharyya", "hellinger")}


@given(CELLS)
def test_they_are_the_textbooks_numbers(cells: list[tuple[int, int]]) -> None:
    found = _read(cells)
    past, now = np.array([cell for cell in cells if any(cell)] or [(0, 0)], np.float64).T
    if not past.sum() or not now.sum():
        assert np.isnan(found["kl_divergence"])
        assert np.isnan(found["bhattacharyya"])
        return
    assert found["kl_divergence"] == pytest.approx(entropy(past + 0.5, now + 0.5), rel=1e-9, abs=1e-12)
    overlap = np.sum(np.sqrt(past / past.sum() * now / now.sum()))
    if overlap > 1e-9:
        assert found["bhattacharyya"] == pytest.approx(-np.log(overlap), rel=1e-7, abs=1e-9)
    else:
        assert np.isnan(found["bhattacharyya"])


def test_it_favours_cells_that_emptied() -> None:
    emptied = _read([(500, 500), (500, 5)])["kl_divergence"]
    filled = _read([(500, 500), (5, 500)])["kl_divergence"]
    assert emptied > 2 * filled > 0
    assert _read([(500, 500), (500, 500)]) == {"kl_divergence": 0, "bhattacharyya": 0, "hellinger": 0}
