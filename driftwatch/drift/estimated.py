"""Performance estimated without labels (CBPE), from score cells and their label rates in the reference."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.auc import area_of
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Bools, Side, Sides
from driftwatch.drift.intervals import normal
from driftwatch.drift.isotonic import isotonic
from driftwatch.drift.log_loss import score_field
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import SCORE, SCORE_DECISION, Field, Task

LABELS_MIN: Final = 200
"""Fewer reference labels than this make no calibration curve."""


class Curve(NamedTuple):
    """P(label 1) by score cell, float64[cells], and its variance from the reference's labels."""

    rate: Floats
    variance: Floats


def curve(sides: Sides) -> Curve | None:
    """Isotonic regression of the reference's labels (all traffic) on its score cells; None with too few of them."""
    part = sides.pair.layout.part(Stream.LABELS)
    block = part.block("score_label") if part is not None else None
    if block is None or sides.pair.labelled is None:
        return None
    counts = sides.pair.labelled[0, block.start : block.stop].reshape(block.shape)
    return curve_of(counts)


def curve_of(counts: Ints) -> Curve | None:
    """The same from the counts int64[cells, 2] of labels 0 and 1; kept, as a reference is asked at every tick."""
    return _curve(np.ascontiguousarray(counts).tobytes())


@lru_cache(maxsize=256)
def _curve(counted: bytes) -> Curve | None:
    counts = np.frombuffer(counted, np.int64).reshape(-1, 2)
    n, ones = counts.sum(axis=1), counts[:, 1]
    if n.sum() < LABELS_MIN or not 0 < ones.sum() < n.sum():
        return None
    rate = isotonic(n, ones)
    smooth = (ones + 1) / (n + 2)
    return Curve(rate, smooth * (1 - smooth) / (n + 2))


def together(side: Side, field: Field, threshold: float) -> Ints:
    """int64[slices, score cells, 2]: predictions by score cell and decision.

    Counted together where decisions are mapped; else a cell lies on one side of the threshold, which is an edge.
    """
    part = side.gather.part
    block = part.block(SCORE_DECISION)
    if block is not None:
        return side.block(SCORE_DECISION)[:, :-1]
    counts = side.matrix[:, field.start : field.start + field.cells]
    decided = decisions_of(field, threshold)
    return np.stack([np.where(decided, 0, counts), np.where(decided, counts, 0)], axis=2)


def decisions_of(field: Field, threshold: float) -> Bools:
    """bool[cells]: whether a cell's scores are at or above the threshold; an open end that holds it goes by its centre."""
    below = np.nextafter(threshold, -np.inf)
    lower, upper = np.append(-np.inf, field.edges), np.append(field.edges, np.inf)
    centres = np.array(field.centres) if len(field.centres) == field.cells else lower
    return np.where(lower >= below, True, np.where(upper <= below, False, centres >= threshold))


class Expected(NamedTuple):
    """Expected confusion of a window, float64[slices] each, and the predictions it rests on."""

    tp: Floats
    fp: Floats
    fn: Floats
    tn: Floats
    predictions: Ints
    variance: Floats
    """Of the realised accuracy around the estimate, if nothing but inputs changed."""


def expected(sides: Sides) -> Expected | None:
    """TP = Σ c[d=1], FP = Σ (1−c)[d=1], FN = Σ c[d=0], TN = Σ (1−c)[d=0], c the cell's calibrated probability.

    CBPE (NannyML's definition). The variance of the realised accuracy adds the labels' chance to the curve's.
    """
    found = sides.once(curve)
    if found is None:
        return None
    return expected_of(sides.once(_predicted), found)


def _predicted(sides: Sides) -> Ints:
    """int64[slices, score cells, 2]: the window's predictions by score cell and decision."""
    layout = sides.pair.layout
    return together(sides.current, score_field(layout), layout.threshold)


