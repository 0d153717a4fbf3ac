"""Log loss on the score's cells, with the grid's error."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import SCORE, Field, Layout, Task

_EPSILON: Final = float(np.finfo(np.float64).eps)
"""Scores are kept this far from 0 and 1, as scikit-learn does: a certain score that is wrong costs 36, not infinity."""


class Losses(NamedTuple):
    """Loss of one label in each cell, float64[cells, 2] by label: at the cell's centre, at best, at worst."""

    centre: Floats
    least: Floats
    most: Floats


class Loss(NamedTuple):
    """float64[slices] each: the mean loss with its interval, how far the grid may be off below and above; labels."""

    interval: Interval
    below: Floats
    above: Floats
    labels: Ints


def log_loss(sides: Sides) -> Estimate:
    """−(1/N)Σ y·ln p + (1−y)·ln(1−p), each score at its cell's centre, float64[slices, 1].

    `lower` and `upper` are the interval of a mean, widened by what the cells' ends allow. NaN without labels.
    """
    return told(_loss(sides, sides.current))


def log_loss_decay(sides: Sides) -> Estimate:
    """Current − reference log loss of the same slice (positive is worse), MOVER interval, widened by both grids."""
    return risen(_loss(sides, sides.reference), _loss(sides, sides.current))


def told(now: Loss) -> Estimate:
    """A loss, float64[slices, 1], its limits widened by what the cells' ends allow."""
    lower = np.maximum(now.interval.lower - now.below, 0.0)
    return whole_estimate(now.interval.value, now.labels, lower, now.interval.upper + now.above)


def risen(past: Loss, now: Loss) -> Estimate:
    """By how much a loss rose, float64[slices, 1]."""
    hidden = np.maximum(past.below, past.above) + np.maximum(now.below, now.above)
    return decay(past.interval, now.interval, now.labels, error_like=True, hidden=hidden)


def _loss(sides: Sides, side: Side) -> Loss:
    losses = losses_of(score_field(sides.pair.layout))
    return loss_on(side.block("score_label"), losses, sides.confidence)


def loss_on(counts: Ints, losses: Losses, confidence: float) -> Loss:
    """The mean loss of int64[slices, cells, 2] by score cell and label; the losses are of the same cells."""
    labels = counts.sum(axis=(1, 2))
    mean, least, most = (ratio(np.add.reduce(counts * each, axis=(1, 2)), labels) for each in losses)
    square = ratio(np.add.reduce(counts * losses.centre**2, axis=(1, 2)), labels)
    variance = ratio(np.maximum(square - mean * mean, 0.0), labels - 1)
    single = labels == 1
    interval = normal(mean, np.where(single, np.nan, variance), confidence)
    return Loss(interval, mean - least, most - mean, labels)


def score_field(layout: Layout) -> Field:
    """The score's field; KeyError where the layout has none."""
    part = layout.part(Stream.PREDICTIONS)
    if part is None:
        raise KeyError(SCORE)
    return part.field(SCORE)


@lru_cache(maxsize=64)
def losses_of(field: Field) -> Losses:
    """The losses in the cells of a score's field."""
    atoms = np.array(field.atoms if len(field.atoms) == field.cells else (False,) * field.cells)
    lower, upper = np.append(0.0, field.edges), np.append(field.edges, 1.0)
    lower = np.where(atoms, upper, lower)
    centres = np.array(field.centres) if len(field.centres) == field.cells else (lower + upper) / 2
    of = [np.clip(each, _EPSILON, 1 - _EPSILON) for each in (centres, lower, upper)]
    centre, low, high = (np.stack([-np.log1p(-p), -np.log(p)], axis=1) for p in of)
    return Losses(centre, np.minimum(low, high), np.maximum(low, high))


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("score_label",)
)

LOG_LOSS: Final = Statistic(
    name="log_loss",
    summary="Mean logarithmic loss on the score's cells; the limits include the grid's error.",
    source="Good 1952; interval of a mean ± the cells' ends",
    kind=Kind.PERFORMANCE,
    compute=log_loss,
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    interval=True,
    default=False,
    formula="−(1/N) Σ y·ln p + (1 − y)·ln(1 − p)",
    use="Where the model was trained on it, and where confident mistakes must cost much.",
    lies="A few confident mistakes decide it. Scores in the outermost cells are known only to lie between their ends, so the limits can be wide.",
)
LOG_LOSS_DECAY: Final = Statistic(
    name="log_loss_decay",
    summary="By how much the log loss rose since the reference, on the same slice.",
    source="current − reference; interval MOVER (Newcombe 1998; Zou, Donner 2008) ± both grids' errors",
    kind=Kind.PERFORMANCE,
    compute=log_loss_decay,
    needs=_NEEDS,
    worse=Worse.UP,
    interval=True,
    default=False,
    formula="log_loss_cur − log_loss_ref",
    use="A rule on `log_loss_decay.lower > 0` fires when the loss rose for sure.",
    lies="The grid's error of both sides is in its limits: with wide outer cells it is slow to be sure.",
)
