"""Log loss of a multiclass model: of the label's class's own score, and of every class against the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.log_loss import LOG_LOSS, LOG_LOSS_DECAY, Loss, Losses, loss_on, losses_of, risen, told
from driftwatch.drift.one_vs_rest import class_fields, folded, unfolded
from driftwatch.drift.reading import Estimate
from driftwatch.drift.statistic import Needs
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_SCORE_LABEL, Task


def multiclass_log_loss(sides: Sides) -> Estimate:
    """−(1/N)Σ ln(score of the label's class), each at its cell's centre, float64[slices, 1]; limits as of `log_loss`.

    Labels of a class without a score of its own are not in it. NaN without labels.
    """
    return told(_of_label(sides, sides.current))


def multiclass_log_loss_decay(sides: Sides) -> Estimate:
    """Current − reference log loss of the same slice (positive is worse), MOVER interval, widened by both grids."""
    return risen(_of_label(sides, sides.reference), _of_label(sides, sides.current))


def class_log_loss(sides: Sides) -> Estimate:
    """−(1/N)Σ y·ln p + (1−y)·ln(1−p) of each class's own score, float64[slices, classes], as `log_loss`."""
    losses = sides.gather.keep("class losses", lambda: _losses(sides))
    counts = folded(sides.current, CLASS_SCORE_LABEL)
    rows = len(sides.current.matrix)
    tiled = Losses(*(np.tile(each, (rows, 1, 1)) for each in losses))
    return unfolded(sides, told(loss_on(counts, tiled, sides.confidence)))


def _of_label(sides: Sides, side: Side) -> Loss:
    """Every event once: in the cell of the score of its label's class."""
    losses = sides.gather.keep("class losses", lambda: _losses(sides))
    counts = np.ascontiguousarray(side.block(CLASS_SCORE_LABEL)[..., 1])
    of_label = Losses(*(each[..., 1].reshape(-1, 1) for each in losses))
    return loss_on(counts.reshape(len(counts), -1, 1), of_label, sides.confidence)


def _losses(sides: Sides) -> Losses:
    """float64[classes, most cells, 2]; 0 in the cells that a class does not have."""
    cells = sides.current.block(CLASS_SCORE_LABEL).shape[2]
    of = [losses_of(field) for field in class_fields(sides.pair.layout, sides.gather.part)]
    rows = ([each[row] for each in of] for row in range(len(Losses._fields)))
    return Losses(*(np.stack([np.pad(e, ((0, cells - len(e)), (0, 0))) for e in row]) for row in rows))


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.MULTICLASS}), blocks=(CLASS_SCORE_LABEL,)
)

MULTICLASS_LOG_LOSS: Final = replace(
    LOG_LOSS,
    name="multiclass_log_loss",
    summary="Mean logarithmic loss of the score that the label's class was given; the limits include the grid's error.",
    formula="−(1/N) Σ ln p_y, p_y the score of the label's class",
    compute=multiclass_log_loss,
    needs=_NEEDS,
)
MULTICLASS_LOG_LOSS_DECAY: Final = replace(
    LOG_LOSS_DECAY,
    name="multiclass_log_loss_decay",
    formula="multiclass_log_loss_cur − multiclass_log_loss_ref",
    use="A rule on `multiclass_log_loss_decay.lower > 0` fires when the loss rose for sure.",
    compute=multiclass_log_loss_decay,
    needs=_NEEDS,
)
CLASS_LOG_LOSS: Final = replace(
    LOG_LOSS,
    name="class_log_loss",
    summary="Of each class's own score against the rest: mean logarithmic loss on its cells; the limits include the grid's error.",
    source=f"one against the rest; {LOG_LOSS.source}",
    formula="−(1/N) Σ y·ln p + (1 − y)·ln(1 − p), with p the class's score and y = 1 for its label",
    compute=class_log_loss,
    needs=replace(_NEEDS, scored=True),
)
