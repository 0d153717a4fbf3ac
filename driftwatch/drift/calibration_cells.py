"""Calibration by cell: the largest gap, and the plug-in error on cells of equal reference mass."""

from __future__ import annotations

from typing import Final

import numpy as np

from driftwatch.drift.calibration import SUM_P, SUM_Y, N, labels_of, plug_in_error, plug_in_expected
from driftwatch.drift.estimates import ratio, whole_estimate
from driftwatch.drift.gather import Sides, from_fixed
from driftwatch.drift.reading import Estimate
from driftwatch.drift.statistic import Kind, Needs, Statistic, Worse
from driftwatch.events.classes import Stream
from driftwatch.summaries.layout import Task


def calibration_error_max(sides: Sides) -> Estimate:
    """max_b |ȳ_b − p̄_b| over the equal-width cells with labels (MCE: Naeini, Cooper, Hauskrecht 2015)."""
    block = sides.current.block("calibration")
    gap = ratio(np.abs(block[:, SUM_Y] - from_fixed(block[:, SUM_P])), block[:, N])
    largest = np.max(np.nan_to_num(gap), axis=1)
    count = labels_of(block)
    return whole_estimate(np.where(count > 0, largest, np.nan), count)


def calibration_error_mass(sides: Sides) -> Estimate:
    """Σ_b (n_b/N)·|ȳ_b − p̄_b| over the score's coarse cells, which hold about equal mass of the reference."""
    block = sides.current.block("calibration_mass")
    return whole_estimate(plug_in_error(block), labels_of(block))


def calibration_error_mass_expected(sides: Sides) -> Estimate:
    """sqrt(2/π)·Σ w_b σ_b on the same cells: what a perfectly calibrated model shows (STATISTICS §2)."""
    block = sides.current.block("calibration_mass")
    return whole_estimate(plug_in_expected(block), labels_of(block))


def _needs(block: str) -> Needs:
    return Needs(
        streams=frozenset({Stream.LABELS}),
        tasks=frozenset({Task.BINARY, Task.MULTICLASS}),
        blocks=(block,),
    )


CALIBRATION_ERROR_MAX: Final = Statistic(
    name="calibration_error_max",
    summary="Largest gap between mean label and mean score in any equal-width cell.",
    source="Naeini, Cooper, Hauskrecht 2015 (MCE)",
    kind=Kind.CALIBRATION,
    compute=calibration_error_max,
    needs=_needs("calibration"),
    worse=Worse.UP,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="max_b |ȳ_b − p̄_b|",
    use="Where the worst cell decides, such as a score that is cut at a limit.",
    lies="A cell with three labels can be the largest: read the reliability data with its intervals.",
)
CALIBRATION_ERROR_MASS: Final = Statistic(
    name="calibration_error_mass",
    summary="Expected calibration error, plug-in, on cells of about equal reference mass; biased up.",
    source="Nguyen, O'Connor 2015; Nixon et al. 2019 (adaptive ECE)",
    kind=Kind.CALIBRATION,
    compute=calibration_error_mass,
    needs=_needs("calibration_mass"),
    worse=Worse.UP,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="Σ (n_b/N)·|ȳ_b − p̄_b|, cells of equal mass",
    use="For scores that crowd near 0 or 1, where most equal-width cells are empty.",
    lies="Biased up like every plug-in error; read `calibration_error_mass_expected` beside it.",
)
CALIBRATION_ERROR_MASS_EXPECTED: Final = Statistic(
    name="calibration_error_mass_expected",
    summary="The equal-mass calibration error that a perfectly calibrated model shows with so many labels.",
    source="sqrt(2/π)·Σ w_b σ_b, σ_b² = (Σp − Σp²)/n_b² (normal limit)",
    kind=Kind.CALIBRATION,
    compute=calibration_error_mass_expected,
    needs=_needs("calibration_mass"),
    worse=Worse.UP,
    unit="probability",
    low=0.0,
    high=1.0,
    default=False,
    formula="√(2/π)·Σ w_b·σ_b",
    use="As the yardstick of `calibration_error_mass`.",
    lies="A normal limit: with a handful of labels per cell it is a few per cent off.",
)
