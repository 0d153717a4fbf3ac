"""How many labels have come by prediction day, and how many more are expected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from driftwatch.telemetry.answers import Cohort
from driftwatch.telemetry.charts.shapes import WIDTH, Scale, line, picture, rect, text
from driftwatch.telemetry.markup import Markup

HEIGHT: Final = 170
_LEFT, _TOP, _FOOT = 46, 12, 26
DAYS: Final = 31
"""Days that are drawn, the last ones."""


def coverage(label: str, cohorts: Sequence[Cohort]) -> Markup:
    """A bar per day, the oldest first: labels that have come, and behind them those expected in the end."""
    days = list(cohorts)[:DAYS][::-1]
    y = Scale(0, 1, HEIGHT - _FOOT, _TOP)
    wide = min(46.0, (WIDTH - _LEFT - 10) / max(1, len(days)))
    drawn: list[Markup] = []
    for value in (0.0, 0.5, 1.0):
        drawn += [
            line(_LEFT, y(value), WIDTH - 10, y(value), "grid"),
            text(_LEFT - 7, y(value) + 4, f"{value:.0%}", "tick", "end"),
        ]
    every = -(-len(days) // 7)
    for place, day in enumerate(days):
        x, now = _LEFT + 4 + place * wide, day.coverage or 0.0
        then = day.expected / day.predictions if day.expected is not None and day.predictions else now
        drawn += [
            rect(x, y(then), wide - 5, y(now) - y(then), "expected", told(day), 1),
            rect(x, y(now), wide - 5, y(0) - y(now), "now", told(day), 1),
        ]
        if place % every == 0:
            drawn.append(text(x + wide / 2 - 2, HEIGHT - 8, day.day[5:10], "tick", "middle"))
    return picture(label, HEIGHT, *drawn)


def told(day: Cohort) -> str:
    """A day in words."""
    share = f"{day.coverage:.0%}" if day.coverage is not None else "nothing known"
    return f"{day.day[:10]}: {day.labels:,} labels for {day.predictions:,} predictions ({share})"
