"""Panes of the reference: as narrow as the model's, but not too many, and sparse."""

from __future__ import annotations

import numpy as np

from driftwatch.references.panes import PANES_MAX, collect, no_panes, pane_width_ms


def test_panes_are_widened_by_doubling() -> None:
    assert pane_width_ms(0, 1_999, 1, 0) == 1
    assert pane_width_ms(0, 2_000, 1, 0) == 2
    assert pane_width_ms(1, 4_000, 1, 0) == 4  # 1 … 4 000 touches 2 001 panes of width 2
    assert PANES_MAX == 2_000


def test_panes_are_counted_from_the_origin_and_hold_what_fell_into_them() -> None:
    #  origin 5:   [5, 15)   [15, 25)   [25, 35)
    #  events:      5, 14               34
    times = np.array([34, 5, 14], np.int64)
    kinds = np.array([2, 0, 2])

    def adds(matrix, places) -> None:
        np.add.at(matrix[1], kinds[places], 1)

    panes = collect(times, 10, 5, (2, 3), adds)
    assert panes.times_ms.tolist() == [5, 25]
    assert panes.starts.tolist() == [0, 2, 3]
    assert panes.cells.tolist() == [3, 5, 5]
    assert panes.matrix(0, 2, 3).tolist() == [[0, 0, 0], [1, 0, 1]]
    assert panes.matrix(1, 2, 3).tolist() == [[0, 0, 0], [0, 0, 1]]


def test_no_events_no_panes() -> None:
    for panes in (no_panes(7), collect(np.empty(0, np.int64), 7, 0, (1, 1), lambda matrix, places: None)):
        assert panes.width_ms == 7
        assert (len(panes.times_ms), panes.starts.tolist()) == (0, [0])
