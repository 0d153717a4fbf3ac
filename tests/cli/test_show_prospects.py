"""Numbers of prospects as people read them."""

from __future__ import annotations

import math

from driftwatch.cli.show_prospects import duration, share


def test_durations() -> None:
    assert [duration(x) for x in (90.0, 5_400.0, 3.5 * 86_400, math.inf, None)] == [
        "1.5 min", "1.5 h", "3.5 d", "never", "never",
    ]  # fmt: skip


def test_shares() -> None:
    assert [share(x) for x in (0.021, 0.5, math.nan, None)] == ["2.1 %", "50 %", "–", "–"]
