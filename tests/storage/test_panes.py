"""A matrix comes back as it was, from as few bytes as its numbers allow."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from driftwatch.storage.panes import pack, unpack


@given(
    arrays.arrays(
        np.int64,
        st.tuples(st.integers(0, 4), st.integers(1, 5)),
        elements=st.one_of(
            st.integers(0, 255), st.integers(-40_000, 70_000), st.integers(-(2**63), 2**63 - 1)
        ),
    )
)
def test_round_trip(matrix: NDArray[np.int64]) -> None:
    again = unpack(*pack(matrix))
    assert again.dtype == np.int64
    assert len(again) == len(matrix)
    assert np.array_equal(again.reshape(matrix.shape), matrix)
    assert again.flags.writeable


@pytest.mark.parametrize(
    ("low", "high", "kind"),
    [(0, 255, "u1"), (0, 256, "u2"), (0, 65_536, "u4"), (-1, 127, "i1"), (-1, 128, "i2"), (-40_000, 0, "i4"),
     (0, 2**32, "i8"), (-(2**63), 2**63 - 1, "i8")],
)  # fmt: skip
def test_the_smallest_type_that_holds_all(low: int, high: int, kind: str) -> None:
    assert pack(np.array([[low, high]]))[1] == kind


def test_a_view_that_is_not_contiguous_is_packed_by_value() -> None:
    matrix = np.arange(12).reshape(3, 4)
    assert unpack(*pack(matrix.T)).tolist() == matrix.T.tolist()


@pytest.mark.parametrize(("rows", "kind", "cut"), [(3, "u1", 0), (2, "f8", 0), (2, "u1", 3), (-2, "u1", 0)])
def test_parts_that_do_not_fit_are_refused(rows: int, kind: str, cut: int) -> None:
    _, _, data = pack(np.array([[1, 2], [3, 4]]))
    with pytest.raises(ValueError, match=r"rows|unpacked|reshape"):
        unpack(rows, kind, data[: len(data) - cut])
