"""How far the estimates of a multiclass model without labels were off, once labels come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from driftwatch.drift.auc import area_of
from driftwatch.drift.estimated import ESTIMATED_AUC_ERROR
from driftwatch.drift.estimated_classes import (
    Confusion,
    Found,
    Of,
    auc,
    expected_on,
    f1,
    recall,
    specificity,
)
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.one_vs_rest import class_places, folded
from driftwatch.drift.reading import Estimate
from driftwatch.drift.statistic import Needs, Statistic
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_DECIDED, CLASS_SCORE_LABEL, Task


def off_by(of: Of) -> Callable[[Sides], Estimate]:
    """Estimated − realised on the labels of a window, averaged over the classes known both ways, float64[slices, 1]."""

    def compute(sides: Sides) -> Estimate:
        guess, real = sides.once(estimated), sides.once(realised)
        apart = of(guess) - of(real)
        known = np.isfinite(apart)
        value = ratio(np.add.reduce(np.where(known, apart, 0.0), axis=1), known.sum(axis=1))
        return whole_estimate(value, guess.events.max(axis=1))

    return compute


def estimated(sides: Sides) -> Found:
    """What is expected of the window's labelled predictions, by the curves of the reference's labels (all traffic)."""
    past = sides.reference.block(CLASS_SCORE_LABEL)[0]
    return expected_on(sides.current.block(CLASS_DECIDED)[:, :, : past.shape[1]], past)


def realised(sides: Sides) -> Found:
    """What the labels of the same predictions say, each class against the rest.

    The confusion also holds predictions whose decision is known and whose score of a class is not.
    """
    confusion = sides.current.block("confusion").astype(np.float64)
    places = list(class_places(sides.pair.layout, sides.gather.part))
    total = confusion.sum(axis=(1, 2))[:, None]
    tp = np.diagonal(confusion, axis1=1, axis2=2)[:, places]
    fp = confusion.sum(axis=2)[:, places] - tp
    fn = confusion.sum(axis=1)[:, places] - tp
    rows = folded(sides.current, CLASS_SCORE_LABEL).astype(np.float64)
    area = area_of(*(np.ascontiguousarray(rows[:, :, label]) for label in (0, 1))).reshape(tp.shape)
    decided = (tp + fp).astype(np.int64)
    return Found(Confusion(tp, fp, fn, total - tp - fp - fn), area, decided, decided)


def _error(name: str, of: Of) -> Statistic:
    return replace(
        ESTIMATED_AUC_ERROR,
        name=f"estimated_{name}_macro_error",
        summary=f"Estimated minus realised macro {name if name != 'f1' else 'F1'} on the labels that came: the estimate's own error.",
        compute=off_by(of),
        needs=Needs(
            streams=frozenset({Stream.LABELS}),
            tasks=frozenset({Task.MULTICLASS}),
            blocks=(CLASS_SCORE_LABEL, CLASS_DECIDED, "confusion"),
            first_row=True,
        ),
        unit="probability" if name == "auc" else "share",
    )


ESTIMATED_RECALL_MACRO_ERROR: Final = _error("recall", recall)
ESTIMATED_F1_MACRO_ERROR: Final = _error("f1", f1)
ESTIMATED_SPECIFICITY_MACRO_ERROR: Final = _error("specificity", specificity)
ESTIMATED_AUC_MACRO_ERROR: Final = _error("auc", auc)
