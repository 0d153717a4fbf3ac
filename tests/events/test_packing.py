"""Packed columns are the same columns, and small."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_np

from driftwatch.events.packing import pack_array, pack_list, unpack_array, unpack_list


def there_and_back(packed: Any) -> Any:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(packed))


SHAPES = st_np.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=5)


@given(st.sampled_from((np.int64, np.int32, np.float64)).flatmap(lambda kind: st_np.arrays(kind, SHAPES)))
def test_an_array_and_back(array: np.ndarray) -> None:
    back = unpack_array(there_and_back(pack_array(array)))
    assert (back.dtype, back.shape, back.tobytes()) == (array.dtype, array.shape, array.tobytes())


@pytest.mark.parametrize(
    "ends", [(-(2**63), 2**63 - 1), (0, 2**63 - 1), (-(2**63), -1), (5, 5 + 2**32), (-1, 255)]
)
def test_any_span_of_integers(ends: tuple[int, int]) -> None:
    array = np.array([*ends, ends[0]], np.int64)
    assert unpack_array(there_and_back(pack_array(array))).tolist() == array.tolist()


def test_times_that_lie_close_take_few_bytes() -> None:
    times = 1_750_000_000_000 + np.arange(1_000) * 60
    assert len(pack_array(times)[-1]) == 2 * 1_000


@given(st.lists(st.none() | st.text(max_size=2) | st.floats(allow_nan=False), max_size=12))
def test_a_list_and_back(column: list[Any]) -> None:
    assert unpack_list(there_and_back(pack_list(column))) == column


@pytest.mark.parametrize("distinct", [1, 2, 255, 256, 257, 70_000])
def test_lists_of_many_and_few_values(distinct: int) -> None:
    column = [f"v{i % distinct}" for i in range(150_000)]
    packed = pack_list(column)
    assert unpack_list(there_and_back(packed)) == column
    assert len(packed[0]) == distinct
    assert len(packed[2]) <= 150_000 * (1 if distinct < 256 else 4)


def test_where_most_values_differ_they_stay_a_list() -> None:
    column = [str(i) for i in range(9)] * 1
    assert pack_list(column) == (column, "", b"")
