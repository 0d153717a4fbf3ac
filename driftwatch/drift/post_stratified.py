"""Accuracy as it would be if all predictions had their labels: labelled ones weighed up by score cell and decision."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.estimated import together
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides, coarse_breaks
from driftwatch.drift.intervals import normal
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import SCORE, SCORE_DECISION, Layout, Task

COVERED_MIN: Final = 0.9
"""Share of the predictions whose stratum must have labels."""


class Strata(NamedTuple):
    """int64[slices, strata] each: all predictions, labelled ones, and their errors."""

    predicted: Ints
    labels: Ints
    errors: Ints


def strata(sides: Sides) -> Strata:
    """Score cell × decision of a window, flat."""
    assert sides.pair.strata is not None
    counts = sides.current.block("strata")
    flat = counts.reshape(len(counts), -1, 2)
    return Strata(sides.pair.strata.reshape(len(counts), -1), flat[:, :, 0], flat[:, :, 1])


def strata_of(layout: Layout, predictions: Side) -> Ints | None:
    """int64[slices, coarse score cells, classes]: all predictions by stratum, from the predictions' own counts.

    Counted together where decisions are mapped, else a binary model's score cell says its decision; None where neither
    is counted.
    """
    part = predictions.gather.part
    score = next((field for field in part.fields if field.name == SCORE), None)
    if score is None or layout.task is Task.REGRESSION:
        return None
    if layout.task is Task.BINARY:
        cells = together(predictions, score, layout.threshold)
        return np.add.reduceat(cells, coarse_breaks(score), axis=1)
    return predictions.block(SCORE_DECISION)[:, :-1] if part.block(SCORE_DECISION) is not None else None


def accuracy_post_stratified(sides: Sides) -> Estimate:
    """Σ_b (N_b/N)·acc_b over score cell × decision, N_b all predictions, float64[slices, 1] (Holt, Smith 1979).

    Over the strata that have labels; NaN where these hold fewer than 90 % of the predictions. Normal interval with
    the variance of each stratum's share, one success and one failure added.
    """
    found = sides.once(strata)
    covered = np.where(found.labels > 0, found.predicted, 0)
    total = covered.sum(axis=1)
    enough = total >= COVERED_MIN * found.predicted.sum(axis=1)
    weight = ratio(covered, np.broadcast_to(np.where(enough, total, 0)[:, None], covered.shape))
    right = found.labels - found.errors
    value = np.add.reduce(weight * right / np.maximum(found.labels, 1), axis=1)
    interval = normal(
        value, np.add.reduce(weight**2 * _variance(right, found.labels), axis=1), sides.confidence
    )
    lower, upper = np.maximum(interval.lower, 0.0), np.minimum(interval.upper, 1.0)
    return whole_estimate(np.clip(value, 0.0, 1.0), found.labels.sum(axis=1), lower, upper)


def unlabelled_share(sides: Sides) -> Estimate:
    """Share of predictions in strata without any label, float64[slices, 1]; NaN without predictions."""
    found = sides.once(strata)
    predicted = found.predicted.sum(axis=1)
    bare = np.where(found.labels > 0, 0, found.predicted).sum(axis=1)
    return whole_estimate(ratio(bare, predicted), predicted)


def bare_strata(sides: Sides, row: int) -> tuple[tuple[int, int], ...]:
    """(coarse score cell, class) of the strata of a slice row that have predictions and no label."""
    found = sides.once(strata)
    classes = sides.current.block("strata").shape[2]
    places = np.flatnonzero((found.predicted[row] > 0) & (found.labels[row] == 0))
    return tuple(divmod(int(place), classes) for place in places)


def _variance(right: Ints, labels: Ints) -> Floats:
    p = (right + 1) / (labels + 2)
    return p * (1 - p) / (labels + 2)


_NEEDS: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    blocks=("strata",),
    beside=frozenset({"strata"}),
)

ACCURACY_POST_STRATIFIED: Final = Statistic(
    name="accuracy_post_stratified",
    summary="Accuracy with labelled predictions weighed up to all predictions by score cell and decision.",
    source="Holt, Smith 1979; interval normal with Agresti–Caffo variances",
    kind=Kind.PERFORMANCE,
    compute=accuracy_post_stratified,
    needs=_NEEDS,
    worse=Worse.DOWN,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ_b (N_b/N)·acc_b",
    use="Where labels come for some kinds of predictions only, such as granted loans.",
    lies="Repairs what score and decision explain: labels that are missing for another reason still bias it.",
)
UNLABELLED_SHARE: Final = Statistic(
    name="unlabelled_share",
    summary="Share of predictions of whose score cell and decision no label is known.",
    source="count",
    kind=Kind.QUALITY,
    compute=unlabelled_share,
    needs=_NEEDS,
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    default=False,
    formula="Σ_{b: no label} N_b/N",
    use="How much of the traffic performance says nothing about.",
    lies="One label in a cell is enough to count it as covered.",
)
