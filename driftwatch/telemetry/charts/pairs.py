"""The cells of a field as pairs of bars: their share in the reference, and now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from driftwatch.drift.cell_shares import CellShare
from driftwatch.telemetry.charts.shapes import WIDTH, Scale, picture, rect, short, text
from driftwatch.telemetry.markup import Markup

_LEFT: Final = 126
_ROW: Final = 30
_NAME: Final = 16
_RIGHT: Final = 52


def pairs(label: str, cells: Sequence[CellShare]) -> Markup:
    """A pair per cell, one under the other: above the reference, below the window."""
    most = max((max(cell.reference, cell.current) for cell in cells), default=1.0) or 1.0
    x = Scale(0, most, 0, WIDTH - _LEFT - _RIGHT)
    drawn: list[Markup] = []
    for place, cell in enumerate(cells):
        y = 4 + place * _ROW
        drawn += [
            text(_LEFT - 8, y + 17, short(cell.name, _NAME), "label", "end"),
            rect(
                _LEFT,
                y + 2,
                x(cell.reference),
                10,
                "then",
                f"{cell.name}, reference: {percent(cell.reference)}",
                1,
            ),
            rect(_LEFT, y + 13, x(cell.current), 10, "now", f"{cell.name}, now: {percent(cell.current)}", 1),
            text(_LEFT + x(cell.reference) + 5, y + 11, percent(cell.reference), "small soft"),
            text(_LEFT + x(cell.current) + 5, y + 23, percent(cell.current), "small"),
        ]
    return picture(label, 8 + _ROW * len(cells), *drawn)


def percent(share: float) -> str:
    """One decimal, more for small shares; never 0 for what is not 0."""
    return f"{100 * share:.1f} %" if share == 0 or share >= 0.001 else f"{100 * share:.2g} %"
