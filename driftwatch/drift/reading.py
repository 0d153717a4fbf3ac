"""What the statistics are computed from, and what they come out as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Layout, Part

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WHOLE: Final = ("",)
"""`Estimate.fields` of a statistic of the whole model."""


@dataclass(frozen=True, eq=False)
class Pair:
    """One part of a layout with the counts of both sides: everything that a statistic may look at."""

    layout: Layout
    part: Part
    reference: Ints
    """int64[slices, part.columns]"""
    current: Ints
    """int64[slices, part.columns]: the window"""
    reference_span_ms: int
    """Event time that the reference covers; 0 where unknown."""
    window_ms: int
    predicted: Ints | None = None
    """int64[slices]: predictions in the window's time range, for label coverage (labels part only)."""
    labelled: Ints | None = None
    """int64[slices, labels part's columns]: the reference's labels, for estimates (predictions part only)."""
    strata: Ints | None = None
    """int64[slices, coarse score cells, classes]: all predictions by stratum in the window's time range, for
    post-stratified accuracy (labels part only)."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """One statistic for every slice and field: float64[slices, fields]; NaN means not enough data to say.

    `fields` is `("",)` for statistics of the whole model. `lower` and `upper` equal `value` where the
    statistic has no interval or bound. `count` int64[slices, fields]: current events that it rests on.
    """

    fields: tuple[str, ...]
    value: Floats
    lower: Floats
    upper: Floats
    count: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """All statistics of one window of one model version at one moment of event time."""

    model: str
    version: str
    stream: Stream
    window: str
    start_ms: int
    end_ms: int
    layout: Layout
    reference_hash: str
    events: Ints
    """int64[slices]: events (labels part: matched labels) in the window."""
    estimates: Mapping[str, Estimate]
    """By the statistic's name in the catalogue."""
    confidence: float = 0.95
    """Level of its intervals."""
    labels: tuple[Ints, Ints] | None = None
    """The labels part's matrices of reference and window, int64[slices, columns], for the reliability diagram."""
    cells: tuple[Ints, Ints] | None = None
    """`cell_shares.coarse_counts` of reference and window, for pictures of moved fields; None where there is no field."""
