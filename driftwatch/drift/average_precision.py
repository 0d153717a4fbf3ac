"""Average precision (the area under the precision–recall curve) on the score's cells, with the grid's error."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from scipy.special import digamma

from driftwatch.drift.auc import atoms_of
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task


class Ranked(NamedTuple):
    """Labels 1 and 0 by cell from the highest score down, float64[slices, cells]; and those above each cell."""

    positives: Floats
    negatives: Floats
    above_positives: Floats
    above_negatives: Floats


def average_precision(sides: Sides) -> Estimate:
    """Σ_b (recall_b − recall_{b−1})·precision_b from the highest score down, the scores of a cell as ties.

    float64[slices, 1]. In a cell that is no atom the raw scores may be in any order: `lower` has all its labels 0
    first and then its labels 1 one by one, `upper` all its labels 1 first and tied. NaN without labels 1.
    """
    counts = sides.current.block("score_label").astype(np.float64)
    ranked = _ranked(counts)
    total = np.add.reduce(ranked.positives, axis=1)
    atoms = atoms_of(sides.pair.layout, counts.shape[1])[::-1]
    tied = _tied(ranked, ranked.negatives)
    worst = np.where(atoms, tied, _one_by_one(ranked))
    best = np.where(atoms, tied, _tied(ranked, np.zeros_like(ranked.negatives)))
    value, lower, upper = (ratio(np.add.reduce(each, axis=1), total) for each in (tied, worst, best))
    labels = sides.current.block("score_label").sum(axis=(1, 2))
    return whole_estimate(value, labels, np.minimum(lower, value), np.minimum(np.maximum(upper, value), 1.0))


def _ranked(counts: Floats) -> Ranked:
    down = np.ascontiguousarray(counts[:, ::-1])
    negatives, positives = (np.ascontiguousarray(down[:, :, label]) for label in (0, 1))
    return Ranked(
        positives,
        negatives,
        np.cumsum(positives, axis=1) - positives,
        np.cumsum(negatives, axis=1) - negatives,
    )


def _tied(ranked: Ranked, negatives: Floats) -> Floats:
    """What each cell's labels 1 add when they are tied with so many of its labels 0."""
    right = ranked.above_positives + ranked.positives
    decided = right + ranked.above_negatives + negatives
    return ranked.positives * right / np.maximum(decided, 1.0)


def _one_by_one(ranked: Ranked) -> Floats:
    """What they add one by one behind the labels 0: Σ_i (T + i)/(T + F + i) = n − F·(ψ(T + F + n + 1) − ψ(T + F + 1))."""
    false = ranked.above_negatives + ranked.negatives
    above = ranked.above_positives + false + 1
    return ranked.positives - false * (digamma(above + ranked.positives) - digamma(above))


AVERAGE_PRECISION: Final = Statistic(
    name="average_precision",
    summary="Average precision over all thresholds; the limits are the grid's error.",
    source="Σ (R_b − R_{b−1})·P_b; Boyd, Eng, Page 2013",
    kind=Kind.PERFORMANCE,
    compute=average_precision,
    needs=Needs(streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("score_label",)),
    worse=Worse.DOWN,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
    default=False,
    formula="Σ_b (R_b − R_{b−1})·P_b",
    use="How well the score ranks where labels 1 are rare and the top of the list is what is acted on.",
    lies="A random score has the base rate, not ½: compare windows only while that stays. Its limits do not hold chance.",
)
