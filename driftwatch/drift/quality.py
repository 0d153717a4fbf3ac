"""Data quality: missing, invalid, unseen and out-of-range shares, the event rate, and how many labels came."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.estimates import field_estimate, ratio, whole_estimate
from driftwatch.drift.gather import Side, Sides
from driftwatch.drift.intervals import rate_quotient, wilson
from driftwatch.drift.reading import Estimate, Ints
from driftwatch.drift.statistic import ALL_KINDS, Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import QUALITY_ROWS, FieldKind


def missing_share(sides: Sides) -> Estimate:
    """Events without a value ÷ all events, float64[slices, fields], with Wilson's interval; NaN without events."""
    return _share(sides, sides.current.missing, sides.current.events, MISSING_SHARE)


def invalid_share(sides: Sides) -> Estimate:
    """Events with a value of the wrong type or an infinite one ÷ all events, with Wilson's interval."""
    return _share(sides, sides.current.invalid, sides.current.events, INVALID_SHARE)


def unseen_share(sides: Sides) -> Estimate:
    """Events whose category is not one of the reference's kept ones ÷ all events, with Wilson's interval.

    Categories that the reference has, but beyond the layout's cap, count as unseen too.
    """
    gather = sides.gather
    other = sides.current.cells[:, gather.starts + gather.sizes - 1]
    pick = gather.categorical
    return _share(sides, other[:, pick], sides.current.events[:, pick], UNSEEN_SHARE)


def out_of_range_share(sides: Sides) -> Estimate:
    """Valid values below the reference's smallest or above its largest ÷ valid values, with Wilson's interval.

    Read from the two outer cells; NaN where the layout does not cut exactly there.
    """
    gather = sides.gather
    cells = sides.current.cells
    outside = cells[:, gather.starts] + cells[:, gather.starts + gather.sizes - 1]
    trials = np.where(gather.ranged, sides.current.valid, 0)
    pick = gather.numeric
    interval = wilson(outside[:, pick], trials[:, pick], sides.confidence)
    return field_estimate(
        OUT_OF_RANGE_SHARE.names(gather), interval[0], sides.current.valid[:, pick], *interval[1:]
    )


def largest_cell_share(sides: Sides) -> Estimate:
    """Share of the valid values that lie in one cell, the fullest of the window, float64[slices, fields]; 1: constant."""
    gather, current = sides.gather, sides.current
    fullest = np.maximum.reduceat(current.cells, gather.starts, axis=1)
    names = LARGEST_CELL_SHARE.names(gather)
    return field_estimate(names, ratio(fullest, current.valid), current.valid)


def event_ratio(sides: Sides) -> Estimate:
    """Events per time ÷ the reference's events per time, float64[slices, 1], with the exact interval of two
    Poisson rates; NaN where the reference has no event times or no events.

    A silent slice is the very thing to find, so `count` is the larger of the events that came and those that
    were to be expected.
    """
    came, reference = _events(sides.current), _events(sides.reference)
    span_ms = sides.pair.reference_span_ms
    if span_ms <= 0 or sides.pair.window_ms <= 0:
        return whole_estimate(np.full(len(came), np.nan), came)
    exposure = sides.pair.window_ms / span_ms
    interval = rate_quotient(came, reference, exposure, sides.confidence)
    expected = np.floor(reference * exposure).astype(np.int64)
    return whole_estimate(interval.value, np.maximum(came, expected), interval.lower, interval.upper)


def label_coverage(sides: Sides) -> Estimate:
    """Matched labels ÷ predictions of the window's time range, float64[slices, 1]; NaN without predictions.

    Labels count when they become known, so a window may hold labels of older predictions and the value may
    pass 1: it has no interval. `count` is the number of predictions.
    """
    matched = sides.current.block("quality")[:, QUALITY_ROWS - 1]
    predicted = sides.pair.predicted
    if predicted is None:
        return whole_estimate(np.full(len(matched), np.nan), np.zeros(len(matched), np.int64))
    return whole_estimate(ratio(matched, predicted), predicted)


