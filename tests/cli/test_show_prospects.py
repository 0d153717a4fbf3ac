"""Numbers of prospects as people read them."""

from __future__ import annotations

import math

from driftwatch.cli.show_prospects import duration, share


def test_durations() -> None:
    assert [duration(x) for x in (90_000.0, 5_400_000.0, 3.5 * 86_400_000, math.inf)] == [
        "1.5 min", "1.5 h", "3.5 d", "never",
    ]  # fmt: skip


def test_shares() -> None:
    assert [share(x) for x in (0.021, 0.5, math.nan)] == ["2.1 %", "50 %", "–"]
