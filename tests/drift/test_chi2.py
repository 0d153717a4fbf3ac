from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from driftwatch.drift.catalogue import read
from driftwatch.drift.chi2 import EXPECTED_MIN
from tests.drift import counting as c

NAMES = ("chi2_statistic", "chi2_p_value", "cramers_v")
FULL = st.integers(20, 4_000)


def _read(reference: list[int], current: list[int]) -> dict[str, float]:
    field = c.categorical("x", 0, [str(i) for i in range(len(reference) - 1)])
    found = read(c.pair_of(c.fields_part(field), np.array([*reference, 5, 0]), np.array([*current, 0, 3])))
    return {name: float(found[name].value[0, 0]) for name in NAMES}


@given(st.lists(st.tuples(FULL, FULL), min_size=2, max_size=8))
def test_full_cells_have_scipys_test_of_a_table(cells: list[tuple[int, int]]) -> None:
    reference, current = ([cell[side] for cell in cells] for side in (0, 1))
    expected = stats.chi2_contingency([reference, current], correction=False)
    if expected.expected_freq.min() < EXPECTED_MIN:
        return
    found = _read(reference, current)
    assert found["chi2_statistic"] == pytest.approx(expected.statistic, rel=1e-9, abs=1e-9)
    assert found["chi2_p_value"] == pytest.approx(expected.pvalue, rel=1e-7, abs=1e-12)
    v = stats.contingency.association([reference, current], method="cramer")
    assert found["cramers_v"] == pytest.approx(v, rel=1e-9, abs=1e-9)


def test_small_cells_are_joined_to_one() -> None:
    """Of 300 current among 3 300 the cells of 40 expect 3.6 each; two of them together 7.3."""
    found = _read([2_920, 40, 40, 0], [260, 20, 20, 0])
    expected = stats.chi2_contingency([[2_920, 80], [260, 40]], correction=False)
    assert found["chi2_statistic"] == pytest.approx(expected.statistic)
    assert found["chi2_p_value"] == pytest.approx(expected.pvalue)


def test_what_is_small_even_when_joined_is_left_out() -> None:
    assert _read([500, 500, 1], [50, 50, 0]) == pytest.approx(_read([500, 500, 0], [50, 50, 0]))
    assert _read([500, 500, 1], [60, 40, 0])["chi2_p_value"] == pytest.approx(
        stats.chi2_contingency([[500, 500], [60, 40]], correction=False).pvalue
    )


def test_a_single_cell_has_no_test() -> None:
    assert all(np.isnan(value) for value in _read([500, 0], [300, 0]).values())
    assert all(np.isnan(value) for value in _read([500, 300], [3, 1]).values())