def expected_of(counts: Ints, curve: Curve) -> Expected:
    """The same from counts int64[slices, cells, 2] by score cell and decision."""
    c = curve.rate
    no, yes = (np.ascontiguousarray(counts[:, :, d]) for d in (0, 1))
    sums = [np.add.reduce(each, axis=1) for each in (yes * c, yes * (1 - c), no * c, no * (1 - c))]
    count = counts.sum(axis=(1, 2))
    chance = np.add.reduce((yes + no) * c * (1 - c), axis=1)
    net = yes - no
    fit = np.add.reduce(net * net * curve.variance, axis=1)
    tp, fp, fn, tn = sums
    return Expected(tp, fp, fn, tn, count, ratio(chance + fit, np.asarray(count, np.float64) ** 2))


def estimated_accuracy(sides: Sides) -> Estimate:
    """(TP + TN)/N expected, float64[slices, 1]; the interval is for the realised accuracy of the same predictions."""
    if sides.pair.layout.task is Task.MULTICLASS:
        return _top_label(sides)
    found = sides.once(expected)
    if found is None:
        return _unknown(sides)
    value = ratio(found.tp + found.tn, found.predictions)
    return _share(value, found.variance, found.predictions, sides.confidence)


def _top_label(sides: Sides) -> Estimate:
    """Multiclass: the decided class's probability, calibrated on coarse cells against right and wrong."""
    part = sides.pair.layout.part(Stream.LABELS)
    block = part.block("calibration_mass") if part is not None else None
    if block is None or sides.pair.labelled is None:
        return _unknown(sides)
    sums = sides.pair.labelled[0, block.start : block.stop].reshape(block.shape)
    found = curve_of(np.stack([sums[0] - sums[1], sums[1]], axis=1))
    if found is None:
        return _unknown(sides)
    names = [field.name for field in sides.gather.part.fields]
    start = int(sides.gather.coarse_fields[names.index(SCORE)])
    counts = sides.current.coarse[:, start : start + len(found.rate)]
    count = counts.sum(axis=1)
    value = ratio(np.add.reduce(counts * found.rate, axis=1), count)
    chance = np.add.reduce(counts * found.rate * (1 - found.rate), axis=1)
    fit = np.add.reduce(counts * counts * found.variance, axis=1)
    return _share(value, ratio(chance + fit, np.asarray(count, np.float64) ** 2), count, sides.confidence)


def estimated_precision_macro(sides: Sides) -> Estimate:
    """Multiclass: mean over decided classes of the expected share of right decisions, float64[slices, 1].

    P(right | decided class, coarse score cell) is the isotonic curve of the reference's labels of that class; a class
    with too few of them makes no estimate. No interval.
    """
    part = sides.pair.layout.part(Stream.LABELS)
    block = part.block("strata") if part is not None else None
    if block is None or sides.pair.labelled is None:
        return _unknown(sides)
    past = sides.pair.labelled[0, block.start : block.stop].reshape(block.shape)
    rates = [_right_rates(past[:, place : place + 1]) for place in range(block.shape[1])]
    bare = np.full((block.shape[0], 1), np.nan)
    rate = np.concatenate([bare if each is None else each for each in rates], axis=1)
    counts = sides.current.block(SCORE_DECISION)[:, :-1]
    decided = counts.sum(axis=1)
    # A class that was not decided adds nothing; one that was and has no curve leaves the mean unknown.
    right = np.add.reduce(np.where(counts > 0, counts * rate, 0.0), axis=1)
    value = np.add.reduce(np.where(decided > 0, right / np.maximum(decided, 1), 0.0), axis=1)
    return whole_estimate(ratio(value, (decided > 0).sum(axis=1)), decided.sum(axis=1))


def estimated(of: Callable[[Expected], Floats]) -> Callable[[Sides], Estimate]:
    """A number of the expected confusion, float64[slices, 1]; no interval."""

    def compute(sides: Sides) -> Estimate:
        found = sides.once(expected)
        return _unknown(sides) if found is None else whole_estimate(of(found), found.predictions)

    return compute


def estimated_auc(sides: Sides) -> Estimate:
    """Area under the curve of calibrated probabilities, sorted by the uncalibrated score, float64[slices, 1]."""
    found = sides.once(curve)
    if found is None:
        return _unknown(sides)
    counts = sides.once(_predicted).sum(axis=2)
    return whole_estimate(area_of(counts * (1 - found.rate), counts * found.rate), counts.sum(axis=1))


