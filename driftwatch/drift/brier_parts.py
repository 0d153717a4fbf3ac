"""The Brier score in parts: reliability, resolution, uncertainty, and what varies inside the cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from driftwatch.drift.calibration_tests import sums
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides
from driftwatch.drift.reading import Estimate, Floats, Ints
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task


class Parts(NamedTuple):
    """float64[slices] each: Brier score = reliability − resolution + uncertainty + within, exactly."""

    reliability: Floats
    resolution: Floats
    uncertainty: Floats
    within: Floats
    n: Ints


def parts(sides: Sides) -> Parts:
    """Murphy's parts on equal-width cells, and the within-cell terms that make the sum exact.

    within = (1/N)Σ_b Σ_i (p_i − p̄_b)² − (2/N)Σ_b Σ_i (y_i − ȳ_b)(p_i − p̄_b) (Stephenson, Coelho, Jolliffe 2008).
    """
    s = sides.once(sums)
    n = s.n.sum(axis=1)
    some = np.maximum(s.n, 1)
    label, score = s.y / some, s.p / some
    base = ratio(np.add.reduce(s.y, axis=1), n)
    reliability = ratio(np.add.reduce(s.n * (score - label) ** 2, axis=1), n)
    resolution = ratio(np.add.reduce(s.n * (label - base[:, None]) ** 2, axis=1), n)
    spread = s.pp - s.p * score
    together = s.py - s.y * score
    within = ratio(np.add.reduce(spread - 2 * together, axis=1), n)
    return Parts(reliability, resolution, base * (1 - base), within, n)


def part(name: str) -> Callable[[Sides], Estimate]:
    """One of the parts, float64[slices, 1]; NaN without labels."""

    def compute(sides: Sides) -> Estimate:
        found = sides.once(parts)
        return whole_estimate(getattr(found, name), found.n)

    return compute


def _statistic(
    name: str, summary: str, formula: str, use: str, lies: str, worse: Worse, low: float
) -> Statistic:
    return Statistic(
        name=f"brier_{name}",
        summary=summary,
        source="Murphy 1973; Stephenson, Coelho, Jolliffe 2008",
        kind=Kind.CALIBRATION,
        compute=part(name),
        needs=Needs(
            streams=frozenset({Stream.LABELS}), tasks=frozenset({Task.BINARY}), blocks=("calibration",)
        ),
        worse=worse,
        low=low,
        high=1.0,
        default=False,
        formula=formula,
        use=use,
        lies=lies,
    )


BRIER_RELIABILITY: Final = _statistic(
    "reliability",
    "The part of the Brier score that comes from miscalibration.",
    "Σ (n_b/N)(p̄_b − ȳ_b)²",
    "To see whether a worse Brier score is miscalibration, which a recalibration repairs.",
    "Biased up with few labels per cell; `calibration_error_squared` is not.",
    Worse.UP,
    0.0,
)
BRIER_RESOLUTION: Final = _statistic(
    "resolution",
    "How far the cells' label rates lie from the overall rate: what the score can tell apart.",
    "Σ (n_b/N)(ȳ_b − ȳ)²",
    "To see whether a worse Brier score is lost power, which only a retraining repairs.",
    "Biased up with few labels per cell.",
    Worse.DOWN,
    0.0,
)
BRIER_UNCERTAINTY: Final = _statistic(
    "uncertainty",
    "The part of the Brier score that is the labels' own variance.",
    "ȳ(1 − ȳ)",
    "To see whether the problem became harder, not the model worse.",
    "Says nothing of the model.",
    Worse.BOTH,
    0.0,
)
BRIER_WITHIN: Final = _statistic(
    "within",
    "What varies inside the cells: the rest that makes the parts sum to the Brier score exactly.",
    "(1/N)Σ(p − p̄_b)² − (2/N)Σ(y − ȳ_b)(p − p̄_b)",
    "To check the parts: reliability − resolution + uncertainty + within is the Brier score.",
    "No quality of its own.",
    Worse.BOTH,
    -1.0,
)
