"""Narrow integers are the same integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from driftwatch.events.narrow import narrow


@given(st_np.arrays(np.int64, st.integers(0, 20)))
def test_no_value_changes(values: np.ndarray) -> None:
    assert narrow(values).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], "int8"),
        ([127, -128], "int8"),
        ([128], "int16"),
        ([-129], "int16"),
        ([32_768], "int32"),
        ([2**31], "int64"),
        ([-(2**63)], "int64"),
    ],
)
def test_the_smallest_signed_type(values: list[int], kind: str) -> None:
    assert narrow(np.array(values, np.int64)).dtype == kind


def test_what_is_narrow_already_is_not_copied() -> None:
    values = np.array([1, 2], np.int8)
    assert narrow(values) is values