def _events(side: Side) -> Ints:
    """int64[slices]: every event is counted once in each field."""
    return side.events[:, 0]


def _share(sides: Sides, some: Ints, events: Ints, statistic: Statistic) -> Estimate:
    interval = wilson(some, events, sides.confidence)
    return field_estimate(statistic.names(sides.gather), interval[0], events, *interval[1:])


MISSING_SHARE: Final = Statistic(
    name="missing_share",
    formula="missing/N",
    use="A broken join, a renamed column, a client that stopped sending a field.",
    lies="Where a field is missing for good reasons in some slices, the mix of slices moves it.",
    summary="Share of events in which the field is missing (null, absent, NaN).",
    source="count; interval Wilson 1927",
    kind=Kind.QUALITY,
    compute=missing_share,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
)
INVALID_SHARE: Final = Statistic(
    name="invalid_share",
    formula="invalid/N",
    use="A type that changed: text for a number, an object, an infinity.",
    lies="Values of the right type and the wrong meaning are valid.",
    summary="Share of events in which the field has the wrong type or is infinite.",
    source="count; interval Wilson 1927",
    kind=Kind.QUALITY,
    compute=invalid_share,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
)
UNSEEN_SHARE: Final = Statistic(
    name="unseen_share",
    formula="other/N",
    use="New categories, misspellings, another encoding.",
    lies="Categories beyond the layout's cap count as unseen too.",
    summary="Share of events whose category is none of the kept categories of the reference.",
    source="count; interval Wilson 1927",
    kind=Kind.QUALITY,
    compute=unseen_share,
    needs=Needs(kinds=frozenset({FieldKind.CATEGORICAL})),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
)
OUT_OF_RANGE_SHARE: Final = Statistic(
    name="out_of_range_share",
    formula="(x < low or x > high)/valid",
    use="A changed unit, overflow, outliers.",
    lies="One outlier in the reference widens the range for good.",
    summary="Share of valid values below the reference's smallest or above its largest.",
    source="count; interval Wilson 1927",
    kind=Kind.QUALITY,
    compute=out_of_range_share,
    needs=Needs(kinds=frozenset({FieldKind.NUMERIC})),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    interval=True,
)
LARGEST_CELL_SHARE: Final = Statistic(
    name="largest_cell_share",
    formula="max_k c_k/N",
    use="A constant column: 1 where the reference has many values means that a feature is stuck.",
    lies="A cell can hold many values: for a numeric field it says that values crowd, not that they are equal.",
    summary="Share of valid values in the window's fullest cell; 1 is a constant column.",
    source="count",
    kind=Kind.QUALITY,
    compute=largest_cell_share,
    needs=Needs(kinds=ALL_KINDS),
    worse=Worse.UP,
    unit="share",
    low=0.0,
    high=1.0,
    default=False,
)
EVENT_RATIO: Final = Statistic(
    name="event_ratio",
    formula="(N/T)/(M/T_ref)",
    use="Silence, a lost partition, a burst.",
    lies="A reference's average knows no hours: at night everything is low.",
    summary="Events per time against the reference's events per time; 1 is as usual, 0 is silence.",
    source="ratio of two Poisson rates; interval Przyborowski, Wilenski 1940",
    kind=Kind.QUALITY,
    compute=event_ratio,
    needs=Needs(streams=frozenset({Stream.PREDICTIONS}), any_field=True),
    worse=Worse.BOTH,
    low=0.0,
    interval=True,
)
LABEL_COVERAGE: Final = Statistic(
    name="label_coverage",
    formula="matched labels/predictions",
    use="On how much of the traffic performance rests.",
    lies="Labels count when they become known, so a window holds labels of older predictions and may pass 1.",
    summary="Matched labels per prediction of the same time range: on how much of the traffic performance rests.",
    source="count",
    kind=Kind.QUALITY,
    compute=label_coverage,
    needs=Needs(streams=frozenset({Stream.LABELS}), blocks=("quality",), beside=frozenset({"predicted"})),
    worse=Worse.DOWN,
    low=0.0,
)
