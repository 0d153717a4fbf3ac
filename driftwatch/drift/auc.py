"""Area under the ROC curve on the score's cells, with the grid's error and a sampling interval."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Bools, Side, Sides
from driftwatch.drift.intervals import Interval, area
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import SCORE, Field, Layout, Task


class Curve(NamedTuple):
    """What the cells say of an area, float64[slices], and the labels it rests on, int64[slices]."""

    interval: Interval
    hidden: Floats
    """By how much the area of the raw scores may differ."""
    labels: Ints


def auc(sides: Sides) -> Estimate:
    """P(score of a label 1 > score of a label 0) + ½P(equal), pairs inside a cell counted as ½; float64[slices, 1].

    The raw scores' area differs by at most ½Σ n⁺_b n⁻_b/(n⁺n⁻) over the cells that are not atoms. `lower` and
    `upper` are Newcombe's interval (`intervals.area`) widened by that bound and cut to [0, 1]. NaN without
    labels of both kinds.
    """
    found = _curve(sides, sides.current)
    limits = widened(found)
    return whole_estimate(limits.value, found.labels, limits.lower, limits.upper)


def auc_decay(sides: Sides) -> Estimate:
    """Reference − current area of the same slice: MOVER interval, widened by what both grids may hide."""
    past, now = _curve(sides, sides.reference), _curve(sides, sides.current)
    return decay(past.interval, now.interval, now.labels, error_like=False, hidden=past.hidden + now.hidden)


def _curve(sides: Sides, side: Side) -> Curve:
    counts = side.block("score_label")
    return curve_on(counts, atoms_of(sides.pair.layout, counts.shape[1]), sides.confidence)


def curve_on(counts: Ints, atoms: Bools, confidence: float) -> Curve:
    """The area from int64[slices, cells, 2] of labels 0 and 1; `atoms` bool[cells] or [slices, cells]: equal scores only."""
    each = counts.astype(np.float64)
    negatives, positives = np.ascontiguousarray(each[:, :, 0]), np.ascontiguousarray(each[:, :, 1])
    no, yes = np.add.reduce(negatives, axis=1), np.add.reduce(positives, axis=1)
    value = area_of(negatives, positives)
    tied = np.where(atoms, 0.0, positives * negatives / 2)
    hidden = ratio(np.add.reduce(tied, axis=1), no * yes)
    interval = area(value, yes.astype(np.int64), no.astype(np.int64), confidence)
    return Curve(interval, hidden, (no + yes).astype(np.int64))


def widened(found: Curve) -> Interval:
    """The area with its limits, widened by what the cells may hide and cut to [0, 1]."""
    lower = np.maximum(found.interval.lower - found.hidden, 0.0)
    upper = np.minimum(found.interval.upper + found.hidden, 1.0)
    return Interval(found.interval.value, lower, upper)


def area_of(negatives: Floats, positives: Floats) -> Floats:
    """float64[slices]: the area from float64[slices, cells] of each kind in the order of the score, ties as ½."""
    below = np.cumsum(negatives, axis=1) - negatives
    pairs = np.add.reduce(negatives, axis=1) * np.add.reduce(positives, axis=1)
    return ratio(np.add.reduce(positives * (below + negatives / 2), axis=1), pairs)


def atoms_of(layout: Layout, cells: int) -> Bools:
    """Cells in which equal scores are truly equal; none where the score's field does not say."""
    part = layout.part(Stream.PREDICTIONS)
    field = next((field for field in part.fields if field.name == SCORE), None) if part else None
    return np.zeros(cells, np.bool_) if field is None else marks_of(field, cells)


def marks_of(field: Field, cells: int) -> Bools:
    """bool[cells]: the field's cells that hold one single score; none where it does not say, nor beyond its own cells."""
    marks = field.atoms if len(field.atoms) == field.cells else ()
    return np.array((*marks, *(False,) * (cells - len(marks))), np.bool_)


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("score_label",)
)

AUC: Final = Statistic(
    name="auc",
    formula="P(score⁺ > score⁻) + ½P(equal)",
    use="How well the score ranks, whatever the threshold and the base rate.",
    lies="Blind to calibration; a model may rank as before while every score is wrong.",
    summary="Probability that a label 1 has a higher score than a label 0; the limits include the grid's error.",
    source="Hanley, McNeil 1982; interval Newcombe 2006 (method 5) ± ½Σ n⁺_b n⁻_b/(n⁺n⁻)",
    kind=Kind.PERFORMANCE,
    compute=auc,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    interval=True,
)
AUC_DECAY: Final = Statistic(
    name="auc_decay",
    formula="AUC_ref − AUC_cur",
    use="A rule on `auc_decay.lower > 0` fires when ranking got worse for sure.",
    lies="Changes with the mix of easy and hard cases, without any change of the model.",
    summary="By how much the AUC fell since the reference, on the same slice.",
    source="reference − current; interval MOVER (Newcombe 1998; Zou, Donner 2008) ± both grids' errors",
    kind=Kind.PERFORMANCE,
    compute=auc_decay,
    needs=_NEEDS,
    worse=Worse.UP,
    unit="probability",
    low=-1.0,
    high=1.0,
    interval=True,
)
