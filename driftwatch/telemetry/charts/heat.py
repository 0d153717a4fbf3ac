"""A heat map of slices and features: one number in each place, the darker the larger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from driftwatch.telemetry.charts.shapes import figures, picture, rect, shape, short, text
from driftwatch.telemetry.markup import Markup

WIDTH: Final = 480
STEPS: Final = (0.05, 0.1, 0.25, 0.5)
"""Limits of the shades, for PSI: nothing, small, some, large, very large."""
_LEFT: Final = 118
_HEAD: Final = 84
_ROW: Final = 23
_NAME: Final = 15
_COLUMN: Final = 13


def heat(
    label: str, rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[float]]
) -> Markup:
    """`values` by row and column; NaN is left empty."""
    wide = (WIDTH - _LEFT - 34) / max(1, len(columns))
    drawn: list[Markup] = []
    for place, name in enumerate(columns):
        x = _LEFT + (place + 0.5) * wide
        drawn.append(
            shape(
                "text",
                short(name, _COLUMN),
                x=0,
                y=0,
                class_="label",
                transform=f"translate({x:.1f} {_HEAD - 8}) rotate(-40)",
            )
        )
    for place, (name, numbers) in enumerate(zip(rows, values, strict=True)):
        y = _HEAD + place * _ROW
        drawn.append(text(_LEFT - 8, y + 15, short(name, _NAME), "label", "end"))
        for column, value in enumerate(numbers):
            x = _LEFT + column * wide
            told = f"{name}, {columns[column]}: {figures(value)}"
            drawn.append(rect(x, y, wide - 2, _ROW - 2, shade(value), told, 2))
            if wide >= 27:
                words = (
                    (f"{value:.2f}" if abs(value) < 10 else f"{value:.0f}") if math.isfinite(value) else "–"
                )
                drawn.append(text(x + wide / 2 - 1, y + 15, words, f"cell {shade(value)}-ink", "middle"))
    return picture(label, _HEAD + _ROW * len(rows) + 4, *drawn, width=WIDTH)


def shade(value: float) -> str:
    """The class of a number's colour."""
    if not math.isfinite(value):
        return "h-none"
    return f"h{sum(value >= step for step in STEPS)}"
