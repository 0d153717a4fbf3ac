"""The number of events in a matrix, by whichever column says it."""

from __future__ import annotations

import numpy as np

from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Part
from driftwatch.summaries.totals import events_of
from tests.summaries.layouts import binary, numeric, part


def test_inputs_sum_over_the_first_field() -> None:
    of = part(numeric("x", 0.0), numeric("y", 0.0))
    matrix = np.arange(2 * of.columns, dtype=np.uint8).reshape(2, of.columns)
    assert events_of(of, matrix).tolist() == [0 + 1 + 2 + 3, 8 + 9 + 10 + 11]


def test_labels_count_the_matched_ones() -> None:
    of = binary().part(Stream.LABELS)
    assert of is not None
    matrix = np.zeros((1, of.columns), np.int64)
    matrix[0, -1] = 7
    assert events_of(of, matrix).tolist() == [7]


def test_a_part_without_columns_counts_nothing() -> None:
    assert events_of(Part(Stream.FEATURES, (), (), 0), np.zeros((3, 0), np.int64)).tolist() == [0, 0, 0]
