from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.chi2 import EXPECTED_MIN
from tests.drift import counting as c

FULL = st.integers(0, 4_000)


def _read(reference: list[int], current: list[int]) -> tuple[float, float]:
    field = c.categorical("x", 0, [str(i) for i in range(len(reference) - 1)])
    found = read(c.pair_of(c.fields_part(field), np.array([*reference, 5, 0]), np.array([*current, 0, 3])))
    return float(found["g_statistic"].value[0, 0]), float(found["g_p_value"].value[0, 0])


@given(st.lists(st.tuples(FULL, FULL), min_size=2, max_size=8))
def test_full_cells_have_scipys_test_of_a_table(cells: list[tuple[int, int]]) -> None:
    reference, current = ([cell[side] for cell in cells] for side in (0, 1))
    if not all(map(any, cells)) or not sum(reference) or not sum(current):
        return
    expected = stats.chi2_contingency([reference, current], correction=False, lambda_="log-likelihood")
    if expected.expected_freq.min() < EXPECTED_MIN:
        return
    statistic, p = _read(reference, current)
    assert statistic == pytest.approx(expected.statistic, rel=1e-7, abs=1e-7)
    assert p == pytest.approx(expected.pvalue, rel=1e-5, abs=1e-9)


def test_small_cells_are_joined_to_one_as_for_chi2() -> None:
    statistic, _ = _read([2_920, 40, 40, 0], [260, 20, 20, 0])
    table = [[2_920, 80], [260, 40]]
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert statistic == pytest.approx(expected.statistic)


def test_a_single_cell_has_no_test_and_equal_shares_are_zero() -> None:
    assert all(np.isnan(value) for value in _read([500, 0], [300, 0]))
    assert _read([500, 500], [50, 50]) == pytest.approx((0.0, 1.0), abs=1e-9)
