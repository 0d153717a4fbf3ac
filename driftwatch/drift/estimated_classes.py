"""Recall, F1, specificity and AUC of a multiclass model estimated without labels (CBPE), class by class and on average."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.auc import area_of
from driftwatch.drift.estimated import (
    ESTIMATED_AUC,
    ESTIMATED_F1,
    ESTIMATED_PRECISION,
    ESTIMATED_RECALL,
    ESTIMATED_SPECIFICITY,
    Curve,
    Expected,
    curve_of,
    expected_of,
)
from driftwatch.drift.estimates import field_estimate, ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Needs, Statistic
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_DECIDED, CLASS_SCORE_LABEL, Task


class Confusion(NamedTuple):
    """Of every class against the rest, float64[slices, classes]; NaN where the reference makes no curve for the class."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats


class Found(NamedTuple):
    """What is expected of the classes, [slices, classes]."""

    confusion: Confusion
    auc: Floats
    events: Ints
    """With a usable score of the class."""
    decided: Ints


Of = Callable[[Found], Floats]


def recall(found: Found) -> Floats:
    """TP/(TP + FN), float64[slices, classes]; NaN where no label of the class is expected."""
    c = found.confusion
    return _share(c.tp, c.tp + c.fn)


def precision(found: Found) -> Floats:
    """TP/(TP + FP); NaN where the class was not decided."""
    c = found.confusion
    return _share(c.tp, c.tp + c.fp)


def f1(found: Found) -> Floats:
    """2TP/(2TP + FP + FN); NaN where the class is neither decided nor expected."""
    c = found.confusion
    return _share(2 * c.tp, 2 * c.tp + c.fp + c.fn)


def specificity(found: Found) -> Floats:
    """TN/(TN + FP); NaN where no other class is expected."""
    c = found.confusion
    return _share(c.tn, c.tn + c.fp)


def auc(found: Found) -> Floats:
    """Area under the curve of the calibrated probabilities, sorted by the class's score."""
    return found.auc


def by_class(of: Of) -> Callable[[Sides], Estimate]:
    """A number of the expected confusion of every class, float64[slices, classes]; no interval."""

    def compute(sides: Sides) -> Estimate:
        found, scored = sides.once(expected), sides.gather.part.scored
        if found is None:
            return field_estimate(scored, *_nothing(sides, len(scored)))
        return field_estimate(scored, of(found), found.events)

    return compute


def macro(of: Of) -> Callable[[Sides], Estimate]:
    """Its mean over the classes, float64[slices, 1]; no interval."""

    def compute(sides: Sides) -> Estimate:
        found = sides.once(expected)
        if found is None:
            value, count = _nothing(sides, 1)
            return whole_estimate(value[:, 0], count[:, 0])
        return whole_estimate(mean_of(of(found), found), found.events.max(axis=1))

    return compute


def mean_of(each: Floats, found: Found) -> Floats:
    """float64[slices]: mean over the classes with a value; unknown where a class is decided that has no curve."""
    known = np.isfinite(each)
    blind = np.isnan(found.confusion.tp) & (found.decided > 0)
    mean = ratio(np.add.reduce(np.where(known, each, 0.0), axis=1), known.sum(axis=1))
    return np.where(blind.any(axis=1), np.nan, mean)


def expected(sides: Sides) -> Found | None:
    """What CBPE expects of the window's predictions, each class against the rest.

    NannyML's definition without its last step: it divides each event's calibrated probabilities by their sum, which
    counts by class cannot know. None where the reference's labels were not counted by the classes' own scores.
    """
    part = sides.pair.layout.part(Stream.LABELS)
    block = part.block(CLASS_SCORE_LABEL) if part is not None else None
    if block is None or sides.pair.labelled is None:
        return None
    past = sides.pair.labelled[0, block.start : block.stop].reshape(block.shape)
    return expected_on(sides.current.block(CLASS_DECIDED)[:, :, : block.shape[1]], past)


