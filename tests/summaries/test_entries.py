"""Entries stand for one counter each; sums of probabilities are whole numbers of a millionth."""

from __future__ import annotations

import numpy as np

from driftwatch.summaries.entries import Entries, calibration_sums, fixed


def test_a_column_or_amount_alone_stands_for_every_event() -> None:
    entries = Entries()
    entries.add(np.array([3, 5]), 7)
    entries.add(np.array([4]), np.array([9]), np.array([2]))
    assert [column.tolist() for column in entries.events] == [[3, 5], [4]]
    assert [column.tolist() for column in entries.columns] == [[7, 7], [9]]
    assert [column.tolist() for column in entries.amounts] == [[1, 1], [2]]


def test_half_a_millionth_is_rounded_to_even() -> None:
    assert fixed(np.array([0.5e-6, 1.5e-6, 0.25, -1e-6])).tolist() == [0, 2, 250_000, -1]


def test_the_sums_of_calibration() -> None:
    n, y, *sums = calibration_sums(np.array([0.25, 0.5]), np.array([1, 0]))
    assert n == 1
    assert [y.tolist(), *(s.tolist() for s in sums)] == [  # type: ignore[union-attr]
        [1, 0], [250_000, 500_000], [62_500, 250_000], [250_000, 0], [46_875, 0]
    ]  # fmt: skip
