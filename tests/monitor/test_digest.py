"""Digests of panes: equal counts, equal digests, whatever holds them."""

from __future__ import annotations

import numpy as np

from driftwatch.monitor.digest import NOTHING, digest


def test_equal_counts_have_equal_digests_and_one_more_event_another() -> None:
    matrix = np.arange(12, dtype=np.int64).reshape(3, 4)
    same = np.asfortranarray(matrix)
    assert digest(matrix) == digest(same) == digest(matrix.astype(np.int16).astype(np.int64))
    assert len(digest(matrix)) == 16
    for place in range(12):
        other = matrix.copy()
        other.flat[place] += 1
        assert digest(other) != digest(matrix)


def test_nothing_counted_is_nothing_however_it_is_kept() -> None:
    assert digest(None) == digest(np.zeros((3, 4), np.int64)) == NOTHING
