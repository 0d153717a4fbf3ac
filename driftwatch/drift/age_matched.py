"""Decay with each label compared to reference labels of its own age, because slow labels are worse labels."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides, from_fixed
from driftwatch.drift.intervals import normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task

REFERENCE_MIN: Final = 20
"""An age bucket with fewer reference labels has no rate of its own."""
MATCHED_MIN: Final = 0.9
"""Share of the current labels that must meet a reference bucket of their age."""


class Matched(NamedTuple):
    """float64[slices, ages] rates of both sides and the current labels' shares, over matched buckets; int64[slices]."""

    before: Floats
    now: Floats
    weight: Floats
    reference: Ints
    labels: Ints


def matched(sides: Sides, errors: type[np.int64] | type[np.float64]) -> Matched:
    """Errors per label by age bucket; unmatched buckets have weight 0, and all have NaN where too little is matched.

    A reference without event times knows no ages (all its labels have age 0): NaN.
    """
    past, now = (side.block("ages") for side in (sides.reference, sides.current))
    usable = (past[:, :, 0] >= REFERENCE_MIN) & (now[:, :, 0] > 0)
    labels = now[:, :, 0].sum(axis=1)
    counted = np.where(usable, now[:, :, 0], 0)
    total = counted.sum(axis=1)
    enough = (total >= MATCHED_MIN * labels) & (total > 0) & (sides.pair.reference_span_ms > 0)
    total = np.where(enough, total, 0)
    rates = [
        np.where(usable, _errors(side, errors) / np.maximum(side[:, :, 0], 1), 0.0) for side in (past, now)
    ]
    weight = ratio(counted, np.broadcast_to(total[:, None], counted.shape))
    return Matched(rates[0], rates[1], weight, past[:, :, 0], np.where(enough, total, labels))


def accuracy_decay_age_matched(sides: Sides) -> Estimate:
    """Σ_a (n_a/N)·(error rate now − the reference's, both of age a), float64[slices, 1], normal interval.

    NaN where the reference has no ages, or fewer than 90 % of the labels meet a bucket with 20 reference labels.
    """
    found = matched(sides, np.int64)
    value = np.add.reduce(found.weight * (found.now - found.before), axis=1)
    before = _adjusted(found.before, found.reference)
    labels = np.maximum(found.weight * found.labels[:, None], 0.0)
    now = _adjusted(found.now, np.nan_to_num(labels))
    variance = np.add.reduce(found.weight**2 * (before + now), axis=1)
    interval = normal(value, variance, sides.confidence)
    lower, upper = np.maximum(interval.lower, -1.0), np.minimum(interval.upper, 1.0)
    return whole_estimate(value, found.labels, lower, upper)


def mae_decay_age_matched(sides: Sides) -> Estimate:
    """The same of the mean absolute error, in the label's unit; no interval, its squares are not kept by age."""
    found = matched(sides, np.float64)
    value = np.add.reduce(found.weight * (found.now - found.before), axis=1)
    return whole_estimate(value * sides.pair.layout.scale, found.labels)


def _errors(block: Ints, kind: type[np.int64] | type[np.float64]) -> Ints | Floats:
    errors = block[:, :, 1]
    return errors if kind is np.int64 else from_fixed(errors)


def _adjusted(rate: Floats, count: Ints | Floats) -> Floats:
    """Variance of a share with one success and one failure added (Agresti, Caffo 2000)."""
    p = (rate * count + 1) / (count + 2)
    return p * (1 - p) / (count + 2)


def _needs(*tasks: Task) -> Needs:
    return Needs(streams=frozenset({Stream.LABELS}), tasks=frozenset(tasks), blocks=("ages",))


_USE: Final = "Instead of the plain decay where labels come days later: a drop in traffic or a late label file changes the ages, not the model."
_LIES: Final = "Needs a reference with event times and labels of the same ages; without them it is insufficient. Labels that never come are in no bucket."

ACCURACY_DECAY_AGE_MATCHED: Final = Statistic(
    name="accuracy_decay_age_matched",
    summary="By how much the error rate rose since the reference, each label against reference labels of its own age.",
    source="direct standardisation by label age; interval normal with Agresti–Caffo variances",
    kind=Kind.PERFORMANCE,
    compute=accuracy_decay_age_matched,
    needs=_needs(Task.BINARY, Task.MULTICLASS),
    worse=Worse.UP,
    unit="share",
    low=-1.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ_a (n_a/N)·(err'_a − err_a)",
    use=_USE,
    lies=_LIES,
)
MAE_DECAY_AGE_MATCHED: Final = Statistic(
    name="mae_decay_age_matched",
    summary="By how much the mean absolute error rose since the reference, each label against reference labels of its own age.",
    source="direct standardisation by label age",
    kind=Kind.PERFORMANCE,
    compute=mae_decay_age_matched,
    needs=_needs(Task.REGRESSION),
    worse=Worse.UP,
    unit="label",
    default=False,
    formula="Σ_a (n_a/N)·(mae'_a − mae_a)",
    use=_USE,
    lies=_LIES + " It has no interval.",
)
