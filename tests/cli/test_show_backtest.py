"""Runs as lines of characters."""

from __future__ import annotations

import pytest

from driftwatch.backtest.run import Outcome, Told
from driftwatch.cli.paper import Paper
from driftwatch.cli.show_backtest import WIDTH, line, show


def test_a_line_shows_the_change_and_the_alerts() -> None:
    told = (Told(0, "ticket", "r", "f", "all", ""), Told(WIDTH, "page", "r", "f", "all", ""))
    shown = line(Outcome("x", 0, WIDTH, WIDTH // 2, told), mark=True)
    assert len(shown) == WIDTH
    assert (shown[0], shown[WIDTH // 2], shown[-1]) == ("o", "|", "!")
    assert set(shown[1 : WIDTH // 2]) == {"."}
    assert "|" not in line(Outcome("x", 0, WIDTH, WIDTH // 2, ()), mark=False)


def told_after(hours: int, rule: str, field: str) -> Told:
    return Told((10 + hours) * 3_600_000, "ticket", rule, field, "all", f"{field} rose")


def test_an_alert_counts_as_caused_where_history_alone_has_it_not_or_later(
    capsys: pytest.CaptureFixture[str],
) -> None:
    usual = told_after(8, "evidence inputs", "income")
    calm = Outcome("as it was", 0, 30 * 3_600_000, 10 * 3_600_000, (usual,))
    runs = {
        "age shift": (told_after(2, "evidence inputs", "age"), usual),
        "income shift": (told_after(3, "evidence inputs", "income"),),
        "device swap": (usual,),
        "nothing": (),
    }
    changed = [Outcome(name, 0, calm.end_ms, calm.at_ms, alerts) for name, alerts in runs.items()]
    out: dict[str, str] = {}
    show([calm, *changed], Paper(False))
    for row in capsys.readouterr().out.splitlines():
        for name in runs:
            if row.strip().startswith(name):
                out.setdefault(name, row)
    assert "ticket after 2 h " in out["age shift"]
    assert "without it" not in out["age shift"]
    assert "ticket after 3 h (without it after 8 h)" in out["income shift"]
    assert "none but those of history as it was" in out["device swap"]
    assert "none" in out["nothing"]
