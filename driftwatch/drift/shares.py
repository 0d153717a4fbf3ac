"""Performance numbers that are shares of the confusion counts: accuracy, precision, recall, specificity, and F1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.decay import decay
from driftwatch.drift.estimates import whole_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.intervals import Interval, quotient, share_difference, wilson
from driftwatch.drift.reading import Estimate, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task

CLASSIFIERS: Final = Needs(
    streams=frozenset({Stream.LABELS}),
    tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
    blocks=("confusion",),
)
BINARY: Final = Needs(
    streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("confusion",)
)


class Share(NamedTuple):
    """Successes among trials, int64[slices] each."""

    successes: Ints
    trials: Ints


def accuracy_of(side: Side) -> Share:
    """Right decisions among all labelled ones; classes that share the `__other__` cell count as equal."""
    confusion = side.block("confusion")
    return Share(np.trace(confusion, axis1=1, axis2=2), confusion.sum(axis=(1, 2)))


def precision_of(side: Side) -> Share:
    """Labels 1 among decisions 1."""
    confusion = side.block("confusion")
    return Share(confusion[:, 1, 1], confusion[:, 1, 0] + confusion[:, 1, 1])


def recall_of(side: Side) -> Share:
    """Decisions 1 among labels 1."""
    confusion = side.block("confusion")
    return Share(confusion[:, 1, 1], confusion[:, 0, 1] + confusion[:, 1, 1])


def specificity_of(side: Side) -> Share:
    """Decisions 0 among labels 0."""
    confusion = side.block("confusion")
    return Share(confusion[:, 0, 0], confusion[:, 0, 0] + confusion[:, 1, 0])


def jaccard_of(side: Side) -> Share:
    """True positives among all that were decided or labelled 1: F1 is a rising function of this share."""
    confusion = side.block("confusion")
    right = confusion[:, 1, 1]
    return Share(right, right + confusion[:, 1, 0] + confusion[:, 0, 1])


def share(of: Callable[[Side], Share]) -> Callable[[Sides], Estimate]:
    """The current share, float64[slices, 1], with Wilson's interval; NaN without trials."""

    def compute(sides: Sides) -> Estimate:
        now = of(sides.current)
        return whole_estimate(*_ordered(wilson(*now, sides.confidence), now.trials))

    return compute


def share_decay(of: Callable[[Side], Share]) -> Callable[[Sides], Estimate]:
    """Reference share − current share of the same slice, with the interval of Agresti and Caffo (2000)."""

    def compute(sides: Sides) -> Estimate:
        past, now = of(sides.reference), of(sides.current)
        return whole_estimate(*_ordered(share_difference(*past, *now, sides.confidence), now.trials))

    return compute


def accuracy_ratio(sides: Sides) -> Estimate:
    """Current ÷ reference accuracy of the same slice, with the MOVER-R interval on Wilson's limits."""
    past, now = accuracy_of(sides.reference), accuracy_of(sides.current)
    found = quotient(wilson(*now, sides.confidence), wilson(*past, sides.confidence))
    return whole_estimate(*_ordered(found, now.trials))


def f1(sides: Sides) -> Estimate:
    """2·TP/(2·TP+FP+FN), float64[slices, 1]; Wilson's interval carried over from TP/(TP+FP+FN).

    "Wilson indirect" of Lam, Gopal, Qian 2023; `count` is TP+FP+FN, NaN where it is 0.
    """
    return whole_estimate(*_ordered(_f1(sides.current, sides), jaccard_of(sides.current).trials))


def f1_decay(sides: Sides) -> Estimate:
    """Reference − current F1 of the same slice, with the MOVER interval."""
    count = jaccard_of(sides.current).trials
    return decay(_f1(sides.reference, sides), _f1(sides.current, sides), count, error_like=False)


def _f1(side: Side, sides: Sides) -> Interval:
    found = wilson(*jaccard_of(side), sides.confidence)
    return Interval(*(2 * limit / (1 + limit) for limit in found))


def _ordered(interval: Interval, count: Ints) -> tuple[np.ndarray, Ints, np.ndarray, np.ndarray]:
    return interval.value, count, interval.lower, interval.upper


