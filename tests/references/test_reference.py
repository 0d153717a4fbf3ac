"""A reference's panes become matrices again."""

from __future__ import annotations

import numpy as np

from driftwatch.references.reference import ReferencePanes


def test_a_sparse_pane_as_a_matrix() -> None:
    panes = ReferencePanes(
        10, np.array([0, 20]), np.array([0, 2, 3]), np.array([0, 5, 2]), np.array([7, 8, 9])
    )
    assert panes.matrix(0, 2, 3).tolist() == [[7, 0, 0], [0, 0, 8]]
    assert panes.matrix(1, 2, 3).tolist() == [[0, 0, 9], [0, 0, 0]]
