"""Macro averages of a multiclass model from its confusion counts: F1, precision, recall."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task


def macro_f1(sides: Sides) -> Estimate:
    """Mean over classes of 2·n_ii/(n_i.+n_.i), float64[slices, 1], over classes decided or labelled at all.

    Interval by the delta method on the multinomial confusion counts (Takahashi, Yamamoto, Kuchiba, Koyama 2022),
    cut to [0, 1]. NaN without labels.
    """
    found = _macro_f1(sides.current, sides.confidence)
    return whole_estimate(found.value, _labels(sides.current), found.lower, found.upper)


def macro_f1_decay(sides: Sides) -> Estimate:
    """Reference − current macro F1 of the same slice, with the MOVER interval."""
    return decay(
        _macro_f1(sides.reference, sides.confidence),
        _macro_f1(sides.current, sides.confidence),
        _labels(sides.current),
        error_like=False,
    )


def macro_precision(sides: Sides) -> Estimate:
    """Mean over decided classes of n_ii/n_i., float64[slices, 1]; interval by the delta method."""
    return _macro_share(sides, axis=2)


def macro_recall(sides: Sides) -> Estimate:
    """Mean over labelled classes of n_ii/n_.i (balanced accuracy), float64[slices, 1]; interval by the delta method."""
    return _macro_share(sides, axis=1)


def _macro_share(sides: Sides, axis: int) -> Estimate:
    """Mean of the classes' shares right among their total along `axis`; given the totals they are independent."""
    confusion = sides.current.block("confusion")
    right, seen = np.diagonal(confusion, axis1=1, axis2=2), confusion.sum(axis=axis)
    share = np.where(seen > 0, right / np.maximum(seen, 1), 0.0)
    classes = (seen > 0).sum(axis=1)
    value = ratio(np.add.reduce(share, axis=1), classes)
    smooth = (right + 1) / (seen + 2)
    each = np.where(seen > 0, smooth * (1 - smooth) / (seen + 2), 0.0)
    variance = ratio(np.add.reduce(each, axis=1), np.asarray(classes, np.float64) ** 2)
    found = normal(value, variance, sides.confidence)
    lower, upper = np.maximum(found.lower, 0.0), np.minimum(found.upper, 1.0)
    return whole_estimate(value, _labels(sides.current), lower, upper)


def _labels(side: Side) -> Ints:
    return side.block("confusion").sum(axis=(1, 2))


def _macro_f1(side: Side, confidence: float) -> Interval:
    confusion = side.block("confusion")
    total = confusion.sum(axis=(1, 2))
    seen = confusion.sum(axis=1) + confusion.sum(axis=2)
    diagonal = np.diagonal(confusion, axis1=1, axis2=2)
    each = np.where(seen > 0, 2 * diagonal / np.maximum(seen, 1), 0.0)
    classes = (seen > 0).sum(axis=1)
    value = ratio(np.add.reduce(each, axis=1), classes)
    variance = ratio(_variance(confusion, seen, each, total), np.asarray(classes, np.float64) ** 2)
    found = normal(value, ratio(variance, total), confidence)
    return Interval(value, np.maximum(found.lower, 0.0), np.minimum(found.upper, 1.0))


def _variance(confusion: Ints, seen: Ints, each: Floats, total: Ints) -> Floats:
    """n·Var(Σ F1_i), float64[slices]: gradient of F1_i by p_jk is −F1_i/d_i for j = i and for k = i, + 2/d_i at (i, i)."""
    n = np.maximum(total, 1)
    share = np.where(seen > 0, n[:, None] / np.maximum(seen, 1), 0.0)
    slope = -each * share
    gradient = slope[:, :, None] + slope[:, None, :]
    gradient += np.eye(confusion.shape[1]) * (2 * share)[:, :, None]
    shape = (len(total), -1)
    p = (confusion / n[:, None, None]).reshape(shape)
    g = gradient.reshape(shape)
    mean = np.add.reduce(p * g, axis=1)
    return np.maximum(np.add.reduce(p * g * g, axis=1) - mean * mean, 0.0)


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.MULTICLASS}), blocks=("confusion",)
)

MACRO_F1: Final = Statistic(
    name="macro_f1",
    formula="(1/K) Σ_k 2·n_kk/(n_k. + n_.k)",
    use="Multiclass, where rare classes matter as much as frequent ones.",
    lies="A class with three labels counts like one with a thousand.",
    summary="F1 averaged over the classes that occur, each with the same weight.",
    source="mean of 2TP/(2TP+FP+FN); interval delta method (Takahashi et al. 2022)",
    kind=Kind.PERFORMANCE,
    compute=macro_f1,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
)
MACRO_F1_DECAY: Final = Statistic(
    name="macro_f1_decay",
    formula="macroF1_ref − macroF1_cur",
    use="A rule on `macro_f1_decay.lower > 0`.",
    lies="A rare class that is missing from a window changes the average by itself.",
    summary="By how much macro F1 fell since the reference, on the same slice.",
    source="reference − current; interval MOVER (Newcombe 1998; Zou, Donner 2008)",
    kind=Kind.PERFORMANCE,
    compute=macro_f1_decay,
    needs=_NEEDS,
    worse=Worse.UP,
    unit="share",
    low=-1.0,
    high=1.0,
    interval=True,
)
MACRO_PRECISION: Final = Statistic(
    name="macro_precision",
    summary="Precision averaged over the classes that were decided, each with the same weight.",
    source="mean of n_ii/n_i.; interval normal with Agresti–Caffo variances",
    kind=Kind.PERFORMANCE,
    compute=macro_precision,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="(1/K) Σ_k n_kk/n_k.",
    use="Where rare classes matter as much as frequent ones.",
    lies="A class decided three times counts like one decided a thousand times.",
)
MACRO_RECALL: Final = Statistic(
    name="macro_recall",
    summary="Recall averaged over the classes that occur as labels (balanced accuracy).",
    source="mean of n_ii/n_.i; interval normal with Agresti–Caffo variances",
    kind=Kind.PERFORMANCE,
    compute=macro_recall,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="(1/K) Σ_k n_kk/n_.k",
    use="Accuracy that does not change with the classes' frequencies.",
    lies="A class with three labels counts like one with a thousand.",
)
