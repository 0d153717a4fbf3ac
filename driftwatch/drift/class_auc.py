"""Area under the ROC curve of every class's own score against the rest, and its mean over the classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from driftwatch.drift.auc import AUC, AUC_DECAY, Curve, curve_on, marks_of, widened
from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import whole_estimate
from driftwatch.drift.gather import Bools, Side, Sides
from driftwatch.drift.one_vs_rest import class_fields, folded, mean_over_classes, unfolded
from driftwatch.drift.reading import Estimate
from driftwatch.drift.statistic import Needs
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_SCORE_LABEL, Task


def class_auc(sides: Sides) -> Estimate:
    """P(score of the class's label > score of another label) + ½P(equal), float64[slices, classes], as `auc`.

    NaN where the class has no label, or no other one has.
    """
    found = sides.once(_now)
    limits = widened(found)
    return unfolded(sides, whole_estimate(limits.value, found.labels, limits.lower, limits.upper))


def class_auc_decay(sides: Sides) -> Estimate:
    """Reference − current area of the same slice and class: MOVER interval, widened by what both grids may hide."""
    past, now = _curve(sides, sides.reference), sides.once(_now)
    hidden = past.hidden + now.hidden
    return unfolded(sides, decay(past.interval, now.interval, now.labels, error_like=False, hidden=hidden))


def _now(sides: Sides) -> Curve:
    return _curve(sides, sides.current)


def _curve(sides: Sides, side: Side) -> Curve:
    atoms = sides.gather.keep("class atoms", lambda: _atoms(sides))
    return curve_on(folded(side, CLASS_SCORE_LABEL), np.tile(atoms, (len(side.matrix), 1)), sides.confidence)


def _atoms(sides: Sides) -> Bools:
    """bool[classes, most cells]"""
    cells = sides.current.block(CLASS_SCORE_LABEL).shape[2]
    return np.stack([marks_of(field, cells) for field in class_fields(sides.pair.layout, sides.gather.part)])


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.MULTICLASS}), blocks=(CLASS_SCORE_LABEL,)
)
_BY_CLASS: Final = replace(_NEEDS, scored=True)
_CAREFUL: Final = (
    "Its limits are the classes' limits averaged: too wide where the classes' areas do not move together."
)

CLASS_AUC: Final = replace(
    AUC,
    name="class_auc",
    summary="Probability that a label of the class has a higher score of the class than another label; the limits include the grid's error.",
    source=f"one against the rest; {AUC.source}",
    formula="P(score_k of label k > score_k of another label) + ½P(equal)",
    compute=class_auc,
    needs=_BY_CLASS,
    default=False,
)
CLASS_AUC_DECAY: Final = replace(
    AUC_DECAY,
    name="class_auc_decay",
    summary="By how much the class's AUC against the rest fell since the reference, on the same slice.",
    source=f"one against the rest; {AUC_DECAY.source}",
    formula="class_auc_ref − class_auc_cur",
    use="A rule on `class_auc_decay.lower > 0` names the class whose ranking got worse.",
    compute=class_auc_decay,
    needs=_BY_CLASS,
    default=False,
)
MACRO_AUC: Final = replace(
    AUC,
    name="macro_auc",
    summary="Mean over the classes of the AUC of their own scores against the rest; the limits include the grid's error.",
    source='scikit-learn roc_auc_score(multi_class="ovr", average="macro"); Fawcett 2006; limits: mean of the classes\'',
    formula="(1/K) Σ_k AUC_k, class k against the rest",
    use="How well the scores tell the classes apart, whatever is decided and how frequent the classes are.",
    lies=f"Blind to calibration. A class with three labels counts like one with a thousand, and one without is left out. {_CAREFUL}",
    compute=mean_over_classes(class_auc),
    needs=_NEEDS,
)
MACRO_AUC_DECAY: Final = replace(
    AUC_DECAY,
    name="macro_auc_decay",
    summary="By how much the classes' AUC against the rest fell on average since the reference, on the same slice.",
    source=f"mean over the classes known on both sides; {AUC_DECAY.source}",
    formula="(1/K) Σ_k (AUC_k,ref − AUC_k,cur)",
    use="A rule on `macro_auc_decay.lower > 0` fires when ranking got worse for sure.",
    lies=f"A class that ranks worse is hidden by one that ranks better: see `class_auc_decay`. {_CAREFUL}",
    compute=mean_over_classes(class_auc_decay),
    needs=_NEEDS,
)
