"""Agreement of decisions and labels beyond chance: Matthews' correlation, Cohen's κ, and balanced accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.shares import BINARY, CLASSIFIERS
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse

_SMOOTH: Final = 0.5
"""Counts added to every cell for the variance only, so that a window without a single error still has a width."""


class Margins(NamedTuple):
    """Shares of a confusion matrix: float64[S, K, K], of decisions and of labels float64[S, K], right ones float64[S]."""

    cells: Floats
    decided: Floats
    labelled: Floats
    right: Floats


class Measure(NamedTuple):
    """A number of the margins, float64[S], and its slope by each cell's share, float64[S, K, K]."""

    value: Floats
    slope: Floats


def matthews_of(margins: Margins) -> Measure:
    """(Σp_ii − Σ r_k·c_k)/√((1 − Σr²)(1 − Σc²)); NaN where all decisions or all labels are of one class."""
    gain = margins.right - _dot(margins.decided, margins.labelled)
    rows, columns = (1 - _dot(each, each) for each in (margins.decided, margins.labelled))
    spread = np.sqrt(np.maximum(rows * columns, 0.0))
    value = ratio(gain, np.where(spread > _TINY, spread, 0.0))
    slope = np.eye(margins.decided.shape[1]) - _chance_slope(margins)
    slope = slope * _each(ratio(np.ones_like(spread), spread))
    slope += _each(value) * margins.decided[:, :, None] * _each(ratio(np.ones_like(rows), rows))
    slope += _each(value) * margins.labelled[:, None, :] * _each(ratio(np.ones_like(columns), columns))
    return Measure(np.clip(value, -1.0, 1.0), slope)


def kappa_of(margins: Margins) -> Measure:
    """(Σp_ii − p_e)/(1 − p_e), p_e = Σ r_k·c_k; NaN where decisions and labels are all of the same class."""
    chance = _dot(margins.decided, margins.labelled)
    left = np.where(1 - chance > _TINY, 1 - chance, 0.0)
    value = ratio(margins.right - chance, left)
    slope = np.eye(margins.decided.shape[1]) - _each(1 - value) * _chance_slope(margins)
    return Measure(np.clip(value, -1.0, 1.0), slope * _each(ratio(np.ones_like(left), left)))


def balanced_of(margins: Margins) -> Measure:
    """Mean of recall and specificity; NaN without labels of both classes."""
    right = np.diagonal(margins.cells, axis1=1, axis2=2)
    recall = ratio(right, margins.labelled)
    wide = ratio(np.ones_like(recall), margins.labelled)
    slope = (np.eye(recall.shape[1]) - recall[:, None, :]) * wide[:, None, :] / recall.shape[1]
    return Measure(np.add.reduce(recall, axis=1) / recall.shape[1], slope)


def measured(of: Callable[[Margins], Measure], low: float) -> Callable[[Sides], Estimate]:
    """The current number, float64[slices, 1], with an interval by the delta method on the multinomial counts."""

    def compute(sides: Sides) -> Estimate:
        found = _interval(of, sides.current, sides.confidence, low)
        return whole_estimate(found.value, _labels(sides.current), found.lower, found.upper)

    return compute


def measured_decay(of: Callable[[Margins], Measure], low: float) -> Callable[[Sides], Estimate]:
    """Reference − current of the same slice, with the MOVER interval."""

    def compute(sides: Sides) -> Estimate:
        past, now = (_interval(of, side, sides.confidence, low) for side in (sides.reference, sides.current))
        return decay(past, now, _labels(sides.current), error_like=False)

    return compute


def _interval(of: Callable[[Margins], Measure], side: Side, confidence: float, low: float) -> Interval:
    confusion = side.block("confusion")
    value = of(_margins(confusion, 0.0)).value
    margins = _margins(confusion, _SMOOTH)
    slope = of(margins).slope
    shape = (len(slope), -1)
    p, g = np.ascontiguousarray(margins.cells).reshape(shape), np.ascontiguousarray(slope).reshape(shape)
    mean = np.add.reduce(p * g, axis=1)
    spread = np.maximum(np.add.reduce(p * g * g, axis=1) - mean * mean, 0.0)
    found = normal(value, ratio(spread, _labels(side)), confidence)
    return Interval(value, np.maximum(found.lower, low), np.minimum(found.upper, 1.0))


