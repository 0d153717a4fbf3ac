"""Accuracy decay of all traffic in two parts: slices that became worse, and traffic that moved to worse slices."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.intervals import Interval, normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.shares import CLASSIFIERS, Share, accuracy_of
from driftwatch.drift.statistic import Kind, Statistic, Worse
from driftwatch.summaries.slices import SliceTable


def rows_of_split(table: SliceTable) -> slice:
    """Rows of the first declared slicing, `__other__` and `__unknown__` included: each event is in one of them."""
    return slice(1, 1 + len(table.dimensions[0].kept) + 2) if table.dimensions else slice(0, 0)


def unlabelled(sides: Sides) -> tuple[str, ...]:
    """Slices of the first slicing that have reference labels and no current ones: they add nothing to *within*."""
    table = sides.pair.layout.slices
    rows = rows_of_split(table)
    past, now = (accuracy_of(side).trials[rows] for side in (sides.reference, sides.current))
    return tuple(name for name, gone in zip(table.rows[rows], (past > 0) & (now == 0), strict=True) if gone)


class Split(NamedTuple):
    """Both parts of the decay of row 0; their sum is reference − current accuracy over the slices' labels."""

    within: Interval
    mix: Interval


def split(past: Share, now: Share, confidence: float) -> Split:
    """Within Σ w(acc − acc') and mix Σ (w − w')acc' over slices, w and w' their shares of the labels.

    int64[slices] shares in, single numbers float64[1] out. A slice without current labels keeps its old accuracy: it
    adds nothing to *within*, its going away is *mix*. Intervals: normal, each share's variance with one success and
    one failure added (Agresti, Caffo 2000); for the mix also the multinomial variance of both weights.
    """
    m, n = past.trials.sum(), now.trials.sum()
    w, v = ratio(past.trials, np.full(past.trials.shape, m)), ratio(now.trials, np.full(now.trials.shape, n))
    before = ratio(past.successes, past.trials)
    after = np.where(now.trials > 0, ratio(now.successes, now.trials), before)
    before = np.where(past.trials > 0, before, after)
    gap = np.where((past.trials > 0) & (now.trials > 0), before - after, 0.0)
    after = np.nan_to_num(after)
    variance = _variance(past) + _variance(now)
    both = (past.trials > 0) & (now.trials > 0)
    within = np.add.reduce(w * gap, keepdims=True)
    within_variance = np.add.reduce(np.where(both, w * w * variance, 0.0), keepdims=True)
    mix = np.add.reduce((w - v) * after, keepdims=True)
    mix_variance = _spread(w, after, m) + _spread(v, after, n)
    mix_variance += np.add.reduce(np.where(now.trials > 0, (w - v) ** 2 * _variance(now), 0.0), keepdims=True)
    return Split(normal(within, within_variance, confidence), normal(mix, mix_variance, confidence))


def _variance(share: Share) -> Floats:
    p = (share.successes + 1) / (share.trials + 2)
    return p * (1 - p) / (share.trials + 2)


def _spread(weights: Floats, values: Floats, size: np.int64) -> Floats:
    """Variance of Σ weight·value where the weights are shares of `size` events."""
    mean = np.add.reduce(weights * values, keepdims=True)
    square = np.add.reduce(weights * values * values, keepdims=True)
    return np.maximum(square - mean * mean, 0.0) / max(int(size), 1)


def accuracy_decay_within(sides: Sides) -> Estimate:
    """The part of row 0's accuracy decay that lies inside slices, float64[slices, 1]; NaN in other rows."""
    return _whole(sides, "within")


def accuracy_decay_mix(sides: Sides) -> Estimate:
    """The part of row 0's accuracy decay that comes from other shares of slices, float64[slices, 1]; NaN elsewhere."""
    return _whole(sides, "mix")


def parts(sides: Sides) -> Split | None:
    """Both parts; None without slices, or where a side has no labels."""
    rows = rows_of_split(sides.pair.layout.slices)
    past, now = (
        Share(*(count[rows] for count in accuracy_of(side))) for side in (sides.reference, sides.current)
    )
    if not past.trials.sum() or not now.trials.sum():
        return None
    return split(past, now, sides.confidence)


def _whole(sides: Sides, name: str) -> Estimate:
    trials: Ints = accuracy_of(sides.current).trials
    made = [np.full(len(trials), np.nan) for _ in range(3)]
    found = sides.once(parts)
    if found is not None:
        for numbers, limit in zip(made, getattr(found, name), strict=True):
            numbers[:1] = limit
    value, lower, upper = made
    return whole_estimate(value, trials, np.maximum(lower, -1.0), np.minimum(upper, 1.0))


_NEEDS: Final = replace(CLASSIFIERS, slicing=True)

ACCURACY_DECAY_WITHIN: Final = Statistic(
    name="accuracy_decay_within",
    summary="The part of the accuracy decay of all traffic that lies inside slices of the first slicing.",
    source="Σ w(acc − acc') (Kitagawa 1955); interval normal with Agresti–Caffo variances",
    kind=Kind.PERFORMANCE,
    compute=accuracy_decay_within,
    needs=_NEEDS,
    worse=Worse.UP,
    unit="share",
    low=-1.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ_s w_s·(acc_s − acc'_s)",
    use="As the rule that asks for a retraining: only this part is the model's.",
    lies="Only as fine as the slicing: a mix effect inside a slice counts as within. A slice without labels adds nothing.",
)
ACCURACY_DECAY_MIX: Final = Statistic(
    name="accuracy_decay_mix",
    summary="The part of the accuracy decay of all traffic that comes from other shares of slices.",
    source="Σ (w − w')acc' (Kitagawa 1955); interval normal, multinomial weights",
    kind=Kind.PERFORMANCE,
    compute=accuracy_decay_mix,
    needs=_NEEDS,
    worse=Worse.UP,
    unit="share",
    low=-1.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ_s (w_s − w'_s)·acc'_s",
    use="To see that nothing is wrong with the model: harder traffic came.",
    lies="Rests on the labels' slices: where labels of some slices are slow it moves without any change of traffic.",
)
