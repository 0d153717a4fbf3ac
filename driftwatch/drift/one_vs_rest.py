"""One against the rest: every class's own score as the score of a binary model, a row for each slice and class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio
from driftwatch.drift.gather import Gather, Side, Sides
from driftwatch.drift.reading import WHOLE, Estimate, Floats, Ints
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import CLASS_CALIBRATION, Block, Field, Layout, Part, class_of

Compute = Callable[[Sides], Estimate]


def by_class(binary: Compute) -> Compute:
    """A statistic of a binary model's calibration for every class's own score, float64[slices, classes]."""

    def compute(sides: Sides) -> Estimate:
        return unfolded(sides, binary(sides.once(as_binary)))

    return compute


def mean_over_classes(of: Compute) -> Compute:
    """The mean of a statistic over the classes for which it is known, float64[slices, 1].

    So are its limits: the mean of numbers varies at most as much as their deviations' mean, whatever binds them
    together, for counts do not hold how the scores of one event go together. NaN where no class is known.
    """

    def compute(sides: Sides) -> Estimate:
        found = sides.once(of)
        known = np.isfinite(found.value)
        classes = known.sum(axis=1)
        mean, lower, upper = (ratio(_sum(known, each), classes) for each in _numbers(found))
        return _whole(mean, lower, upper, found.count)

    return compute


def sum_over_classes(of: Compute) -> Compute:
    """The sum of a statistic over all classes and of its limits likewise, float64[slices, 1]; NaN where one is unknown."""

    def compute(sides: Sides) -> Estimate:
        found = sides.once(of)
        known = np.isfinite(found.value)
        all_known = known.all(axis=1)
        total, lower, upper = (np.where(all_known, _sum(known, each), np.nan) for each in _numbers(found))
        return _whole(total, lower, upper, found.count)

    return compute


def as_binary(sides: Sides) -> Sides:
    """The sums of the block `class_calibration` as the block `calibration` of a binary model.

    The first rows are the classes of the first slice.
    """
    past, now = sides.reference.once(_binary_side), sides.current.once(_binary_side)
    pair = replace(sides.pair, part=past.gather.part, reference=past.matrix, current=now.matrix)
    return Sides(pair, past, now, sides.confidence)


def folded(side: Side, name: str) -> Ints:
    """int64[slices · classes, …] of a block with the classes on its first axis."""
    counts = side.block(name)
    return counts.reshape(-1, *counts.shape[2:])


def unfolded(sides: Sides, found: Estimate) -> Estimate:
    """An estimate of float64[slices · classes, 1] as one of float64[slices, classes]."""
    shape = (-1, len(sides.gather.part.scored))
    value, lower, upper = (each.reshape(shape) for each in _numbers(found))
    return field_estimate(sides.gather.part.scored, value, found.count.reshape(shape), lower, upper)


def class_fields(layout: Layout, part: Part) -> tuple[Field, ...]:
    """The fields of the classes' own scores, which lie in the predictions part; KeyError where it has none."""
    predictions = layout.part(Stream.PREDICTIONS)
    if predictions is None:
        raise KeyError(part.scored)
    return tuple(predictions.field(name) for name in part.scored)


def class_places(layout: Layout, part: Part) -> tuple[int, ...]:
    """Positions of the classes with a score of their own among all classes of the model."""
    return tuple(layout.classes.index(class_of(name)) for name in part.scored)


def _binary_side(side: Side) -> Side:
    gather = side.gather.keep("one against the rest", lambda: Gather.of(_binary_part(side.gather.part)))
    return Side(gather, folded(side, CLASS_CALIBRATION).reshape(-1, gather.part.columns))


def _binary_part(part: Part) -> Part:
    block = part.block(CLASS_CALIBRATION)
    shape = block.shape[1:] if block is not None else ()
    made = Block("calibration", 0, shape)
    return Part(part.stream, (), (made,), made.size)


def _numbers(found: Estimate) -> tuple[Floats, Floats, Floats]:
    return found.value, found.lower, found.upper


def _sum(known: np.ndarray, numbers: Floats) -> Floats:
    return np.add.reduce(np.where(known, numbers, 0.0), axis=1)


def _whole(value: Floats, lower: Floats, upper: Floats, count: Ints) -> Estimate:
    """The events of a slice are those of the class that has most: a class's score may be missing."""
    most = count.max(axis=1)
    return field_estimate(WHOLE, value[:, None], most[:, None], lower[:, None], upper[:, None])