def _margins(confusion: Ints, more: float) -> Margins:
    """Shares with `more` in each cell; of an empty matrix NaN."""
    counts = confusion + more
    total = counts.sum(axis=(1, 2))
    cells = ratio(counts, total[:, None, None] + np.zeros_like(counts))
    decided, labelled = np.add.reduce(cells, axis=2), np.add.reduce(cells, axis=1)
    return Margins(cells, decided, labelled, np.trace(cells, axis1=1, axis2=2))


def _chance_slope(margins: Margins) -> Floats:
    """Of Σ r_k·c_k by the share of the cell (i, j): c_i + r_j."""
    return margins.labelled[:, :, None] + margins.decided[:, None, :]


def _labels(side: Side) -> Ints:
    return side.block("confusion").sum(axis=(1, 2))


def _dot(one: Floats, other: Floats) -> Floats:
    return np.add.reduce(one * other, axis=1)


def _each(of_slices: Floats) -> Floats:
    return of_slices[:, None, None]


_TINY: Final = 1e-12


class _Words(NamedTuple):
    summary: str
    source: str
    formula: str
    use: str
    lies: str


def _now(
    name: str, needs: Needs, of: Callable[[Margins], Measure], words: _Words, low: float = -1.0
) -> Statistic:
    return Statistic(
        name=name,
        summary=words.summary,
        source=words.source,
        kind=Kind.PERFORMANCE,
        compute=measured(of, low),
        needs=needs,
        worse=Worse.DOWN,
        low=low,
        high=1.0,
        interval=True,
        default=False,
        formula=words.formula,
        use=words.use,
        lies=words.lies,
    )


def _fell(now: Statistic, of: Callable[[Margins], Measure], called: str) -> Statistic:
    low = now.low or 0.0
    return Statistic(
        name=f"{now.name}_decay",
        summary=f"By how much {called} fell since the reference, on the same slice.",
        source="reference − current; interval MOVER (Newcombe 1998; Zou, Donner 2008)",
        kind=Kind.PERFORMANCE,
        compute=measured_decay(of, low),
        needs=now.needs,
        worse=Worse.UP,
        low=low - 1.0,
        high=1.0 - low,
        interval=True,
        default=False,
        formula=f"{now.name}_ref − {now.name}_cur",
        use=f"A rule on `{now.name}_decay.lower > 0`.",
        lies=now.lies,
    )


MATTHEWS: Final = _now(
    "matthews",
    CLASSIFIERS,
    matthews_of,
    _Words(
        summary="Matthews' correlation of decisions and labels: 1 is right always, 0 is chance.",
        source="Matthews 1975; Gorodkin 2004 for several classes; interval delta method, ½ count per cell",
        formula="(Σp_ii − Σ r_k c_k)/√((1 − Σr²)(1 − Σc²))",
        use="One number for rare labels that no trivial decision can raise.",
        lies="Moves with the base rate; insufficient where only one class was decided or labelled.",
    ),
)
MATTHEWS_DECAY: Final = _fell(MATTHEWS, matthews_of, "Matthews' correlation")
COHENS_KAPPA: Final = _now(
    "cohens_kappa",
    CLASSIFIERS,
    kappa_of,
    _Words(
        summary="Cohen's κ: accuracy beyond what the margins alone would give.",
        source="Cohen 1960; interval delta method (Fleiss, Cohen, Everitt 1969), ½ count per cell",
        formula="(p_o − p_e)/(1 − p_e)",
        use="Where accuracy is high by chance alone.",
        lies="The same accuracy has another κ with another base rate.",
    ),
)
COHENS_KAPPA_DECAY: Final = _fell(COHENS_KAPPA, kappa_of, "Cohen's κ")
BALANCED_ACCURACY: Final = _now(
    "balanced_accuracy",
    BINARY,
    balanced_of,
    _Words(
        summary="Mean of recall and specificity: accuracy as if both labels were as frequent.",
        source="Brodersen et al. 2010; interval delta method, ½ count per cell",
        formula="(recall + specificity)/2",
        use="Accuracy that does not change with the base rate; of several classes it is `macro_recall`.",
        lies="A hundred rare labels weigh as much as a million frequent ones, and are as uncertain.",
    ),
    low=0.0,
)
BALANCED_ACCURACY_DECAY: Final = _fell(BALANCED_ACCURACY, balanced_of, "balanced accuracy")
