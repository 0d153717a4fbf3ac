"""Calibration on score cells: the plug-in error, what it shows without miscalibration, and the Brier score."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides, from_fixed
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import FIXED_POINT, Task

N, SUM_Y, SUM_P, SUM_PP, SUM_PY, SUM_Z = range(6)
"""Rows of the blocks `calibration` and `calibration_mass`; the sums of p, p², p·y and (1−2p)²p(1−p) are fixed-point."""


def calibration_error(sides: Sides) -> Estimate:
    """Σ_b (n_b/N)·|ȳ_b − p̄_b| over equal-width cells (lo, hi]: the plug-in ECE, float64[slices, 1].

    Biased up: read it beside `calibration_error_expected`. It has no interval. NaN without labels.
    """
    block = sides.current.block("calibration")
    return whole_estimate(plug_in_error(block), labels_of(block))


def calibration_error_expected(sides: Sides) -> Estimate:
    """sqrt(2/π)·Σ w_b σ_b, σ_b² = (Σp − Σp²)/n_b²: the plug-in ECE of a perfectly calibrated model (STATISTICS §2)."""
    block = sides.current.block("calibration")
    return whole_estimate(plug_in_expected(block), labels_of(block))


def calibration_error_excess(sides: Sides) -> Estimate:
    """Plug-in ECE minus the value expected without miscalibration; about 0 for a calibrated model."""
    block = sides.current.block("calibration")
    return whole_estimate(plug_in_error(block) - plug_in_expected(block), labels_of(block))


def brier_score(sides: Sides) -> Estimate:
    """Mean of (p − y)², exact from Σp² − 2Σpy + Σy (Brier 1950), float64[slices, 1]; interval of a mean.

    The variance needs Σ(p−y)⁴, which the cells give to second order: p̄⁴ + 6p̄²v per cell and label.
    """
    found = _brier(sides.current, sides.confidence)
    count = labels_of(sides.current.block("calibration"))
    return whole_estimate(found.value, count, found.lower, found.upper)


def brier_score_decay(sides: Sides) -> Estimate:
    """Current − reference Brier score of the same slice (positive is worse), with the MOVER interval."""
    past, now = _brier(sides.reference, sides.confidence), _brier(sides.current, sides.confidence)
    return decay(past, now, labels_of(sides.current.block("calibration")), error_like=True)


def labels_of(block: Ints) -> Ints:
    """int64[slices]: labels in a block."""
    return block[:, N].sum(axis=1)


def plug_in_error(block: Ints) -> Floats:
    """float64[slices]: Σ_b (n_b/N)·|ȳ_b − p̄_b| of a block."""
    gaps = np.abs(block[:, SUM_Y] * FIXED_POINT - block[:, SUM_P]).sum(axis=1)
    return ratio(from_fixed(gaps), labels_of(block))


def plug_in_expected(block: Ints) -> Floats:
    """float64[slices]: what a perfectly calibrated model shows in a block's place."""
    # Each p² is rounded for itself, so the difference can fall below zero by a few millionths.
    spread = np.sqrt(np.maximum(from_fixed(block[:, SUM_P] - block[:, SUM_PP]), 0.0))
    return np.sqrt(2 / np.pi) * ratio(np.add.reduce(spread, axis=1), labels_of(block))


def _brier(side: Side, confidence: float) -> Interval:
    block = side.block("calibration")
    total = labels_of(block)
    errors = (block[:, SUM_PP] - 2 * block[:, SUM_PY] + block[:, SUM_Y] * FIXED_POINT).sum(axis=1)
    value = np.maximum(ratio(from_fixed(errors), total), 0.0)
    variance = np.maximum(ratio(_fourth_powers(block), total) - value * value, 0.0)
    found = normal(value, ratio(variance, total), confidence)
    return Interval(value, np.maximum(found.lower, 0.0), np.minimum(found.upper, 1.0))