def expected_on(counts: Ints, past: Ints) -> Found:
    """The same from counts int64[slices, classes, cells, 2] by decision, and the reference's [classes, cells, 2] by label."""
    shape, curves = counts.shape[:2], curves_of(past)
    rows = counts.reshape(-1, *counts.shape[2:])
    tiled = Curve(*(np.tile(each, (shape[0], 1)) for each in curves))
    found: Expected = expected_of(rows, tiled)
    events = rows.sum(axis=2)
    area = area_of(events * (1 - tiled.rate), events * tiled.rate)
    tp, fp, fn, tn = (each.reshape(shape) for each in found[:4])
    decided = counts[..., 1].sum(axis=2)
    return Found(Confusion(tp, fp, fn, tn), area.reshape(shape), found.predictions.reshape(shape), decided)


def curves_of(past: Ints) -> Curve:
    """P(label of the class) by cell of its own score, float64[classes, cells], and its variance; NaN where there is none.

    Isotonic in the reference's labels int64[classes, cells, 2]; kept, as a reference is asked at every tick.
    """
    return _curves(np.ascontiguousarray(past).tobytes(), past.shape)


@lru_cache(maxsize=64)
def _curves(counted: bytes, shape: tuple[int, ...]) -> Curve:
    past = np.frombuffer(counted, np.int64).reshape(shape)
    unknown = np.full(shape[1], np.nan)
    found = [curve_of(counts) or Curve(unknown, unknown) for counts in past]
    return Curve(np.stack([each.rate for each in found]), np.stack([each.variance for each in found]))


def _share(top: Floats, bottom: Floats) -> Floats:
    return np.minimum(ratio(top, bottom), 1.0)


def _nothing(sides: Sides, columns: int) -> tuple[Floats, Ints]:
    rows = len(sides.current.matrix)
    return np.full((rows, columns), np.nan), np.zeros((rows, columns), np.int64)


_NEEDS: Final = Needs(
    streams=frozenset({Stream.PREDICTIONS}),
    tasks=frozenset({Task.MULTICLASS}),
    blocks=(CLASS_DECIDED,),
    beside=frozenset({"labelled"}),
    first_row=True,
)
_SOURCE: Final = "CBPE (NannyML) without its division by each event's sum of probabilities; isotonic calibration of every class's own score (Ayer et al. 1955)"
_SUM: Final = "Calibrated probabilities of one event need not sum to 1 here, unlike NannyML's."


def _macro(binary: Statistic, name: str, of: Of) -> Statistic:
    return replace(
        binary,
        name=f"estimated_{name}_macro",
        summary=f"Estimate without labels: {name if name != 'f1' else 'F1'} of a multiclass model, each class against the rest, averaged over the classes.",
        source=_SOURCE,
        formula=f"(1/K) Σ_k of {binary.formula}, c the calibrated score of class k",
        lies=f"{binary.lies} {_SUM}",
        compute=macro(of),
        needs=_NEEDS,
    )


def _by_class(binary: Statistic, name: str, of: Of) -> Statistic:
    return replace(
        binary,
        name=f"estimated_class_{name}",
        summary=f"Estimate without labels: {name if name != 'f1' else 'F1'} of each class against the rest.",
        source=_SOURCE,
        formula=f"{binary.formula}, c the class's calibrated score",
        lies=f"{binary.lies} {_SUM}",
        compute=by_class(of),
        needs=replace(_NEEDS, scored=True),
    )


ESTIMATED_RECALL_MACRO: Final = _macro(ESTIMATED_RECALL, "recall", recall)
ESTIMATED_F1_MACRO: Final = _macro(ESTIMATED_F1, "f1", f1)
ESTIMATED_SPECIFICITY_MACRO: Final = _macro(ESTIMATED_SPECIFICITY, "specificity", specificity)
ESTIMATED_AUC_MACRO: Final = _macro(ESTIMATED_AUC, "auc", auc)
ESTIMATED_CLASS_RECALL: Final = _by_class(ESTIMATED_RECALL, "recall", recall)
ESTIMATED_CLASS_PRECISION: Final = _by_class(ESTIMATED_PRECISION, "precision", precision)
ESTIMATED_CLASS_F1: Final = _by_class(ESTIMATED_F1, "f1", f1)
ESTIMATED_CLASS_SPECIFICITY: Final = _by_class(ESTIMATED_SPECIFICITY, "specificity", specificity)
ESTIMATED_CLASS_AUC: Final = _by_class(ESTIMATED_AUC, "auc", auc)
