"""Is a score calibrated: in the large, by slope and intercept, by Spiegelhalter's z, and without the plug-in's bias."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import chdtrc, ndtr

from driftwatch.drift.calibration import SUM_P, SUM_PP, SUM_PY, SUM_Y, SUM_Z, N
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides, from_fixed
from driftwatch.drift.intervals import normal, z_of
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task

LABELS_MIN: Final = 20
"""With fewer labels the normal limit of these tests is not near."""
_EDGE: Final = 1e-6
"""Mean scores are kept this far from 0 and 1 before their logit is taken."""


class Sums(NamedTuple):
    """The block `calibration` by cell, float64[slices, cells]; `n` int64."""

    n: Ints
    y: Floats
    p: Floats
    pp: Floats
    py: Floats
    z: Floats


def sums(sides: Sides) -> Sums:
    """The current counts and sums by equal-width cell."""
    block = sides.current.block("calibration")
    fixed = (from_fixed(block[:, row]) for row in (SUM_P, SUM_PP, SUM_PY, SUM_Z))
    return Sums(block[:, N], block[:, SUM_Y].astype(np.float64), *fixed)


def calibration_gap(sides: Sides) -> Estimate:
    """Mean label − mean score (calibration in the large), float64[slices, 1]; interval of the mean of y − p."""
    s = sides.once(sums)
    n = s.n.sum(axis=1)
    value = ratio(np.add.reduce(s.y - s.p, axis=1), n)
    square = ratio(np.add.reduce(s.y - 2 * s.py + s.pp, axis=1), n)
    found = normal(value, ratio(np.maximum(square - value * value, 0), n - 1), sides.confidence)
    return whole_estimate(value, n, np.maximum(found.lower, -1.0), np.minimum(found.upper, 1.0))


class Step(NamedTuple):
    """One Newton step from a perfect model, float64[slices] each: changes, their variances, the score test."""

    intercept: Floats
    slope: Floats
    intercept_variance: Floats
    slope_variance: Floats
    test: Floats
    n: Ints


def step(sides: Sides) -> Step:
    """The line logit P(y = 1) = a + b·logit(p), one step from a = 0, b = 1 on the cells (Cox 1958; Rao 1948 for the score test).

    Residuals Σ(y − p) and variances Σp(1 − p) are exact per cell; each cell's logit is that of its mean score.
    """
    s = sides.once(sums)
    n = s.n.sum(axis=1)
    mean = np.clip(s.p / np.maximum(s.n, 1), _EDGE, 1 - _EDGE)
    x = np.log(mean / (1 - mean))
    residual, variance = s.y - s.p, np.maximum(s.p - s.pp, 0.0)
    u0, u1 = (np.add.reduce(residual * weight, axis=1) for weight in (1.0, x))
    i00, i01, i11 = (np.add.reduce(variance * weight, axis=1) for weight in (1.0, x, x * x))
    determinant = i00 * i11 - i01 * i01
    known = (n >= LABELS_MIN) & (determinant > 1e-9 * np.maximum(i00 * i11, _EDGE))
    below = np.where(known, determinant, 0.0)
    intercept, slope = ratio(i11 * u0 - i01 * u1, below), ratio(i00 * u1 - i01 * u0, below)
    return Step(intercept, slope, ratio(i11, below), ratio(i00, below), u0 * intercept + u1 * slope, n)


def calibration_intercept(sides: Sides) -> Estimate:
    """The a of logit P = a + b·logit(p), 0 when calibrated, float64[slices, 1]; NaN below 20 labels or with one cell."""
    found = sides.once(step)
    interval = normal(found.intercept, found.intercept_variance, sides.confidence)
    return whole_estimate(found.intercept, found.n, interval.lower, interval.upper)


def calibration_slope(sides: Sides) -> Estimate:
    """The b of logit P = a + b·logit(p), 1 when calibrated, below 1 when scores are too extreme."""
    found = sides.once(step)
    interval = normal(1 + found.slope, found.slope_variance, sides.confidence)
    return whole_estimate(1 + found.slope, found.n, interval.lower, interval.upper)


def calibration_p_value(sides: Sides) -> Estimate:
    """P(score test of a = 0, b = 1 at least as large for a calibrated score), χ² with 2 degrees of freedom."""
    found = sides.once(step)
    return whole_estimate(chdtrc(2, np.maximum(found.test, 0.0)), found.n)


def spiegelhalter_z(sides: Sides) -> Estimate:
    """Σ(y−p)(1−2p)/√Σ(1−2p)²p(1−p), standard normal for a calibrated score (Spiegelhalter 1986); NaN below 20 labels."""
    s = sides.once(sums)
    n = s.n.sum(axis=1)
    top = np.add.reduce(s.y - s.p - 2 * s.py + 2 * s.pp, axis=1)
    bottom = np.sqrt(np.add.reduce(s.z, axis=1))
    return whole_estimate(ratio(top, np.where(n >= LABELS_MIN, bottom, 0.0)), n)


def spiegelhalter_p_value(sides: Sides) -> Estimate:
    """P(|z| at least as large for a calibrated score), two-sided."""
    z = spiegelhalter_z(sides)
    return whole_estimate(2 * ndtr(-np.abs(z.value[:, 0])), z.count[:, 0])


def calibration_error_squared(sides: Sides) -> Estimate:
    """Σ w_b[(p̄_b−ȳ_b)² − ȳ_b(1−ȳ_b)/(n_b−1)], float64[slices, 1]; about 0 for a calibrated score, so it may be below.

    Cells with fewer than 2 labels are skipped (Bröcker 2012; Ferro, Fricker 2012; Kumar, Liang, Ma 2019). Interval:
    value ± z·√Σ w_b²·(4g²s + 2s²), s = ȳ(1−ȳ)/(n−1) the noise of each cell and g² its gap's square without it;
    too wide where there is no gap at all (99.9 % for 95 %).
    """
    s = sides.once(sums)
    used = s.n >= 2
    n = np.where(used, s.n, 1)
    label, gap = s.y / n, (s.p - s.y) / n
    noise = np.where(used, label * (1 - label) / np.maximum(n - 1, 1), 0.0)
    total = np.where(used, s.n, 0).sum(axis=1)
    weight = ratio(np.where(used, s.n, 0), np.broadcast_to(total[:, None], n.shape))
    value = np.add.reduce(weight * (gap * gap - noise), axis=1)
    real = np.maximum(gap * gap - noise, 0.0)
    variance = np.add.reduce(weight**2 * (4 * real * noise + 2 * noise * noise), axis=1)
    half = z_of(sides.confidence) * np.sqrt(variance)
    return whole_estimate(value, total, np.maximum(value - half, -1.0), np.minimum(value + half, 1.0))


_BINARY: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("calibration",)
)
_EITHER: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    blocks=("calibration",),
)
_LOOKS: Final = "A p-value answers one look, and with many labels it is small for gaps that do not matter."

CALIBRATION_GAP: Final = Statistic(
    name="calibration_gap",
    summary="Mean label minus mean score: above 0 the model says too little (multiclass: of the decided class).",
    source="calibration in the large (Cox 1958); interval of a mean",
    kind=Kind.CALIBRATION,
    compute=calibration_gap,
    needs=_EITHER,
    worse=Worse.BOTH,
    unit="probability",
    low=-1.0,
    high=1.0,
    interval=True,
    default=False,
    formula="ȳ − p̄",
    use="The first thing to look at: a shift of the base rate shows here, with a direction and an interval.",
    lies="Errors in opposite directions cancel.",
)
CALIBRATION_INTERCEPT: Final = Statistic(
    name="calibration_intercept",
    summary="Intercept of the recalibration line on the logit scale: 0 when calibrated.",
    source="Cox 1958, one Newton step on cells",
    kind=Kind.CALIBRATION,
    compute=calibration_intercept,
    needs=_BINARY,
    worse=Worse.BOTH,
    interval=True,
    default=False,
    formula="a of logit P(y=1) = a + b·logit(p)",
    use="Together with the slope: what a recalibration would do.",
    lies="One step from a perfect model: far from calibration it points the right way and falls short.",
)
CALIBRATION_SLOPE: Final = Statistic(
    name="calibration_slope",
    summary="Slope of the recalibration line on the logit scale: 1 when calibrated, below 1 when scores are too extreme.",
    source="Cox 1958, one Newton step on cells",
    kind=Kind.CALIBRATION,
    compute=calibration_slope,
    needs=_BINARY,
    worse=Worse.BOTH,
    interval=True,
    default=False,
    formula="b of logit P(y=1) = a + b·logit(p)",
    use="Over-confidence as one number.",
    lies="One step from a perfect model: far from calibration it points the right way and falls short.",
)
CALIBRATION_P_VALUE: Final = Statistic(
    name="calibration_p_value",
    summary="Probability of such an intercept and slope for a calibrated score, for one single look.",
    source="score test (Rao 1948) of a = 0, b = 1; χ² with 2 degrees of freedom",
    kind=Kind.CALIBRATION,
    compute=calibration_p_value,
    needs=_BINARY,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="P(χ²₂ ≥ UᵀI⁻¹U)",
    use="Whether a gap could be chance.",
    lies=_LOOKS,
)
SPIEGELHALTER_Z: Final = Statistic(
    name="spiegelhalter_z",
    summary="Spiegelhalter's z: standard normal for a calibrated score; beyond ±2 the scores are wrong.",
    source="Spiegelhalter 1986; exact from fixed-point sums",
    kind=Kind.CALIBRATION,
    compute=spiegelhalter_z,
    needs=_BINARY,
    worse=Worse.BOTH,
    default=False,
    formula="Σ(y − p)(1 − 2p)/√Σ(1 − 2p)²p(1 − p)",
    use="A test of calibration that needs no cells.",
    lies="Scores near ½ count for nothing, and gaps on both sides of ½ cancel; it grows with √N.",
)
SPIEGELHALTER_P_VALUE: Final = Statistic(
    name="spiegelhalter_p_value",
    summary="Probability of such a z for a calibrated score, for one single look.",
    source="Spiegelhalter 1986; two-sided normal",
    kind=Kind.CALIBRATION,
    compute=spiegelhalter_p_value,
    needs=_BINARY,
    worse=Worse.DOWN,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="2Φ(−|z|)",
    use="Whether a z could be chance.",
    lies=_LOOKS,
)
CALIBRATION_ERROR_SQUARED: Final = Statistic(
    name="calibration_error_squared",
    summary="Squared calibration error without the plug-in's bias: about 0 for a calibrated score, also below.",
    source="Bröcker 2012; Ferro, Fricker 2012; Kumar, Liang, Ma 2019",
    kind=Kind.CALIBRATION,
    compute=calibration_error_squared,
    needs=_EITHER,
    worse=Worse.UP,
    low=-1.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ w·((p̄ − ȳ)² − ȳ(1 − ȳ)/(n − 1))",
    use="To compare windows or slices of different size: the plug-in error of small ones is mostly chance.",
    lies="Its square root is not an unbiased calibration error, and below 0 there is none. Its interval is too wide where there is no gap.",
)