def _fourth_powers(block: Ints) -> Floats:
    """Σ(p−y)⁴, float64[slices], from the means of p per cell and label and the cell's variance of p."""
    n, ones = block[:, N], block[:, SUM_Y]
    zeros = n - ones
    sums, with_ones = from_fixed(block[:, SUM_P]), from_fixed(block[:, SUM_PY])
    mean = _mean(sums, n)
    variance = np.maximum(_mean(from_fixed(block[:, SUM_PP]), n) - mean * mean, 0.0)
    miss = 1 - _mean(with_ones, ones)
    alarm = _mean(sums - with_ones, zeros)
    powers = ones * _fourth(miss, variance) + zeros * _fourth(alarm, variance)
    return np.add.reduce(powers, axis=1)


def _mean(sums: Floats, counts: Ints) -> Floats:
    return sums / np.maximum(counts, 1)


def _fourth(mean: Floats, variance: Floats) -> Floats:
    square = mean * mean
    return square * square + 6 * square * variance


_CELLS: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    blocks=("calibration",),
)
_BINARY: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("calibration",)
)

CALIBRATION_ERROR: Final = Statistic(
    name="calibration_error",
    formula="Σ (n_b/N)·|ȳ_b − p̄_b|",
    use="The usual number for calibration (ECE).",
    lies="Biased up: a perfect model shows 0.05 at 500 labels. Read `calibration_error_excess`, or the debiased square.",
    summary="Expected calibration error, plug-in, equal-width cells (multiclass: of the decided class); biased up.",
    source="Naeini, Cooper, Hauskrecht 2015",
    kind=Kind.CALIBRATION,
    compute=calibration_error,
    needs=_CELLS,
    worse=Worse.UP,
    unit="probability",
    low=0.0,
    high=1.0,
)
CALIBRATION_ERROR_EXPECTED: Final = Statistic(
    name="calibration_error_expected",
    formula="√(2/π)·Σ w_b·σ_b",
    use="As the yardstick of `calibration_error`.",
    lies="A normal limit: with a handful of labels per cell it is a few per cent off.",
    summary="The calibration error that a perfectly calibrated model shows with so many labels.",
    source="sqrt(2/π)·Σ w_b σ_b, σ_b² = (Σp − Σp²)/n_b² (normal limit)",
    kind=Kind.CALIBRATION,
    compute=calibration_error_expected,
    needs=_CELLS,
    worse=Worse.UP,
    unit="probability",
    low=0.0,
    high=1.0,
)
CALIBRATION_ERROR_EXCESS: Final = Statistic(
    name="calibration_error_excess",
    formula="calibration_error − calibration_error_expected",
    use="Miscalibration beyond chance, for windows of any size.",
    lies="Of a miscalibrated model the chance part is smaller than expected, so the excess is slightly low.",
    summary="Calibration error beyond what chance shows; about 0 for a calibrated model.",
    source="calibration_error − calibration_error_expected",
    kind=Kind.CALIBRATION,
    compute=calibration_error_excess,
    needs=_CELLS,
    worse=Worse.UP,
    unit="probability",
    low=-1.0,
    high=1.0,
)
BRIER_SCORE: Final = Statistic(
    name="brier_score",
    formula="(1/N) Σ (p − y)²",
    use="One proper score for ranking and calibration together.",
    lies="Depends on the base rate: rare labels make it small for every model.",
    summary="Mean squared difference of score and label.",
    source="Brier 1950; interval of a mean, fourth moment from the cells",
    kind=Kind.PERFORMANCE,
    compute=brier_score,
    needs=_BINARY,
    worse=Worse.UP,
    low=0.0,
    high=1.0,
    interval=True,
)
BRIER_SCORE_DECAY: Final = Statistic(
    name="brier_score_decay",
    formula="Brier_cur − Brier_ref",
    use="A rule on `brier_score_decay.lower > 0`.",
    lies="Rises when labels become less predictable, without any fault of the model: see `brier_uncertainty`.",
    summary="By how much the Brier score rose since the reference, on the same slice.",
    source="current − reference; interval MOVER (Newcombe 1998; Zou, Donner 2008)",
    kind=Kind.PERFORMANCE,
    compute=brier_score_decay,
    needs=_BINARY,
    worse=Worse.UP,
    low=-1.0,
    high=1.0,
    interval=True,
)