def _share(value: Floats, variance: Floats, count: Ints, confidence: float) -> Estimate:
    found = normal(value, variance, confidence)
    lower, upper = np.maximum(found.lower, 0.0), np.minimum(found.upper, 1.0)
    return whole_estimate(np.clip(value, 0.0, 1.0), count, lower, upper)


def _unknown(sides: Sides) -> Estimate:
    rows = len(sides.current.matrix)
    return whole_estimate(np.full(rows, np.nan), np.zeros(rows, np.int64))


def estimated_auc_error(sides: Sides) -> Estimate:
    """Estimated − realised AUC over the labels of a window: the estimate's own error, float64[slices, 1]."""
    found = curve_of(sides.reference.block("score_label")[0])
    counts = sides.current.block("score_label")
    labels = counts.sum(axis=(1, 2))
    if found is None:
        return whole_estimate(np.full(len(labels), np.nan), labels)
    all_ = counts.sum(axis=2)
    guess = area_of(all_ * (1 - found.rate), all_ * found.rate)
    real = area_of(
        counts[:, :, 0].astype(np.float64), np.ascontiguousarray(counts[:, :, 1]).astype(np.float64)
    )
    return whole_estimate(guess - real, labels)


def estimated_accuracy_error(sides: Sides) -> Estimate:
    """Estimated − realised accuracy over the labels of a window: the estimate's own error, float64[slices, 1].

    Both on the same labelled predictions, by coarse score cell and decision: within a coarse cell the curve is
    averaged over the reference's labels. `lower` and `upper`: the realised accuracy's chance, given the curve.
    """
    counts = sides.current.block("strata")
    labels = counts[:, :, :, 0].sum(axis=(1, 2))
    past = sides.reference.block("strata")[0]
    binary = sides.pair.layout.task is Task.BINARY
    rate = _coarse_rates(sides) if binary else _right_rates(past)
    if rate is None:
        return whole_estimate(np.full(len(labels), np.nan), labels)
    right = np.add.reduce(counts[:, :, :, 0] * rate, axis=(1, 2))
    guess = ratio(right, labels)
    real = ratio((counts[:, :, :, 0] - counts[:, :, :, 1]).sum(axis=(1, 2)), labels)
    chance = np.add.reduce(counts[:, :, :, 0] * rate * (1 - rate), axis=(1, 2))
    found = normal(guess - real, ratio(chance, np.asarray(labels, np.float64) ** 2), sides.confidence)
    return whole_estimate(guess - real, labels, np.maximum(found.lower, -1.0), np.minimum(found.upper, 1.0))


def _coarse_rates(sides: Sides) -> Floats | None:
    """float64[coarse cells, 2]: chance to be right by coarse score cell and decision, from the isotonic curve."""
    if sides.gather.part.block("score_label") is None:
        return None
    counts = sides.reference.block("score_label")[0]
    found = curve_of(counts)
    if found is None:
        return None
    groups = np.array(score_field(sides.pair.layout).groups)
    n = counts.sum(axis=1)
    held = np.bincount(groups, weights=n)
    plain = np.bincount(groups, weights=found.rate) / np.bincount(groups)
    ones = np.where(held > 0, np.bincount(groups, weights=n * found.rate) / np.maximum(held, 1), plain)
    return np.stack([1 - ones, ones], axis=1)


def _right_rates(strata: Ints) -> Floats | None:
    """float64[coarse cells, 1]: isotonic chance to be right by coarse score cell."""
    n, errors = strata[:, :, 0].sum(axis=1), strata[:, :, 1].sum(axis=1)
    found = curve_of(np.stack([errors, n - errors], axis=1))
    return None if found is None else found.rate[:, None]


def _divided(top: Floats, bottom: Floats) -> Floats:
    return np.minimum(ratio(top, bottom), 1.0)


_BINARY: Final = Needs(
    streams=frozenset({Stream.PREDICTIONS}),
    tasks=frozenset({Task.BINARY}),
    fields=frozenset({SCORE}),
    beside=frozenset({"labelled"}),
    first_row=True,
)
_USE: Final = "While labels are missing: where would performance be if labels still followed scores as in the reference?"
_LIES: Final = "Blind to concept drift: if labels no longer follow the score it stays calm. It holds for changes of inputs only, and its own error is published once labels come."


