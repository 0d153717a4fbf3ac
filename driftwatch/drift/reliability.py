"""The reliability diagram: what the model said and what turned out, by score cell, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from driftwatch.drift.calibration import SUM_P, SUM_PP, SUM_Y, N
from driftwatch.drift.estimates import ratio
from driftwatch.drift.gather import from_fixed
from driftwatch.drift.intervals import wilson, z_of
from driftwatch.drift.one_vs_rest import class_places
from driftwatch.drift.reading import Ints
from driftwatch.summaries.layout import CLASS_CALIBRATION, SCORE, Layout, Part

WIDTH, MASS = "width", "mass"
"""Cells of equal width, or of about equal mass of the reference."""
BLOCKS = {WIDTH: "calibration", MASS: "calibration_mass"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One cell of one slice. A number that its labels cannot give is NaN."""

    cells: str
    cell: int
    decision: str
    """The decided class, where the cells are told apart by it; empty over all."""
    low: float
    high: float
    """Scores of the cell, `(low, high]`; infinite where it is open."""
    labels: int
    score: float
    """Mean score; NaN by decided class, where it is not counted."""
    share: float
    """Of labels 1 (binary), of right decisions (multiclass: top label), or of the class's labels."""
    lower: float
    upper: float
    """Wilson's interval of the share."""
    calibrated_lower: float
    calibrated_upper: float
    """Where the share lies with the interval's probability if every score were right: p̄ ± z·√(Σp − Σp²)/n; normal limit."""
    reference_labels: int
    reference_share: float
    class_score: str = ""
    """The class whose own score it is, against the rest (multiclass); empty else."""


def bars(
    layout: Layout, part: Part, reference: Ints, current: Ints, row: int, confidence: float
) -> Iterator[Bar]:
    """The diagram of one slice row from the labels part's matrices int64[slices, columns]; nothing where none is counted.

    First equal-width cells, then cells of equal mass; multiclass also by decided class, whose scores' own mean is not
    counted: there the share is to be held against the cell's ends.
    """
    for cells, name in BLOCKS.items():
        block = part.block(name)
        if block is None:
            continue
        now, past = (
            side[row, block.start : block.stop].reshape(block.shape) for side in (current, reference)
        )
        lows, highs = _edges(layout, cells, block.shape[1])
        yield from _bars(cells, "", lows, highs, now, past, confidence)
    block = part.block("strata")
    if block is None or len(layout.classes) <= 2:
        return
    now, past = (side[row, block.start : block.stop].reshape(block.shape) for side in (current, reference))
    lows, highs = _edges(layout, MASS, block.shape[0])
    for place, decision in enumerate(layout.classes):
        sums = [np.stack([side[:, place, 0], side[:, place, 0] - side[:, place, 1]]) for side in (now, past)]
        yield from _bars(MASS, decision, lows, highs, sums[0], sums[1], confidence)


def class_bars(
    layout: Layout, part: Part, reference: Ints, current: Ints, row: int, confidence: float
) -> Iterator[Bar]:
    """The diagrams of every class's own score against the rest in equal-width cells; nothing where none is counted."""
    block = part.block(CLASS_CALIBRATION)
    if block is None:
        return
    now, past = (side[row, block.start : block.stop].reshape(block.shape) for side in (current, reference))
    lows, highs = _edges(layout, WIDTH, block.shape[2])
    for place, k in enumerate(class_places(layout, part)):
        for bar in _bars(WIDTH, "", lows, highs, now[place], past[place], confidence):
            yield replace(bar, class_score=layout.classes[k])


def _bars(
    cells: str,
    decision: str,
    lows: list[float],
    highs: list[float],
    now: Ints,
    past: Ints,
    confidence: float,
) -> Iterator[Bar]:
    n, right = now[N], now[SUM_Y]
    found = wilson(right, n, confidence)
    nothing = np.full(len(n), np.nan)
    scored = len(now) > SUM_PP
    score = ratio(from_fixed(now[SUM_P]), n) if scored else nothing
    chance = from_fixed(now[SUM_P] - now[SUM_PP]) if scored else nothing
    half = z_of(confidence) * ratio(np.sqrt(np.maximum(chance, 0)), n)
    before = ratio(past[SUM_Y], past[N])
    for cell in range(len(n)):
        yield Bar(
            cells=cells,
            cell=cell,
            decision=decision,
            low=lows[cell],
            high=highs[cell],
            labels=int(n[cell]),
            score=float(score[cell]),
            share=float(found.value[cell]),
            lower=float(found.lower[cell]),
            upper=float(found.upper[cell]),
            calibrated_lower=float(max(score[cell] - half[cell], 0.0)) if n[cell] else float("nan"),
            calibrated_upper=float(min(score[cell] + half[cell], 1.0)) if n[cell] else float("nan"),
            reference_labels=int(past[N, cell]),
            reference_share=float(before[cell]),
        )


def _edges(layout: Layout, cells: str, count: int) -> tuple[list[float], list[float]]:
    """Lower and upper ends of the cells."""
    if cells == WIDTH:
        edges = [cell / count for cell in range(count + 1)]
        return edges[:-1], edges[1:]
    score = next(field for part in layout.parts for field in part.fields if field.name == SCORE)
    highs = [*score.edges, float("inf")]
    last = {group: highs[cell] for cell, group in enumerate(score.groups)}
    ends = [last[group] for group in range(count)]
    return [float("-inf"), *ends[:-1]], ends
