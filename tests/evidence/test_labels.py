"""Where the labels part keeps errors, calibration and ages."""

from __future__ import annotations

import numpy as np
import pytest

from driftwatch.evidence.indicators import ShareMap
from driftwatch.evidence.labels import (
    CalibrationCounter,
    ErrorCounter,
    delay_columns,
    delay_watch,
    quality_watch,
)
from driftwatch.summaries.layout import FIXED_POINT, Task
from driftwatch.summaries.performance import CALIBRATION_AGES, RESIDUAL_MAX
from tests.summaries.layouts import blocks, layout

PART = blocks(("calibration", (6, 2)), ("ages", (3, 2)), ("quality", (3,)))


def matrix(**values: list[int]) -> np.ndarray:
    made = np.zeros((1, PART.columns), np.int64)
    for name, numbers in values.items():
        block = PART.block(name)
        assert block is not None
        made[0, block.start : block.start + len(numbers)] = numbers
    return made


def test_errors_by_age() -> None:
    count = ErrorCounter.of(layout(Task.BINARY, PART), PART)
    assert count is not None
    found = count(matrix(ages=[10, 1, 20, 4, 0, 0]))
    assert found.events.tolist() == [[[10, 20, 0]]]
    assert found.hits.tolist() == [[[1, 4, 0]]]
    assert not found.expected.any()


def test_a_regressions_errors_are_shares_of_the_largest() -> None:
    count = ErrorCounter.of(layout(Task.REGRESSION, PART), PART)
    assert count is not None
    found = count(matrix(ages=[10, int(8 * FIXED_POINT), 0, 0, 0, 0]))
    assert found.hits[0, 0, 0] == pytest.approx(8 / RESIDUAL_MAX)


def test_calibration_by_cell_and_in_all() -> None:
    count = CalibrationCounter.of(PART)
    assert count is not None
    assert count.cells == 2
    found = count(matrix(calibration=[10, 20, 3, 15, 2 * FIXED_POINT, 16 * FIXED_POINT]))
    assert found.events[0].tolist() == [[10], [20], [30]]
    assert found.hits[0].tolist() == [[3], [15], [18]]
    assert found.expected[0].tolist() == [[2.0], [16.0], [18.0]]


def test_calibration_by_age_where_the_layout_has_it() -> None:
    part = blocks((CALIBRATION_AGES, (2, 3, 2)))
    count = CalibrationCounter.of(part)
    assert count is not None
    found = count(np.array([[1, 2, 0, 1, 500_000, 0, 10, 20, 3, 4, 0, 0]]))
    assert found.events[0].tolist() == [[1, 10], [2, 20], [3, 30]]
    assert found.hits[0].tolist() == [[0, 3], [1, 4], [1, 7]]
    assert found.expected[0, 0].tolist() == [0.5, 0.0]


def test_ages_are_a_distribution() -> None:
    columns, made = delay_columns(PART), layout(Task.BINARY, PART)
    watch = delay_watch(made, len(columns))
    hits, events = ShareMap([watch]).count(matrix(ages=[10, 1, 20, 4, 5, 0])[:, columns])
    assert hits.tolist() == [[10, 30]]
    assert events.tolist() == [[35]]
    assert len(watch.indicators) == len(made.age_edges_ms)


def test_unusable_labels_are_a_share_of_the_matched() -> None:
    watch = quality_watch(PART)
    assert watch is not None
    hits, events = ShareMap([watch]).count(matrix(quality=[2, 1, 40]))
    assert (hits.tolist(), events.tolist()) == ([[2, 1]], [[40]])


def test_a_part_without_the_blocks_has_none_of_it() -> None:
    empty = blocks(("confusion", (2, 2)))
    assert ErrorCounter.of(layout(Task.BINARY, empty), empty) is None
    assert CalibrationCounter.of(empty) is None
    assert quality_watch(empty) is None
    assert len(delay_columns(empty)) == 0
