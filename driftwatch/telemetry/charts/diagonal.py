"""The reliability diagram: predicted probability against the share that came true, by score cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from driftwatch.telemetry.answers import ReliabilityBar
from driftwatch.telemetry.charts.shapes import WIDTH, Scale, dot, figures, line, path, picture, rect, text
from driftwatch.telemetry.markup import Markup

HEIGHT: Final = 300
_LEFT, _TOP, _FOOT = 46, 10, 78
_COUNTS: Final = 32
"""Height of the row that says how many labels each cell holds."""


def diagonal(label: str, bars: Sequence[ReliabilityBar]) -> Markup:
    """A point per cell with labels: Wilson's interval of the share, and where it would lie if every score were right."""
    x = Scale(0, 1, _LEFT, WIDTH - 12)
    y = Scale(0, 1, HEIGHT - _FOOT, _TOP)
    drawn: list[Markup] = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        drawn += [
            line(_LEFT, y(value), x.stop, y(value), "grid"),
            text(_LEFT - 7, y(value) + 4, figures(value), "tick", "end"),
            text(x(value), HEIGHT - 8, figures(value), "tick", "middle"),
        ]
    drawn.append(line(x(0), y(0), x(1), y(1), "level"))
    shown = [bar for bar in bars if bar.score is not None and bar.share is not None]
    before = [bar for bar in shown if bar.reference_share is not None]
    drawn.append(path([(x(b.score or 0), y(b.reference_share or 0)) for b in before], "past"))
    drawn += [part for bar in shown for part in _bar(bar, x, y)]
    most = max((bar.labels for bar in shown), default=1)
    base = HEIGHT - _FOOT + 14 + _COUNTS
    for bar in shown:
        tall = max(1.0, bar.labels / most * _COUNTS)
        drawn.append(rect(x(bar.score or 0) - 6, base - tall, 12, tall, "count", f"{bar.labels:,} labels"))
    drawn.append(text(_LEFT - 7, base, "labels", "tick", "end"))
    return picture(label, HEIGHT, *drawn)


def _bar(bar: ReliabilityBar, x: Scale, y: Scale) -> list[Markup]:
    at = x(bar.score or 0.0)
    told = (
        f"scores {figures(bar.low)} to {figures(bar.high)}: mean {figures(bar.score)}, came true {figures(bar.share)}"
        f" ({figures(bar.lower)} to {figures(bar.upper)}) on {bar.labels:,} labels"
    )
    right = rect(
        at - 5,
        y(bar.calibrated_upper or 0),
        10,
        y(bar.calibrated_lower or 0) - y(bar.calibrated_upper or 0),
        "band",
    )
    return [
        right,
        line(at, y(bar.lower or 0), at, y(bar.upper or 0), "whisker"),
        dot(at, y(bar.share or 0), 4, "last", told),
    ]
