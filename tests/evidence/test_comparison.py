"""Numbers beside the evidence: shares, changes and errors; nothing divides by zero."""

from __future__ import annotations

import numpy as np

from driftwatch.evidence.comparison import Comparison


def test_shares_changes_and_errors() -> None:
    def one(*values: float) -> np.ndarray:
        return np.array([values])

    found = Comparison(
        one(100, 0), one(40, 0), one(30, 0), one(16, 0), one(0.02, 0.02), one(1_000, 0), one(20, 0)
    )
    assert found.now[0, 0] == 0.4
    assert found.past[0, 0] == 0.3
    assert found.said[0, 0] == 0.2
    assert np.isnan(found.now[0, 1])
    assert found.change[0].round(12).tolist() == [0.1, 0.0]
    assert found.error[0].tolist() == [0.04, 0.0]
