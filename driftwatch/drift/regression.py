"""Errors of a regression model from its residual sums: mean absolute error, root mean square error, bias."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides, from_fixed
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task

N, SUM, SUM_ABSOLUTE, SUM_SQUARES, SUM_FOURTHS, SUM_RELATIVE, N_RELATIVE = range(7)
"""Rows of the block `residuals`; the sums are fixed-point, in (powers of) the layout's scale."""

Measure = Callable[[Side, float, float], Interval]
"""(side, scale, confidence) -> float64[slices] with an interval, in the label's unit."""


def mae_of(side: Side, scale: float, confidence: float) -> Interval:
    """Mean of |predicted − label|; interval of a mean, not below 0."""
    mean = _mean(side, SUM_ABSOLUTE)
    variance = _sample(_mean(side, SUM_SQUARES) - mean * mean, _labels(side))
    found = normal(mean, variance, confidence)
    return _scaled(Interval(mean, np.maximum(found.lower, 0.0), found.upper), scale)


def rmse_of(side: Side, scale: float, confidence: float) -> Interval:
    """Square root of the mean of (predicted − label)²; the limits are the roots of the mean square's limits."""
    square = np.maximum(_mean(side, SUM_SQUARES), 0.0)
    variance = _sample(_mean(side, SUM_FOURTHS) - square * square, _labels(side))
    found = normal(square, variance, confidence)
    roots = (np.sqrt(np.maximum(limit, 0.0)) for limit in found)
    return _scaled(Interval(*roots), scale)


def bias_of(side: Side, scale: float, confidence: float) -> Interval:
    """Mean of predicted − label; interval of a mean."""
    mean = _mean(side, SUM)
    variance = _sample(_mean(side, SUM_SQUARES) - mean * mean, _labels(side))
    return _scaled(normal(mean, variance, confidence), scale)


def size_of_bias(side: Side, scale: float, confidence: float) -> Interval:
    """|bias|, with the bias's interval folded at 0."""
    found = bias_of(side, scale, confidence)
    low, high = np.abs(found.lower), np.abs(found.upper)
    around = (found.lower <= 0) & (found.upper >= 0)
    return Interval(np.abs(found.value), np.where(around, 0.0, np.minimum(low, high)), np.maximum(low, high))


def mape(sides: Sides) -> Estimate:
    """Mean of |predicted − label|/|label| over labels that are not 0, float64[slices, 1]; no interval."""
    block = sides.current.block("residuals")
    return whole_estimate(
        ratio(from_fixed(block[:, SUM_RELATIVE]), block[:, N_RELATIVE]), block[:, N_RELATIVE]
    )


def measure(of: Measure) -> Callable[[Sides], Estimate]:
    """The current error, float64[slices, 1], in the label's unit; NaN with fewer than 2 labels."""

    def compute(sides: Sides) -> Estimate:
        found = of(sides.current, sides.pair.layout.scale, sides.confidence)
        return whole_estimate(found.value, _labels(sides.current), found.lower, found.upper)

    return compute


def measure_decay(of: Measure) -> Callable[[Sides], Estimate]:
    """Current − reference error of the same slice (positive is worse), with the MOVER interval."""

    def compute(sides: Sides) -> Estimate:
        scale = sides.pair.layout.scale
        past = of(sides.reference, scale, sides.confidence)
        now = of(sides.current, scale, sides.confidence)
        return decay(past, now, _labels(sides.current), error_like=True)

    return compute


def _labels(side: Side) -> Ints:
    return side.block("residuals")[:, N]


def _mean(side: Side, row: int) -> Floats:
    return ratio(from_fixed(side.block("residuals")[:, row]), _labels(side))


def _sample(variance: Floats, labels: Ints) -> Floats:
    """Variance of the mean; NaN with a single label, which says nothing of its own error."""
    return ratio(np.maximum(variance, 0.0), labels - 1)


def _scaled(interval: Interval, scale: float) -> Interval:
    return Interval(*(limit * scale for limit in interval))


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.REGRESSION}), blocks=("residuals",)
)


_SAYS: Final = {
    "mae": ("(1/N) Σ |ŷ − y|", "The size of an error in the label's own unit.", "Hides rare large errors."),
    "rmse": (
        "√((1/N) Σ (ŷ − y)²)",
        "Where large errors cost more than in proportion.",
        "A few outliers decide it; errors beyond 16 deviations are out of range.",
    ),
    "bias": (
        "(1/N) Σ (ŷ − y)",
        "Whether the model says too much or too little.",
        "Errors in opposite directions cancel.",
    ),
}
"""Formula, when to use and when it misleads, by name."""


def _decay_says(name: str) -> tuple[str, str, str]:
    size = f"|{name}|" if name == "bias" else name
    use = f"A rule on `{name}_decay.lower > 0` fires when the error grew for sure."
    return f"{size}_cur − {size}_ref", use, "Larger labels have larger errors: another mix of cases moves it."


def _statistic(
    name: str,
    summary: str,
    source: str,
    compute: Callable[[Sides], Estimate],
    worse: Worse,
    low: float | None,
) -> Statistic:
    formula, use, lies = _SAYS[name] if name in _SAYS else _decay_says(name.removesuffix("_decay"))
    return Statistic(
        formula=formula,
        use=use,
        lies=lies,
        name=name,
        summary=summary,
        source=source,
        kind=Kind.PERFORMANCE,
        compute=compute,
        needs=_NEEDS,
        worse=worse,
        unit="label",
        low=low,
        interval=True,
    )


_MEAN: Final = "mean of fixed-point sums; normal interval"
_MOVER: Final = "current − reference; interval MOVER (Newcombe 1998; Zou, Donner 2008)"

MAE: Final = _statistic("mae", "Mean absolute error.", _MEAN, measure(mae_of), Worse.UP, 0.0)
MAE_DECAY: Final = _statistic(
    "mae_decay",
    "By how much the mean absolute error rose since the reference, on the same slice.",
    _MOVER,
    measure_decay(mae_of),
    Worse.UP,
    None,
)
RMSE: Final = _statistic(
    "rmse",
    "Root mean square error.",
    "root of a mean; interval of the mean square, rooted",
    measure(rmse_of),
    Worse.UP,
    0.0,
)
RMSE_DECAY: Final = _statistic(
    "rmse_decay",
    "By how much the root mean square error rose since the reference, on the same slice.",
    _MOVER,
    measure_decay(rmse_of),
    Worse.UP,
    None,
)
BIAS: Final = _statistic(
    "bias",
    "Mean of predicted value minus label: above 0 the model says too much.",
    _MEAN,
    measure(bias_of),
    Worse.BOTH,
    None,
)
BIAS_DECAY: Final = _statistic(
    "bias_decay",
    "By how much the size of the bias grew since the reference, on the same slice.",
    _MOVER,
    measure_decay(size_of_bias),
    Worse.UP,
    None,
)
MAPE: Final = Statistic(
    name="mape",
    summary="Mean absolute error as a share of the label's size, over labels that are not 0.",
    source="mean of fixed-point sums; labels with |e/y| above 1 000 are out of range",
    kind=Kind.PERFORMANCE,
    compute=mape,
    needs=_NEEDS,
    worse=Worse.UP,
    low=0.0,
    default=False,
    formula="(1/N) Σ |ŷ − y|/|y|",
    use="Where an error counts in proportion to the label.",
    lies="Labels near 0 decide it, and predicting too little is cheaper than too much. It has no interval.",
)
