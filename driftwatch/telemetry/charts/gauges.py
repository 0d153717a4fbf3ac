"""Evidence against the limit that the false-alert budget sets: one bar per stream, full at its limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from driftwatch.telemetry.charts.shapes import WIDTH, Scale, figures, line, picture, rect, short, text
from driftwatch.telemetry.markup import Markup

_LEFT: Final = 178
_ROW: Final = 24
_NAME: Final = 23
REACH: Final = 1.5
"""A bar ends here, in limits; its number says how far it really goes."""


class Gauge(NamedTuple):
    """One stream of evidence, as natural logarithms."""

    name: str
    log: float
    limit: float
    word: str
    """What is said of it; also the class of its colour."""


def gauges(label: str, rows: Sequence[Gauge]) -> Markup:
    """The bars, with the limit as a line."""
    x = Scale(0, REACH, _LEFT, WIDTH - 58)
    foot = 20 + _ROW * len(rows)
    drawn = [text(x(1), 12, "limit", "note", "middle")]
    for place, row in enumerate(rows):
        y = 20 + place * _ROW
        share = max(0.0, row.log) / row.limit if row.limit > 0 else 0.0
        drawn += [
            text(_LEFT - 8, y + 13, short(row.name, _NAME), "label", "end"),
            rect(_LEFT, y + 2, x.stop - _LEFT, 14, "track", "", 2),
            rect(_LEFT, y + 2, x(share) - _LEFT, 14, f"v-{row.word}", told(row), 2),
            text(x.stop + 6, y + 13, f"{100 * share:.0f} %", "small"),
        ]
    return picture(label, foot + 4, *drawn, line(x(1), 16, x(1), foot, "limit"))


def told(row: Gauge) -> str:
    """A bar in words."""
    return f"{row.name}: ln E {figures(row.log)} of {figures(row.limit)}, {row.word}"
