"""Runs as lines of characters."""

from __future__ import annotations

from driftwatch.backtest.run import Outcome, Told
from driftwatch.cli.show_backtest import WIDTH, line


def test_a_line_shows_the_change_and_the_alerts() -> None:
    told = (Told(0, "ticket", "r", "f", "all", ""), Told(WIDTH, "page", "r", "f", "all", ""))
    shown = line(Outcome("x", 0, WIDTH, WIDTH // 2, told), mark=True)
    assert len(shown) == WIDTH
    assert (shown[0], shown[WIDTH // 2], shown[-1]) == ("o", "|", "!")
    assert set(shown[1 : WIDTH // 2]) == {"."}
    assert "|" not in line(Outcome("x", 0, WIDTH, WIDTH // 2, ()), mark=False)