def _estimated(
    name: str, formula: str, summary: str, compute: Callable[[Sides], Estimate], **more: object
) -> Statistic:
    settings: dict[str, object] = {"needs": _BINARY, "unit": "share", "interval": False, **more}
    return Statistic(
        name=f"estimated_{name}",
        summary=f"Estimate without labels: {summary}",
        source="CBPE (NannyML), isotonic calibration on the reference's score cells (Ayer et al. 1955)",
        kind=Kind.ESTIMATE,
        compute=compute,
        worse=Worse.DOWN,
        low=0.0,
        high=1.0,
        default=False,
        formula=formula,
        use=_USE,
        lies=_LIES,
        **settings,  # pyright: ignore[reportArgumentType]
    )


ESTIMATED_ACCURACY: Final = _estimated(
    "accuracy",
    "(Σ c[d=1] + Σ (1−c)[d=0])/N",
    "accuracy; the limits are for the realised accuracy if only inputs changed.",
    estimated_accuracy,
    needs=Needs(
        streams=frozenset({Stream.PREDICTIONS}),
        tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
        fields=frozenset({SCORE}),
        beside=frozenset({"labelled"}),
        first_row=True,
    ),
    interval=True,
)
ESTIMATED_PRECISION_MACRO: Final = _estimated(
    "precision_macro",
    "(1/K) Σ_k (1/N_k) Σ_b N_bk·P(right | b, k)",
    "mean precision over the decided classes of a multiclass model.",
    estimated_precision_macro,
    needs=Needs(
        streams=frozenset({Stream.PREDICTIONS}),
        tasks=frozenset({Task.MULTICLASS}),
        fields=frozenset({SCORE}),
        blocks=(SCORE_DECISION,),
        beside=frozenset({"labelled"}),
        first_row=True,
    ),
)
ESTIMATED_PRECISION: Final = _estimated(
    "precision", "TP/(TP + FP)", "precision.", estimated(lambda e: _divided(e.tp, e.tp + e.fp))
)
ESTIMATED_RECALL: Final = _estimated(
    "recall", "TP/(TP + FN)", "recall.", estimated(lambda e: _divided(e.tp, e.tp + e.fn))
)
ESTIMATED_SPECIFICITY: Final = _estimated(
    "specificity", "TN/(TN + FP)", "specificity.", estimated(lambda e: _divided(e.tn, e.tn + e.fp))
)
ESTIMATED_F1: Final = _estimated(
    "f1", "2TP/(2TP + FP + FN)", "F1.", estimated(lambda e: _divided(2 * e.tp, 2 * e.tp + e.fp + e.fn))
)
ESTIMATED_AUC: Final = _estimated(
    "auc", "area by calibrated probabilities, sorted by score", "AUC.", estimated_auc, unit="probability"
)


def _error(name: str, compute: Callable[[Sides], Estimate], *, interval: bool, **needs: object) -> Statistic:
    return Statistic(
        name=f"estimated_{name}_error",
        summary=f"Estimated minus realised {name} on the labels that came: the estimate's own error.",
        source="CBPE (NannyML) and its realisation on the same predictions",
        kind=Kind.ESTIMATE,
        compute=compute,
        needs=Needs(streams=frozenset({Stream.LABELS}), first_row=True, **needs),  # pyright: ignore[reportArgumentType]
        worse=Worse.BOTH,
        unit="share" if interval else "probability",
        low=-1.0,
        high=1.0,
        interval=interval,
        default=False,
        formula="estimate − realised",
        use="How far the estimate could be trusted so far; away from 0 labels no longer follow the score (concept drift).",
        lies="Of the labels that came: where they are of a special kind, so is the error.",
    )


ESTIMATED_ACCURACY_ERROR: Final = _error(
    "accuracy",
    estimated_accuracy_error,
    interval=True,
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    blocks=("strata",),
)
ESTIMATED_AUC_ERROR: Final = _error(
    "auc", estimated_auc_error, interval=False, tasks=frozenset({Task.BINARY}), blocks=("score_label",)
)
