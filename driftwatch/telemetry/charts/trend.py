"""One statistic over event time with its interval, beside what the reference has."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from driftwatch.telemetry.charts.shapes import (
    WIDTH,
    Scale,
    clock,
    dot,
    figures,
    line,
    path,
    picture,
    text,
    ticks,
    time_ticks,
)
from driftwatch.telemetry.markup import Markup

HEIGHT: Final = 190
_LEFT, _TOP, _FOOT = 46, 10, 26


class Point(NamedTuple):
    """A reading; NaN where it is not known."""

    time_ms: int
    value: float
    lower: float
    upper: float
    events: int = 0


def trend(
    label: str,
    points: Sequence[Point],
    start_ms: int,
    end_ms: int,
    *,
    level: float | None = None,
    level_name: str = "reference",
    bounds: tuple[float, float] = (-math.inf, math.inf),
) -> Markup:
    """The line of a statistic, the band of its interval, and a level to hold it against."""
    known = [point for point in points if math.isfinite(point.value)]
    low, high = _range(known, level, bounds)
    x, y = Scale(start_ms, end_ms, _LEFT, WIDTH - 10), Scale(low, high, HEIGHT - _FOOT, _TOP)
    drawn: list[Markup] = []
    for value in ticks(low, high):
        drawn += [
            line(_LEFT, y(value), x.stop, y(value), "grid"),
            text(_LEFT - 7, y(value) + 4, figures(value), "tick", "end"),
        ]
    for time_ms, name in time_ticks(start_ms, end_ms):
        drawn.append(text(x(time_ms), HEIGHT - 8, name, "tick", "middle"))
    if level is not None and math.isfinite(level):
        drawn.append(line(_LEFT, y(level), x.stop, y(level), "level"))
    for run in _runs(points):
        band = [(x(p.time_ms), y(p.upper)) for p in run] + [(x(p.time_ms), y(p.lower)) for p in reversed(run)]
        drawn += [path(band, "band", closed=True), path([(x(p.time_ms), y(p.value)) for p in run], "curve")]
    drawn += [dot(x(p.time_ms), y(p.value), 2.2, "point", _told(p)) for p in known]
    if known:
        last = known[-1]
        drawn.append(dot(x(last.time_ms), y(last.value), 3.6, "last", _told(last)))
    if level is not None and math.isfinite(level):  # last, to be read over a curve that passes there
        drawn.append(text(x.stop - 4, y(level) - 5, f"{level_name} {figures(level)}", "note", "end"))
    if not known:
        drawn.append(text((_LEFT + x.stop) / 2, HEIGHT / 2, "not known yet", "note", "middle"))
    return picture(label, HEIGHT, *drawn)


def _told(p: Point) -> str:
    between = f" ({figures(p.lower)} to {figures(p.upper)})" if p.lower != p.upper else ""
    return f"{clock(p.time_ms)}: {figures(p.value)}{between}, {p.events:,} events"


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Stretches without a gap."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if math.isfinite(point.value):
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _range(known: Sequence[Point], level: float | None, bounds: tuple[float, float]) -> tuple[float, float]:
    """From the least to the greatest that is to be seen, with some air, inside what is possible.

    Readings of few events, as the first ones are, may leave the picture: they would press all others flat.
    """
    counts = sorted(point.events for point in known)
    few = counts[len(counts) // 2] / 4 if counts else 0
    values = [v for p in known if p.events >= few for v in (p.lower, p.value, p.upper) if math.isfinite(v)]
    if level is not None and math.isfinite(level):
        values.append(level)
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    air = 0.08 * (high - low) or 0.1 * abs(high) or 0.1
    return max(bounds[0], low - air), min(bounds[1], high + air)
