from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given
from hypothesis.extra.numpy import arrays

from driftwatch.drift.cell_shares import CellShare, cell_shares, cells_in
from tests.drift import counting as c

AGE = c.edged("age", 0, np.array([18.0, 90.0]), [18.0, 25.0, 65.0])


def test_every_cell_in_order_with_both_shares() -> None:
    found = list(cell_shares(AGE, np.array([10, 20, 60, 10, 0, 0]), np.array([0, 1, 1, 1, 1, 0])))
    assert found == [
        CellShare("up to 18", 0.1, 0.0),
        CellShare("18–25", 0.2, 0.25),
        CellShare("25–65", 0.6, 0.25),
        CellShare("above 65", 0.1, 0.25),
        CellShare("missing", 0.0, 0.25),
        CellShare("invalid", 0.0, 0.0),
    ]
    assert len(found) == cells_in(AGE)


def test_a_side_without_events_has_no_shares() -> None:
    assert {found.current for found in cell_shares(AGE, np.ones(6, np.int64), np.zeros(6, np.int64))} == {
        None
    }
    assert {found.reference for found in cell_shares(AGE, np.zeros(6, np.int64), np.ones(6, np.int64))} == {
        None
    }


@given(*(arrays(np.int64, 6, elements=st.integers(0, 10**6)) for _ in range(2)))
def test_shares_of_a_side_sum_to_one(reference: np.ndarray, current: np.ndarray) -> None:
    found = list(cell_shares(AGE, reference, current))
    for counts, shares in ((reference, [f.reference for f in found]), (current, [f.current for f in found])):
        if counts.sum():
            np.testing.assert_allclose(sum(shares), 1.0)