_SAYS: Final = {
    "accuracy": (
        "(1/N) Σ [decision = label]",
        "The share of right decisions, in words everybody understands.",
        "With rare labels, deciding for the frequent class is nearly always right.",
    ),
    "precision": (
        "TP/(TP + FP)",
        "Where acting on a decision 1 costs.",
        "Falls with the base rate, without any change of the model.",
    ),
    "recall": (
        "TP/(TP + FN)",
        "Where missing a label 1 costs.",
        "Missing labels of refused cases hide the misses.",
    ),
    "specificity": (
        "TN/(TN + FP)",
        "Where false alarms cost.",
        "Nearly 1 for every model where labels 1 are rare.",
    ),
    "f1": (
        "2TP/(2TP + FP + FN)",
        "One number for precision and recall where labels 1 are rare.",
        "Ignores true negatives and depends on the threshold and the base rate.",
    ),
}
"""Formula, when to use and when it misleads, by name."""


def _statistic(
    name: str, summary: str, source: str, needs: Needs, compute: Callable[[Sides], Estimate]
) -> Statistic:
    formula, use, lies = _SAYS[name]
    return Statistic(
        formula=formula,
        use=use,
        lies=lies,
        name=name,
        summary=summary,
        source=source,
        kind=Kind.PERFORMANCE,
        compute=compute,
        needs=needs,
        worse=Worse.DOWN,
        unit="share",
        low=0.0,
        high=1.0,
        interval=True,
    )


def _decay(name: str, needs: Needs, source: str, compute: Callable[[Sides], Estimate]) -> Statistic:
    return Statistic(
        formula=f"{name}_ref − {name}_cur",
        use=f"A rule on `{name}_decay.lower > 0` fires when {name.replace('_', ' ')} got worse for sure.",
        lies="Over all traffic it mixes worse slices with another mix of slices: read it by slice, or in its two parts.",
        name=f"{name}_decay",
        summary=f"By how much {name.replace('_', ' ')} fell since the reference, on the same slice.",
        source=source,
        kind=Kind.PERFORMANCE,
        compute=compute,
        needs=needs,
        worse=Worse.UP,
        unit="share",
        low=-1.0,
        high=1.0,
        interval=True,
    )


_WILSON: Final = "confusion counts; interval Wilson 1927"
_CAFFO: Final = "reference − current; interval Agresti, Caffo 2000"

ACCURACY: Final = _statistic(
    "accuracy",
    "Share of labelled predictions whose decision was right.",
    _WILSON,
    CLASSIFIERS,
    share(accuracy_of),
)
ACCURACY_DECAY: Final = _decay("accuracy", CLASSIFIERS, _CAFFO, share_decay(accuracy_of))
ACCURACY_RATIO: Final = Statistic(
    name="accuracy_ratio",
    formula="accuracy_cur/accuracy_ref",
    use="To compare models of different accuracy on one scale.",
    lies="0.97 of 0.99 and 0.97 of 0.6 are different news.",
    summary="Accuracy now divided by the reference's accuracy on the same slice.",
    source="current / reference; interval Donner, Zou 2012 (MOVER-R) on Wilson's limits",
    kind=Kind.PERFORMANCE,
    compute=accuracy_ratio,
    needs=CLASSIFIERS,
    worse=Worse.DOWN,
    low=0.0,
    interval=True,
)
PRECISION: Final = _statistic(
    "precision", "Share of decisions 1 whose label is 1.", _WILSON, BINARY, share(precision_of)
)
PRECISION_DECAY: Final = _decay("precision", BINARY, _CAFFO, share_decay(precision_of))
RECALL: Final = _statistic(
    "recall", "Share of labels 1 that were decided 1.", _WILSON, BINARY, share(recall_of)
)
RECALL_DECAY: Final = _decay("recall", BINARY, _CAFFO, share_decay(recall_of))
SPECIFICITY: Final = _statistic(
    "specificity", "Share of labels 0 that were decided 0.", _WILSON, BINARY, share(specificity_of)
)
SPECIFICITY_DECAY: Final = _decay("specificity", BINARY, _CAFFO, share_decay(specificity_of))
F1: Final = _statistic(
    "f1",
    "Harmonic mean of precision and recall.",
    "2TP/(2TP+FP+FN); interval Wilson indirect (Lam, Gopal, Qian 2023)",
    BINARY,
    f1,
)
F1_DECAY: Final = _decay(
    "f1", BINARY, "reference − current; interval MOVER (Newcombe 1998; Zou, Donner 2008)", f1_decay
)
