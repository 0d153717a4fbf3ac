"""Join rows: fixed bytes, the same in memory and on disk on every machine."""

from __future__ import annotations

import numpy as np

from driftwatch.events.joins import LABEL_ROW, PREDICTION_ROW, SLICE_COLUMNS_MAX


def test_rows_have_the_size_that_the_plan_counts_with() -> None:
    assert PREDICTION_ROW.itemsize == 8 + 8 + 8 + 4 + 4 + 4 + 2 + 2 + 2 * SLICE_COLUMNS_MAX
    assert LABEL_ROW.itemsize == 24


def test_rows_are_little_endian_and_without_gaps() -> None:
    for dtype in (PREDICTION_ROW, LABEL_ROW):
        assert sum(dtype[name].itemsize for name in dtype.names or ()) == dtype.itemsize
    row = np.zeros(1, LABEL_ROW)
    row["time_ms"], row["offset"], row["payload"], row["partition"] = 1, 2, 2**32 - 1, -1
    assert row.tobytes() == b"\1" + b"\0" * 7 + b"\2" + b"\0" * 7 + b"\xff" * 8


def test_a_row_carries_all_that_the_hashes_can_say() -> None:
    row = np.zeros(1, PREDICTION_ROW)
    row["payload"], row["codes"] = 2**32 - 1, np.full(SLICE_COLUMNS_MAX, 32_767)
    assert row["payload"].astype(np.int64)[0] == 2**32 - 1
    assert row["codes"].min() == 32_767
