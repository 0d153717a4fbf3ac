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
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Needs, Statistic
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_DECIDED_LABEL, CLASS_SCORE_LABEL, Task


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
    met = sides.current.block(CLASS_SCORE_LABEL).sum(axis=3)
    decided = sides.current.block(CLASS_DECIDED_LABEL).sum(axis=3)
    return expected_on(
        np.stack([met - decided, decided], axis=3), sides.reference.block(CLASS_SCORE_LABEL)[0]
    )


def realised(sides: Sides) -> Found:
    """What the labels of the same predictions say, each class against the rest."""
    met = sides.current.block(CLASS_SCORE_LABEL)
    no, yes = _by_label(met.sum(axis=2))
    fp, tp = _by_label(sides.current.block(CLASS_DECIDED_LABEL).sum(axis=2))
    area = area_of(*_by_label(met.reshape(-1, *met.shape[2:]))).reshape(yes.shape)
    return Found(
        Confusion(tp, fp, yes - tp, no - fp), area, (no + yes).astype(np.int64), (fp + tp).astype(np.int64)
    )


def _by_label(counts: Ints) -> tuple[Floats, Floats]:
    """Of labels of other classes, and of the class's."""
    no, yes = (np.ascontiguousarray(counts[..., label]).astype(np.float64) for label in (0, 1))
    return no, yes


def _error(name: str, of: Of) -> Statistic:
    return replace(
        ESTIMATED_AUC_ERROR,
        name=f"estimated_{name}_macro_error",
        summary=f"Estimated minus realised macro {name if name != 'f1' else 'F1'} on the labels that came: the estimate's own error.",
        compute=off_by(of),
        needs=Needs(
            streams=frozenset({Stream.LABELS}),
            tasks=frozenset({Task.MULTICLASS}),
            blocks=(CLASS_SCORE_LABEL, CLASS_DECIDED_LABEL),
            first_row=True,
        ),
        unit="probability" if name == "auc" else "share",
    )


ESTIMATED_RECALL_MACRO_ERROR: Final = _error("recall", recall)
ESTIMATED_F1_MACRO_ERROR: Final = _error("f1", f1)
ESTIMATED_SPECIFICITY_MACRO_ERROR: Final = _error("specificity", specificity)
ESTIMATED_AUC_MACRO_ERROR: Final = _error("auc", auc)
